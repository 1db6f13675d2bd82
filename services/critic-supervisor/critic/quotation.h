// Tells what a customer says from what the customer shows: quoted and forwarded text is data, and
// an attack in it is not the customer's own.
//
//   Parts parts = SplitQuoted("What does this mean?\n> Dear client, your account …");
//   parts.own == "What does this mean?"; parts.quoted == "Dear client, your account …"
#pragma once

#include <string>
#include <string_view>

namespace switchboard::critic {

struct Parts {
  std::string own;
  // Empty: nothing is quoted.
  std::string quoted;
};

// Quoted are lines that begin with ">", everything below the line that mail programs put above an
// old or forwarded mail (en, fr, es, de), and a passage of at least kQuoteWordsMin words in
// quotation marks that is announced as a message ("I got this mail: "…""). A message that says
// fewer than kOwnWordsMin words around it quotes nothing: who only quotes speaks.
//
// `text` is as it came. Disguised marks are not looked through: what is not seen to be quoted is
// judged as the customer's own, more strictly.
Parts SplitQuoted(std::string_view text);

inline constexpr int kQuoteWordsMin = 6;
inline constexpr int kOwnWordsMin = 3;

}  // namespace switchboard::critic
