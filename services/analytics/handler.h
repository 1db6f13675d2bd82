// The verbs of the analytics agent.
#pragma once

#include <memory>

#include "common/runtime/agent.h"
#include "services/analytics/storage.h"

namespace switchboard::analytics {

// `summary`: the figures of a window. The query runs on the blocking pool until the caller's
// deadline. Unavailable, with the remedy, while the storage is broken.
Awaitable<absl::StatusOr<v1::SummaryReply>> HandleSummary(std::shared_ptr<Storage> storage,
                                                          asio::any_io_executor pool,
                                                          runtime::Context context,
                                                          v1::SummaryRequest request);

// "1,204 turns, 0.91 automated" for operators.
std::string SummaryLine(const v1::SummaryReply& reply);

}  // namespace switchboard::analytics
