#include "gateway/http_router.h"

#include "absl/strings/ascii.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::gateway {
namespace {

constexpr Route kRoutes[] = {
    {"GET", "/", Operation::kRoot},
    {"GET", "/docs", Operation::kDocs},
    {"GET", "/docs/errors", Operation::kDocsErrors},
    {"GET", "/openapi.json", Operation::kOpenApi},
    {"GET", "/livez", Operation::kLive},
    {"GET", "/health", Operation::kLive},
    {"GET", "/readyz", Operation::kReady},
    {"GET", "/ready", Operation::kReady},
    {"GET", "/metrics", Operation::kMetrics},
    {"POST", "/v1/conversations", Operation::kCreateConversation},
    {"GET", "/v1/conversations/{conversation_id}", Operation::kGetConversation},
    {"POST", "/v1/conversations/{conversation_id}/messages", Operation::kSendMessage},
    {"POST", "/v1/conversations/{conversation_id}/feedback", Operation::kSubmitFeedback},
    {"POST", "/v1/invoke", Operation::kInvoke},
    {"POST", "/v1/stream", Operation::kInvokeStream},
    {"GET", "/v1/turns/{id}", Operation::kGetTurn},
    {"GET", "/v1/agents", Operation::kListAgents},
    {"POST", "/v1/agents/{agent}/{verb}", Operation::kCallAgent},
    {"GET", "/v1/analytics/summary", Operation::kAnalyticsSummary},
    {"POST", "/api/v1/chat", Operation::kChat},
    {"GET", "/api/v1/status", Operation::kChatStatus},
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// False when a % is not followed by two digits, or the result is no UTF-8.
bool PercentDecode(std::string_view text, bool plus_is_space, std::string* out) {
  out->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out->push_back(' ');
    } else if (text[i] != '%') {
      out->push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0) return false;
      out->push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return IsValidUtf8(*out);
}

absl::Status BadEncoding(std::string_view field) {
  return InvalidField(field, "is not percent-encoded UTF-8", "encode it as RFC 3986 says");
}

bool Matches(std::string_view pattern, const std::vector<std::string_view>& segments,
             std::vector<std::string_view>* parameters) {
  parameters->clear();
  size_t i = 0;
  for (std::string_view part : StrSplit(pattern.substr(1), '/')) {
    if (i == segments.size()) return false;
    const std::string_view segment = segments[i++];
    if (!part.empty() && part.front() == '{') {
      if (segment.empty()) return false;
      parameters->push_back(segment);
    } else if (part != segment) {
      return false;
    }
  }
  return i == segments.size();
}

absl::StatusOr<Query> ParseQuery(std::string_view text) {
  Query query;
  for (std::string_view pair : StrSplit(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    std::string decoded_key, decoded_value;
    if (!PercentDecode(pair.substr(0, equals), true, &decoded_key) ||
        !PercentDecode(value, true, &decoded_value)) {
      return BadEncoding("query");
    }
    query.emplace_back(std::move(decoded_key), std::move(decoded_value));
  }
  return query;
}

absl::StatusOr<RouteMatch> Found(const Route& route,
                                 const std::vector<std::string_view>& parameters,
                                 std::string_view query) {
  RouteMatch match;
  match.operation = route.operation;
  for (const std::string_view parameter : parameters) {
    if (!PercentDecode(parameter, false, &match.parameters.emplace_back())) {
      return BadEncoding("path");
    }
  }
  ASSIGN_OR_RETURN(match.query, ParseQuery(query));
  return match;
}

}  // namespace

std::string_view OperationName(Operation operation) {
  switch (operation) {
    case Operation::kRoot:
    case Operation::kDocs:
    case Operation::kDocsErrors:
    case Operation::kOpenApi:
      return "docs";
    case Operation::kLive:
      return "live";
    case Operation::kReady:
      return "ready";
    case Operation::kMetrics:
      return "metrics";
    case Operation::kCreateConversation:
      return "create_conversation";
    case Operation::kGetConversation:
      return "get_conversation";
    case Operation::kSendMessage:
      return "send_message";
    case Operation::kSubmitFeedback:
      return "submit_feedback";
    case Operation::kInvoke:
      return "invoke";
    case Operation::kInvokeStream:
      return "invoke_stream";
    case Operation::kGetTurn:
      return "get_turn";
    case Operation::kListAgents:
      return "list_agents";
    case Operation::kCallAgent:
      return "call_agent";
    case Operation::kAnalyticsSummary:
      return "analytics_summary";
    case Operation::kChat:
      return "chat";
    case Operation::kChatStatus:
      return "chat_status";
  }
  return "unknown";
}

std::span<const Route> Routes() { return kRoutes; }

absl::StatusOr<RouteMatch> MatchRoute(std::string_view method, std::string_view target) {
  const size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (path.empty() || path.front() != '/') {
    return InvalidField("path", "must begin with /", "send an absolute path");
  }
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::vector<std::string_view> segments = StrSplit(path.substr(1), '/');
  const std::string_view wanted = method == "HEAD" ? "GET" : method;

  std::string allow;
  std::vector<std::string_view> parameters;
  for (const Route& route : kRoutes) {
    if (!Matches(route.pattern, segments, &parameters)) continue;
    if (route.method == wanted) return Found(route, parameters, query);
    StrAppend(&allow, allow.empty() ? "" : ", ", route.method,
              route.method == "GET" ? ", HEAD" : "");
  }
  if (allow.empty()) {
    return WithRemedy(WithField(absl::NotFoundError("no such path"), "path"),
                      "see /docs for everything there is");
  }
  RouteMatch match;
  match.allow = std::move(allow);
  return match;
}

}  // namespace switchboard::gateway
