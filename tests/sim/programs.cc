#include "tests/sim/programs.h"

#include "common/base/strings.h"
#include "tests/sim/hosted_agent.h"

namespace switchboard::sim {
namespace {

// An agent that is made up. Its work takes no thought, only time.
class FakeAgent : public HostedAgent {
 public:
  FakeAgent(Process& process, const std::string& name, const Manners* manners, HandlerEnded ended)
      : HostedAgent(process, {name, ""}, std::move(ended), {}),
        random_(process.simulation().random()),
        manners_(manners) {
    if (name == "intent-classifier") Add<v1::ClassifyRequest>("classify", &FakeAgent::Classify);
    if (name == "knowledge-retrieval") Add<v1::SearchRequest>("search", &FakeAgent::Search);
    if (name == "escalation") Add<v1::AssessRequest>("assess", &FakeAgent::Assess);
    if (name == "response-generator") {
      HandleStream<v1::GenerateRequest, v1::GenerateChunk, v1::GenerateReply>(
          "generate", [this](runtime::Context, v1::GenerateRequest request,
                             runtime::Emitter<v1::GenerateChunk> emitter) {
            return Generate(std::move(request), std::move(emitter));
          });
    }
    Begin();
  }

 private:
  template <typename Request, typename Reply>
  void Add(const std::string& verb, Reply (FakeAgent::*answer)()) {
    HandleAsync<Request, Reply>(
        verb, [this, answer](runtime::Context, Request) { return Work<Reply>(answer); });
  }

  template <typename Reply>
  Awaitable<absl::StatusOr<Reply>> Work(Reply (FakeAgent::*answer)()) {
    absl::Status status = co_await TakeTime();
    if (!status.ok()) co_return status;
    co_return (this->*answer)();
  }

  Awaitable<absl::Status> TakeTime() {
    const bool never = random_.Chance(manners_->mute);
    const bool slow = random_.Chance(manners_->slow);
    const bool fails = random_.Chance(manners_->error);
    const auto most = slow ? manners_->slow_most : manners_->answer_most;
    const auto time = random_.Between(std::chrono::microseconds(200), most);
    Timer timer(io(), never ? std::chrono::hours(1) : Clock::duration(time));
    boost::system::error_code stopped;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, stopped));
    if (stopped) co_return absl::CancelledError("nobody waits");
    co_return fails ? absl::FailedPreconditionError("as the dice will") : absl::OkStatus();
  }

  v1::ClassifyReply Classify() {
    v1::ClassifyReply reply;
    v1::Intent& intent = *reply.add_intents();
    intent.set_name("RETURN");
    intent.set_confidence(0.9);
    reply.set_language("en");
    reply.set_language_confidence(1);
    return reply;
  }

  // The number makes each passage, and the answer drawn from it, the only one of its kind.
  v1::SearchReply Search() {
    v1::SearchReply reply;
    v1::Passage& passage = *reply.add_passages();
    passage.set_document_id("returns");
    passage.set_language("en");
    passage.set_text(
        StrCat("You can return an item within ", 10 + random_.Below(1000000), " days."));
    return reply;
  }

  v1::AssessReply Assess() {
    v1::AssessReply reply;
    if (!random_.Chance(0.1)) return reply;
    reply.set_escalate(true);
    reply.add_reasons("anger");
    reply.set_priority("high");
    reply.set_team("support");
    return reply;
  }

  Awaitable<absl::StatusOr<v1::GenerateReply>> Generate(
      v1::GenerateRequest request, runtime::Emitter<v1::GenerateChunk> emitter) {
    absl::Status status = co_await TakeTime();
    if (!status.ok()) co_return status;
    v1::GenerateReply reply;
    reply.set_language("en");
    reply.set_answered(!request.passages().empty());
    const bool improper = random_.Chance(manners_->improper);
    reply.add_sentences(improper                     ? "Your password is Tulip2026!"
                        : request.passages().empty() ? "I'm sorry, I don't know that."
                                                     : request.passages(0).text());
    if (request.stream()) {
      v1::GenerateChunk chunk;
      chunk.set_sentence(reply.sentences(0));
      emitter.Emit(chunk);
      status = co_await TakeTime();
      if (!status.ok()) co_return status;
    }
    co_return reply;
  }

