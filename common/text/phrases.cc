#include "common/text/phrases.h"

#include <algorithm>
#include <bit>

#include "absl/strings/string_view.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::text {
namespace {

constexpr int kGapMax = 12;
constexpr size_t kElementsMax = 12;
// Each optional element doubles the variants a phrase is expanded to.
constexpr int kOptionalsMax = 4;
constexpr size_t kSpanMax = 64;

// absl's own string_view is another type in Debian's packages.
absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

// UTF-8 of ’ ‘ ´ and the ASCII apostrophe: bytes taken, 0 when there is none.
size_t ApostropheSize(std::string_view text, size_t i) {
  if (text[i] == '\'' || text[i] == '`') return 1;
  const std::string_view rest = text.substr(i);
  return rest.starts_with("\u2019") || rest.starts_with("\u2018") ? 3 : 0;
}

// Punctuation beyond ASCII that separates words: general punctuation, guillemets, inverted marks, …
size_t SeparatorSize(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned char {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0;
  };
  if (byte(0) == 0xC2 && (byte(1) <= 0xBF)) return 2;                     // U+0080 to U+00BF
  if (byte(0) == 0xE2 && (byte(1) == 0x80 || byte(1) == 0x81)) return 3;  // U+2000 to U+207F
  if (byte(0) == 0xE3 && byte(1) == 0x80) return 3;                       // U+3000 to U+303F
  return 0;
}

// What follows the apostrophe of an English contraction: n't, 's, 're, 'm, 'll, 've, 'd.
bool IsContraction(std::string_view after) {
  size_t size = 0;
  while (size < after.size() && IsWordByte(after[size])) ++size;
  const std::string_view tail = after.substr(0, size);
  return tail == "t" || tail == "s" || tail == "re" || tail == "m" || tail == "ll" ||
         tail == "ve" || tail == "d";
}

constexpr size_t kHeads = 1024;
constexpr size_t kPrefixSizeMax = 63;

size_t HeadOf(std::string_view word) {
  const auto second = static_cast<unsigned char>(word.size() > 1 ? word[1] : 0);
  return (static_cast<unsigned char>(word[0]) * size_t{31} + second) % kHeads;
}

bool EndsSentence(std::string_view text, size_t i) {
  const char c = text[i];
  if (c == '\n') return true;
  if (c != '.' && c != '!' && c != '?' && c != ';' && c != ':') return false;
  return i + 1 >= text.size() || absl::ascii_isspace(static_cast<unsigned char>(text[i + 1]));
}

}  // namespace

Tokens Tokenize(std::string_view folded) {
  Tokens result;
  result.buffer_.reserve(folded.size());
  result.tokens_.reserve(folded.size() / 5 + 1);
  uint32_t sentence = 0;
  bool open = false;
  const auto close = [&](size_t at) {
    if (open) result.tokens_.back().text_end = static_cast<uint32_t>(at);
    open = false;
  };
  for (size_t i = 0; i < folded.size();) {
    const size_t apostrophe = ApostropheSize(folded, i);
    if (apostrophe > 0) {
      if (!open || !IsContraction(folded.substr(i + apostrophe))) close(i);
      i += apostrophe;
      continue;
    }
    if (const size_t separator = SeparatorSize(folded, i); separator > 0) {
      close(i);
      i += separator;
      continue;
    }
    if (!IsWordByte(folded[i])) {
      close(i);
      // An empty sentence would not matter, but a run of "!!!" counts once.
      if (EndsSentence(folded, i) && !result.tokens_.empty() &&
          result.tokens_.back().sentence == sentence) {
        ++sentence;
      }
      ++i;
      continue;
    }
    if (!open) {
      const auto at = static_cast<uint32_t>(result.buffer_.size());
      result.tokens_.push_back(
          {at, 0, static_cast<uint32_t>(i), static_cast<uint32_t>(i), sentence});
      open = true;
    }
    result.buffer_.push_back(folded[i]);
    ++result.tokens_.back().size;
    ++i;
  }
  close(folded.size());
  return result;
}

absl::Status PhraseBook::Builder::AddWords(std::string_view name,
                                           const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    if (word.size() > 2 && word.front() == '{' && word.back() == '}') {
      const auto other = lists_.find(word.substr(1, word.size() - 2));
      if (other == lists_.end()) {
        return absl::InvalidArgumentError(StrCat("no list ", word, " before this one"));
      }
      all.insert(all.end(), other->second.begin(), other->second.end());
      continue;
    }
    const std::string_view stem(word.data(), word.ends_with('*') ? word.size() - 1 : word.size());
    if (stem.empty() || stem.size() > kPrefixSizeMax ||
        !std::all_of(stem.begin(), stem.end(), IsWordByte)) {
      return absl::InvalidArgumentError(StrCat("\"", word, "\" is not one folded word"));
    }
    all.push_back(word);
  }
  if (!lists_.emplace(std::string(name), std::move(all)).second) {
    return absl::InvalidArgumentError("a list of this name exists already");
  }
  return absl::OkStatus();
}

