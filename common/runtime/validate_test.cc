#include "common/runtime/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/fault.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::runtime {
namespace {

struct Case {
  const char* sentence;
  std::function<void(v1::InvokeRequest&)> change;
  const char* field;  // "": valid
};

TEST(Validate, NamesTheFieldAtFault) {
  std::string longest;
  for (int i = 0; i < 4096; ++i) longest += "é";
  const std::vector<Case> cases = {
      {"a plain question passes", [](auto&) {}, ""},
      {"no text is refused", [](auto& r) { r.clear_text(); }, "text"},
      {"white space only counts as empty", [](auto& r) { r.set_text(" \n\t\xC2\xA0"); }, "text"},
      {"4096 characters of two bytes pass", [&](auto& r) { r.set_text(longest); }, ""},
      {"4097 characters are refused", [&](auto& r) { r.set_text(longest + "x"); }, "text"},
      {"a language tag passes", [](auto& r) { r.set_language("fr-CA"); }, ""},
      {"a sentence is no language", [](auto& r) { r.set_language("en; drop"); }, "language"},
      {"a customer id with a space is refused", [](auto& r) { r.set_customer_id("C 1"); },
       "customer_id"},
  };
  for (const Case& c : cases) {
    v1::InvokeRequest request;
    request.set_text("where is my order?");
    c.change(request);
    const absl::Status status = Validate(request);
    EXPECT_EQ(FieldOf(status), c.field) << c.sentence << ": " << status;
    EXPECT_EQ(status.ok(), *c.field == '\0') << c.sentence;
  }
}

TEST(Validate, ChecksNestedMessagesAndNumbers) {
  v1::SearchRequest search;
  search.set_query("returns");
  search.set_top_k(51);
  EXPECT_EQ(FieldOf(Validate(search)), "top_k");
  EXPECT_EQ(RemedyOf(Validate(search)), "send a number from 1 to 50, or leave it out");
  search.set_top_k(5);
  search.mutable_customer()->set_id("not ok");
  EXPECT_EQ(FieldOf(Validate(search)), "customer.id");
  search.mutable_customer()->set_id("C-1");
  EXPECT_TRUE(Validate(search).ok());
  for (int i = 0; i < 11; ++i) search.add_history();
  EXPECT_EQ(FieldOf(Validate(search)), "history");
}

}  // namespace
}  // namespace switchboard::runtime
