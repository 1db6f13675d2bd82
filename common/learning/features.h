// Turns a message into the sparse vector that the linear model reads.
//
//   Extractor extractor;
//   extractor.Extract("Où est ma commande 10452 ?", lexicon, keys);   // hashed n-grams, sorted
//   Weigh(keys, [&](uint32_t slot) { return model.idf(slot); }, [&](uint32_t slot, float weight) {
//   … });
//
// Training and classifying share every line of this, so a model can never meet features it was not
// trained on. Kinds of n-grams, each a vector of length 1 so that the many do not drown the few:
//   words       1- and 2-grams, and pairs around one word left out ("cancel my order" ~ "cancel
//               order")
//   characters  2- to 5-grams within a word and its borders: typos, inflections, related languages
//   concepts    alone and in pairs (lexicon.h)
//   across      optional: characters' 2- to 5-grams over the whole message, spaces included
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/learning/lexicon.h"

namespace switchboard::learning {

// Bumped when extraction changes: a model of another revision is refused.
inline constexpr uint32_t kFeatureRevision = 3;
// Hash slots, as a power of two: 15,000 messages leave up to 170,000 distinct n-grams that occur
// twice.
inline constexpr int kSlotBits = 19;
inline constexpr uint32_t kSlotCount = 1u << kSlotBits;

// A feature's key: its slot, and the group it belongs to in the bits above (words: 0).
inline constexpr uint32_t kCharacterGroup = kSlotCount;
inline constexpr uint32_t kConceptGroup = 2 * kSlotCount;
inline constexpr uint32_t kAcrossGroup = 3 * kSlotCount;
// Each group's vector has the length 1, however many n-grams it has: by cross-validation on three
// public sets no other proportion was better by more than its spread.
inline constexpr size_t kGroupCount = 4;
inline constexpr size_t GroupOf(uint32_t key) { return key >> kSlotBits; }
inline constexpr uint32_t SlotOf(uint32_t key) { return key & (kSlotCount - 1); }

// The words of a message as the features see them: lower case, without accents, digits by their
// number ("10452" → "0:5"), addresses as placeholders, "don't" → "dont", "l'article" → "l",
// "article". Words are appended to `words`, which share the buffer `text`.
class Normalizer {
 public:
  // Valid until the next call.
  const std::vector<std::string_view>& Words(std::string_view message);

 private:
  void Append(std::string_view word);
  // Each appends what `rest` begins with and gives the number of bytes it took.
  size_t AppendNumber(std::string_view rest);
  size_t AppendAddress(std::string_view rest);  // 0: it is no address
  size_t AppendWord(std::string_view rest);
  size_t AppendSign(std::string_view rest);

  std::string folded_;
  std::string word_;
  std::string buffer_;
  std::vector<std::pair<uint32_t, uint32_t>> spans_;
  std::vector<std::string_view> words_;
};

// Keeps its buffers between calls; one for each thread.
class Extractor {
 public:
  // Replaces `keys` with the message's features, sorted, one entry for each occurrence. With
  // `letters_across` also those characters' n-grams that reach over a space.
  void Extract(std::string_view message, const Lexicon& lexicon, std::vector<uint32_t>& keys,
               bool letters_across = false);

 private:
  void AddCharacters(std::string_view word, std::vector<uint32_t>& keys);
  void AddAcross(const std::vector<std::string_view>& words, std::vector<uint32_t>& keys);
  void AddConcepts(std::string_view word, size_t position, const Lexicon& lexicon,
                   std::vector<uint32_t>& keys);

  Normalizer normalizer_;
  std::string padded_;
  // Concepts so far and the positions of their words.
  std::vector<std::pair<uint16_t, size_t>> concepts_;
};

// Calls emit(slot, weight) for every distinct feature that `idf` knows (> 0): sublinear term
// frequency by inverse document frequency, each group of length 1.
template <typename Idf, typename Emit>
void Weigh(const std::vector<uint32_t>& keys, const Idf& idf, const Emit& emit) {
  struct Run {
    size_t next;
    float weight;
  };
  const auto run = [&](size_t begin) -> Run {
    size_t end = begin + 1;
    while (end < keys.size() && keys[end] == keys[begin]) ++end;
    const float inverse = idf(SlotOf(keys[begin]));
    if (inverse <= 0) return {end, 0};
    const size_t count = end - begin;
    return {end, count == 1 ? inverse : inverse * (1 + std::log(static_cast<float>(count)))};
  };
  float squares[kGroupCount] = {};
  for (size_t i = 0; i < keys.size();) {
    const Run r = run(i);
    squares[GroupOf(keys[i])] += r.weight * r.weight;
    i = r.next;
  }
  float scale[kGroupCount];
  for (size_t g = 0; g < kGroupCount; ++g)
    scale[g] = squares[g] > 0 ? 1 / std::sqrt(squares[g]) : 0;
  for (size_t i = 0; i < keys.size();) {
    const Run r = run(i);
    if (r.weight > 0) emit(SlotOf(keys[i]), r.weight * scale[GroupOf(keys[i])]);
    i = r.next;
  }
}

}  // namespace switchboard::learning
