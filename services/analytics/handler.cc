#include "services/analytics/handler.h"

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/fault.h"

namespace switchboard::analytics {

Awaitable<absl::StatusOr<v1::SummaryReply>> HandleSummary(std::shared_ptr<Storage> storage,
                                                          asio::any_io_executor pool,
                                                          runtime::Context context,
                                                          v1::SummaryRequest request) {
  absl::StatusOr<Window> window = ResolveWindow(request, absl::ToUnixMillis(absl::Now()));
  if (!window.ok()) co_return window.status();
  auto summarize = [storage, window = *window, deadline = context.deadline] {
    return storage->Use([&](Store& store) { return store.Summarize(window, deadline); });
  };
  auto pending = runtime::Blocking(pool, std::move(summarize));
  absl::StatusOr<v1::SummaryReply> reply = co_await std::move(pending);
  // Whatever is wrong with the storage, to the caller it is: not now.
  if (!StorageFault(reply.status()).empty()) {
    absl::Status unavailable =
        WithRemedy(absl::UnavailableError(reply.status().message()), RemedyOf(reply.status()));
    co_return unavailable;
  }
  co_return reply;
}

std::string SummaryLine(const v1::SummaryReply& reply) {
  return absl::StrFormat("%u turns, %.2f automated", reply.turns(), reply.automation_rate());
}

}  // namespace switchboard::analytics
