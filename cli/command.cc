#include "cli/command.h"

#include <algorithm>

#include "cli/failure.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

const Flag* FindFlag(const Command& command, std::string_view name) {
  const auto found = std::find_if(command.flags.begin(), command.flags.end(),
                                  [&](const Flag& flag) { return flag.name == name; });
  return found == command.flags.end() ? nullptr : &*found;
}

// "-o" as "--output"; every other word as it is.
std::string Spelled(const Command& command, const std::string& word) {
  if (word.size() != 2 || word[0] != '-') return word;
  for (const Flag& flag : command.flags) {
    if (!flag.letter.empty() && word.substr(1) == flag.letter) return StrCat("--", flag.name);
  }
  return word;
}

bool IsHelp(std::string_view word) { return word == "--help" || word == "-h"; }

std::string Pad(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string Label(const Flag& flag) {
  const std::string name =
      StrCat(flag.letter.empty() ? "" : StrCat("-", flag.letter, ", "), "--", flag.name);
  return flag.value.empty() ? name : StrCat(name, " <", flag.value, ">");
}

std::string Usage(const Command& command) {
  return StrCat("switchboard ", command.name, command.positionals.empty() ? "" : " ",
                command.positionals, command.flags.empty() ? "" : " [flags]");
}

// The command that `words` begin with and how many words name it.
std::pair<const Command*, size_t> FindCommand(std::span<const Command> commands,
                                              std::span<const std::string> words) {
  for (size_t count : {size_t{2}, size_t{1}}) {
    if (words.size() < count) continue;
    const std::string name = StrJoin(words.first(count), " ");
    for (const Command& command : commands) {
      if (command.name == name) return {&command, count};
    }
  }
  return {nullptr, 0};
}

bool IsGroup(std::span<const Command> commands, std::string_view word) {
  return std::any_of(commands.begin(), commands.end(), [&](const Command& command) {
    return command.name.rfind(StrCat(word, " "), 0) == 0;
  });
}

int Report(const absl::Status& status, std::string_view help, Terminal& terminal) {
  const int code = ExitCode(status);
  if (code == kExitOk) return code;
  terminal.out.flush();
  terminal.err << "switchboard: " << Printable(Describe(status)) << "\n";
  if (code == kExitUsage) terminal.err << "see switchboard " << help << "--help\n";
  return code;
}

}  // namespace

std::string Arguments::Get(const std::string& flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? "" : found->second;
}

absl::StatusOr<int> Arguments::Int(const std::string& flag, int min, int max) const {
  const std::string text = Get(flag);
  int value = 0;
  if (!SimpleAtoi(text, &value) || value < min || value > max) {
    return UsageError(
        StrCat("--", flag, " \"", text, "\" is not a whole number from ", min, " to ", max));
  }
  return value;
}

absl::StatusOr<Arguments> ParseArguments(const Command& command, std::span<const std::string> words,
                                         const Environment& environment) {
  Arguments arguments;
  for (const Flag& flag : command.flags) {
    const char* set = flag.environment.empty() ? nullptr : environment(flag.environment.c_str());
    const std::string value = set != nullptr && *set != 0 ? set : flag.default_value;
    if (!value.empty()) arguments.values_[flag.name] = value;
  }
  bool flags_over = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string spelled = flags_over ? words[i] : Spelled(command, words[i]);
    const std::string_view word = spelled;
    if (flags_over || word.substr(0, 2) != "--") {
      // A single dash is text too: negative numbers and "-" are nobody's flags here.
      arguments.positionals_.emplace_back(word);
      continue;
    }
    if (word == "--") {
      flags_over = true;
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
    const Flag* flag = FindFlag(command, name);
    if (flag == nullptr) return UsageError(StrCat("--", name, " is no flag of ", command.name));
    if (flag->value.empty()) {
      if (equals != std::string_view::npos)
        return UsageError(StrCat("--", name, " takes no value"));
      arguments.values_[name] = "1";
    } else if (equals != std::string_view::npos) {
      arguments.values_[name] = std::string(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      arguments.values_[name] = words[++i];
    } else {
      return UsageError(StrCat("--", name, " needs a value: ", Label(*flag)));
    }
  }
  const size_t count = arguments.positionals_.size();
  if (count < command.positionals_min) {
    return UsageError(StrCat(command.name, " needs ", command.positionals));
  }
  if (count > command.positionals_max) {
    return UsageError(StrCat("\"", arguments.positionals_[command.positionals_max],
                             "\" is one word too many (put a text into quotes)"));
  }
  return arguments;
}

std::string HelpText(const Command& command) {
  std::string out = StrCat(command.about, "\n\nusage: ", Usage(command), "\n");
  if (command.flags.empty()) return out;
  size_t width = 0;
  for (const Flag& flag : command.flags) width = std::max(width, Label(flag).size());
  StrAppend(&out, "\n");
  for (const Flag& flag : command.flags) {
    StrAppend(&out, "  ", Pad(Label(flag), width + 2), flag.doc);
    if (!flag.default_value.empty()) StrAppend(&out, " Default: ", flag.default_value, ".");
    if (!flag.environment.empty()) StrAppend(&out, " Also from ", flag.environment, ".");
    StrAppend(&out, "\n");
  }
  return out;
}

std::string OverviewText(std::span<const Command> commands, std::string_view group) {
  std::string out = group.empty() ? "switchboard: the operator's command for the agent mesh\n" : "";
  StrAppend(&out, "usage: switchboard ", group, group.empty() ? "" : " ", "<command> …\n\n");
  size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  for (const Command& command : commands) {
    if (!group.empty() && command.name.rfind(StrCat(group, " "), 0) != 0) continue;
    StrAppend(&out, "  ", Pad(command.name, width + 2), command.about, "\n");
  }
  StrAppend(&out, "\nswitchboard <command> --help explains one of them.\n");
  return out;
}

int Dispatch(std::span<const Command> commands, std::span<const std::string> words,
             const Environment& environment, Terminal& terminal) {
  if (words.empty()) {
    terminal.err << OverviewText(commands, "");
    return kExitUsage;
  }
  if (IsHelp(words[0]) || words[0] == "help") {
    terminal.out << OverviewText(commands, "");
    return kExitOk;
  }
  const auto [command, used] = FindCommand(commands, words);
  if (command == nullptr) {
    if (!IsGroup(commands, words[0])) {
      return Report(UsageError(StrCat("\"", words[0], "\" is no command")), "", terminal);
    }
    const bool asked = words.size() > 1 && IsHelp(words[1]);
    (asked ? terminal.out : terminal.err) << OverviewText(commands, words[0]);
    return asked ? kExitOk : kExitUsage;
  }
  const auto rest = words.subspan(used);
  // Not after "--": there it is somebody's text.
  const auto end = std::find(rest.begin(), rest.end(), "--");
  if (std::any_of(rest.begin(), end, IsHelp)) {
    terminal.out << HelpText(*command);
    return kExitOk;
  }
  const std::string help = StrCat(command->name, " ");
  const absl::StatusOr<Arguments> arguments = ParseArguments(*command, rest, environment);
  if (!arguments.ok()) return Report(arguments.status(), help, terminal);
  const int code = Report(command->run(*arguments, terminal), help, terminal);
  terminal.out.flush();
  return code;
}

}  // namespace switchboard::cli
