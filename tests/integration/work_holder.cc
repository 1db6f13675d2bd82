// Takes asynchronous turns and never ends one: work_holder <nats url> <back-off>. A test kills it
// while it has them in hand.
#include <iostream>

#include "common/base/strings.h"
#include "tests/integration/work_turns.h"

int main(int, char** argv) {
  using namespace switchboard;
  asio::io_context io;
  bus::Options options;
  options.url = argv[1];
  auto connection = bus::Connection::Connect(io, options);
  if (!connection.ok()) return 1;
  auto script = std::make_shared<testing::Script>(**connection);
  script->lasts = std::chrono::hours(1);
  critic_supervisor::WorkerOptions work;
  work.backoff.clear();
  for (const std::string_view pause : StrSplit(argv[2], ',')) {
    work.backoff.emplace_back(std::stoi(std::string(pause)));
  }
  critic_supervisor::Worker worker(**connection, "holder", testing::ConductOf(script), work);
  asio::co_spawn(io, worker.RunTurns(), asio::detached);
  Timer watch(io);
  while (script->begun.empty()) io.run_one();
  std::cout << "taken" << std::endl;
  io.run();
}
