// intent-classifier: tells what a customer wants, in which language, and what the message names.
#include <memory>
#include <optional>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/runtime/agent.h"
#include "common/runtime/live_model.h"
#include "services/intent-classifier/handler.h"

namespace switchboard::intent_classifier {
namespace {

struct Config {
  std::string data_dir;
  std::string model_path;

  static Config Read(config::Reader& reader) {
    return {
        .data_dir = reader.String({"DATA_DIR", "Folder with languages.json and entities.json."},
                                  SWITCHBOARD_DATA_DIR),
        .model_path = reader.String(
            {"MODEL_PATH", "The trained intent model, as `switchboard train intents` writes it."},
            SWITCHBOARD_MODEL_PATH),
    };
  }
};

// Parsed on the pool: a model takes tens of milliseconds, which the loop has not.
Awaitable<absl::Status> TakeUp(asio::any_io_executor pool, std::shared_ptr<Classifier> classifier,
                               std::string path, std::optional<std::string> bytes) {
  auto parse = [path = std::move(path),
                bytes = std::move(bytes)]() mutable -> absl::StatusOr<learning::Model> {
    if (!bytes.has_value()) {
      ASSIGN_OR_RETURN(bytes, ReadFile(path));
    }
    return learning::Model::Parse(*bytes);
  };
  auto parsing = runtime::Blocking(pool, std::move(parse));
  absl::StatusOr<learning::Model> model = co_await std::move(parsing);
  if (!model.ok()) co_return model.status();
  classifier->Replace(*std::move(model));
  co_return absl::OkStatus();
}

absl::Status SetUp(runtime::Agent& agent, const Config& config) {
  ASSIGN_OR_RETURN(const std::string model, ReadFile(config.model_path));
  ASSIGN_OR_RETURN(const std::string languages, ReadFile(config.data_dir + "/languages.json"));
  ASSIGN_OR_RETURN(const std::string entities, ReadFile(config.data_dir + "/entities.json"));
  ASSIGN_OR_RETURN(Classifier made, Classifier::Make(model, languages, entities));
  auto classifier = std::make_shared<Classifier>(std::move(made));
  agent.Handle<v1::ClassifyRequest, v1::ClassifyReply>("classify", Handler(classifier), Summarize);
  auto live = std::make_shared<runtime::LiveModel>(
      agent, "intents",
      [pool = agent.blocking_executor(), classifier,
       path = config.model_path](std::optional<std::string> bytes) {
        return TakeUp(pool, classifier, path, std::move(bytes));
      });
  agent.OnStart([live] { return live->Start(); });
  agent.Spawn(
      "live-model", [live] { return live->Run(); }, [live] { live->Stop(); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::intent_classifier

int main(int argc, char** argv) {
  using switchboard::intent_classifier::Config;
  using switchboard::intent_classifier::SetUp;
  return switchboard::runtime::Run<Config>(
      argc, argv,
      {.name = "intent-classifier",
       .description =
           "Tells what a customer wants, in which language, and what the message names."},
      SetUp);
}
