#include "services/intent-classifier/entities.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/text.h"

namespace switchboard::intent_classifier {
namespace {

constexpr int kGroupsMax = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string Digits(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), IsDigit);
  return digits;
}

// "(?:longest|…|short)", every word quoted.
std::string AnyOf(std::vector<std::string> words) {
  std::sort(words.begin(), words.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  std::string expression = "(?:";
  for (size_t i = 0; i < words.size(); ++i) {
    expression += (i == 0 ? "" : "|") + RE2::QuoteMeta(words[i]);
  }
  return expression + ")";
}

// "1.234,56", "1 234.56", "189" → "1234.56", "1234.56", "189.00"; empty when it is no number.
std::string NormalizeNumber(std::string_view text) {
  const size_t separator = text.find_last_of(".,");
  const bool has_decimals = separator != std::string_view::npos && text.size() - separator <= 3;
  std::string whole = Digits(has_decimals ? text.substr(0, separator) : text);
  std::string decimals = has_decimals ? Digits(text.substr(separator)) : "";
  if (whole.empty() || whole.size() > 12) return "";
  const size_t zeros = std::min(whole.find_first_not_of('0'), whole.size() - 1);
  decimals.resize(2, '0');
  return whole.substr(zeros) + "." + decimals;
}

// ISO 8601, or empty when there is no such day. Year 0: not said.
std::string NormalizeDate(int year, int month, int day) {
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kDays[month - 1]) return "";
  if (year > 0 && year < 100) year += 2000;
  if (year != 0 && (year < 1900 || year > 2199)) return "";
  char text[40];
  if (year == 0) {
    std::snprintf(text, sizeof text, "--%02d-%02d", month, day);
  } else {
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  }
  return text;
}

// Day before month, unless only the other way round is a date.
std::string NormalizeNumericDate(int year, int first, int second) {
  const std::string value = NormalizeDate(year, second, first);
  return value.empty() ? NormalizeDate(year, first, second) : value;
}

