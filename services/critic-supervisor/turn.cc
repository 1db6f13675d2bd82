#include "services/critic-supervisor/turn.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/base/strings.h"
#include "common/observability/log.h"

namespace switchboard::critic_supervisor {
namespace {

using runtime::Context;

struct Step {
  const char* agent;
  const char* verb;
};
constexpr Step kLegs[] = {
    {"intent-classifier", "classify"}, {"knowledge-retrieval", "search"}, {"escalation", "assess"}};
constexpr char kGenerator[] = "response-generator";
constexpr char kGenerate[] = "generate";
// Less than this is no time for any step: one hop there and back on a loaded machine.
constexpr Clock::duration kStepMin = std::chrono::milliseconds(10);

double Milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

absl::Status Rejected() { return absl::AbortedError("the critic rejected a sentence"); }

// The critic's sentence-wise review leaves the joining to the generator's own spacing.
void Append(std::string& answer, const std::string& sentence) {
  const bool spaced = answer.empty() || answer.back() == '\n' || answer.back() == ' ' ||
                      (!sentence.empty() && (sentence.front() == '\n' || sentence.front() == ' '));
  if (!spaced) answer.push_back(' ');
  answer.append(sentence);
}

}  // namespace

Turn::Turn(runtime::Caller& caller, const critic::Critic& critic, ForeignText& foreign_text,
           TurnLimits limits, Context context, v1::TurnRequest request, Emitter emitter)
    : caller_(caller),
      critic_(critic),
      foreign_text_(foreign_text),
      limits_(limits),
      context_(std::move(context)),
      request_(std::move(request)),
      emitter_(std::move(emitter)),
      store_(caller.bus(), "critic-supervisor") {}

Awaitable<absl::StatusOr<v1::TurnReply>> Turn::Conduct() {
  absl::StatusOr<conversation::Beginning> beginning =
      co_await store_.Begin(request_, context_.deadline);
  if (!beginning.ok()) co_return beginning.status();
  if (beginning->answered) co_return beginning->answered->reply();
  before_ = std::move(beginning->before);

  const v1::Conversation& conversation = before_.record.conversation();
  v1::TurnReply& reply = *completed_.mutable_reply();
  reply.set_turn_id(request_.turn_id());
  reply.set_conversation_id(request_.conversation_id());
  reply.set_conversation_status(conversation.status());
  completed_.set_text(request_.text());

  if (!Screen()) {
    co_await AnswerBlocked();
  } else if (conversation.status() == v1::Conversation::HUMAN) {
    AnswerHuman();
  } else {
    if (TimeForLegs()) {
      co_await Consult();
    } else {
      SkipLegs();
    }
    if (TimeForAnswer()) {
      co_await Answer();
    } else {
      reply.add_degraded("response-generator");
      AnswerCanned("unavailable", "out_of_time");
    }
  }
  Report({"critic-supervisor", "review", Milliseconds(reviewing_), "ok"});
  reply.set_duration_ms(Milliseconds(Clock::now() - started_));
  const std::string shown = reply.reply();
  std::string summary = Summarise(reply, findings_.knowledge.passages_size());
  absl::StatusOr<v1::TurnCompleted> stands = co_await store_.Finish(
      context_, request_, std::move(before_), std::move(completed_), focus_, std::move(summary));
  if (!stands.ok()) co_return stands.status();
  // The same turn, submitted twice, was quicker the other time: what the client has seen is not
  // what stands.
  if (request_.stream() && stands->reply().reply() != shown) {
    v1::TurnEvent event;
    event.mutable_restart()->set_attempt(stands->attempts());
    emitter_.Emit(event);
    event.mutable_sentence()->set_text(stands->reply().reply());
    emitter_.Emit(event);
  }
  co_return stands->reply();
}

bool Turn::Screen() {
  const auto started = Clock::now();
  v1::ReviewRequest input;
  input.set_direction(v1::ReviewRequest::INPUT);
  input.set_text(request_.text());
  input.set_language(request_.language());
  *input.mutable_customer() = before_.record.conversation().customer();
  const critic::Review review = critic_.Examine(input);
  reviewing_ += Clock::now() - started;
  if (review.verdict == v1::ReviewReply::ALLOW) return true;
  v1::TurnReply& reply = *completed_.mutable_reply();
  reply.set_blocked(true);
  reply.set_policy(review.policy);
  reply.set_reply(
      review.answer);  // the key; AnswerBlocked puts the words once it knows the language
  return false;
}

Awaitable<void> Turn::AnswerBlocked() {
  v1::TurnReply& reply = *completed_.mutable_reply();
  v1::ClassifyRequest classify;
  classify.set_text(request_.text());
  Context context = context_.WithDeadline(LegDeadline());
  OnLeg on_leg = [this](const LegReport& report) { Report(report); };
  // Only for the language of the refusal: what the message wants no longer matters.
  absl::StatusOr<v1::ClassifyReply> classified =
      co_await Leg<v1::ClassifyReply>(caller_, "intent-classifier", "classify", std::move(context),
                                      std::move(classify), std::move(on_leg));
  if (classified.ok()) {
    findings_.classification = *std::move(classified);
    SetIntents(findings_.classification, reply);
  }
  reply.set_language(
      AnswerLanguage(request_, findings_.classification, before_.record.conversation()));
  const std::string key = reply.reply();
  reply.clear_reply();
  EmitSentence(critic_.CannedAnswer(key, reply.language()));
  reply.set_answered(false);
}

void Turn::AnswerHuman() {
  v1::TurnReply& reply = *completed_.mutable_reply();
  reply.set_language(AnswerLanguage(request_, {}, before_.record.conversation()));
  EmitSentence(critic_.CannedAnswer("human", reply.language()));
  reply.set_answered(true);
}

// A short deadline is shared out: a quarter at most is kept for the commit, half of the rest at
// most is for the legs, so that a slow optional one still leaves time for an answer.
Deadline Turn::AnswerDeadline() const {
  return context_.deadline.Less(
      std::min<std::chrono::milliseconds>(limits_.commit_reserve, time_given_ / 4));
}

Deadline Turn::LegDeadline() const {
  return Deadline::After(std::min(limits_.leg_timeout, AnswerDeadline().Remaining() / 2));
}

bool Turn::TimeForLegs() const {
  Clock::duration needed = kStepMin;
  for (const auto& [agent, verb] : kLegs) {
    needed = std::max(needed, caller_.Usual(runtime::AgentSubject(agent, verb)));
  }
  return LegDeadline().Remaining() >= needed;
}

bool Turn::TimeForAnswer() const {
  const Clock::duration usual = caller_.Usual(runtime::AgentSubject(kGenerator, kGenerate));
  return AnswerDeadline().Remaining() >= std::max(kStepMin, usual);
}

void Turn::SkipLegs() {
  v1::TurnReply& reply = *completed_.mutable_reply();
  for (const auto& [agent, verb] : kLegs) reply.add_degraded(agent);
  reply.set_language(AnswerLanguage(request_, {}, before_.record.conversation()));
}

// The three legs run side by side under one deadline. None is required: without the classifier the
// intent stays open, without retrieval the generator says that it does not know, without the desk
// nobody is called unless the customer plainly asks. Each that is missing is named in `degraded`.
Awaitable<void> Turn::Consult() {
  using boost::asio::experimental::awaitable_operators::operator&&;
  const v1::Conversation& conversation = before_.record.conversation();
  const Context context = context_.WithDeadline(LegDeadline());
  OnLeg on_leg = [this](const LegReport& report) { Report(report); };

  v1::ClassifyRequest classify;
  classify.set_text(request_.text());
  v1::SearchRequest search;
  search.set_query(request_.text());
  search.set_language(request_.language());
  *search.mutable_customer() = conversation.customer();
  *search.mutable_history() = conversation.window();
  *search.mutable_focus() = conversation.focus();
  v1::AssessRequest assess;
  assess.set_text(request_.text());
  assess.set_language(request_.language());
  *assess.mutable_history() = conversation.window();
  *assess.mutable_customer() = conversation.customer();
  assess.set_turn_count(conversation.turn_count());
  assess.set_unanswered_streak(conversation.unanswered_streak());

  auto classifying =
      Leg<v1::ClassifyReply>(caller_, "intent-classifier", "classify", context, classify, on_leg);
  auto searching =
      Leg<v1::SearchReply>(caller_, "knowledge-retrieval", "search", context, search, on_leg);
  auto assessing = Leg<v1::AssessReply>(caller_, "escalation", "assess", context, assess, on_leg);
  auto all = std::move(classifying) && std::move(searching) && std::move(assessing);
  auto [classified, found, assessed] = co_await std::move(all);

  v1::TurnReply& reply = *completed_.mutable_reply();
  if (classified.ok()) {
    findings_.classification = *std::move(classified);
    *completed_.mutable_entities() = findings_.classification.entities();
  } else {
    reply.add_degraded("intent-classifier");
  }
  if (found.ok()) {
    findings_.knowledge = *std::move(found);
    const auto started = Clock::now();
    foreign_text_.Screen(findings_.knowledge);
    reviewing_ += Clock::now() - started;
  } else {
    reply.add_degraded("knowledge-retrieval");
  }
  findings_.assessed = assessed.ok();
  if (assessed.ok()) {
    findings_.assessment = *std::move(assessed);
  } else {
    reply.add_degraded("escalation");
  }
  SetIntents(findings_.classification, reply);
  reply.set_language(AnswerLanguage(request_, findings_.classification, conversation));
  DecideEscalation(findings_, reply);
}

v1::GenerateRequest Turn::GenerateRequestFrom() const {
  const v1::Conversation& conversation = before_.record.conversation();
  const v1::TurnReply& reply = completed_.reply();
  v1::GenerateRequest generate;
  generate.set_text(request_.text());
  generate.set_language(reply.language());
  *generate.mutable_intents() = findings_.classification.intents();
  *generate.mutable_entities() = findings_.classification.entities();
  *generate.mutable_passages() = findings_.knowledge.passages();
  *generate.mutable_records() = findings_.knowledge.records();
  *generate.mutable_history() = conversation.window();
  *generate.mutable_focus() = conversation.focus();
  *generate.mutable_customer() = conversation.customer();
  if (reply.escalated()) *generate.mutable_escalation() = reply.escalation();
  generate.set_immediate_words(ImmediateWords());
  generate.set_stream(request_.stream());
  return generate;
}

// Of the desk's words those in the answer's language.
std::string Turn::ImmediateWords() const {
  const auto& words = findings_.assessment.immediate_words();
  auto found = words.find(completed_.reply().language().substr(0, 2));
  if (found == words.end()) found = words.find("en");
  return found == words.end() ? std::string() : found->second;
}

// The critic compares what is said with these.
void Turn::CollectSources() {
  review_.set_direction(v1::ReviewRequest::OUTPUT);
  review_.set_language(completed_.reply().language());
  *review_.mutable_customer() = before_.record.conversation().customer();
  *review_.mutable_passages() = findings_.knowledge.passages();
  *review_.mutable_records() = findings_.knowledge.records();
  if (const std::string immediate = ImmediateWords(); !immediate.empty()) {
    v1::Passage& desk = *review_.add_passages();
    desk.set_document_id("escalation");
    desk.set_language(completed_.reply().language());
    desk.set_text(immediate);
  }
  if (completed_.reply().escalated()) {
    v1::Record& ticket = *review_.add_records();
    ticket.set_kind("ticket");
    ticket.set_id(completed_.reply().escalation().ticket_id());
    ticket.set_access(v1::Record::GRANTED);
  }
}

Awaitable<void> Turn::Answer() {
  CollectSources();
  const v1::GenerateRequest base = GenerateRequestFrom();
  absl::Status status;
  for (int attempt = 1; attempt <= limits_.attempts_max; ++attempt) {
    ForgetSentences(static_cast<uint32_t>(attempt));
    completed_.set_attempts(static_cast<uint32_t>(attempt));
    v1::GenerateRequest request = base;
    request.set_attempt(static_cast<uint32_t>(attempt));
    request.mutable_feedback()->Assign(objections_.begin(), objections_.end());
    status = co_await Attempt(std::move(request));
    if (status.ok() || !absl::IsAborted(status)) break;  // Aborted: the critic rejected a sentence
  }
  if (status.ok()) co_return;
  if (absl::IsAborted(status)) {
    AnswerCanned("withheld", "answer_withheld");
  } else {
    completed_.mutable_reply()->add_degraded("response-generator");
    AnswerCanned("unavailable", "agent_unavailable");
  }
}

Awaitable<absl::Status> Turn::Attempt(v1::GenerateRequest request) {
  const auto started = Clock::now();
  const auto reviewed_before = reviewing_;
  Context context = context_.WithDeadline(AnswerDeadline());
  absl::StatusOr<v1::GenerateReply> generated =
      co_await ReadSentences(std::move(request), std::move(context));
  const auto took = Clock::now() - started - (reviewing_ - reviewed_before);
  const bool rejected = absl::IsAborted(generated.status());
  Report({"response-generator", "generate", Milliseconds(took),
          rejected ? "ok" : OutcomeOf(generated.status())});
  if (generated.ok()) Accept(*generated);
  co_return generated.status();
}

// Reads the generator's sentences as they come; each is reviewed before it is released. Aborted:
// one was rejected, the objection is noted.
Awaitable<absl::StatusOr<v1::GenerateReply>> Turn::ReadSentences(v1::GenerateRequest request,
                                                                 Context context) {
  runtime::Caller::Query query;
  query.subject = runtime::AgentSubject(kGenerator, kGenerate);
  query.type = request.GetTypeName();
  query.payload = runtime::Encode(request);
  query.on_part = [this](const bus::Message& part) { return TakeSentence(part); };
  query.on_restart = [this] { ForgetSentences(completed_.attempts() + 1); };
  absl::StatusOr<bus::Message> last = co_await caller_.Send(std::move(query), std::move(context));
  absl::StatusOr<v1::GenerateReply> reply = runtime::DecodeReply<v1::GenerateReply>(last);
  if (!reply.ok()) co_return reply;
  if (sentences_released_ == 0 && reply->sentences().empty()) {
    co_return absl::InternalError("the generator said nothing");
  }
  // What has not been streamed is reviewed now: an agent may leave streaming out.
  for (int i = static_cast<int>(sentences_released_); i < reply->sentences_size(); ++i) {
    if (!Passes(reply->sentences(i))) co_return Rejected();
    EmitSentence(reply->sentences(i));
  }
  co_return reply;
}

absl::Status Turn::TakeSentence(const bus::Message& part) {
  v1::GenerateChunk chunk;
  const std::string_view payload = part.payload();
  if (!chunk.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::InternalError("the generator sent something that is no sentence");
  }
  if (!Passes(chunk.sentence())) return Rejected();
  EmitSentence(chunk.sentence());
  return absl::OkStatus();
}

// What was released belongs to an answer that will not come.
void Turn::ForgetSentences(uint32_t attempt) {
  if (sentences_released_ > 0 && request_.stream()) {
    v1::TurnEvent event;
    event.mutable_restart()->set_attempt(attempt);
    emitter_.Emit(event);
  }
  sentences_released_ = 0;
  completed_.mutable_reply()->clear_reply();
}

bool Turn::Passes(const std::string& sentence) {
  const auto started = Clock::now();
  review_.set_text(sentence);
  const critic::Review review = critic_.Examine(review_);
  reviewing_ += Clock::now() - started;
  if (review.verdict == v1::ReviewReply::ALLOW) return true;
  objections_.push_back(
      StrCat("sentence ", sentences_released_, " (", review.policy, "): ", review.reason));
  log::Warning("the critic rejected a sentence", {{"turn_id", context_.turn_id},
                                                  {"trace_id", context_.trace.trace_id},
                                                  {"policy", review.policy},
                                                  {"rule", review.rule},
                                                  {"reason", review.reason}});
  return false;
}

void Turn::Accept(const v1::GenerateReply& generated) {
  v1::TurnReply& reply = *completed_.mutable_reply();
  *reply.mutable_citations() = generated.citations();
  reply.set_answered(generated.answered());
  if (!generated.language().empty()) reply.set_language(generated.language());
  *completed_.mutable_usage() = generated.usage();
  focus_ = generated.focus();
  if (focus_.intent().empty()) focus_.set_intent(reply.intent());
}

void Turn::AnswerCanned(std::string_view key, std::string_view reason) {
  v1::TurnReply& reply = *completed_.mutable_reply();
  ForgetSentences(completed_.attempts() + 1);
  reply.clear_citations();
  const std::string immediate = ImmediateWords();
  if (!immediate.empty() && Passes(immediate)) EmitSentence(immediate);
  EmitSentence(critic_.CannedAnswer(key, reply.language()));
  reply.set_answered(false);
  EscalateFor(reason, reply);
}

void Turn::Report(const LegReport& report) {
  v1::AgentTiming& timing = *completed_.mutable_reply()->add_agents();
  timing.set_name(report.agent);
  timing.set_duration_ms(report.duration_ms);
  timing.set_outcome(report.outcome);
  if (!request_.stream()) return;
  v1::TurnEvent event;
  v1::TurnEvent::Progress& progress = *event.mutable_progress();
  progress.set_agent(report.agent);
  progress.set_step(report.step);
  progress.set_duration_ms(report.duration_ms);
  progress.set_outcome(report.outcome);
  emitter_.Emit(event);
}

void Turn::EmitSentence(const std::string& text) {
  Append(*completed_.mutable_reply()->mutable_reply(), text);
  if (request_.stream()) {
    v1::TurnEvent event;
    event.mutable_sentence()->set_text(text);
    event.mutable_sentence()->set_index(sentences_released_);
    emitter_.Emit(event);
  }
  ++sentences_released_;
}

}  // namespace switchboard::critic_supervisor
