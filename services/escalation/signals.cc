#include "services/escalation/signals.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "services/escalation/assessor.h"

namespace switchboard::escalation {

using Json = nlohmann::json;

// Collects every error of the file before it gives up.
class SignalsReader {
 public:
  absl::StatusOr<Assessor> Read(std::string_view text);

 private:
  void Wrong(const std::string& where, const std::string& what) {
    errors_.push_back(where + ": " + what);
  }
  std::vector<std::string> Strings(const Json& object, const char* key, const std::string& where);
  void CheckKeys(const Json& object, const std::vector<std::string_view>& known,
                 const std::string& where);
  void AddPhrases(const std::vector<std::string>& phrases, Assessor::Meaning meaning,
                  const std::string& where);
  void ReadWords(const Json& root);
  void ReadReason(const Json& entry, size_t index);
  void ReadSentiment(const Json& root);

  Assessor assessor_;
  text::PhraseBook::Builder builder_;
  std::vector<std::string> errors_;
};

namespace {

// Empty when the key is missing or no text.
std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

absl::StatusOr<Assessor> Named(const std::string& path, absl::StatusOr<Assessor> read) {
  if (read.ok()) return read;
  return absl::InvalidArgumentError(StrCat(path, ":\n", std::string(read.status().message())));
}

}  // namespace

std::vector<std::string> SignalsReader::Strings(const Json& object, const char* key,
                                                const std::string& where) {
  std::vector<std::string> result;
  const auto found = object.find(key);
  if (found == object.end()) return result;
  if (!found->is_array()) {
    Wrong(where, StrCat("\"", key, "\" is not a list"));
    return result;
  }
  for (const Json& item : *found) {
    if (item.is_string()) {
      result.push_back(item.get<std::string>());
    } else {
      Wrong(where, StrCat("\"", key, "\" holds something that is not a text"));
    }
  }
  return result;
}

void SignalsReader::CheckKeys(const Json& object, const std::vector<std::string_view>& known,
                              const std::string& where) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      Wrong(where, StrCat("unknown key \"", key, "\""));
  }
}

void SignalsReader::AddPhrases(const std::vector<std::string>& phrases, Assessor::Meaning meaning,
                               const std::string& where) {
  for (const std::string& phrase : phrases) {
    const auto number = builder_.AddPhrase(phrase);
    if (!number.ok()) {
      Wrong(where, StrCat("phrase \"", phrase, "\": ", std::string(number.status().message())));
    } else {
      assessor_.meanings_.push_back(meaning);
    }
  }
}

void SignalsReader::ReadWords(const Json& root) {
  const auto words = root.find("words");
  if (words == root.end()) return;
  if (!words->is_array()) return Wrong("words", "is not a list of {\"name\", \"words\"}");
  for (const Json& entry : *words) {
    const auto name = entry.is_object() ? entry.find("name") : entry.end();
    if (!entry.is_object() || name == entry.end() || !name->is_string()) {
      Wrong("words", "an entry has no name");
      continue;
    }
    const std::string where = "words " + name->get<std::string>();
    CheckKeys(entry, {"name", "words"}, where);
    const absl::Status status =
        builder_.AddWords(name->get<std::string>(), Strings(entry, "words", where));
    if (!status.ok()) Wrong(where, std::string(status.message()));
  }
}

void SignalsReader::ReadReason(const Json& entry, size_t index) {
  const std::string place = StrCat("reasons[", index, "]");
  if (!entry.is_object()) return Wrong(place, "is not an object");
  Assessor::Reason reason;
  reason.name = Text(entry, "name");
  reason.team = Text(entry, "team");
  reason.label = Text(entry, "label");
  reason.rival_name = Text(entry, "rival");
  const std::string where = reason.name.empty() ? place : "reason " + reason.name;
  CheckKeys(entry,
            {"name", "about", "label", "rival", "team", "priority", "phrases", "look_alikes",
             "immediate_words"},
            where);
  if (reason.name.empty()) Wrong(where, "\"name\" is missing");
  if (reason.team.empty()) Wrong(where, "\"team\" is missing");
  const auto* priority = std::find(kPriorities.begin(), kPriorities.end(), Text(entry, "priority"));
  if (priority == kPriorities.end()) {
    Wrong(where, "\"priority\" is not one of low, normal, high, urgent");
  } else {
    reason.priority = static_cast<int>(priority - kPriorities.begin());
  }
  if (const auto words = entry.find("immediate_words"); words != entry.end()) {
    if (!words->is_object() || !words->contains("en")) {
      Wrong(where, "\"immediate_words\" has no English text to fall back to");
    } else {
      for (const auto& [language, text] : words->items()) {
        if (text.is_string())
          reason.immediate_words[language] = text.get<std::string>();
        else
          Wrong(where, StrCat("\"immediate_words\" in ", language, " is not a text"));
      }
    }
  }
  const int number = static_cast<int>(assessor_.reasons_.size());
  AddPhrases(Strings(entry, "phrases", where), {Assessor::Meaning::kReason, number, 0}, where);
  AddPhrases(Strings(entry, "look_alikes", where), {Assessor::Meaning::kLookAlike, number, 0},
             where);
  assessor_.reasons_.push_back(std::move(reason));
}

