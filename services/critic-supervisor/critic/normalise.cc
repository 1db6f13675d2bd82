#include "services/critic-supervisor/critic/normalise.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"
#include "services/critic-supervisor/critic/encoding.h"

namespace switchboard::critic {
namespace {

struct LookAlike {
  char32_t from;
  char to;
};

// Letters of other scripts that look Latin, sorted. Unicode's confusables list has thousands; these
// are the Cyrillic, Greek and small-capital ones that keyboards and "fancy text" pages offer.
constexpr LookAlike kLookAlikes[] = {
    {0x0131, 'i'}, {0x0251, 'a'}, {0x0261, 'g'}, {0x0269, 'i'}, {0x026A, 'i'}, {0x0274, 'n'},
    {0x0280, 'r'}, {0x028F, 'y'}, {0x0299, 'b'}, {0x029C, 'h'}, {0x029F, 'l'}, {0x03B1, 'a'},
    {0x03B5, 'e'}, {0x03B9, 'i'}, {0x03BA, 'k'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'},
    {0x03C4, 't'}, {0x03C5, 'u'}, {0x03C7, 'x'}, {0x03F2, 'c'}, {0x0430, 'a'}, {0x0432, 'b'},
    {0x0435, 'e'}, {0x043A, 'k'}, {0x043C, 'm'}, {0x043D, 'h'}, {0x043E, 'o'}, {0x0440, 'p'},
    {0x0441, 'c'}, {0x0442, 't'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'},
    {0x0457, 'i'}, {0x0458, 'j'}, {0x04BB, 'h'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'},
    {0x1D00, 'a'}, {0x1D04, 'c'}, {0x1D05, 'd'}, {0x1D07, 'e'}, {0x1D0A, 'j'}, {0x1D0B, 'k'},
    {0x1D0D, 'm'}, {0x1D0F, 'o'}, {0x1D18, 'p'}, {0x1D1B, 't'}, {0x1D1C, 'u'}, {0x1D20, 'v'},
    {0x1D21, 'w'}, {0x1D22, 'z'}};

// Zero-width characters, joiners, direction marks, variation selectors, the soft hyphen.
bool IsInvisible(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF) || c == 0xE0001 ||
         c == 0xE007F;
}

// Full-width, circled, mathematical and tag characters as the ASCII they stand for; 0 for others.
char ToAscii(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return static_cast<char>(c - 0xFF01 + '!');
  if (c >= 0xE0020 && c <= 0xE007E) return static_cast<char>(c - 0xE0000);
  if (c >= 0x24B6 && c <= 0x24CF) return static_cast<char>(c - 0x24B6 + 'a');
  if (c >= 0x24D0 && c <= 0x24E9) return static_cast<char>(c - 0x24D0 + 'a');
  if (c >= 0x1F130 && c <= 0x1F149) return static_cast<char>(c - 0x1F130 + 'a');
  if (c >= 0x1F150 && c <= 0x1F169) return static_cast<char>(c - 0x1F150 + 'a');
  if (c >= 0x1F170 && c <= 0x1F189) return static_cast<char>(c - 0x1F170 + 'a');
  if (c >= 0x1D400 && c <= 0x1D6A3) return static_cast<char>((c - 0x1D400) % 26 + 'a');
  if (c >= 0x1D7CE && c <= 0x1D7FF) return static_cast<char>((c - 0x1D7CE) % 10 + '0');
  if (c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2032 || c == 0xB4) return '\'';
  if (c == 0x201C || c == 0x201D || c == 0xAB || c == 0xBB) return '"';
  if (c >= 0x2010 && c <= 0x2015) return '-';
  if (c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x3000) return ' ';
  return 0;
}

char32_t Simplify(char32_t c) {
  if (c < 0x80) return c;
  if (const char ascii = ToAscii(c); ascii != 0) return static_cast<char32_t>(ascii);
  const auto* found =
      std::lower_bound(std::begin(kLookAlikes), std::end(kLookAlikes), c,
                       [](const LookAlike& entry, char32_t value) { return entry.from < value; });
  return found != std::end(kLookAlikes) && found->from == c ? static_cast<char32_t>(found->to) : c;
}

// Names of the HTML elements whose tags vanish; any other <…> may be what the customer means to
// say.
constexpr std::array<std::string_view, 14> kTags = {
    "a", "b", "br", "code", "div", "em", "font", "i", "li", "p", "pre", "span", "strong", "u"};

// Length of an HTML tag or comment at `i`, 0 when there is none.
size_t TagSize(std::string_view text, size_t i) {
  if (text.substr(i, 4) == "<!--") return 4;  // what is hidden inside stays visible to the rules
  const size_t end = text.find('>', i);
  if (end == std::string_view::npos || end - i > 200) return 0;
  std::string_view name = text.substr(i + 1, end - i - 1);
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  name = name.substr(0, name.find_first_of(" /\t\n"));
  return std::find(kTags.begin(), kTags.end(), name) == kTags.end() ? 0 : end - i + 1;
}

// &lt; &#105; &#x69; … at `i`: the character and the bytes it took; 0 bytes when there is none.
std::pair<char32_t, size_t> Entity(std::string_view text, size_t i) {
  const size_t end = text.find(';', i);
  if (end == std::string_view::npos || end - i > 9) return {0, 0};
  const std::string_view name = text.substr(i + 1, end - i - 1);
  constexpr std::pair<std::string_view, char32_t> kNamed[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}};
  for (const auto& [key, value] : kNamed) {
    if (name == key) return {value, end - i + 1};
  }
  if (name.size() < 2 || name[0] != '#') return {0, 0};
  const bool hexadecimal = name[1] == 'x' || name[1] == 'X';
  char32_t value = 0;
  for (const char c : name.substr(hexadecimal ? 2 : 1)) {
    if (!(hexadecimal ? absl::ascii_isxdigit(static_cast<unsigned char>(c))
                      : absl::ascii_isdigit(static_cast<unsigned char>(c)))) {
      return {0, 0};
    }
    const int digit =
        absl::ascii_isdigit(static_cast<unsigned char>(c)) ? c - '0' : (c | 32) - 'a' + 10;
    value = value * (hexadecimal ? 16 : 10) + static_cast<char32_t>(digit);
    if (value > 0x10FFFF) return {0, 0};
  }
  return {value, end - i + 1};
}

// Mark-up away, entities decoded, look-alikes and invisible characters resolved.
std::string Simplified(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '<') {
      if (const size_t size = TagSize(text, i); size > 0) {
        i += size;
        continue;
      }
    }
    char32_t c = 0;
    const auto [entity, size] =
        text[i] == '&' ? Entity(text, i) : std::pair<char32_t, size_t>{0, 0};
    if (size > 0) {
      c = entity;
      i += size;
    } else {
      c = NextCodePoint(text, i);
    }
    if (!IsInvisible(c)) AppendUtf8(out, Simplify(c));
  }
  return out;
}

// White space becomes one space, or one line break when it holds one; Markdown's marks vanish.
std::string Collapsed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      bool line = false;
      while (i < text.size() && absl::ascii_isspace(static_cast<unsigned char>(text[i]))) {
        line |= text[i++] == '\n';
      }
      --i;
      if (!out.empty()) out.push_back(line ? '\n' : ' ');
      continue;
    }
    const bool mark = c == '*' || c == '~' || c == '`';
    const bool doubled = mark && i + 1 < text.size() && text[i + 1] == c;
    if (doubled) ++i;
    if (doubled || c == '`') continue;
    if (mark && !out.empty() && out.back() != ' ' && i + 1 < text.size() && text[i + 1] != ' ')
      continue;
    out.push_back(c);
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
  return out;
}

