#include "common/http/transfer.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::http {
namespace {

// RFC 9110's token: what a method or a header's name is made of.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// No line break or NUL that would begin a header of its own.
bool IsHeaderValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

absl::StatusCode CodeOf(CURLcode result) {
  switch (result) {
    case CURLE_URL_MALFORMAT:
      return absl::StatusCode::kInvalidArgument;
    case CURLE_UNSUPPORTED_PROTOCOL:  // a redirect to another scheme, an answer that is no HTTP
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_TOO_MANY_REDIRECTS:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT:
      return absl::StatusCode::kInternal;
    default:  // the network, or a peer that does not speak HTTP
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Transfer::Transfer(Request request, const ClientOptions& options)
    : request_(std::move(request)), easy_(curl_easy_init()) {
  prepared_ =
      easy_ == nullptr ? absl::ResourceExhaustedError("no memory for a request") : Prepare(options);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

absl::Status Transfer::Prepare(const ClientOptions& options) {
  if (!IsToken(request_.method)) return absl::InvalidArgumentError("the method is no HTTP token");
  const std::string scheme = AsciiStrToLower(request_.url.substr(0, request_.url.find("://")));
  if (scheme != "http" && scheme != "https") {  // curl would guess one where there is none
    return absl::InvalidArgumentError("the URL is neither http:// nor https://");
  }
  // curl reads it as a C string.
  if (request_.url.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the URL has a NUL");
  }
  if (absl::Status status = AddHeaders(); !status.ok()) return status;
  const auto set = [this](CURLoption option, auto value) {
    const CURLcode result = curl_easy_setopt(easy_, option, value);
    if (result != CURLE_OK && prepared_.ok()) {
      prepared_ = absl::InternalError(StrCat("curl: ", curl_easy_strerror(result)));
    }
  };
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  // A path that was checked is the path that is asked for.
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_FOLLOWLOCATION, request_.redirects_max > 0 ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects_max));
  // One request a connection: the bounds on connections are bounds on load, and ending a request
  // never disturbs another.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  // Ending a request whose name is still being looked up must not wait for the resolver's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  set(CURLOPT_HEADERDATA, this);
  // Of a proxy's answer to CONNECT nobody here knows what to make.
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_ERRORBUFFER, error_text_);
  SetMethod();
  return prepared_;
}

absl::Status Transfer::AddHeaders() {
  bool content_type = false;
  const auto append = [this](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(headers_, line.c_str())) headers_ = longer;
  };
  for (const auto& [name, value] : request_.headers) {
    if (!IsToken(name) || !IsHeaderValue(value)) {
      return absl::InvalidArgumentError(
          StrCat("header ", IsToken(name) ? name : "name", " cannot be sent"));
    }
    content_type = content_type || AsciiStrToLower(name) == "content-type";
    // "Name:" would take the header off; this is curl's way to write an empty one.
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  // What curl adds by itself: a wait for "100 Continue", and the type of an HTML form.
  append("Expect:");
  if (!content_type) append("Content-Type:");
  return absl::OkStatus();
}

void Transfer::SetMethod() {
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request_.method == "GET" && request_.body.empty()) return;
  const bool has_body = !request_.body.empty() || request_.method == "POST" ||
                        request_.method == "PUT" || request_.method == "PATCH";
  if (has_body) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  const bool go_on = static_cast<Transfer*>(self)->TakeHeader({data, size * count});
  return go_on ? size * count : 0;
}

bool Transfer::TakeHeader(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > Client::kHeaderBytesMax) {
    ended_ = absl::ResourceExhaustedError(
        StrCat("the response has more than ", Client::kHeaderBytesMax, " bytes of headers"));
    return false;
  }
  if (line.rfind("HTTP/", 0) == 0) {  // the first, or the one after "100 Continue" or a redirect
    response_.headers.clear();
    response_.body.clear();
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  response_.headers.emplace_back(AsciiStrToLower(line.substr(0, colon)),
                                 std::string(Trim(line.substr(colon + 1))));
  return true;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  const bool go_on = static_cast<Transfer*>(self)->TakeBody({data, size * count});
  return go_on ? size * count : 0;
}

bool Transfer::TakeBody(std::string_view chunk) {
  body_bytes_ += chunk.size();
  if (body_bytes_ > request_.body_bytes_max) {
    ended_ = absl::ResourceExhaustedError(
        StrCat("the response has more than ", request_.body_bytes_max, " bytes"));
    return false;
  }
  if (!request_.on_chunk || response_.status < 200 || response_.status > 299) {
    response_.body.append(chunk);
    return true;
  }
  if (request_.on_chunk(response_, chunk)) return true;
  ended_ = absl::CancelledError("the receiver of the body has ended the request");
  return false;
}

absl::StatusOr<Response> Transfer::Result(CURLcode result) {
  if (!ended_.ok()) return ended_;
  if (result == CURLE_OK) return std::move(response_);
  // The only timeout that curl itself keeps is the one for connecting.
  const std::string_view text = result == CURLE_OPERATION_TIMEDOUT ? "no connection in time"
                                : error_text_[0] != 0              ? error_text_
                                                                   : curl_easy_strerror(result);
  return absl::Status(CodeOf(result), ToAbsl(text));
}

}  // namespace switchboard::http
