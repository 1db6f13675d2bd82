// The small words by which a message leans on the conversation or on the customer's own data, by
// language, read from data/dialogue.json.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "services/knowledge-retrieval/analyzer.h"

namespace switchboard::knowledge_retrieval {

// A list of the file. An entry without accents matches a word with and without them; an entry with
// accents ("où") only the word with them. Phrases have several words joined with a space.
class WordList {
 public:
  void Add(std::string phrase, int language) { words_[language].insert(std::move(phrase)); }
  // `language` -1: the list of any language.
  bool Has(const std::string& phrase, int language) const;
  bool HasAny(const std::vector<Word>& words, int language) const;

 private:
  absl::flat_hash_set<std::string> words_[kLanguageCount];
};

struct Dialogue {
  WordList openers;        // begin a message that goes on: "and …", "what about …"
  WordList anaphora;       // point at what was said: "it", "that"
  WordList order_nouns;    // order, parcel, delivery
  WordList refund_nouns;   // refund, money
  WordList profile_nouns;  // points, tier
  WordList articles;       // the, a, my: what stands before a product's name
  WordList own_markers;    // my, mine, where is

  // InvalidArgument names the file and every bad entry.
  static absl::StatusOr<Dialogue> Load(const std::string& data_dir);
};

}  // namespace switchboard::knowledge_retrieval
