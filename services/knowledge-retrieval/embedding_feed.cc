#include "services/knowledge-retrieval/embedding_feed.h"

#include <utility>

#include "common/observability/log.h"

namespace switchboard::knowledge_retrieval {
namespace {

constexpr std::chrono::seconds kBatchTimeout{30};
// Between two looks whether there are new passages; nothing waits for it.
constexpr std::chrono::milliseconds kIdle{200};
// A text that the service refuses whatever the reason must not keep it from the others for ever.
constexpr std::chrono::milliseconds kAfterFailure{1000};

}  // namespace

EmbeddingFeed::EmbeddingFeed(asio::io_context& io, Index& index, EmbeddingOptions options)
    : index_(index),
      options_(std::move(options)),
      client_(io, {}),
      embedder_(client_, options_.service),
      timer_(io) {}

void EmbeddingFeed::Stop() {
  stopped_ = true;
  timer_.cancel();
}

Awaitable<void> EmbeddingFeed::Run() {
  while (!stopped_) {
    const Outcome outcome = co_await EmbedSome();
    // Between batches others have their turn.
    timer_.expires_after(outcome == Outcome::kDidSome       ? std::chrono::milliseconds(0)
                         : outcome == Outcome::kNothingToDo ? kIdle
                                                            : kAfterFailure);
    if (stopped_) break;
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// When the service fails, the passages stay in line.
Awaitable<EmbeddingFeed::Outcome> EmbeddingFeed::EmbedSome() {
  const size_t waiting = index_.unembedded_count();
  std::vector<Index::Unembedded> batch = index_.TakeUnembedded(kBatch);
  if (batch.empty()) {
    co_return index_.unembedded_count() < waiting ? Outcome::kDidSome : Outcome::kNothingToDo;
  }
  std::vector<std::string> texts;
  for (const Index::Unembedded& passage : batch) texts.push_back(passage.text);
  const Deadline deadline = Deadline::After(kBatchTimeout);
  absl::StatusOr<std::vector<std::vector<float>>> vectors =
      co_await embedder_.Embed(std::move(texts), deadline);
  if (!vectors.ok()) {
    if (!embedder_.resting()) {
      log::Warning("passages stay without vectors for now",
                   {{"passages", batch.size()}, {"error", vectors.status().ToString()}});
    }
    index_.PutBack(std::move(batch));
    co_return Outcome::kFailed;
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    const absl::Status status = index_.SetVector(batch[i], (*vectors)[i]);
    if (!status.ok()) log::Warning("vector left out", {{"error", status.ToString()}});
  }
  co_return Outcome::kDidSome;
}

Awaitable<std::vector<float>> EmbeddingFeed::Question(std::string text, Deadline deadline) {
  std::vector<std::string> texts = {std::move(text)};
  const Deadline sooner = deadline.Child(options_.question_timeout);
  absl::StatusOr<std::vector<std::vector<float>>> vectors =
      co_await embedder_.Embed(std::move(texts), sooner);
  if (!vectors.ok()) co_return std::vector<float>();
  co_return std::move(vectors->front());
}

}  // namespace switchboard::knowledge_retrieval
