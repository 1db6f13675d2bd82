// The readers of what people write: data files of the agents, documents and records for
// `switchboard kb load`. The first line names the reader; "patch" before the name: a merge patch on
// the real file. A file is read or refused with a reason; what was read is used once.
#include <string>
#include <vector>

#include "cli/kb/collect.h"
#include "cli/kb/front_matter.h"
#include "cli/kb/json_lines.h"
#include "common/learning/lexicon.h"
#include "services/escalation/assessor.h"
#include "services/intent-classifier/entities.h"
#include "services/intent-classifier/language.h"
#include "services/response-generator/lexicon.h"
#include "services/response-generator/templates.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard {
namespace {

constexpr char kMessage[] =
    "Where is my order #10452? Remboursez-moi 189,00 € le 12 novembre 2026!!";

void Refused(const absl::Status& status) { FUZZ_DEMAND(!status.message().empty()); }

void ReadTemplates(std::string_view text) {
  namespace generator = response_generator;
  const auto templates = generator::Templates::Parse(text, "templates.en.json", "Juniper & Pine");
  if (!templates.ok()) return Refused(templates.status());
  for (const generator::TemplateKey& key : generator::TemplateKeys()) {
    for (const auto how : {generator::Register::kFormal, generator::Register::kInformal}) {
      generator::Values values;
      std::string_view names = key.required;
      while (!names.empty()) {
        const size_t end = std::min(names.find(' '), names.size());
        values.emplace_back(names.substr(0, end), "value");
        names.remove_prefix(std::min(end + 1, names.size()));
      }
      FUZZ_DEMAND(!templates->Say(key.name, how, 7, values).empty());
    }
  }
  (void)templates->Date("2026-11-21");
  (void)templates->Amount("189.0", "EUR");
  (void)templates->Months("24");
  (void)templates->List("a; b; c");
}

void ReadManners(std::string_view text) {
  static const std::string lexicon =
      fuzz::ReadProjectFile("services/response-generator/data/lexicon.json");
  const auto read = response_generator::Lexicon::Parse(lexicon, text);
  if (!read.ok()) return Refused(read.status());
  (void)read->Words(kMessage);
  (void)read->SmallTalkOf("hello");
}

void ReadWords(std::string_view text) {
  static const std::string manners =
      fuzz::ReadProjectFile("services/response-generator/data/manners.json");
  const auto read = response_generator::Lexicon::Parse(text, manners);
  if (!read.ok()) return Refused(read.status());
  (void)read->Words(kMessage);
  (void)read->KindsAsked("how long does a refund take");
}

void ReadLanguages(std::string_view text) {
  const auto read = intent_classifier::LanguageDetector::FromJson(text);
  if (!read.ok()) return Refused(read.status());
  const auto language = read->Detect(kMessage);
  FUZZ_DEMAND(language.confidence >= 0 && language.confidence <= 1);
}

void ReadEntities(std::string_view text) {
  const auto read = intent_classifier::EntityFinder::FromJson(text);
  if (!read.ok()) return Refused(read.status());
  (void)read->Find(kMessage);
}

void ReadConcepts(std::string_view text) {
  const auto read = learning::Lexicon::FromJson(text);
  if (!read.ok()) return Refused(read.status());
  read->ForEachConcept("remboursez", [](uint16_t) {});
  FUZZ_DEMAND(learning::Lexicon::Parse(read->Serialize()).Serialize() == read->Serialize());
}

void ReadSignals(std::string_view text) {
  const absl::Status read = escalation::Assessor::CheckSignals(text);
  if (!read.ok()) Refused(read);
}

void ReadMarkdown(std::string_view text) {
  std::vector<std::string> warnings;
  const auto read = cli::kb::ParseMarkdown("documents/page.md", text, {}, &warnings);
  if (!read.ok()) return Refused(read.status());
  fuzz::DemandSound(*read);
  FUZZ_DEMAND(!read->id().empty() && !read->title().empty() && !read->content().empty());
  FUZZ_DEMAND(cli::kb::IsLanguageTag(read->language()));
}

constexpr char kOrders[] = "orders.jsonl";
constexpr char kProducts[] = "products.jsonl";
constexpr char kCustomers[] = "customers.jsonl";
constexpr char kDocuments[] = "help.jsonl";

template <const char* file>
void ReadJsonLines(std::string_view text) {
  std::vector<std::string> errors;
  for (const cli::kb::Entry& entry : cli::kb::ParseJsonLines(file, text, "en", errors)) {
    fuzz::DemandSound(entry.value);
    FUZZ_DEMAND(cli::kb::KeyOf(entry.value).size() > 4);
  }
  for (const std::string& error : errors) FUZZ_DEMAND(error.starts_with(file));
}

}  // namespace
}  // namespace switchboard

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace switchboard;  // NOLINT: libFuzzer calls a C function
  struct Reader {
    std::string_view name;
    void (*read)(std::string_view text);
    const char* file;  // what a patch is for
  };
  constexpr Reader kReaders[] = {
      {"templates", ReadTemplates, "services/response-generator/data/templates.en.json"},
      {"manners", ReadManners, "services/response-generator/data/manners.json"},
      {"words", ReadWords, "services/response-generator/data/lexicon.json"},
      {"languages", ReadLanguages, "services/intent-classifier/languages.json"},
      {"entities", ReadEntities, "services/intent-classifier/entities.json"},
      {"concepts", ReadConcepts, "services/intent-classifier/concepts.json"},
      {"signals", ReadSignals, "services/escalation/data/signals.json"},
      {"markdown", ReadMarkdown, nullptr},
      {"orders", ReadJsonLines<kOrders>, nullptr},
      {"products", ReadJsonLines<kProducts>, nullptr},
      {"customers", ReadJsonLines<kCustomers>, nullptr},
      {"documents", ReadJsonLines<kDocuments>, nullptr},
  };
  std::string_view text = fuzz::Text(data, size);
  std::string_view name = fuzz::TakeLine(&text);
  const bool patch = name.starts_with("patch ");
  if (patch) name.remove_prefix(6);
  for (const Reader& reader : kReaders) {
    if (reader.name != name) continue;
    reader.read(patch && reader.file != nullptr ? fuzz::Patched(reader.file, text)
                                                : std::string(text));
  }
  return 0;
}
