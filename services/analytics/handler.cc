#include "services/analytics/handler.h"

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace switchboard::analytics {

Awaitable<absl::StatusOr<v1::SummaryReply>> HandleSummary(std::shared_ptr<Store> store,
                                                          asio::any_io_executor pool,
                                                          runtime::Context context,
                                                          v1::SummaryRequest request) {
  absl::StatusOr<Window> window = ResolveWindow(request, absl::ToUnixMillis(absl::Now()));
  if (!window.ok()) co_return window.status();
  auto summarize = [store, window = *window, deadline = context.deadline] {
    return store->Summarize(window, deadline);
  };
  auto pending = runtime::Blocking(pool, std::move(summarize));
  co_return co_await std::move(pending);
}

std::string SummaryLine(const v1::SummaryReply& reply) {
  return absl::StrFormat("%u turns, %.2f automated", reply.turns(), reply.automation_rate());
}

}  // namespace switchboard::analytics
