// JSON lines on standard error, one object a line, for a machine to collect and a person to grep.
//
//   log::Warning("ticket not stored", {{"ticket_id", id}, {"error", status.ToString()}});
//
// Nothing is logged on success of a message; texts and personal data never are. Should a value hold
// personal data all the same (an error that quotes its input), it is replaced by a placeholder
// before it is written: "<EMAIL_1>" (common/text/personal_data.h).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace switchboard::log {

using Value = std::variant<std::string, std::string_view, const char*, double, int64_t, uint64_t,
                           int, unsigned, bool>;
using Fields = std::initializer_list<std::pair<std::string_view, Value>>;

enum class Level { kDebug, kInfo, kWarning, kError };

// Names the process in each line. `level`: debug, info, warning or error.
void Init(std::string_view service, std::string_view instance_id, std::string_view level);

void Write(Level level, std::string_view message, Fields fields);

inline void Debug(std::string_view message, Fields fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, Fields fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warning(std::string_view message, Fields fields = {}) {
  Write(Level::kWarning, message, fields);
}
inline void Error(std::string_view message, Fields fields = {}) {
  Write(Level::kError, message, fields);
}

}  // namespace switchboard::log
