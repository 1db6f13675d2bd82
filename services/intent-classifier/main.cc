// intent-classifier: tells what a customer wants, in which language, and what the message names.
#include <memory>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/runtime/agent.h"
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
        .model_path =
            reader.String({"MODEL_PATH", "The trained intent model, as train_intents writes it."},
                          SWITCHBOARD_MODEL_PATH),
    };
  }
};

absl::Status SetUp(runtime::Agent& agent, const Config& config) {
  ASSIGN_OR_RETURN(const std::string model, ReadFile(config.model_path));
  ASSIGN_OR_RETURN(const std::string languages, ReadFile(config.data_dir + "/languages.json"));
  ASSIGN_OR_RETURN(const std::string entities, ReadFile(config.data_dir + "/entities.json"));
  ASSIGN_OR_RETURN(Classifier classifier, Classifier::Make(model, languages, entities));
  agent.Handle<v1::ClassifyRequest, v1::ClassifyReply>(
      "classify", Handler(std::make_shared<Classifier>(std::move(classifier))), Summarize);
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
