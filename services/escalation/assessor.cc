#include "services/escalation/assessor.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/text.h"
#include "services/escalation/signals.h"

namespace switchboard::escalation {
namespace {

// An answer that twice said "I don't know" will hardly know at the third time.
constexpr uint32_t kUnansweredStreakMin = 2;
// Questions that share so much of their words are the same question.
constexpr double kSameQuestionShare = 0.7;
constexpr size_t kWordSizeMin = 3;
// How far from the word an intensifier or a negation still belongs to it, in words.
constexpr size_t kModifierReach = 3;

constexpr double kIntensified = 1.6;

size_t Count(std::string_view text, char c) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), c));
}

// Share of letters that are capitals, in texts long enough to shout.
double CapitalShare(std::string_view text) {
  size_t upper = 0, letters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    upper += absl::ascii_isupper(byte) != 0;
    letters += absl::ascii_isalpha(byte) != 0;
  }
  constexpr size_t kLettersMin = 12;
  return letters < kLettersMin ? 0 : static_cast<double>(upper) / static_cast<double>(letters);
}

std::set<std::string> QuestionWords(std::string_view text) {
  const text::Tokens tokens = text::Tokenize(FoldAccents(text));
  std::set<std::string> words;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens.word(i).size() >= kWordSizeMin) words.emplace(tokens.word(i));
  }
  return words;
}

bool SameQuestion(const std::set<std::string>& a, const std::set<std::string>& b) {
  // "yes please" twice is no repeated question.
  constexpr size_t kWordsMin = 3;
  if (a.size() < kWordsMin || b.size() < kWordsMin) return false;
  const auto shared =
      std::count_if(a.begin(), a.end(), [&](const auto& word) { return b.contains(word); });
  const double all = static_cast<double>(a.size() + b.size()) - static_cast<double>(shared);
  return static_cast<double>(shared) >= kSameQuestionShare * all;
}

bool Touches(const text::PhraseBook::Hit& a, const text::PhraseBook::Hit& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

int Assessor::ReasonNamed(std::string_view name) const {
  for (size_t i = 0; i < reasons_.size(); ++i) {
    if (reasons_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Assessor::Findings Assessor::Find(const std::string& folded) const {
  Findings findings{std::vector<bool>(reasons_.size(), false), 0};
  const text::Tokens tokens = text::Tokenize(folded);
  using Hit = text::PhraseBook::Hit;
  std::vector<Hit> hits;
  phrases_.Find(tokens, [&hits](const Hit& hit) {
    hits.push_back(hit);
    return true;
  });
  const auto meaning = [this](const Hit& hit) -> const Meaning& {
    return meanings_[static_cast<size_t>(hit.phrase)];
  };
  // A negation or intensifier stands in the few words before what it changes, in the same sentence.
  const auto before = [&](const Hit& hit, Meaning::Kind kind) {
    return std::any_of(hits.begin(), hits.end(), [&](const Hit& other) {
      return meaning(other).kind == kind && other.last < hit.first &&
             hit.first - other.last <= kModifierReach &&
             tokens[other.first].sentence == tokens[hit.first].sentence;
    });
  };
  // Each word counts once, however many phrases hold it.
  std::vector<bool> counted(tokens.size(), false);
  for (const Hit& hit : hits) {
    const Meaning& what = meaning(hit);
    if (what.kind == Meaning::kReason) {
      const bool look_alike = std::any_of(hits.begin(), hits.end(), [&](const Hit& other) {
        return meaning(other).kind == Meaning::kLookAlike && meaning(other).reason == what.reason &&
               Touches(hit, other);
      });
      if (!look_alike) findings.reasons[static_cast<size_t>(what.reason)] = true;
    }
    if (what.kind != Meaning::kAnger && what.kind != Meaning::kCalm) continue;
    if (counted[hit.first]) continue;
    std::fill(counted.begin() + static_cast<long>(hit.first),
              counted.begin() + static_cast<long>(hit.last) + 1, true);
    double weight = what.weight;
    if (before(hit, Meaning::kIntensifier)) weight *= kIntensified;
    // "not bad" is no anger; "not happy" is some.
    if (before(hit, Meaning::kNegation))
      weight = what.kind == Meaning::kAnger ? 0 : 0.25;
    else if (what.kind == Meaning::kCalm)
      weight = -weight;
    findings.anger += weight;
  }
  return findings;
}

// 0 to 1: 1 - e^-x, so that ever more anger comes closer to 1 and a single mild word stays low.
double Assessor::Frustration(const v1::AssessRequest& request, double anger_of_words) const {
  double anger = std::max(0.0, anger_of_words);
  const double capitals = CapitalShare(request.text());
  const size_t exclamations = Count(request.text(), '!');
  const bool heated = anger > 0;
  if (capitals > 0.6) anger += heated ? 0.7 : 0.35;
  if (exclamations >= 2)
    anger += heated ? 0.15 * static_cast<double>(std::min<size_t>(exclamations, 4)) : 0.1;
  // The trend: earlier anger lingers, most of it from the last exchange; failures add to it.
  double past = 0, share = 0.4;
  for (int i = request.history_size() - 1; i >= 0 && i >= request.history_size() - 3; --i) {
    past += share * std::max(0.0, Find(FoldAccents(request.history(i).text())).anger);
    share /= 2;
  }
  if (anger_of_words >= 0) anger += past;
  if (heated) anger += 0.15 * std::min<uint32_t>(request.unanswered_streak(), 3);
  return 1 - std::exp(-anger);
}

bool Assessor::HasFailedRepeatedly(const v1::AssessRequest& request,
                                   const std::string& folded) const {
  if (request.unanswered_streak() >= kUnansweredStreakMin) return true;
  const std::set<std::string> now = QuestionWords(folded);
  return std::any_of(request.history().begin(), request.history().end(),
                     [&](const v1::Exchange& exchange) {
                       return !exchange.escalated() && !exchange.blocked() &&
                              SameQuestion(now, QuestionWords(exchange.text()));
                     });
}

v1::AssessReply Assessor::Assess(const v1::AssessRequest& request) const {
  const std::string folded = FoldAccents(request.text());
  Findings findings = Find(folded);
  v1::AssessReply reply;
  reply.set_frustration(Frustration(request, findings.anger));
  if (const int anger = ReasonNamed("anger");
      anger >= 0 && reply.frustration() >= anger_threshold_) {
    findings.reasons[static_cast<size_t>(anger)] = true;
  }
  if (const int failure = ReasonNamed("repeated_failure");
      failure >= 0 && HasFailedRepeatedly(request, folded)) {
    findings.reasons[static_cast<size_t>(failure)] = true;
  }
  int priority = 0;
  const std::string language(
      std::string_view(request.language()).substr(0, request.language().find('-')));
  for (size_t i = 0; i < reasons_.size(); ++i) {
    if (!findings.reasons[i]) continue;
    const Reason& reason = reasons_[i];
    reply.add_reasons(reason.name);
    priority = std::max(priority, reason.priority);
    if (reply.team().empty()) reply.set_team(reason.team);
    if (reply.immediate_words().empty()) {
      reply.mutable_immediate_words()->insert(reason.immediate_words.begin(),
                                              reason.immediate_words.end());
    }
  }
  reply.set_escalate(reply.reasons_size() > 0);
  // Nobody waits for a ticket that is not opened, but the fields are never empty.
  reply.set_priority(std::string(kPriorities[static_cast<size_t>(priority)]));
  if (reply.team().empty()) reply.set_team("support");
  return reply;
}

}  // namespace switchboard::escalation
