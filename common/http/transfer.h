// One request of the Client as curl sees it: an easy handle, what it sends and what has come.
// Internal to common/http.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "common/http/client.h"

namespace switchboard::http {

class Transfer {
 public:
  Transfer(Request request, const ClientOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Not ok: the request cannot be sent.
  const absl::Status& prepared() const { return prepared_; }
  CURL* easy() { return easy_; }
  // What became of it when curl has finished with `result`.
  absl::StatusOr<Response> Result(CURLcode result);

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  absl::Status Prepare(const ClientOptions& options);
  absl::Status AddHeaders();
  void SetMethod();
  bool TakeHeader(std::string_view line);
  bool TakeBody(std::string_view chunk);

  Request request_;
  Response response_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;
  // Why one of the callbacks has ended the transfer.
  absl::Status ended_;
  absl::Status prepared_;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace switchboard::http
