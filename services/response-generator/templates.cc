#include "services/response-generator/templates.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "services/response-generator/strings.h"

namespace switchboard::response_generator {
namespace {

const std::string* Find(const Values& values, std::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name && !value.empty()) return &value;
  }
  return nullptr;
}

// The whole of `text` as a number.
template <typename Number>
bool ReadNumber(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// `pattern` with each {name} replaced.
std::string Fill(std::string pattern,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
  for (const auto& [name, value] : values) ReplaceAll(pattern, name, value);
  return pattern;
}

}  // namespace

std::string Templates::Say(std::string_view key, Register how, uint64_t seed,
                           const Values& values) const {
  const auto found = variants_.find(key);
  assert(found != variants_.end() && "every key the code uses stands in kTemplateKeys");
  if (found == variants_.end()) return "";
  const std::vector<Variant>& all =
      how == Register::kInformal ? found->second.informal : found->second.formal;

  // The variants that can be filled, of those that tell most.
  std::vector<const Variant*> best;
  int told_most = -1;
  for (const Variant& variant : all) {
    int told = 0;
    for (const Piece& piece : variant) {
      if (piece.placeholder.empty()) continue;
      if (Find(values, piece.placeholder) == nullptr) {
        told = -1;
        break;
      }
      ++told;
    }
    if (told < 0 || told < told_most) continue;
    if (told > told_most) best.clear();
    told_most = told;
    best.push_back(&variant);
  }
  if (best.empty()) return "";
  // The key is hashed in, so that one message does not pick the first variant of everything.
  const Variant& chosen = *best[(seed ^ Hash(key)) % best.size()];
  std::string out;
  for (const Piece& piece : chosen) {
    out += piece.placeholder.empty() ? piece.text : *Find(values, piece.placeholder);
  }
  return out;
}

std::string Templates::Date(std::string_view iso) const {
  int year = 0, month = 0, day = 0;
  const bool is_date = iso.size() >= 10 && iso[4] == '-' && iso[7] == '-' &&
                       ReadNumber(iso.substr(0, 4), year) && ReadNumber(iso.substr(5, 2), month) &&
                       ReadNumber(iso.substr(8, 2), day) && month >= 1 && month <= 12 && day >= 1 &&
                       day <= 31;
  if (!is_date) return std::string(iso);
  return Fill(day == 1 ? formats_.first_of_month : formats_.date,
              {{"{day}", std::to_string(day)},
               {"{month}", formats_.months[month - 1]},
               {"{year}", std::to_string(year)}});
}

std::string Templates::Amount(std::string_view number, std::string_view currency) const {
  double value = 0;
  if (!ReadNumber(number, value) || value < 0 || value > 1e9) {
    // Not a plain number: shown as the record has it.
    return currency.empty() ? std::string(number) : StrCat(number, " ", currency);
  }
  const int64_t cents = static_cast<int64_t>(value * 100 + 0.5);
  const std::string digits = StrCat(std::to_string(cents / 100), formats_.decimal_mark,
                                    cents % 100 < 10 ? "0" : "", std::to_string(cents % 100));
  if (currency.empty()) return digits;
  const auto symbol = symbols_.find(currency);
  if (symbol == symbols_.end()) return StrCat(digits, " ", currency);
  return Fill(formats_.amount_pattern, {{"{symbol}", symbol->second}, {"{number}", digits}});
}

std::string Templates::Months(std::string_view number) const {
  int months = 0;
  if (!ReadNumber(number, months) || months <= 0) return "";
  const std::string& pattern = months == 1 ? formats_.month : formats_.month_plural;
  return Fill(pattern, {{"{count}", std::to_string(months)}});
}

std::string Templates::List(std::string_view joined) const {
  const std::vector<std::string_view> items = SplitNonEmpty(joined, "; ");
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0)
      out += i + 1 == items.size() ? StrCat(" ", formats_.and_word, " ") : std::string(", ");
    out += Term(items[i]);
  }
  return out;
}

std::string Templates::Term(std::string_view value) const {
  const auto found = terms_.find(value);
  return found == terms_.end() ? std::string(value) : found->second;
}

std::string Templates::LanguageName(std::string_view code) const {
  const auto found = languages_.find(code);
  return found == languages_.end() ? std::string(code) : found->second;
}

std::string TemplateBook::Supported(std::string_view bcp47) const {
  std::string primary(bcp47.substr(0, bcp47.find('-')));
  for (char& c : primary) c = c >= 'A' && c <= 'Z' ? c + 32 : c;
  return templates_.contains(primary) ? primary : std::string(kFallback);
}

const Templates& TemplateBook::For(std::string_view supported_language) const {
  const auto found = templates_.find(supported_language);
  return found != templates_.end() ? found->second : templates_.find(kFallback)->second;
}

}  // namespace switchboard::response_generator
