// From what was observed to what is decided: two small logistic models with a handful of weights
// each, and their thresholds. Trained with the text model (training/recipe.h) and kept in one file
// with it.
//
//   text      does this message give this reason? Weights for each reason of the text model's score
//   of the reason, of "nothing special" and of "solved", and whether a
//             phrase of the reason (or only its look-alike) stands in the message.
//   trouble   is this conversation going nowhere? (trouble.h)
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace switchboard::escalation {

enum TextFeature : size_t {
  kTextBias,
  kTextScore,
  // The highest of its parts (parts.h), or the same again: a message may say two things.
  kTextScoreOfPart,
  kTextScoreOfNothing,
  kTextScoreOfSolved,
  kTextPhrase,
  kTextLookAlike,
  // Only for anger: the frustration of the words, 0 to 1.
  kTextFrustration,
  kTextFeatureCount
};

enum TroubleFeature : size_t {
  kTroubleBias,
  // Scores of the text model for this message …
  kTroubleUnsolved,
  kTroubleRepeated,
  kTroubleSolved,
  kTroubleNothing,
  // … and for the one before; -1 when there is none.
  kTroubleUnsolvedBefore,
  kTroubleRepeatedBefore,
  // The share of the words in common: with any earlier message, with the last one; 0 to 1.
  kTroubleSameAsAny,
  kTroubleSameAsLast,
  // Of the assistant's last reply: with any earlier reply; with the question it answers.
  kTroubleSameReply,
  kTroubleReplyMatches,
  // The share of the last three replies that begin with a yes or a no.
  kTroubleDirectReplies,
  kTroubleExchanges,  // earlier ones, as a share of four
  kTroubleFirstTurn,  // 1: there is no history
  kTroublePhrase,
  kTroubleDeclined,     // a look-alike of a request for a person: "no need for an agent"
  kTroublePhraseFirst,  // a phrase, and there is no history
  kTroubleQuestion,     // 1: ends with a question mark
  kTroubleWords,        // ln(1 + words of the message)
  kTroubleFrustration,
  kTroubleFeatureCount
};

using TextFeatures = std::array<double, kTextFeatureCount>;
using TroubleFeatures = std::array<double, kTroubleFeatureCount>;

struct Decision {
  // By label of the text model.
  struct Text {
    TextFeatures weights = {};
    double threshold = 1;
  };
  std::map<std::string, Text> texts;
  TroubleFeatures trouble_weights = {};
  double trouble_threshold = 1;
};

// The probability, 0 to 1.
template <size_t count>
double Probability(const std::array<double, count>& weights,
                   const std::array<double, count>& features);

// A decision and the bytes of its text model in one file: a line of JSON, then the model.
std::string SerializeModelFile(const Decision& decision, std::string_view text_model);

struct ModelFile {
  Decision decision;
  std::string_view text_model;  // views into what was parsed
};
// DataLoss when it is no such file or of another number of features.
absl::StatusOr<ModelFile> ParseModelFile(std::string_view bytes);

}  // namespace switchboard::escalation
