// switchboard: the operator's command.
#include <cstdlib>

#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace switchboard::cli;  // NOLINT: main only wires
  const std::vector<std::string> words(argv + 1, argv + argc);
  Terminal terminal = ProcessTerminal();
  return Dispatch(
      AllCommands(), words, [](const char* name) { return std::getenv(name); }, terminal);
}
