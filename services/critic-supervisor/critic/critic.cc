#include "services/critic-supervisor/critic/critic.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "common/text/personal_data.h"
#include "services/critic-supervisor/critic/normalise.h"

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

}  // namespace

Critic::Critic(Policies policies)
    : policies_(std::move(policies)), grounding_(policies_.grounding) {}

absl::StatusOr<Critic> Critic::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read the policies ", path));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto critic = Parse(text);
  if (!critic.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":\n", std::string(critic.status().message())));
  }
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
    default:
      return absl::InvalidArgumentError("no direction");
  }
}

absl::StatusOr<Review> Critic::JudgeInput(const v1::ReviewRequest& request) const {
  const Views views = Normalise(request.text());
  ASSIGN_OR_RETURN(const Rule* rule,
                   policies_.input.Judge({&views.texts, request.text()}, request.language(),
                                         OwnIdentifiers(request.customer())));
  if (rule != nullptr) return BlockedBy(*rule);
  if (classifier_ != nullptr && classifier_->IsAttack(views.texts.front())) {
    return Blocked("prompt_injection", "classifier", "the message looks like an attack",
                   "refuse_instructions");
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
