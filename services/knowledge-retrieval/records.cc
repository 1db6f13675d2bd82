#include "services/knowledge-retrieval/records.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/references.h"
#include "services/knowledge-retrieval/vocabulary.h"

namespace switchboard::knowledge_retrieval {
namespace {

constexpr int kEnglish = 0;  // product names are stemmed as English: plurals are what matters

std::string Field(const std::map<std::string, std::string>& fields, const std::string& key) {
  const auto found = fields.find(key);
  return found == fields.end() ? "" : found->second;
}

}  // namespace

absl::Status Records::Put(const v1::KnowledgeEntry::Row& source) {
  const bool personal = source.kind() == "order" || source.kind() == "customer";
  if (!personal && source.kind() != "product") {
    return InvalidField("kind", "is not order, product or customer", "give the row its kind");
  }
  if (source.id().empty()) return InvalidField("id", "is empty", "give the row an id");
  if (personal && source.owner().empty()) {
    return InvalidField("owner", "is empty", "name the customer that the row belongs to");
  }
  if (source.json().size() > kRowBytesMax) {
    return InvalidField("json", "is larger than 64 KiB", "leave out what customers do not ask for");
  }
  Row row{source.kind(), source.id(), source.owner(), FlattenRow(source.json()), {}};
  if (row.fields.empty()) {
    return InvalidField("json", "is not a JSON object with fields", "send the row as an object");
  }
  if (row.kind == "product") row.name = NameWords(Field(row.fields, "name"));
  Remove(row.kind, row.id);
  AddToLookups(row);
  std::string id = row.id;
  kinds_[row.kind].insert_or_assign(std::move(id), std::move(row));
  return absl::OkStatus();
}

bool Records::Remove(const std::string& kind, const std::string& id) {
  const Row* row = Get(kind, id);
  if (row == nullptr) return false;
  if (kind == "order") {
    orders_of_owner_[row->owner].erase(id);
    if (orders_of_owner_[row->owner].empty()) orders_of_owner_.erase(row->owner);
    order_of_tracking_.erase(AsciiStrToLower(Field(row->fields, "tracking_number")));
  }
  for (const std::string& word : row->name) {
    products_of_word_[word].erase(id);
    if (products_of_word_[word].empty()) product_words_.erase(word);
  }
  kinds_[kind].erase(id);
  return true;
}

void Records::AddToLookups(const Row& row) {
  const size_t digits = row.id.find_first_of("0123456789");
  const bool numbered = digits != std::string::npos &&
                        row.id.find_first_not_of("0123456789", digits) == std::string::npos;
  if (numbered && digits > 0) {
    std::string letters = AsciiStrToLower(row.id.substr(0, digits));
    if (letters.back() == '-') letters.pop_back();
    id_forms_[letters] = {row.kind, row.id.substr(0, digits)};
  }
  if (row.kind == "order") {
    orders_of_owner_[row.owner].insert(row.id);
    if (numbered) order_digits_max_ = std::max(order_digits_max_, row.id.size() - digits);
    const std::string tracking = AsciiStrToLower(Field(row.fields, "tracking_number"));
    if (!tracking.empty()) {
      order_of_tracking_[tracking] = row.id;
      tracking_prefixes_.insert(tracking.substr(0, tracking.find_first_of("0123456789")));
    }
  }
  for (const std::string& word : row.name) {
    products_of_word_[word].insert(row.id);
    product_words_.insert(word);
  }
}

// Without what is in brackets, sizes and function words: "Beacon smart plug (2-pack)" → beacon
// smart plug.
std::vector<std::string> Records::NameWords(const std::string& name) const {
  std::vector<std::string> words;
  for (const Word& word : SplitWords(name.substr(0, name.find('(')))) {
    const bool number = word.folded.find_first_of("0123456789") != std::string::npos;
    if (number || word.folded.size() < 3 || analyzer_.IsStopWord(word.folded, kEnglish)) continue;
    words.push_back(analyzer_.Stem(word, kEnglish));
  }
  return words;
}

const Records::Row* Records::Get(const std::string& kind, const std::string& id) const {
  const auto rows = kinds_.find(kind);
  if (rows == kinds_.end()) return nullptr;
  const auto found = rows->second.find(id);
  return found == rows->second.end() ? nullptr : &found->second;
}

size_t Records::size() const {
  size_t size = 0;
  for (const auto& [kind, rows] : kinds_) size += rows.size();
  return size;
}

// ---- one question
// --------------------------------------------------------------------------------

class Records::Search {
 public:
  Search(const Records& records, const RecordQuery& query)
      : records_(records), query_(query), words_(SplitWords(query.text)) {
    language_ = records.analyzer_.DetectLanguage(query.text, words_);
  }

