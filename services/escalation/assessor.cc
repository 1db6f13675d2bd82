#include "services/escalation/assessor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "services/escalation/parts.h"
#include "services/escalation/signals.h"

namespace switchboard::escalation {
namespace {

// An answer that twice said "I don't know" will hardly know at the third time.
constexpr uint32_t kUnansweredStreakMin = 2;
// Questions that share so much of their words are the same question.
constexpr double kSameQuestionShare = 0.7;
// How far from the word an intensifier or a negation still belongs to it, in words.
constexpr size_t kModifierReach = 3;

constexpr double kIntensified = 1.6;

// Of the history, newest first; older ones no longer tell where a conversation stands.
constexpr int kExchangesRead = 6;
constexpr int kRepliesRead = 3;

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

// Sentences that share so much of their words are the same question.
bool SameQuestion(const ContentWords& a, const ContentWords& b) {
  // "yes please" twice is no repeated question.
  constexpr size_t kWordsMin = 2;
  if (a.size() < kWordsMin || b.size() < kWordsMin) return false;
  const double larger = static_cast<double>(std::max(a.size(), b.size()));
  const double smaller = static_cast<double>(std::min(a.size(), b.size()));
  const double shared = a.Overlap(b) * smaller;
  return shared >= kSameQuestionShare * (larger + smaller - shared);
}

// What a message that is not there scores.
constexpr double kScoreOfNone = -1;

double ScoreAt(const std::vector<float>& scores, int index) {
  return index < 0 ? 0 : static_cast<double>(scores[static_cast<size_t>(index)]);
}

bool IsYesOrNo(std::string_view folded_word) {
  constexpr std::array<std::string_view, 8> kWords = {"yes", "no", "oui",  "non",
                                                      "si",  "ja", "nein", "yep"};
  return std::find(kWords.begin(), kWords.end(), folded_word) != kWords.end();
}

bool EndsWithQuestion(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\n\r\"')!");
  return last != std::string_view::npos && text[last] == '?';
}

// The model's buffers keep their memory from message to message.
TextModel::Scratch& Buffers() {
  thread_local TextModel::Scratch scratch;
  return scratch;
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

Assessor::Findings Assessor::Find(const text::Tokens& tokens) const {
  Findings findings{std::vector<bool>(reasons_.size(), false),
                    std::vector<bool>(reasons_.size(), false), 0};
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
    if (what.kind == Meaning::kLookAlike) {
      findings.look_alikes[static_cast<size_t>(what.reason)] = true;
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
  for (size_t i = 0; i < reasons_.size(); ++i) {
    if (findings.reasons[i]) findings.look_alikes[i] = false;
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
    past +=
        share * std::max(0.0, Find(text::Tokenize(FoldAccents(request.history(i).text()))).anger);
    share /= 2;
  }
  if (anger_of_words >= 0) anger += past;
  if (heated) anger += 0.15 * std::min<uint32_t>(request.unanswered_streak(), 3);
  return 1 - std::exp(-anger);
}

// What a person could point at: words of trouble, or a question that comes again. (A reply that
// comes again does not count: an order's state is told with every answer about it.) Without it
// several plain questions in a row look to the weights like the conversations they learned from, of
// which half went wrong.
bool ShowsTrouble(const TroubleFeatures& features) {
  constexpr double kSameQuestionMin = 0.6;
  return features[kTroubleUnsolved] > 0 || features[kTroubleRepeated] > 0 ||
         features[kTroublePhrase] > 0 || features[kTroubleSameAsAny] >= kSameQuestionMin;
}

TroubleFeatures Assessor::Trouble(const v1::AssessRequest& request, const text::Tokens& now,
                                  const std::vector<float>& scores) const {
  TroubleFeatures features = {};
  features[kTroubleBias] = 1;
  features[kTroubleUnsolved] = ScoreAt(scores, model_labels_.unsolved);
  features[kTroubleRepeated] = ScoreAt(scores, model_labels_.repeated);
  features[kTroubleSolved] = ScoreAt(scores, model_labels_.solved);
  features[kTroubleNothing] = ScoreAt(scores, model_labels_.nothing);
  features[kTroubleUnsolvedBefore] = features[kTroubleRepeatedBefore] = kScoreOfNone;
  features[kTroubleQuestion] = EndsWithQuestion(request.text()) ? 1 : 0;
  features[kTroubleWords] = std::log1p(static_cast<double>(now.size()));
  features[kTroubleFirstTurn] = request.history().empty() ? 1 : 0;
  const int exchanges = std::min(request.history_size(), kExchangesRead);
  features[kTroubleExchanges] = exchanges / 4.0;
  if (exchanges == 0) return features;

  const ContentWords words(now, filler_);
  ContentWords last_reply;
  for (int back = 1; back <= exchanges; ++back) {
    const v1::Exchange& exchange = request.history(request.history_size() - back);
    const ContentWords said(text::Tokenize(FoldAccents(exchange.text())), filler_);
    const text::Tokens reply_tokens = text::Tokenize(FoldAccents(exchange.reply()));
    const ContentWords reply(reply_tokens, filler_);
    if (back <= kRepliesRead && !reply_tokens.empty() && IsYesOrNo(reply_tokens.word(0))) {
      features[kTroubleDirectReplies] += 1.0 / std::min(exchanges, kRepliesRead);
    }
    const double same = words.Overlap(said);
    features[kTroubleSameAsAny] = std::max(features[kTroubleSameAsAny], same);
    if (back == 1) {
      features[kTroubleSameAsLast] = same;
      features[kTroubleReplyMatches] = said.Overlap(reply);
      last_reply = reply;
    } else {
      features[kTroubleSameReply] =
          std::max(features[kTroubleSameReply], last_reply.Overlap(reply));
    }
  }
  TextModel::Scratch& scratch = Buffers();
  model_->Score(request.history(request.history_size() - 1).text(), scratch);
  features[kTroubleUnsolvedBefore] = ScoreAt(scratch.scores, model_labels_.unsolved);
  features[kTroubleRepeatedBefore] = ScoreAt(scratch.scores, model_labels_.repeated);
  return features;
}

Assessor::Evidence Assessor::Observe(const v1::AssessRequest& request) const {
  const text::Tokens tokens = text::Tokenize(FoldAccents(request.text()));
  const Findings findings = Find(tokens);
  TextModel::Scratch& scratch = Buffers();
  model_->Score(request.text(), scratch);
  const std::vector<float> scores = scratch.scores;
  std::vector<float> of_part = scores;
  std::vector<std::string_view> parts;
  SplitParts(request.text(), parts);
  if (parts.size() > 1) {
    for (const std::string_view part : parts) {
      model_->Score(part, scratch);
      for (size_t i = 0; i < of_part.size(); ++i) {
        of_part[i] = std::max(of_part[i], scratch.scores[i]);
      }
    }
  }

  Evidence evidence;
  evidence.frustration = Frustration(request, findings.anger);
  evidence.text.resize(reasons_.size());
  for (size_t i = 0; i < reasons_.size(); ++i) {
    if (reasons_[i].score < 0) continue;
    TextFeatures& features = evidence.text[i].emplace();
    features[kTextBias] = 1;
    features[kTextScore] = ScoreAt(scores, reasons_[i].score);
    features[kTextScoreOfPart] = ScoreAt(of_part, reasons_[i].score);
    features[kTextScoreOfNothing] = ScoreAt(scores, model_labels_.nothing);
    features[kTextScoreOfSolved] = ScoreAt(scores, model_labels_.solved);
    features[kTextPhrase] = findings.reasons[i] ? 1 : 0;
    features[kTextLookAlike] = findings.look_alikes[i] ? 1 : 0;
    features[kTextFrustration] = static_cast<int>(i) == anger_ ? evidence.frustration : 0;
  }
  evidence.trouble = Trouble(request, tokens, scores);
  evidence.trouble[kTroubleFrustration] = evidence.frustration;
  if (repeated_failure_ >= 0 && findings.reasons[static_cast<size_t>(repeated_failure_)]) {
    evidence.trouble[kTroublePhrase] = 1;
    evidence.trouble[kTroublePhraseFirst] = evidence.trouble[kTroubleFirstTurn];
  }
  if (human_requested_ >= 0 && findings.look_alikes[static_cast<size_t>(human_requested_)]) {
    evidence.trouble[kTroubleDeclined] = 1;
  }
  evidence.unanswered = request.unanswered_streak() >= kUnansweredStreakMin;
  const ContentWords words(tokens, filler_);
  evidence.asked_the_same = std::any_of(
      request.history().begin(), request.history().end(), [&](const v1::Exchange& exchange) {
        return !exchange.escalated() && !exchange.blocked() &&
               SameQuestion(words,
                            ContentWords(text::Tokenize(FoldAccents(exchange.text())), filler_));
      });
  return evidence;
}

bool Assessor::YieldsToRival(const Evidence& evidence, size_t reason) const {
  const auto& mine = evidence.text[reason];
  const auto& theirs = evidence.text[static_cast<size_t>(reasons_[reason].rival)];
  return mine.has_value() && theirs.has_value() && (*mine)[kTextPhrase] == 0 &&
         (*mine)[kTextScoreOfPart] < (*theirs)[kTextScoreOfPart];
}

v1::AssessReply Assessor::Assess(const v1::AssessRequest& request) const {
  const Evidence evidence = Observe(request);
  v1::AssessReply reply;
  reply.set_frustration(evidence.frustration);
  int priority = 0;
  for (size_t i = 0; i < reasons_.size(); ++i) {
    bool holds = false;
    if (const auto& features = evidence.text[i]; features.has_value()) {
      holds =
          Probability(reasons_[i].decision.weights, *features) >= reasons_[i].decision.threshold;
    }
    if (static_cast<int>(i) == repeated_failure_) {
      holds = evidence.unanswered || evidence.asked_the_same ||
              ShowsTrouble(evidence.trouble) &&
                  Probability(decision_.trouble_weights, evidence.trouble) >=
                      decision_.trouble_threshold;
    }
    if (static_cast<int>(i) == anger_ && evidence.frustration >= anger_threshold_) holds = true;
    if (holds && reasons_[i].rival >= 0) holds = !YieldsToRival(evidence, i);
    if (!holds) continue;
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

std::vector<std::string> Assessor::labels() const {
  std::vector<std::string> labels;
  for (const Reason& reason : reasons_) labels.push_back(reason.label);
  return labels;
}

absl::Status Assessor::TakeModel(std::string_view model_file) {
  ASSIGN_OR_RETURN(const ModelFile file, ParseModelFile(model_file));
  ASSIGN_OR_RETURN(TextModel model, TextModel::Parse(file.text_model));
  const auto index = [&](std::string_view label) {
    const auto& all = model.labels();
    const auto found = std::find(all.begin(), all.end(), label);
    return found == all.end() ? -1 : static_cast<int>(found - all.begin());
  };
  for (Reason& reason : reasons_) {
    if (reason.label.empty()) continue;
    reason.score = index(reason.label);
    if (reason.score < 0) {
      return absl::FailedPreconditionError("the model does not know the label " + reason.label);
    }
  }
  model_labels_ = {index("NONE"), index("SOLVED"), index("UNSOLVED"), index("REPEATED")};
  decision_ = file.decision;
  for (Reason& reason : reasons_) {
    reason.decision = decision_.texts[reason.label];
    if (!reason.rival_name.empty()) reason.rival = ReasonNamed(reason.rival_name);
  }
  model_ = std::make_shared<const TextModel>(std::move(model));
  repeated_failure_ = ReasonNamed("repeated_failure");
  anger_ = ReasonNamed("anger");
  human_requested_ = ReasonNamed("human_requested");
  return absl::OkStatus();
}

}  // namespace switchboard::escalation
