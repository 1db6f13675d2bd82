#include "services/knowledge-retrieval/handler.h"

#include <boost/asio/bind_cancellation_slot.hpp>

#include "common/base/strings.h"
#include "common/observability/log.h"

namespace switchboard::knowledge_retrieval {
namespace {

// The bucket holds the present only; a document's history is the company's own business.
constexpr int kHistory = 1;

prometheus::Gauge& Gauge(const char* name, const char* help) { return metrics::Gauge(name, help); }

prometheus::Counter& Rejected(const char* reason) {
  return metrics::Counter("switchboard_knowledge_entries_rejected_total",
                          "Entries of the knowledge bucket that could not be used.",
                          {{"reason", reason}});
}

Awaitable<void> WaitFor(Timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

Feed::Feed(runtime::Agent& agent, Retriever& retriever, std::chrono::milliseconds catch_up_timeout)
    : agent_(agent),
      retriever_(retriever),
      catch_up_timeout_(catch_up_timeout),
      bucket_(agent.bus(), kBucket),
      caught_up_timer_(agent.io()),
      ended_timer_(agent.io(), Timer::time_point::max()),
      documents_(Gauge("switchboard_knowledge_documents", "Documents in the index.")),
      passages_(Gauge("switchboard_knowledge_passages", "Passages in the index.")),
      records_(Gauge("switchboard_knowledge_records", "Rows of company data in memory.")) {
  Rejected("invalid");
  Rejected("full");
}

Awaitable<absl::Status> Feed::Start() {
  LogNotices();
  const Deadline deadline = Deadline::After(std::chrono::seconds(30));
  absl::Status ensured = co_await bucket_.Ensure(kHistory, agent_.stream_replicas(), deadline);
  if (!ensured.ok()) co_return ensured;
  const auto began = Clock::now();
  caught_up_timer_.expires_after(catch_up_timeout_);
  BeginWatch();
  co_await WaitFor(caught_up_timer_);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  log::Write(caught_up_ ? log::Level::kInfo : log::Level::kWarning,
             caught_up_ ? "knowledge indexed"
                        : "knowledge is still being indexed, answering from part of it",
             {{"documents", retriever_.index().document_count()},
              {"passages", retriever_.index().passage_count()},
              {"records", retriever_.records().size()},
              {"duration_ms", static_cast<int64_t>(took.count())}});
  co_return absl::OkStatus();
}

void Feed::BeginWatch() {
  asio::co_spawn(agent_.io(),
                 bucket_.Watch([this](const bus::KeyValueEntry& entry) { Apply(entry); },
                               [this] { OnCaughtUp(); }),
                 asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr) {
                   // An exception here is the cancellation; Join tells an end that nobody asked
                   // for.
                   ended_ = true;
                   ended_timer_.cancel();
                 }));
}

Awaitable<void> Feed::Join() {
  while (!ended_) co_await WaitFor(ended_timer_);
}

void Feed::OnCaughtUp() {
  retriever_.OnCaughtUp();
  caught_up_ = true;
  caught_up_timer_.cancel();
}

void Feed::Apply(const bus::KeyValueEntry& entry) {
  const absl::Status status = retriever_.Apply(entry.key, entry.value, entry.deleted);
  documents_.Set(static_cast<double>(retriever_.index().document_count()));
  passages_.Set(static_cast<double>(retriever_.index().passage_count()));
  records_.Set(static_cast<double>(retriever_.records().size()));
  LogNotices();
  if (status.ok()) return;
  const bool full = absl::IsResourceExhausted(status);
  Rejected(full ? "full" : "invalid").Increment();
  if (full && full_reported_)
    return;  // thousands of documents may follow; the counter tells how many
  full_reported_ = full_reported_ || full;
  log::Warning("knowledge entry left out",
               {{"key", entry.key}, {"revision", entry.revision}, {"error", status.ToString()}});
}

void Feed::LogNotices() {
  for (const std::string& notice : retriever_.TakeNotices()) log::Warning(notice, {});
}

absl::Status Feed::Readiness() const {
  if (caught_up_) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat("indexing the bucket, ", retriever_.index().document_count(), " documents so far"));
}

absl::StatusOr<v1::SearchReply> HandleSearch(Retriever& retriever,
                                             const v1::SearchRequest& request) {
  return retriever.Search(request);
}

Awaitable<absl::StatusOr<v1::SearchReply>> HandleSearchWithVectors(Retriever& retriever,
                                                                   EmbeddingFeed& embeddings,
                                                                   runtime::Context context,
                                                                   v1::SearchRequest request) {
  std::string question = retriever.QuestionOf(request);
  const Deadline deadline = context.deadline.Child(context.deadline.Remaining() / 2);
  const std::vector<float> vector = co_await embeddings.Question(std::move(question), deadline);
  co_return retriever.Search(request, vector);
}

std::string SummaryLine(const v1::SearchReply& reply) {
  const auto counted = [](int count, const char* noun) {
    return StrCat(count, " ", noun, count == 1 ? "" : "s");
  };
  std::string line = StrCat(counted(reply.passages_size(), "passage"), ", ",
                            counted(reply.records_size(), "record"));
  if (!reply.passages().empty()) StrAppend(&line, " best=", reply.passages(0).document_id());
  return line;
}

}  // namespace switchboard::knowledge_retrieval
