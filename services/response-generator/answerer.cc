#include "services/response-generator/answerer.h"

#include <algorithm>

#include "services/response-generator/feedback.h"
#include "services/response-generator/question.h"
#include "services/response-generator/strings.h"

namespace switchboard::response_generator {
namespace {

// With these a person must speak; quoting a policy or an order's state would be tactless or unsafe.
constexpr std::string_view kNoEvidenceReasons[] = {"self_harm", "safety", "bereavement",
                                                   "legal",     "fraud",  "human_requested"};
// Out of scope is believed from this probability on; below it, good passages may still answer.
constexpr double kOutOfScopeMin = 0.6;
// Unless a passage answers with this probability: the classifier knows what customers usually ask,
// the documents what this company answers. Of off-topic questions 4 % find such a passage, of the
// others nine in ten (knowledge-retrieval's README).
constexpr double kAnswersMin = 0.8;
// One in so many answers from passages begins with an opener, so that they do not all sound alike.
constexpr uint64_t kOpenerEvery = 2;

void Add(std::vector<Part>& parts, PartKind kind, std::string text) {
  if (text.empty()) return;
  Part part;
  part.kind = kind;
  part.text = std::move(text);
  parts.push_back(std::move(part));
}

bool HasEvidence(const std::vector<Part>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const Part& part) {
    return part.kind == PartKind::kRecord || part.kind == PartKind::kPassage;
  });
}

std::vector<std::string> Texts(const std::vector<Part>& parts) {
  std::vector<std::string> out;
  for (const Part& part : parts) out.push_back(part.text);
  return out;
}

std::string SmallTalkKey(SmallTalk small_talk) {
  switch (small_talk) {
    case SmallTalk::kGreeting:
      return "smalltalk.greeting";
    case SmallTalk::kThanks:
      return "smalltalk.thanks";
    case SmallTalk::kGoodbye:
      return "smalltalk.goodbye";
    case SmallTalk::kIdentity:
      return "smalltalk.identity";
    case SmallTalk::kCapability:
      return "smalltalk.capability";
    case SmallTalk::kNone:
      break;
  }
  return "";
}

// What "it" means next: what was just spoken of, and what was before where nothing replaced it.
v1::Focus Merge(const v1::Focus& before, const v1::Focus& now, const Question& question,
                bool keep_intent) {
  v1::Focus focus = before;
  if (!now.order_id().empty()) focus.set_order_id(now.order_id());
  if (!now.product_id().empty()) focus.set_product_id(now.product_id());
  // An order or product without a document: the document of the earlier topic is over.
  if (!now.document_id().empty() || !now.order_id().empty() || !now.product_id().empty()) {
    focus.set_document_id(now.document_id());
  }
  if (!keep_intent && !question.top_intent().empty()) {
    focus.set_intent(std::string(question.top_intent()));
  }
  return focus;
}

void Finish(std::vector<Part> parts, v1::GenerateReply& reply) {
  std::set<std::string> cited;
  for (Part& part : parts) {
    reply.add_sentences(std::move(part.text));
    if (!part.citation) continue;
    const std::string key = StrCat(part.citation->document_id(), "\n", part.citation->quote());
    if (cited.insert(key).second) *reply.add_citations() = std::move(*part.citation);
  }
}

}  // namespace

v1::GenerateReply Answerer::Answer(const v1::GenerateRequest& request) const {
  v1::GenerateReply reply;
  reply.set_language(templates_.Supported(request.language()));
  reply.mutable_usage()->set_model("embedded");
  const Question question = Understand(request, lexicon_, reply.language());
  const Voice voice{templates_.For(reply.language()), question.how, question.seed};

  Draft draft;
  if (request.attempt() >= kSafeAttempt) {
    draft = Safe(request, voice);
  } else if (request.attempt() == 2 || request.feedback_size() > 0) {
    draft = Stricter(request, question, voice);
  } else {
    draft = FirstAttempt(request, question, voice);
  }
  if (!request.immediate_words().empty()) {
    Part words;
    words.text = request.immediate_words();
    draft.parts.insert(draft.parts.begin(), std::move(words));
  }
  reply.set_answered(draft.answered);
  const bool keep_intent =
      question.small_talk != SmallTalk::kNone || question.top_intent() == "OUT_OF_SCOPE";
  *reply.mutable_focus() = Merge(request.focus(), draft.focus, question, keep_intent);
  Finish(std::move(draft.parts), reply);
  return reply;
}

