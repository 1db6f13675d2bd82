#include "services/escalation/training/recipe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_format.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "services/escalation/training/logistic.h"
#include "services/escalation/training/text_trainer.h"

namespace switchboard::escalation {
namespace {

using Json = nlohmann::json;

// The contract's bounds: AssessRequest.text, Exchange.text, AssessRequest.history.
constexpr size_t kTextMax = 4096;
constexpr size_t kExchangeTextMax = 1024;
constexpr size_t kHistoryMax = 10;

constexpr int kFolds = 5;
constexpr int kRepetitions = 3;
constexpr double kRidge = 1;

const std::string kHandoff = "HANDOFF";

// How many of the intents' messages are looked at, evenly spread. F1 of held-out conversations:
// .942 without them, .945 with 2,000, .947 with 4,000, .944 with 8,000, .936 with 12,000, .923 with
// all 25,000, which drown what is rare.
constexpr size_t kIntentsMax = 4000;

constexpr std::array<std::string_view, 4> kUnclearIntents = {"COMPLAINT", "BILLING_ISSUE",
                                                             "TECHNICAL_SUPPORT", "OUT_OF_SCOPE"};

std::string Member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

absl::StatusOr<v1::AssessRequest> RequestOf(const Json& object) {
  v1::AssessRequest request;
  request.set_language(Member(object, "language"));
  std::vector<v1::Exchange> exchanges;
  for (const Json& message : object.value("messages", Json::array())) {
    std::string text = Member(message, "text");
    if (text.empty()) text = Member(message, "content");
    if (Member(message, "role") == "assistant") {
      if (!exchanges.empty()) exchanges.back().set_reply(Truncate(text, kExchangeTextMax));
      continue;
    }
    exchanges.emplace_back().set_text(Truncate(text, kTextMax));
    exchanges.back().set_answered(true);
  }
  if (exchanges.empty() || exchanges.back().text().empty()) {
    return absl::InvalidArgumentError("a conversation has no customer message");
  }
  request.set_text(exchanges.back().text());
  exchanges.pop_back();
  request.set_turn_count(static_cast<uint32_t>(exchanges.size()));
  const size_t skip = exchanges.size() - std::min(exchanges.size(), kHistoryMax);
  for (size_t i = skip; i < exchanges.size(); ++i) {
    exchanges[i].set_text(Truncate(exchanges[i].text(), kExchangeTextMax));
    *request.add_history() = exchanges[i];
  }
  return request;
}

// The label of a conversation's last message.
std::string LabelOf(const Conversation& conversation,
                    const std::map<std::string, std::string>& label_of_reason) {
  if (!conversation.escalate) return "NONE";
  if (conversation.reason == "repeated_failure") {
    return conversation.trouble == "repeated_question" ? "REPEATED" : "UNSOLVED";
  }
  const auto found = label_of_reason.find(conversation.reason);
  return found == label_of_reason.end() ? "" : found->second;
}

std::vector<int> DealFolds(size_t count, unsigned seed) {
  std::vector<int> folds(count);
  for (size_t i = 0; i < count; ++i) folds[i] = static_cast<int>(i % kFolds);
  std::mt19937 random(seed);
  std::shuffle(folds.begin(), folds.end(), random);
  return folds;
}

// Complaints, billing, technical trouble and what is out of scope may well need a person for a
// reason that their label does not tell: they are left out.
std::vector<learning::Example> FromIntents(std::vector<learning::Example> messages) {
  std::vector<learning::Example> taken;
  const size_t step = 1 + messages.size() / kIntentsMax;
  for (size_t i = 0; i < messages.size(); i += step) {
    learning::Example& message = messages[i];
    const std::string& label = message.label;
    if (std::find(kUnclearIntents.begin(), kUnclearIntents.end(), label) != kUnclearIntents.end()) {
      continue;
    }
    message.label = label == "ESCALATION_REQUEST" ? "HANDOFF" : "NONE";
    taken.push_back(std::move(message));
  }
  return taken;
}

struct Point {
  double probability;
  bool wanted;
};

double LogOdds(double probability) {
  constexpr double kEdge = 1e-6;
  const double p = std::clamp(probability, kEdge, 1 - kEdge);
  return std::log(p / (1 - p));
}

// The middle of the thresholds whose F1 is nearly the best: the very best one of a few hundred
// points is an accident.
double BestThreshold(std::vector<Point> points) {
  constexpr double kNearly = 0.005;
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.probability > b.probability; });
  const auto wanted = static_cast<double>(
      std::count_if(points.begin(), points.end(), [](const Point& p) { return p.wanted; }));
  double right = 0, best = 0;
  std::vector<double> f1;
  for (size_t i = 0; i < points.size(); ++i) {
    right += points[i].wanted;
    f1.push_back(2 * right / (static_cast<double>(i + 1) + wanted));
    best = std::max(best, f1.back());
  }
  double highest = 0, lowest = 0;
  bool found = false;
  for (size_t i = 0; i < points.size(); ++i) {
    if (f1[i] < best - kNearly) continue;
    lowest = LogOdds(points[i].probability);
    if (!found) highest = lowest;
    found = true;
  }
  return found ? 1 / (1 + std::exp(-(highest + lowest) / 2)) : 0.5;
}

