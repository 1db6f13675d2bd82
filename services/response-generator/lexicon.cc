#include "services/response-generator/lexicon.h"

#include <algorithm>

#include "nlohmann/json.hpp"
#include "services/response-generator/strings.h"

namespace switchboard::response_generator {

using nlohmann::json;

// Fills a Lexicon and gathers what is wrong with the files.
class LexiconParser {
 public:
  absl::StatusOr<Lexicon> Run(std::string_view lexicon_text, std::string_view manners_text) {
    const json lexicon = ReadObject("lexicon.json", lexicon_text);
    const json manners = ReadObject("manners.json", manners_text);
    if (errors_.empty()) {
      ReadWords(lexicon);
      ReadKinds(lexicon);
      ReadFacets(lexicon);
      ReadIntents(lexicon);
      ReadPhraseLists(lexicon, manners);
      ReadSmallTalk(manners);
      ReadRegister(manners);
    }
    if (!errors_.empty()) return absl::InvalidArgumentError(StrJoin(errors_, "\n"));
    return std::move(out_);
  }

 private:
  using Entry = Lexicon::Entry;

  json ReadObject(std::string_view file, std::string_view text) {
    json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object()) errors_.push_back(StrCat(file, ": is not a JSON object"));
    return parsed;
  }

  const json& Member(const json& object, const char* key, bool array) {
    static const json kNothing;
    const auto found = object.find(key);
    if (found != object.end() && (array ? found->is_array() : found->is_object())) return *found;
    errors_.push_back(StrCat(key, ": is missing or not ", array ? "a list" : "an object"));
    return kNothing;
  }

  // A string of words, folded; each given to `visit`.
  template <typename Visit>
  void EachWord(const json& words, std::string_view where, Visit visit) {
    if (!words.is_string()) {
      errors_.push_back(StrCat(where, ": is not a string of words"));
      return;
    }
    ForEachWord(words.get_ref<const std::string&>(), visit);
  }

  // Normalized phrases; an empty one would match everything.
  std::vector<std::string> Phrases(const json& list, std::string_view where,
                                   bool normalize = true) {
    std::vector<std::string> out;
    if (!list.is_array()) errors_.push_back(StrCat(where, ": is missing or not a list"));
    for (const json& phrase : list) {
      if (!phrase.is_string() || Normalized(phrase.get<std::string>()).size() < 2) {
        errors_.push_back(StrCat(where, ": ", phrase.dump(), " is not a phrase"));
        continue;
      }
      out.push_back(normalize ? Normalized(phrase.get<std::string>()) : phrase.get<std::string>());
    }
    return out;
  }

  Entry& Exact(std::string_view word) { return out_.words_[Hash(word)]; }
  Entry& Stemmed(std::string_view word) { return out_.stems_[Hash(Stem(word))]; }

  void ReadWords(const json& lexicon) {
    for (const json& line : Member(lexicon, "stopwords", true)) {
      EachWord(line, "stopwords", [&](std::string_view word) { Exact(word).stopword = true; });
    }
    for (const json& line : Member(lexicon, "concepts", true)) {
      uint64_t group = 0;
      EachWord(line, "concepts", [&](std::string_view word) {
        if (group == 0) group = Hash(Stem(word));
        Entry& entry = Stemmed(word);
        // The first group that claims a stem keeps it: a word belongs to one concept.
        if (entry.concept_hash == 0) entry.concept_hash = group;
      });
    }
  }

  void ReadKinds(const json& lexicon) {
    const json& kinds = Member(lexicon, "kinds", false);
    for (const auto& [name, bit] :
         {std::pair{"duration", kDuration}, std::pair{"cost", kCost}, std::pair{"method", kMethod},
          std::pair{"permission", kPermission}, std::pair{"count", kCount}}) {
      const std::string where = StrCat("kinds.", name);
      if (!kinds.contains(name) || !kinds[name].is_object() || !kinds[name].contains("ask") ||
          !kinds[name].contains("evidence")) {
        errors_.push_back(StrCat(where, ": needs ask and evidence"));
        continue;
      }
      const json& kind = kinds[name];
      out_.kind_phrases_.emplace_back(bit, Phrases(kind["ask"], where + ".ask"));
      EachWord(kind["evidence"], where + ".evidence",
               [&](std::string_view word) { Exact(word).kind_evidence |= bit; });
      if (kind.value("needs_number", false)) out_.needs_number_ |= bit;
    }
  }

