// knowledge-retrieval: finds the passages and records that answer a question.
#include <memory>

#include "common/runtime/agent.h"
#include "services/knowledge-retrieval/config.h"
#include "services/knowledge-retrieval/embedding_feed.h"
#include "services/knowledge-retrieval/handler.h"

namespace {

using namespace switchboard;  // NOLINT: main only wires
namespace knowledge = knowledge_retrieval;

Awaitable<void> Nothing() { co_return; }

// Every search asks the embeddings service first, and does without when it is slow or away.
void SearchWithVectors(runtime::Agent& agent, const knowledge::Config& config,
                       std::shared_ptr<knowledge::Retriever> retriever) {
  auto embeddings = std::make_shared<knowledge::EmbeddingFeed>(
      agent.io(), retriever->mutable_index(),
      knowledge::EmbeddingOptions{.service = {.url = config.embeddings_url,
                                              .key = config.embeddings_key,
                                              .model = config.embeddings_model},
                                  .question_timeout = config.embeddings_timeout});
  agent.HandleAsync<v1::SearchRequest, v1::SearchReply>(
      "search",
      [retriever, embeddings](runtime::Context context, v1::SearchRequest request) {
        return knowledge::HandleSearchWithVectors(*retriever, *embeddings, std::move(context),
                                                  std::move(request));
      },
      [](const v1::SearchReply& reply) { return knowledge::SummaryLine(reply); });
  agent.Spawn(
      "embeddings", [embeddings] { return embeddings->Run(); },
      [embeddings] { embeddings->Stop(); });
  // What the handlers refer to, until the end.
  agent.OnStop([retriever, embeddings] { return Nothing(); });
}

absl::Status SetUp(runtime::Agent& agent, const knowledge::Config& config) {
  knowledge::RetrieverOptions options;
  options.data_dir = config.data_dir;
  options.index.path = config.index_path;
  options.index.passages_max = config.passages_max;
  options.index.relevance_min = config.relevance_min;
  if (!config.embeddings_url.empty()) {
    options.index.vectors_max = config.embeddings_passages_max;
    options.index.vectors_model = config.embeddings_model;
    options.index.similarity_min = config.embeddings_similarity_min;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<knowledge::Retriever> created,
                   knowledge::Retriever::Create(options));
  std::shared_ptr<knowledge::Retriever> retriever = std::move(created);
  auto feed = std::make_shared<knowledge::Feed>(agent, *retriever, config.catch_up_timeout);
  if (config.embeddings_url.empty()) {
    // On the loop, not on the pool: a search of 10,000 passages takes less time than two changes of
    // thread are worth giving up the index's single owner for (README, "Measured").
    agent.Handle<v1::SearchRequest, v1::SearchReply>(
        "search",
        [retriever](const runtime::Context&, const v1::SearchRequest& request) {
          return knowledge::HandleSearch(*retriever, request);
        },
        knowledge::SummaryLine);
  } else {
    SearchWithVectors(agent, config, retriever);
  }
  agent.AddReadinessCheck("index", [feed] { return feed->Readiness(); });
  agent.OnStart([feed] { return feed->Start(); });
  agent.Spawn(
      "knowledge-feed", [feed] { return feed->Join(); }, [feed] { feed->Stop(); });
  // The runtime keeps its hooks until the end, and with this one what the feed refers to.
  agent.OnStop([retriever, feed] { return Nothing(); });
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return runtime::Run<knowledge::Config>(
      argc, argv,
      {.name = "knowledge-retrieval",
       .description = "Finds the passages and records that answer a question."},
      SetUp);
}
