#include "services/critic-supervisor/critic/critic.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/text/personal_data.h"
#include "services/critic-supervisor/critic/normalise.h"
#include "services/critic-supervisor/critic/quotation.h"

namespace switchboard::critic {
namespace {

Review Allowed() {
  Review review;
  review.verdict = v1::ReviewReply::ALLOW;
  return review;
}

Review Blocked(std::string policy, std::string rule, std::string reason, std::string answer) {
  return {v1::ReviewReply::BLOCK, std::move(policy), std::move(rule), std::move(reason),
          std::move(answer)};
}

Review BlockedBy(const Rule& rule) {
  return Blocked(rule.policy, rule.id, rule.reason, rule.answer);
}

std::vector<std::string> OwnIdentifiers(const v1::Customer& customer) {
  std::vector<std::string> own;
  if (!customer.id().empty()) own.push_back(FoldAccents(customer.id()));
  if (!customer.email().empty()) own.push_back(FoldAccents(customer.email()));
  // The view without leet spells them otherwise.
  for (size_t i = own.size(); i > 0; --i) own.push_back(Unleet(own[i - 1]));
  return own;
}

// The same value, in any spelling, in a source that this customer may see.
bool InSource(text::PersonalDataType type, std::string_view value, std::string_view source) {
  if (source.find(value) != std::string_view::npos) return true;
  const std::string wanted = text::CanonicalPersonalData(type, value);
  const std::vector<text::PersonalDataSpan> spans = text::FindPersonalData(source);
  return std::any_of(spans.begin(), spans.end(), [&](const text::PersonalDataSpan& span) {
    return text::CanonicalPersonalData(span.type,
                                       source.substr(span.begin, span.end - span.begin)) == wanted;
  });
}

bool MayShow(text::PersonalDataType type, std::string_view value,
             const v1::ReviewRequest& request) {
  if (type == text::PersonalDataType::kEmail && !request.customer().email().empty() &&
      text::CanonicalPersonalData(type, value) ==
          text::CanonicalPersonalData(type, request.customer().email())) {
    return true;
  }
  for (const v1::Record& record : request.records()) {
    if (record.access() != v1::Record::GRANTED) continue;
    for (const auto& [key, field] : record.fields()) {
      if (InSource(type, value, field)) return true;
    }
  }
  return std::any_of(
      request.passages().begin(), request.passages().end(),
      [&](const v1::Passage& passage) { return InSource(type, value, passage.text()); });
}

absl::StatusOr<EvidenceModel> LoadModel(const std::string& path, Stretches stretches) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  absl::StatusOr<EvidenceModel> model = EvidenceModel::Parse(bytes);
  if (!model.ok()) {
    return absl::Status(model.status().code(),
                        absl::StrCat(path, " ", std::string(model.status().message())));
  }
  if (model->stretches() != stretches) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is the critic's other model"));
  }
  return model;
}

bool AnyIsAttack(const EvidenceModel& model, const Views& views) {
  return std::any_of(views.texts.begin(), views.texts.end(),
                     [&](const std::string& view) { return model.IsAttack(view); });
}

}  // namespace

Critic::Critic(Policies policies)
    : policies_(std::move(policies)), grounding_(policies_.grounding) {}

absl::StatusOr<Critic> Critic::LoadRules(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  auto critic = Parse(text);
  if (!critic.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":\n", std::string(critic.status().message())));
  }
  return critic;
}

absl::StatusOr<Critic> Critic::Load(const Files& files) {
  ASSIGN_OR_RETURN(Critic critic, LoadRules(files.policies));
  ASSIGN_OR_RETURN(EvidenceModel messages, LoadModel(files.message_model, Stretches::kWindows));
  ASSIGN_OR_RETURN(EvidenceModel passages, LoadModel(files.passage_model, Stretches::kSentences));
  critic.set_models({std::move(messages), std::move(passages)});
  return critic;
}

absl::StatusOr<Critic> Critic::Parse(std::string_view json) {
  ASSIGN_OR_RETURN(Policies policies, Policies::Parse(json));
  return Critic(std::move(policies));
}

Review Critic::Examine(const v1::ReviewRequest& request) const {
  try {
    absl::StatusOr<Review> review = Judge(request);
    if (review.ok()) return *std::move(review);
  } catch (const std::exception&) {
    // Out of memory, or a defect: nothing unreviewed may pass.
  }
  return Blocked("review_failed", "review_failed", "the review could not be made", "unavailable");
}

