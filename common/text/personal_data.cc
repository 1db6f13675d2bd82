#include "common/text/personal_data.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/ascii.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/text/personal_data_people.h"

namespace switchboard::text {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Alnum(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

size_t CountDigits(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), Digit));
}

// ---- e-mail
// --------------------------------------------------------------------------------------

// The address around the '@' at `at`; begin == end when there is none (RFC 5321 without quoting).
PersonalDataSpan EmailAround(std::string_view text, size_t at) {
  constexpr std::string_view kLocal = ".!#$%&'*+/=?^_{|}~-";
  constexpr size_t kLocalMax = 64, kDomainMax = 253;
  size_t begin = at;
  while (begin > 0 && at - begin < kLocalMax &&
         (Alnum(text[begin - 1]) || kLocal.find(text[begin - 1]) != std::string_view::npos)) {
    --begin;
  }
  while (begin < at && !Alnum(text[begin]) && text[begin] != '_') ++begin;
  size_t end = at + 1;
  while (end < text.size() && end - at < kDomainMax &&
         (Alnum(text[end]) || text[end] == '.' || text[end] == '-')) {
    ++end;
  }
  while (end > at && !Alnum(text[end - 1])) --end;
  const std::string_view domain = text.substr(at + 1, end - std::min(end, at + 1));
  const size_t dot = domain.rfind('.');
  const bool valid =
      begin < at && dot != std::string_view::npos && dot > 0 && domain.size() - dot > 2;
  return {PersonalDataType::kEmail, begin, valid ? end : begin};
}

// ---- IP addresses
// --------------------------------------------------------------------------------

bool IsIpAddress(std::string_view run) {
  if (run.size() < 4 || run.size() > 45) return false;
  const std::string text(run);
  std::array<unsigned char, 16> bytes{};
  if (run.find(':') != std::string_view::npos) {
    // "::" and "a::b" are words of programmers; an address worth hiding is longer.
    return std::count(run.begin(), run.end(), ':') >= 3 &&
           inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
  }
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1;
}

// "firmware 1.2.3.4", "version: 10.0.19.1", "v1.2.3.4": four numbers that count releases.
bool FollowsAVersion(std::string_view text, size_t begin) {
  constexpr size_t kReach = 20;  // bytes: one word and what stands between
  const size_t from = begin - std::min(begin, kReach);
  const std::string before = AsciiStrToLower(text.substr(from, begin - from));
  for (const char* word : {"versi", "firmware", "release", "build", "update", "software"}) {
    if (before.find(word) != std::string::npos) return true;
  }
  const size_t size = before.size();
  return size > 0 && before[size - 1] == 'v' && (size == 1 || !Alnum(before[size - 2]));
}

PersonalDataSpan IpAt(std::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size() && (absl::ascii_isxdigit(static_cast<unsigned char>(text[end])) ||
                               text[end] == ':' || text[end] == '.')) {
    ++end;
  }
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == ':')) --end;
  const bool valid = IsIpAddress(text.substr(begin, end - begin)) &&
                     (end >= text.size() || !Alnum(text[end])) && !FollowsAVersion(text, begin);
  return {PersonalDataType::kIp, begin, valid ? end : begin};
}

// ---- IBAN
// ----------------------------------------------------------------------------------------

PersonalDataSpan IbanAt(std::string_view text, size_t begin) {
  // Two letters, two digits, then groups; the longest prefix that checks wins.
  if (begin + 15 > text.size() || !absl::ascii_isalpha(static_cast<unsigned char>(text[begin])) ||
      !absl::ascii_isalpha(static_cast<unsigned char>(text[begin + 1])) ||
      !Digit(text[begin + 2]) || !Digit(text[begin + 3])) {
    return {PersonalDataType::kIban, begin, begin};
  }
  size_t end = begin, best = begin, count = 0;
  while (end < text.size() && count < 34) {
    const bool space = text[end] == ' ' && end > begin && text[end - 1] != ' ';
    if (!space && !absl::ascii_isalnum(static_cast<unsigned char>(text[end]))) break;
    count += !space;
    ++end;
    const bool word_ends = end >= text.size() || !Alnum(text[end]);
    if (count >= 15 && word_ends && IsIban(text.substr(begin, end - begin))) best = end;
  }
  return {PersonalDataType::kIban, begin, best};
}

// ---- numbers: cards, social security, telephone
// ---------------------------------------------------

// A run of digits with the separators people put between them, and its groups.
struct NumberRun {
  size_t begin = 0, end = 0;
  size_t digits = 0;
  std::vector<size_t> groups;  // digits of each group
  std::string separators;      // first character of each separator
  bool plus = false, bracket = false;
};

