// How the escalation agent's model is made: the text model from labelled messages and from the
// last messages of conversations, then the two small models that decide (decision.h) on what
// cross-validation held out.
//
//   ASSIGN_OR_RETURN(const Recipe recipe, Recipe::Read(folder, intents));
//   ASSIGN_OR_RETURN(const std::string file, recipe.Train());
//
// Deterministic. Runs at build time and in the operator's command; nothing that serves customers
// links it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/dataset.h"
#include "common/learning/lexicon.h"
#include "services/escalation/assessor.h"

namespace switchboard::escalation {

struct Conversation {
  v1::AssessRequest request;
  bool escalate = false;
  std::string reason;  // as AssessReply.reasons; empty when it is not to escalate
  // Of repeated_failure: "unsolved", "repeated_question" or empty.
  std::string trouble;
};

// The last message is the one to assess; each customer's message before it is an exchange with the
// assistant's words after it. Texts and history are cut as the contract bounds them.
// InvalidArgument when there is no customer's message.
absl::StatusOr<v1::AssessRequest> RequestOf(std::string_view json_object);

// One JSON object a line: messages (role, text), language, escalate, reason, trouble.
absl::StatusOr<std::vector<Conversation>> ParseConversations(std::string_view json_lines);

class Recipe {
 public:
  // What data/ holds: signals.json, concepts.json, messages.jsonl, handoff.jsonl,
  // conversations.jsonl.
  // `intents`: the intent classifier's training messages, of which those that ask for a person or
  // for something ordinary are taken too.
  static absl::StatusOr<Recipe> Read(const std::string& folder, const std::string& intents);

  // More to train on; labels as in data/README.md.
  void Add(std::vector<learning::Example> messages);
  void Add(std::vector<Conversation> conversations);
  void DropConversations() { conversations_.clear(); }
  const std::vector<Conversation>& conversations() const { return conversations_; }

  struct Report {
    size_t messages = 0, conversations = 0;
    // Of the training conversations, each decided by models that have not seen it.
    double precision = 0, recall = 0;
    // The held-out conversations that were decided wrongly: reason, last messages, probabilities.
    std::vector<std::string> mistakes;
    Decision decision;
  };
  // The bytes of the model file.
  absl::StatusOr<std::string> Train(Report* report = nullptr) const;

 private:
  std::string signals_;
  learning::Lexicon lexicon_;
  std::vector<learning::Example> messages_;
  std::vector<learning::Example>
      ordinary_;  // of the intents: for the text model and its weights only
  std::vector<Conversation> conversations_;
};

}  // namespace switchboard::escalation