std::string Describe(const v1::AssessRequest& request, std::string_view reason,
                     const Assessor::Evidence& evidence, const std::vector<std::string>& labels,
                     const Decision& decision) {
  size_t best = 0;
  double highest = -1;
  for (size_t r = 0; r < labels.size(); ++r) {
    if (!evidence.text[r].has_value()) continue;
    const Decision::Text& text = decision.texts.at(labels[r]);
    const double margin = Probability(text.weights, *evidence.text[r]) - text.threshold;
    if (margin > highest) highest = margin, best = r;
  }
  std::string line = absl::StrFormat(
      "%s: %s %+.2f, trouble %.2f%s:", reason.empty() ? "not to escalate" : std::string(reason),
      labels[best], highest, Probability(decision.trouble_weights, evidence.trouble),
      evidence.asked_the_same ? ", the same" : "");
  for (const v1::Exchange& exchange : request.history()) {
    line += StrCat(" > ", exchange.text(), " < ", exchange.reply());
  }
  return line + " > " + request.text();
}

}  // namespace

absl::StatusOr<v1::AssessRequest> RequestOf(std::string_view json_object) {
  const Json object = Json::parse(json_object, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::InvalidArgumentError("a line is no JSON object");
  return RequestOf(object);
}

absl::StatusOr<std::vector<Conversation>> ParseConversations(std::string_view json_lines) {
  std::vector<Conversation> conversations;
  size_t number = 0;
  for (const std::string_view line : StrSplit(json_lines, '\n')) {
    ++number;
    if (line.empty()) continue;
    const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto escalate = object.is_object() ? object.find("escalate") : object.end();
    if (!object.is_object() || escalate == object.end() ||
        !(escalate->is_boolean() || escalate->is_number_integer())) {
      return absl::InvalidArgumentError(
          StrCat("line ", number, " is no JSON object with \"escalate\", true or false"));
    }
    Conversation conversation;
    ASSIGN_OR_RETURN(conversation.request, RequestOf(object));
    conversation.escalate = escalate->is_boolean() ? escalate->get<bool>() : *escalate == 1;
    if (conversation.escalate) conversation.reason = Member(object, "reason");
    conversation.trouble = Member(object, "trouble");
    conversations.push_back(std::move(conversation));
  }
  return conversations;
}

absl::StatusOr<Recipe> Recipe::Read(const std::string& folder, const std::string& intents) {
  Recipe recipe;
  ASSIGN_OR_RETURN(recipe.signals_, ReadFile(folder + "/signals.json"));
  ASSIGN_OR_RETURN(const std::string concepts, ReadFile(folder + "/concepts.json"));
  ASSIGN_OR_RETURN(recipe.lexicon_, learning::Lexicon::FromJson(concepts));
  for (const char* name : {"/messages.jsonl", "/handoff.jsonl"}) {
    ASSIGN_OR_RETURN(const std::string lines, ReadFile(folder + name));
    ASSIGN_OR_RETURN(std::vector<learning::Example> messages, learning::ParseDataset(lines));
    recipe.Add(std::move(messages));
  }
  ASSIGN_OR_RETURN(const std::string intent_lines, ReadFile(intents));
  ASSIGN_OR_RETURN(std::vector<learning::Example> of_intents, learning::ParseDataset(intent_lines));
  recipe.ordinary_ = FromIntents(std::move(of_intents));
  ASSIGN_OR_RETURN(const std::string lines, ReadFile(folder + "/conversations.jsonl"));
  ASSIGN_OR_RETURN(recipe.conversations_, ParseConversations(lines));
  return recipe;
}

void Recipe::Add(std::vector<learning::Example> messages) {
  for (learning::Example& message : messages) messages_.push_back(std::move(message));
}

void Recipe::Add(std::vector<Conversation> conversations) {
  for (Conversation& one : conversations) conversations_.push_back(std::move(one));
}

absl::StatusOr<std::string> Recipe::Train(Report* report) const {
  // Each thing to learn from, once: its text, its label, and the request as the agent meets it.
  struct Item {
    learning::Example example;
    const Conversation* conversation = nullptr;
    bool ordinary = false;
    int fold = 0;
    Assessor::Evidence evidence;
  };
  std::vector<Item> items;
  for (const learning::Example& message : messages_) items.push_back({message});
  for (const learning::Example& message : ordinary_) items.push_back({message, nullptr, true});
  std::map<std::string, std::string> label_of_reason;
  const Json signals = Json::parse(signals_, nullptr, /*allow_exceptions=*/false);
  if (!signals.is_object()) return absl::InvalidArgumentError("signals.json is no JSON object");
  for (const Json& reason : signals.value("reasons", Json::array())) {
    label_of_reason[Member(reason, "name")] = Member(reason, "label");
  }
  for (const Conversation& one : conversations_) {
    const std::string label = LabelOf(one, label_of_reason);
    if (label.empty()) {
      return absl::InvalidArgumentError("a conversation's reason is unknown: " + one.reason);
    }
    items.push_back({{one.request.text(), label, one.request.language()}, &one});
  }
  std::vector<learning::Example> everything;
  for (const Item& item : items) everything.push_back(item.example);
  // Dealt anew for each repetition: what is decided on a few hundred conversations must not hang on
  // who happened to be in which fold.
  const size_t once = items.size();
  for (int again = 1; again < kRepetitions; ++again) {
    for (size_t i = 0; i < once; ++i) items.push_back(items[i]);
  }
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    const std::vector<int> folds = DealFolds(once, static_cast<unsigned>(repetition));
    for (size_t i = 0; i < once; ++i) {
      items[static_cast<size_t>(repetition) * once + i].fold = repetition * kFolds + folds[i];
    }
  }

  // What the agent would observe of each, with a text model that has not seen it.
  std::vector<std::string> labels;
  for (int held_out = 0; held_out < kFolds * kRepetitions; ++held_out) {
    std::vector<learning::Example> examples;
    for (const Item& item : items) {
      if (item.fold / kFolds == held_out / kFolds && item.fold != held_out) {
        examples.push_back(item.example);
      }
    }
    const std::string model = SerializeTextModel(TrainTextModel(examples, lexicon_, {}));
    ASSIGN_OR_RETURN(const Assessor assessor,
                     Assessor::Parse(signals_, SerializeModelFile({}, model)));
    labels = assessor.labels();
    for (Item& item : items) {
      if (item.fold != held_out) continue;
      v1::AssessRequest alone;
      alone.set_text(Truncate(item.example.text, kTextMax));
      item.evidence =
          assessor.Observe(item.conversation != nullptr ? item.conversation->request : alone);
    }
  }

  // The weights of the evidence: both halves of the truth weigh the same.
  const auto balance = [](auto& samples) {
    const auto positives = static_cast<double>(std::count_if(
        samples.begin(), samples.end(), [](const auto& sample) { return sample.positive; }));
    const double weight =
        (static_cast<double>(samples.size()) - positives) / std::max(1.0, positives);
    for (auto& sample : samples) {
      if (sample.positive) sample.weight = weight;
    }
  };
  Decision decision;
  for (size_t r = 0; r < labels.size(); ++r) {
    if (labels[r].empty()) continue;
    std::vector<Sample<kTextFeatureCount>> samples;
    for (const Item& item : items) {
      samples.push_back({*item.evidence.text[r], item.example.label == labels[r], 1});
    }
    balance(samples);
    decision.texts[labels[r]].weights = FitLogistic(samples, kRidge);
  }
  std::vector<Sample<kTroubleFeatureCount>> troubles;
  for (const Item& item : items) {
    if (item.conversation == nullptr) continue;
    const bool positive = item.conversation->reason == "repeated_failure";
    if (item.conversation->escalate && !positive) continue;
    troubles.push_back({item.evidence.trouble, positive, 1});
  }
  balance(troubles);
  decision.trouble_weights = FitLogistic(troubles, kRidge);

  // The thresholds: one for all reasons, on conversations; requests for a person have their own,
  // on all messages.
  const auto probability = [&](const Item& item, size_t r) {
    return Probability(decision.texts[labels[r]].weights, *item.evidence.text[r]);
  };
  std::vector<Point> text_points, trouble_points, handoff_points;
  for (const Item& item : items) {
    double best = 0;
    for (size_t r = 0; r < labels.size(); ++r) {
      if (labels[r].empty()) continue;
      if (labels[r] == kHandoff) {
        if (item.ordinary) continue;
        handoff_points.push_back({probability(item, r), item.example.label == kHandoff});
      } else {
        best = std::max(best, probability(item, r));
      }
    }
    if (item.conversation == nullptr) continue;
    const bool in_trouble = item.conversation->reason == "repeated_failure";
    const bool escalate = item.conversation->escalate;
    if (!in_trouble && item.example.label != kHandoff) text_points.push_back({best, escalate});
    if (in_trouble || !escalate) {
      trouble_points.push_back(
          {Probability(decision.trouble_weights, item.evidence.trouble), in_trouble});
    }
  }
  const double text_threshold = BestThreshold(std::move(text_points));
  for (auto& [label, text] : decision.texts) text.threshold = text_threshold;
  decision.texts[kHandoff].threshold = BestThreshold(std::move(handoff_points));
  decision.trouble_threshold = BestThreshold(std::move(trouble_points));

  const std::string model = SerializeTextModel(TrainTextModel(everything, lexicon_, {}));
  if (report != nullptr) {
    report->messages = messages_.size() + ordinary_.size();
    report->conversations = conversations_.size();
    report->decision = decision;
    double right = 0, found = 0, wanted = 0;
    for (const Item& item : items) {
      if (item.conversation == nullptr) continue;
      bool holds = item.evidence.asked_the_same ||
                   Probability(decision.trouble_weights, item.evidence.trouble) >=
                       decision.trouble_threshold;
      for (size_t r = 0; r < labels.size(); ++r) {
        holds |= !labels[r].empty() && probability(item, r) >= decision.texts[labels[r]].threshold;
      }
      if (holds != item.conversation->escalate) {
        report->mistakes.push_back(Describe(item.conversation->request, item.conversation->reason,
                                            item.evidence, labels, decision));
      }
      found += holds;
      wanted += item.conversation->escalate;
      right += holds && item.conversation->escalate;
    }
    report->precision = found > 0 ? right / found : 0;
    report->recall = wanted > 0 ? right / wanted : 0;
  }
  return SerializeModelFile(decision, model);
}

}  // namespace switchboard::escalation
