#include "common/http/probe_server.h"

#include <gtest/gtest.h>

#include <thread>

namespace switchboard::http {
namespace {

TEST(ProbeServer, AnswersByPathAndSaysWhatIsNotReady) {
  asio::io_context io;
  ProbeServer server(io, [](std::string_view path) -> ProbeReply {
    if (path == "/livez") return {.body = "ok\n"};
    return {.status = 503, .body = "nats: reconnecting\n"};
  });
  ASSERT_TRUE(server.Listen("127.0.0.1", 0).ok());
  std::thread loop([&io] { io.run(); });
  const auto alive = ProbeGet("127.0.0.1", server.port(), "/livez?x=1", std::chrono::seconds(5));
  const auto ready = ProbeGet("127.0.0.1", server.port(), "/readyz", std::chrono::seconds(5));
  asio::post(io, [&server] { server.Stop(); });
  loop.join();
  EXPECT_EQ(alive.value(), "ok\n");
  EXPECT_EQ(ready.status().message(), "503 nats: reconnecting\n");
}

TEST(ProbeServer, APortInUseIsAnError) {
  asio::io_context io;
  ProbeServer first(io, [](std::string_view) { return ProbeReply{}; });
  ProbeServer second(io, [](std::string_view) { return ProbeReply{}; });
  ASSERT_TRUE(first.Listen("127.0.0.1", 0).ok());
  const absl::Status status = second.Listen("127.0.0.1", first.port());
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

}  // namespace
}  // namespace switchboard::http
