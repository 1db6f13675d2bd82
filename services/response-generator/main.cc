// The response generator: writes the answer from what the other agents found.
#include "services/response-generator/embedded_generator.h"
#include "services/response-generator/handler.h"
#include "services/response-generator/load.h"

namespace {

using namespace switchboard;  // NOLINT: a main only wires

struct Config {
  std::string data_dir;
  std::string company;

  static Config Read(config::Reader& reader) {
    Config config;
    config.data_dir = reader.String(
        {"DATA_DIR", "Folder with lexicon.json, manners.json and templates.<language>.json."},
        SWITCHBOARD_DATA_DIR);
    config.company =
        reader.String({"COMPANY_NAME", "How the answers call the company."}, "Juniper & Pine");
    return config;
  }
};

}  // namespace

int main(int argc, char** argv) {
  return runtime::Run<Config>(
      argc, argv,
      {.name = "response-generator",
       .description = "Writes grounded answers with citations, in the customer's language."},
      [](runtime::Agent& agent, const Config& config) -> absl::Status {
        ASSIGN_OR_RETURN(response_generator::Answerer answerer,
                         response_generator::LoadAnswerer(config.data_dir, config.company));
        response_generator::RegisterVerbs(
            agent, std::make_shared<response_generator::EmbeddedGenerator>(std::move(answerer)));
        return absl::OkStatus();
      });
}