Answerer::Draft Answerer::FirstAttempt(const v1::GenerateRequest& request, const Question& question,
                                       const Voice& voice) const {
  const EvidenceLimits limits;
  if (request.has_escalation()) return HandOver(request, question, voice, limits);
  if (question.small_talk != SmallTalk::kNone) {
    Draft draft;
    Add(draft.parts, PartKind::kStatement,
        voice.templates.Say(SmallTalkKey(question.small_talk), voice.how, voice.seed));
    return draft;
  }
  return FromEvidence(request, question, voice, limits, /*openers=*/true);
}

Answerer::Draft Answerer::FromEvidence(const v1::GenerateRequest& request, const Question& question,
                                       const Voice& voice, const EvidenceLimits& limits,
                                       bool openers) const {
  const bool out_of_scope =
      question.top_intent() == "OUT_OF_SCOPE" &&
      question.intents.front().confidence() >= kOutOfScopeMin && !question.follow_up &&
      std::none_of(request.passages().begin(), request.passages().end(),
                   [](const v1::Passage& passage) { return passage.relevance() >= kAnswersMin; });
  Evidence evidence;
  if (!out_of_scope) evidence = Gather(request, question, lexicon_, voice, limits);
  if (!evidence.found()) return WithoutEvidence(request, question, voice);

  Draft draft;
  draft.focus = evidence.focus;
  const auto say = [&](std::string_view key, PartKind kind) {
    Add(draft.parts, kind, voice.templates.Say(key, voice.how, voice.seed));
  };
  const bool complaint = question.negative;
  if (openers && question.greets && request.history_size() == 0) {
    say("opener.greeting", PartKind::kOpener);
  }
  if (complaint) {
    say("opener.apology", PartKind::kStatement);
  } else if (openers && question.top_intent() == "FEEDBACK") {
    say("feedback.received", PartKind::kOpener);
  } else if (openers && evidence.parts.front().kind == PartKind::kPassage && draft.parts.empty() &&
             voice.seed / 7 % kOpenerEvery == 0) {
    say("opener.answer", PartKind::kOpener);
  }
  for (Part& part : evidence.parts) draft.parts.push_back(std::move(part));
  if (evidence.part_unknown) say("unknown.part", PartKind::kStatement);
  if (complaint && openers && !evidence.part_unknown) {
    say("closing.complaint", PartKind::kOpener);
  }
  return draft;
}

Answerer::Draft Answerer::WithoutEvidence(const v1::GenerateRequest& request,
                                          const Question& question, const Voice& voice) const {
  Draft draft;
  draft.answered = false;
  const auto say = [&](std::string_view key) {
    Add(draft.parts, PartKind::kStatement, voice.templates.Say(key, voice.how, voice.seed));
  };
  if (question.top_intent() == "OUT_OF_SCOPE") {
    say("out_of_scope");
    return draft;
  }
  if (question.top_intent() == "FEEDBACK" && !question.negative) {
    say("feedback.received");
    draft.answered = true;
    return draft;
  }
  if (question.negative) say("opener.apology");
  const bool again =
      request.history_size() > 0 && !request.history(request.history_size() - 1).answered();
  say(again ? "unknown.again" : "unknown.first");
  return draft;
}

