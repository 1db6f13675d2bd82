// The company's rows (orders, products, customers) in memory, and who may see them.
//
//   store.Put(row);
//   store.Find({.text = "where is my order 10452?", .customer_id = "C-1001"});
//
// Record.Access decides what leaves this class: a row with an owner is shown to its owner alone;
// nobody verified gets SIGN_IN_REQUIRED, anybody else NOT_FOUND, whether the row exists or not, and
// neither carries a field.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/dialogue.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

struct RecordQuery {
  std::string_view text;
  // Empty: nobody is verified.
  std::string_view customer_id;
  std::string_view focus_order_id;
  std::string_view focus_product_id;
  // The text points at something said before ("it").
  bool anaphoric = false;
};

class Records {
 public:
  Records(const Analyzer& analyzer, const Dialogue& dialogue)
      : analyzer_(analyzer), dialogue_(dialogue) {}

  // Adds or replaces. InvalidArgument: an unknown kind, no id, `json` is not an object or larger
  // than kRowBytesMax, or an order or customer without an owner, which would be open to everybody.
  absl::Status Put(const v1::KnowledgeEntry::Row& row);
  // False when there is no such row.
  bool Remove(const std::string& kind, const std::string& id);

  // Rows that the text names, then those it means ("my order", "it"); at most kRecordsMax.
  std::vector<v1::Record> Find(const RecordQuery& query) const;

  size_t size() const;
  // English stems of the words of products' names.
  const absl::flat_hash_set<std::string>& product_words() const { return product_words_; }

  static constexpr size_t kRowBytesMax = 64 * 1024;
  static constexpr size_t kRecordsMax = 8;
  static constexpr size_t kOrdersOfCustomerMax = 3;
  static constexpr size_t kProductsMax = 3;

 private:
  struct Row {
    std::string kind, id, owner;
    std::map<std::string, std::string> fields;
    // A product's name, as it is matched: stems, brand first.
    std::vector<std::string> name;
  };
  // How ids that begin with these letters are written, and whose they are: "c" → customer, "C-".
  struct IdForm {
    std::string kind, prefix;
  };
  class Search;

  const Row* Get(const std::string& kind, const std::string& id) const;
  void AddToLookups(const Row& row);
  std::vector<std::string> NameWords(const std::string& name) const;

  const Analyzer& analyzer_;
  const Dialogue& dialogue_;
  absl::flat_hash_map<std::string, std::map<std::string, Row>> kinds_;
  absl::flat_hash_map<std::string, std::set<std::string>> orders_of_owner_;
  absl::flat_hash_map<std::string, std::set<std::string>> products_of_word_;
  absl::flat_hash_set<std::string> product_words_;
  absl::flat_hash_map<std::string, std::string> order_of_tracking_;
  // What ids and tracking numbers look like; learned, never forgotten.
  absl::flat_hash_map<std::string, IdForm> id_forms_;
  absl::flat_hash_set<std::string> tracking_prefixes_;
  size_t order_digits_max_ = 0;
};

// The fields of a row, flat and ready to be shown: null left out, a list of items as "1 × Name"
// joined with "; " and their ids under product_ids, an object's members under `<key>_<member>`.
std::map<std::string, std::string> FlattenRow(const std::string& json);

}  // namespace switchboard::knowledge_retrieval
