// Finds phrases in what people write: sequences of words with room between them.
//
// A phrase is matched on words, not characters, so one line covers many wordings, typing habits and
// languages. Lists of words are named once and used in many phrases:
//
//   PhraseBook::Builder builder;
//   builder.AddWords("talk", {"talk", "speak", "parler", "hablar"});
//   builder.AddPhrase("{talk} ~3 human|person|perso*");    // "parler à une vraie personne"
//   PhraseBook book = *std::move(builder).Build();
//   book.Find(Tokenize(FoldAccents(text)), [](const PhraseBook::Hit& hit) { … });
//
// Elements of a phrase, separated by spaces:
//   word      that word           pre*    a word that begins so       a|b|{list}   any of these
//   {list}    a word of the list  #       a word with a digit         x?           x may be missing
//   ~3        up to 3 other words may stand here                      !x           any word but x
//   ^ and $   begin and end of a sentence
//
// A phrase never reaches over the end of a sentence. Matching is linear in the words for each
// phrase that starts there; a phrase spans at most 64 words. A PhraseBook is immutable and may be
// shared.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard::text {

// The words of a text that FoldAccents has folded. "don't" is one word without its apostrophe,
// "l'agent" is two. A sentence ends at . ! ? ; : before white space, and at a line break.
class Tokens {
 public:
  struct Token {
    uint32_t begin, size;           // in buffer_
    uint32_t text_begin, text_end;  // in the text that was given
    uint32_t sentence;
  };

  size_t size() const { return tokens_.size(); }
  bool empty() const { return tokens_.empty(); }
  std::string_view word(size_t index) const {
    return std::string_view(buffer_).substr(tokens_[index].begin, tokens_[index].size);
  }
  const Token& operator[](size_t index) const { return tokens_[index]; }

 private:
  friend Tokens Tokenize(std::string_view folded);
  std::string buffer_;
  std::vector<Token> tokens_;
};

Tokens Tokenize(std::string_view folded);

class PhraseBook {
 public:
  struct Hit {
    int phrase;          // as AddPhrase numbered it
    size_t first, last;  // tokens, inclusive
  };

  class Builder {
   public:
    // A later list may name earlier ones as "{other}". InvalidArgument names the wrong entry.
    absl::Status AddWords(std::string_view name, const std::vector<std::string>& words);
    // Numbers phrases from 0. InvalidArgument says what is wrong with it.
    absl::StatusOr<int> AddPhrase(std::string_view phrase);
    PhraseBook Build() &&;

   private:
    friend class PhraseBook;
    struct Element {
      uint16_t list = 0;
      uint8_t gap = 0;  // other words allowed before this element
      bool optional = false;
      bool negated = false;
    };
    struct Phrase {
      int number = 0;
      bool at_begin = false, at_end = false;
      std::vector<Element> elements;
    };

    absl::StatusOr<uint16_t> ListOf(std::string_view alternatives);
    absl::Status ParseElement(std::string_view part, Phrase& phrase, int& gap);
    void AddVariants(const Phrase& phrase);

    std::map<std::string, std::vector<std::string>, std::less<>> lists_;
    std::map<std::string, uint16_t, std::less<>> compiled_;
    absl::flat_hash_map<std::string, std::vector<uint16_t>> exact_, prefix_;
    std::vector<Phrase> phrases_;
    int count_ = 0;
  };

  // Calls `on_hit` for each phrase at each place where it begins, with its shortest extent there;
  // stops when it returns false.
  void Find(const Tokens& tokens, const std::function<bool(const Hit&)>& on_hit) const;

 private:
  static constexpr uint16_t kDigitList = 0;  // "#"

  // The lists that each token belongs to.
  struct Classes {
    std::vector<uint16_t> all;
    std::vector<uint32_t> begin;  // one more than there are tokens
    bool Has(size_t token, uint16_t list) const {
      for (uint32_t i = begin[token]; i < begin[token + 1]; ++i) {
        if (all[i] == list) return true;
      }
      return false;
    }
  };
  Classes Classify(const Tokens& tokens) const;
  // Last token of the shortest match that begins at `start`, or -1.
  int Match(const Builder::Phrase& phrase, const Tokens& tokens, const Classes& classes,
            size_t start) const;

  absl::flat_hash_map<std::string, std::vector<uint16_t>> exact_, prefix_;
  // By the first two bytes of a word (HeadOf): the lengths of the prefixes that begin so, one bit
  // each, so that most words need no search.
  std::vector<uint64_t> prefix_sizes_;
  std::vector<Builder::Phrase> phrases_;
  std::vector<std::vector<uint32_t>> starting_;  // by the list of the first element
};

}  // namespace switchboard::text