Answerer::Draft Answerer::HandOver(const v1::GenerateRequest& request, const Question& question,
                                   const Voice& voice, const EvidenceLimits& limits) const {
  Draft draft;
  const v1::Escalation& escalation = request.escalation();
  const std::string reason = escalation.reasons().empty() ? "default" : escalation.reasons(0);
  const bool quiet =
      std::any_of(escalation.reasons().begin(), escalation.reasons().end(), [](const auto& one) {
        return std::find(std::begin(kNoEvidenceReasons), std::end(kNoEvidenceReasons), one) !=
               std::end(kNoEvidenceReasons);
      });
  const auto known = [](const std::string& key) {
    const auto keys = TemplateKeys();
    return std::any_of(keys.begin(), keys.end(),
                       [&](const TemplateKey& one) { return one.name == key; });
  };
  const auto say = [&](std::string key, const std::string& fallback, const Values& values = {}) {
    Add(draft.parts, PartKind::kStatement,
        voice.templates.Say(known(key) ? key : fallback, voice.how, voice.seed, values));
  };
  say(StrCat("handover.opening.", reason), "handover.opening.default");
  if (!quiet && question.small_talk == SmallTalk::kNone) {
    Evidence evidence = Gather(request, question, lexicon_, voice, limits);
    draft.focus = evidence.focus;
    for (Part& part : evidence.parts) draft.parts.push_back(std::move(part));
  }
  say(StrCat("handover.priority.", escalation.priority()), "handover.priority.normal");
  if (!escalation.ticket_id().empty()) {
    say("handover.reference", "", {{"ticket", escalation.ticket_id()}});
  }
  return draft;
}

// The second attempt: without openers, without what the critic objected to, and shorter.
Answerer::Draft Answerer::Stricter(const v1::GenerateRequest& request, const Question& question,
                                   const Voice& voice) const {
  const Draft first = FirstAttempt(request, question, voice);
  if (!HasEvidence(first.parts)) return Safe(request, voice);
  std::vector<std::string> said = Texts(first.parts);
  // The critic counted the words that open the answer, too.
  const size_t shift = request.immediate_words().empty() ? 0 : 1;
  if (shift > 0) said.insert(said.begin(), request.immediate_words());
  const Objections objections =
      FindObjections({request.feedback().begin(), request.feedback().end()}, said);

  EvidenceLimits limits;
  limits.clause_sentences_max = 2;
  limits.sentences_max = 2;
  limits.records = !objections.personal_data;
  for (const size_t index : objections.sentences) {
    if (index < shift) continue;
    const Part& part = first.parts[index - shift];
    if (!part.source.empty()) limits.excluded.insert(part.source);
  }
  Draft draft = request.has_escalation()
                    ? HandOver(request, question, voice, limits)
                    : FromEvidence(request, question, voice, limits, /*openers=*/false);
  if (!HasEvidence(draft.parts)) return Safe(request, voice);
  // Nobody said which sentence was wrong: the last ones go until the answer is shorter than before.
  while (draft.parts.size() >= first.parts.size()) {
    const auto last = std::find_if(draft.parts.rbegin(), draft.parts.rend(), [](const Part& part) {
      return part.kind == PartKind::kPassage || part.kind == PartKind::kRecord;
    });
    if (last == draft.parts.rend()) break;
    draft.parts.erase(std::next(last).base());
  }
  return HasEvidence(draft.parts) ? draft : Safe(request, voice);
}

Answerer::Draft Answerer::Safe(const v1::GenerateRequest& request, const Voice& voice) const {
  Draft draft;
  if (request.has_escalation()) {
    Add(draft.parts, PartKind::kStatement,
        voice.templates.Say("handover.opening.default", voice.how, voice.seed));
    if (!request.escalation().ticket_id().empty()) {
      Add(draft.parts, PartKind::kStatement,
          voice.templates.Say("handover.reference", voice.how, voice.seed,
                              {{"ticket", request.escalation().ticket_id()}}));
    }
    return draft;
  }
  draft.answered = false;
  Add(draft.parts, PartKind::kStatement, voice.templates.Say("safe", voice.how, voice.seed));
  return draft;
}

}  // namespace switchboard::response_generator
