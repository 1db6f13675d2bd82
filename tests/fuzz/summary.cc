// analytics: a SummaryRequest to its window.
#include "services/analytics/window.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

void Examine(const v1::SummaryRequest& request) {
  constexpr int64_t kNowMs = 1795190400000;  // 2026-11-20
  const auto window = analytics::ResolveWindow(request, kNowMs);
  if (!window.ok()) return fuzz::DemandSound(window.status());
  FUZZ_DEMAND(window->from_ms >= 0 && window->from_ms <= window->to_ms);
  FUZZ_DEMAND(request.has_from() || window->to_ms == kNowMs + 1);
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::SummaryRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::SummaryRequest request;
  // The handler checks for itself what the field rules check too: both ways are taken.
  if (switchboard::fuzz::DecodeMessage(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
