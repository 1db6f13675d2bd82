// Weighs a text's words for and against an attack: a linear model that can say how strong the
// evidence is in every part of a long text at the cost of reading it once.
//
//   ASSIGN_OR_RETURN(const EvidenceModel model, EvidenceModel::Parse(bytes));
//   if (model.IsAttack(folded)) …                 // folded: see normalise.h
//
// Each word adds the learnt weights of its features (itself, its pairs with the one and two words
// before it, its beginning, its runs of four letters). A stretch of words scores
//
//   bias + (sum of the weights) / √(number of features)
//
// which running sums give for any stretch at once. One threshold decides over the strongest one.
// common/learning's models classify whole short messages and have no notion of a part; README.md
// compares.
//
// Immutable, safe to share. Work is linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::critic {

// Bumped when extraction changes: a model of another revision is refused.
inline constexpr uint32_t kEvidenceRevision = 1;
inline constexpr int kEvidenceSlotBits = 18;
inline constexpr size_t kEvidenceSlots = size_t{1} << kEvidenceSlotBits;

// The stretches that a model compares.
enum class Stretches : uint32_t {
  // The whole text, and each window of kWindowTokens words: a message from a customer.
  kWindows = 1,
  // Each sentence by itself: one that was smuggled into somebody else's text.
  kSentences = 2,
};

// Windows half overlap. Chosen by cross-validation on our own data: 20 words are too few to tell
// (recall on long attacks .94), 60 dilute a short attack in a long message.
inline constexpr size_t kWindowTokens = 40;
inline constexpr size_t kWindowStride = 20;
// A sentence of fewer words says too little and joins the next.
inline constexpr size_t kSentenceTokensMin = 3;

// The features of a text, token after token.
struct Evidence {
  std::vector<uint32_t> slots;
  // Where each token's features end in `slots`.
  std::vector<uint32_t> ends;
  // Tokens that end a sentence: their index plus one; the last is ends.size().
  std::vector<uint32_t> sentences;
  // Where those sentences end in the text.
  std::vector<uint32_t> text_ends;

  size_t size() const { return ends.size(); }
  // First feature of a token.
  size_t begin(size_t token) const { return token == 0 ? 0 : ends[token - 1]; }
};

// `folded` is a view as normalise.h makes it. With kSentences no pair reaches from one sentence to
// the next. Replaces `evidence`, whose buffers are kept.
void ExtractEvidence(std::string_view folded, Stretches stretches, Evidence& evidence);

// The sentences as kSentences sees them, without white space around them.
std::vector<std::string_view> SentencesOf(std::string_view folded);

// A stretch of tokens, [begin, end).
struct Stretch {
  size_t begin, end;
};
// All that a model compares, at least one.
std::vector<Stretch> StretchesOf(const Evidence& evidence, Stretches stretches);

class EvidenceModel {
 public:
  EvidenceModel(Stretches stretches, float bias, float threshold, std::vector<float> weights);

  // DataLoss when the bytes are damaged, FailedPrecondition when they are of another revision.
  static absl::StatusOr<EvidenceModel> Parse(std::string_view bytes);
  std::string Serialize() const;

  // The strongest stretch's score.
  float Strongest(std::string_view folded) const;
  bool IsAttack(std::string_view folded) const { return Strongest(folded) > threshold_; }

  EvidenceModel WithThreshold(float threshold) && {
    threshold_ = threshold;
    return std::move(*this);
  }

  Stretches stretches() const { return stretches_; }
  float threshold() const { return threshold_; }

 private:
  Stretches stretches_;
  float bias_;
  float threshold_;
  std::vector<float> weights_;  // kEvidenceSlots
};

}  // namespace switchboard::critic
