#include "services/critic-supervisor/critic/pii.h"

#include <gtest/gtest.h>

#include <chrono>

namespace switchboard::critic {
namespace {

TEST(Pii, FindsEachKindAndNothingThatLooksLikeIt) {
  struct Case {
    const char* what;
    const char* text;
    const char* type;  // empty: nothing
    const char* value;
  };
  const Case cases[] = {
      {"an address", "write to Ana.B+shop@mail.example.org.", "e-mail address",
       "Ana.B+shop@mail.example.org"},
      {"no address", "meet me @ noon", "", ""},
      {"an international number", "call +33 1 99 00 12 34 now", "telephone number",
       "+33 1 99 00 12 34"},
      {"a number with brackets", "(020) 7946 0164", "telephone number", "(020) 7946 0164"},
      {"ten digits near the word", "my phone is 2079460164", "telephone number", "2079460164"},
      {"ten digits elsewhere", "order 2079460164", "", ""},
      {"a date", "on 2026-11-21 or 21.11.2026 or 21/11/2026", "", ""},
      {"an amount", "it costs 1 234 567,00 €", "", ""},
      {"an order number", "order 10452 and JP-1001", "", ""},
      {"opening hours", "from 8:00 to 20:00", "", ""},
      {"a card that passes Luhn", "4111-1111-1111-1111", "payment card", "4111-1111-1111-1111"},
      {"a card that does not", "4111-1111-1111-1112", "", ""},
      {"an account with spaces", "DE89 3704 0044 0532 0130 00", "bank account",
       "DE89 3704 0044 0532 0130 00"},
      {"an account with a wrong check digit", "DE88370400440532013000", "", ""},
      {"a social security number", "078-05-1120", "social security number", "078-05-1120"},
      {"one that is never assigned", "000-05-1120", "", ""},
      {"an IPv4 address", "from 203.0.113.7 today", "IP address", "203.0.113.7"},
      {"an IPv6 address", "2001:db8:1:2:3:4:5:6", "IP address", "2001:db8:1:2:3:4:5:6"},
      {"a UUID", "0190a6e2-7b1c-7def-8123-456789abcdef", "", ""},
  };
  for (const Case& c : cases) {
    const auto spans = FindPii(c.text);
    if (*c.type == '\0') {
      EXPECT_TRUE(spans.empty()) << c.what;
      continue;
    }
    ASSERT_EQ(spans.size(), 1u) << c.what;
    EXPECT_EQ(PiiTypeName(spans[0].type), c.type) << c.what;
    EXPECT_EQ(std::string(c.text).substr(spans[0].begin, spans[0].end - spans[0].begin), c.value)
        << c.what;
  }
}

TEST(Pii, LuhnAndIbanCheckTheirDigits) {
  EXPECT_TRUE(PassesLuhn("5555 5555 5555 4444"));
  EXPECT_FALSE(PassesLuhn("5555 5555 5555 4445"));
  EXPECT_FALSE(PassesLuhn("0"));
  EXPECT_TRUE(IsIban("GB82 WEST 1234 5698 7654 32"));
  EXPECT_FALSE(IsIban("GB82 WEST 1234 5698 7654 33"));
  EXPECT_FALSE(IsIban("GB82"));
}

TEST(Pii, HostileTextTakesBoundedTime) {
  for (const std::string piece : {"@", "1 ", "(1", "a@", "DE12 ", "1:", "+", "0.", "a1"}) {
    std::string text;
    while (text.size() < 16384) text += piece;
    const auto start = std::chrono::steady_clock::now();
    FindPii(text);
    // Linear takes below 5 ms; a second allows for sanitizers and a busy machine, not for a
    // quadratic scan.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << piece;
  }
}

}  // namespace
}  // namespace switchboard::critic
