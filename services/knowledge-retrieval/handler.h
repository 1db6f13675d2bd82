// The verb `search`, and how the entries of the `knowledge` bucket reach the index. On the loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/bus/key_value.h"
#include "common/observability/metrics.h"
#include "common/runtime/agent.h"
#include "services/knowledge-retrieval/embedding_feed.h"
#include "services/knowledge-retrieval/retriever.h"

namespace switchboard::knowledge_retrieval {

inline constexpr char kBucket[] = "knowledge";

// Keeps the retriever in step with the bucket, from before the first request until the process
// stops.
class Feed {
 public:
  Feed(runtime::Agent& agent, Retriever& retriever, std::chrono::milliseconds catch_up_timeout);

  // Makes sure of the bucket, begins to watch it and waits, at most `catch_up_timeout`, until what
  // it holds is indexed.
  Awaitable<absl::Status> Start();
  // Lasts as long as the watch.
  Awaitable<void> Join();
  // Ends the watch.
  void Stop() { stop_.emit(asio::cancellation_type::terminal); }

  // Ok once what the bucket held at the start is indexed, however little that is.
  absl::Status Readiness() const;

 private:
  void BeginWatch();
  void Apply(const bus::KeyValueEntry& entry);
  void OnCaughtUp();
  void LogNotices();

  runtime::Agent& agent_;
  Retriever& retriever_;
  const std::chrono::milliseconds catch_up_timeout_;
  bus::KeyValue bucket_;
  Timer caught_up_timer_;
  Timer ended_timer_;
  asio::cancellation_signal stop_;
  bool caught_up_ = false;
  bool ended_ = false;
  bool full_reported_ = false;
  prometheus::Gauge& documents_;
  prometheus::Gauge& passages_;
  prometheus::Gauge& records_;
};

absl::StatusOr<v1::SearchReply> HandleSearch(Retriever& retriever,
                                             const v1::SearchRequest& request);

// The same with vectors; the embeddings service has at most its own timeout and half of what is
// left of the request's.
Awaitable<absl::StatusOr<v1::SearchReply>> HandleSearchWithVectors(Retriever& retriever,
                                                                   EmbeddingFeed& embeddings,
                                                                   runtime::Context context,
                                                                   v1::SearchRequest request);

// "3 passages, 1 record best=return-policy"
std::string SummaryLine(const v1::SearchReply& reply);

}  // namespace switchboard::knowledge_retrieval