void SignalsReader::ReadSentiment(const Json& root) {
  const auto found = root.find("sentiment");
  if (found == root.end() || !found->is_object()) return Wrong("sentiment", "is missing");
  const std::string where = "sentiment";
  CheckKeys(*found, {"about", "threshold", "anger", "calm", "intensifiers", "negations"}, where);
  const auto threshold = found->find("threshold");
  if (threshold == found->end() || !threshold->is_number() || threshold->get<double>() <= 0 ||
      threshold->get<double>() > 1) {
    Wrong(where, "\"threshold\" is not a number above 0 and at most 1");
  } else {
    assessor_.anger_threshold_ = threshold->get<double>();
  }
  const auto read = [&](const char* key, Assessor::Meaning::Kind kind) {
    const auto groups = found->find(key);
    if (groups == found->end() || !groups->is_array())
      return Wrong(where, StrCat("\"", key, "\" is not a list"));
    for (const Json& group : *groups) {
      if (!group.is_object() || !group.contains("weight") || !group["weight"].is_number()) {
        Wrong(where, StrCat("\"", key, "\" holds a group without a weight"));
        continue;
      }
      AddPhrases(Strings(group, "phrases", where), {kind, -1, group["weight"].get<double>()},
                 where);
    }
  };
  read("anger", Assessor::Meaning::kAnger);
  read("calm", Assessor::Meaning::kCalm);
  AddPhrases(Strings(*found, "intensifiers", where), {Assessor::Meaning::kIntensifier, -1, 0},
             where);
  AddPhrases(Strings(*found, "negations", where), {Assessor::Meaning::kNegation, -1, 0}, where);
}

absl::StatusOr<Assessor> SignalsReader::Read(std::string_view text) {
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::InvalidArgumentError("the file is not a JSON object");
  CheckKeys(root, {"about", "words", "reasons", "sentiment", "filler"}, "file");
  ReadWords(root);
  const auto reasons = root.find("reasons");
  if (reasons == root.end() || !reasons->is_array()) {
    Wrong("reasons", "is not a list");
  } else {
    for (size_t i = 0; i < reasons->size(); ++i) ReadReason((*reasons)[i], i);
  }
  ReadSentiment(root);
  for (const std::string& words : Strings(root, "filler", "file")) {
    for (const std::string_view word : StrSplit(words, ' ')) assessor_.filler_.emplace(word);
  }
  if (!errors_.empty()) return absl::InvalidArgumentError(StrJoin(errors_, "\n"));
  assessor_.phrases_ = std::move(builder_).Build();
  return std::move(assessor_);
}

absl::StatusOr<Assessor> Assessor::Parse(std::string_view signals, std::string_view model_file) {
  ASSIGN_OR_RETURN(Assessor assessor, SignalsReader().Read(signals));
  RETURN_IF_ERROR(assessor.TakeModel(model_file));
  return assessor;
}

absl::Status Assessor::CheckSignals(std::string_view signals) {
  return SignalsReader().Read(signals).status();
}

absl::StatusOr<Assessor> Assessor::Load(const std::string& signals_path,
                                        const std::string& model_path) {
  ASSIGN_OR_RETURN(const std::string signals, ReadFile(signals_path));
  ASSIGN_OR_RETURN(const std::string model, ReadFile(model_path));
  ASSIGN_OR_RETURN(Assessor assessor, Named(signals_path, SignalsReader().Read(signals)));
  const absl::Status taken = assessor.TakeModel(model);
  if (!taken.ok()) {
    return absl::Status(taken.code(), StrCat(model_path, ": ", std::string(taken.message())));
  }
  return assessor;
}

}  // namespace switchboard::escalation
