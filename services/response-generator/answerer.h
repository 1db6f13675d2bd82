// Writes an answer from what the other agents found, without a language model: sentences of the
// passages verbatim, records through templates, and our own words around them. Deterministic: the
// same request always gives the same reply.
//
//   ASSIGN_OR_RETURN(Answerer answerer, LoadAnswerer(data_dir, "Juniper & Pine"));
//   v1::GenerateReply reply = answerer.Answer(request);
//
// `answered` is true when the reply helps with what was asked: evidence was quoted, a record was
// told, the customer was asked to sign in or to check a number, small talk was returned, or a
// person takes over. It is false when the reply says that we do not know, that the matter is
// outside what we do, or that no reliable answer can be given.
//
// Immutable; may be shared. Pure; no I/O, no clock.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/response-generator/evidence.h"
#include "services/response-generator/lexicon.h"
#include "services/response-generator/templates.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::response_generator {

// The critic lets us try three times; from this attempt on only a safe sentence is said.
inline constexpr uint32_t kSafeAttempt = 3;

class Answerer {
 public:
  Answerer(Lexicon lexicon, TemplateBook templates)
      : lexicon_(std::move(lexicon)), templates_(std::move(templates)) {}

  v1::GenerateReply Answer(const v1::GenerateRequest& request) const;

 private:
  struct Draft {
    std::vector<Part> parts;
    bool answered = true;
    v1::Focus focus;
  };

  Draft FirstAttempt(const v1::GenerateRequest& request, const Question& question,
                     const Voice& voice) const;
  Draft Stricter(const v1::GenerateRequest& request, const Question& question,
                 const Voice& voice) const;
  Draft Safe(const v1::GenerateRequest& request, const Voice& voice) const;
  Draft FromEvidence(const v1::GenerateRequest& request, const Question& question,
                     const Voice& voice, const EvidenceLimits& limits, bool openers) const;
  Draft WithoutEvidence(const v1::GenerateRequest& request, const Question& question,
                        const Voice& voice) const;
  Draft HandOver(const v1::GenerateRequest& request, const Question& question, const Voice& voice,
                 const EvidenceLimits& limits) const;

  Lexicon lexicon_;
  TemplateBook templates_;
};

}  // namespace switchboard::response_generator
