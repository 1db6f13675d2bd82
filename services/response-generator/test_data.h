// The agent's own data files, for tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "services/response-generator/load.h"

namespace switchboard::response_generator {

inline std::string ReadData(const std::string& name) {
  std::ifstream file(std::string(SWITCHBOARD_DATA_DIR) + "/" + name);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

inline const Lexicon& TestLexicon() {
  static const Lexicon* const kLexicon =
      new Lexicon(*Lexicon::Parse(ReadData("lexicon.json"), ReadData("manners.json")));
  return *kLexicon;
}

inline const Templates& TestTemplates(const std::string& language) {
  static auto* const kBook = new std::map<std::string, Templates>();
  const auto found = kBook->find(language);
  if (found != kBook->end()) return found->second;
  const std::string file = "templates." + language + ".json";
  return kBook->emplace(language, *Templates::Parse(ReadData(file), file, "Juniper & Pine"))
      .first->second;
}

inline const Answerer& TestAnswerer() {
  static const Answerer* const kAnswerer =
      new Answerer(*LoadAnswerer(SWITCHBOARD_DATA_DIR, "Juniper & Pine"));
  return *kAnswerer;
}

}  // namespace switchboard::response_generator
