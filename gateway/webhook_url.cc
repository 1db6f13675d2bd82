#include "gateway/webhook_url.h"

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// RFC 3986's pchar, '/' and '?': what a path or a query may hold.
bool IsPathOrQuery(char c) { return IsAlphanumeric(c) || IsOneOf(c, "-._~!$&'()*+,;=:@%/?"); }

bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return IsOneOf(c, "0123456789abcdefABCDEF:."); });
  }
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return IsAlphanumeric(c) || IsOneOf(c, "-._"); });
}

// Each '%' is followed by two hexadecimal digits.
bool IsPercentEncoded(std::string_view text) {
  const auto is_hex = [](char c) { return IsOneOf(c, "0123456789abcdefABCDEF"); };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
  }
  return true;
}

// What a server or a proxy may resolve to another path than the one compared here.
bool MayLeaveItsFolder(std::string_view path) {
  const std::string lower = AsciiStrToLower(path);
  for (const std::string_view encoded : {"%2e", "%2f", "%5c", "%25", "%00"}) {
    if (lower.find(encoded) != std::string::npos) return true;
  }
  const std::vector<std::string_view> segments = StrSplit(path, '/');
  return std::any_of(segments.begin(), segments.end(), [](std::string_view segment) {
    // Some servers take off a segment's parameters first: "..;x" is ".." to them.
    const std::string_view name = segment.substr(0, segment.find(';'));
    return name == "." || name == "..";
  });
}

}  // namespace

absl::StatusOr<WebhookUrls::Url> WebhookUrls::ParseUrl(std::string_view text) {
  const auto refuse = [](std::string_view what) {
    return absl::InvalidArgumentError(ToAbsl(what));
  };
  if (text.size() > kUrlBytesMax) return refuse(StrCat("has more than ", kUrlBytesMax, " bytes"));
  if (text.find('#') != std::string_view::npos) return refuse("has a fragment");
  Url url;
  const size_t scheme_end = text.find("://");
  url.scheme = AsciiStrToLower(text.substr(0, scheme_end));
  if (scheme_end == std::string_view::npos || (url.scheme != "http" && url.scheme != "https")) {
    return refuse("is no http:// or https:// URL");
  }
  url.port = url.scheme == "https" ? 443 : 80;
  text.remove_prefix(scheme_end + 3);
  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  text.remove_prefix(authority_end);
  if (authority.find('@') != std::string_view::npos) return refuse("has user information");
  const size_t host_end =
      authority.find(':', authority.find(']') == std::string_view::npos ? 0 : authority.find(']'));
  if (host_end != std::string_view::npos) {
    const std::string_view port = authority.substr(host_end + 1);
    const bool digits =
        std::all_of(port.begin(), port.end(), [](char c) { return IsOneOf(c, "0123456789"); });
    if (!digits || port.size() > 5 || !SimpleAtoi(port, &url.port) || url.port < 1 ||
        url.port > 65535) {
      return refuse("has a port that is not between 1 and 65535");
    }
  }
  url.host = AsciiStrToLower(authority.substr(0, host_end));
  if (!IsHost(url.host)) return refuse("has no host name or IP address that is plain ASCII");
  if (!std::all_of(text.begin(), text.end(), IsPathOrQuery) || !IsPercentEncoded(text)) {
    return refuse("has characters that a URL must encode");
  }
  const size_t query = text.find('?');
  url.has_query = query != std::string_view::npos;
  url.path = text.substr(0, query);
  if (url.path.empty()) url.path = "/";
  if (MayLeaveItsFolder(url.path)) return refuse("has a path with dots or encoded separators");
  return url;
}

bool WebhookUrls::Covers(const Url& prefix, const Url& url) {
  if (url.scheme != prefix.scheme || url.host != prefix.host || url.port != prefix.port) {
    return false;
  }
  if (url.path.rfind(prefix.path, 0) != 0) return false;
  return prefix.path.back() == '/' || url.path.size() == prefix.path.size() ||
         url.path[prefix.path.size()] == '/';
}

absl::StatusOr<WebhookUrls> WebhookUrls::Parse(std::string_view list) {
  WebhookUrls urls;
  for (const std::string_view piece : StrSplit(list, ',')) {
    const std::string_view text = Trim(piece);
    if (text.empty()) continue;
    absl::StatusOr<Url> url = ParseUrl(text);
    if (!url.ok()) {
      return absl::InvalidArgumentError(StrCat("\"", text, "\" ", ToStd(url.status().message())));
    }
    if (url->has_query) {
      return absl::InvalidArgumentError(StrCat("\"", text, "\" has a query"));
    }
    urls.prefixes_.push_back(*std::move(url));
  }
  return urls;
}

absl::Status WebhookUrls::Check(std::string_view text) const {
  if (empty()) {
    return InvalidField("webhook_url", "is refused: this gateway calls no webhooks",
                        "ask for the outcome at the turn's location, or have the operator set "
                        "WEBHOOK_URLS");
  }
  absl::StatusOr<Url> url = ParseUrl(text);
  if (!url.ok()) {
    return InvalidField("webhook_url", ToStd(url.status().message()),
                        "send an http:// or https:// URL with host and path, and nothing unusual");
  }
  const bool covered = std::any_of(prefixes_.begin(), prefixes_.end(),
                                   [&](const Url& prefix) { return Covers(prefix, *url); });
  if (covered) return absl::OkStatus();
  return InvalidField("webhook_url", "is not among the addresses that may be called",
                      "use an address below one of the operator's WEBHOOK_URLS");
}

}  // namespace switchboard::gateway
