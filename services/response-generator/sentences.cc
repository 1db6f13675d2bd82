#include "services/response-generator/sentences.h"

#include <algorithm>
#include <array>

#include "services/response-generator/strings.h"

namespace switchboard::response_generator {
namespace {

// Lower case, without the final period..
constexpr std::array<std::string_view, 37> kAbbreviations = {
    "approx", "apdo", "art",  "av",  "avda", "bzw",  "ca", "cf",  "dr",  "dra", "e.g", "ej",  "env",
    "etc",    "ex",   "fig",  "h",   "i.e",  "incl", "m",  "max", "min", "mme", "mr",  "mrs", "ms",
    "no",     "num",  "p.ej", "pag", "sr",   "sra",  "st", "tel", "ud",  "uds", "vs"};

bool IsAbbreviation(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? c + 32 : c;
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), lower) != kAbbreviations.end();
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Length of a closing quote or bracket at `i`, which still belongs to the sentence; 0: none.
size_t ClosingLength(std::string_view text, size_t i) {
  if (i >= text.size()) return 0;
  if (text[i] == '"' || text[i] == ')' || text[i] == ']' || text[i] == '\'') return 1;
  for (const std::string_view mark : {"”", "’", "»", " »", "\u00a0»", "\u202f»"}) {
    if (text.substr(i).starts_with(mark)) return mark.size();
  }
  return 0;
}

// A sentence begins with anything but a lower-case ASCII letter or closing punctuation.
bool CanBegin(std::string_view rest) {
  if (rest.empty()) return true;
  const char c = rest.front();
  return !(c >= 'a' && c <= 'z') && c != ',' && c != ';' && c != ')' && c != ':';
}

// Does the period at `i` end a sentence? `begin` is where the sentence began.
bool PeriodEnds(std::string_view text, size_t begin, size_t i) {
  size_t word = i;
  while (word > begin && !IsSpace(text[word - 1]) && text[word - 1] != '(') --word;
  const std::string_view before = text.substr(word, i - word);
  if (before.empty()) return true;
  // An initial such as "J." or the end of "U.K.".
  if (before.size() == 1 && before[0] >= 'A' && before[0] <= 'Z') return false;
  if (before.size() == 3 && before[1] == '.') return false;
  return !IsAbbreviation(before);
}

// Length of a list marker ("- ", "* ", "• ", "12. ", "3) ") at the line's beginning; fills what it
// is.
size_t MarkerLength(std::string_view line, int& number, bool& bullet) {
  for (const std::string_view mark : {"- ", "* ", "• ", "– "}) {
    if (line.starts_with(mark)) {
      bullet = true;
      return mark.size();
    }
  }
  size_t digits = 0;
  while (digits < line.size() && digits < 2 && IsDigit(line[digits])) ++digits;
  if (digits == 0 || digits + 1 >= line.size()) return 0;
  if ((line[digits] != '.' && line[digits] != ')') || line[digits + 1] != ' ') return 0;
  number = std::stoi(std::string(line.substr(0, digits)));
  return digits + 2;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) { sentences_.reserve(16); }

  std::vector<Sentence> Run() {
    size_t begin = 0;
    while (begin < text_.size()) {
      const size_t end = BlockEnd(begin);
      Block(begin, end);
      begin = end + 1;
    }
    return std::move(sentences_);
  }

 private:
  static std::string_view LineAt(std::string_view text, size_t begin) {
    return Trim(text.substr(begin, text.find('\n', begin) - begin));
  }

  // A block is a line, together with the lines that continue its last sentence.
  size_t BlockEnd(size_t begin) const {
    size_t end = std::min(text_.find('\n', begin), text_.size());
    while (end < text_.size()) {
      const std::string_view line = Trim(text_.substr(begin, end - begin));
      const std::string_view next = LineAt(text_, end + 1);
      if (line.empty() || line.front() == '#' || next.empty() || CanBegin(next)) break;
      end = std::min(text_.find('\n', end + 1), text_.size());
    }
    return end;
  }

  void Block(size_t begin, size_t end) {
    while (begin < end && IsSpace(text_[begin])) ++begin;
    while (end > begin && IsSpace(text_[end - 1])) --end;
    if (begin == end) {
      fresh_ = true;
      return;
    }
    if (text_[begin] == '#') {
      fresh_ = true;
      return;
    }
    int number = 0;
    bool bullet = false;
    const size_t marker = MarkerLength(text_.substr(begin, end - begin), number, bullet);
    if (marker > 0 || fresh_) ++paragraph_;
    fresh_ = false;
    Sentences(begin + marker, end, number, bullet);
    if (marker > 0) fresh_ = true;
  }

  void Sentences(size_t begin, size_t end, int number, bool bullet) {
    const std::string_view block = text_.substr(0, end);
    for (size_t i = begin; i < end; ++i) {
      const char c = block[i];
      if (c != '.' && c != '!' && c != '?') continue;
      size_t after = i + 1;
      while (after < end && (block[after] == '.' || block[after] == '!' || block[after] == '?')) {
        ++after;
      }
      for (size_t closing; (closing = ClosingLength(block, after)) > 0;) after += closing;
      if (after < end && !IsSpace(block[after])) continue;
      size_t next = after;
      while (next < end && IsSpace(block[next])) ++next;
      // "5. Press": the number of a list that lost its line breaks.
      const std::string_view so_far = block.substr(begin, i - begin);
      if (c == '.' && next < end && !so_far.empty() && so_far.size() <= 2 &&
          std::all_of(so_far.begin(), so_far.end(), IsDigit)) {
        number = std::stoi(std::string(so_far));
        ++paragraph_;
        begin = next;
        i = next - 1;
        continue;
      }
      if (next < end && !CanBegin(block.substr(next))) continue;
      if (c == '.' && after == i + 1 && next < end && !PeriodEnds(block, begin, i)) continue;
      Add(begin, after, number, bullet);
      begin = next;
      i = next - 1;
    }
    Add(begin, end, number, bullet);
  }

  void Add(size_t begin, size_t end, int number, bool bullet) {
    const std::string_view sentence = Trim(text_.substr(begin, end - begin));
    if (!sentence.empty()) sentences_.push_back({sentence, number, bullet, paragraph_});
  }

  std::string_view text_;
  std::vector<Sentence> sentences_;
  int paragraph_ = -1;
  bool fresh_ = true;
};

}  // namespace

std::vector<Sentence> SplitSentences(std::string_view text) { return Splitter(text).Run(); }

std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : Trim(text)) {
    if (!IsSpace(c)) {
      out.push_back(c);
    } else if (out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return out;
}

}  // namespace switchboard::response_generator