  void ReadFacets(const json& lexicon) {
    const json& facets = Member(lexicon, "facets", false);
    for (const auto& [name, bit] :
         {std::pair{"tracking", kTracking}, std::pair{"refund", kRefund},
          std::pair{"items", kItems}, std::pair{"total", kTotal}, std::pair{"price", kPrice},
          std::pair{"stock", kStock}, std::pair{"warranty", kWarranty},
          std::pair{"colour", kColour}}) {
      EachWord(facets.is_object() && facets.contains(name) ? facets[name] : json(),
               StrCat("facets.", name), [&](std::string_view word) { Exact(word).facets |= bit; });
    }
  }

  void ReadIntents(const json& lexicon) {
    for (const auto& [name, words] : Member(lexicon, "intents", false).items()) {
      std::vector<uint64_t>& concepts = out_.intents_[name];
      EachWord(words, StrCat("intents.", name),
               [&](std::string_view word) { concepts.push_back(out_.Look(word).hash); });
    }
    for (const auto& [name, categories] : Member(lexicon, "intent_categories", false).items()) {
      if (!categories.is_string()) {
        errors_.push_back(StrCat("intent_categories.", name, ": is not a string"));
        continue;
      }
      const std::string& listed = categories.get_ref<const std::string&>();
      for (const std::string_view category : StrSplit(listed, ' ')) {
        if (!category.empty()) out_.intent_categories_[name].emplace_back(category);
      }
    }
  }

  void ReadPhraseLists(const json& lexicon, const json& manners) {
    // Matched against the sentence as written, its first letter lowered.
    out_.anaphora_ = Phrases(Member(lexicon, "anaphora", true), "anaphora", /*normalize=*/false);
    out_.referents_ = Phrases(Member(lexicon, "referents", true), "referents");
    out_.continuations_ = Phrases(Member(lexicon, "continuations", true), "continuations");
    out_.negative_ = Phrases(Member(manners, "negative", true), "negative");
    out_.not_negative_ = Phrases(Member(manners, "not_negative", true), "not_negative");
    for (const std::string& phrase :
         Phrases(Member(lexicon, "conjunctions", true), "conjunctions")) {
      ForEachWord(phrase, [&](std::string_view word) {
        out_.clause_words_[Hash(word)] |= Lexicon::kConjunction;
      });
    }
    for (const auto& [name, role] : {std::pair{"clause_starters", Lexicon::kStarter},
                                     std::pair{"imperatives", Lexicon::kImperative},
                                     std::pair{"question_words", Lexicon::kQuestionWord}}) {
      EachWord(lexicon.value(name, json()), name,
               [&](std::string_view word) { out_.clause_words_[Hash(word)] |= role; });
    }
  }

  void ReadSmallTalk(const json& manners) {
    const json& talk = Member(manners, "smalltalk", false);
    // Order of precedence when a message is several: "thanks, bye" says goodbye.
    for (const auto& [name, value] :
         {std::pair{"goodbye", SmallTalk::kGoodbye}, std::pair{"identity", SmallTalk::kIdentity},
          std::pair{"capability", SmallTalk::kCapability}, std::pair{"thanks", SmallTalk::kThanks},
          std::pair{"greeting", SmallTalk::kGreeting}}) {
      const json list = talk.is_object() && talk.contains(name) ? talk[name] : json();
      std::vector<std::string> phrases = Phrases(list, StrCat("smalltalk.", name));
      // Longest first, so that "hi there" is taken before "hi".
      std::sort(phrases.begin(), phrases.end(),
                [](const auto& a, const auto& b) { return a.size() > b.size(); });
      out_.small_talk_.emplace_back(value, std::move(phrases));
    }
  }

  void ReadRegister(const json& manners) {
    for (const auto& [language, markers] : Member(manners, "register", false).items()) {
      const std::string where = StrCat("register.", language);
      if (!markers.is_object()) {
        errors_.push_back(StrCat(where, ": is not an object"));
        continue;
      }
      out_.register_[language] = {Phrases(markers.value("informal", json()), where + ".informal"),
                                  Phrases(markers.value("formal", json()), where + ".formal")};
    }
  }

  Lexicon out_;
  std::vector<std::string> errors_;
};

absl::StatusOr<Lexicon> Lexicon::Parse(std::string_view lexicon_json,
                                       std::string_view manners_json) {
  return LexiconParser().Run(lexicon_json, manners_json);
}

Word Lexicon::Look(std::string_view folded_word) const {
  Word word;
  word.number = folded_word.front() >= '0' && folded_word.front() <= '9';
  if (const auto exact = words_.find(Hash(folded_word)); exact != words_.end()) {
    word.stopword = exact->second.stopword;
    word.kind_evidence = exact->second.kind_evidence;
    word.facets = exact->second.facets;
  }
  word.hash = Hash(Stem(folded_word));
  const auto stem = stems_.find(word.hash);
  if (stem != stems_.end() && stem->second.concept_hash != 0) {
    word.hash = stem->second.concept_hash;
    word.concept_word = true;
  }
  return word;
}

