#include "cli/kb/json_lines.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/kb/front_matter.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::cli::kb {
namespace {

using nlohmann::json;

// What NATS takes by default, less room for headers: a record is one message.
constexpr size_t kRowBytesMax = 512 * 1024;

// A string or a number as text; empty when it is neither or missing.
std::string TextOf(const json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : "";
}

absl::StatusOr<v1::KnowledgeEntry> ToRow(const std::string& kind, const json& object,
                                         std::string_view line) {
  v1::KnowledgeEntry entry;
  v1::KnowledgeEntry::Row* row = entry.mutable_row();
  row->set_kind(kind);
  row->set_id(TextOf(object, "id"));
  if (kind == "customer") row->set_owner(row->id());
  if (kind == "order") {
    row->set_owner(TextOf(object, "customer_id"));
    // Without an owner everybody could read it.
    if (row->owner().empty()) return absl::InvalidArgumentError("customer_id is missing");
  }
  if (line.size() > kRowBytesMax) return absl::InvalidArgumentError("is longer than 512 KiB");
  row->set_json(std::string(line));
  return entry;
}

absl::Status AddKeywords(const json& object, v1::KnowledgeEntry::Document& document) {
  const auto found = object.find("keywords");
  if (found == object.end() || found->is_null()) return absl::OkStatus();
  if (found->is_string()) {
    for (std::string& word : SplitList(found->get<std::string>())) {
      document.add_keywords(std::move(word));
    }
    return absl::OkStatus();
  }
  if (!found->is_array()) return absl::InvalidArgumentError("keywords is no list");
  for (const json& word : *found) {
    if (!word.is_string()) return absl::InvalidArgumentError("keywords holds something but text");
    document.add_keywords(word.get<std::string>());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::KnowledgeEntry> ToDocument(const json& object,
                                              const std::string& default_language) {
  for (const char* member : {"title", "content", "category", "language"}) {
    const auto found = object.find(member);
    if (found != object.end() && !found->is_string() && !found->is_null()) {
      return absl::InvalidArgumentError(StrCat(member, " is no text"));
    }
  }
  v1::KnowledgeEntry entry;
  v1::KnowledgeEntry::Document* document = entry.mutable_document();
  document->set_id(TextOf(object, "id"));
  document->set_title(TextOf(object, "title"));
  document->set_content(TextOf(object, "content"));
  document->set_category(TextOf(object, "category"));
  document->set_language(TextOf(object, "language"));
  if (document->language().empty()) document->set_language(default_language);
  if (Trim(document->title()).empty()) return absl::InvalidArgumentError("title is missing");
  if (Trim(document->content()).empty()) return absl::InvalidArgumentError("content is missing");
  if (document->content().size() > kContentBytesMax) {
    return absl::InvalidArgumentError("content has more than 256 KiB: split it");
  }
  if (!IsLanguageTag(document->language())) {
    return absl::InvalidArgumentError(
        StrCat("language \"", document->language(), "\" is no BCP 47 tag such as en or fr-CA"));
  }
  RETURN_IF_ERROR(AddKeywords(object, *document));
  return entry;
}

absl::StatusOr<v1::KnowledgeEntry> ParseLine(const std::string& kind, std::string_view line,
                                             const std::string& default_language) {
  if (!IsValidUtf8(line)) return absl::InvalidArgumentError("is not UTF-8");
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return absl::InvalidArgumentError("is no JSON object");
  if (TextOf(object, "id").empty()) return absl::InvalidArgumentError("id is missing");
  return kind.empty() ? ToDocument(object, default_language) : ToRow(kind, object, line);
}

}  // namespace

std::string RecordKind(const std::string& file) {
  const std::string stem = AsciiStrToLower(std::filesystem::path(file).stem().string());
  if (stem == "orders") return "order";
  if (stem == "products") return "product";
  if (stem == "customers") return "customer";
  return "";
}

std::vector<Entry> ParseJsonLines(const std::string& file, std::string_view text,
                                  const std::string& default_language,
                                  std::vector<std::string>& errors) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);  // byte order mark
  const std::string kind = RecordKind(file);
  std::vector<Entry> entries;
  size_t number = 0;
  for (const std::string_view raw : StrSplit(text, '\n')) {
    ++number;
    const std::string_view line = Trim(raw);
    if (line.empty()) continue;
    absl::StatusOr<v1::KnowledgeEntry> entry = ParseLine(kind, line, default_language);
    if (!entry.ok()) {
      errors.push_back(StrCat(file, ":", number, ": ", std::string(entry.status().message())));
      continue;
    }
    const std::string& id = entry->has_row() ? entry->row().id() : entry->document().id();
    if (const absl::Status status = CheckId(id, file, number); !status.ok()) {
      errors.emplace_back(status.message());
      continue;
    }
    entries.push_back({*std::move(entry), StrCat(file, ":", number)});
  }
  return entries;
}

}  // namespace switchboard::cli::kb
