// `switchboard eval retrieval`: how high the right documents stand, and whether nothing is found
// where nothing is relevant.
#include <cmath>
#include <filesystem>
#include <random>
#include <set>

#include "absl/strings/str_format.h"
#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "cli/kb/collect.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

using knowledge_retrieval::Retriever;

// nDCG looks at so many documents; the search is asked for more passages, because one document may
// give several.
constexpr size_t kDepth = 10;
constexpr int kPassages = 50;
constexpr size_t kErrorsMax = 200;

// {"id", "title" or "question", "content", "text" or "answers"}
absl::StatusOr<v1::KnowledgeEntry> ToEntry(const nlohmann::json& object) {
  v1::KnowledgeEntry entry;
  v1::KnowledgeEntry::Document& document = *entry.mutable_document();
  document.set_id(Member(object, {"id"}));
  document.set_title(Member(object, {"title", "question"}));
  document.set_language(Member(object, {"language"}));
  std::string content = Member(object, {"content", "text", "answer"});
  for (const nlohmann::json& answer : object.value("answers", nlohmann::json::array())) {
    if (answer.is_string())
      StrAppend(&content, content.empty() ? "" : "\n\n", answer.get<std::string>());
  }
  document.set_content(content);
  if (document.id().empty() || document.content().empty()) {
    return absl::InvalidArgumentError(StrCat("a document needs id and content: ", object.dump()));
  }
  return entry;
}

// Adds the documents' texts to `words`.
absl::Status Load(const std::string& path, Retriever& retriever, std::string& words) {
  std::vector<v1::KnowledgeEntry> entries;
  if (std::filesystem::is_directory(path)) {
    ASSIGN_OR_RETURN(const kb::Collected collected, kb::Collect({path}, "en"));
    for (const kb::Entry& entry : collected.entries) entries.push_back(entry.value);
  } else {
    ASSIGN_OR_RETURN(const std::vector<nlohmann::json> objects, ReadObjects({path}));
    for (const nlohmann::json& object : objects) {
      ASSIGN_OR_RETURN(v1::KnowledgeEntry entry, ToEntry(object));
      entries.push_back(std::move(entry));
    }
  }
  for (const v1::KnowledgeEntry& entry : entries) {
    StrAppend(&words, " ", entry.document().title(), " ", entry.document().content());
    const std::string key = entry.has_document()
                                ? StrCat("doc.", entry.document().id())
                                : StrCat(entry.row().kind(), ".", entry.row().id());
    RETURN_IF_ERROR(retriever.Apply(key, entry.SerializeAsString(), /*deleted=*/false));
  }
  return absl::OkStatus();
}

