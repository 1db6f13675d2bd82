// What the records and passages of a request say about its question, ready to be put into an
// answer. Pure; no I/O.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/response-generator/question.h"
#include "services/response-generator/records_text.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::response_generator {

enum class PartKind {
  // Our own words: an opener, an offer. Left out first.
  kOpener,
  // Our own words that the answer needs: "please sign in", "I don't know".
  kStatement,
  kRecord,
  kPassage,
};

// One sentence of the answer.
struct Part {
  PartKind kind = PartKind::kStatement;
  // As the customer reads it; a leading line break begins a list item.
  std::string text;
  std::optional<v1::Citation> citation;
  // Verbatim sentence of a passage, to find it again among what the critic rejected.
  std::string source;
};

struct EvidenceLimits {
  // Sentences quoted for one clause, and for the whole message.
  size_t clause_sentences_max = 3;
  size_t sentences_max = 4;
  bool records = true;
  // Sentences that the critic rejected.
  std::set<std::string, std::less<>> excluded;
};

struct Evidence {
  std::vector<Part> parts;
  // Clauses that ask something nothing was found for, while others were answered.
  bool part_unknown = false;
  // What the conversation is now about; fields that stay empty keep their old value.
  v1::Focus focus;
  bool found() const { return !parts.empty(); }
};

Evidence Gather(const v1::GenerateRequest& request, const Question& question,
                const Lexicon& lexicon, const Voice& voice, const EvidenceLimits& limits);

}  // namespace switchboard::response_generator