int ToInt(const re2::StringPiece& text) {
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

struct EntityFinder::Patterns {
  // Sees the message and the groups; the value, or empty when this is not the thing after all.
  using Normalize =
      std::function<std::string(std::string_view message, const re2::StringPiece* groups)>;
  struct Pattern {
    // Empty: claims its place so that nothing else is found there (web addresses).
    std::string_view type;
    // Group 1 is the entity.
    std::unique_ptr<RE2> expression;
    Normalize normalize;
  };

  std::vector<Pattern> all;
  std::map<std::string, int> months;
  std::map<std::string, std::string> currencies;
  std::vector<std::string> not_after;
  std::vector<std::string> not_before;

  void Add(std::string_view type, const std::string& expression, Normalize normalize);
  void AddAddresses();
  void AddAmounts();
  void AddDates(const std::string& date_word);
  void AddNumbers(const std::string& order_word, const std::string& number_word);
  bool IsBareOrder(std::string_view message, size_t begin, size_t end) const;
  absl::Status Check() const;
};

void EntityFinder::Patterns::Add(std::string_view type, const std::string& expression,
                                 Normalize normalize) {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  all.push_back({type, std::make_unique<RE2>(expression, options), std::move(normalize)});
}

void EntityFinder::Patterns::AddAddresses() {
  Add("email", R"(([a-z0-9][a-z0-9._%+-]*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})\b)",
      [](std::string_view, const re2::StringPiece* groups) {
        return ToLower({groups[1].data(), groups[1].size()});
      });
  Add("", R"(\b((?:https?://|www\.)\S+))",
      [](std::string_view, const re2::StringPiece*) { return std::string("url"); });
}

void EntityFinder::Patterns::AddAmounts() {
  std::vector<std::string> signs, words;
  for (const auto& [name, code] : currencies) {
    (IsAlphanumeric(name[0]) ? words : signs).push_back(name);
  }
  const std::string number =
      R"((\d{1,3}(?:[ .,'\x{00a0}\x{202f}]\d{3})+(?:[.,]\d{1,2})?\b|\d+(?:[.,]\d{1,2})?\b))";
  const auto normalize = [this](int amount_group, int currency_group) {
    return [this, amount_group, currency_group](std::string_view, const re2::StringPiece* groups) {
      const re2::StringPiece& amount = groups[amount_group];
      const re2::StringPiece& name = groups[currency_group];
      const std::string number = NormalizeNumber({amount.data(), amount.size()});
      const auto currency = currencies.find(ToLower({name.data(), name.size()}));
      if (number.empty() || currency == currencies.end()) return std::string();
      return number + " " + currency->second;
    };
  };
  Add("amount", R"(((\b)" + AnyOf(words) + "|" + AnyOf(signs) + R"()\s?)" + number + ")",
      normalize(3, 2));
  Add("amount", R"(\b()" + number + R"(\s?()" + AnyOf(signs) + "|" + AnyOf(words) + R"(\b)))",
      normalize(2, 3));
}

void EntityFinder::Patterns::AddDates(const std::string& date_word) {
  std::vector<std::string> names;
  for (const auto& [name, number] : months) names.push_back(name);
  const std::string month = "(" + AnyOf(names) + R"()\b\.?)";
  const auto month_number = [this](const re2::StringPiece& name) {
    const auto found = months.find(ToLower({name.data(), name.size()}));
    return found == months.end() ? 0 : found->second;
  };
  Add("date", R"(\b((\d{4})-(\d{2})-(\d{2}))\b)",
      [](std::string_view, const re2::StringPiece* groups) {
        return NormalizeDate(ToInt(groups[2]), ToInt(groups[3]), ToInt(groups[4]));
      });
  Add("date", R"(\b((\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2}))\b)",
      [](std::string_view, const re2::StringPiece* groups) {
        return NormalizeNumericDate(ToInt(groups[4]), ToInt(groups[2]), ToInt(groups[3]));
      });
  Add("date",
      R"(\b((\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?(?:\s+(?:of|de|du))?\s+)" + month +
          R"((?:(?:\s+del?\s+|,?\s+)(\d{4})\b)?))",
      [month_number](std::string_view, const re2::StringPiece* groups) {
        return NormalizeDate(ToInt(groups[4]), month_number(groups[3]), ToInt(groups[2]));
      });
  Add("date", R"(\b()" + month + R"(\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?))",
      [month_number](std::string_view, const re2::StringPiece* groups) {
        return NormalizeDate(ToInt(groups[4]), month_number(groups[2]), ToInt(groups[3]));
      });
  // Without a year: two digits each ("12/04"), or after a word that asks for a date ("le 3/4"), or
  // else "24/7" and "1/2" would be dates.
  const auto day_month = [](std::string_view, const re2::StringPiece* groups) {
    return NormalizeNumericDate(0, ToInt(groups[2]), ToInt(groups[3]));
  };
  Add("date", R"(\b((\d{2})/(\d{2}))\b)", day_month);
  Add("date", R"(\b)" + date_word + R"(\s+((\d{1,2})/(\d{1,2}))\b)", day_month);
}

void EntityFinder::Patterns::AddNumbers(const std::string& order_word,
                                        const std::string& number_word) {
  const auto digits_of_group_2 = [](std::string_view, const re2::StringPiece* groups) {
    return Digits({groups[2].data(), groups[2].size()});
  };
  // Tracking numbers are the order's number between "JP" and the region ("JP10452EU").
  Add("order_number", R"(((?:#\s?|\bORD[-\s#]{0,2}|\bJP[-\s]?)(\d{5,10})(?:[A-Z]{2})?)\b)",
      digits_of_group_2);
  Add("product", R"(\b(JP[-\s]?(\d{4}))\b)", [](std::string_view, const re2::StringPiece* groups) {
    return "JP-" + std::string(groups[2].data(), groups[2].size());
  });
  Add("order_number",
      R"(\b)" + order_word + R"(\b(?:\s+)" + number_word + R"(\.?)*\s*[:#]?\s*((\d{4,12}))\b)",
      [](std::string_view, const re2::StringPiece* groups) {
        std::string digits = Digits({groups[2].data(), groups[2].size()});
        const bool is_year = digits.size() == 4 && (digits[0] == '1' || digits[0] == '2');
        return is_year ? std::string() : digits;
      });
  const auto telephone = [](size_t digits_min, size_t digits_max) {
    return [digits_min, digits_max](std::string_view, const re2::StringPiece* groups) {
      std::string_view text(groups[1].data(), groups[1].size());
      bool international = text[0] == '+';
      std::string digits = Digits(text);
      if (digits.size() < digits_min || digits.size() > digits_max) return std::string();
      if (!international && digits.starts_with("00")) {
        international = true;
        digits.erase(0, 2);
      }
      return (international ? "+" : "") + digits;
    };
  };
  // E.164 allows 15 digits; the shortest international numbers in use have 8.
  Add("telephone", R"((\+\d(?:[ ().\-/]{0,2}\d){7,14})\b)", telephone(8, 15));
  Add("telephone", R"(\b(00[1-9](?:[ ().\-/]{0,2}\d){7,14})\b)", telephone(10, 17));
  Add("telephone", R"(\b(0[1-9](?:[ .\-/]?\d){7,10})\b)", telephone(9, 12));
  Add("telephone", R"((\(0\d{1,4}\)(?:[ .\-/]?\d){5,9})\b)", telephone(8, 12));
  Add("telephone", R"((\(\d{3}\)\s?\d{3}[-. ]?\d{4}|\b\d{3}[-. ]\d{3}[-. ]\d{4})\b)",
      telephone(10, 10));
  Add("telephone", R"(\b([6-9]\d{2}[ .\-]?\d{3}[ .\-]?\d{3}|[6-9]\d{2}(?:[ .\-]\d{2}){3})\b)",
      telephone(9, 9));
  Add("order_number", R"(\b((\d{5}))\b)",
      [this](std::string_view message, const re2::StringPiece* groups) {
        const auto begin = static_cast<size_t>(groups[1].data() - message.data());
        return IsBareOrder(message, begin, begin + groups[1].size())
                   ? std::string(groups[2].data(), groups[2].size())
                   : std::string();
      });
}

// Five digits are an order's number unless what stands around them says otherwise.
bool EntityFinder::Patterns::IsBareOrder(std::string_view message, size_t begin, size_t end) const {
  const std::string_view left = message.substr(0, begin);
  const std::string_view right = message.substr(end);
  constexpr std::string_view kJoins = ".,/-+";
  if (!left.empty() && kJoins.find(left.back()) != std::string_view::npos && left.size() > 1 &&
      IsAlphanumeric(left[left.size() - 2])) {
    return false;
  }
  if (right.size() > 1 && kJoins.find(right[0]) != std::string_view::npos &&
      IsAlphanumeric(right[1])) {
    return false;
  }
  const std::string before = ToLower(left.substr(left.size() - std::min<size_t>(left.size(), 32)));
  const std::string_view trimmed =
      std::string_view(before).substr(0, before.find_last_not_of(" :") + 1);
  for (const std::string& word : not_after) {
    if (trimmed.ends_with(word) && (trimmed.size() == word.size() ||
                                    !IsAlphanumeric(trimmed[trimmed.size() - word.size() - 1]))) {
      return false;
    }
  }
  const std::string after = ToLower(right.substr(0, 32));
  for (const std::string& word : not_before) {
    if (after.size() > word.size() && after[0] == ' ' && after.substr(1, word.size()) == word &&
        (after.size() == word.size() + 1 || !IsAlphanumeric(after[word.size() + 1]))) {
      return false;
    }
  }
  return true;
}

absl::Status EntityFinder::Patterns::Check() const {
  for (const Pattern& pattern : all) {
    if (!pattern.expression->ok()) return absl::InvalidArgumentError(pattern.expression->error());
    if (pattern.expression->NumberOfCapturingGroups() >= kGroupsMax) {
      return absl::InternalError("too many groups: " + pattern.expression->pattern());
    }
  }
  return absl::OkStatus();
}

EntityFinder::EntityFinder(std::unique_ptr<Patterns> patterns) : patterns_(std::move(patterns)) {}
EntityFinder::EntityFinder(EntityFinder&&) noexcept = default;
EntityFinder& EntityFinder::operator=(EntityFinder&&) noexcept = default;
EntityFinder::~EntityFinder() = default;

absl::StatusOr<EntityFinder> EntityFinder::FromJson(std::string_view json) {
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::InvalidArgumentError("is not a JSON object");
  auto patterns = std::make_unique<Patterns>();
  std::map<std::string, std::vector<std::string>> lists;
  try {
    patterns->months = root.at("months").get<std::map<std::string, int>>();
    patterns->currencies = root.at("currencies").get<std::map<std::string, std::string>>();
    patterns->not_after = root.at("not_an_order_after").get<std::vector<std::string>>();
    patterns->not_before = root.at("not_an_order_before").get<std::vector<std::string>>();
    for (const char* name : {"order_words", "number_words", "date_words"}) {
      lists[name] = root.at(name).get<std::vector<std::string>>();
    }
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  for (const auto& [name, number] : patterns->months) {
    if (number < 1 || number > 12) return absl::InvalidArgumentError("months: " + name);
  }
  // Earlier patterns claim their place first.
  patterns->AddAddresses();
  patterns->AddAmounts();
  patterns->AddDates(AnyOf(lists["date_words"]));
  patterns->AddNumbers(AnyOf(lists["order_words"]), AnyOf(lists["number_words"]));
  RETURN_IF_ERROR(patterns->Check());
  return EntityFinder(std::move(patterns));
}

std::vector<FoundEntity> EntityFinder::Find(std::string_view message) const {
  std::vector<FoundEntity> found;
  const bool has_digit = std::any_of(message.begin(), message.end(), IsDigit);
  const bool has_at = message.find('@') != std::string_view::npos;
  if (!has_digit && !has_at) return found;
  const re2::StringPiece text(message.data(), message.size());
  re2::StringPiece groups[kGroupsMax];
  for (const Patterns::Pattern& pattern : patterns_->all) {
    if (!has_at && pattern.type == "email") continue;
    size_t position = 0;
    while (found.size() < kEntitiesMax && position < text.size() &&
           pattern.expression->Match(text, position, text.size(), RE2::UNANCHORED, groups,
                                     1 + pattern.expression->NumberOfCapturingGroups())) {
      const auto begin = static_cast<uint32_t>(groups[1].data() - text.data());
      const auto end = static_cast<uint32_t>(begin + groups[1].size());
      position = end;
      const bool is_claimed = std::any_of(found.begin(), found.end(), [&](const FoundEntity& e) {
        return begin < e.end && e.begin < end;
      });
      if (is_claimed) continue;
      std::string value = pattern.normalize(message, groups);
      if (!value.empty()) found.push_back({pattern.type, std::move(value), begin, end});
    }
  }
  std::erase_if(found, [](const FoundEntity& entity) { return entity.type.empty(); });
  std::sort(found.begin(), found.end(),
            [](const FoundEntity& a, const FoundEntity& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace switchboard::intent_classifier