// Documents of words drawn from those that are loaded, as frequent as they are there, until the
// index holds `passages`: what they say is nonsense, what they cost is real.
absl::Status FillTo(size_t passages, const std::string& words_from, Retriever& retriever) {
  std::vector<std::string> words;
  for (const std::string_view word : StrSplit(words_from, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (words.empty()) return absl::InvalidArgumentError("the documents have no words to fill with");
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> pick(0, words.size() - 1);
  const auto sentence = [&](int length) {
    std::string text;
    for (int i = 0; i < length; ++i) StrAppend(&text, i == 0 ? "" : " ", words[pick(random)]);
    return text;
  };
  for (int number = 0; retriever.index().passage_count() < passages; ++number) {
    v1::KnowledgeEntry entry;
    v1::KnowledgeEntry::Document& document = *entry.mutable_document();
    document.set_id(StrCat("filler-", number));
    document.set_title(sentence(6));
    std::string content;
    for (int section = 0; section < 8; ++section) {
      StrAppend(&content, "## ", sentence(4), "\n\n", sentence(90), ".\n\n");
    }
    document.set_content(content);
    RETURN_IF_ERROR(retriever.Apply(StrCat("doc.", document.id()), entry.SerializeAsString(),
                                    /*deleted=*/false));
  }
  return absl::OkStatus();
}

std::set<std::string> RelevantOf(const nlohmann::json& object) {
  std::set<std::string> relevant;
  for (const char* name : {"relevant", "document_id"}) {
    for (const nlohmann::json& id : object.value(name, nlohmann::json::array())) {
      if (id.is_string()) relevant.insert(id.get<std::string>());
    }
  }
  return relevant;
}

// Documents in the order of their best passages.
std::vector<std::string> RankedDocuments(const v1::SearchReply& reply) {
  std::vector<std::string> ranked;
  std::set<std::string> seen;
  for (const v1::Passage& passage : reply.passages()) {
    if (seen.insert(passage.document_id()).second) ranked.push_back(passage.document_id());
  }
  return ranked;
}

// Every relevant document is worth the same.
double NormalisedGain(const std::vector<std::string>& ranked,
                      const std::set<std::string>& relevant) {
  double gain = 0, ideal = 0;
  for (size_t i = 0; i < kDepth; ++i) {
    const double discount = 1 / std::log2(static_cast<double>(i) + 2);
    if (i < ranked.size() && relevant.contains(ranked[i])) gain += discount;
    if (i < relevant.size()) ideal += discount;
  }
  return gain / ideal;
}

struct Outcome {
  std::vector<double> gains, reciprocal_ranks;
  size_t hits_at_1 = 0, hits_at_3 = 0, empty = 0;
  size_t off_topic = 0, off_topic_refused = 0;
};

void Judge(const std::vector<std::string>& ranked, const std::set<std::string>& relevant,
           Outcome& outcome) {
  size_t rank = 0;  // of the first relevant one, from 1
  for (size_t i = 0; i < ranked.size() && rank == 0; ++i) {
    if (relevant.contains(ranked[i])) rank = i + 1;
  }
  outcome.gains.push_back(NormalisedGain(ranked, relevant));
  outcome.reciprocal_ranks.push_back(rank == 0 ? 0 : 1 / static_cast<double>(rank));
  outcome.hits_at_1 += rank == 1;
  outcome.hits_at_3 += rank >= 1 && rank <= 3;
  outcome.empty += ranked.empty();
}

Metric Mean(std::string name, const std::vector<double>& values) {
  const auto mean_of = [&](const std::vector<size_t>& sample) {
    double sum = 0;
    for (const size_t index : sample) sum += values[index];
    return sample.empty() ? 0 : sum / static_cast<double>(sample.size());
  };
  std::vector<size_t> all(values.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return {std::move(name), mean_of(all), Bootstrap(values.size(), mean_of), values.size()};
}

void Report(const Outcome& outcome, Measurement& measurement) {
  const size_t count = outcome.gains.size();
  if (count > 0) {
    measurement.Add(Mean("nDCG@10", outcome.gains));
    measurement.Add(Share("hit@1", outcome.hits_at_1, count));
    measurement.Add(Share("hit@3", outcome.hits_at_3, count));
    measurement.Add(Mean("reciprocal rank", outcome.reciprocal_ranks));
    measurement.Add(Share("found nothing, though there is", outcome.empty, count));
  }
  if (outcome.off_topic > 0) {
    measurement.Add(
        Share("off topic, found nothing", outcome.off_topic_refused, outcome.off_topic));
  }
}

absl::Status RunRetrieval(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<nlohmann::json> queries, ReadObjects(arguments.positionals()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Retriever> retriever, MakeRetriever());
  std::string words;
  RETURN_IF_ERROR(Load(arguments.Get("documents"), *retriever, words));
  if (arguments.Has("fill-to")) {
    ASSIGN_OR_RETURN(const int passages, arguments.Int("fill-to", 1, 1000000));
    RETURN_IF_ERROR(FillTo(static_cast<size_t>(passages), words, *retriever));
  }
  Measurement measurement;
  Outcome outcome;
  size_t listed = 0;
  for (const nlohmann::json& query : queries) {
    v1::SearchRequest request;
    request.set_query(Member(query, {"query", "text"}));
    request.set_language(Member(query, {"language"}));
    request.set_top_k(kPassages);
    const absl::StatusOr<v1::SearchReply> reply =
        measurement.Timed([&] { return retriever->Search(request); });
    if (!reply.ok()) return reply.status();
    const std::vector<std::string> ranked = RankedDocuments(*reply);
    const std::set<std::string> relevant = RelevantOf(query);
    if (relevant.empty()) {
      ++outcome.off_topic;
      outcome.off_topic_refused += ranked.empty();
    } else {
      Judge(ranked, relevant, outcome);
    }
    const bool right =
        relevant.empty() ? ranked.empty() : !ranked.empty() && relevant.contains(ranked.front());
    if (arguments.Has("errors") && !right && listed++ < kErrorsMax) {
      measurement.Note(StrCat("wanted ", relevant.empty() ? "nothing" : *relevant.begin(), ", got ",
                              ranked.empty() ? "nothing" : ranked.front(), ": ", request.query()));
    }
  }
  Report(outcome, measurement);
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

}  // namespace

Command RetrievalCommand() {
  return {.name = "eval retrieval",
          .positionals = "<queries.jsonl>…",
          .about = "Measures the search: lines with query and relevant (ids; none: off topic).",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = {{"documents", "path",
                     "A folder as `kb load` takes it, or JSONL with id, title and content.",
                     "knowledge"},
                    {"fill-to", "passages", "Add nonsense until the index holds so many passages."},
                    {"errors", "", "List the mistakes."},
                    {"json", "", "One JSON object."}},
          .run = RunRetrieval};
}

}  // namespace switchboard::cli::eval
