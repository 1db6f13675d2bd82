// Text that comes from outside and that agents are about to read: passages of documents, fields of
// records. What speaks to the assistant instead of to a reader must not reach the generator.
//
//   ForeignText foreign_text(critic);
//   foreign_text.Screen(found);   // drops what the critic blocks as RETRIEVED
//
// The one place where foreign text enters a turn. It fails closed: what cannot be judged is dropped
// like what is blocked, and the answer says that it does not know. On the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "services/critic-supervisor/critic/critic.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::critic_supervisor {

class ForeignText {
 public:
  explicit ForeignText(std::shared_ptr<const critic::Critic> critic);

  // Removes from `found` the passages, and from its records the fields, that the critic blocks.
  // Counts each (switchboard_foreign_text_dropped_total) and logs each document or record once.
  // Returns how many were removed.
  int Screen(v1::SearchReply& found);

 private:
  bool Passes(std::string_view kind, const std::string& id, const std::string& text,
              const std::string& language);
  void Tell(std::string_view kind, const std::string& id, const critic::Review& review);

  // Of whom the log has told. Bounded: when it is full, it starts anew.
  static constexpr size_t kToldMax = 1024;

  const std::shared_ptr<const critic::Critic> critic_;
  absl::flat_hash_set<std::string> told_;
};

}  // namespace switchboard::critic_supervisor
