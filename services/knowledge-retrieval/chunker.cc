#include "services/knowledge-retrieval/chunker.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::knowledge_retrieval {
namespace {

// A link or tag that has not closed by then is taken as text; bounds the work on hostile input.
constexpr size_t kMarkBytesMax = 2048;

// Offset of the `]` or `)` that closes the bracket at `open`, or npos.
size_t Closing(std::string_view text, size_t open, char opening, char closing) {
  int depth = 0;
  text = text.substr(0, open + kMarkBytesMax);
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == opening) {
      ++depth;
    } else if (text[i] == closing && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

bool IsWordByte(std::string_view text, size_t i) {
  return i < text.size() &&
         (absl::ascii_isalnum(text[i]) || static_cast<unsigned char>(text[i]) >= 0x80);
}

// Text of the link or image at `i` ([text](address), [text][reference], <https://…>), and moves
// past it.
bool TakeLink(std::string_view text, size_t& i, std::string& out) {
  const size_t bracket = text[i] == '!' ? i + 1 : i;
  if (bracket >= text.size() || text[bracket] != '[') return false;
  const size_t close = Closing(text, bracket, '[', ']');
  if (close == std::string_view::npos || close + 1 >= text.size()) return false;
  const char next = text[close + 1];
  if (next != '(' && next != '[') return false;
  const size_t end = Closing(text, close + 1, next, next == '(' ? ')' : ']');
  if (end == std::string_view::npos) return false;
  out += StripInline(text.substr(bracket + 1, close - bracket - 1));
  i = end + 1;
  return true;
}

// Skips an HTML tag; keeps the address of an autolink.
bool TakeTag(std::string_view text, size_t& i, std::string& out) {
  const size_t close = text.substr(0, i + kMarkBytesMax).find('>', i);
  if (close == std::string_view::npos || i + 1 >= text.size()) return false;
  const std::string_view inside = text.substr(i + 1, close - i - 1);
  if (inside.find("://") != std::string_view::npos || inside.find('@') != std::string_view::npos) {
    out.append(inside);
  } else if (inside.empty() ||
             !(absl::ascii_isalpha(inside[0]) || inside[0] == '/' || inside[0] == '!')) {
    return false;  // "a < b"
  }
  i = close + 1;
  return true;
}

struct Block {
  std::string text;
  bool list_item = false;
};

struct Section {
  std::string heading;
  std::string parents;
  std::vector<Block> blocks;
};

int HeadingLevel(std::string_view line) {
  size_t level = 0;
  while (level < line.size() && line[level] == '#') ++level;
  return level >= 1 && level <= 6 && level < line.size() && line[level] == ' ' ? level : 0;
}

bool IsRule(std::string_view line) {
  if (line.size() < 3) return false;
  return line.find_first_not_of("-=*_ |:") == std::string_view::npos;
}

// Length of the mark "- ", "* ", "+ " or "12. " that opens a list item; 0: none.
size_t ListMark(std::string_view line) {
  if (line.size() > 2 && std::string_view("-*+").find(line[0]) != std::string_view::npos &&
      line[1] == ' ')
    return 2;
  size_t digits = 0;
  while (digits < line.size() && digits < 4 && absl::ascii_isdigit(line[digits])) ++digits;
  const bool numbered = digits > 0 && digits + 1 < line.size() &&
                        (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ';
  return numbered ? digits + 2 : 0;
}

// "| Region | Days |" → "Region; Days"
std::string TableRow(std::string_view line) {
  std::string row;
  for (const std::string_view cell : StrSplit(line, '|')) {
    const std::string text = StripInline(Trim(cell));
    if (!text.empty()) StrAppend(&row, row.empty() ? "" : "; ", text);
  }
  return row;
}

// Reads lines into sections of blocks.
class Parser {
 public:
  std::vector<Section> Parse(std::string_view markdown) {
    sections_.emplace_back();
    for (const std::string_view raw : StrSplit(markdown, '\n')) Line(raw);
    EndBlock();
    return std::move(sections_);
  }

 private:
  void Line(std::string_view raw) {
    std::string_view line = Trim(raw);
    if (line.starts_with("```") || line.starts_with("~~~")) {
      EndBlock();
      in_code_ = !in_code_;
    } else if (in_code_) {
      if (!line.empty()) sections_.back().blocks.push_back({std::string(line), true});
    } else if (const int level = HeadingLevel(line); level > 0) {
      Heading(level, line);
    } else if (line.empty() || IsRule(line)) {
      EndBlock();
    } else {
      while (line.starts_with('>')) line = Trim(line.substr(1));
      if (!line.empty()) Text(line);
    }
  }

  void Heading(int level, std::string_view line) {
    EndBlock();
    line.remove_prefix(level);
    line = Trim(line);
    while (line.ends_with('#')) line = Trim(line.substr(0, line.size() - 1));
    Section section;
    for (int i = level; i < 7; ++i) headings_[i].clear();
    for (int i = 2; i < level; ++i) {
      if (!headings_[i].empty()) StrAppend(&section.parents, headings_[i], " ");
    }
    headings_[level] = StripInline(line);
    if (level > 1) section.heading = headings_[level];
    sections_.push_back(std::move(section));
  }

  void Text(std::string_view line) {
    const bool table = line.front() == '|';
    const size_t mark = ListMark(line);
    if (table || mark > 0) EndBlock();
    if (table) {
      sections_.back().blocks.push_back({TableRow(line), true});
      return;
    }
    if (mark > 0) {
      list_item_ = true;
      // A step keeps its number; a bullet becomes a dash.
      paragraph_ = mark == 2 ? "- " : std::string(line.substr(0, mark));
      line.remove_prefix(mark);
    } else if (!paragraph_.empty()) {
      paragraph_ += ' ';
    }
    paragraph_ += line;
  }

  void EndBlock() {
    if (!paragraph_.empty()) {
      std::string text = StripInline(paragraph_);
      if (!text.empty()) sections_.back().blocks.push_back({std::move(text), list_item_});
    }
    paragraph_.clear();
    list_item_ = false;
  }

  std::vector<Section> sections_;
  std::string headings_[7];
  std::string paragraph_;
  bool list_item_ = false;
  bool in_code_ = false;
};

// A full stop after one of these does not end a sentence.
bool EndsInAbbreviation(std::string_view text) {
  for (const std::string_view word :
       {" e.g.", " i.e.", " approx.", " no.", " Nr.", " z.B.", " p.ej.", " art."}) {
    if (text.ends_with(word)) return true;
  }
  // One letter: "z. B.", an initial.
  return text.size() >= 3 && text[text.size() - 3] == ' ' &&
         absl::ascii_isalpha(text[text.size() - 2]);
}

std::vector<std::string_view> Sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  size_t begin = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const bool stop =
        std::string_view(".!?").find(text[i]) != std::string_view::npos && text[i + 1] == ' ';
    if (!stop || EndsInAbbreviation(text.substr(begin, i + 1 - begin))) continue;
    sentences.push_back(text.substr(begin, i + 1 - begin));
    begin = i + 2;
  }
  if (begin < text.size()) sentences.push_back(text.substr(begin));
  return sentences;
}

// Parts of `text` of at most kChunkCharactersMax: sentences while they fit, else words, else the
// hard cut.
std::vector<std::string> CutLong(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::string_view sentence : Sentences(text)) {
    while (CountCodePoints(sentence) > kChunkCharactersMax) {
      size_t cut = sentence.rfind(' ', kChunkCharactersMax);
      if (cut == std::string_view::npos || cut == 0) cut = kChunkCharactersMax;
      while (cut < sentence.size() && (static_cast<unsigned char>(sentence[cut]) & 0xc0) == 0x80)
        ++cut;
      parts.emplace_back(sentence.substr(0, cut));
      sentence.remove_prefix(cut);
      sentence = Trim(sentence);
    }
    const size_t together = CountCodePoints(parts.back()) + 1 + CountCodePoints(sentence);
    if (together > kChunkCharactersMax) parts.emplace_back();
    StrAppend(&parts.back(), parts.back().empty() ? "" : " ", sentence);
  }
  std::erase(parts, "");
  return parts;
}

