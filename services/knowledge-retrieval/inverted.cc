#include "services/knowledge-retrieval/inverted.h"

#include <algorithm>

namespace switchboard::knowledge_retrieval {
namespace {

auto Find(std::vector<Posting>& postings, PassageId passage) {
  return std::lower_bound(
      postings.begin(), postings.end(), passage,
      [](const Posting& posting, PassageId number) { return posting.passage < number; });
}

}  // namespace

PassageId Inverted::Add(std::vector<TermCounts> terms) {
  PassageId passage = terms_.size();
  if (free_.empty()) {
    terms_.emplace_back();
    lengths_.emplace_back();
  } else {
    passage = free_.back();
    free_.pop_back();
  }
  size_t lengths[kFieldCount] = {};
  for (const TermCounts& term : terms) {
    if (postings_.size() <= term.term) postings_.resize(term.term + 1);
    std::vector<Posting>& postings = postings_[term.term];
    // A new passage has the highest number, so this is the end unless a number is used again.
    const bool last = postings.empty() || postings.back().passage < passage;
    postings.insert(last ? postings.end() : Find(postings, passage), {passage, term.counts});
    for (size_t field = 0; field < kFieldCount; ++field) lengths[field] += term.counts[field];
  }
  for (size_t field = 0; field < kFieldCount; ++field) {
    lengths_[passage][field] = static_cast<uint8_t>(std::min<size_t>(lengths[field], 255));
    length_sums_[field] += lengths_[passage][field];
    having_[field] += lengths_[passage][field] > 0;
  }
  terms.shrink_to_fit();
  terms_[passage] = std::move(terms);
  return passage;
}

void Inverted::Remove(PassageId passage) {
  for (const TermCounts& term : terms_[passage]) {
    std::vector<Posting>& postings = postings_[term.term];
    postings.erase(Find(postings, passage));
  }
  for (size_t field = 0; field < kFieldCount; ++field) {
    length_sums_[field] -= lengths_[passage][field];
    having_[field] -= lengths_[passage][field] > 0;
  }
  terms_[passage] = {};
  lengths_[passage] = {};
  free_.push_back(passage);
}

void Inverted::Shrink() {
  for (std::vector<Posting>& postings : postings_) postings.shrink_to_fit();
}

double Inverted::AverageLength(Field field) const {
  if (having_[field] == 0) return 1;
  return std::max(1.0, static_cast<double>(length_sums_[field]) / having_[field]);
}

}  // namespace switchboard::knowledge_retrieval