char LeetLetter(char c) {
  switch (c) {
    case '0':
      return 'o';
    case '1':
      return 'i';
    case '3':
      return 'e';
    case '4':
      return 'a';
    case '5':
      return 's';
    case '7':
      return 't';
    case '8':
      return 'b';
    case '9':
      return 'g';
    case '@':
      return 'a';
    case '$':
      return 's';
    case '!':
      return 'i';
    case '|':
      return 'l';
    default:
      return 0;
  }
}

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) != 0; }

// A letter's stand-in between letters ("pr0mpt"), or before them ("4ll"). "gpt4", "10am", "v2" and
// addresses are ordinary, and a second view of the text costs as much as the first.
bool IsLeet(std::string_view word) {
  if (word.find('@') != std::string_view::npos && word.find('.') != std::string_view::npos)
    return false;
  constexpr std::string_view kAfterNumbers[] = {"am", "pm", "st", "nd", "rd", "th", "cm", "mm",
                                                "km", "kg", "ml", "gb", "tb", "mb", "kw", "hz"};
  for (size_t i = 0; i + 1 < word.size(); ++i) {
    if (LeetLetter(word[i]) == 0 || !IsLetter(word[i + 1])) continue;
    if (i > 0 && IsLetter(word[i - 1])) return true;
    if (i > 0 || word.size() < 3 || !IsLetter(word[2])) continue;
    const std::string_view rest = word.substr(1, 2);
    const bool unit =
        word.size() <= 4 && std::find(std::begin(kAfterNumbers), std::end(kAfterNumbers), rest) !=
                                std::end(kAfterNumbers);
    if (!unit) return true;
  }
  return false;
}

