// escalation: decides when a person takes over, and keeps the tickets.
#include <memory>

#include "common/base/fault.h"
#include "common/runtime/agent.h"
#include "services/escalation/assessor.h"
#include "services/escalation/desk.h"
#include "services/escalation/handler.h"

namespace switchboard::escalation {
namespace {

struct Config {
  std::string data_dir;
  std::string model_path;

  static Config Read(config::Reader& reader) {
    return {
        .data_dir = reader.String({"DATA_DIR", "Folder with signals.json."}, SWITCHBOARD_DATA_DIR),
        .model_path = reader.String(
            {"MODEL_PATH", "The trained escalation model, as `train_escalation` writes it."},
            SWITCHBOARD_MODEL_PATH),
    };
  }
};

Awaitable<absl::StatusOr<v1::Ticket>> ReadTicket(std::shared_ptr<Desk> desk,
                                                 runtime::Context context,
                                                 v1::TicketRequest request) {
  return desk->Read(request.ticket_id(), context.deadline);
}

absl::Status SetUp(runtime::Agent& agent, const Config& config) {
  ASSIGN_OR_RETURN(Assessor assessor,
                   Assessor::Load(config.data_dir + "/signals.json", config.model_path));
  auto shared = std::make_shared<const Assessor>(std::move(assessor));
  auto desk = std::make_shared<Desk>(agent);
  agent.Handle<v1::AssessRequest, v1::AssessReply>("assess", AssessHandler(std::move(shared)),
                                                   SummarizeAssessment);
  agent.HandleAsync<v1::TicketRequest, v1::Ticket>(
      "ticket",
      [desk](runtime::Context context, v1::TicketRequest request) {
        return ReadTicket(desk, std::move(context), std::move(request));
      },
      SummarizeTicket);
  agent.Reserve("ticket");
  agent.HandleStream<v1::RedeliverRequest, v1::RedeliverReply, v1::RedeliverReply>(
      "redeliver",
      [desk](runtime::Context, v1::RedeliverRequest request, runtime::Emitter<v1::RedeliverReply>) {
        return desk->Redeliver(std::move(request));
      },
      nullptr, "mesh.operator.escalation.redeliver");
  agent.Reserve("redeliver");
  agent.OnStart([desk] { return desk->Prepare(); });
  agent.Spawn(
      "tickets", [desk] { return desk->Run(); }, [desk] { desk->Stop(); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::escalation

int main(int argc, char** argv) {
  using switchboard::escalation::Config;
  using switchboard::escalation::SetUp;
  return switchboard::runtime::Run<Config>(
      argc, argv,
      {.name = "escalation",
       .description = "Decides when a person takes over, and keeps the tickets."},
      SetUp);
}
