#include "common/learning/features.h"

#include <algorithm>

#include "common/base/text.h"

namespace switchboard::learning {
namespace {

constexpr std::string_view kUrl = "<url>";
constexpr std::string_view kEmail = "<email>";
constexpr std::string_view kCurrency = "<cur>";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }
// After folding, bytes above ASCII are letters of other scripts, or signs and emoji.
bool IsWordByte(char c) { return IsLetter(c) || (static_cast<unsigned char>(c) & 0x80); }

// English clitics whose apostrophe customers leave out as often as not.
bool IsClitic(std::string_view rest) {
  for (const std::string_view clitic : {"t", "s", "m", "d", "re", "ve", "ll"}) {
    if (rest.substr(0, clitic.size()) == clitic &&
        (rest.size() == clitic.size() || !IsWordByte(rest[clitic.size()]))) {
      return true;
    }
  }
  return false;
}

// "’" and its cousins as they stand in UTF-8; 0 when `text` does not begin with an apostrophe.
size_t ApostropheLength(std::string_view text) {
  if (text[0] == '\'' || text[0] == '`') return 1;
  for (const std::string_view sign : {"’", "‘", "ʼ", "´"}) {
    if (text.substr(0, sign.size()) == sign) return sign.size();
  }
  return 0;
}

// Signs of the blocks U+2000..U+2BFF (punctuation, arrows, symbols) and Latin-1's: separators.
size_t SignLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == 0xc2) return std::min<size_t>(2, text.size());
  if (first == 0xe2 && text.size() >= 3) return 3;
  return 0;
}

// The currency signs, which say more about an intent than the number beside them.
bool IsCurrency(std::string_view sign) { return sign == "€" || sign == "£"; }

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325u ^ seed;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

uint32_t ToSlot(uint64_t hash) {
  hash ^= hash >> 32;  // FNV mixes its high bits badly: the finalizer of MurmurHash3
  hash *= 0xff51afd7ed558ccdu;
  hash ^= hash >> 33;
  return static_cast<uint32_t>(hash >> (64 - kSlotBits));
}

}  // namespace

void Normalizer::Append(std::string_view word) {
  const auto begin = static_cast<uint32_t>(buffer_.size());
  buffer_.append(word);
  spans_.emplace_back(begin, static_cast<uint32_t>(buffer_.size()));
}

size_t Normalizer::AppendNumber(std::string_view rest) {
  size_t length = 1;
  while (length < rest.size() && IsDigit(rest[length])) ++length;
  const char word[] = {'0', ':', static_cast<char>('0' + std::min<size_t>(length, 9))};
  Append({word, sizeof word});
  return length;
}

size_t Normalizer::AppendAddress(std::string_view rest) {
  constexpr char kEnds[] = " \t\r\n,;<>()\"";
  // What stands before the @ is at most 64 bytes (RFC 5321, 4.5.3.1.1); without a bound a message
  // without spaces would be looked through from each of its words.
  constexpr size_t kLocalPartMax = 64;
  const bool url =
      rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.");
  const std::string_view head = rest.substr(0, kLocalPartMax + 1);
  const size_t at = std::min({head.find('@'), head.find_first_of(kEnds), head.size()});
  const bool email = at < head.size() && head[at] == '@';
  if (!url && !email) return 0;
  const size_t length = std::min(rest.find_first_of(kEnds), rest.size());
  if (!url && at + 2 >= length) return 0;
  Append(url ? kUrl : kEmail);
  return length;
}

size_t Normalizer::AppendWord(std::string_view rest) {
  word_.clear();
  size_t i = 0;
  while (i < rest.size()) {
    const std::string_view here = rest.substr(i);
    if (const size_t length = ApostropheLength(here); length > 0) {
      if (!IsClitic(here.substr(length))) break;
      i += length;
      continue;
    }
    if (!IsWordByte(rest[i]) || SignLength(here) > 0) break;
    // "pleeease": at most two of a letter in a row.
    const size_t n = word_.size();
    if (n < 2 || word_[n - 1] != rest[i] || word_[n - 2] != rest[i]) word_.push_back(rest[i]);
    ++i;
  }
  if (!word_.empty()) Append(word_);
  return std::max<size_t>(i, 1);
}

size_t Normalizer::AppendSign(std::string_view rest) {
  if (const size_t length = SignLength(rest); length > 0) {
    if (IsCurrency(rest.substr(0, length))) Append(kCurrency);
    return length;
  }
  if (rest[0] == '?' || rest[0] == '!' || rest[0] == '#') Append(rest.substr(0, 1));
  if (rest[0] == '$') Append(kCurrency);
  return 1;
}