NumberRun RunAt(std::string_view text, size_t begin) {
  NumberRun run;
  run.begin = run.end = begin;
  size_t i = begin, group = 0, open = 0;
  const auto close_group = [&] {
    if (group > 0) run.groups.push_back(group);
    group = 0;
  };
  char separator = 0;
  size_t separator_size = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (Digit(c)) {
      if (separator != 0 && !run.groups.empty()) run.separators.push_back(separator);
      separator = 0;
      separator_size = 0;
      ++group;
      ++run.digits;
      run.end = i + 1;
      continue;
    }
    close_group();
    if (c == '+' && i == begin) {
      run.plus = true;
    } else if (c == '(' && open == 0) {
      run.bracket = true;
      ++open;
    } else if (c == ')' && open == 1) {
      ++open;
      if (run.end == i) run.end = i + 1;
    } else if ((c == ' ' || c == '-' || c == '.' || c == '/') && run.digits > 0 &&
               separator_size < 3) {
      if (separator == 0 || separator == ' ') separator = c;
      ++separator_size;
    } else {
      break;
    }
  }
  close_group();
  while (run.end > run.begin && !Digit(text[run.end - 1])) --run.end;
  return run;
}

// 2026-11-21, 21.11.2026, 21/11/26: three groups with the same separator, one of them a year.
bool LooksLikeDate(const NumberRun& run, std::string_view text) {
  if (run.plus || run.groups.size() < 3 || run.separators[0] != run.separators[1]) return false;
  const auto& g = run.groups;
  const char separator = run.separators[0];
  // A time of day may follow: 2026-11-21 14:05.
  if (separator == ' ' && g.size() > 3) return false;
  const std::string_view century = text.substr(run.begin, 2);
  const bool year_first =
      g[0] == 4 && g[1] <= 2 && g[2] <= 2 && (century == "19" || century == "20");
  const bool year_last = g[0] <= 2 && g[1] <= 2 && g[2] == 4;
  const bool short_year = g[0] <= 2 && g[1] <= 2 && g[2] == 2 && separator == '/';
  return year_first || year_last || short_year;
}

// A price follows or leads: 1 234 567,00 € or EUR 1.234.567.
bool LooksLikeAmount(const NumberRun& run, std::string_view text) {
  const std::string_view after = text.substr(run.end, 6);
  const std::string_view before =
      text.substr(run.begin < 5 ? 0 : run.begin - 5, std::min<size_t>(run.begin, 5));
  for (const std::string_view sign : {"€", "$", "£", "EUR", "USD", "GBP", "%"}) {
    if (after.find(sign) != std::string_view::npos || before.find(sign) != std::string_view::npos)
      return true;
  }
  return after.size() > 1 && after[0] == ',' && Digit(after[1]);
}

bool NearPhoneWord(std::string_view text, size_t begin) {
  constexpr std::string_view kWords[] = {"call",      "phone",     "tel",   "mobile",  "cell",
                                         "fax",       "whatsapp",  "sms",   "text me", "ring",
                                         "numero de", "contact",   "llam",  "movil",   "appel",
                                         "anruf",     "rufnummer", "handy", "reach"};
  constexpr size_t kWindow = 32;
  const size_t from = begin < kWindow ? 0 : begin - kWindow;
  const std::string window = FoldAccents(text.substr(from, begin - from));
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return window.find(word) != std::string::npos; });
}

bool IsSsn(const NumberRun& run, std::string_view text) {
  if (run.groups != std::vector<size_t>{3, 2, 4} || run.separators != "--") return false;
  const std::string_view v = text.substr(run.begin, 11);
  // Numbers that the administration never assigns.
  return v.substr(0, 3) != "000" && v.substr(0, 3) != "666" && v[0] != '9' &&
         v.substr(4, 2) != "00" && v.substr(7) != "0000";
}

bool IsCard(const NumberRun& run, std::string_view text) {
  if (run.plus || run.bracket || run.digits < 12 || run.digits > 19) return false;
  const std::string_view value = text.substr(run.begin, run.end - run.begin);
  // Major industries of payment cards: 2 to 6 (ISO/IEC 7812); one group, or groups of four or so.
  if (value[0] < '2' || value[0] > '6') return false;
  const bool grouped =
      std::all_of(run.groups.begin(), run.groups.end(), [](size_t g) { return g >= 3; });
  return (run.groups.size() == 1 || grouped) && PassesLuhn(value);
}

