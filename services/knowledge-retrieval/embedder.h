// Asks an OpenAI-compatible service for vectors of texts: POST <url>/embeddings. On the loop.
//
//   Embedder embedder(client, {.url = "https://api.openai.com/v1", .model = "…"});
//   absl::StatusOr<std::vector<std::vector<float>>> vectors =
//       co_await embedder.Embed(texts, deadline);
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/http/client.h"

namespace switchboard::knowledge_retrieval {

struct EmbedderOptions {
  // Without "/embeddings".
  std::string url;
  // Sent as a bearer token; empty: none.
  std::string key;
  std::string model;
};

class Embedder {
 public:
  // After so many failures in a row nobody is asked for a while, twice as long after each further
  // one.
  static constexpr int kFailuresMax = 3;
  static constexpr std::chrono::seconds kRestMin{1};
  static constexpr std::chrono::seconds kRestMax{60};

  Embedder(http::Client& client, EmbedderOptions options)
      : client_(client), options_(std::move(options)) {}

  // One unit vector for each text, in order, all of the same dimensions. Unavailable: the service
  // is away, refuses, or rests after failures; DeadlineExceeded; InvalidArgument: its answer is no
  // such list.
  Awaitable<absl::StatusOr<std::vector<std::vector<float>>>> Embed(std::vector<std::string> texts,
                                                                   Deadline deadline);

  bool resting() const { return Clock::now() < rests_until_; }

 private:
  void Note(bool succeeded);

  http::Client& client_;
  const EmbedderOptions options_;
  int failures_ = 0;
  Clock::time_point rests_until_{};
};

// Unit vectors of {"data": [{"index": 0, "embedding": [...]}, …]}, `count` of them. For tests.
absl::StatusOr<std::vector<std::vector<float>>> ParseEmbeddings(const std::string& body,
                                                                size_t count);

}  // namespace switchboard::knowledge_retrieval
