// knowledge-retrieval: finds the passages and records that answer a question.
#include <memory>

#include "common/runtime/agent.h"
#include "services/knowledge-retrieval/config.h"
#include "services/knowledge-retrieval/handler.h"

namespace {

using namespace switchboard;  // NOLINT: main only wires
namespace knowledge = knowledge_retrieval;

Awaitable<void> Nothing() { co_return; }

absl::Status SetUp(runtime::Agent& agent, const knowledge::Config& config) {
  knowledge::RetrieverOptions options;
  options.data_dir = config.data_dir;
  options.index.path = config.index_path;
  options.index.passages_max = config.passages_max;
  options.index.relevance_min = config.relevance_min;
  ASSIGN_OR_RETURN(std::unique_ptr<knowledge::Retriever> created,
                   knowledge::Retriever::Create(options));
  std::shared_ptr<knowledge::Retriever> retriever = std::move(created);
  auto feed = std::make_shared<knowledge::Feed>(agent, *retriever, config.catch_up_timeout);
  // On the loop, not on the pool: a search of 10,000 passages takes less time than two changes of
  // thread are worth giving up the index's single owner for (README, "Measured").
  agent.Handle<v1::SearchRequest, v1::SearchReply>(
      "search",
      [retriever](const runtime::Context&, const v1::SearchRequest& request) {
        return knowledge::HandleSearch(*retriever, request);
      },
      knowledge::SummaryLine);
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
