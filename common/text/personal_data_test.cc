#include "common/text/personal_data.h"

#include <gtest/gtest.h>

#include <chrono>

namespace switchboard::text {
namespace {

TEST(PersonalData, FindsEachKindAndNothingThatLooksLikeIt) {
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
      {"a firmware's number", "the lamp has firmware 1.2.3.4 and won't pair", "", ""},
      {"a version's number", "Version: 10.0.19.1 de la app", "", ""},
      {"an IPv6 address", "2001:db8:1:2:3:4:5:6", "IP address", "2001:db8:1:2:3:4:5:6"},
      {"a UUID", "0190a6e2-7b1c-7def-8123-456789abcdef", "", ""},
  };
  for (const Case& c : cases) {
    const auto spans = FindPersonalData(c.text);
    if (*c.type == '\0') {
      EXPECT_TRUE(spans.empty()) << c.what;
      continue;
    }
    ASSERT_EQ(spans.size(), 1u) << c.what;
    EXPECT_EQ(PersonalDataName(spans[0].type), c.type) << c.what;
    EXPECT_EQ(std::string(c.text).substr(spans[0].begin, spans[0].end - spans[0].begin), c.value)
        << c.what;
  }
}

TEST(PersonalData, LuhnAndIbanCheckTheirDigits) {
  EXPECT_TRUE(PassesLuhn("5555 5555 5555 4444"));
  EXPECT_FALSE(PassesLuhn("5555 5555 5555 4445"));
  EXPECT_FALSE(PassesLuhn("0"));
  EXPECT_TRUE(IsIban("GB82 WEST 1234 5698 7654 32"));
  EXPECT_FALSE(IsIban("GB82 WEST 1234 5698 7654 33"));
  EXPECT_FALSE(IsIban("GB82"));
}

TEST(PersonalData, HostileTextTakesBoundedTime) {
  for (const std::string piece :
       {"@", "1 ", "(1", "a@", "DE12 ", "1:", "+", "0.", "a1", "Mr ", "12 rue de ", "password:"}) {
    std::string text;
    while (text.size() < 16384) text += piece;
    const auto start = std::chrono::steady_clock::now();
    Redact(text);
    // Linear takes below 5 ms; a second allows for sanitizers and a busy machine, not for a
    // quadratic scan.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << piece;
  }
}

TEST(PersonalData, FindsWhatIsIntroduced) {
  struct Case {
    const char* what;
    const char* text;
    const char* type;  // empty: nothing
    const char* value;
  };
  const Case cases[] = {
      {"a name that is given", "Hello, my name is Ana Ruiz and I have a question", "person",
       "Ana Ruiz"},
      {"in French", "Bonjour, je m'appelle Léa Petit.", "person", "Léa Petit"},
      {"in Spanish", "me llamo José García López, gracias", "person", "José García López"},
      {"in German", "ich heiße Jürgen Weiß", "person", "Jürgen Weiß"},
      {"behind a title", "please ask for Mrs. O'Brien today", "person", "O'Brien"},
      {"with a particle", "Dear Maria van Dijk, thank you", "person", "Maria van Dijk"},
      {"as a signature", "Thanks\nKind regards,\nTom Baker", "person", "Tom Baker"},
      {"nobody in particular", "Dear Sir or Madam, dear customer", "", ""},
      {"no name behind the words", "my name is on the list", "", ""},
      {"a password", "my password is Tulip2026!x", "password", "Tulip2026!x"},
      {"a French password", "mot de passe : soleil", "password", "soleil"},
      {"no password", "my password is wrong and I forgot it", "", ""},
      {"advice", "You can reset your password in the app.", "", ""},
      {"an English street", "send it to 12 Mill Lane, Bristol BS1 4QA please", "postal address",
       "12 Mill Lane, Bristol BS1 4QA"},
      {"a French street", "j'habite 8 rue des Tilleuls, 69003 Lyon", "postal address",
       "8 rue des Tilleuls, 69003 Lyon"},
      {"a Spanish street", "vivo en calle Luna 12, 18001 Granada", "postal address",
       "calle Luna 12, 18001 Granada"},
      {"a German street", "Lindenstraße 5, 10969 Berlin", "postal address",
       "Lindenstraße 5, 10969 Berlin"},
      {"a number of things", "12 Aurora machines and 3 Nova sets", "", ""},
  };
  for (const Case& c : cases) {
    const auto spans = FindPersonalData(c.text, Kinds::kAll);
    ASSERT_EQ(spans.size(), *c.type == '\0' ? 0u : 1u) << c.what;
    if (spans.empty()) continue;
    EXPECT_EQ(PersonalDataName(spans[0].type), c.type) << c.what;
    EXPECT_EQ(std::string(c.text).substr(spans[0].begin, spans[0].end - spans[0].begin), c.value)
        << c.what;
  }
}

TEST(PersonalData, RedactsWithStablePlaceholders) {
  const Redacted redacted =
      Redact("My name is Ana Ruiz: a@b.example, A@B.example and c@d.example, +44 20 7946 0164.");
  EXPECT_EQ(redacted.text, "My name is <PERSON_1>: <EMAIL_1>, <EMAIL_1> and <EMAIL_2>, <PHONE_1>.");
  ASSERT_EQ(redacted.values.size(), 4u);
  EXPECT_EQ(redacted.values[1], (std::pair<std::string, std::string>("<EMAIL_1>", "a@b.example")));
  EXPECT_EQ(Redact("nothing here").text, "nothing here");
}

}  // namespace
}  // namespace switchboard::text
