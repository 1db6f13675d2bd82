// What customers ask about turns that are answered later.
#include "tests/sim/world.h"

namespace switchboard::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What the gateway takes for one look, and a client's own patience besides.
constexpr seconds kLookMost{5};
constexpr seconds kPatience{7};

}  // namespace

void World::Submit(Inquiry submission, bool client_key, Told ended) {
  Process* gateway = AnyGateway();
  submission.asked_at = simulation_.now();
  ledger_.submissions.push_back(std::move(submission));
  Inquiry* entry = &ledger_.submissions.back();
  simulation_.Note(entry->turn_id, "submits to", gateway->name());
  const std::function<void()> tell = Teller(entry, std::move(ended));
  simulation_.After(entry->deadline.at() - simulation_.now() + kPatience, tell);
  v1::InvokeRequest request;
  request.set_conversation_id(entry->conversation_id);
  request.set_text(entry->text);
  gateway->Post([this, gateway, entry, client_key, request, tell] {
    static_cast<GatewayProgram*>(gateway->program())
        ->Submit(ContextOf(entry->turn_id, client_key, entry->deadline), request,
                 Listener<Inquiry, v1::TurnStatus>(entry, gateway, tell));
  });
}

void World::Look(Inquiry look, milliseconds wait, Told ended) {
  Process* gateway = AnyGateway();
  look.asked_at = simulation_.now();
  look.deadline = Deadline::After(wait + kLookMost);
  look.patience = wait + kLookMost;
  ledger_.looks.push_back(std::move(look));
  Inquiry* entry = &ledger_.looks.back();
  simulation_.Note(entry->turn_id, "looks at", gateway->name());
  const std::function<void()> tell = Teller(entry, std::move(ended));
  simulation_.After(wait + kLookMost + kPatience, tell);
  v1::GetTurnRequest request;
  request.set_id(entry->conversation_id + "." + entry->turn_id);
  request.set_wait_ms(static_cast<uint32_t>(wait.count()));
  gateway->Post([this, gateway, entry, request, tell] {
    static_cast<GatewayProgram*>(gateway->program())
        ->LookUp(ContextOf(entry->turn_id, false, entry->deadline), request,
                 Listener<Inquiry, v1::TurnStatus>(entry, gateway, tell));
  });
}

}  // namespace switchboard::sim
