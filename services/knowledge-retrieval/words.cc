#include "common/base/text.h"
#include "services/knowledge-retrieval/analyzer.h"

namespace switchboard::knowledge_retrieval {
namespace {

// A longer "word" is a pasted link or noise; it would only fill the vocabulary.
constexpr size_t kWordBytesMax = 64;

bool IsWordCodePoint(char32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7 || c == 0xfffd) return false;
  if (c >= 0x2000 && c <= 0x2bff) return false;    // punctuation, currency, arrows, symbols
  if (c >= 0x3000 && c <= 0x303f) return false;    // CJK punctuation
  if (c >= 0xe000 && c <= 0xf8ff) return false;    // private use
  if (c >= 0xfe00 && c <= 0xfe0f) return false;    // variation selectors
  if (c >= 0x1f000 && c <= 0x1ffff) return false;  // pictographs
  return true;
}

bool IsApostrophe(char32_t c) { return c == '\'' || c == 0x2019 || c == 0x2bc || c == '`'; }
bool IsHyphen(char32_t c) { return c == '-' || c == 0x2010 || c == 0x2011; }

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool AllLetters(std::string_view text) {
  return text.find_first_of("0123456789") == std::string_view::npos;
}

// Letters and digits without a break, and what stands between them and the piece before.
struct Piece {
  std::string_view text;
  size_t begin;
  char separator;  // 0 (a space or punctuation), '\'' or '-'
};

std::vector<Piece> Pieces(std::string_view text) {
  std::vector<Piece> pieces;
  char separator = 0;
  size_t after_word = std::string_view::npos;  // offset right after the last piece
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const char32_t c = NextCodePoint(text, i);
    if (!IsWordCodePoint(c)) {
      const bool touches = begin == after_word;
      separator = touches && IsApostrophe(c) ? '\'' : touches && IsHyphen(c) ? '-' : 0;
      if (separator != 0) after_word = std::string_view::npos;
      continue;
    }
    size_t end = i;
    while (i < text.size() && IsWordCodePoint(NextCodePoint(text, i))) end = i;
    i = end;
    pieces.push_back({text.substr(begin, end - begin), begin, separator});
    separator = 0;
    after_word = end;
  }
  return pieces;
}

enum class Join { kSeparate, kJoin, kDropLeft, kDropRight };

// What an apostrophe between `left` and `right` (lower case) means.
Join AtApostrophe(std::string_view left, std::string_view right) {
  if (right == "t" || left == "aujourd") return Join::kJoin;
  for (const std::string_view ending : {"s", "ll", "re", "ve", "d", "m"}) {
    if (right == ending) return Join::kDropRight;
  }
  const bool elision = left.size() <= 2 || left.substr(left.size() - 2) == "qu";
  return elision ? Join::kDropLeft : Join::kSeparate;
}

Join AtHyphen(std::string_view left, std::string_view right) {
  if (AllDigits(right)) return left.size() <= 4 && AllLetters(left) ? Join::kJoin : Join::kSeparate;
  if (left.size() > 2 || !AllLetters(left)) return Join::kSeparate;
  for (const std::string_view pronoun : {"t", "il", "elle", "on", "je", "tu", "ce", "moi"}) {
    if (right == pronoun) return Join::kSeparate;
  }
  return Join::kJoin;
}

}  // namespace

int LanguageNumber(std::string_view tag) {
  for (int i = 0; i < kLanguageCount; ++i) {
    if (tag.substr(0, 2) == kLanguages[i] && (tag.size() == 2 || tag[2] == '-')) return i;
  }
  return -1;
}

std::vector<Word> SplitWords(std::string_view text) {
  std::vector<Word> words;
  for (const Piece& piece : Pieces(text)) {
    Word word;
    word.lower = ToLower(piece.text);
    word.begin = piece.begin;
    word.end = piece.begin + piece.text.size();
    word.capital = word.lower.compare(0, 2, piece.text.substr(0, 2)) != 0;
    Join join = Join::kSeparate;
    if (piece.separator != 0 && !words.empty()) {
      join = piece.separator == '\'' ? AtApostrophe(words.back().lower, word.lower)
                                     : AtHyphen(words.back().lower, word.lower);
    }
    if (join == Join::kDropRight) continue;
    if (join == Join::kJoin) {
      words.back().lower += word.lower;
      words.back().end = word.end;
      continue;
    }
    if (join == Join::kDropLeft) words.pop_back();
    words.push_back(std::move(word));
  }
  std::erase_if(words, [](const Word& word) { return word.lower.size() > kWordBytesMax; });
  for (Word& word : words) word.folded = FoldAccents(word.lower);
  return words;
}

}  // namespace switchboard::knowledge_retrieval
