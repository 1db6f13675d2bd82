#include "cli/tail.h"

#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/message_view.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/runtime/context.h"
#include "common/runtime/streams.h"

namespace switchboard::cli {
namespace {

struct TailOptions {
  Filter filter;
  std::string subject;
  bool as_json = false;
  bool details = false;
  // 0: until interrupted.
  int count = 0;
};

MessageView ToView(const bus::Message& message) {
  const auto header = [&](const char* name) { return std::string(message.Header(name)); };
  return {.subject = std::string(message.subject()),
          .type = header(runtime::kHeaderType),
          .turn = header(runtime::kHeaderTurn),
          .conversation = header(runtime::kHeaderConversation),
          .agent = header(runtime::kHeaderAgent),
          .deadline_ms = header(runtime::kHeaderDeadline),
          .summary = header(runtime::kHeaderSummary),
          .error = header(runtime::kHeaderError),
          .content_type = header(runtime::kHeaderContentType),
          .payload = std::string(message.payload())};
}

std::string TimeNow(bool as_json) {
  return as_json ? absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone())
                 : absl::FormatTime("%H:%M:%E3S", absl::Now(), absl::LocalTimeZone());
}

// Returns when `--count` messages have been shown; else the person interrupts.
Awaitable<absl::Status> Tail(bus::Connection* connection, std::shared_ptr<TailOptions> options,
                             Terminal* terminal) {
  const auto shown = std::make_shared<int>(0);
  const auto finished = std::make_shared<Timer>(connection->io());
  finished->expires_at(Timer::time_point::max());
  absl::StatusOr<bus::Subscription> subscription = connection->Subscribe(
      options->subject, "", [options, shown, finished, terminal](bus::Message message) {
        if (options->count > 0 && *shown >= options->count) return;
        // The server's echo of a record that was shown when it was written.
        if (message.subject().starts_with(runtime::kTurnStoredPrefix)) return;
        const MessageView view = ToView(message);
        if (!Matches(options->filter, view)) return;
        const std::string time = TimeNow(options->as_json);
        terminal->out << (options->as_json ? StrCat(MessageJson(view, time), "\n")
                                           : FormatMessage(view, time, options->details, *terminal))
                      << std::flush;
        if (++*shown == options->count) finished->cancel();
      });
  if (!subscription.ok()) co_return subscription.status();
  boost::system::error_code ignored;
  co_await finished->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  auto options = std::make_shared<TailOptions>();
  options->filter = {arguments.Get("agent"), arguments.Get("conversation"),
                     arguments.Get("intent")};
  options->subject = arguments.Get("subject");
  options->as_json = arguments.Has("json");
  options->details = arguments.Has("verbose");
  if (arguments.Has("count")) {
    ASSIGN_OR_RETURN(options->count, arguments.Int("count", 1, 1000000000));
  }
  return WithBus(arguments, [options, &terminal](bus::Connection& connection) {
    return Tail(&connection, options, &terminal);
  });
}

}  // namespace

Command TailCommand() {
  return {.name = "tail",
          .about = "Shows the mesh's messages as they pass, decoded.",
          .flags = {{"agent", "name", "Only messages from or to this agent."},
                    {"conversation", "id", "Only this conversation's."},
                    {"intent", "name", "Only messages that decide for this intent."},
                    {"subject", "subject", "What to listen to.", "mesh.>"},
                    {"verbose", "", "The whole payload below each line."},
                    {"json", "", "One JSON object a message, payload included."},
                    {"count", "n", "Ends after so many messages."},
                    NatsUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli
