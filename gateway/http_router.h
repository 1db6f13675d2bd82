// Paths and methods: one table of everything the gateway serves over HTTP.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::gateway {

enum class Operation {
  kRoot,
  kDocs,
  kDocsErrors,
  kOpenApi,
  kLive,
  kReady,
  kMetrics,
  kCreateConversation,
  kGetConversation,
  kSendMessage,
  kSubmitFeedback,
  kInvoke,
  kInvokeStream,
  kGetTurn,
  kListAgents,
  kCallAgent,
  kAnalyticsSummary,
  kChat,
  kChatStatus,
};

// snake_case, as metrics label it.
std::string_view OperationName(Operation operation);

struct Route {
  std::string_view method;
  // Segments in braces match any one segment.
  std::string_view pattern;
  Operation operation;
};

std::span<const Route> Routes();

using Query = std::vector<std::pair<std::string, std::string>>;

struct RouteMatch {
  Operation operation;
  // The segments that matched braces, decoded, in the pattern's order.
  std::vector<std::string> parameters;
  Query query;
  // The path exists, but not with this method: what goes into Allow. Nothing else is set then.
  std::string allow;
};

// InvalidArgument: broken percent-encoding. NotFound: no such path. HEAD matches GET.
absl::StatusOr<RouteMatch> MatchRoute(std::string_view method, std::string_view target);

}  // namespace switchboard::gateway
