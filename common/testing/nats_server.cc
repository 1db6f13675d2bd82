#include "common/testing/nats_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace switchboard::testing {
namespace {

bool Accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return connected;
}

}  // namespace

NatsServer::NatsServer() : port_(FreePort()) { Start(); }

void NatsServer::Start() {
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port_), "-js",
                               "-sd", folder_.path() + "/store"},
      std::map<std::string, std::string>{}, folder_.path() + "/nats-server.log");
  if (!WaitUntil([this] { return !process_->running() || Accepts(port_); }) ||
      !process_->running()) {
    throw std::runtime_error("nats-server does not start: " + process_->Output());
  }
}

void NatsServer::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait(std::chrono::seconds(10));
}

}  // namespace switchboard::testing
