// What the generator knows about words besides spelling: which carry no meaning, which mean the
// same (also across languages), what kind of answer a phrase asks for, how customers greet, thank,
// complain and address us. All of it content, read from data/lexicon.json and data/manners.json.
//
// Immutable after Parse; shared by every call. Pure; no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/response-generator/words.h"

namespace switchboard::response_generator {

// What a question asks for; also bits of a sentence that offers it.
enum Kind : uint8_t { kDuration = 1, kCost = 2, kMethod = 4, kPermission = 8, kCount = 16 };

// What is asked of an order or a product.
enum Facet : uint16_t {
  kTracking = 1,
  kRefund = 2,
  kItems = 4,
  kTotal = 8,
  kPrice = 16,
  kStock = 32,
  kWarranty = 64,
  kColour = 128,
};

enum class Register { kFormal, kInformal };
enum class SmallTalk { kNone, kGreeting, kThanks, kGoodbye, kIdentity, kCapability };

struct Word {
  // Of the stem, or of the concept the stem belongs to.
  uint64_t hash = 0;
  bool stopword = false;
  bool number = false;
  // The word belongs to a concept, and so matches across languages.
  bool concept_word = false;
  uint8_t kind_evidence = 0;
  uint16_t facets = 0;
};

class Lexicon {
 public:
  // The two files' contents. InvalidArgument names each wrong entry, one a line.
  static absl::StatusOr<Lexicon> Parse(std::string_view lexicon_json,
                                       std::string_view manners_json);

  Word Look(std::string_view folded_word) const;
  std::vector<Word> Words(std::string_view text) const;

  // Bits of Kind that a Normalized question asks for.
  uint8_t KindsAsked(std::string_view normalized) const;
  bool NeedsNumber(Kind kind) const { return (needs_number_ & kind) != 0; }
  // Hashes of the concepts an intent is about; empty for unknown intents.
  const std::vector<uint64_t>& IntentConcepts(std::string_view intent) const;
  // Categories of the documents that answer an intent; empty for unknown intents.
  const std::vector<std::string>& IntentCategories(std::string_view intent) const;
  // The one intent whose only concept this is; empty when there is none or several.
  std::string_view IntentOfConcept(uint64_t hash) const;

  // "This …", "They …": a sentence that leans on the one before it.
  bool LeansBack(std::string_view sentence) const;
  bool Refers(std::string_view normalized) const { return ContainsAny(normalized, referents_); }
  bool Continues(std::string_view normalized) const;
  bool IsConjunction(std::string_view folded_word) const;
  bool StartsClause(std::string_view folded_word) const;
  // "where …", "est-ce …": a clause that begins so asks, with or without a question mark.
  bool IsQuestionWord(std::string_view folded_word) const;
  // "cancel …", "tell me …": a wish without a question mark.
  bool IsImperative(std::string_view folded_word) const;

  bool Negative(std::string_view normalized) const;
  // The whole message is small talk; kNone otherwise.
  SmallTalk SmallTalkOf(std::string_view normalized) const;
  // The message begins with a greeting and goes on.
  bool BeginsWithGreeting(std::string_view normalized) const;
  // How the customer addresses us in one message: +1 informal, −1 formal, 0 cannot be told.
  int RegisterSignal(std::string_view normalized, std::string_view language) const;

 private:
  struct Entry {
    uint64_t concept_hash = 0;
    bool stopword = false;
    uint8_t kind_evidence = 0;
    uint16_t facets = 0;
  };
  enum ClauseRole : uint8_t { kConjunction = 1, kStarter = 2, kImperative = 4, kQuestionWord = 8 };
  bool HasRole(std::string_view folded_word, ClauseRole role) const;
  struct RegisterMarkers {
    std::vector<std::string> informal, formal;
  };
  friend class LexiconParser;

  // By the hash of the folded word (stop words, evidence), then by that of its stem.
  absl::flat_hash_map<uint64_t, Entry> words_;
  absl::flat_hash_map<uint64_t, Entry> stems_;
  std::vector<std::pair<uint8_t, std::vector<std::string>>> kind_phrases_;
  uint8_t needs_number_ = 0;
  std::map<std::string, std::vector<uint64_t>, std::less<>> intents_;
  std::map<std::string, std::vector<std::string>, std::less<>> intent_categories_;
  std::vector<std::string> anaphora_, referents_, continuations_, negative_, not_negative_;
  absl::flat_hash_map<uint64_t, uint8_t> clause_words_;  // bits of ClauseRole
  std::vector<std::pair<SmallTalk, std::vector<std::string>>> small_talk_;
  std::map<std::string, RegisterMarkers, std::less<>> register_;
};

}  // namespace switchboard::response_generator
