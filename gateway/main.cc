// The public entry point: HTTP/JSON with server-sent events, and gRPC, in front of the mesh.
#include "common/runtime/agent.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

int main(int argc, char** argv) {
  using namespace switchboard;
  return runtime::Run<gateway::Config>(
      argc, argv,
      {.name = "gateway", .description = "The public entry point: HTTP/JSON, SSE and gRPC"},
      [](runtime::Agent& agent, const gateway::Config& config) {
        return std::make_shared<gateway::Gateway>(agent, config)->Install();
      });
}