absl::StatusOr<Review> Critic::Judge(const v1::ReviewRequest& request) const {
  if (!IsValidUtf8(request.text())) return absl::InvalidArgumentError("not UTF-8");
  switch (request.direction()) {
    case v1::ReviewRequest::INPUT:
      return JudgeInput(request);
    case v1::ReviewRequest::OUTPUT:
      return JudgeOutput(request);
    case v1::ReviewRequest::RETRIEVED:
      if (!models_.has_value()) return absl::FailedPreconditionError("no model of passages");
      return JudgeForeign(request.text(), request.language(), Voice::kRetrieved);
    default:
      return absl::InvalidArgumentError("no direction");
  }
}

absl::StatusOr<Review> Critic::JudgeInput(const v1::ReviewRequest& request) const {
  const Parts parts = SplitQuoted(request.text());
  if (parts.quoted.empty()) return JudgeOwnWords(parts.own, request);
  ASSIGN_OR_RETURN(Review own, JudgeOwnWords(parts.own, request));
  if (own.verdict == v1::ReviewReply::BLOCK) return own;
  return JudgeForeign(parts.quoted, request.language(), Voice::kQuoted);
}

absl::StatusOr<Review> Critic::JudgeOwnWords(std::string_view text,
                                             const v1::ReviewRequest& request) const {
  const Views views = Normalise(text);
  ASSIGN_OR_RETURN(const Rule* rule, policies_.input.Judge({&views.texts, text}, request.language(),
                                                           OwnIdentifiers(request.customer())));
  if (rule != nullptr) return BlockedBy(*rule);
  if (models_.has_value() && AnyIsAttack(models_->messages, views)) {
    return Blocked("prompt_injection", "model.messages", "the message looks like an attack",
                   "refuse_instructions");
  }
  return Allowed();
}

// Text that neither the customer nor the mesh wrote: nobody takes orders from it.
absl::StatusOr<Review> Critic::JudgeForeign(std::string_view text, std::string_view language,
                                            Voice voice) const {
  const Views views = Normalise(text);
  ASSIGN_OR_RETURN(const Rule* rule,
                   policies_.input.Judge({&views.texts, text}, language, {}, voice));
  if (rule != nullptr) {
    Review review = BlockedBy(*rule);
    review.policy = "indirect_injection";
    return review;
  }
  // A quotation is also the oldest disguise: what would be an attack without its marks stays one.
  if (models_.has_value() && (AnyIsAttack(models_->passages, views) ||
                              (voice == Voice::kQuoted && AnyIsAttack(models_->messages, views)))) {
    return Blocked("indirect_injection", "model.passages",
                   "a sentence of it speaks to the assistant", "refuse_instructions");
  }
  return Allowed();
}

absl::StatusOr<Review> Critic::JudgeOutput(const v1::ReviewRequest& request) const {
  const std::vector<std::string> views = {Fold(request.text())};
  ASSIGN_OR_RETURN(const Rule* rule,
                   policies_.output.Judge({&views, request.text()}, request.language(),
                                          OwnIdentifiers(request.customer())));
  if (rule != nullptr) return BlockedBy(*rule);
  for (const text::PersonalDataSpan& span : text::FindPersonalData(request.text())) {
    const std::string_view value =
        std::string_view(request.text()).substr(span.begin, span.end - span.begin);
    if (!MayShow(span.type, value, request)) {
      return Blocked("personal_data",
                     absl::StrCat("personal_data.", std::string(text::PersonalDataName(span.type))),
                     absl::StrCat("it shows a ", std::string(text::PersonalDataName(span.type)),
                                  " that is not this customer's"),
                     "withheld");
    }
  }
  Grounded grounded = grounding_.Judge(request);
  if (!grounded.objection.empty()) {
    return Blocked("unsupported_claim", "grounding", absl::StrCat("it states ", grounded.objection),
                   "withheld");
  }
  Review review = Allowed();
  review.supported_by = std::move(grounded.supported_by);
  return review;
}

std::string Critic::CannedAnswer(std::string_view key, std::string_view language) const {
  auto found = policies_.answers.find(std::string(key));
  for (const RuleSet* set : {&policies_.input, &policies_.output}) {
    for (const Rule& rule : set->rules()) {
      if (found == policies_.answers.end() && rule.policy == key)
        found = policies_.answers.find(rule.answer);
    }
  }
  if (found == policies_.answers.end()) found = policies_.answers.find("withheld");
  const std::string primary(language.substr(0, language.find('-')));
  const auto text = found->second.find(primary);
  return text != found->second.end() ? text->second : found->second.at("en");
}

}  // namespace switchboard::critic
