#include "common/config/reader.h"

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "common/base/strings.h"

namespace switchboard::config {
namespace {

std::string FlagName(std::string_view key) {
  return StrCat("--", absl::StrReplaceAll(AsciiStrToLower(key), {{"_", "-"}}));
}

std::string KeyName(std::string_view flag) {
  return absl::StrReplaceAll(AsciiStrToUpper(flag), {{"-", "_"}});
}

}  // namespace

Reader::Reader(int argc, const char* const* argv, const char* const* environment) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos) {
      environment_.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (argument == "--help" || argument == "-h") {
      help_requested_ = true;
    } else if (argument == "--config-markdown") {
      markdown_requested_ = true;
    } else if (argument == "--healthcheck") {
      healthcheck_requested_ = true;
    } else if (argument.substr(0, 2) == "--" && equals != std::string_view::npos) {
      flags_[KeyName(argument.substr(2, equals - 2))] = argument.substr(equals + 1);
    } else {
      errors_.push_back(StrCat(argument, ": not understood; write --key=value, see --help"));
    }
  }
}

std::string Reader::Raw(const Key& key, std::string default_value, std::string range) {
  declared_.push_back({std::string(key.name), std::string(key.doc), default_value, range});
  if (auto flag = flags_.find(std::string(key.name)); flag != flags_.end()) return flag->second;
  if (auto entry = environment_.find(std::string(key.name)); entry != environment_.end()) {
    return entry->second;
  }
  return default_value;
}

void Reader::Reject(const Key& key, std::string_view value, std::string_view expected) {
  errors_.push_back(key.secret ? StrCat(key.name, ": expected ", expected)
                               : StrCat(key.name, ": \"", value, "\" is not ", expected));
}

std::string Reader::String(const Key& key, std::string_view default_value) {
  return Raw(key, std::string(default_value), "");
}

std::string Reader::Choice(const Key& key, std::string_view default_value,
                           const std::vector<std::string_view>& choices) {
  const std::string expected = StrJoin(choices, ", ");
  std::string value = Raw(key, std::string(default_value), expected);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    Reject(key, value, StrCat("one of ", expected));
    return std::string(default_value);
  }
  return value;
}

int Reader::Int(const Key& key, int default_value, int min, int max) {
  const std::string raw = Raw(key, StrCat(default_value), StrCat(min, " to ", max));
  int value = 0;
  if (!SimpleAtoi(raw, &value) || value < min || value > max) {
    Reject(key, raw, StrCat("a whole number from ", min, " to ", max));
    return default_value;
  }
  return value;
}

double Reader::Double(const Key& key, double default_value, double min, double max) {
  const std::string raw = Raw(key, StrCat(default_value), StrCat(min, " to ", max));
  double value = 0;
  if (!SimpleAtod(raw, &value) || !(value >= min && value <= max)) {
    Reject(key, raw, StrCat("a number from ", min, " to ", max));
    return default_value;
  }
  return value;
}

bool Reader::Bool(const Key& key, bool default_value) {
  const std::string raw = Raw(key, default_value ? "on" : "off", "on, off");
  bool value = false;
  if (raw == "on" || raw == "off") return raw == "on";
  if (SimpleAtob(raw, &value)) return value;
  Reject(key, raw, "on or off");
  return default_value;
}

std::chrono::milliseconds Reader::Milliseconds(const Key& key, int default_value, int min,
                                               int max) {
  return std::chrono::milliseconds(Int(key, default_value, min, max));
}

std::vector<std::chrono::milliseconds> Reader::MillisecondsList(const Key& key,
                                                                std::string_view default_value,
                                                                int min, int max,
                                                                size_t count_max) {
  const auto parse = [&](std::string_view text) {
    std::vector<std::chrono::milliseconds> list;
    for (const std::string_view piece : StrSplit(text, ',')) {
      int value = 0;
      const bool good = SimpleAtoi(Trim(piece), &value) && value >= min && value <= max;
      if (!good || list.size() == count_max) return std::vector<std::chrono::milliseconds>();
      list.emplace_back(value);
    }
    return list;
  };
  const std::string raw =
      Raw(key, std::string(default_value), StrCat("up to ", count_max, " of ", min, " to ", max));
  std::vector<std::chrono::milliseconds> list = parse(raw);
  if (!list.empty()) return list;
  Reject(key, raw,
         StrCat("1 to ", count_max, " whole numbers from ", min, " to ", max,
                ", separated by commas"));
  return parse(default_value);
}

void Reader::AddError(std::string_view key, std::string_view what) {
  errors_.push_back(StrCat(key, ": ", what));
}

std::string Reader::Help(std::string_view program, std::string_view description) const {
  std::string out = StrCat(program, ": ", description,
                           "\n\nEach setting is an environment variable or a flag.\n");
  for (const Declared& d : declared_) {
    StrAppend(&out, "\n  ", FlagName(d.name), "=  (", d.name, ")\n      ", d.doc,
              "\n      default: ", d.default_value.empty() ? "none" : d.default_value,
              d.range.empty() ? "" : StrCat("; range: ", d.range), "\n");
  }
  StrAppend(&out,
            "\n  --healthcheck      ask a running instance's /readyz; exit 0 when ready"
            "\n  --config-markdown  print these settings as a Markdown table"
            "\n  --help             print this\n");
  return out;
}

std::string Reader::Markdown() const {
  std::string out = "| key | default | range | meaning |\n|---|---|---|---|\n";
  for (const Declared& d : declared_) {
    StrAppend(&out, "| `", d.name, "` | ",
              d.default_value.empty() ? "" : StrCat("`", d.default_value, "`"), " | ", d.range,
              " | ", d.doc, " |\n");
  }
  return out;
}

absl::Status Reader::Finish() const {
  std::vector<std::string> errors = errors_;
  for (const auto& [name, value] : flags_) {
    const bool known = std::any_of(declared_.begin(), declared_.end(),
                                   [&](const Declared& d) { return d.name == name; });
    if (!known) errors.push_back(StrCat(FlagName(name), ": no such setting, see --help"));
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(StrJoin(errors, "\n"));
}

}  // namespace switchboard::config
