#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/critic-supervisor/critic/policy.h"

namespace switchboard::critic {

using Json = nlohmann::json;

// Reads the file and remembers everything that is wrong with it.
class PolicyReader {
 public:
  absl::StatusOr<Policies> Read(std::string_view text);

 private:
  struct Building {
    RuleSet* set;
    text::PhraseBook::Builder phrases;
    std::unique_ptr<re2::RE2::Set> patterns, raw;
  };

  void Wrong(const std::string& where, const std::string& what) {
    errors_.push_back(absl::StrCat(where, ": ", what));
  }
  void CheckKeys(const Json& object, const std::set<std::string>& known, const std::string& where);
  std::string String(const Json& object, const char* key, const std::string& where, bool required);
  std::vector<std::string> Strings(const Json& object, const char* key, const std::string& where);
  bool Flag(const Json& object, const char* key, const std::string& where);

  void ReadWords(const Json& root);
  void ReadRules(const Json& root);
  void ReadRule(const Json& entry, const std::string& where);
  void AddPhrases(Building& building, const Json& holder, const char* key, RuleSet::Origin origin,
                  const std::string& where);
  void AddPatterns(Building& building, const Json& holder, RuleSet::Origin origin, bool raw,
                   const std::string& where);
  void ReadSignals(Building& building, const Json& entry, Rule& rule, size_t number,
                   const std::string& where);
  void ReadGrounding(const Json& root);
  void ReadAnswers(const Json& root);
  void Finish(Building& building);

  Policies policies_;
  Building input_{&policies_.input, {}, nullptr, nullptr};
  Building output_{&policies_.output, {}, nullptr, nullptr};
  std::set<std::string> ids_;
  std::vector<std::string> errors_;
};

namespace {

// The patterns are few; phrases do most of the work.
constexpr int64_t kPatternMemoryBytes = 64 << 20;
constexpr size_t kSignalsMax = 64;

std::unique_ptr<re2::RE2::Set> NewSet(bool case_sensitive) {
  re2::RE2::Options options;
  options.set_max_mem(kPatternMemoryBytes);
  options.set_case_sensitive(case_sensitive);
  options.set_log_errors(false);
  return std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
}

}  // namespace

void PolicyReader::CheckKeys(const Json& object, const std::set<std::string>& known,
                             const std::string& where) {
  for (const auto& [key, value] : object.items()) {
    if (!known.contains(key)) Wrong(where, absl::StrCat("unknown key \"", key, "\""));
  }
}

std::string PolicyReader::String(const Json& object, const char* key, const std::string& where,
                                 bool required) {
  const auto found = object.find(key);
  if (found == object.end()) {
    if (required) Wrong(where, absl::StrCat("\"", key, "\" is missing"));
    return "";
  }
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    Wrong(where, absl::StrCat("\"", key, "\" is not a text"));
    return "";
  }
  return found->get<std::string>();
}

std::vector<std::string> PolicyReader::Strings(const Json& object, const char* key,
                                               const std::string& where) {
  std::vector<std::string> result;
  const auto found = object.find(key);
  if (found == object.end()) return result;
  if (!found->is_array()) {
    Wrong(where, absl::StrCat("\"", key, "\" is not a list"));
    return result;
  }
  for (const Json& item : *found) {
    if (item.is_string()) {
      result.push_back(item.get<std::string>());
    } else {
      Wrong(where, absl::StrCat("\"", key, "\" holds something that is not a text"));
    }
  }
  return result;
}

// False where it is missing.
bool PolicyReader::Flag(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (!found->is_boolean()) Wrong(where, absl::StrCat("\"", key, "\" is neither true nor false"));
  return found->is_boolean() && found->get<bool>();
}

void PolicyReader::ReadWords(const Json& root) {
  const auto words = root.find("words");
  if (words == root.end()) return;
  if (!words->is_array()) return Wrong("words", "is not a list of {\"name\", \"words\"}");
  for (size_t i = 0; i < words->size(); ++i) {
    const Json& entry = (*words)[i];
    const std::string name =
        entry.is_object() ? String(entry, "name", absl::StrCat("words[", i, "]"), true) : "";
    const std::string where =
        absl::StrCat("words ", name.empty() ? absl::StrCat("[", i, "]") : name);
    if (!entry.is_object()) {
      Wrong(where, "is not an object");
      continue;
    }
    CheckKeys(entry, {"name", "words", "about"}, where);
    const std::vector<std::string> list = Strings(entry, "words", where);
    for (Building* building : {&input_, &output_}) {
      const absl::Status status = building->phrases.AddWords(name, list);
      if (!status.ok() && building == &input_) Wrong(where, std::string(status.message()));
    }
  }
}

