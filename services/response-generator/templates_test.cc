#include "services/response-generator/templates.h"

#include <nlohmann/json.hpp>

#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {
namespace {

using nlohmann::json;

absl::Status ParseChanged(const std::function<void(json&)>& change) {
  json file = json::parse(ReadData("templates.en.json"));
  change(file);
  return Templates::Parse(file.dump(), "templates.en.json", "Us").status();
}

TEST(Templates, EveryKeyCanBeSaidInEveryLanguageAndRegister) {
  for (const std::string_view language : TemplateBook::kLanguages) {
    const Templates& templates = TestTemplates(std::string(language));
    for (const TemplateKey& key : TemplateKeys()) {
      for (const Register how : {Register::kFormal, Register::kInformal}) {
        for (uint64_t seed = 0; seed < 8; ++seed) {
          Values values;
          for (const char* name :
               {"order", "status", "tracking_number", "items", "total", "ticket", "refund_status",
                "product", "price", "warranty", "colours", "source_language"}) {
            values.emplace_back(name, "VALUE");
          }
          const std::string said = templates.Say(key.name, how, seed, values);
          EXPECT_FALSE(said.empty()) << language << " " << key.name;
          EXPECT_EQ(said.find('{'), std::string::npos) << said;
        }
      }
    }
  }
}

TEST(Templates, WrongFilesAreRefused) {
  struct Case {
    const char* what;
    std::function<void(json&)> change;
    const char* named;
  };
  const Case kCases[] = {
      {"a missing key", [](json& f) { f["say"].erase("safe"); }, "say.safe: is missing"},
      {"an unknown key", [](json& f) { f["say"]["jokes"] = json::array({"Ha"}); }, "say.jokes"},
      {"an unknown placeholder", [](json& f) { f["say"]["safe"] = {"Sorry {name}"}; }, "{name}"},
      {"an open brace", [](json& f) { f["say"]["safe"] = {"Sorry {name"}; }, "{ without its }"},
      {"a required placeholder left out",
       [](json& f) { f["say"]["handover.reference"] = {"Keep the reference."}; }, "{ticket}"},
      {"only variants with optional facts",
       [](json& f) { f["say"]["order.status.delivered"] = {"{order} {delivered_on}"}; },
       "order.status.delivered: needs a variant"},
      {"an empty list", [](json& f) { f["say"]["safe"] = json::array(); }, "say.safe"},
      {"eleven months", [](json& f) { f["formats"]["months"].erase(0); }, "formats.months"},
  };
  for (const Case& c : kCases) {
    const absl::Status status = ParseChanged(c.change);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.what;
    EXPECT_NE(std::string(status.message()).find(c.named), std::string::npos)
        << c.what << ": " << status;
  }
  EXPECT_TRUE(ParseChanged([](json&) {}).ok());
}

TEST(Templates, TheFullestVariantThatCanBeFilledIsSaid) {
  const Templates& en = TestTemplates("en");
  EXPECT_EQ(en.Say("order.tracking.number", Register::kFormal, 1,
                   {{"order", "1"}, {"tracking_number", "T1"}}),
            "The tracking number is T1.");
  const std::string with_carrier =
      en.Say("order.tracking.number", Register::kFormal, 1,
             {{"order", "1"}, {"tracking_number", "T1"}, {"carrier", "ParcelFox"}});
  EXPECT_NE(with_carrier.find("ParcelFox"), std::string::npos);
}

TEST(Templates, DatesAndAmounts) {
  struct Case {
    const char* language;
    const char* date;
    const char* first;
    const char* amount;
  };
  const Case kCases[] = {{"en", "21 November 2026", "1 May 2026", "189.00 EUR"},
                         {"fr", "21 novembre 2026", "1er mai 2026", "189,00 €"},
                         {"es", "21 de noviembre de 2026", "1 de mayo de 2026", "189,00 €"}};
  for (const Case& c : kCases) {
    const Templates& in = TestTemplates(c.language);
    EXPECT_EQ(in.Date("2026-11-21"), c.date);
    EXPECT_EQ(in.Date("2026-05-01"), c.first);
    EXPECT_EQ(in.Date("soon"), "soon");
    EXPECT_EQ(in.Amount("189.0", "EUR"), c.amount);
    EXPECT_EQ(in.Amount("a lot", "EUR"), "a lot EUR");
  }
  EXPECT_EQ(TestTemplates("en").Amount("14.9", "GBP"), "14.90 GBP");
  EXPECT_EQ(TestTemplates("en").Amount("10", "CHF"), "10.00 CHF");
  EXPECT_EQ(TestTemplates("en").Months("24"), "24 months");
  EXPECT_EQ(TestTemplates("en").Months("1"), "1 month");
  EXPECT_EQ(TestTemplates("en").Months("0"), "");
  EXPECT_EQ(TestTemplates("fr").List("black; steel"), "noir et acier");
  EXPECT_EQ(TestTemplates("en").List("a; b; c"), "a, b and c");
}

TEST(TemplateBook, FallsBackToEnglish) {
  TemplateBook book;
  for (const std::string_view language : TemplateBook::kLanguages) {
    book.Add(std::string(language), TestTemplates(std::string(language)));
  }
  EXPECT_EQ(book.Supported("fr-CA"), "fr");
  EXPECT_EQ(book.Supported("ES"), "es");
  EXPECT_EQ(book.Supported("de"), "en");
  EXPECT_EQ(book.Supported("und"), "en");
  EXPECT_EQ(book.Supported(""), "en");
}

}  // namespace
}  // namespace switchboard::response_generator
