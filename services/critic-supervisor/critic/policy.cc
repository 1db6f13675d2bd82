#include "services/critic-supervisor/critic/policy.h"

#include <algorithm>

#include "common/base/fault.h"

namespace switchboard::critic {

// One view of the text with what is found in it.
struct RuleSet::View {
  std::string_view text;
  const std::vector<std::string>* own;
};

namespace {

struct Hit {
  size_t rule;
  int signal;  // -1: decisive
  size_t first, last;
};

bool Overlap(const Hit& a, const Hit& b) { return a.first <= b.last && b.first <= a.last; }

// What the words of a hit say, with the text between them.
std::string_view Extent(std::string_view text, const text::Tokens& tokens, const Hit& hit) {
  const size_t begin = tokens[hit.first].text_begin;
  return text.substr(begin, tokens[hit.last].text_end - begin);
}

bool NamesOwn(std::string_view extent, const std::vector<std::string>& own) {
  return std::any_of(own.begin(), own.end(), [&](const std::string& value) {
    return !value.empty() && extent.find(value) != std::string_view::npos;
  });
}

bool Hears(const Rule& rule, Voice voice) {
  return voice == Voice::kOwn || (voice == Voice::kQuoted && rule.quoted) ||
         (voice == Voice::kRetrieved && rule.retrieved);
}

// Indices of the set's patterns found in `text`.
absl::Status MatchSet(const re2::RE2::Set* set, std::string_view text, std::vector<int>& found) {
  found.clear();
  if (set == nullptr) return absl::OkStatus();
  re2::RE2::Set::ErrorInfo error{};
  if (!set->Match(re2::StringPiece(text.data(), text.size()), &found, &error) &&
      error.kind != re2::RE2::Set::kNoError) {
    return absl::InternalError("the policies' patterns ran out of memory");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RuleSet::JudgeView(const View& view, std::vector<bool>& fired) const {
  const text::Tokens tokens = text::Tokenize(view.text);
  std::vector<Hit> hits, exceptions;
  phrases_.Find(tokens, [&](const text::PhraseBook::Hit& found) {
    const Origin& origin = phrase_origins_[static_cast<size_t>(found.phrase)];
    const Hit hit{origin.rule, origin.role == Role::kSignal ? origin.signal : -1, found.first,
                  found.last};
    (origin.role == Role::kException ? exceptions : hits).push_back(hit);
    return true;
  });
  std::vector<uint64_t> signals(rules_.size(), 0);
  for (const Hit& hit : hits) {
    const Rule& rule = rules_[hit.rule];
    const bool excepted =
        std::any_of(exceptions.begin(), exceptions.end(), [&](const Hit& exception) {
          return exception.rule == hit.rule && Overlap(exception, hit);
        });
    if (excepted) continue;
    if (rule.own_data_exempt && NamesOwn(Extent(view.text, tokens, hit), *view.own)) continue;
    if (hit.signal < 0) {
      fired[hit.rule] = true;
    } else {
      signals[hit.rule] |= uint64_t{1} << hit.signal;
    }
  }
  std::vector<int> found;
  RETURN_IF_ERROR(MatchSet(patterns_.get(), view.text, found));
  for (const int index : found) {
    const Origin& origin = pattern_origins_[static_cast<size_t>(index)];
    if (origin.role == Role::kDecisive) {
      fired[origin.rule] = true;
    } else {
      signals[origin.rule] |= uint64_t{1} << origin.signal;
    }
  }
  for (const auto& [origin, length_min] : lengths_) {
    if (view.text.size() >= length_min) signals[origin.rule] |= uint64_t{1} << origin.signal;
  }
  for (size_t r = 0; r < rules_.size(); ++r) {
    int points = 0;
    for (size_t s = 0; s < rules_[r].signal_points.size(); ++s) {
      if (signals[r] >> s & 1) points += rules_[r].signal_points[s];
    }
    if (rules_[r].threshold > 0 && points >= rules_[r].threshold) fired[r] = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<const Rule*> RuleSet::Judge(const Text& text, std::string_view language,
                                           const std::vector<std::string>& own, Voice voice) const {
  std::vector<bool> fired(rules_.size(), false);
  for (const std::string& view : *text.views) RETURN_IF_ERROR(JudgeView({view, &own}, fired));
  std::vector<int> found;
  RETURN_IF_ERROR(MatchSet(raw_patterns_.get(), text.raw, found));
  for (const int index : found) fired[raw_origins_[static_cast<size_t>(index)].rule] = true;
  const std::string_view primary = language.substr(0, language.find('-'));
  for (size_t r = 0; r < rules_.size(); ++r) {
    if (!fired[r] || !Hears(rules_[r], voice)) continue;
    const auto& languages = rules_[r].languages;
    const bool applies = languages.empty() || primary.empty() ||
                         std::find(languages.begin(), languages.end(), primary) != languages.end();
    if (applies) return &rules_[r];
  }
  return nullptr;
}

}  // namespace switchboard::critic
