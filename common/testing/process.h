// A child process of a test: started with its own environment, its output kept in a file, ended
// when the object is.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace switchboard::testing {

class Process {
 public:
  // `output_file` receives standard output and error. `environment` is added to the test's own.
  Process(std::vector<std::string> command, std::map<std::string, std::string> environment,
          std::string output_file);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running();
  void Signal(int signal);
  // Waits for the end; the exit code, 128 + signal, or -1 when `limit` came first.
  int Wait(std::chrono::milliseconds limit);
  std::string Output() const;

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;
  std::string output_file_;
};

// Polls until `predicate` holds; false when `limit` came first.
bool WaitUntil(const std::function<bool()>& predicate,
               std::chrono::milliseconds limit = std::chrono::seconds(10));

// A TCP port on loopback that was free a moment ago.
int FreePort();

// A fresh folder below the system's temporary one, removed with its content when the object ends.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace switchboard::testing
