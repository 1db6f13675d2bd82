// What a customer's message asks, worked out once before anything is answered.
//
//   "Cancel order 10452 and how do I return the lamp?"
//     → clauses "Cancel order 10452" and "how do I return the lamp?", the second asks for a method
//
// Pure; no I/O. Views point into the request, which must outlive the question.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/response-generator/lexicon.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::response_generator {

// A part of the message that wants an answer of its own.
struct Clause {
  std::string_view text;
  std::string normalized;
  // Words that carry meaning.
  std::vector<Word> words;
  // Bits of Kind and Facet that it asks for.
  uint8_t kinds = 0;
  uint16_t facets = 0;
  // It is a question or a wish, not a statement.
  bool asks = false;
};

struct Question {
  std::string language;
  Register how = Register::kFormal;
  // Chooses the wording: the same message gets the same words.
  uint64_t seed = 0;
  std::string normalized;
  // At least one, at most kClausesMax; statements are folded into the clause that follows them.
  std::vector<Clause> clauses;
  uint8_t kinds = 0;
  uint16_t facets = 0;
  SmallTalk small_talk = SmallTalk::kNone;
  bool greets = false;
  bool negative = false;
  // The message only makes sense after the one before: "and how long does that take?"
  bool follow_up = false;
  // It names something said before: "it", "my order".
  bool refers = false;
  // Meaningful words of the customer's previous message, when this one follows up on it.
  std::vector<Word> earlier;
  // Most probable first, those of at least kIntentMin.
  std::vector<v1::Intent> intents;

  std::string_view top_intent() const {
    return intents.empty() ? std::string_view() : std::string_view(intents.front().name());
  }
  bool HasIntent(std::string_view name) const;
};

// More than three questions in one message are rare; the rest is answered with the third.
inline constexpr size_t kClausesMax = 3;
// An intent below this is not worth acting upon. The classifier lists those of at least 0.05.
inline constexpr double kIntentMin = 0.2;

Question Understand(const v1::GenerateRequest& request, const Lexicon& lexicon,
                    std::string language);

}  // namespace switchboard::response_generator
