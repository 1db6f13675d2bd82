// Cuts a text into words, numbers, dates and identifiers.
#include "absl/strings/ascii.h"
#include "common/base/text.h"
#include "services/critic-supervisor/critic/statement_reader.h"
#include "services/critic-supervisor/critic/units.h"

namespace switchboard::critic {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Upper(char c) { return c >= 'A' && c <= 'Z'; }
bool AsciiLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// Letters of a word: ASCII, and two-byte letters from À on (Latin, Greek, Cyrillic).
bool WordByte(std::string_view text, size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (AsciiLetter(text[i])) return true;
  if (c < 0xC3)
    return c >= 0x80 && c < 0xC0 && i > 0 && static_cast<unsigned char>(text[i - 1]) >= 0xC3;
  return c < 0xE2;
}

}  // namespace

void Reader::ReadNumber(size_t& i) {
  const size_t begin = i;
  while (i < text_.size() && (Digit(text_[i]) || ((text_[i] == '.' || text_[i] == ',') &&
                                                  i + 1 < text_.size() && Digit(text_[i + 1])))) {
    ++i;
  }
  // "1 350", with a plain, a hard or a narrow space.
  const auto space_size = [&](size_t at) -> size_t {
    if (at < text_.size() && text_[at] == ' ') return 1;
    if (text_.substr(at, 2) == "\xC2\xA0") return 2;
    if (text_.substr(at, 3) == "\xE2\x80\xAF") return 3;
    return 0;
  };
  if (i - begin <= 3) {
    for (size_t space = space_size(i); space > 0; space = space_size(i)) {
      size_t end = i + space;
      while (end < text_.size() && Digit(text_[end])) ++end;
      if (end - i - space != 3) break;
      i = end;
      if (i + 1 < text_.size() && (text_[i] == ',' || text_[i] == '.') && Digit(text_[i + 1])) {
        ++i;
        while (i < text_.size() && Digit(text_[i])) ++i;
      }
    }
  }
  Raw raw;
  raw.number = true;
  std::string digits;
  for (size_t k = begin; k < i; ++k) {
    if (Digit(text_[k]) || text_[k] == '.' || text_[k] == ',') digits.push_back(text_[k]);
  }
  ValueOf(digits, raw.value, raw.other);
  // 8:30, 8h30.
  if (i + 2 < text_.size() && (text_[i] == ':' || text_[i] == 'h') && Digit(text_[i + 1]) &&
      Digit(text_[i + 2]) && (i + 3 >= text_.size() || !Digit(text_[i + 3])) && raw.value < 25) {
    raw.minutes =
        static_cast<int>(raw.value) * 60 + (text_[i + 1] - '0') * 10 + (text_[i + 2] - '0');
    i += 3;
  }
  raw.folded = digits;
  raw.begin = static_cast<uint32_t>(begin);
  raw.size = static_cast<uint32_t>(i - begin);
  raw.capital = raw.starts = false;
  raw_.push_back(std::move(raw));
}