const std::vector<std::string_view>& Normalizer::Words(std::string_view message) {
  folded_ = FoldAccents(message);
  buffer_.clear();
  spans_.clear();
  for (std::string_view rest = folded_; !rest.empty();) {
    size_t length = 0;
    if (IsDigit(rest[0])) {
      length = AppendNumber(rest);
    } else if (!IsWordByte(rest[0]) || SignLength(rest) > 0) {
      length = AppendSign(rest);
    } else {
      length = AppendAddress(rest);
      if (length == 0) length = AppendWord(rest);
    }
    rest.remove_prefix(length);
  }
  words_.clear();
  for (const auto& [begin, end] : spans_) {
    words_.push_back(std::string_view(buffer_).substr(begin, end - begin));
  }
  return words_;
}

void Extractor::AddCharacters(std::string_view word, std::vector<uint32_t>& keys) {
  if (word[0] == '<' || word[0] == '0' || word.size() == 1) return;
  padded_.assign(1, ' ');
  padded_.append(word);
  padded_.push_back(' ');
  for (size_t begin = 0; begin + 2 <= padded_.size(); ++begin) {
    uint64_t gram = HashBytes(std::string_view(padded_).substr(begin, 1), 2);
    const size_t length_max = std::min<size_t>(5, padded_.size() - begin);
    for (size_t length = 2; length <= length_max; ++length) {
      gram = (gram ^ static_cast<unsigned char>(padded_[begin + length - 1])) * 0x100000001b3u;
      keys.push_back(ToSlot(gram) | kCharacterGroup);
    }
  }
}

void Extractor::AddAcross(const std::vector<std::string_view>& words, std::vector<uint32_t>& keys) {
  constexpr size_t kLengthMax = 5;
  padded_.assign(1, ' ');
  for (const std::string_view word : words) {
    padded_.append(word);
    padded_.push_back(' ');
  }
  for (size_t begin = 0; begin + 2 <= padded_.size(); ++begin) {
    uint64_t gram = HashBytes(std::string_view(padded_).substr(begin, 1), 3);
    const size_t end = std::min(begin + kLengthMax, padded_.size());
    for (size_t i = begin + 1; i < end; ++i) {
      gram = (gram ^ static_cast<unsigned char>(padded_[i])) * 0x100000001b3u;
      keys.push_back(ToSlot(gram) | kAcrossGroup);
    }
  }
}

void Extractor::AddConcepts(std::string_view word, size_t position, const Lexicon& lexicon,
                            std::vector<uint32_t>& keys) {
  // Pairs reach this many words back, whichever comes first: "send it back" ~ "back it goes".
  constexpr size_t kPairReach = 8;
  constexpr uint64_t kSingle = 0xa0761d6478bd642fu;
  const size_t known = concepts_.size();
  lexicon.ForEachConcept(word, [&](uint16_t id) {
    keys.push_back(ToSlot((id + 1) * kSingle) | kConceptGroup);
    for (size_t i = known; i-- > 0 && position - concepts_[i].second <= kPairReach;) {
      const uint64_t low = std::min(id, concepts_[i].first);
      const uint64_t high = std::max(id, concepts_[i].first);
      if (low == high) continue;
      keys.push_back(ToSlot((low << 16 | high | 1ull << 40) * kSingle) | kConceptGroup);
    }
    concepts_.emplace_back(id, position);
  });
}

void Extractor::Extract(std::string_view message, const Lexicon& lexicon,
                        std::vector<uint32_t>& keys, bool letters_across) {
  keys.clear();
  concepts_.clear();
  const std::vector<std::string_view>& words = normalizer_.Words(message);
  constexpr uint64_t kBorder = 0x9e3779b97f4a7c15u;
  constexpr uint64_t kSkip = 0x5851f42d4c957f2du;
  uint64_t previous = kBorder;
  uint64_t before_previous = 0;
  for (size_t position = 0; position < words.size(); ++position) {
    const std::string_view word = words[position];
    const uint64_t hash = HashBytes(word, 1);
    keys.push_back(ToSlot(hash));
    keys.push_back(ToSlot(previous * 31 + hash));
    if (before_previous != 0) keys.push_back(ToSlot((before_previous * 31 + hash) ^ kSkip));
    before_previous = previous == kBorder ? 0 : previous;
    previous = hash;
    AddCharacters(word, keys);
    AddConcepts(word, position, lexicon, keys);
  }
  if (!words.empty()) keys.push_back(ToSlot(previous * 31 + kBorder));
  if (letters_across) AddAcross(words, keys);
  std::sort(keys.begin(), keys.end());
}

}  // namespace switchboard::learning
