// Closing a listener without cutting anybody off.
#pragma once

namespace switchboard::gateway {

// From now on the listening socket begins no new connection: the system drops each first packet
// (SYN), which the client sends again a second later, to whoever listens then, or is refused. What
// it has begun already can be accepted still. Without it a client that connects between the last
// accept and the close gets a reset for its request, which it may not send again, instead of a
// refusal. Linux only; where it fails, closing is a little less kind.
void StopHandshakes(int listener);

}  // namespace switchboard::gateway
