#include "services/knowledge-retrieval/embedder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/vector_index.h"

namespace switchboard::knowledge_retrieval {
namespace {

using nlohmann::json;

// 64 vectors of 4,096 numbers of 25 characters fit.
constexpr size_t kAnswerBytesMax = 8 << 20;
constexpr size_t kDimensionsMax = 8192;

}  // namespace

absl::StatusOr<std::vector<std::vector<float>>> ParseEmbeddings(const std::string& body,
                                                                size_t count) {
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(StrCat("the embeddings service answered ", what));
  };
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object() || !answer.contains("data") || !answer["data"].is_array()) {
    return wrong("no list \"data\"");
  }
  if (answer["data"].size() != count) return wrong("another number of vectors than texts");
  std::vector<std::vector<float>> vectors(count);
  size_t dimensions = 0;
  for (size_t place = 0; place < count; ++place) {
    const json& one = answer["data"][place];
    if (!one.is_object() || !one.contains("embedding") || !one["embedding"].is_array()) {
      return wrong("an entry without \"embedding\"");
    }
    size_t index = place;
    if (one.contains("index")) {
      if (!one["index"].is_number_unsigned()) return wrong("an \"index\" that is no number");
      index = one["index"].get<size_t>();
    }
    if (index >= count || !vectors[index].empty()) return wrong("an \"index\" twice or too large");
    if (one["embedding"].size() > kDimensionsMax) return wrong("too many dimensions");
    for (const json& number : one["embedding"]) {
      if (!number.is_number()) return wrong("a vector with something else than numbers");
      vectors[index].push_back(number.get<float>());
    }
    if (!Normalise(vectors[index])) return wrong("a vector without a direction");
    if (place > 0 && vectors[index].size() != dimensions) {
      return wrong("vectors of different dimensions");
    }
    dimensions = vectors[index].size();
  }
  return vectors;
}

void Embedder::Note(bool succeeded) {
  if (succeeded) {
    failures_ = 0;
    return;
  }
  if (++failures_ < kFailuresMax) return;
  const int doublings = std::min(failures_ - kFailuresMax, 6);
  rests_until_ = Clock::now() + std::min<Clock::duration>(kRestMin * (1 << doublings), kRestMax);
}

Awaitable<absl::StatusOr<std::vector<std::vector<float>>>> Embedder::Embed(
    std::vector<std::string> texts, Deadline deadline) {
  if (resting()) co_return absl::UnavailableError("the embeddings service rests after failures");
  const size_t count = texts.size();
  const json body = {{"model", options_.model}, {"input", texts}, {"encoding_format", "float"}};
  http::Request request;
  request.method = "POST";
  request.url = StrCat(options_.url, "/embeddings");
  request.headers.emplace_back("content-type", "application/json");
  if (!options_.key.empty()) {
    request.headers.emplace_back("authorization", StrCat("Bearer ", options_.key));
  }
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  request.body_bytes_max = kAnswerBytesMax;
  absl::StatusOr<http::Response> response = co_await client_.Send(std::move(request), deadline);
  if (!response.ok()) {
    // Whoever asked and went away proves nothing about the service.
    if (!absl::IsCancelled(response.status())) Note(false);
    co_return response.status();
  }
  if (response->status != 200) {
    Note(false);
    co_return absl::UnavailableError(StrCat("the embeddings service answered ", response->status));
  }
  absl::StatusOr<std::vector<std::vector<float>>> vectors = ParseEmbeddings(response->body, count);
  Note(vectors.ok());
  co_return vectors;
}

}  // namespace switchboard::knowledge_retrieval
