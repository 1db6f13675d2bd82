#include "services/response-generator/evidence.h"

#include <algorithm>

#include "services/response-generator/selector.h"
#include "services/response-generator/strings.h"

namespace switchboard::response_generator {
namespace {

// Words of the previous message and of the intent count less than the customer's own.
constexpr double kEarlierWeight = 0.6;
constexpr double kIntentWeight = 0.5;
// An intent of at least this probability stands for words that the customer mistyped or went
// around.
constexpr double kMeantMin = 0.5;
constexpr double kMeantWeight = 0.8;
constexpr double kProductNameWeight = 0.4;
// Share of a question's meaning that must be found before we answer; chosen on the sample documents
// so that "Do you sell helicopters?" stays unanswered. The words of a follow-up are mostly
// borrowed, and passages found for one part of a message should not answer another.
constexpr double kSupportMin = 0.3;
constexpr double kFollowUpSupportMin = 0.12;
constexpr double kClauseSupportMin = 0.5;
// A part that names its own intent is less likely to be about that of the whole.
constexpr double kOtherPartIntent = 0.5;
// More orders or products than these are not read out in one answer.
constexpr int kRecordsMax = 3;

// Intents that a record alone answers: a policy quoted after it would only distract.
constexpr std::string_view kRecordIntents[] = {"ORDER_STATUS", "TRACKING_UPDATE", "REFUND_STATUS"};
// Intents to which an order's state belongs, when the customer speaks of one.
constexpr std::string_view kOrderIntents[] = {"CANCELLATION", "RETURN_REQUEST", "EXCHANGE",
                                              "COMPLAINT", "BILLING_ISSUE"};

template <typename List>
bool Contains(const List& list, std::string_view value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

class Gatherer {
 public:
  Gatherer(const v1::GenerateRequest& request, const Question& question, const Lexicon& lexicon,
           const Voice& voice, const EvidenceLimits& limits)
      : request_(request),
        question_(question),
        lexicon_(lexicon),
        voice_(voice),
        limits_(limits),
        selector_(lexicon, request.passages(), question.language),
        said_(limits.excluded) {
    for (const v1::Record& record : request.records()) {
      if (record.kind() != "product") continue;
      for (const Word& word : lexicon.Words(Field(record, "name"))) {
        if (!word.stopword) product_words_.push_back(word.hash);
      }
    }
  }

  Evidence Run() {
    if (limits_.records) Records();
    if (limits_.sentences_max > 0) Passages();
    return std::move(out_);
  }

 private:
  // ---- records

  bool Named(const v1::Record& record) const {
    if (request_.text().find(record.id()) != std::string::npos) return true;
    for (const v1::Entity& entity : request_.entities()) {
      if (entity.value() == record.id()) return true;
    }
    const std::string& name = Field(record, "name");
    if (name.empty()) return false;
    if (question_.normalized.find(Normalized(name)) != std::string::npos) return true;
    // The first word of most products' names is their own: "Aurora", "Pebble"; not so "Tent".
    const std::string first = Normalized(name.substr(0, name.find(' ')));
    const std::vector<Word> words = lexicon_.Words(first);
    // "The air fryer" when only one was found: the Hearth air fryer.
    const size_t space = name.find(' ');
    const bool only = std::count_if(request_.records().begin(), request_.records().end(),
                                    [](const auto& one) { return one.kind() == "product"; }) == 1;
    if (only && record.kind() == "product" && space != std::string::npos &&
        question_.normalized.find(Normalized(name.substr(space + 1))) != std::string::npos) {
      return true;
    }
    return !words.empty() && !words[0].concept_word && !words[0].stopword &&
           question_.normalized.find(first) != std::string::npos;
  }

  void Records() {
    int told = 0;
    for (const v1::Record& record : request_.records()) {
      if (told == kRecordsMax) break;
      if (record.id().empty()) continue;  // there is no saying whose it is
      if (record.kind() == "order" && OrderWanted(record)) {
        told += Order(record);
      } else if (record.kind() == "product" && ProductWanted(record)) {
        told += Product(record);
      }
    }
  }

  bool OrderWanted(const v1::Record& order) const {
    if (Named(order)) return true;
    const std::string_view top = question_.top_intent();
    // Somebody who asks about refunds in general does not mean each of the latest orders.
    if (top == "REFUND_STATUS" && request_.focus().order_id() != order.id() &&
        order.access() == v1::Record::GRANTED) {
      return !Field(order, "refund_status").empty();
    }
    if (Contains(kRecordIntents, top)) return true;
    const bool points_back = question_.refers || question_.follow_up;
    if (top == "SHIPPING_ESTIMATE") return points_back;
    // Orders that nobody named come along when somebody says "my order"; only the one we were
    // talking about is meant.
    return points_back && request_.focus().order_id() == order.id() &&
           (top.empty() || Contains(kOrderIntents, top));
  }

  uint8_t OrderParts() const {
    uint8_t parts = 0;
    const std::string_view top = question_.top_intent();
    if (question_.HasIntent("REFUND_STATUS")) parts |= kOrderRefund;
    if (question_.HasIntent("TRACKING_UPDATE") || (question_.facets & kTracking)) {
      parts |= kOrderStatus | kOrderTracking;
    }
    if (question_.facets & kItems) parts |= kOrderItems;
    if (question_.facets & kTotal) parts |= kOrderTotal;
    if ((question_.facets & kRefund) && Contains(kRecordIntents, top)) parts |= kOrderRefund;
    const bool aside = (parts & (kOrderRefund | kOrderItems | kOrderTotal)) != 0;
    if (!aside || question_.HasIntent("ORDER_STATUS")) parts |= kOrderStatus;
    return parts;
  }

  bool Order(const v1::Record& order) {
    switch (order.access()) {
      case v1::Record::SIGN_IN_REQUIRED:
        record_answers_ = true;
        out_.focus.set_order_id(order.id());
        return State("order.sign_in", {});
      case v1::Record::NOT_FOUND:
        record_answers_ = true;
        return State("order.not_found", {{"order", order.id()}});
      case v1::Record::GRANTED:
        break;
      default:
        return false;
    }
    const uint8_t parts = OrderParts();
    if (!Tell(order, SayOrder(order, parts, voice_))) return false;
    out_.focus.set_order_id(order.id());
    // How a refund goes on is worth quoting when that is asked and it is not yet done.
    const bool refund_open = (question_.kinds & (kDuration | kMethod)) != 0 &&
                             (parts & kOrderRefund) && Field(order, "refund_status") != "issued" &&
                             Field(order, "status") != "refunded";
    const bool arrival =
        question_.top_intent() == "SHIPPING_ESTIMATE" && question_.clauses.size() == 1;
    record_answers_ = arrival || (Contains(kRecordIntents, question_.top_intent()) && !refund_open);
    return true;
  }

  bool ProductWanted(const v1::Record& product) const {
    const std::string_view top = question_.top_intent();
    const bool about_products = top.empty() || top == "PRODUCT_INQUIRY" || top == "GENERAL_INQUIRY";
    if (about_products) return Named(product) || question_.refers || question_.follow_up;
    // "Is the Aurora still under warranty?" may be called technical support or a return.
    return Named(product) && (question_.facets & kWarranty);
  }

  bool Product(const v1::Record& product) {
    if (product.access() == v1::Record::NOT_FOUND) return State("product.not_found", {});
    if (product.access() != v1::Record::GRANTED) return false;
    const std::string_view top = question_.top_intent();
    uint16_t facets = question_.facets & (kPrice | kStock | kWarranty | kColour);
    if (question_.kinds & kCost) facets |= kPrice;
    if (top != "PRODUCT_INQUIRY" && !top.empty() && top != "GENERAL_INQUIRY") facets &= kWarranty;
    if (facets != 0) {
      const bool told = Tell(product, SayProduct(product, facets, voice_));
      if (told) told_facets_ |= facets;
      if (told) out_.focus.set_product_id(product.id());
      return told;
    }
    return Description(product);
  }

  // A question about a feature, or "tell me about it": sentences of the description, quoted.
  bool Description(const v1::Record& product) {
    const std::string& text = Field(product, "description");
    if (text.empty()) return false;
    google::protobuf::RepeatedPtrField<v1::Passage> one;
    v1::Passage& passage = *one.Add();
    passage.set_document_id(StrCat("product:", product.id()));
    passage.set_title(Field(product, "name"));
    passage.set_text(text);
    passage.set_language("en");  // the records' language
    passage.set_score(1);
    const Selector selector(lexicon_, one, question_.language);
    // The name says which product, not what is asked of it.
    Ask ask = AskFor(question_.clauses.front());
    const std::vector<Word> name = lexicon_.Words(Field(product, "name"));
    std::erase_if(ask.terms, [&](const Term& term) {
      return std::any_of(name.begin(), name.end(),
                         [&](const Word& word) { return word.hash == term.hash; });
    });
    const bool general = ask.terms.empty() && !question_.follow_up;
    Selection found;
    if (general) {
      const std::vector<Sentence> sentences = SplitSentences(text);
      if (!sentences.empty() && !said_.contains(sentences.front().text)) {
        found.picks.push_back({0, sentences.front(), 1});
      }
    } else {
      found = selector.Select(ask, {.sentences_max = 2, .excluded = &said_});
    }
    if (found.picks.empty()) return false;
    const size_t first = out_.parts.size();
    Quote(selector, found);
    // The description does not name what it describes.
    for (size_t i = first; i < out_.parts.size(); ++i) {
      if (out_.parts[i].kind != PartKind::kPassage) continue;
      out_.parts[i].text = StrCat(Field(product, "name"), ": ", out_.parts[i].text);
      break;
    }
    out_.focus.set_product_id(product.id());
    record_answers_ = true;
    if (general) Tell(product, SayProduct(product, kPrice | kStock, voice_));
    return true;
  }

  bool State(std::string_view key, const Values& values) {
    Part part;
    part.text = voice_.templates.Say(key, voice_.how, voice_.seed, values);
    const bool repeats = std::any_of(out_.parts.begin(), out_.parts.end(),
                                     [&](const Part& one) { return one.text == part.text; });
    if (!repeats) out_.parts.push_back(std::move(part));
    return true;
  }

  bool Tell(const v1::Record& record, std::vector<RecordSentence> sentences) {
    std::erase_if(sentences, [&](const RecordSentence& one) { return said_.contains(one.text); });
    if (sentences.empty()) return false;
    const v1::Citation citation = CiteRecord(record, sentences, voice_);
    for (RecordSentence& sentence : sentences) {
      out_.parts.push_back({PartKind::kRecord, sentence.text, citation, sentence.text});
    }
    return true;
  }

  // ---- passages

  // "Is the Finch speaker waterproof?": the name says which product, not what is asked of it.
  bool IsOfProductName(const Word& word) const {
    return std::find(product_words_.begin(), product_words_.end(), word.hash) !=
           product_words_.end();
  }

  // What the classifier heard says where the answer stands. Of several parts each may be about
  // something else, so there the words that name an intent count as well.
  void AddCategories(const Clause& clause, Ask& ask) const {
    const auto add = [&](std::string_view intent, double weight) {
      for (const std::string& category : lexicon_.IntentCategories(intent)) {
        ask.categories.push_back({category, weight});
      }
    };
    bool named = false;
    if (question_.clauses.size() > 1) {
      for (const Word& word : clause.words) {
        const std::string_view intent = lexicon_.IntentOfConcept(word.hash);
        if (intent.empty()) continue;
        add(intent, 1);
        named = true;
      }
    }
    for (const v1::Intent& intent : question_.intents) {
      add(intent.name(), named ? kOtherPartIntent * intent.confidence() : intent.confidence());
    }
  }

  Ask AskFor(const Clause& clause) const {
    Ask ask;
    ask.kinds = clause.kinds;
    // "Where is my refund?" asks when it comes.
    if (ask.kinds == 0 && question_.top_intent() == "REFUND_STATUS") ask.kinds = kDuration;
    // "How many days" asks for days, "how many euros" for an amount.
    if (ask.kinds & (kDuration | kCost)) ask.kinds &= static_cast<uint8_t>(~kCount);
    AddCategories(clause, ask);
    ask.focus_document = request_.focus().document_id();
    ask.support_min = question_.follow_up            ? kFollowUpSupportMin
                      : question_.clauses.size() > 1 ? kClauseSupportMin
                                                     : kSupportMin;
    const auto add = [&ask](const Word& word, double weight, bool hint) {
      for (Term& term : ask.terms) {
        if (term.hash != word.hash) continue;
        // What the customer says and the classifier heard is what the message is about.
        if (hint) {
          term.weight += weight;
          term.essential = true;
        }
        return;
      }
      ask.terms.push_back({word.hash, weight, hint, word.concept_word || word.number});
    };
    for (const Word& word : clause.words) {
      if (IsOfProductName(word)) {
        add(word, kProductNameWeight, false);
        continue;
      }
      // The number of an order stands in no document.
      if (!word.number || clause.words.size() == 1) add(word, 1, false);
    }
    for (const Word& word : question_.earlier) add(word, kEarlierWeight, false);
    // With several clauses the intents belong to either, and would draw both to one answer.
    if (question_.clauses.size() == 1 && !question_.intents.empty()) {
      const std::vector<uint64_t>& concepts = lexicon_.IntentConcepts(question_.top_intent());
      const bool said = std::any_of(ask.terms.begin(), ask.terms.end(), [&](const Term& term) {
        return std::find(concepts.begin(), concepts.end(), term.hash) != concepts.end();
      });
      // "how do i retrun a lamp": what the classifier is sure of counts as said.
      const bool meant = !said && question_.intents.front().confidence() >= kMeantMin;
      for (const uint64_t hash : concepts) {
        add({.hash = hash, .concept_word = true}, meant ? kMeantWeight : kIntentWeight, !meant);
      }
    }
    return ask;
  }

  bool ClauseAnsweredByRecord(const Clause& clause) const {
    const uint8_t facet_kinds = (told_facets_ & kPrice) ? kCost : 0;
    if ((clause.facets & told_facets_) != 0 || (clause.kinds & facet_kinds) != 0) {
      return (told_facets_ & kWarranty) || question_.top_intent() == "PRODUCT_INQUIRY" ||
             question_.intents.empty();
    }
    if (!record_answers_) return false;
    if (question_.clauses.size() == 1) return true;
    // Of several clauses, those that speak of the order.
    for (const v1::Record& record : request_.records()) {
      if (!record.id().empty() && clause.text.find(record.id()) != std::string_view::npos) {
        return true;
      }
    }
    return lexicon_.Refers(clause.normalized);
  }

  void Passages() {
    size_t answered = 0, unanswered = 0;
    for (const Clause& clause : question_.clauses) {
      if (ClauseAnsweredByRecord(clause)) {
        ++answered;
        continue;
      }
      const size_t quoted = Quoted();
      if (quoted >= limits_.sentences_max) break;
      const size_t room = std::min(limits_.clause_sentences_max, limits_.sentences_max - quoted);
      const size_t each = question_.clauses.size() > 1 ? std::min<size_t>(room, 2) : room;
      const Selection found =
          selector_.Select(AskFor(clause), {.sentences_max = each, .excluded = &said_});
      // Beside an answer in the customer's language a quotation in another one only confuses.
      const bool confuses = !found.picks.empty() && !out_.parts.empty() &&
                            !selector_.InCustomersLanguage(found.picks.front().passage);
      if (found.picks.empty() || confuses) {
        ++unanswered;
        continue;
      }
      ++answered;
      Quote(selector_, found);
    }
    out_.part_unknown = answered > 0 && unanswered > 0;
  }

  size_t Quoted() const {
    return std::count_if(out_.parts.begin(), out_.parts.end(),
                         [](const Part& part) { return part.kind == PartKind::kPassage; });
  }

  void Quote(const Selector& selector, const Selection& found) {
    const v1::Passage& best = selector.passage(found.picks.front().passage);
    if (!selector.InCustomersLanguage(found.picks.front().passage)) {
      Introduce(best.language());
    }
    bool after_list = false;
    size_t bullets = 0;
    for (const Pick& pick : found.picks) bullets += pick.sentence.bullet;
    for (const Pick& pick : found.picks) {
      const v1::Passage& passage = selector.passage(pick.passage);
      Part part;
      part.kind = PartKind::kPassage;
      part.source = std::string(pick.sentence.text);
      part.text = OneLine(pick.sentence.text);
      if (pick.sentence.number > 0 && found.picks.size() > 1) {
        part.text = StrCat("\n", pick.sentence.number, ". ", part.text);
      } else if (pick.sentence.bullet && bullets > 1) {
        part.text = StrCat("\n- ", part.text);
      } else if (after_list) {
        part.text = StrCat("\n", part.text);
      }
      after_list = part.text.front() == '\n' && (pick.sentence.number > 0 || bullets > 1);
      v1::Citation citation;
      citation.set_document_id(passage.document_id());
      citation.set_title(passage.title());
      citation.set_quote(part.source);
      part.citation = std::move(citation);
      said_.insert(part.source);
      out_.parts.push_back(std::move(part));
    }
    if (!best.document_id().starts_with("product:")) out_.focus.set_document_id(best.document_id());
  }

  // "I only have this in English": once an answer.
  void Introduce(const std::string& language) {
    if (introduced_) return;
    introduced_ = true;
    const std::string primary(Trim(std::string_view(language).substr(0, language.find('-'))));
    if (primary.empty()) return;  // no language that could be named
    Part part;
    part.text = voice_.templates.Say("opener.other_language", voice_.how, voice_.seed,
                                     {{"source_language", voice_.templates.LanguageName(primary)}});
    out_.parts.push_back(std::move(part));
  }

  const v1::GenerateRequest& request_;
  const Question& question_;
  const Lexicon& lexicon_;
  const Voice& voice_;
  const EvidenceLimits& limits_;
  Selector selector_;
  // Sentences that must not be said (again).
  std::set<std::string, std::less<>> said_;
  // Words of the names of the products that were found.
  std::vector<uint64_t> product_words_;
  // A record has answered what was asked.
  bool record_answers_ = false;
  // What products were asked for and told.
  uint16_t told_facets_ = 0;
  bool introduced_ = false;
  Evidence out_;
};

}  // namespace

Evidence Gather(const v1::GenerateRequest& request, const Question& question,
                const Lexicon& lexicon, const Voice& voice, const EvidenceLimits& limits) {
  return Gatherer(request, question, lexicon, voice, limits).Run();
}

}  // namespace switchboard::response_generator
