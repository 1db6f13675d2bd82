// `switchboard eval personal-data`: spans of personal data found, by kind.
#include "common/text/personal_data.h"

#include <map>

#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

constexpr size_t kErrorsMax = 200;

struct Span {
  std::string kind;
  size_t begin = 0, end = 0;  // bytes
};

// Our kind by the name that other detectors give it, or by its own; "" for what is not looked for.
std::string KindOf(const std::string& name) {
  static const std::map<std::string, std::string> kinds = {{"CREDIT_CARD", "payment card"},
                                                           {"EMAIL_ADDRESS", "e-mail address"},
                                                           {"IBAN_CODE", "bank account"},
                                                           {"IP_ADDRESS", "IP address"},
                                                           {"PHONE_NUMBER", "telephone number"},
                                                           {"US_SSN", "social security number"},
                                                           {"ADDRESS", "postal address"},
                                                           {"STREET_ADDRESS", "postal address"},
                                                           {"PERSON", "person"},
                                                           {"PASSWORD", "password"}};
  const auto found = kinds.find(name);
  if (found != kinds.end()) return found->second;
  for (const auto& [other, ours] : kinds) {
    if (name == ours) return ours;
  }
  return "";
}

// The kinds that only what introduces them shows are told apart: they are no part of F1.
bool IsStructured(const std::string& kind) {
  return kind != "postal address" && kind != "person" && kind != "password";
}

// Offsets count code points, as JSON data sets do.
size_t ByteOffset(std::string_view text, size_t code_points) {
  size_t offset = 0;
  for (; offset < text.size(); ++offset) {
    const bool begins = (static_cast<unsigned char>(text[offset]) & 0xc0) != 0x80;
    if (begins && code_points-- == 0) break;
  }
  return offset;
}

// Half of what both cover together is common to both.
bool Matches(const Span& a, const Span& b) {
  if (a.kind != b.kind) return false;
  const size_t begin = std::max(a.begin, b.begin), end = std::min(a.end, b.end);
  if (begin >= end) return false;
  return 2 * (end - begin) >= std::max(a.end, b.end) - std::min(a.begin, b.begin);
}

struct Counts {
  size_t right = 0, found = 0, wanted = 0;
  double F1() const {
    return found + wanted == 0
               ? 0
               : 2 * static_cast<double>(right) / static_cast<double>(found + wanted);
  }
};

std::vector<Span> Wanted(const nlohmann::json& object, const std::string& text) {
  std::vector<Span> wanted;
  for (const nlohmann::json& span : object.value("spans", nlohmann::json::array())) {
    const std::string kind = KindOf(Member(span, {"type", "kind"}));
    if (kind.empty()) continue;
    wanted.push_back({kind, ByteOffset(text, span.value("start", size_t{0})),
                      ByteOffset(text, span.value("end", size_t{0}))});
  }
  return wanted;
}

absl::Status RunPersonalData(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<nlohmann::json> objects, ReadObjects(arguments.positionals()));
  Measurement measurement;
  std::vector<Counts> texts;
  std::map<std::string, Counts> kinds;
  size_t listed = 0;
  for (const nlohmann::json& object : objects) {
    const std::string text = Member(object, {"text"});
    const std::vector<Span> wanted = Wanted(object, text);
    const std::vector<text::PersonalDataSpan> found =
        measurement.Timed([&] { return text::FindPersonalData(text, text::Kinds::kAll); });
    Counts& all = texts.emplace_back();
    std::vector<bool> taken(wanted.size());
    for (const Span& span : wanted)
      all.wanted += IsStructured(span.kind), ++kinds[span.kind].wanted;
    for (const text::PersonalDataSpan& hit : found) {
      const Span span = {std::string(text::PersonalDataName(hit.type)), hit.begin, hit.end};
      all.found += IsStructured(span.kind), ++kinds[span.kind].found;
      bool right = false;
      for (size_t i = 0; i < wanted.size() && !right; ++i) {
        if (taken[i] || !Matches(span, wanted[i])) continue;
        taken[i] = right = true;
        all.right += IsStructured(span.kind), ++kinds[span.kind].right;
      }
      if (arguments.Has("errors") && !right && listed++ < kErrorsMax) {
        measurement.Note(StrCat("not wanted, ", span.kind, ": ",
                                text.substr(hit.begin, hit.end - hit.begin), "  in  ", text));
      }
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (arguments.Has("errors") && !taken[i] && listed++ < kErrorsMax) {
        measurement.Note(StrCat("missed, ", wanted[i].kind, ": ", text));
      }
    }
  }
  std::vector<size_t> everything(texts.size());
  for (size_t i = 0; i < everything.size(); ++i) everything[i] = i;
  const auto f1_of = [&](const std::vector<size_t>& sample) {
    Counts sum;
    for (const size_t index : sample) {
      sum.right += texts[index].right;
      sum.found += texts[index].found;
      sum.wanted += texts[index].wanted;
    }
    return sum.F1();
  };
  measurement.Add({"F1", f1_of(everything), Bootstrap(texts.size(), f1_of), texts.size()});
  for (const auto& [kind, counts] : kinds) {
    measurement.Add(Share(StrCat("recall, ", kind), counts.right, counts.wanted));
    measurement.Add(Share(StrCat("precision, ", kind), counts.right, counts.found));
  }
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

}  // namespace

Command PersonalDataCommand() {
  return {.name = "eval personal-data",
          .positionals = "<file.jsonl>…",
          .about = "Measures the detector of personal data: texts with spans (type, start, end).",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = {{"errors", "", "List the mistakes."}, {"json", "", "One JSON object."}},
          .run = RunPersonalData};
}

}  // namespace switchboard::cli::eval