bool IsPhone(const NumberRun& run, std::string_view text) {
  if (run.digits < 6 || run.digits > 15 || run.groups.empty()) return false;
  if (LooksLikeDate(run, text)) return false;
  // The form of a social security number that is none.
  if (run.groups == std::vector<size_t>{3, 2, 4} && run.separators == "--") return false;
  const bool dotted = run.separators.find('.') != std::string::npos;
  if (run.plus) return run.digits >= 8;
  if (run.groups.size() == 1 && !run.bracket) {
    // Ten digits in a row may be an order number: only what stands near "call" is a telephone.
    return run.digits >= 7 && NearPhoneWord(text, run.begin);
  }
  if (run.groups.size() > 6 || LooksLikeAmount(run, text)) return false;
  // 1.350 is a number, 12-15 a range.
  if (dotted && run.digits < 9) return false;
  const size_t largest = *std::max_element(run.groups.begin(), run.groups.end());
  const size_t smallest = *std::min_element(run.groups.begin(), run.groups.end());
  if (smallest < 2 && !(run.groups[0] == 1 && run.digits >= 10)) return false;
  if (run.digits == 6)
    return run.groups == std::vector<size_t>{2, 2, 2} && run.separators[0] != '/';
  if (run.groups.size() == 2 && !run.bracket && run.digits >= 7) {
    // 785 8949 and 06-10446904, not 2000 2500 or 10452 - 10460.
    if (run.groups[0] > 4 || run.groups[0] == run.groups[1]) return largest == 4 && run.digits == 8;
    return run.groups[1] >= 4 || run.digits >= 8;
  }
  return largest <= 8;
}

// x123 or ext. 123 behind a telephone number.
size_t ExtensionSize(std::string_view text, size_t at) {
  size_t i = at;
  if (i < text.size() && (text[i] == 'x' || text[i] == 'X')) {
    ++i;
    const size_t first = i;
    while (i < text.size() && Digit(text[i]) && i - first < 6) ++i;
    if (i > first) return i - at;
  }
  return 0;
}

// The number that begins at `begin`; end == begin when it is none of the kinds, `skip` then says
// where to go on.
PersonalDataSpan NumberAt(std::string_view text, size_t begin, size_t& skip) {
  NumberRun run = RunAt(text, begin);
  skip = std::max(run.end, begin + 1);
  if (run.digits < 6) return {PersonalDataType::kPhone, begin, begin};
  const bool glued = run.end < text.size() && Alnum(text[run.end]);
  if (!glued && IsSsn(run, text)) return {PersonalDataType::kSsn, begin, run.end};
  if (!glued && IsCard(run, text)) return {PersonalDataType::kCard, begin, run.end};
  const size_t extension = ExtensionSize(text, run.end);
  if ((!glued || extension > 0) && IsPhone(run, text)) {
    return {PersonalDataType::kPhone, begin, run.end + extension};
  }
  return {PersonalDataType::kPhone, begin, begin};
}

}  // namespace

std::string_view PersonalDataName(PersonalDataType type) {
  switch (type) {
    case PersonalDataType::kEmail:
      return "e-mail address";
    case PersonalDataType::kPhone:
      return "telephone number";
    case PersonalDataType::kCard:
      return "payment card";
    case PersonalDataType::kIban:
      return "bank account";
    case PersonalDataType::kSsn:
      return "social security number";
    case PersonalDataType::kIp:
      return "IP address";
    case PersonalDataType::kAddress:
      return "postal address";
    case PersonalDataType::kPassword:
      return "password";
    case PersonalDataType::kPerson:
      return "person";
  }
  return "personal data";
}

bool PassesLuhn(std::string_view text) {
  int sum = 0, count = 0;
  for (auto c = text.rbegin(); c != text.rend(); ++c) {
    if (!Digit(*c)) continue;
    int value = *c - '0';
    if (count++ % 2 == 1) {
      value *= 2;
      if (value > 9) value -= 9;
    }
    sum += value;
  }
  return count >= 12 && count <= 19 && sum % 10 == 0;
}

