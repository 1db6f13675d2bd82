#include "common/runtime/endpoint.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/observability/log.h"
#include "common/runtime/validate.h"

namespace switchboard::runtime {
namespace {

using google::protobuf::Message;

// A header value is one line; NATS would end it at the first line break.
std::string OneLine(std::string_view text) {
  std::string line = Truncate(text, 500);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

void SendError(bus::Connection& bus, const bus::Message& message, std::string_view agent,
               std::string_view instance_id, const absl::Status& status) {
  if (message.reply_subject().empty()) return;
  bus::Headers headers;
  headers.emplace_back(kHeaderError, OneLine(ToStd(status.message())));
  headers.emplace_back(kHeaderErrorCode, StrCat(HttpStatusOf(status.code())));
  headers.emplace_back(kHeaderStatus, absl::StatusCodeToString(status.code()));
  headers.emplace_back(kHeaderAgent, agent);
  headers.emplace_back(kHeaderInstance, instance_id);
  if (const std::string field = FieldOf(status); !field.empty()) {
    headers.emplace_back(kHeaderField, OneLine(field));
  }
  if (const std::string remedy = RemedyOf(status); !remedy.empty()) {
    headers.emplace_back(kHeaderRemedy, OneLine(remedy));
  }
  if (const int retry = RetryAfterMsOf(status); retry > 0) {
    headers.emplace_back(kHeaderRetryAfter, StrCat(retry));
  }
  // Who cannot be told waits for the deadline, as with any lost message.
  (void)bus.Publish(std::string(message.reply_subject()), headers, "");
}

struct Endpoint::Invocation {
  explicit Invocation(bus::Message received)
      : message(std::move(received)), context(Context::FromMessage(message)) {}
  bus::Message message;
  Context context;
  bool json = false;
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> reply;
  Clock::time_point started = Clock::now();
  InFlight::Work work;
};

Endpoint::Endpoint(bus::Connection& bus, const AgentInfo& info, const std::string& instance_id,
                   InFlight& in_flight, Agent::Verb verb)
    : bus_(bus),
      info_(info),
      instance_id_(instance_id),
      in_flight_(in_flight),
      verb_(std::move(verb)),
      requests_(metrics::Counter("switchboard_requests_total", "Requests an agent has taken.",
                                 {{"agent", info.name}, {"verb", verb_.name}})),
      errors_(metrics::Counter("switchboard_request_errors_total",
                               "Requests that were answered with an error.",
                               {{"agent", info.name}, {"verb", verb_.name}})),
      latency_(metrics::LatencySeconds("switchboard_request_duration_seconds",
                                       "Time from a request's receipt to its reply.",
                                       {{"agent", info.name}, {"verb", verb_.name}})) {}

absl::Status Endpoint::Decode(Invocation& invocation) const {
  if (invocation.context.deadline.expired()) {
    return absl::DeadlineExceededError("the deadline had passed when the request arrived");
  }
  const std::string_view payload = invocation.message.payload();
  invocation.json = invocation.message.Header(kHeaderContentType) == kJson;
  if (invocation.json) {
    const auto status = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(payload.data(), payload.size()), invocation.request.get());
    if (!status.ok()) {
      return InvalidField(
          "body",
          StrCat("is not a ", verb_.request->GetTypeName(), ": ", std::string(status.message())),
          "send the fields of the message as JSON");
    }
  } else if (!invocation.request->ParseFromArray(payload.data(),
                                                 static_cast<int>(payload.size()))) {
    return InvalidField("body", StrCat("is not a ", verb_.request->GetTypeName()),
                        "send the protobuf message, or JSON with Content-Type: application/json");
  }
  return Validate(*invocation.request);
}

void Endpoint::OnMessage(bus::Message message) {
  auto invocation = std::make_shared<Invocation>(std::move(message));
  requests_.Increment();
  ++stats_.requests;
  if (absl::Status status = in_flight_.Admit(verb_.reserved); !status.ok()) {
    return Finish(*invocation, status);
  }
  invocation->request.reset(verb_.request->New());
  if (absl::Status status = Decode(*invocation); !status.ok()) return Finish(*invocation, status);
  invocation->reply.reset(verb_.reply->New());
  if (verb_.now) {
    absl::Status status = absl::InternalError("the handler ended without a result");
    try {
      status = verb_.now(invocation->context, *invocation->request, *invocation->reply);
    } catch (const std::exception& error) {
      status = absl::InternalError(error.what());
    }
    return Finish(*invocation, status);
  }
  InFlight::Work& work = invocation->work;
  work.reply_subject = invocation->message.reply_subject();
  work.attempt = invocation->context.attempt;
  work.deadline = invocation->context.deadline;
  in_flight_.Begin(work, verb_.reserved);
  // The signal must outlive the coroutine that it may stop.
  asio::co_spawn(
      bus_.io(), RunLater(invocation),
      asio::bind_cancellation_slot(work.stop.slot(), [invocation](std::exception_ptr) {}));
}

Awaitable<void> Endpoint::RunLater(std::shared_ptr<Invocation> invocation) {
  absl::Status status = absl::InternalError("the handler ended without a result");
  try {
    Agent::Verb::SendChunk send = [this, raw = invocation.get()](const Message& chunk) {
      SendChunk(*raw, chunk);
    };
    status = co_await verb_.later(invocation->context, invocation->request.get(),
                                  invocation->reply.get(), std::move(send));
  } catch (const std::exception& error) {
    status = absl::InternalError(error.what());
  }
  in_flight_.End(verb_.reserved);
  if (!status.ok() && invocation->work.end == InFlight::Work::End::kExpired) {
    status = absl::DeadlineExceededError("the deadline passed while the request was handled");
  } else if (!status.ok() && invocation->work.end == InFlight::Work::End::kAbandoned) {
    status = absl::CancelledError("nobody waits for this any more");
  }
  Finish(*invocation, status);
}

void Endpoint::Finish(const Invocation& invocation, const absl::Status& status) {
  if (status.ok()) {
    SendReply(invocation);
  } else {
    errors_.Increment();
    ++stats_.errors;
    stats_.last_error = status.ToString();
    if (IsOurFault(status.code())) {
      log::Error("request failed", {{"verb", verb_.name},
                                    {"turn_id", invocation.context.turn_id},
                                    {"trace_id", invocation.context.trace.trace_id},
                                    {"error", status.ToString()}});
    }
    SendError(bus_, invocation.message, info_.name, instance_id_, status);
  }
  const Clock::duration took = Clock::now() - invocation.started;
  latency_.Observe(std::chrono::duration<double>(took).count());
  stats_.processing += took;
  stats_.recent_ms[stats_.requests % stats_.recent_ms.size()] =
      std::chrono::duration<float, std::milli>(took).count();
}

void Endpoint::SendReply(const Invocation& invocation) {
  if (invocation.message.reply_subject().empty()) return;
  bus::Headers headers = {{kHeaderType, invocation.reply->GetTypeName()},
                          {kHeaderAgent, info_.name},
                          {kHeaderInstance, instance_id_}};
  if (verb_.summary)
    headers.emplace_back(kHeaderSummary, OneLine(verb_.summary(*invocation.reply)));
  std::string payload;
  if (invocation.json) {
    headers.emplace_back(kHeaderContentType, kJson);
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_primitive_fields = true;
    (void)google::protobuf::util::MessageToJsonString(*invocation.reply, &payload, options);
  } else {
    payload = invocation.reply->SerializeAsString();
  }
  const absl::Status sent =
      bus_.Publish(std::string(invocation.message.reply_subject()), headers, payload);
  if (absl::IsOutOfRange(sent)) {
    SendError(bus_, invocation.message, info_.name, instance_id_,
              absl::OutOfRangeError("the reply is larger than the bus carries"));
  }
}

void Endpoint::SendChunk(const Invocation& invocation, const Message& chunk) {
  if (invocation.message.reply_subject().empty()) return;
  const bus::Headers headers = {{kHeaderType, chunk.GetTypeName()},
                                {kHeaderAgent, info_.name},
                                {kHeaderInstance, instance_id_},
                                {kHeaderStream, bus::kStreamNext}};
  (void)bus_.Publish(std::string(invocation.message.reply_subject()), headers,
                     chunk.SerializeAsString());
}

double Endpoint::RecentPercentileMs(double share) const {
  const size_t count = std::min<size_t>(stats_.requests, stats_.recent_ms.size());
  if (count == 0) return 0;
  std::vector<float> sorted(stats_.recent_ms.begin(), stats_.recent_ms.end());
  // Slots not written yet hold 0 and sort to the front.
  std::sort(sorted.begin(), sorted.end());
  const size_t first = sorted.size() - count;
  const auto rank = static_cast<size_t>(share * static_cast<double>(count - 1) + 0.5);
  return static_cast<double>(sorted[first + rank]);
}

}  // namespace switchboard::runtime
