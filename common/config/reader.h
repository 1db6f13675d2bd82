// Configuration of a process: environment variables, each also a flag.
//
//   Reader reader(argc, argv, environ);
//   const int port = reader.Int({"HTTP_PORT", "Port of the HTTP listener; 0 picks a free one."},
//   8080, 0, 65535); RETURN_IF_ERROR(reader.Finish());   // one line for each wrong key, all at
//   once
//
// A flag `--http-port=8081` wins over HTTP_PORT in the environment, which wins over the default. A
// key is read once; what was declared is what `--help` prints and docs/configuration.md is
// generated from.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace switchboard::config {

struct Key {
  // Upper snake case, as in the environment.
  std::string_view name;
  // Meaning, unit, trade-off; one or two sentences.
  std::string_view doc;
  // The value is never printed.
  bool secret = false;
};

class Reader {
 public:
  // `environment` is a null-terminated array of "KEY=value", such as environ.
  Reader(int argc, const char* const* argv, const char* const* environment);

  // Each returns the default (and remembers an error) when the value does not fit.
  std::string String(const Key& key, std::string_view default_value);
  // One of `choices`.
  std::string Choice(const Key& key, std::string_view default_value,
                     const std::vector<std::string_view>& choices);
  int Int(const Key& key, int default_value, int min, int max);
  double Double(const Key& key, double default_value, double min, double max);
  bool Bool(const Key& key, bool default_value);
  // Written as a whole number of milliseconds.
  std::chrono::milliseconds Milliseconds(const Key& key, int default_value, int min, int max);
  // One to `count_max` of them, separated by commas: "1000,2000,4000". Likewise `default_value`.
  std::vector<std::chrono::milliseconds> MillisecondsList(const Key& key,
                                                          std::string_view default_value, int min,
                                                          int max, size_t count_max);

  // A finding of the caller's own about a key ("must be a folder that exists").
  void AddError(std::string_view key, std::string_view what);

  // True when --help was given. The caller prints Help() and ends.
  bool help_requested() const { return help_requested_; }
  std::string Help(std::string_view program, std::string_view description) const;
  // A Markdown table of all declared keys.
  std::string Markdown() const;
  // True when --config-markdown was given: print Markdown() and end.
  bool markdown_requested() const { return markdown_requested_; }
  // True when --healthcheck was given.
  bool healthcheck_requested() const { return healthcheck_requested_; }

  // InvalidArgument with one line for each wrong key or unknown flag.
  absl::Status Finish() const;

 private:
  struct Declared {
    std::string name, doc, default_value, range;
  };

  std::string Raw(const Key& key, std::string default_value, std::string range);
  void Reject(const Key& key, std::string_view value, std::string_view expected);

  std::map<std::string, std::string> environment_;
  std::map<std::string, std::string> flags_;
  std::vector<Declared> declared_;
  std::vector<std::string> errors_;
  bool help_requested_ = false;
  bool markdown_requested_ = false;
  bool healthcheck_requested_ = false;
};

}  // namespace switchboard::config
