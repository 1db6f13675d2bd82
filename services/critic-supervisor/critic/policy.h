// The policies: what may reach the mesh and what may leave it. Read from a JSON file, so that a
// company changes them without touching code.
//
//   {"words":  {"ignore": ["ignore", "disregard", …], …},
//    "rules":  [{"id": …, "policy": …, "direction": "input", "phrases": […], "patterns": […],
//                "signals": [{"points": 2, "phrases": […]}], "threshold": 4, "exceptions": […],
//                "answer": "refuse_instructions", "reason": …}, …],
//    "grounding": {…}, "answers": {"refuse_harm": {"en": …, "fr": …}, …}}
//
// A rule fires when one of its `phrases` (common/text/phrases.h) or `patterns` (RE2) matches
// outside an `exceptions` phrase, or when the points of its distinct `signals` reach its
// `threshold`. Rules are judged in the order of the file; the first that fires decides. README.md
// has every key.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/phrases.h"

namespace switchboard::critic {

enum class Direction { kInput, kOutput };

struct Rule {
  std::string id;      // unique
  std::string policy;  // what the turn's reply names: prompt_injection, harmful_request, …
  std::string reason;  // for operators and the generator
  std::string answer;  // key of `answers`
  std::vector<std::string> languages;  // empty: all
  int threshold = 0;                   // 0: no signals
  std::vector<int> signal_points;
  // Void when what matched names only the customer's own identifier or address.
  bool own_data_exempt = false;
  // Judge what the customer did not write, too.
  bool quoted = false;
  bool retrieved = false;
};

// Whose words a text is.
enum class Voice { kOwn, kQuoted, kRetrieved };

// What counts as a claim in an answer; see grounding.h.
struct GroundingPolicy {
  double coverage_min = 0.5;
  // Concept → words of all languages that state it.
  std::map<std::string, std::vector<std::string>> claims;
  std::vector<std::string> common_words;
  std::vector<std::string> known_names;
};

// The rules of one direction, compiled.
class RuleSet {
 public:
  // The text in the forms the rules look at.
  struct Text {
    const std::vector<std::string>* views;  // folded
    std::string_view raw;
  };
  // The first rule that fires; nullptr when none does. Internal: the matcher ran out of memory.
  // `own` are the customer's own identifiers, folded.
  absl::StatusOr<const Rule*> Judge(const Text& text, std::string_view language,
                                    const std::vector<std::string>& own,
                                    Voice voice = Voice::kOwn) const;

  const std::vector<Rule>& rules() const { return rules_; }

 private:
  friend class PolicyReader;
  enum class Role { kDecisive, kSignal, kException };
  struct Origin {
    size_t rule;
    Role role;
    int signal = 0;
  };
  struct View;
  absl::Status JudgeView(const View& view, std::vector<bool>& fired) const;

  std::vector<Rule> rules_;
  text::PhraseBook phrases_;
  std::vector<Origin> phrase_origins_;
  std::unique_ptr<re2::RE2::Set> patterns_, raw_patterns_;
  std::vector<Origin> pattern_origins_, raw_origins_;
  // Signals that a long text gives: its bytes.
  std::vector<std::pair<Origin, size_t>> lengths_;
};

struct Policies {
  RuleSet input, output;
  GroundingPolicy grounding;
  // Key → language → text.
  std::map<std::string, std::map<std::string, std::string>> answers;

  // InvalidArgument with one line for each thing that is wrong.
  static absl::StatusOr<Policies> Parse(std::string_view json);
};

}  // namespace switchboard::critic