void AppendSection(const Section& section, std::vector<Chunk>& chunks) {
  const size_t first = chunks.size();
  std::string text;
  size_t length = 0;
  const auto flush = [&] {
    if (!text.empty()) chunks.push_back({section.heading, section.parents, std::move(text)});
    text.clear();
    length = 0;
  };
  for (const Block& block : section.blocks) {
    const size_t characters = CountCodePoints(block.text);
    if (characters > kChunkCharactersMax) {
      flush();
      for (std::string& part : CutLong(block.text)) {
        chunks.push_back({section.heading, section.parents, std::move(part)});
      }
      continue;
    }
    const bool full = length + 1 + characters > kChunkCharactersMax;
    if (full && length > 0) flush();
    StrAppend(&text, text.empty() ? "" : "\n", block.text);
    length += characters + 1;
  }
  // A short tail reads better with what precedes it.
  const bool joins = length > 0 && length < kChunkCharactersMin && chunks.size() > first &&
                     CountCodePoints(chunks.back().text) + length < kChunkCharactersMax;
  if (joins) {
    StrAppend(&chunks.back().text, "\n", text);
    return;
  }
  flush();
}

}  // namespace

std::string StripInline(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && absl::ascii_ispunct(text[i + 1])) {
      out += text[i + 1];
      i += 2;
    } else if ((c == '[' || c == '!') && TakeLink(text, i, out)) {
    } else if (c == '<' && TakeTag(text, i, out)) {
    } else if (c == '`' || (c == '~' && text.substr(i, 2) == "~~")) {
      i += c == '`' ? 1 : 2;
    } else if (c == '*') {
      // A star between spaces is a sign, not emphasis.
      const bool alone =
          (i == 0 || text[i - 1] == ' ') && (i + 1 >= text.size() || text[i + 1] == ' ');
      if (alone) out += c;
      ++i;
    } else if (c == '_') {
      if (i > 0 && IsWordByte(text, i - 1) && IsWordByte(text, i + 1)) out += c;  // snake_case
      ++i;
    } else {
      out += c;
      ++i;
    }
  }
  return std::string(Trim(out));
}

std::vector<Chunk> SplitMarkdown(std::string_view markdown, size_t chunks_max) {
  std::vector<Chunk> chunks;
  for (const Section& section : Parser().Parse(markdown)) {
    if (chunks.size() >= chunks_max) break;
    AppendSection(section, chunks);
  }
  if (chunks.size() > chunks_max) chunks.resize(chunks_max);
  return chunks;
}

}  // namespace switchboard::knowledge_retrieval
