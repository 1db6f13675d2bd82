// Finds personal data in a text. One detector for what is said to customers, for logs, for the
// audit and for what is sent to a language model.
//
//   for (const PersonalDataSpan& span : FindPersonalData("call 020 7946 0164")) …
//   Redacted redacted = Redact("I'm at a@b.example, my name is Ana Ruiz");
//   redacted.text;     // "I'm at <EMAIL_1>, my name is <PERSON_1>"
//   redacted.values;   // {{"<EMAIL_1>", "a@b.example"}, {"<PERSON_1>", "Ana Ruiz"}}
//
// The structured kinds are checked as far as their form allows: cards by Luhn, IBANs by their check
// digits, IP addresses by the parser of the system, telephone numbers by form and the words around
// them. The others are found where they are introduced: a name behind "my name is", "me llamo" or
// "Mr", a password behind "password:", a street by its number or postcode. A name that nothing
// introduces is not found.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchboard::text {

enum class PersonalDataType {
  kEmail,
  kPhone,
  kCard,
  kIban,
  kSsn,
  kIp,
  kAddress,
  kPassword,
  kPerson
};

std::string_view PersonalDataName(PersonalDataType type);

struct PersonalDataSpan {
  PersonalDataType type;
  size_t begin, end;  // bytes [begin, end) of the text
};

enum class Kinds {
  kStructured,  // kEmail to kIp: those a form or checksum proves
  kAll,
};

// In order of their place; spans do not overlap. Linear in the text.
std::vector<PersonalDataSpan> FindPersonalData(std::string_view text,
                                               Kinds kinds = Kinds::kStructured);

struct Redacted {
  std::string text;
  // Placeholder and what it stands for, in order of first appearance. The same value, in any
  // spelling, has the same placeholder.
  std::vector<std::pair<std::string, std::string>> values;
};

// Puts "<EMAIL_1>", "<PHONE_1>", … in the place of personal data of all kinds. Operators need the
// addresses of their servers: with `ip_addresses` false those stay.
Redacted Redact(std::string_view text, bool ip_addresses = true);

// Only digits are looked at; 12 to 19 of them.
bool PassesLuhn(std::string_view text);

// ISO 13616: country, length and the remainder of 97. Spaces are skipped.
bool IsIban(std::string_view text);

// The value in one form, so that two spellings of a number or address are equal: digits alone, or
// lower case without spaces.
std::string CanonicalPersonalData(PersonalDataType type, std::string_view value);

}  // namespace switchboard::text
