#include "common/learning/lexicon.h"

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::learning {
namespace {

// Calls visit(part) for the parts of `text` between `separator`s, empty ones left out.
template <typename Visit>
void ForEachPart(std::string_view text, char separator, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

uint64_t Lexicon::ExtendHash(uint64_t hash, char next) {
  return (hash ^ static_cast<unsigned char>(next)) * 0x100000001b3u;
}

uint64_t Lexicon::Hash(std::string_view bytes) {
  uint64_t hash = kHashOfNothing;
  for (const char c : bytes) hash = ExtendHash(hash, c);
  return hash;
}

absl::StatusOr<Lexicon> Lexicon::FromJson(std::string_view json) {
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() || !root.contains("concepts") || !root["concepts"].is_object()) {
    return absl::InvalidArgumentError("needs an object \"concepts\"");
  }
  std::string lines;
  for (const auto& [name, languages] : root["concepts"].items()) {
    if (!languages.is_object()) return absl::InvalidArgumentError(name + " is not an object");
    for (const auto& [language, words] : languages.items()) {
      if (!words.is_string()) {
        return absl::InvalidArgumentError(name + "." + language + " is not a string");
      }
      std::string problem;
      ForEachPart(words.get_ref<const std::string&>(), ' ', [&](std::string_view word) {
        const size_t star = word.find('*');
        const bool is_prefix = star != std::string_view::npos;
        if (is_prefix && (star + 1 != word.size() || star < kPrefixMin)) {
          problem = StrCat(name, ".", language, ": ", word,
                           " needs its star at the end, after three letters or more");
        }
        lines += FoldAccents(word) + " ";
      });
      if (!problem.empty()) return absl::InvalidArgumentError(problem);
    }
    lines += "\n";
  }
  return Parse(lines);
}

Lexicon Lexicon::Parse(std::string_view lines) {
  Lexicon lexicon;
  lexicon.lines_ = std::string(lines);
  uint16_t id = 0;
  ForEachPart(lines, '\n', [&](std::string_view line) {
    ForEachPart(line, ' ', [&](std::string_view word) {
      const bool is_prefix = word.back() == '*';
      if (is_prefix) {
        word.remove_suffix(1);
        lexicon.prefix_length_max_ = std::max(lexicon.prefix_length_max_, word.size());
      }
      Concepts& concepts = (is_prefix ? lexicon.prefixes_ : lexicon.words_)[Hash(word)];
      if (concepts.empty() || concepts.back() != id) concepts.push_back(id);
    });
    ++id;
  });
  return lexicon;
}

const Lexicon::Concepts* Lexicon::LongestPrefix(std::string_view word) const {
  // Beginnings longer than any listed one are not looked at: a customer's word may be of any
  // length.
  const Concepts* longest = nullptr;
  uint64_t hash = kHashOfNothing;
  for (size_t length = 1; length <= std::min(word.size(), prefix_length_max_); ++length) {
    hash = ExtendHash(hash, word[length - 1]);
    if (length < kPrefixMin) continue;
    if (const auto found = prefixes_.find(hash); found != prefixes_.end()) longest = &found->second;
  }
  return longest;
}

}  // namespace switchboard::learning
