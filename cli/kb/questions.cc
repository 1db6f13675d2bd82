#include "cli/kb/questions.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/kb/front_matter.h"
#include "common/base/strings.h"

namespace switchboard::cli::kb {
namespace {

using nlohmann::json;

// Bytes; Document.Question.text has at most 300 characters.
constexpr size_t kTextMax = 300;

// Empty when the line is a question.
std::string ReadLine(std::string_view line, Question& question) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return "is no JSON object";
  for (const char* member : {"document", "question", "language", "section"}) {
    if (object.contains(member) && !object[member].is_string())
      return StrCat(member, " is no text");
  }
  question.document = object.value("document", "");
  question.value.set_text(object.value("question", ""));
  question.value.set_language(object.value("language", ""));
  question.value.set_section(object.value("section", ""));
  if (question.document.empty()) return "document is missing";
  if (Trim(question.value.text()).empty()) return "question is missing";
  if (question.value.text().size() > kTextMax) return "question has more than 300 characters";
  const std::string& language = question.value.language();
  if (!language.empty() && !IsLanguageTag(language)) {
    return StrCat("language \"", language, "\" is no BCP 47 tag such as en or fr-CA");
  }
  return "";
}

}  // namespace

bool IsQuestionFile(const std::string& file) {
  return AsciiStrToLower(std::filesystem::path(file).stem().string()) == "questions";
}

std::vector<Question> ParseQuestions(const std::string& file, std::string_view text,
                                     std::vector<std::string>& errors) {
  std::vector<Question> questions;
  size_t number = 0;
  for (const std::string_view raw : StrSplit(text, '\n')) {
    ++number;
    const std::string_view line = Trim(raw);
    if (line.empty()) continue;
    Question question{.origin = StrCat(file, ":", number)};
    const std::string error = ReadLine(line, question);
    if (error.empty()) {
      questions.push_back(std::move(question));
    } else {
      errors.push_back(StrCat(question.origin, ": ", error));
    }
  }
  return questions;
}

void AddQuestions(const std::vector<Question>& questions, std::vector<Entry>& entries,
                  std::vector<std::string>& errors) {
  std::map<std::string, v1::KnowledgeEntry::Document*> documents;
  for (Entry& entry : entries) {
    if (!entry.value.has_document()) continue;
    documents[entry.value.document().id()] = entry.value.mutable_document();
  }
  for (const Question& question : questions) {
    auto found = documents.find(StrCat(question.document, ".", question.value.language()));
    const bool is_translated = found != documents.end();
    if (!is_translated) found = documents.find(question.document);
    if (found == documents.end()) {
      errors.push_back(StrCat(question.origin, ": there is no document ", question.document));
      continue;
    }
    if (found->second->questions_size() == kQuestionsMax) {
      errors.push_back(StrCat(question.origin, ": ", found->first, " has ", kQuestionsMax,
                              " questions already"));
      continue;
    }
    v1::KnowledgeEntry::Document::Question& added = *found->second->add_questions();
    added = question.value;
    // The heading is the original's; the translation's passage is found by the words.
    if (is_translated) added.clear_section();
  }
}

}  // namespace switchboard::cli::kb
