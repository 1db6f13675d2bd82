// http_peer.py as a process of a test: another's HTTP server.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/strings.h"
#include "common/testing/process.h"

namespace switchboard::testing {

class HttpPeer {
 public:
  // PEM files of certificate and key: https.
  explicit HttpPeer(std::vector<std::string> certificate_and_key = {})
      : scheme_(certificate_and_key.empty() ? "http" : "https"),
        process_(Command(certificate_and_key), {}, folder_.path() + "/peer.log") {
    const bool listens = WaitUntil([&] {
      const std::string output = process_.Output();
      return output.rfind("port ", 0) == 0 && output.find('\n') != std::string::npos &&
             SimpleAtoi(Trim(std::string_view(output).substr(5)), &port_);
    });
    if (!listens) throw std::runtime_error("http_peer.py: " + process_.Output());
  }
  std::string Url(const std::string& path) const {
    return StrCat(scheme_, "://127.0.0.1:", port_, path);
  }
  Process& process() { return process_; }

 private:
  static std::vector<std::string> Command(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"/usr/bin/python3", "tests/integration/http_peer.py"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }
  std::string scheme_;
  TemporaryFolder folder_;
  Process process_;
  int port_ = 0;
};

}  // namespace switchboard::testing