  Random& random_;
  const Manners* manners_;
};

}  // namespace

Process::Start AgentProgram(std::string name, const Manners* manners, HandlerEnded ended) {
  return [name = std::move(name), manners,
          ended = std::move(ended)](Process& process) -> std::unique_ptr<Program> {
    return std::make_unique<FakeAgent>(process, name, manners, ended);
  };
}

namespace {

struct InHand {
  explicit InHand(int* shared) : count(shared) { ++*count; }
  ~InHand() { --*count; }
  int* const count;
};

}  // namespace

GatewayProgram::GatewayProgram(Process& process)
    : io_(process.connection().io()),
      directory_(process.connection()),
      operations_(process.connection(), directory_, {}) {
  if (directory_.Start().ok()) asio::co_spawn(io_, directory_.Run(), asio::detached);
}

void GatewayProgram::Invoke(gateway::CallContext context, v1::InvokeRequest request,
                            Answered answered) {
  asio::co_spawn(io_, RunInvoke(std::move(context), std::move(request), std::move(answered)),
                 asio::detached);
}

Awaitable<void> GatewayProgram::RunInvoke(gateway::CallContext context, v1::InvokeRequest request,
                                          Answered answered) {
  const InHand in_hand(&in_flight_);
  gateway::EventSink nobody;
  absl::StatusOr<v1::TurnReply> reply =
      co_await operations_.Invoke(std::move(context), std::move(request), std::move(nobody));
  answered(std::move(reply));
}

void GatewayProgram::Submit(gateway::CallContext context, v1::InvokeRequest request,
                            Stands stands) {
  asio::co_spawn(io_, RunSubmit(std::move(context), std::move(request), std::move(stands)),
                 asio::detached);
}

Awaitable<void> GatewayProgram::RunSubmit(gateway::CallContext context, v1::InvokeRequest request,
                                          Stands stands) {
  const InHand in_hand(&in_flight_);
  absl::StatusOr<v1::TurnStatus> status =
      co_await operations_.SubmitTurn(std::move(context), std::move(request));
  stands(std::move(status));
}

void GatewayProgram::LookUp(gateway::CallContext context, v1::GetTurnRequest request,
                            Stands stands) {
  asio::co_spawn(io_, RunLookUp(std::move(context), std::move(request), std::move(stands)),
                 asio::detached);
}

Awaitable<void> GatewayProgram::RunLookUp(gateway::CallContext context, v1::GetTurnRequest request,
                                          Stands stands) {
  const InHand in_hand(&in_flight_);
  absl::StatusOr<v1::TurnStatus> status =
      co_await operations_.GetTurn(std::move(context), std::move(request), /*begun=*/false);
  stands(std::move(status));
}

void GatewayProgram::Create(gateway::CallContext context, Opened opened) {
  asio::co_spawn(io_, RunCreate(std::move(context), std::move(opened)), asio::detached);
}

Awaitable<void> GatewayProgram::RunCreate(gateway::CallContext context, Opened opened) {
  const InHand in_hand(&in_flight_);
  v1::CreateConversationRequest request;
  absl::StatusOr<v1::ConversationView> view =
      co_await operations_.CreateConversation(std::move(context), std::move(request));
  opened(std::move(view));
}

void GatewayProgram::Read(gateway::CallContext context, v1::GetConversationRequest request,
                          Opened opened) {
  asio::co_spawn(io_, RunRead(std::move(context), std::move(request), std::move(opened)),
                 asio::detached);
}

Awaitable<void> GatewayProgram::RunRead(gateway::CallContext context,
                                        v1::GetConversationRequest request, Opened opened) {
  const InHand in_hand(&in_flight_);
  absl::StatusOr<v1::ConversationView> view =
      co_await operations_.GetConversation(std::move(context), std::move(request));
  opened(std::move(view));
}

}  // namespace switchboard::sim
