#include "cli/kb/entries.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/failure.h"
#include "cli/kb/entry.h"
#include "cli/kb/load.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::kb {
namespace {

constexpr std::chrono::seconds kListWithin{60};

struct Row {
  std::string kind, id, title, category, language, owner;
};

Row ToRow(const bus::KeyValueEntry& entry) {
  const size_t dot = std::min(entry.key.find('.'), entry.key.size());
  Row row{entry.key.substr(0, dot), entry.key.substr(std::min(dot + 1, entry.key.size()))};
  v1::KnowledgeEntry value;
  if (!value.ParseFromString(entry.value)) {
    row.title = "(unreadable)";
  } else if (value.has_document()) {
    row.title = value.document().title();
    row.category = value.document().category();
    row.language = value.document().language();
  } else {
    const auto json = nlohmann::json::parse(value.row().json(), nullptr, false);
    for (const char* member : {"name", "status", "tier"}) {
      if (row.title.empty() && json.is_object() && json.contains(member) &&
          json[member].is_string()) {
        row.title = json[member].get<std::string>();
      }
    }
    row.owner = value.row().owner();
  }
  return row;
}

Awaitable<absl::Status> List(bus::Connection* connection, std::string kind, bool as_json,
                             Terminal* terminal) {
  bus::KeyValue bucket(*connection, kBucket);
  absl::StatusOr<std::vector<bus::KeyValueEntry>> entries =
      co_await bucket.List(Deadline::After(kListWithin));
  if (absl::IsNotFound(entries.status())) {
    co_return WithRemedy(absl::NotFoundError("there is no knowledge yet"),
                         "load some: switchboard kb load knowledge/");
  }
  if (!entries.ok()) co_return entries.status();
  terminal->out << FormatEntries(*std::move(entries), kind, as_json);
  co_return absl::OkStatus();
}

absl::Status RunList(const Arguments& arguments, Terminal& terminal) {
  const std::string kind = arguments.Get("kind");
  if (!kind.empty() && kind != "doc" && kind != "order" && kind != "product" &&
      kind != "customer") {
    return UsageError(StrCat("--kind \"", kind, "\" is not doc, order, product or customer"));
  }
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [kind, as_json, &terminal](bus::Connection& connection) {
    return List(&connection, kind, as_json, &terminal);
  });
}

Awaitable<absl::Status> Remove(bus::Connection* connection, std::vector<std::string> ids,
                               Terminal* terminal) {
  bus::KeyValue bucket(*connection, kBucket);
  for (const std::string& id : ids) {
    const std::string key = KeyFromId(id);
    // A marker for a key that never was would hide a typing error.
    absl::StatusOr<bus::KeyValueEntry> present =
        co_await bucket.Get(key, Deadline::After(kAnswerWithin));
    if (absl::IsNotFound(present.status())) {
      co_return WithRemedy(absl::NotFoundError(StrCat("there is no ", key)),
                           "see switchboard kb ls");
    }
    if (!present.ok()) co_return present.status();
    absl::Status removed = co_await bucket.Delete(key, Deadline::After(kAnswerWithin));
    if (!removed.ok()) co_return removed;
    terminal->out << "removed " << key << "\n";
  }
  co_return absl::OkStatus();
}

absl::Status RunRemove(const Arguments& arguments, Terminal& terminal) {
  return WithBus(arguments,
                 [ids = arguments.positionals(), &terminal](bus::Connection& connection) {
                   return Remove(&connection, ids, &terminal);
                 });
}

}  // namespace

std::string FormatEntries(std::vector<bus::KeyValueEntry> entries, const std::string& kind,
                          bool as_json) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  Table table({"kind", "id", "language", "category", "owner", "title"});
  std::string lines;
  size_t count = 0;
  for (const bus::KeyValueEntry& entry : entries) {
    const Row row = ToRow(entry);
    if (!kind.empty() && row.kind != kind) continue;
    ++count;
    if (as_json) {
      const nlohmann::ordered_json object = {
          {"kind", row.kind},          {"id", row.id},       {"language", row.language},
          {"category", row.category},  {"owner", row.owner}, {"title", row.title},
          {"revision", entry.revision}};
      StrAppend(&lines, object.dump(), "\n");
    } else {
      table.Add({row.kind, row.id, row.language, row.category, row.owner, row.title});
    }
  }
  return as_json ? lines : StrCat(table.Text(), count, " entries\n");
}

Command ListCommand() {
  return {.name = "kb ls",
          .about = "Lists the knowledge that the mesh answers from.",
          .flags = {{"kind", "kind", "Only doc, order, product or customer."},
                    JsonFlag(),
                    NatsUrlFlag()},
          .run = RunList};
}

Command RemoveCommand() {
  return {.name = "kb rm",
          .positionals = "<id>…",
          .about = "Removes documents, or records written as order.10452.",
          .positionals_min = 1,
          .positionals_max = 10000,
          .flags = {NatsUrlFlag()},
          .run = RunRemove};
}

}  // namespace switchboard::cli::kb
