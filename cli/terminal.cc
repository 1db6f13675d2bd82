#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

const char* Code(Colour colour) {
  switch (colour) {
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kBlue:
      return "\x1b[34m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return "";
}

bool IsControl(unsigned char c) { return c < 0x20 || c == 0x7f; }

}  // namespace

std::string Terminal::Paint(Colour which, std::string_view text) const {
  if (!colour || text.empty()) return std::string(text);
  return StrCat(Code(which), text, "\x1b[0m");
}

Terminal ProcessTerminal() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool wanted = no_colour == nullptr || *no_colour == 0;
  return {std::cout, std::cerr, wanted && isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
}

std::string Printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (IsControl(static_cast<unsigned char>(c)) && c != '\n' && c != '\t') c = '?';
  }
  return out;
}

std::string PrintableLine(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\n' || c == '\t' || c == '\r') {
      c = ' ';
    } else if (IsControl(static_cast<unsigned char>(c))) {
      c = '?';
    }
  }
  return out;
}

}  // namespace switchboard::cli