absl::StatusOr<uint16_t> PhraseBook::Builder::ListOf(std::string_view alternatives) {
  if (alternatives == "#") return kDigitList;
  if (const auto known = compiled_.find(alternatives); known != compiled_.end()) {
    return known->second;
  }
  std::vector<std::string> words;
  for (const std::string_view part : Split(alternatives, '|')) {
    if (part.size() > 2 && part.front() == '{' && part.back() == '}') {
      const auto list = lists_.find(std::string(part.substr(1, part.size() - 2)));
      if (list == lists_.end()) {
        return absl::InvalidArgumentError(StrCat("there is no word list ", View(part)));
      }
      words.insert(words.end(), list->second.begin(), list->second.end());
      continue;
    }
    const std::string_view stem =
        part.substr(0, !part.empty() && part.back() == '*' ? part.size() - 1 : part.size());
    if (stem.empty() || stem.size() > kPrefixSizeMax ||
        !std::all_of(stem.begin(), stem.end(), IsWordByte)) {
      return absl::InvalidArgumentError(StrCat("\"", part, "\" is not one folded word"));
    }
    words.emplace_back(part);
  }
  const auto id = static_cast<uint16_t>(compiled_.size() + 1);  // 0 is "#"
  for (const std::string& word : words) {
    const bool prefix = word.back() == '*';
    auto& ids = prefix ? prefix_[word.substr(0, word.size() - 1)] : exact_[word];
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  compiled_.emplace(std::string(alternatives), id);
  return id;
}

absl::Status PhraseBook::Builder::ParseElement(std::string_view part, Phrase& phrase, int& gap) {
  if (part == "^") {
    if (!phrase.elements.empty()) return absl::InvalidArgumentError("^ is not at the beginning");
    phrase.at_begin = true;
    return absl::OkStatus();
  }
  if (part == "$") {
    phrase.at_end = true;
    return absl::OkStatus();
  }
  if (phrase.at_end) return absl::InvalidArgumentError("$ is not at the end");
  if (part.front() == '~') {
    if (!SimpleAtoi(absl::string_view(part.data() + 1, part.size() - 1), &gap) || gap < 1 ||
        gap > kGapMax) {
      return absl::InvalidArgumentError(StrCat("a gap is ~1 to ~", kGapMax));
    }
    return absl::OkStatus();
  }
  Element element;
  if (part.size() > 1 && part.front() == '!') {
    element.negated = true;
    part.remove_prefix(1);
  }
  if (part.size() > 1 && part.back() == '?') {
    element.optional = true;
    part.remove_suffix(1);
  }
  ASSIGN_OR_RETURN(element.list, ListOf(part));
  element.gap = static_cast<uint8_t>(gap);
  gap = 0;
  phrase.elements.push_back(element);
  return absl::OkStatus();
}

absl::StatusOr<int> PhraseBook::Builder::AddPhrase(std::string_view text) {
  Phrase phrase;
  phrase.number = count_;
  int gap = 0;
  for (const std::string_view part : Split(text, ' ')) {
    if (!part.empty()) RETURN_IF_ERROR(ParseElement(part, phrase, gap));
  }
  const auto optionals = std::count_if(phrase.elements.begin(), phrase.elements.end(),
                                       [](const Element& element) { return element.optional; });
  if (phrase.elements.empty() || optionals == static_cast<long>(phrase.elements.size())) {
    return absl::InvalidArgumentError("nothing in it must be there");
  }
  if (gap != 0) return absl::InvalidArgumentError("a gap at the end means nothing");
  if (phrase.elements.size() > kElementsMax || optionals > kOptionalsMax) {
    return absl::InvalidArgumentError(
        StrCat("at most ", kElementsMax, " elements, ", kOptionalsMax, " of them optional"));
  }
  AddVariants(phrase);
  if (phrases_.back().elements.front().negated) {
    return absl::InvalidArgumentError("it cannot begin with !");
  }
  return count_++;
}

// Optional elements become variants with and without them; the gap before a missing one joins the
// next.
void PhraseBook::Builder::AddVariants(const Phrase& phrase) {
  for (size_t i = 0; i < phrase.elements.size(); ++i) {
    if (!phrase.elements[i].optional) continue;
    Phrase with = phrase, without = phrase;
    with.elements[i].optional = false;
    without.elements.erase(without.elements.begin() + static_cast<long>(i));
    if (i < without.elements.size()) {
      auto& next = without.elements[i];
      next.gap = std::max(next.gap, phrase.elements[i].gap);
    }
    AddVariants(with);
    AddVariants(without);
    return;
  }
  phrases_.push_back(phrase);
}

PhraseBook PhraseBook::Builder::Build() && {
  PhraseBook book;
  book.exact_ = std::move(exact_);
  book.prefix_ = std::move(prefix_);
  book.prefix_sizes_.resize(kHeads, 0);
  for (const auto& [prefix, lists] : book.prefix_) {
    const uint64_t bit = uint64_t{1} << prefix.size();
    if (prefix.size() == 1) {
      for (uint64_t& sizes : book.prefix_sizes_) sizes |= bit;
    } else {
      book.prefix_sizes_[HeadOf(prefix)] |= bit;
    }
  }
  book.phrases_ = std::move(phrases_);
  book.starting_.resize(compiled_.size() + 1);
  for (uint32_t i = 0; i < book.phrases_.size(); ++i) {
    book.starting_[book.phrases_[i].elements.front().list].push_back(i);
  }
  return book;
}

PhraseBook::Classes PhraseBook::Classify(const Tokens& tokens) const {
  Classes classes;
  classes.begin.reserve(tokens.size() + 1);
  classes.all.reserve(tokens.size() * 4);
  for (size_t i = 0; i < tokens.size(); ++i) {
    classes.begin.push_back(static_cast<uint32_t>(classes.all.size()));
    const std::string_view word = tokens.word(i);
    const absl::string_view key = View(word);
    if (const auto found = exact_.find(key); found != exact_.end()) {
      classes.all.insert(classes.all.end(), found->second.begin(), found->second.end());
    }
    for (uint64_t sizes = prefix_sizes_[HeadOf(word)]; sizes != 0; sizes &= sizes - 1) {
      const auto size = static_cast<size_t>(std::countr_zero(sizes));
      if (size > word.size()) break;
      if (const auto found = prefix_.find(key.substr(0, size)); found != prefix_.end()) {
        classes.all.insert(classes.all.end(), found->second.begin(), found->second.end());
      }
    }
    if (std::any_of(word.begin(), word.end(),
                    [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); })) {
      classes.all.push_back(kDigitList);
    }
  }
  classes.begin.push_back(static_cast<uint32_t>(classes.all.size()));
  return classes;
}

