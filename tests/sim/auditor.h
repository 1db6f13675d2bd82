// Checks, when a simulation is over, what the mesh promises (README.md lists the promises).
#pragma once

#include <string>
#include <vector>

#include "tests/sim/jetstream.h"
#include "tests/sim/ledger.h"

namespace switchboard::sim {

// One line for each promise that was broken; empty: all were kept. `streams`: as they are at the
// end.
std::vector<std::string> Audit(const Ledger& ledger, const JetStream& streams);

}  // namespace switchboard::sim
