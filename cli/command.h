// A subcommand, its flags, and how the line a person typed becomes a call.
//
//   const Command command = {.name = "ticket", .positionals = "<id>", .about = "Shows one ticket.",
//                            .positionals_min = 1, .positionals_max = 1,
//                            .flags = {NatsUrlFlag()}, .run = RunTicket};
//   return Dispatch({command}, {"ticket", "T-1"}, getenv, terminal);   // exit code
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/terminal.h"

namespace switchboard::cli {

struct Flag {
  // Without the dashes.
  std::string name;
  // What its value is called in the help; empty: a switch without a value.
  std::string value;
  std::string doc;
  std::string default_value = "";
  // Environment variable that is asked when the flag is not given; empty: none.
  std::string environment = "";
  // One letter that stands for the name after a single dash; empty: none.
  std::string letter = "";
};

class Arguments {
 public:
  const std::vector<std::string>& positionals() const { return positionals_; }
  // The switch was given, or the flag has a value.
  bool Has(const std::string& flag) const { return !Get(flag).empty(); }
  // Empty when neither the line, the environment nor a default has one; "1" for a switch given.
  std::string Get(const std::string& flag) const;
  // A usage error when the value is no whole number from `min` to `max`.
  absl::StatusOr<int> Int(const std::string& flag, int min, int max) const;

 private:
  friend absl::StatusOr<Arguments> ParseArguments(const struct Command&,
                                                  std::span<const std::string>,
                                                  const std::function<const char*(const char*)>&);
  std::vector<std::string> positionals_;
  std::map<std::string, std::string> values_;
};

// Null when the variable is not set, as std::getenv.
using Environment = std::function<const char*(const char*)>;

struct Command {
  // One or two words: "tail", "kb load".
  std::string name;
  std::string positionals = "";
  // One sentence.
  std::string about;
  size_t positionals_min = 0;
  size_t positionals_max = 0;
  std::vector<Flag> flags = {};
  std::function<absl::Status(const Arguments&, Terminal&)> run;
};

// Flags stand anywhere, as --flag value, --flag=value or -f value; after "--" all is positional.
// Errors are usage errors that name the word at fault.
absl::StatusOr<Arguments> ParseArguments(const Command& command, std::span<const std::string> words,
                                         const Environment& environment);

std::string HelpText(const Command& command);
// All commands, or those whose first word is `group`.
std::string OverviewText(std::span<const Command> commands, std::string_view group);

// Finds the command, runs it, reports its failure. Returns the exit code: 0 ok, 1 failed, 2 usage.
int Dispatch(std::span<const Command> commands, std::span<const std::string> words,
             const Environment& environment, Terminal& terminal);

}  // namespace switchboard::cli