bool IsIban(std::string_view text) {
  std::string compact;
  for (const char c : text) {
    if (c == ' ') continue;
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return false;
    compact.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  // ISO 13616: 15 (Norway) to 34 characters.
  if (compact.size() < 15 || compact.size() > 34) return false;
  if (!absl::ascii_isalpha(compact[0]) || !absl::ascii_isalpha(compact[1]) || !Digit(compact[2]) ||
      !Digit(compact[3])) {
    return false;
  }
  std::rotate(compact.begin(), compact.begin() + 4, compact.end());
  int remainder = 0;
  for (const char c : compact) {
    remainder =
        Digit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
  }
  return remainder == 1;
}

std::string CanonicalPersonalData(PersonalDataType type, std::string_view value) {
  if (type == PersonalDataType::kEmail || type == PersonalDataType::kIp ||
      type == PersonalDataType::kIban) {
    std::string lower = ToLower(value);
    lower.erase(std::remove(lower.begin(), lower.end(), ' '), lower.end());
    return lower;
  }
  if (type == PersonalDataType::kPassword) return std::string(value);
  if (type == PersonalDataType::kPerson || type == PersonalDataType::kAddress)
    return FoldAccents(value);
  std::string digits;
  std::copy_if(value.begin(), value.end(), std::back_inserter(digits), Digit);
  return digits;
}

namespace {

std::vector<PersonalDataSpan> FindStructured(std::string_view text) {
  std::vector<PersonalDataSpan> spans;
  if (text.find('@') == std::string_view::npos && CountDigits(text) < 4) return spans;
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    const PersonalDataSpan email = EmailAround(text, at);
    if (email.end > email.begin) spans.push_back(email);
  }
  const auto emails = spans;  // numbers inside an address are part of it
  for (size_t i = 0; i < text.size();) {
    const auto inside =
        std::find_if(emails.begin(), emails.end(),
                     [i](const PersonalDataSpan& span) { return i >= span.begin && i < span.end; });
    if (inside != emails.end()) {
      i = inside->end;
      continue;
    }
    const bool starts = i == 0 || !Alnum(text[i - 1]);
    PersonalDataSpan span{PersonalDataType::kPhone, i, i};
    size_t skip = i + 1;
    if (starts && Alnum(text[i])) {
      span = IbanAt(text, i);
      if (span.end == i) span = IpAt(text, i);
    }
    if (starts && span.end == i && (Digit(text[i]) || text[i] == '+' || text[i] == '(')) {
      span = NumberAt(text, i, skip);
    }
    if (span.end > i) {
      spans.push_back(span);
      i = span.end;
    } else {
      i = skip;
    }
  }
  std::sort(spans.begin(), spans.end(),
            [](const PersonalDataSpan& a, const PersonalDataSpan& b) { return a.begin < b.begin; });
  return spans;
}

std::string_view PlaceholderOf(PersonalDataType type) {
  switch (type) {
    case PersonalDataType::kEmail:
      return "EMAIL";
    case PersonalDataType::kPhone:
      return "PHONE";
    case PersonalDataType::kCard:
      return "CARD";
    case PersonalDataType::kIban:
      return "IBAN";
    case PersonalDataType::kSsn:
      return "SSN";
    case PersonalDataType::kIp:
      return "IP";
    case PersonalDataType::kAddress:
      return "ADDRESS";
    case PersonalDataType::kPassword:
      return "PASSWORD";
    case PersonalDataType::kPerson:
      return "PERSON";
  }
  return "PERSONAL";
}

}  // namespace

std::vector<PersonalDataSpan> FindPersonalData(std::string_view text, Kinds kinds) {
  std::vector<PersonalDataSpan> spans = FindStructured(text);
  if (kinds == Kinds::kStructured) return spans;
  // A password may look like an address: what is introduced comes first.
  std::vector<PersonalDataSpan> all = FindIntroduced(text);
  const size_t introduced = all.size();
  for (const PersonalDataSpan& span : spans) {
    const bool taken = std::any_of(all.begin(), all.begin() + static_cast<long>(introduced),
                                   [&](const PersonalDataSpan& other) {
                                     return span.begin < other.end && other.begin < span.end;
                                   });
    if (!taken) all.push_back(span);
  }
  std::sort(all.begin(), all.end(),
            [](const PersonalDataSpan& a, const PersonalDataSpan& b) { return a.begin < b.begin; });
  return all;
}

Redacted Redact(std::string_view text, bool ip_addresses) {
  Redacted redacted;
  std::vector<std::pair<PersonalDataType, std::string>> known;  // parallel to redacted.values
  size_t done = 0;
  for (const PersonalDataSpan& span : FindPersonalData(text, Kinds::kAll)) {
    if (span.type == PersonalDataType::kIp && !ip_addresses) continue;
    const std::string_view value = text.substr(span.begin, span.end - span.begin);
    std::pair<PersonalDataType, std::string> wanted(span.type,
                                                    CanonicalPersonalData(span.type, value));
    const auto found = std::find(known.begin(), known.end(), wanted);
    const auto index = static_cast<size_t>(found - known.begin());
    if (found == known.end()) {
      const auto number = 1 + std::count_if(known.begin(), known.end(), [&](const auto& other) {
                            return other.first == span.type;
                          });
      redacted.values.emplace_back(StrCat("<", PlaceholderOf(span.type), "_", number, ">"),
                                   std::string(value));
      known.push_back(std::move(wanted));
    }
    redacted.text.append(text.substr(done, span.begin - done));
    redacted.text.append(redacted.values[index].first);
    done = span.end;
  }
  redacted.text.append(text.substr(done));
  return redacted;
}

}  // namespace switchboard::text
