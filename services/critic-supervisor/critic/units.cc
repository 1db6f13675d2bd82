#include "services/critic-supervisor/critic/units.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/base/strings.h"

namespace switchboard::critic {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

constexpr double kHour = 60, kDay = 24 * kHour, kMonth = 30.4375 * kDay, kYear = 12 * kMonth;

// `scale` tells words for different units apart: the same value in the same unit must be exact,
// while a month is 30 or 31 days.
constexpr UnitName kUnitNames[] = {{"second", Unit::kMinutes, 1.0 / 60, 1},
                                   {"seconds", Unit::kMinutes, 1.0 / 60, 1},
                                   {"sec", Unit::kMinutes, 1.0 / 60, 1},
                                   {"seconde", Unit::kMinutes, 1.0 / 60, 1},
                                   {"secondes", Unit::kMinutes, 1.0 / 60, 1},
                                   {"segundo", Unit::kMinutes, 1.0 / 60, 1},
                                   {"segundos", Unit::kMinutes, 1.0 / 60, 1},
                                   {"minute", Unit::kMinutes, 1, 2},
                                   {"minutes", Unit::kMinutes, 1, 2},
                                   {"min", Unit::kMinutes, 1, 2},
                                   {"mins", Unit::kMinutes, 1, 2},
                                   {"minuto", Unit::kMinutes, 1, 2},
                                   {"minutos", Unit::kMinutes, 1, 2},
                                   {"hour", Unit::kMinutes, kHour, 3},
                                   {"hours", Unit::kMinutes, kHour, 3},
                                   {"hrs", Unit::kMinutes, kHour, 3},
                                   {"hr", Unit::kMinutes, kHour, 3},
                                   {"h", Unit::kMinutes, kHour, 3},
                                   {"heure", Unit::kMinutes, kHour, 3},
                                   {"heures", Unit::kMinutes, kHour, 3},
                                   {"hora", Unit::kMinutes, kHour, 3},
                                   {"horas", Unit::kMinutes, kHour, 3},
                                   {"stunde", Unit::kMinutes, kHour, 3},
                                   {"stunden", Unit::kMinutes, kHour, 3},
                                   {"day", Unit::kMinutes, kDay, 4},
                                   {"days", Unit::kMinutes, kDay, 4},
                                   {"jour", Unit::kMinutes, kDay, 4},
                                   {"jours", Unit::kMinutes, kDay, 4},
                                   {"journee", Unit::kMinutes, kDay, 4},
                                   {"dia", Unit::kMinutes, kDay, 4},
                                   {"dias", Unit::kMinutes, kDay, 4},
                                   {"tag", Unit::kMinutes, kDay, 4},
                                   {"tage", Unit::kMinutes, kDay, 4},
                                   {"tagen", Unit::kMinutes, kDay, 4},
                                   {"night", Unit::kMinutes, kDay, 4},
                                   {"nights", Unit::kMinutes, kDay, 4},
                                   {"week", Unit::kMinutes, 7 * kDay, 5},
                                   {"weeks", Unit::kMinutes, 7 * kDay, 5},
                                   {"semaine", Unit::kMinutes, 7 * kDay, 5},
                                   {"semaines", Unit::kMinutes, 7 * kDay, 5},
                                   {"semana", Unit::kMinutes, 7 * kDay, 5},
                                   {"semanas", Unit::kMinutes, 7 * kDay, 5},
                                   {"woche", Unit::kMinutes, 7 * kDay, 5},
                                   {"wochen", Unit::kMinutes, 7 * kDay, 5},
                                   {"fortnight", Unit::kMinutes, 14 * kDay, 5},
                                   {"month", Unit::kMinutes, kMonth, 6},
                                   {"months", Unit::kMinutes, kMonth, 6},
                                   {"mois", Unit::kMinutes, kMonth, 6},
                                   {"mes", Unit::kMinutes, kMonth, 6},
                                   {"meses", Unit::kMinutes, kMonth, 6},
                                   {"monat", Unit::kMinutes, kMonth, 6},
                                   {"monate", Unit::kMinutes, kMonth, 6},
                                   {"monaten", Unit::kMinutes, kMonth, 6},
                                   {"year", Unit::kMinutes, kYear, 7},
                                   {"years", Unit::kMinutes, kYear, 7},
                                   {"an", Unit::kMinutes, kYear, 7},
                                   {"ans", Unit::kMinutes, kYear, 7},
                                   {"annee", Unit::kMinutes, kYear, 7},
                                   {"annees", Unit::kMinutes, kYear, 7},
                                   {"ano", Unit::kMinutes, kYear, 7},
                                   {"anos", Unit::kMinutes, kYear, 7},
                                   {"jahr", Unit::kMinutes, kYear, 7},
                                   {"jahre", Unit::kMinutes, kYear, 7},
                                   {"euro", Unit::kEuro, 1, 1},
                                   {"euros", Unit::kEuro, 1, 1},
                                   {"eur", Unit::kEuro, 1, 1},
                                   {"cents", Unit::kEuro, 0.01, 2},
                                   {"centimes", Unit::kEuro, 0.01, 2},
                                   {"dollar", Unit::kDollar, 1, 1},
                                   {"dollars", Unit::kDollar, 1, 1},
                                   {"dolares", Unit::kDollar, 1, 1},
                                   {"usd", Unit::kDollar, 1, 1},
                                   {"pound", Unit::kPound, 1, 1},
                                   {"pounds", Unit::kPound, 1, 1},
                                   {"gbp", Unit::kPound, 1, 1},
                                   {"libras", Unit::kPound, 1, 1},
                                   {"livres_sterling", Unit::kPound, 1, 1},
                                   {"percent", Unit::kPercent, 1, 1},
                                   {"pct", Unit::kPercent, 1, 1},
                                   {"g", Unit::kGrams, 1, 1},
                                   {"gram", Unit::kGrams, 1, 1},
                                   {"grams", Unit::kGrams, 1, 1},
                                   {"gramme", Unit::kGrams, 1, 1},
                                   {"grammes", Unit::kGrams, 1, 1},
                                   {"gramos", Unit::kGrams, 1, 1},
                                   {"kg", Unit::kGrams, 1000, 2},
                                   {"kilo", Unit::kGrams, 1000, 2},
                                   {"kilos", Unit::kGrams, 1000, 2},
                                   {"kilogram", Unit::kGrams, 1000, 2},
                                   {"kilograms", Unit::kGrams, 1000, 2},
                                   {"kilogramme", Unit::kGrams, 1000, 2},
                                   {"kilogrammes", Unit::kGrams, 1000, 2},
                                   {"kilogramos", Unit::kGrams, 1000, 2},
                                   {"mm", Unit::kMillimetres, 1, 1},
                                   {"millimetres", Unit::kMillimetres, 1, 1},
                                   {"millimeters", Unit::kMillimetres, 1, 1},
                                   {"cm", Unit::kMillimetres, 10, 2},
                                   {"centimetre", Unit::kMillimetres, 10, 2},
                                   {"centimetres", Unit::kMillimetres, 10, 2},
                                   {"centimeters", Unit::kMillimetres, 10, 2},
                                   {"centimetros", Unit::kMillimetres, 10, 2},
                                   {"m", Unit::kMillimetres, 1000, 3},
                                   {"metre", Unit::kMillimetres, 1000, 3},
                                   {"metres", Unit::kMillimetres, 1000, 3},
                                   {"meters", Unit::kMillimetres, 1000, 3},
                                   {"metros", Unit::kMillimetres, 1000, 3},
                                   {"km", Unit::kMillimetres, 1e6, 4},
                                   {"kilometres", Unit::kMillimetres, 1e6, 4},
                                   {"kilometers", Unit::kMillimetres, 1e6, 4},
                                   {"kilometros", Unit::kMillimetres, 1e6, 4},
                                   {"inch", Unit::kMillimetres, 25.4, 5},
                                   {"inches", Unit::kMillimetres, 25.4, 5},
                                   {"ml", Unit::kMillilitres, 1, 1},
                                   {"cl", Unit::kMillilitres, 10, 2},
                                   {"l", Unit::kMillilitres, 1000, 3},
                                   {"litre", Unit::kMillilitres, 1000, 3},
                                   {"litres", Unit::kMillilitres, 1000, 3},
                                   {"liter", Unit::kMillilitres, 1000, 3},
                                   {"liters", Unit::kMillilitres, 1000, 3},
                                   {"litro", Unit::kMillilitres, 1000, 3},
                                   {"litros", Unit::kMillilitres, 1000, 3}};

const UnitName* FindUnit(std::string_view word) {
  static const auto* const kUnits = [] {
    auto* units = new absl::flat_hash_map<std::string, const UnitName*>();
    for (const UnitName& unit : kUnitNames) units->emplace(unit.name, &unit);
    return units;
  }();
  if (word.size() > 11) return nullptr;
  const auto found = kUnits->find(ToAbsl(word));
  return found == kUnits->end() ? nullptr : found->second;
}

// "working", "ouvrés", "hábiles": makes days of what stands beside them.
bool IsWorking(std::string_view word) {
  constexpr std::string_view kWords[] = {"working",   "business",   "ouvre",    "ouvres",
                                         "ouvrable",  "ouvrables",  "habil",    "habiles",
                                         "laborable", "laborables", "werktage", "werktagen"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

struct Named {
  const char* word;
  int value;
};

constexpr Named kNumbers[] = {
    {"one", 1},       {"un", 1},        {"une", 1},       {"uno", 1},        {"una", 1},
    {"two", 2},       {"deux", 2},      {"dos", 2},       {"three", 3},      {"trois", 3},
    {"tres", 3},      {"four", 4},      {"quatre", 4},    {"cuatro", 4},     {"five", 5},
    {"cinq", 5},      {"cinco", 5},     {"six", 6},       {"seis", 6},       {"seven", 7},
    {"sept", 7},      {"siete", 7},     {"eight", 8},     {"huit", 8},       {"ocho", 8},
    {"nine", 9},      {"neuf", 9},      {"nueve", 9},     {"ten", 10},       {"dix", 10},
    {"diez", 10},     {"eleven", 11},   {"onze", 11},     {"once", 11},      {"twelve", 12},
    {"douze", 12},    {"doce", 12},     {"fourteen", 14}, {"quatorze", 14},  {"catorce", 14},
    {"fifteen", 15},  {"quinze", 15},   {"quince", 15},   {"twenty", 20},    {"vingt", 20},
    {"veinte", 20},   {"thirty", 30},   {"trente", 30},   {"treinta", 30},   {"forty", 40},
    {"quarante", 40}, {"cuarenta", 40}, {"fifty", 50},    {"cinquante", 50}, {"cincuenta", 50},
    {"sixty", 60},    {"soixante", 60}, {"sesenta", 60},  {"ninety", 90},    {"noventa", 90},
    {"hundred", 100}, {"cent", 100},    {"cien", 100},    {"half", 0},       {"ein", 1},
    {"eine", 1},      {"zwei", 2},      {"drei", 3},      {"vier", 4},       {"zehn", 10}};

int FindNumber(std::string_view word, int language) {
  static const auto* const kWords = [] {
    auto* words = new absl::flat_hash_map<std::string, int>();
    for (const Named& number : kNumbers) words->emplace(number.word, number.value);
    return words;
  }();
  // "once" is eleven in Spanish only, "cent" a coin in English, "dos" and "six" are safe.
  if (word.size() > 9 || (word == "once" && language != 2) || (word == "cent" && language != 1))
    return -1;
  if (word == "neuf" && language != 1) return -1;
  const auto found = kWords->find(ToAbsl(word));
  return found == kWords->end() || found->second == 0 ? -1 : found->second;
}

// 0 Monday to 6 Sunday; -1 for other words.
int FindWeekday(std::string_view word) {
  constexpr std::string_view kDays[7][4] = {{"monday", "lundi", "lunes", "montag"},
                                            {"tuesday", "mardi", "martes", "dienstag"},
                                            {"wednesday", "mercredi", "miercoles", "mittwoch"},
                                            {"thursday", "jeudi", "jueves", "donnerstag"},
                                            {"friday", "vendredi", "viernes", "freitag"},
                                            {"saturday", "samedi", "sabado", "samstag"},
                                            {"sunday", "dimanche", "domingo", "sonntag"}};
  if (word.size() < 5 || word.size() > 11) return -1;
  for (int day = 0; day < 7; ++day) {
    for (const std::string_view name : kDays[day]) {
      if (word == name || (word.size() == name.size() + 1 && word.back() == 's' &&
                           word.substr(0, name.size()) == name)) {
        return day;
      }
    }
  }
  return -1;
}

// The first letters of the word without its ending, as a number.
uint64_t StemKey(std::string_view word) {
  constexpr size_t kStemMin = 4, kStemMax = 6;
  constexpr std::string_view kEndings[] = {
      "ements", "ement", "mente", "ations", "ation", "aciones", "acion", "ciones", "cion",
      "ings",   "ing",   "ees",   "ados",   "adas",  "ado",     "ada",   "idos",   "idas",
      "ido",    "ida",   "ies",   "ied",    "edly",  "ed",      "ly",    "ee",     "er",
      "ez",     "ons",   "ent",   "es",     "os",    "as",      "ar",    "ir",     "en",
      "an",     "s",     "e",     "o",      "a",     "y"};
  for (const std::string_view ending : kEndings) {
    if (word.size() >= ending.size() + kStemMin && word.ends_with(ending)) {
      word.remove_suffix(ending.size());
      break;
    }
  }
  uint64_t key = 0;
  for (size_t i = 0; i < std::min(word.size(), kStemMax); ++i) {
    key = key << 8 | static_cast<unsigned char>(word[i]);
  }
  return key;
}

// All that the digits may mean; see facts.cc.
void ValueOf(std::string_view number, double& value, double& other) {
  double digits = 0, scale = 1;
  size_t last = std::string_view::npos;
  for (size_t i = 0; i < number.size(); ++i) {
    if (Digit(number[i])) {
      digits = digits * 10 + (number[i] - '0');
    } else if (number[i] == '.' || number[i] == ',') {
      last = i;
    }
  }
  if (last != std::string_view::npos) {
    for (size_t i = last + 1; i < number.size(); ++i) scale *= Digit(number[i]) ? 10 : 1;
  }
  const bool grouped = last != std::string_view::npos && number.size() - last - 1 == 3;
  value = grouped ? digits : digits / scale;
  other = digits / scale;
}

static bool OneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A word that no list knows is likelier a verb behind a pronoun or an auxiliary, at the beginning
// of a sentence, or with the ending of one. A verb has many synonyms, a noun is what is claimed.
bool LooksLikeVerb(std::string_view word, std::string_view before, int language) {
  if (before.empty()) return true;
  const auto ends = [&](std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
      return word.size() >= ending.size() + 3 && word.ends_with(ending);
    });
  };
  switch (language) {
    case 0:
      return OneOf(before,
                   {"you",   "we",  "they",   "it",  "i",      "to",   "will", "ll",    "can",
                    "must",  "may", "should", "not", "please", "dont", "cant", "wont",  "could",
                    "would", "he",  "she",    "who", "also",   "just", "then", "simply"});
    case 1:
      return OneOf(before, {"nous", "vous", "il",   "elle",   "on",   "ils",  "elles",
                            "ne",   "n",    "pour", "se",     "s",    "qui",  "je",
                            "j",    "y",    "peut", "pouvez", "doit", "faut", "devez"}) ||
             ends({"ez", "ons", "er", "ir"});
    default:
      return OneOf(before,
                   {"se", "le", "usted", "lo", "no", "puede", "debe", "hay", "que", "para"}) ||
             ends({"amos", "emos", "imos", "ar", "er", "ir", "arlo", "erlo", "irlo", "arla", "arle",
                   "ando", "iendo"});
  }
}

}  // namespace switchboard::critic