int PhraseBook::Match(const Builder::Phrase& phrase, const Tokens& tokens, const Classes& classes,
                      size_t start) const {
  const uint32_t sentence = tokens[start].sentence;
  if (phrase.at_begin && start > 0 && tokens[start - 1].sentence == sentence) return -1;
  // Bit i: the elements so far can end at token start + i.
  uint64_t ends = 1;
  for (size_t e = 1; e < phrase.elements.size(); ++e) {
    const auto& element = phrase.elements[e];
    uint64_t candidates = 0;
    for (int step = 1; step <= element.gap + 1; ++step) candidates |= ends << step;
    uint64_t next = 0;
    while (candidates != 0) {
      const int offset = std::countr_zero(candidates);
      candidates &= candidates - 1;
      const size_t at = start + static_cast<size_t>(offset);
      if (at >= tokens.size() || tokens[at].sentence != sentence) break;
      if (classes.Has(at, element.list) != element.negated) next |= uint64_t{1} << offset;
    }
    if (next == 0) return -1;
    ends = next;
  }
  while (ends != 0) {
    const size_t last = start + static_cast<size_t>(std::countr_zero(ends));
    ends &= ends - 1;
    const bool is_end = last + 1 >= tokens.size() || tokens[last + 1].sentence != sentence;
    if (!phrase.at_end || is_end) return static_cast<int>(last);
  }
  return -1;
}

void PhraseBook::Find(const Tokens& tokens, const std::function<bool(const Hit&)>& on_hit) const {
  static_assert(kSpanMax == 64, "Match keeps positions in 64 bits");
  if (phrases_.empty()) return;
  const Classes classes = Classify(tokens);
  for (size_t i = 0; i < tokens.size(); ++i) {
    for (uint32_t c = classes.begin[i]; c < classes.begin[i + 1]; ++c) {
      for (const uint32_t index : starting_[classes.all[c]]) {
        const int last = Match(phrases_[index], tokens, classes, i);
        if (last < 0) continue;
        if (!on_hit({phrases_[index].number, i, static_cast<size_t>(last)})) return;
      }
    }
  }
}

}  // namespace switchboard::text