bool HoldsLeet(std::string_view folded) {
  for (size_t i = 0; i < folded.size();) {
    const size_t end = std::min(folded.find_first_of(" \n", i), folded.size());
    if (IsLeet(folded.substr(i, end - i))) return true;
    i = end + 1;
  }
  return false;
}

// The share of a text's words that everyone uses; a text without any is no language we know.
bool HasCommonWords(std::string_view folded) {
  static const auto& kCommon = *new absl::flat_hash_set<absl::string_view>(
      {"a",   "an",  "and",  "are", "can",  "der",   "de",   "die", "do",   "el",   "en",  "es",
       "est", "for", "have", "how", "i",    "ich",   "in",   "is",  "ist",  "it",   "je",  "la",
       "le",  "les", "me",   "mi",  "my",   "no",    "not",  "of",  "on",   "que",  "the", "this",
       "to",  "un",  "und",  "was", "what", "where", "with", "you", "your", "order"});
  size_t words = 0, common = 0;
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(folded.data(), folded.size()), absl::ByAnyChar(" \n,.!?"),
                      absl::SkipEmpty())) {
    if (++words > 60) break;
    common += kCommon.contains(word);
  }
  return words < 3 || common * 12 >= words;
}

}  // namespace

std::string Fold(std::string_view text) {
  // Lower case first, so that tags and look-alikes come in one form; again for what entities held.
  return Collapsed(FoldAccents(Simplified(ToLower(text))));
}

std::string Unleet(std::string_view folded) {
  if (!HoldsLeet(folded)) return {};
  std::string out(folded);
  bool changed = false;
  for (size_t i = 0; i < out.size();) {
    size_t end = i;
    bool letter = false, sign = false;
    while (end < out.size() && !absl::ascii_isspace(static_cast<unsigned char>(out[end]))) {
      letter |= absl::ascii_isalpha(static_cast<unsigned char>(out[end])) != 0;
      sign |= LeetLetter(out[end]) != 0;
      ++end;
    }
    // The last "!" of a word is punctuation.
    size_t last = end;
    while (last > i && out[last - 1] == '!') --last;
    if (sign && (letter || end - i <= 2)) {
      for (size_t k = i; k < last; ++k) {
        if (const char plain = LeetLetter(out[k]); plain != 0) {
          out[k] = plain;
          changed = true;
        }
      }
    }
    i = end + 1;
  }
  return changed ? out : std::string();
}

std::string JoinSpacedLetters(std::string_view folded) {
  const auto is_letter = [&](size_t i) {
    return i < folded.size() && absl::ascii_isalnum(static_cast<unsigned char>(folded[i]));
  };
  const auto is_gap = [&](size_t i) {
    return i < folded.size() && (folded[i] == ' ' || folded[i] == '.' || folded[i] == '-' ||
                                 folded[i] == '_' || folded[i] == '*');
  };
  std::string out;
  bool joined = false;
  for (size_t i = 0; i < folded.size();) {
    size_t letters = 0, k = i;
    const bool starts = i == 0 || !is_letter(i - 1);
    while (starts && is_letter(k) && !is_letter(k + 1)) {
      ++letters;
      k += is_gap(k + 1) && is_letter(k + 2) && !is_letter(k + 3) ? 2 : 1;
      if (!is_letter(k)) break;
    }
    if (letters >= 4) {
      for (size_t at = i; at < k; ++at) {
        if (is_letter(at)) out.push_back(folded[at]);
      }
      joined = true;
      i = k;
    } else {
      out.push_back(folded[i++]);
    }
  }
  return joined ? out : std::string();
}

Views Normalise(std::string_view text) {
  Views views;
  views.texts.push_back(Fold(text));
  const auto add = [&views](std::string view) {
    if (!view.empty() && views.texts.size() < kViewsMax) views.texts.push_back(std::move(view));
  };
  const std::string main = views.texts.front();
  add(Unleet(main));
  add(JoinSpacedLetters(main));
  if (!HasCommonWords(main)) {
    add(Rot13(main));
    add(Reverse(main));
  }
  for (const std::string& decoded : DecodeFragments(text, 3)) {
    add(Fold(decoded));
    for (const std::string& inner : DecodeFragments(decoded, 1)) add(Fold(inner));
  }
  return views;
}

}  // namespace switchboard::critic
