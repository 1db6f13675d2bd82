// The part of a response that plain answers and event streams share.
#pragma once

#include <boost/beast/http/message.hpp>
#include <string>

#include "gateway/http_message.h"

namespace switchboard::gateway {

// "Fri, 20 Nov 2026 13:14:00 GMT", worked out once a second.
const std::string& HttpDate();

// Status, version and headers. `version`: 10 or 11.
template <typename Body>
void FillHead(const HttpResponse& from, unsigned version, boost::beast::http::response<Body>* to) {
  to->version(version);
  to->result(from.status);
  to->set(boost::beast::http::field::date, HttpDate());
  to->set(boost::beast::http::field::server, "switchboard");
  to->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : from.headers) to->set(name, value);
}

}  // namespace switchboard::gateway
