#include "common/text/personal_data_people.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "common/base/text.h"

namespace switchboard::text {
namespace {

constexpr size_t kNameWordsMax = 3;

struct Token {
  std::string folded;
  size_t begin = 0, end = 0;
  bool capital = false, number = false;
};

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool WordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0xC3 ||
         (static_cast<unsigned char>(c) >= 0x80 && static_cast<unsigned char>(c) < 0xC0);
}

// Words of letters and digits, with the apostrophes and hyphens inside names (O'Brien, Jean-Luc).
std::vector<Token> TokensOf(std::string_view text) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < text.size();) {
    if (!WordByte(text[i]) || (static_cast<unsigned char>(text[i]) >= 0x80 &&
                               static_cast<unsigned char>(text[i]) < 0xC3)) {
      ++i;
      continue;
    }
    Token token;
    token.begin = i;
    while (i < text.size() && (WordByte(text[i]) ||
                               (text[i] == '-' && i + 1 < text.size() && WordByte(text[i + 1])))) {
      ++i;
    }
    token.end = i;
    const std::string_view word = text.substr(token.begin, i - token.begin);
    token.folded = FoldAccents(word);
    token.capital = ToLower(word).substr(0, 2) != word.substr(0, 2);
    token.number = Digit(word[0]);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

bool In(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text), tokens_(TokensOf(text)) {}

  std::vector<PersonalDataSpan> Run() {
    for (size_t i = 0; i < tokens_.size();) {
      size_t next = Password(i);
      if (next == i) next = Person(i);
      if (next == i) next = Address(i);
      i = std::max(next, i + 1);
    }
    return std::move(spans_);
  }

 private:
  // The words from `i` on are these.
  bool Are(size_t i, std::initializer_list<std::string_view> words) const {
    if (i + words.size() > tokens_.size()) return false;
    return std::all_of(words.begin(), words.end(),
                       [&](std::string_view word) { return tokens_[i++].folded == word; });
  }
  std::string_view Between(size_t i) const {
    return text_.substr(tokens_[i].end, tokens_[i + 1].begin - tokens_[i].end);
  }
  size_t Add(PersonalDataType type, size_t first, size_t last) {
    spans_.push_back({type, tokens_[first].begin, tokens_[last].end});
    return last + 1;
  }

  // "my password is …", "mot de passe : …": what follows up to white space.
  size_t Password(size_t i) {
    size_t after = 0;
    if (In(tokens_[i].folded,
           {"password", "passwort", "passcode", "contrasena", "pin", "kennwort", "passphrase"})) {
      after = i + 1;
    } else if (Are(i, {"mot", "de", "passe"})) {
      after = i + 3;
    } else {
      return i;
    }
    const size_t introduction = tokens_[after - 1].end;
    bool introduced = false;
    if (after < tokens_.size() &&
        In(tokens_[after].folded, {"is", "was", "est", "es", "ist", "lautet"})) {
      introduced = true;
      ++after;
    }
    const size_t from = introduced ? tokens_[after - 1].end : introduction;
    size_t begin = text_.find_first_not_of(" \t", from);
    if (begin == std::string_view::npos) return i;
    if (text_[begin] == ':' || text_[begin] == '=') {
      introduced = true;
      begin = text_.find_first_not_of(" \t", begin + 1);
      if (begin == std::string_view::npos) return i;
    }
    if (!introduced) return i;
    if (text_[begin] == '"' || text_[begin] == '\'') ++begin;
    size_t end = begin;
    bool letters = false, others = false;
    while (end < text_.size() && !absl::ascii_isspace(static_cast<unsigned char>(text_[end])) &&
           text_[end] != '"') {
      const bool letter = absl::ascii_islower(static_cast<unsigned char>(text_[end]));
      letters |= letter;
      others |= !letter;
      ++end;
    }
    while (end > begin && In(text_.substr(end - 1, 1), {".", ",", ";", "'", ")"})) --end;
    // "My password is wrong" names none: a word of small letters alone is a password behind a
    // colon only.
    const bool colon = text_.substr(introduction, begin - introduction).find_first_of(":=") !=
                       std::string_view::npos;
    const bool mixed = std::any_of(text_.begin() + static_cast<long>(begin),
                                   text_.begin() + static_cast<long>(end), [](char c) {
                                     return !absl::ascii_islower(static_cast<unsigned char>(c)) &&
                                            static_cast<unsigned char>(c) < 0x80;
                                   });
    if (end - begin < 4 || (!colon && !mixed)) return i;
    spans_.push_back({PersonalDataType::kPassword, begin, end});
    size_t next = after;
    while (next < tokens_.size() && tokens_[next].begin < end) ++next;
    return next;
  }

  // How many words from `i` on introduce a name; 0: none.
  size_t IntroductionSize(size_t i, bool& title) const {
    title = false;
    if (In(tokens_[i].folded,
           {"mr", "mrs", "ms", "mme", "mlle", "sr", "sra", "srta", "herr", "frau", "dr", "dra",
            "prof", "monsieur", "madame", "senor", "senora"})) {
      title = tokens_[i].capital;
      return title ? 1 : 0;
    }
    if (Are(i, {"my", "name", "is"}) || Are(i, {"mi", "nombre", "es"}) ||
        Are(i, {"mon", "nom", "est"}) || Are(i, {"mein", "name", "ist"}) ||
        Are(i, {"my", "name", "s"})) {
      return 3;
    }
    if (Are(i, {"je", "m", "appelle"})) return 3;
    if (Are(i, {"me", "llamo"}) || Are(i, {"ich", "heisse"}) || Are(i, {"ich", "heiße"})) return 2;
    if (Are(i, {"kind", "regards"}) || Are(i, {"best", "regards"}) ||
        Are(i, {"yours", "sincerely"}) || Are(i, {"yours", "faithfully"}) ||
        Are(i, {"un", "saludo"}) || Are(i, {"viele", "grusse"}) ||
        Are(i, {"freundliche", "grusse"}) || Are(i, {"freundlichen", "grussen"})) {
      return 2;
    }
    if (In(tokens_[i].folded, {"regards", "cordialement", "atentamente", "sincerely", "saludos"}) &&
        i + 1 < tokens_.size() && Between(i).find('\n') != std::string_view::npos) {
      return 1;
    }
    if (In(tokens_[i].folded, {"dear", "cher", "chere", "querido", "querida", "estimado",
                               "estimada", "lieber", "liebe"}) &&
        tokens_[i].capital) {
      return 1;
    }
    return 0;
  }

  size_t Person(size_t i) {
    bool title = false;
    const size_t introduction = IntroductionSize(i, title);
    if (introduction == 0) return i;
    size_t first = i + introduction;
    // "Dear Mr X": the title introduces.
    bool inner = false;
    if (first < tokens_.size() && IntroductionSize(first, inner) > 0 && inner) return first;
    size_t last = first;
    while (last < tokens_.size() && last - first < kNameWordsMax) {
      const std::string_view gap =
          last == 0
              ? std::string_view()
              : text_.substr(tokens_[last - 1].end, tokens_[last].begin - tokens_[last - 1].end);
      const bool opens = last == first;
      // A full stop belongs to the title ("Mr. X") or to an initial; a line ends a name.
      const bool joined = opens ? gap.find_first_not_of(" .:,\n\t\r") == std::string_view::npos
                                : gap == " " || gap == ". " || gap == "'" || gap == "\xE2\x80\x99";
      if (!joined || tokens_[last].number) break;
      const bool particle = !opens && In(tokens_[last].folded, {"de", "la", "van", "von", "der",
                                                                "del", "le", "du", "di", "da"});
      if (!tokens_[last].capital && !particle) break;
      if (In(tokens_[last].folded,
             {"sir", "madam", "sirs", "team", "customer", "support", "client", "cliente", "i", "my",
              "the", "kunde", "damen", "herren", "juniper"})) {
        break;
      }
      ++last;
    }
    while (last > first && !tokens_[last - 1].capital) --last;
    return last > first ? Add(PersonalDataType::kPerson, first, last - 1) : i;
  }

  bool IsStreetWord(std::string_view word) const {
    return In(word,
              {"street", "st", "road", "rd", "avenue", "ave", "lane", "drive", "close", "court",
               "boulevard", "blvd", "square", "terrace", "place", "way", "crescent"});
  }

  // "12 Mill Lane", "8 rue des Tilleuls", "calle Luna 12", "Lindenstraße 5", with postcode and town
  // where they follow.
  size_t Address(size_t i) {
    size_t last = 0;
    bool found = false;
    if (tokens_[i].number && tokens_[i].end - tokens_[i].begin <= 5) {
      // English: a number, one to three capitalised words, a word for a street.
      for (size_t k = i + 1; k < std::min(i + 5, tokens_.size()); ++k) {
        if (!tokens_[k].capital || tokens_[k].number || Between(k - 1) != " ") break;
        if (k > i + 1 && IsStreetWord(tokens_[k].folded)) {
          last = k;
          found = true;
          break;
        }
      }
      // French: a number, perhaps "bis", a word for a street, a name.
      size_t k = i + 1;
      if (k < tokens_.size() && In(tokens_[k].folded, {"bis", "ter"})) ++k;
      if (!found && k + 1 < tokens_.size() &&
          In(tokens_[k].folded, {"rue", "avenue", "boulevard", "place", "chemin", "allee",
                                 "impasse", "quai", "cours"})) {
        last = NameEnd(k + 1);
        found = last > k;
      }
    } else if (In(tokens_[i].folded, {"calle", "avenida", "avda", "plaza", "paseo", "carrer"}) &&
               i + 1 < tokens_.size()) {
      size_t end = NameEnd(i + 1);
      if (end > i && end + 1 < tokens_.size() && In(tokens_[end + 1].folded, {"n", "no", "numero"}))
        ++end;
      if (end > i && end + 1 < tokens_.size() && tokens_[end + 1].number &&
          tokens_[end + 1].end - tokens_[end + 1].begin <= 4) {
        last = end + 1;
        found = true;
      }
    } else if (tokens_[i].capital && i + 1 < tokens_.size() && tokens_[i + 1].number &&
               Between(i) == " " && tokens_[i + 1].end - tokens_[i + 1].begin <= 4) {
      const std::string& word = tokens_[i].folded;
      for (const std::string_view ending :
           {"strasse", "straße", "weg", "platz", "allee", "gasse"}) {
        found |= word.size() > ending.size() + 1 && word.ends_with(ending);
      }
      last = i + 1;
    }
    if (!found) return i;
    // Postcode and town: 75011 Paris, BS1 4QA, Springfield 62704.
    size_t end = last;
    constexpr size_t kTailMax = 4;
    for (size_t k = last + 1; k < std::min(last + 1 + kTailMax, tokens_.size()); ++k) {
      const std::string_view gap = Between(k - 1);
      if (gap.find_first_not_of(" ,") != std::string_view::npos) break;
      const size_t size = tokens_[k].end - tokens_[k].begin;
      const bool postcode = tokens_[k].number && (size == 5 || size == 4);
      const bool british =
          size <= 4 && std::any_of(tokens_[k].folded.begin(), tokens_[k].folded.end(), Digit);
      if (postcode || british) end = k;
      if (end == k && k + 1 < tokens_.size() && postcode && tokens_[k + 1].capital &&
          Between(k) == " ")
        end = ++k;
      if (!postcode && !british && !tokens_[k].capital) break;
    }
    return Add(PersonalDataType::kAddress, i, end);
  }

  // The last word of a street's name that begins at `i`; i - 1 when there is none.
  size_t NameEnd(size_t i) const {
    size_t last = i - 1;
    for (size_t k = i; k < std::min(i + 5, tokens_.size()); ++k) {
      const bool particle = In(tokens_[k].folded, {"de", "du", "des", "la", "le", "les", "del",
                                                   "los", "las", "l", "d", "el"});
      if (tokens_[k].number || (!tokens_[k].capital && !particle)) break;
      if (k > i && text_.substr(tokens_[k - 1].end, tokens_[k].begin - tokens_[k - 1].end)
                           .find_first_of(",.\n") != std::string_view::npos)
        break;
      if (tokens_[k].capital) last = k;
    }
    return last;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::vector<PersonalDataSpan> spans_;
};

}  // namespace

std::vector<PersonalDataSpan> FindIntroduced(std::string_view text) { return Finder(text).Run(); }

}  // namespace switchboard::text
