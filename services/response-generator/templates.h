// The sentences we say ourselves, in one language: data/templates.<language>.json, checked at
// start.
//
//   const Templates& templates = book.For("fr");
//   templates.Say("order.status.delivered", Register::kFormal, seed,
//                 {{"order", "10452"}, {"delivered_on", "21 novembre 2026"}});
//
// Of a key's variants those whose placeholders can all be filled are considered, of them those that
// tell most, and of them the seed chooses: the same message always gets the same words, different
// messages get different ones. A file must have every key of kTemplateKeys and no other, use only
// the placeholders the key allows, and have for each key and register a variant that needs no more
// than the required ones. Immutable; pure; no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/response-generator/lexicon.h"

namespace switchboard::response_generator {

struct TemplateKey {
  std::string_view name;
  // Placeholders that are always given, and those that may be; separated by spaces.
  std::string_view required;
  std::string_view optional;
};

std::span<const TemplateKey> TemplateKeys();

using Values = std::vector<std::pair<std::string_view, std::string>>;

class Templates {
 public:
  // `file` names the source in errors. InvalidArgument: one line for each wrong entry.
  static absl::StatusOr<Templates> Parse(std::string_view json_text, std::string_view file,
                                         std::string_view company);

  // Never empty for a key of kTemplateKeys. Placeholders whose value is empty count as not given.
  std::string Say(std::string_view key, Register how, uint64_t seed,
                  const Values& values = {}) const;

  // "2026-11-21" → "21 November 2026"; anything else comes back as it is.
  std::string Date(std::string_view iso) const;
  // ("189.0", "EUR") → "€189.00", "189,00 €".
  std::string Amount(std::string_view number, std::string_view currency) const;
  // 24 → "24 months", not "2 years": a fact is said as the record has it, so that the critic finds
  // it there. 0 or no number → "".
  std::string Months(std::string_view number) const;
  // A list joined with "; " → "a, b and c".
  std::string List(std::string_view joined) const;
  // The language's word for a data value, such as a colour; the value itself when there is none.
  std::string Term(std::string_view value) const;
  // "fr" → "French" / "français" / "francés"; the code itself when it has no name.
  std::string LanguageName(std::string_view code) const;

 private:
  friend class TemplatesParser;
  struct Piece {
    std::string text;
    std::string placeholder;  // empty: `text` is literal
  };
  using Variant = std::vector<Piece>;
  struct Variants {
    std::vector<Variant> formal, informal;
  };
  struct Formats {
    std::vector<std::string> months;
    std::string date, first_of_month;  // {day} {month} {year}
    std::string amount_pattern;        // {symbol} {number}
    std::string decimal_mark, and_word;
    std::string month, month_plural;  // {count}
  };

  std::map<std::string, Variants, std::less<>> variants_;
  std::map<std::string, std::string, std::less<>> terms_, languages_, symbols_;
  Formats formats_;
};

// The languages we answer in.
class TemplateBook {
 public:
  static constexpr std::string_view kLanguages[] = {"en", "fr", "es"};
  static constexpr std::string_view kFallback = "en";

  void Add(std::string language, Templates templates) {
    templates_[std::move(language)] = std::move(templates);
  }
  // "fr-CA" → "fr"; what we do not speak → "en".
  std::string Supported(std::string_view bcp47) const;
  const Templates& For(std::string_view supported_language) const;

 private:
  std::map<std::string, Templates, std::less<>> templates_;
};

}  // namespace switchboard::response_generator
