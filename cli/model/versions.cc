// `switchboard model put|ls|rollback|reset`: which version of a model every replica uses.
#include "absl/strings/str_format.h"
#include "cli/model/commands.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/learning/model.h"
#include "common/runtime/model_store.h"

namespace switchboard::cli::model {
namespace {

using runtime::ModelStore;
using runtime::ModelVersion;

// A model of some megabytes over a slow line.
constexpr std::chrono::seconds kStoreWithin{120};

std::string Named(const ModelVersion& version) {
  return version.id.empty() ? "the shipped model" : StrCat("version ", version.id);
}

Awaitable<absl::Status> Put(bus::Connection* connection, std::string name, std::string bytes,
                            std::string note, Terminal* terminal) {
  ModelStore store(*connection);
  const Deadline deadline = Deadline::After(kStoreWithin);
  CO_RETURN_IF_ERROR(co_await store.Ensure(/*replicas=*/1, deadline));
  absl::StatusOr<ModelVersion> version =
      co_await store.Put(name, std::move(bytes), std::move(note), deadline);
  if (!version.ok()) co_return version.status();
  terminal->out << "every replica takes up " << Named(*version) << " of " << name
                << "; back: switchboard model rollback " << name << "\n";
  co_return absl::OkStatus();
}

absl::Status RunPut(const Arguments& arguments, Terminal& terminal) {
  const std::string name = arguments.positionals()[0];
  const std::string path = arguments.positionals()[1];
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  // Refused here, where somebody can mend it, rather than by each agent in its log.
  const absl::StatusOr<learning::Model> model = learning::Model::Parse(bytes);
  if (!model.ok()) {
    return absl::InvalidArgumentError(StrCat(path, " ", std::string(model.status().message())));
  }
  const std::string note = arguments.Has("note") ? arguments.Get("note") : path;
  return WithBus(arguments, [name, bytes, note, &terminal](bus::Connection& connection) {
    return Put(&connection, name, bytes, note, &terminal);
  });
}

Awaitable<absl::Status> List(bus::Connection* connection, std::string name, Terminal* terminal) {
  ModelStore store(*connection);
  absl::StatusOr<std::vector<ModelVersion>> history =
      co_await store.History(name, Deadline::After(kAnswerWithin));
  if (!history.ok() && !absl::IsNotFound(history.status())) co_return history.status();
  if (!history.ok() || history->empty()) {
    terminal->out << name << ": the shipped model; no other was ever put\n";
    co_return absl::OkStatus();
  }
  Table table({"version", "since", "size", "note", ""},
              {Table::kLeft, Table::kLeft, Table::kRight});
  for (size_t i = history->size(); i-- > 0;) {
    const ModelVersion& version = (*history)[i];
    table.Add({version.id.empty() ? "shipped" : version.id, version.at,
               version.bytes == 0 ? "" : absl::StrFormat("%.1f MiB", version.bytes / 1048576.0),
               version.note, i + 1 == history->size() ? "in use" : ""});
  }
  terminal->out << table.Text();
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Rollback(bus::Connection* connection, std::string name,
                                 Terminal* terminal) {
  ModelStore store(*connection);
  absl::StatusOr<ModelVersion> version =
      co_await store.Rollback(name, Deadline::After(kStoreWithin));
  if (!version.ok()) co_return version.status();
  terminal->out << "every replica goes back to " << Named(*version) << " of " << name << "\n";
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Reset(bus::Connection* connection, std::string name, Terminal* terminal) {
  ModelStore store(*connection);
  CO_RETURN_IF_ERROR(co_await store.Reset(name, Deadline::After(kAnswerWithin)));
  terminal->out << "every replica goes back to the shipped model of " << name << "\n";
  co_return absl::OkStatus();
}

using OnName = Awaitable<absl::Status> (*)(bus::Connection*, std::string, Terminal*);

Command NameCommand(std::string verb, std::string about, OnName run) {
  return {.name = StrCat("model ", verb),
          .positionals = "<name>",
          .about = std::move(about),
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {NatsUrlFlag()},
          .run = [run](const Arguments& arguments, Terminal& terminal) {
            const std::string name = arguments.positionals()[0];
            return WithBus(arguments, [run, name, &terminal](bus::Connection& connection) {
              return run(&connection, name, &terminal);
            });
          }};
}

}  // namespace

Command PutCommand() {
  return {.name = "model put",
          .positionals = "<name> <file>",
          .about = "Gives every replica this model (intents), now and at each start.",
          .positionals_min = 2,
          .positionals_max = 2,
          .flags = {{"note", "text", "What to remember it by; without it the file's name."},
                    NatsUrlFlag()},
          .run = RunPut};
}

Command ListCommand() {
  return NameCommand("ls", "Lists the versions of a model, the one in use first.", List);
}
Command RollbackCommand() {
  return NameCommand("rollback", "Goes back to the version before the one in use.", Rollback);
}
Command ResetCommand() {
  return NameCommand("reset", "Goes back to the model that the agents were shipped with.", Reset);
}

}  // namespace switchboard::cli::model