  std::vector<v1::Record> Run() {
    for (const Reference& reference : FindReferences(query_.text)) AddReference(reference);
    AddProductsByName();
    const bool named_order = Has("order");
    const bool named_product = Has("product");
    if (!named_product && !query_.focus_product_id.empty() && query_.anaphoric) {
      AddRow("product", std::string(query_.focus_product_id));
    }
    if (!named_order) AddOrdersMeant(named_product);
    AddProfile();
    return std::move(found_);
  }

 private:
  // The rule of Record.Access. `id` is as the customer wrote it, so that it tells nothing either.
  void AddRow(const std::string& kind, const std::string& id) {
    const Row* row = records_.Get(kind, id);
    v1::Record record;
    record.set_kind(kind);
    record.set_id(id);
    if (row != nullptr && MaySee(*row)) {
      record.set_access(v1::Record::GRANTED);
      record.mutable_fields()->insert(row->fields.begin(), row->fields.end());
    } else if (kind != "product" && query_.customer_id.empty()) {
      record.set_access(v1::Record::SIGN_IN_REQUIRED);
    } else {
      record.set_access(v1::Record::NOT_FOUND);
    }
    Add(std::move(record));
  }

  bool MaySee(const Row& row) const {
    return row.owner.empty() || (!query_.customer_id.empty() && row.owner == query_.customer_id);
  }

  void Add(v1::Record record) {
    if (found_.size() == kRecordsMax) return;
    for (const v1::Record& known : found_) {
      if (known.kind() == record.kind() && known.id() == record.id()) return;
    }
    found_.push_back(std::move(record));
  }

  bool Has(std::string_view kind) const {
    return std::any_of(found_.begin(), found_.end(),
                       [&](const v1::Record& record) { return record.kind() == kind; });
  }

  void AddReference(const Reference& reference) {
    if (reference.prefix.empty()) {
      // Longer numbers than orders have are telephone or card numbers, unless marked as orders.
      const size_t longest = records_.order_digits_max_ == 0 ? 10 : records_.order_digits_max_ + 1;
      if (reference.marked || reference.digits.size() <= longest) AddRow("order", reference.digits);
      return;
    }
    if (reference.suffix.empty()) {
      const auto form = records_.id_forms_.find(reference.prefix);
      if (form != records_.id_forms_.end()) {
        AddRow(form->second.kind, form->second.prefix + reference.digits);
        return;
      }
    }
    if (records_.tracking_prefixes_.contains(reference.prefix)) AddTracking(reference);
  }

  // A parcel number leads to its order for the order's owner; for anybody else it is a number that
  // leads nowhere.
  void AddTracking(const Reference& reference) {
    const std::string number = StrCat(reference.prefix, reference.digits, reference.suffix);
    const auto order = records_.order_of_tracking_.find(number);
    const Row* row =
        order == records_.order_of_tracking_.end() ? nullptr : records_.Get("order", order->second);
    const bool visible = row != nullptr && MaySee(*row);
    AddRow("order", visible ? row->id : AsciiStrToUpper(number));
  }

  // ---- products ----

  struct NameMatch {
    const Row* row = nullptr;
    double score = 0;
  };

  void AddProductsByName() {
    const auto products = records_.kinds_.find("product");
    if (products == records_.kinds_.end()) return;
    for (const Word& word : words_) stems_.push_back(records_.analyzer_.Stem(word, kEnglish));
    std::set<std::string> candidates;
    for (size_t i = 0; i < words_.size(); ++i) CorrectName(i, candidates);
    std::vector<NameMatch> matches;
    for (const std::string& id : candidates) {
      const Row& row = products->second.at(id);
      const double score = NameScore(row);
      if (score > 0 && MaySee(row)) matches.push_back({&row, score});
    }
    std::stable_sort(matches.begin(), matches.end(),
                     [](const NameMatch& a, const NameMatch& b) { return a.score > b.score; });
    // "burrow vacuum" means the robot, not the brush set of the same name.
    constexpr double kScoreOfBestMin = 0.7;
    for (size_t i = 0; i < matches.size() && i < kProductsMax; ++i) {
      if (matches[i].score < kScoreOfBestMin * matches.front().score) break;
      AddRow("product", matches[i].row->id);
    }
  }

  // Collects the products that have the word in their names; a name of 6 letters and more may have
  // one typing error.
  void CorrectName(size_t i, std::set<std::string>& candidates) {
    constexpr size_t kCorrectedFrom = 6;
    const auto& known = records_.products_of_word_;
    auto found = known.find(stems_[i]);
    if (found == known.end() && stems_[i].size() >= kCorrectedFrom - 1) {
      for (auto other = known.begin(); other != known.end(); ++other) {
        if (other->first.size() < kCorrectedFrom - 1 || other->second.empty()) continue;
        if (EditDistance(stems_[i], other->first, 1) > 1) continue;
        stems_[i] = other->first;
        found = other;
        break;
      }
    }
    if (found != known.end()) candidates.insert(found->second.begin(), found->second.end());
  }

