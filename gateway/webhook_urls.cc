#include "gateway/webhook_urls.h"

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Letters, digits and dots, or an IPv6 address in brackets. International names come as punycode.
bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  if (host.front() != '[') return std::all_of(host.begin(), host.end(), IsHostCharacter);
  if (host.size() < 4 || host.back() != ']') return false;
  const std::string_view address = host.substr(1, host.size() - 2);
  return std::all_of(address.begin(), address.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
  });
}

// "." and "..", however encoded: a server may take them for a step up and out of the prefix.
bool HasDotSegment(std::string_view path) {
  std::string plain = AsciiStrToLower(path);
  for (size_t at = plain.find("%2e"); at != std::string::npos; at = plain.find("%2e", at)) {
    plain.replace(at, 3, ".");
  }
  for (const std::string_view segment : StrSplit(plain, '/')) {
    if (segment == "." || segment == ".." || segment.starts_with("..;")) return true;
  }
  // An encoded slash or backslash hides a segment from this look.
  return plain.find("%2f") != std::string::npos || plain.find("%5c") != std::string::npos;
}

bool SplitPort(std::string_view authority, std::string* host, int* port) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  *host = AsciiStrToLower(authority.substr(0, colon));
  if (colon == std::string_view::npos) return true;
  const std::string_view digits = authority.substr(colon + 1);
  if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != digits.npos)
    return false;
  return SimpleAtoi(digits, port) && *port >= 1 && *port <= 65535;
}

bool IsBelow(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.back() == '/' || path[prefix.size()] == '/';
}

}  // namespace

std::optional<HttpUrl> ParseHttpUrl(std::string_view text) {
  for (const char c : text) {
    // Visible ASCII; browsers take a backslash for a slash, others do not.
    if (c <= ' ' || c > '~' || c == '\\' || c == '"' || c == '<' || c == '>') return std::nullopt;
  }
  HttpUrl url;
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  url.scheme = AsciiStrToLower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  std::string_view rest = text.substr(scheme_end + 3);
  if (rest.find('#') != std::string_view::npos) return std::nullopt;
  const size_t authority_end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, authority_end);
  // What stands before an @ is not the host, whatever it looks like.
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  url.port = url.scheme == "https" ? 443 : 80;
  if (!SplitPort(authority, &url.host, &url.port) || !IsHost(url.host)) return std::nullopt;
  rest = authority_end == std::string_view::npos ? std::string_view() : rest.substr(authority_end);
  const size_t question = rest.find('?');
  url.path = rest.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = rest.substr(question + 1);
  if (HasDotSegment(url.path)) return std::nullopt;
  return url;
}

absl::StatusOr<WebhookUrls> WebhookUrls::Parse(std::string_view prefixes) {
  WebhookUrls urls;
  for (const std::string_view piece : StrSplit(prefixes, ',')) {
    const std::string_view text = Trim(piece);
    if (text.empty()) continue;
    std::optional<HttpUrl> url = ParseHttpUrl(text);
    if (!url || text.find('?') != std::string_view::npos) {
      return absl::InvalidArgumentError(
          StrCat("\"", text, "\" is no http or https URL without user, query and fragment"));
    }
    urls.prefixes_.push_back(*std::move(url));
  }
  return urls;
}

bool WebhookUrls::Allows(std::string_view text) const {
  const std::optional<HttpUrl> url = ParseHttpUrl(text);
  if (!url) return false;
  return std::any_of(prefixes_.begin(), prefixes_.end(), [&url](const HttpUrl& prefix) {
    return url->scheme == prefix.scheme && url->host == prefix.host && url->port == prefix.port &&
           IsBelow(url->path, prefix.path);
  });
}

absl::Status WebhookUrls::Check(std::string_view url) const {
  if (url.empty() || Allows(url)) return absl::OkStatus();
  return InvalidField("webhook_url", "is not one that this gateway may call",
                      "use an address that the operator allows (WEBHOOK_URLS)");
}

}  // namespace switchboard::gateway
