// Checks, when a simulation is over, what the mesh promises (README.md lists the promises).
#pragma once

#include <string>
#include <vector>

#include "tests/sim/ledger.h"
#include "tests/sim/stream.h"

namespace switchboard::sim {

// One line for each promise that was broken; empty: all were kept. `turns`: the stream TURNS, null
// when it was never made.
std::vector<std::string> Audit(const Ledger& ledger, const Stream* turns);

}  // namespace switchboard::sim