  // 0: the text does not name the product. Else the share of the name that it says, rare words
  // first.
  double NameScore(const Row& row) const {
    double said = 0;
    double whole = 0;
    size_t count = 0;
    for (const std::string& word : row.name) {
      const double weight = 1.0 / records_.products_of_word_.at(word).size();
      whole += weight;
      if (!Says(word)) continue;
      said += weight;
      ++count;
    }
    if (count == 0) return 0;
    const bool all = count == row.name.size();
    const bool brand = Says(row.name.front()) && (count >= 2 || SaysAsName(row.name.front()));
    // "espresso machine" for the Aurora espresso machine; "headlamp" for the Glow headlamp.
    constexpr size_t kTellingLetters = 5;
    const bool description = !Says(row.name.front()) && count + 1 == row.name.size() &&
                             (count >= 2 || row.name.back().size() >= kTellingLetters);
    if (!all && !brand && !description) return 0;
    return said / whole;
  }

  bool Says(const std::string& stem) const {
    return std::find(stems_.begin(), stems_.end(), stem) != stems_.end();
  }

  // Many names are ordinary words ("glow", "trail"). One alone is a name when it is written with a
  // capital, follows an article or "my", or stands in a very short text.
  bool SaysAsName(const std::string& stem) const {
    constexpr size_t kNameLettersMin = 4;
    constexpr size_t kShortText = 4;
    const size_t i = std::find(stems_.begin(), stems_.end(), stem) - stems_.begin();
    if (stem.size() < kNameLettersMin) return false;
    if (i > 0 && words_[i].capital) return true;
    if (i > 0 && records_.dialogue_.articles.Has(words_[i - 1].folded, language_)) return true;
    return words_.size() <= kShortText;
  }

  // ---- orders and the profile that the customer means without a number ----

  void AddOrdersMeant(bool named_product) {
    const Dialogue& dialogue = records_.dialogue_;
    const bool refund = dialogue.refund_nouns.HasAny(words_, language_);
    const bool order = refund || dialogue.order_nouns.HasAny(words_, language_);
    const bool points_back = query_.anaphoric && !named_product;
    if (!query_.focus_order_id.empty() && (order || points_back)) {
      AddRow("order", std::string(query_.focus_order_id));
      return;
    }
    const bool own = order && dialogue.own_markers.HasAny(words_, language_);
    if (own && !query_.customer_id.empty()) AddOrdersOfCustomer(refund);
  }

  void AddOrdersOfCustomer(bool refund) {
    const auto ids = records_.orders_of_owner_.find(std::string(query_.customer_id));
    if (ids == records_.orders_of_owner_.end()) return;
    std::vector<const Row*> orders;
    for (const std::string& id : ids->second) orders.push_back(records_.Get("order", id));
    // Dates are written year first, so text order is their order; the id decides within a day.
    std::sort(orders.begin(), orders.end(), [](const Row* a, const Row* b) {
      const std::string a_date = Field(a->fields, "placed_on");
      const std::string b_date = Field(b->fields, "placed_on");
      return a_date != b_date ? a_date > b_date : a->id > b->id;
    });
    size_t count = 0;
    for (const Row* order : orders) {
      const bool wanted = refund ? order->fields.contains("refund_status") : IsOpen(*order);
      if (!wanted || count == kOrdersOfCustomerMax) continue;
      AddRow("order", order->id);
      ++count;
    }
    // Nothing is on its way: the last order is what the customer has in mind.
    if (count == 0) AddRow("order", orders.front()->id);
  }

  static bool IsOpen(const Row& order) {
    const std::string status = Field(order.fields, "status");
    for (const std::string_view closed :
         {"delivered", "cancelled", "canceled", "refunded", "returned", "closed", "completed"}) {
      if (status == closed) return false;
    }
    return true;
  }

  void AddProfile() {
    if (query_.customer_id.empty()) return;
    const Dialogue& dialogue = records_.dialogue_;
    if (!dialogue.profile_nouns.HasAny(words_, language_)) return;
    const std::string id(query_.customer_id);
    if (records_.Get("customer", id) != nullptr) AddRow("customer", id);
  }

  const Records& records_;
  const RecordQuery& query_;
  const std::vector<Word> words_;
  std::vector<std::string> stems_;
  int language_ = -1;
  std::vector<v1::Record> found_;
};

std::vector<v1::Record> Records::Find(const RecordQuery& query) const {
  return Search(*this, query).Run();
}

}  // namespace switchboard::knowledge_retrieval
