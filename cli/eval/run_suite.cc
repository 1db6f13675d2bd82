// `switchboard eval suite`: every row in a process of its own, so that its memory is its own.
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/eval/commands.h"
#include "cli/eval/suite.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

// A word as the shell takes it literally.
std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The first file that a row names and that is not there; "" when all are.
std::string MissingFile(const Row& row) {
  for (const std::string& word : row.words) {
    for (const std::string_view file : StrSplit(word, ',')) {
      if (file.ends_with(".jsonl") && !std::filesystem::exists(file)) return std::string(file);
    }
  }
  return "";
}

void RunRow(const std::string& program, Row& row) {
  if (const std::string file = MissingFile(row); !file.empty()) {
    row.missing = StrCat(file, " is not there");
    return;
  }
  std::string line = StrCat(Quoted(program), " eval");
  for (const std::string& word : row.words) StrAppend(&line, " ", Quoted(word));
  line += " --json";
  std::FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) {
    row.missing = "no process could be started";
    return;
  }
  char buffer[4096];
  while (const size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
    row.result.append(buffer, size);
  }
  const int status = pclose(pipe);
  const bool exited = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!exited || !nlohmann::json::accept(row.result)) {
    row.missing = "the measurement failed; run the command to see why";
  }
}

absl::Status Check(const std::vector<Row>& rows, Terminal& terminal) {
  if (rows.empty()) return absl::FailedPreconditionError("no row of the suite has floors");
  const std::vector<std::string> below = BelowFloor(rows);
  if (!below.empty()) return absl::FailedPreconditionError(StrJoin(below, "\n"));
  terminal.out << rows.size() << " measurements, none below its floor\n";
  return absl::OkStatus();
}

absl::Status RunSuite(const Arguments& arguments, Terminal& terminal) {
  const std::string& file = arguments.positionals()[0];
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  ASSIGN_OR_RETURN(std::vector<Row> rows, ParseSuite(text, arguments.Get("data")));
  if (arguments.Has("check")) {
    std::erase_if(rows, [](const Row& row) { return row.floors.empty(); });
  }
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::UnavailableError(StrCat("/proc/self/exe: ", error.message()));
  size_t number = 0, failed = 0;
  for (Row& row : rows) {
    terminal.err << "[" << ++number << "/" << rows.size() << "] " << row.section << ": "
                 << row.title << std::endl;
    RunRow(program, row);
    if (row.missing.empty()) continue;
    failed += row.missing.find("is not there") == std::string::npos;
    terminal.err << "    not measured: " << row.missing << "\n";
  }
  if (failed > 0) return absl::InternalError(StrCat(failed, " measurements failed"));
  if (arguments.Has("check")) return Check(rows, terminal);
  std::string heading;
  if (arguments.Has("heading")) {
    ASSIGN_OR_RETURN(heading, ReadFile(arguments.Get("heading")));
  }
  const std::string page = Page(rows, heading);
  if (!arguments.Has("output")) {
    terminal.out << page;
  } else {
    std::ofstream out(arguments.Get("output"), std::ios::trunc);
    out << page;
    out.close();
    if (!out) return absl::DataLossError(arguments.Get("output") + " cannot be written");
  }
  return absl::OkStatus();
}

}  // namespace

Command SuiteCommand() {
  return {.name = "eval suite",
          .positionals = "<suite.json>",
          .about = "Runs a list of measurements, each in a process of its own, and writes a page.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {{"data", "folder", "What {data} stands for in the suite.", "."},
                    {"check", "", "Measure what has floors, fail below one, write no page."},
                    {"heading", "file", "Text to begin the page with."},
                    {"output", "file", "Page to write; without it the terminal."}},
          .run = RunSuite};
}

}  // namespace switchboard::cli::eval
