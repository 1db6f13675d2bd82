#include "services/knowledge-retrieval/dialogue.h"

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "services/knowledge-retrieval/data_file.h"

namespace switchboard::knowledge_retrieval {
namespace {

using nlohmann::json;

void ReadList(const json& lists, WordList& out, std::vector<std::string>& errors) {
  for (const auto& [tag, phrases] : lists.items()) {
    const int language = LanguageNumber(tag);
    if (language < 0 || !phrases.is_array()) {
      errors.push_back(StrCat("\"", tag, "\" is not a known language with a list of words"));
      continue;
    }
    for (const json& phrase : phrases) {
      if (phrase.is_string()) {
        out.Add(ToLower(phrase.get<std::string>()), language);
      } else {
        errors.push_back(StrCat("\"", tag, "\": ", phrase.dump(), " is not a word"));
      }
    }
  }
}

}  // namespace

bool WordList::Has(const std::string& phrase, int language) const {
  if (language >= 0) return words_[language].contains(phrase);
  for (const auto& words : words_) {
    if (words.contains(phrase)) return true;
  }
  return false;
}

bool WordList::HasAny(const std::vector<Word>& words, int language) const {
  for (const Word& word : words) {
    if (Has(word.folded, language) || Has(word.lower, language)) return true;
  }
  return false;
}

absl::StatusOr<Dialogue> Dialogue::Load(const std::string& data_dir) {
  const std::string path = data_dir + "/dialogue.json";
  ASSIGN_OR_RETURN(const json document, ReadJsonFile(path));
  Dialogue dialogue;
  const std::pair<const char*, WordList*> lists[] = {{"openers", &dialogue.openers},
                                                     {"anaphora", &dialogue.anaphora},
                                                     {"order_nouns", &dialogue.order_nouns},
                                                     {"refund_nouns", &dialogue.refund_nouns},
                                                     {"profile_nouns", &dialogue.profile_nouns},
                                                     {"own_markers", &dialogue.own_markers},
                                                     {"articles", &dialogue.articles}};
  std::vector<std::string> errors;
  for (const auto& [name, list] : lists) {
    const auto found = document.find(name);
    if (found == document.end() || !found->is_object()) {
      errors.push_back(StrCat("has no object \"", name, "\""));
    } else {
      ReadList(*found, *list, errors);
    }
  }
  RETURN_IF_ERROR(FileErrors(path, errors));
  return dialogue;
}

}  // namespace switchboard::knowledge_retrieval
