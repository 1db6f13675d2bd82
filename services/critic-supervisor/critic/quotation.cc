#include "services/critic-supervisor/critic/quotation.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace switchboard::critic {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int CountWords(std::string_view text) {
  int words = 0;
  bool inside = false;
  for (const char c : text) {
    words += !IsSpace(c) && !inside;
    inside = !IsSpace(c);
  }
  return words;
}

std::string_view Trim(std::string_view line) {
  while (!line.empty() && IsSpace(line.front())) line.remove_prefix(1);
  while (!line.empty() && IsSpace(line.back())) line.remove_suffix(1);
  return line;
}

bool ContainsAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// "-----Original Message-----", "Begin forwarded message:", "On 3 May, Ann wrote:" and the like.
bool StartsOldMail(std::string_view raw) {
  constexpr size_t kLineMax = 160;
  if (raw.empty() || raw.size() > kLineMax || (raw.front() != '-' && raw.back() != ':'))
    return false;
  const std::string line = FoldAccents(raw);
  if (line.starts_with("--") && line.size() > 8) {
    return ContainsAny(line, {"original message", "forwarded message", "message d'origine",
                              "message transfere", "mensaje original", "mensaje reenviado",
                              "ursprungliche nachricht", "weitergeleitete nachricht"});
  }
  if (line.starts_with("begin forwarded message") ||
      line.starts_with("anfang der weitergeleiteten"))
    return true;
  constexpr std::pair<std::string_view, std::string_view> kWrote[] = {{"on ", " wrote:"},
                                                                      {"le ", " a ecrit:"},
                                                                      {"le ", " a ecrit :"},
                                                                      {"el ", " escribio:"},
                                                                      {"am ", " schrieb"}};
  return std::any_of(std::begin(kWrote), std::end(kWrote), [&](const auto& wrote) {
    return line.starts_with(wrote.first) && line.find(wrote.second) != std::string_view::npos;
  });
}

// What may announce a quotation, at its end: "i got this mail:".
bool AnnouncesMessage(std::string_view raw) {
  raw = Trim(raw);
  if (raw.empty() || raw.back() != ':') return false;
  constexpr size_t kReach = 80;
  size_t from = raw.size() > kReach ? raw.size() - kReach : 0;
  while (from < raw.size() && (static_cast<unsigned char>(raw[from]) & 0xC0) == 0x80) ++from;
  const std::string folded = FoldAccents(raw.substr(from));
  std::string_view before = folded;
  const size_t sentence = before.substr(0, before.size() - 1).find_last_of(".!?\n");
  if (sentence != std::string_view::npos) before.remove_prefix(sentence + 1);
  return ContainsAny(before, {"mail", "sms", "text message", "letter", "message", "review",
                              "courriel", "courrier", "lettre", "correo", "mensaje", "carta",
                              "nachricht", "brief", "wrote to me", "says", "said", "screenshot"});
}

// Bytes of the quotation mark at `i`; 0: there is none.
size_t MarkSize(std::string_view text, size_t i) {
  if (text[i] == '"') return 1;
  if (static_cast<unsigned char>(text[i]) < 0xC2) return 0;
  for (const std::string_view mark : {"“", "”", "„", "«", "»"}) {
    if (text.substr(i, mark.size()) == mark) return mark.size();
  }
  return 0;
}

// Moves the first announced quotation, up to the last mark of the text, from `own` to `quoted`.
void TakeQuotation(Parts& parts) {
  const std::string_view own = parts.own;
  size_t last = own.size();
  while (last > 0 && MarkSize(own, last - 1) == 0) --last;
  if (last == 0) return;
  --last;
  for (size_t open = 0; open < last; ++open) {
    const size_t size = MarkSize(own, open);
    if (size == 0 || !AnnouncesMessage(own.substr(0, open))) continue;
    const std::string_view inside = own.substr(open + size, last - open - size);
    if (CountWords(inside) < kQuoteWordsMin) return;
    parts.quoted.assign(inside).push_back('\n');
    parts.own.erase(open, last + MarkSize(own, last) - open);
    return;
  }
}

}  // namespace

Parts SplitQuoted(std::string_view text) {
  Parts parts;
  bool old_mail = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = Trim(text.substr(begin, end - begin));
    begin = end + 1;
    if (!old_mail && StartsOldMail(line)) {
      old_mail = true;
      continue;
    }
    const bool cited = line.starts_with('>');
    while (line.starts_with('>')) line = Trim(line.substr(1));
    std::string& part = old_mail || cited ? parts.quoted : parts.own;
    part.append(line).push_back('\n');
  }
  if (parts.quoted.empty()) TakeQuotation(parts);
  if (parts.quoted.empty() || CountWords(parts.own) < kOwnWordsMin) return {std::string(text), {}};
  return parts;
}

}  // namespace switchboard::critic
