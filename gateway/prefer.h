// The header Prefer (RFC 7240): what a client would like, as far as we know it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace switchboard::gateway {

struct Preferences {
  // Answer when the work is safely stored, not when it is done.
  bool respond_async = false;
  // How long the client would wait for the outcome.
  std::optional<std::chrono::seconds> wait;

  // What Preference-Applied says when all of it was applied; empty: nothing was asked.
  std::string Applied() const;
};

// `header`: all Prefer headers of the request, joined by commas. What cannot be read or is not
// known is ignored, as the RFC asks; of a preference that comes twice the first counts.
Preferences ParsePrefer(std::string_view header);

}  // namespace switchboard::gateway