std::vector<Word> Lexicon::Words(std::string_view text) const {
  std::vector<Word> out;
  ForEachWord(text, [&](std::string_view word) { out.push_back(Look(word)); });
  return out;
}

uint8_t Lexicon::KindsAsked(std::string_view normalized) const {
  uint8_t kinds = 0;
  for (const auto& [bit, phrases] : kind_phrases_) {
    if (ContainsAny(normalized, phrases)) kinds |= bit;
  }
  return kinds;
}

const std::vector<uint64_t>& Lexicon::IntentConcepts(std::string_view intent) const {
  static const std::vector<uint64_t> kNone;
  const auto found = intents_.find(intent);
  return found == intents_.end() ? kNone : found->second;
}

const std::vector<std::string>& Lexicon::IntentCategories(std::string_view intent) const {
  static const std::vector<std::string> kNone;
  const auto found = intent_categories_.find(intent);
  return found == intent_categories_.end() ? kNone : found->second;
}

std::string_view Lexicon::IntentOfConcept(uint64_t hash) const {
  std::string_view one;
  for (const auto& [intent, concepts] : intents_) {
    if (concepts.size() != 1 || concepts.front() != hash) continue;
    if (!one.empty()) return "";
    one = intent;
  }
  return one;
}

bool Lexicon::LeansBack(std::string_view sentence) const {
  for (const std::string& opening : anaphora_) {
    if (sentence.size() <= opening.size()) continue;
    const char first = sentence[0] >= 'A' && sentence[0] <= 'Z' ? sentence[0] + 32 : sentence[0];
    if (first == opening[0] &&
        sentence.substr(1, opening.size() - 1) == std::string_view(opening).substr(1)) {
      return true;
    }
  }
  return false;
}

bool Lexicon::Continues(std::string_view normalized) const {
  return std::any_of(continuations_.begin(), continuations_.end(),
                     [&](const std::string& phrase) { return normalized.starts_with(phrase); });
}

bool Lexicon::HasRole(std::string_view folded_word, ClauseRole role) const {
  const auto found = clause_words_.find(Hash(folded_word));
  return found != clause_words_.end() && (found->second & role) != 0;
}

bool Lexicon::IsConjunction(std::string_view folded_word) const {
  return HasRole(folded_word, kConjunction);
}
bool Lexicon::StartsClause(std::string_view folded_word) const {
  return HasRole(folded_word, kStarter);
}
bool Lexicon::IsImperative(std::string_view folded_word) const {
  return HasRole(folded_word, kImperative);
}

bool Lexicon::IsQuestionWord(std::string_view folded_word) const {
  return HasRole(folded_word, kQuestionWord);
}

bool Lexicon::Negative(std::string_view normalized) const {
  return ContainsAny(normalized, negative_) && !ContainsAny(normalized, not_negative_);
}

SmallTalk Lexicon::SmallTalkOf(std::string_view normalized) const {
  // Takes known phrases off the front until nothing is left; at most 8 words of fillers and
  // phrases, longer messages are questions.
  if (std::count(normalized.begin(), normalized.end(), ' ') > 12) return SmallTalk::kNone;
  SmallTalk best = SmallTalk::kNone;
  size_t best_rank = small_talk_.size();
  std::string_view rest = normalized;
  while (rest.size() > 1) {
    size_t taken = 0;
    for (size_t rank = 0; rank < small_talk_.size() && taken == 0; ++rank) {
      for (const std::string& phrase : small_talk_[rank].second) {
        if (!rest.starts_with(phrase)) continue;
        taken = phrase.size() - 1;  // the space stays for the next phrase
        if (rank < best_rank) {
          best_rank = rank;
          best = small_talk_[rank].first;
        }
        break;
      }
    }
    if (taken == 0) return SmallTalk::kNone;
    rest.remove_prefix(taken);
  }
  return best;
}

bool Lexicon::BeginsWithGreeting(std::string_view normalized) const {
  const auto& greetings = small_talk_.back().second;
  return std::any_of(greetings.begin(), greetings.end(),
                     [&](const std::string& phrase) { return normalized.starts_with(phrase); });
}

int Lexicon::RegisterSignal(std::string_view normalized, std::string_view language) const {
  const auto found = register_.find(language);
  if (found == register_.end()) return 0;
  // Formal wins: "vous" is never an accident, while "te" may be part of something quoted.
  if (ContainsAny(normalized, found->second.formal)) return -1;
  return ContainsAny(normalized, found->second.informal) ? 1 : 0;
}

}  // namespace switchboard::response_generator
