// The postings: which passages hold a term, how often and in which field, and the other way round.
// In memory, of plain numbers; knows neither text nor documents.
//
//   const PassageId passage = inverted.Add(terms);   // {term, counts by field}, sorted by term
//   for (const Posting& posting : inverted.PostingsOf(term)) …
//   inverted.Remove(passage);
//
// 16 bytes for each distinct term of a passage. Numbers of removed passages are given out again, so
// every array that is as long as slots() stays as long as the most passages there ever were.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "services/knowledge-retrieval/vocabulary.h"

namespace switchboard::knowledge_retrieval {

enum Field : uint8_t { kTitle, kSection, kKeywords, kBody };
inline constexpr size_t kFieldCount = 4;

using PassageId = uint32_t;
// How often a term stands in each field; 255 and more are one.
using FieldCounts = std::array<uint8_t, kFieldCount>;

struct TermCounts {
  TermId term = 0;
  FieldCounts counts{};
};

struct Posting {
  PassageId passage = 0;
  FieldCounts counts{};
};

class Inverted {
 public:
  // `terms` are sorted by term, each once.
  PassageId Add(std::vector<TermCounts> terms);
  void Remove(PassageId passage);
  // Gives back what the lists hold in reserve, once most passages are there.
  void Shrink();

  // Sorted by passage.
  std::span<const Posting> PostingsOf(TermId term) const {
    if (term >= postings_.size()) return {};
    return postings_[term];
  }
  // Sorted by term; empty for a number that is not in use.
  std::span<const TermCounts> TermsOf(PassageId passage) const { return terms_[passage]; }
  // Words in each field, at most 255.
  const FieldCounts& LengthsOf(PassageId passage) const { return lengths_[passage]; }
  // Mean over the passages that have the field at all; at least 1.
  double AverageLength(Field field) const;

  size_t slots() const { return terms_.size(); }
  size_t passage_count() const { return terms_.size() - free_.size(); }

 private:
  std::vector<std::vector<Posting>> postings_;  // by term
  std::vector<std::vector<TermCounts>> terms_;  // by passage
  std::vector<FieldCounts> lengths_;            // by passage
  std::vector<PassageId> free_;
  uint64_t length_sums_[kFieldCount] = {};
  uint64_t having_[kFieldCount] = {};  // passages that have the field
};

}  // namespace switchboard::knowledge_retrieval
