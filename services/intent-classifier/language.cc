#include "services/intent-classifier/language.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/text.h"

namespace switchboard::intent_classifier {
namespace {

// Chosen on the training utterances (en, fr, es) and the unit test's table (de, it, pt, nl).
// How much likelier one language may be than another before all others are ruled out anyway: e^100.
constexpr double kPriorMax = 100;
constexpr double kWordSmoothing = 0.02;  // a listed word against one that is not: e^3.9
constexpr double kGramSmoothing = 0.5;
// N-grams overlap, so their evidence counts for a part only.
constexpr float kGramShare = 0.4f;
// Below this the answer is "und".
constexpr double kConfidenceMin = 0.5;
// Longer texts say nothing new.
constexpr size_t kBytesMax = 1000;
constexpr std::string_view kUndecided = "und";

uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

bool IsLetter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 0xdf && c <= 0x24f && c != 0xf7);
}

// "¿" and "¡" open Spanish sentences only: words of their own.
bool IsTellingSign(char32_t c) { return c == 0xbf || c == 0xa1; }

// Calls visit(word) for each run of letters of a lower-case text. What holds a digit, an @ or a
// slash (numbers, addresses) says nothing of a language.
template <typename Visit>
void ForEachWord(std::string_view text, const Visit& visit) {
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", i), text.size());
    const std::string_view chunk = text.substr(i, end - i);
    i = end + 1;
    if (chunk.find_first_of("0123456789@/_") != std::string_view::npos) continue;
    size_t begin = 0;
    for (size_t k = 0; k < chunk.size();) {
      const size_t here = k;
      const char32_t c = NextCodePoint(chunk, k);
      if (!IsLetter(c)) {
        if (here > begin) visit(chunk.substr(begin, here - begin));
        if (IsTellingSign(c)) visit(chunk.substr(here, k - here));
        begin = k;
      }
    }
    if (begin < chunk.size()) visit(chunk.substr(begin));
  }
}

// Calls visit(gram) for the 1- to 3-grams of code points in " word ".
template <typename Visit>
void ForEachGram(std::string_view word, std::string& padded, const Visit& visit) {
  padded.assign(1, ' ');
  padded.append(word);
  padded.push_back(' ');
  std::array<size_t, 4> starts = {};  // of the last code points, oldest first
  size_t count = 0;
  for (size_t i = 0; i < padded.size();) {
    if (count == 3) {
      std::rotate(starts.begin(), starts.begin() + 1, starts.begin() + 3);
      --count;
    }
    starts[count++] = i;
    NextCodePoint(padded, i);
    for (size_t k = 0; k < count; ++k) {
      visit(std::string_view(padded).substr(starts[k], i - starts[k]));
    }
  }
}

using Counts = absl::flat_hash_map<uint64_t, std::array<double, 16>>;

void Learn(std::string_view text, size_t language, Counts& words, Counts& grams) {
  std::string padded;
  ForEachWord(text, [&](std::string_view word) {
    words[Hash(word)][language] = 1;
    ForEachGram(word, padded, [&](std::string_view gram) { grams[Hash(gram)][language] += 1; });
  });
}

}  // namespace

absl::StatusOr<LanguageDetector> LanguageDetector::FromJson(std::string_view json) {
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() || !root.contains("languages") || !root["languages"].is_array() ||
      root["languages"].size() < 2 || root["languages"].size() > kLanguagesMax) {
    return absl::InvalidArgumentError("needs a list \"languages\" of 2 to 16 entries");
  }
  LanguageDetector detector;
  Counts words, grams;
  for (const nlohmann::json& entry : root["languages"]) {
    const size_t language = detector.codes_.size();
    const std::string place = "languages[" + std::to_string(language) + "]";
    if (!entry.is_object() || !entry.contains("code") || !entry["code"].is_string()) {
      return absl::InvalidArgumentError(place + " has no code");
    }
    detector.codes_.push_back(entry["code"].get<std::string>());
    if (const auto prior = entry.find("prior"); prior != entry.end()) {
      if (!prior->is_number() || !(std::abs(prior->get<double>()) <= kPriorMax)) {
        return absl::InvalidArgumentError(place + ".prior is no number from -100 to 100");
      }
      detector.prior_.score[language] = static_cast<float>(prior->get<double>());
    }
    for (const char* list : {"words", "sentences"}) {
      if (!entry.contains(list) || !entry[list].is_array()) {
        return absl::InvalidArgumentError(place + " has no list \"" + list + "\"");
      }
      for (const nlohmann::json& item : entry[list]) {
        if (!item.is_string()) {
          return absl::InvalidArgumentError(place + "." + list + " holds something not a string");
        }
        const std::string text = ToLower(item.get<std::string>());
        Learn(text, language, words, grams);
        // Customers leave accents out as often as not.
        Learn(FoldAccents(text), language, words, grams);
      }
    }
  }
  const size_t count = detector.codes_.size();
  const auto finish = [count](const Counts& counts, double smoothing, float share,
                              absl::flat_hash_map<uint64_t, Evidence>& evidence) {
    std::array<double, kLanguagesMax> totals = {};
    for (const auto& [hash, row] : counts) {
      for (size_t i = 0; i < count; ++i) totals[i] += row[i] + smoothing;
    }
    for (const auto& [hash, row] : counts) {
      Evidence& entry = evidence[hash];
      double mean = 0;
      for (size_t i = 0; i < count; ++i) {
        entry.score[i] = share * static_cast<float>(std::log((row[i] + smoothing) / totals[i]));
        mean += entry.score[i] / static_cast<double>(count);
      }
      for (size_t i = 0; i < count; ++i) entry.score[i] -= static_cast<float>(mean);
    }
  };
  finish(words, kWordSmoothing, 1, detector.words_);
  finish(grams, kGramSmoothing, kGramShare, detector.grams_);
  return detector;
}

Language LanguageDetector::Detect(std::string_view text) const {
  const std::string lower = ToLower(text.substr(0, kBytesMax));
  Evidence sum = prior_;
  bool has_evidence = false;
  std::string padded;
  const auto add = [&](const absl::flat_hash_map<uint64_t, Evidence>& from, std::string_view item) {
    const auto found = from.find(Hash(item));
    if (found == from.end()) return;
    has_evidence = true;
    for (size_t i = 0; i < codes_.size(); ++i) sum.score[i] += found->second.score[i];
  };
  ForEachWord(lower, [&](std::string_view word) {
    add(words_, word);
    ForEachGram(word, padded, [&](std::string_view gram) { add(grams_, gram); });
  });
  const float* best = std::max_element(sum.score, sum.score + codes_.size());
  double total = 0;
  for (size_t i = 0; i < codes_.size(); ++i) total += std::exp(double{sum.score[i]} - *best);
  const double confidence = 1 / total;
  if (!has_evidence || confidence < kConfidenceMin) return {kUndecided, 0};
  return {codes_[static_cast<size_t>(best - sum.score)], confidence};
}

}  // namespace switchboard::intent_classifier
