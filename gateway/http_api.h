// HTTP and JSON in front of the operations: finds the route, checks headers, translates the body,
// calls, and translates back. It decides nothing else.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "gateway/http_message.h"
#include "gateway/http_router.h"
#include "gateway/operations.h"
#include "gateway/request_metrics.h"

namespace switchboard::gateway {

class HttpApi {
 public:
  struct Options {
    // Nobody waits longer for a turn.
    std::chrono::milliseconds turn_timeout{15000};
    std::string version;
  };
  // The readiness listing as JSON.
  using Readiness = std::function<std::string(bool* ready)>;

  // `operations` outlives it.
  HttpApi(Operations* operations, Options options, Readiness readiness);

  // Never throws; an error is a problem+json.
  Awaitable<HttpResponse> Handle(HttpRequest request);

  // `error` as application/problem+json.
  static HttpResponse Problem(const absl::Status& error, std::string_view trace_id);

 private:
  struct Call;

  absl::Status Prepare(Call* call) const;
  Awaitable<HttpResponse> Dispatch(Call call);
  HttpResponse Page(const Call& call) const;
  Awaitable<HttpResponse> CreateConversation(Call call);
  Awaitable<HttpResponse> GetConversation(Call call);
  Awaitable<HttpResponse> SendMessage(Call call);
  Awaitable<HttpResponse> SubmitFeedback(Call call);
  Awaitable<HttpResponse> Invoke(Call call);
  // An asynchronous turn: accepted, waited for as long as the client would like.
  Awaitable<HttpResponse> SubmitTurn(Call call, v1::InvokeRequest request);
  Awaitable<HttpResponse> GetTurn(Call call);
  Awaitable<HttpResponse> CallAgent(Call call);
  Awaitable<HttpResponse> AnalyticsSummary(Call call);
  Awaitable<HttpResponse> Chat(Call call);
  HttpResponse ListAgents() const;
  HttpResponse ChatStatus() const;

  Operations* const operations_;
  const Options options_;
  const Readiness readiness_;
  const Clock::time_point started_ = Clock::now();
  RequestMetrics metrics_{"http"};
};

}  // namespace switchboard::gateway