void Reader::Split() {
  bool clause = true, sentence = true, question = false, line = true;
  char sign = 0;
  const auto push = [&](size_t index) {
    Raw& raw = raw_[index];
    raw.starts = sentence;
    raw.clause_end_before = clause;
    raw.sentence_end_before = sentence;
    raw.line_before = line;
    raw.question = question;
    clause = sentence = question = line = false;
  };
  for (size_t i = 0; i < text_.size();) {
    const char c = text_[i];
    if (Digit(c)) {
      const size_t index = raw_.size();
      Date date;
      if (const size_t end = NumericDateAt(text_, i, date); end > i) {
        Raw raw;
        raw.folded = "-";
        raw.date = static_cast<int32_t>(out_.dates.size());
        raw.begin = static_cast<uint32_t>(i);
        raw.size = static_cast<uint32_t>(end - i);
        raw.capital = false;
        out_.dates.push_back(date);
        raw_.push_back(std::move(raw));
        push(index);
        i = end;
        continue;
      }
      ReadNumber(i);
      push(index);
      raw_[index].sign = sign;
      sign = 0;
      continue;
    }
    if (WordByte(text_, i)) {
      const size_t begin = i;
      bool ascii = true;
      while (i < text_.size() && WordByte(text_, i)) {
        ascii &= static_cast<unsigned char>(text_[i]) < 0x80;
        ++i;
      }
      // don't, can't: one word without its apostrophe. L'envoi: two.
      const auto apostrophe = [&](size_t at) -> size_t {
        if (at < text_.size() && text_[at] == '\'') return 1;
        return text_.substr(at, 3) == "\xE2\x80\x99" ? 3 : 0;
      };
      // JP-1001, T-3F0A: one word.
      size_t end = i;
      bool digits = false;
      while (end < text_.size() &&
             (Digit(text_[end]) || AsciiLetter(text_[end]) ||
              (text_[end] == '-' && end + 1 < text_.size() &&
               (Digit(text_[end + 1]) || (digits && AsciiLetter(text_[end + 1])))))) {
        digits |= Digit(text_[end]);
        ++end;
      }
      if (digits) i = end;
      std::string joined;
      const size_t quote = apostrophe(i);
      if (quote > 0 && i - begin >= 2 && i > begin &&
          (text_[i - 1] == 'n' || text_[i - 1] == 'N') && i + quote < text_.size() &&
          (text_[i + quote] == 't' || text_[i + quote] == 'T') &&
          (i + quote + 1 >= text_.size() || !WordByte(text_, i + quote + 1))) {
        joined = std::string(text_.substr(begin, i - begin)) + "t";
        i += quote + 1;
      }
      Raw raw;
      const std::string_view word =
          joined.empty() ? text_.substr(begin, i - begin) : std::string_view(joined);
      if (ascii) {
        raw.capital = Upper(word[0]);
        raw.folded.assign(word);
        for (char& letter : raw.folded)
          letter = absl::ascii_tolower(static_cast<unsigned char>(letter));
      } else {
        raw.folded = FoldAccents(word);
        raw.capital = Upper(word[0]) || (static_cast<unsigned char>(word[0]) >= 0x80 &&
                                         ToLower(word).substr(0, 2) != word.substr(0, 2));
      }
      raw.identifier = digits;
      raw.begin = static_cast<uint32_t>(begin);
      raw.size = static_cast<uint32_t>(i - begin);
      raw_.push_back(std::move(raw));
      push(raw_.size() - 1);
      sign = 0;
      continue;
    }
    const auto follows_number = [&] {
      return !raw_.empty() && raw_.back().number && i - raw_.back().begin - raw_.back().size <= 3;
    };
    if (c == '$' || c == '%' || text_.substr(i, 3) == "\xE2\x82\xAC" ||
        text_.substr(i, 2) == "\xC2\xA3") {
      const char found = c == '$' || c == '%' ? c : (c == '\xE2' ? 'E' : 'L');
      const bool number_next = i + (c == '\xE2'   ? 3
                                    : c == '\xC2' ? 2
                                                  : 1) <
                                   text_.size() &&
                               Digit(text_[i + (c == '\xE2'   ? 3
                                                : c == '\xC2' ? 2
                                                              : 1)]);
      if (follows_number() && raw_.back().sign == 0 && !(number_next && found != '%')) {
        raw_.back().sign = found;
      } else {
        sign = found;
      }
      i += c == '\xE2' ? 3 : c == '\xC2' ? 2 : 1;
      continue;
    }
    if (c == '.' || c == '!' || c == '?') {
      const bool ends = i + 1 >= text_.size() || text_[i + 1] == ' ' || text_[i + 1] == '\n' ||
                        text_[i + 1] == '"' || text_[i + 1] == ')';
      // "Am 21. November" is one sentence.
      const bool ordinal = german_ && c == '.' && !raw_.empty() && raw_.back().number &&
                           raw_.back().size <= 2 && raw_.back().begin + raw_.back().size == i;
      if (ends && !ordinal) {
        sentence = clause = true;
        question |= c == '?';
      }
    } else if (c == '\n') {
      sentence = clause = line = true;
    } else if (c == ',' || c == ';' || c == ':' || c == '(' || c == ')' ||
               text_.substr(i, 3) == "\xE2\x80\x94") {
      clause = true;
    }
    ++i;
    while (i < text_.size() && (static_cast<unsigned char>(text_[i]) & 0xC0) == 0x80) ++i;
  }
  pending_ = question ? "?" : "";
}

}  // namespace switchboard::critic