void PolicyReader::AddPhrases(Building& building, const Json& holder, const char* key,
                              RuleSet::Origin origin, const std::string& where) {
  for (const std::string& phrase : Strings(holder, key, where)) {
    const auto number = building.phrases.AddPhrase(phrase);
    if (!number.ok()) {
      Wrong(where,
            absl::StrCat("phrase \"", phrase, "\": ", std::string(number.status().message())));
      continue;
    }
    building.set->phrase_origins_.push_back(origin);
  }
}

void PolicyReader::AddPatterns(Building& building, const Json& holder, RuleSet::Origin origin,
                               bool raw, const std::string& where) {
  auto& set = raw ? building.raw : building.patterns;
  auto& origins = raw ? building.set->raw_origins_ : building.set->pattern_origins_;
  for (const std::string& pattern : Strings(holder, raw ? "raw_patterns" : "patterns", where)) {
    if (set == nullptr) set = NewSet(raw);
    std::string error;
    if (set->Add(pattern, &error) < 0) {
      Wrong(where, absl::StrCat("pattern \"", pattern, "\": ", error));
      continue;
    }
    origins.push_back(origin);
  }
}

void PolicyReader::ReadSignals(Building& building, const Json& entry, Rule& rule, size_t number,
                               const std::string& where) {
  const auto signals = entry.find("signals");
  if (signals == entry.end()) return;
  const auto threshold = entry.find("threshold");
  if (threshold == entry.end() || !threshold->is_number_integer() || threshold->get<int>() < 1) {
    return Wrong(where, "\"threshold\" is not a whole number from 1");
  }
  rule.threshold = threshold->get<int>();
  if (!signals->is_array() || signals->size() > kSignalsMax) {
    return Wrong(where, absl::StrCat("\"signals\" is not a list of at most ", kSignalsMax));
  }
  for (const Json& signal : *signals) {
    const std::string place = absl::StrCat(where, " signal ", rule.signal_points.size());
    const auto points = signal.find("points");
    if (!signal.is_object() || points == signal.end() || !points->is_number_integer()) {
      Wrong(place, "\"points\" is not a whole number");
      continue;
    }
    CheckKeys(signal, {"points", "phrases", "patterns", "length_min", "about"}, place);
    const RuleSet::Origin origin{number, RuleSet::Role::kSignal,
                                 static_cast<int>(rule.signal_points.size())};
    rule.signal_points.push_back(points->get<int>());
    AddPhrases(building, signal, "phrases", origin, place);
    AddPatterns(building, signal, origin, false, place);
    if (const auto length = signal.find("length_min"); length != signal.end()) {
      if (!length->is_number_unsigned()) Wrong(place, "\"length_min\" is not a number of bytes");
      if (length->is_number_unsigned())
        building.set->lengths_.emplace_back(origin, length->get<size_t>());
    }
  }
}

void PolicyReader::ReadRule(const Json& entry, const std::string& where) {
  CheckKeys(entry,
            {"id", "policy", "direction", "about", "languages", "phrases", "patterns",
             "raw_patterns", "signals", "threshold", "exceptions", "action", "answer", "reason",
             "own_data_exempt", "quoted", "retrieved"},
            where);
  const std::string direction = String(entry, "direction", where, true);
  if (direction != "input" && direction != "output")
    return Wrong(where, "\"direction\" is neither input nor output");
  if (const std::string action = String(entry, "action", where, true);
      !action.empty() && action != "block") {
    Wrong(where, absl::StrCat("action \"", action, "\" is not one of: block"));
  }
  Building& building = direction == "input" ? input_ : output_;
  const size_t number = building.set->rules_.size();
  Rule rule;
  rule.id = String(entry, "id", where, true);
  if (!rule.id.empty() && !ids_.insert(rule.id).second)
    Wrong(where, "a rule of this id exists already");
  rule.policy = String(entry, "policy", where, true);
  rule.reason = String(entry, "reason", where, true);
  rule.answer = String(entry, "answer", where, true);
  rule.languages = Strings(entry, "languages", where);
  rule.own_data_exempt = Flag(entry, "own_data_exempt", where);
  rule.quoted = Flag(entry, "quoted", where);
  rule.retrieved = Flag(entry, "retrieved", where);
  AddPhrases(building, entry, "phrases", {number, RuleSet::Role::kDecisive}, where);
  AddPhrases(building, entry, "exceptions", {number, RuleSet::Role::kException}, where);
  AddPatterns(building, entry, {number, RuleSet::Role::kDecisive}, false, where);
  AddPatterns(building, entry, {number, RuleSet::Role::kDecisive}, true, where);
  ReadSignals(building, entry, rule, number, where);
  if (!entry.contains("phrases") && !entry.contains("patterns") &&
      !entry.contains("raw_patterns") && !entry.contains("signals")) {
    Wrong(where, "it has neither phrases nor patterns nor signals");
  }
  building.set->rules_.push_back(std::move(rule));
}

