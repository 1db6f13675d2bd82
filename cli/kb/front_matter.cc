#include "cli/kb/front_matter.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "cli/kb/entry.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::cli::kb {
namespace {

constexpr std::string_view kFence = "---";
constexpr std::string_view kFields[] = {"id", "title", "category", "language", "keywords"};

struct Line {
  std::string_view text;  // without its end
  size_t number = 0;      // from 1
  size_t next = 0;        // where the line after it begins
};

Line LineAt(std::string_view text, size_t begin, size_t number) {
  const size_t end = text.find('\n', begin);
  Line line{text.substr(begin, end == std::string_view::npos ? end : end - begin), number,
            end == std::string_view::npos ? text.size() : end + 1};
  if (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
  return line;
}

std::string_view Unquote(std::string_view value) {
  value = Trim(value);
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                      value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

struct Field {
  std::string value;
  size_t line = 0;
};
using Fields = std::map<std::string, Field, std::less<>>;

struct FrontMatter {
  Fields fields;
  std::string_view body;
  size_t body_line = 1;
};

// Adds one line of front matter. "- piece" lines go on with the field above.
absl::Status AddLine(const std::string& file, const Line& line, Fields& fields, std::string& last) {
  const std::string_view text = Trim(line.text);
  if (text.empty() || text.front() == '#') return absl::OkStatus();
  if (text.substr(0, 2) == "- " && !last.empty()) {
    std::string& value = fields[last].value;
    StrAppend(&value, value.empty() ? "" : ", ", Unquote(text.substr(2)));
    return absl::OkStatus();
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return At(file, line.number, "expected \"field: value\" in the front matter");
  }
  last = AsciiStrToLower(Trim(text.substr(0, colon)));
  const auto [place, is_new] =
      fields.emplace(last, Field{std::string(Unquote(text.substr(colon + 1))), line.number});
  if (is_new) return absl::OkStatus();
  return At(file, line.number, StrCat(last, " is given twice, first in line ", place->second.line));
}

absl::StatusOr<FrontMatter> Split(const std::string& file, std::string_view text) {
  FrontMatter result;
  result.body = text;
  Line line = LineAt(text, 0, 1);
  if (Trim(line.text) != kFence) return result;
  std::string last;
  while (line.next < text.size()) {
    line = LineAt(text, line.next, line.number + 1);
    if (Trim(line.text) == kFence) {
      result.body = text.substr(line.next);
      result.body_line = line.number + 1;
      return result;
    }
    RETURN_IF_ERROR(AddLine(file, line, result.fields, last));
  }
  return At(file, 1, "the front matter has no end: close it with a line of ---");
}

std::string FirstHeading(std::string_view body) {
  for (size_t begin = 0; begin < body.size();) {
    const Line line = LineAt(body, begin, 0);
    std::string_view text = line.text;
    const size_t marks = std::min(text.find_first_not_of('#'), text.size());
    if (marks >= 1 && marks <= 6 && marks < text.size() && text[marks] == ' ') {
      return std::string(Trim(text.substr(marks)));
    }
    begin = line.next;
  }
  return "";
}

std::string IdFromFile(const std::string& file) {
  std::string id = FoldAccents(std::filesystem::path(file).stem().string());
  for (char& c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_') c = '-';
  }
  return id;
}

size_t FirstInvalidLine(std::string_view text) {
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const Line line = LineAt(text, begin, number);
    if (!IsValidUtf8(line.text)) break;
    begin = line.next;
  }
  return number;
}

}  // namespace

bool IsLanguageTag(std::string_view text) {
  const std::vector<std::string_view> parts = StrSplit(text, '-');
  const auto alnum = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(),
                       [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
  };
  if (parts[0].size() < 2 || parts[0].size() > 3 || text.size() > 16) return false;
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return part.size() >= 2 && part.size() <= 8 && alnum(part);
  });
}

std::vector<std::string> SplitList(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  std::vector<std::string> pieces;
  for (const std::string_view piece : StrSplit(text, ',')) {
    const std::string_view bare = Unquote(piece);
    if (!bare.empty()) pieces.emplace_back(bare);
  }
  return pieces;
}

absl::StatusOr<v1::KnowledgeEntry::Document> ParseMarkdown(const std::string& file,
                                                           std::string_view text,
                                                           const MarkdownOptions& options,
                                                           std::vector<std::string>* warnings) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);  // byte order mark
  if (!IsValidUtf8(text)) return At(file, FirstInvalidLine(text), "is not UTF-8");
  ASSIGN_OR_RETURN(const FrontMatter parsed, Split(file, text));
  for (const auto& [name, field] : parsed.fields) {
    if (warnings != nullptr &&
        std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
      warnings->push_back(StrCat(file, ":", field.line, ": \"", name, "\" is not used"));
    }
  }
  const auto value = [&](std::string_view name) {
    const auto found = parsed.fields.find(name);
    return found == parsed.fields.end() ? Field{"", 1} : found->second;
  };
  v1::KnowledgeEntry::Document document;
  const Field id = value("id");
  document.set_id(id.value.empty() ? IdFromFile(file) : id.value);
  RETURN_IF_ERROR(CheckId(document.id(), file, id.line));
  document.set_content(std::string(Trim(parsed.body)));
  if (document.content().empty()) return At(file, parsed.body_line, "has no text");
  if (document.content().size() > kContentBytesMax) {
    return At(file, parsed.body_line, "has more than 256 KiB of text: split it");
  }
  document.set_title(value("title").value);
  if (document.title().empty()) document.set_title(FirstHeading(parsed.body));
  if (document.title().empty()) {
    return At(file, 1, "has no title: write title: in the front matter, or a heading");
  }
  document.set_category(value("category").value);
  const Field language = value("language");
  document.set_language(language.value.empty() ? options.default_language : language.value);
  if (!IsLanguageTag(document.language())) {
    return At(
        file, language.line,
        StrCat("language \"", document.language(), "\" is no BCP 47 tag such as en or fr-CA"));
  }
  for (std::string& keyword : SplitList(value("keywords").value)) {
    document.add_keywords(std::move(keyword));
  }
  return document;
}

}  // namespace switchboard::cli::kb
