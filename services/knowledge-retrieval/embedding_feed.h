// Gives every passage its vector, in the background and in batches: from the index's file where it
// was asked for before, else from the service. And asks for the questions' vectors.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/http/client.h"
#include "services/knowledge-retrieval/embedder.h"
#include "services/knowledge-retrieval/index.h"

namespace switchboard::knowledge_retrieval {

struct EmbeddingOptions {
  EmbedderOptions service;
  // How long a search waits for its question's vector.
  std::chrono::milliseconds question_timeout{300};
};

class EmbeddingFeed {
 public:
  static constexpr size_t kBatch = 32;

  EmbeddingFeed(asio::io_context& io, Index& index, EmbeddingOptions options);

  // Lasts until Stop.
  Awaitable<void> Run();
  void Stop();

  // Empty when the service is slow or away: the words alone then decide.
  Awaitable<std::vector<float>> Question(std::string text, Deadline deadline);

 private:
  enum class Outcome { kNothingToDo, kDidSome, kFailed };

  Awaitable<Outcome> EmbedSome();

  Index& index_;
  const EmbeddingOptions options_;
  http::Client client_;
  Embedder embedder_;
  Timer timer_;
  bool stopped_ = false;
};

}  // namespace switchboard::knowledge_retrieval
