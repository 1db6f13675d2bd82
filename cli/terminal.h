// Where a command writes. Colours appear on a terminal only, never in a pipe and never when
// NO_COLOR is set (no-color.org).
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace switchboard::cli {

enum class Colour { kBold, kDim, kRed, kGreen, kYellow, kBlue, kCyan };

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  // Standard output is a terminal that shows colours.
  bool colour = false;
  // Standard error is a terminal: progress may be redrawn there.
  bool progress = false;

  std::string Paint(Colour colour, std::string_view text) const;
};

// Standard output and standard error of this process.
Terminal ProcessTerminal();

// `text` from outside with control characters shown as "?": no message can steer the terminal. Line
// breaks and tabs stay.
std::string Printable(std::string_view text);
// The same on one line.
std::string PrintableLine(std::string_view text);

}  // namespace switchboard::cli
