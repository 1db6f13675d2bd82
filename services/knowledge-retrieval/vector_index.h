// The passages' vectors, and which are nearest to a question's: a small world graph (HNSW, hnswlib)
// of unit vectors. In memory, 4 bytes a dimension and about 150 for the graph each.
//
//   VectorIndex vectors(/*dimensions=*/384, /*vectors_max=*/100000);
//   RETURN_IF_ERROR(vectors.Set(passage, vector));
//   for (const Neighbour& one : vectors.Nearest(question, 50)) …
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "services/knowledge-retrieval/inverted.h"

namespace switchboard::knowledge_retrieval {

struct Neighbour {
  PassageId passage = 0;
  // Cosine of the angle between both vectors, -1 to 1.
  double similarity = 0;
};

// Makes it one long; false when it is empty, all zero or has something that is not a number.
bool Normalise(std::vector<float>& vector);

class VectorIndex {
 public:
  VectorIndex(size_t dimensions, size_t vectors_max);
  ~VectorIndex();

  // Adds or replaces. InvalidArgument: not as many dimensions. ResourceExhausted: full.
  absl::Status Set(PassageId passage, std::span<const float> vector);
  void Remove(PassageId passage);
  // At most `count`, nearest first; none for a vector of other dimensions.
  std::vector<Neighbour> Nearest(std::span<const float> vector, size_t count) const;

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return present_.size(); }

 private:
  struct Graph;

  const size_t dimensions_;
  const size_t vectors_max_;
  absl::flat_hash_set<PassageId> present_;
  absl::flat_hash_set<PassageId> known_;  // to the graph, removed ones included
  std::unique_ptr<Graph> graph_;
};

}  // namespace switchboard::knowledge_retrieval
