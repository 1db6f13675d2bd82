// Private to the HTTP API's own files: one request on its way through, and how answers are made.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "gateway/http_api.h"

namespace switchboard::gateway {

struct HttpApi::Call {
  HttpRequest request;
  RouteMatch route{};
  CallContext context;
  std::string_view name = "unknown";  // of the operation, for metrics
};

// Empty when it is not there.
std::string_view HeaderOf(const HttpRequest& request, std::string_view name);
HttpResponse Json(unsigned status, std::string body);
HttpResponse Failed(const absl::Status& error, const CallContext& context);

// The body into `message`, whose `field` is then set from the path. A body may repeat it, not
// change it.
absl::Status DecodeWithPath(const HttpRequest& request, const std::string& from_path,
                            std::string_view field, google::protobuf::Message* message);

}  // namespace switchboard::gateway