void PolicyReader::ReadRules(const Json& root) {
  const auto rules = root.find("rules");
  if (rules == root.end() || !rules->is_array()) return Wrong("rules", "is not a list");
  for (size_t i = 0; i < rules->size(); ++i) {
    const Json& entry = (*rules)[i];
    if (!entry.is_object()) {
      Wrong(absl::StrCat("rules[", i, "]"), "is not an object");
      continue;
    }
    const auto id = entry.find("id");
    const bool named = id != entry.end() && id->is_string();
    ReadRule(entry,
             absl::StrCat("rule ", named ? id->get<std::string>() : absl::StrCat("[", i, "]")));
  }
}

void PolicyReader::ReadGrounding(const Json& root) {
  const auto found = root.find("grounding");
  if (found == root.end() || !found->is_object()) return Wrong("grounding", "is missing");
  const std::string where = "grounding";
  CheckKeys(*found, {"about", "coverage_min", "claims", "common_words", "known_names"}, where);
  const auto coverage = found->find("coverage_min");
  if (coverage == found->end() || !coverage->is_number() || coverage->get<double>() < 0 ||
      coverage->get<double>() > 1) {
    Wrong(where, "\"coverage_min\" is not a number from 0 to 1");
  } else {
    policies_.grounding.coverage_min = coverage->get<double>();
  }
  policies_.grounding.common_words = Strings(*found, "common_words", where);
  policies_.grounding.known_names = Strings(*found, "known_names", where);
  const auto claims = found->find("claims");
  if (claims == found->end() || !claims->is_object())
    return Wrong(where, "\"claims\" is not an object");
  for (const auto& [concept_name, words] : claims->items()) {
    policies_.grounding.claims[concept_name] = Strings(*claims, concept_name.c_str(), where);
  }
}

void PolicyReader::ReadAnswers(const Json& root) {
  const auto found = root.find("answers");
  if (found == root.end() || !found->is_object()) return Wrong("answers", "is missing");
  for (const auto& [key, languages] : found->items()) {
    const std::string where = absl::StrCat("answer ", key);
    if (!languages.is_object()) {
      Wrong(where, "is not an object of languages");
      continue;
    }
    for (const auto& [language, text] : languages.items()) {
      policies_.answers[key][language] = String(languages, language.c_str(), where, true);
    }
    if (!languages.contains("en")) Wrong(where, "has no English text to fall back to");
  }
  for (const RuleSet* set : {&policies_.input, &policies_.output}) {
    for (const Rule& rule : set->rules()) {
      if (!rule.answer.empty() && !policies_.answers.contains(rule.answer)) {
        Wrong(absl::StrCat("rule ", rule.id),
              absl::StrCat("there is no answer \"", rule.answer, "\""));
      }
    }
  }
  for (const char* needed : {"withheld", "unavailable"}) {
    if (!policies_.answers.contains(needed))
      Wrong("answers", absl::StrCat("\"", needed, "\" is missing"));
  }
}

void PolicyReader::Finish(Building& building) {
  building.set->phrases_ = std::move(building.phrases).Build();
  for (auto* set : {&building.patterns, &building.raw}) {
    if (*set != nullptr && !(*set)->Compile()) Wrong("patterns", "are too large together");
  }
  building.set->patterns_ = std::move(building.patterns);
  building.set->raw_patterns_ = std::move(building.raw);
}

absl::StatusOr<Policies> PolicyReader::Read(std::string_view text) {
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::InvalidArgumentError("the file is not a JSON object");
  CheckKeys(root, {"about", "version", "words", "rules", "grounding", "answers"}, "file");
  ReadWords(root);
  ReadRules(root);
  ReadGrounding(root);
  ReadAnswers(root);
  if (errors_.empty()) {
    Finish(input_);
    Finish(output_);
  }
  if (!errors_.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
  return std::move(policies_);
}

absl::StatusOr<Policies> Policies::Parse(std::string_view json) {
  return PolicyReader().Read(json);
}

}  // namespace switchboard::critic
