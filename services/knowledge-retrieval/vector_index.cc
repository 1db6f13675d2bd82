#include "services/knowledge-retrieval/vector_index.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>

#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// Neighbours of a node, and how widely they are looked for; hnswlib's own recommendations for
// recall above .95 on text vectors.
constexpr size_t kNeighbours = 16;
constexpr size_t kBuildBreadth = 100;
constexpr size_t kSearchBreadth = 100;
constexpr size_t kFirstRoom = 1024;

}  // namespace

bool Normalise(std::vector<float>& vector) {
  double square = 0;
  for (const float one : vector) square += static_cast<double>(one) * one;
  if (!std::isfinite(square) || square <= 0) return false;
  const auto length = static_cast<float>(std::sqrt(square));
  for (float& one : vector) one /= length;
  return true;
}

struct VectorIndex::Graph {
  explicit Graph(size_t dimensions)
      : space(dimensions), nodes(&space, kFirstRoom, kNeighbours, kBuildBreadth) {
    nodes.setEf(kSearchBreadth);
  }
  hnswlib::InnerProductSpace space;
  hnswlib::HierarchicalNSW<float> nodes;
};

VectorIndex::VectorIndex(size_t dimensions, size_t vectors_max)
    : dimensions_(dimensions),
      vectors_max_(vectors_max),
      graph_(std::make_unique<Graph>(dimensions)) {}

VectorIndex::~VectorIndex() = default;

absl::Status VectorIndex::Set(PassageId passage, std::span<const float> vector) {
  if (vector.size() != dimensions_) {
    return absl::InvalidArgumentError(
        StrCat("a vector has ", vector.size(), " dimensions, not ", dimensions_));
  }
  const bool is_new = !known_.contains(passage);
  if (is_new && known_.size() >= vectors_max_) return absl::ResourceExhaustedError("no more room");
  try {  // hnswlib throws when memory ends
    if (is_new && known_.size() == graph_->nodes.max_elements_) {
      graph_->nodes.resizeIndex(2 * known_.size());
    }
    graph_->nodes.addPoint(vector.data(), passage);
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(error.what());
  }
  known_.insert(passage);
  present_.insert(passage);
  return absl::OkStatus();
}

void VectorIndex::Remove(PassageId passage) {
  if (present_.erase(passage) > 0) graph_->nodes.markDelete(passage);
}

std::vector<Neighbour> VectorIndex::Nearest(std::span<const float> vector, size_t count) const {
  std::vector<Neighbour> nearest;
  if (vector.size() != dimensions_ || present_.empty()) return nearest;
  auto found = graph_->nodes.searchKnn(vector.data(), count);
  for (; !found.empty(); found.pop()) {  // farthest first; the distance is 1 - cosine
    nearest.push_back({static_cast<PassageId>(found.top().second), 1 - found.top().first});
  }
  std::reverse(nearest.begin(), nearest.end());
  return nearest;
}

}  // namespace switchboard::knowledge_retrieval
