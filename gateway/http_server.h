// The HTTP/1.1 listener: accepts, reads requests within limits, answers them in order, keeps
// connections alive, drains. What a request means is the handler's business (http_api).
//
//   HttpServer server(io, {.address = "127.0.0.1", .port = 8080}, handler);
//   RETURN_IF_ERROR(server.Listen());
//   …
//   server.Leave();                      // SIGTERM: every answer is its connection's last
//   server.Drain();                      // a little later: no new connections, idle ones closed
//   co_await server.Join(deadline);      // the rest finish what they have in hand
//
// Runs on the loop's one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "gateway/http_message.h"
#include "gateway/sse.h"

namespace switchboard::gateway {

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  // 0 picks a free one.
  int port = 8080;
  // One more is answered 503 and closed. Each costs about 10 KiB.
  int connections_max = 10000;
  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 1024 * 1024;
  // From the first byte of a request to the end of its headers; a slow one is 408.
  std::chrono::milliseconds header_limit{10000};
  // From there to the end of the body.
  std::chrono::milliseconds body_limit{30000};
  // Between two requests: longer than the 60 s that common balancers keep their side open.
  std::chrono::milliseconds idle_limit{75000};
  EventStreamOptions events;
};

class HttpServer {
 public:
  using Handler = std::function<Awaitable<HttpResponse>(HttpRequest)>;
  // An answer to a request that could not be read: its status and what is wrong.
  using ErrorPage = std::function<HttpResponse(absl::Status)>;

  HttpServer(asio::io_context& io, HttpServerOptions options, Handler handler,
             ErrorPage error_page);
  ~HttpServer();

  // Binds and begins to accept. Unavailable, naming the address.
  absl::Status Listen();
  int port() const;
  int connections() const;
  // Takes connections and requests as before, but each answer says `Connection: close`, so that
  // clients open their next connection elsewhere before Drain() closes this door.
  void Leave();
  // Answers who has connected or asked already and closes the rest; the listener ends a tenth of a
  // second later.
  void Drain();
  // Waits for the open connections; closes hard those that remain at `deadline`.
  Awaitable<void> Join(Deadline deadline);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace switchboard::gateway
