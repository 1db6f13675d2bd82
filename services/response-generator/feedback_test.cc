#include "services/response-generator/feedback.h"

#include <gtest/gtest.h>

namespace switchboard::response_generator {
namespace {

TEST(FindObjections, Table) {
  const std::vector<std::string> kAnswer = {"Happy to help.", "Returns are free for 30 days.",
                                            "We refund within 5 working days."};
  struct Case {
    const char* what;
    std::string feedback;
    std::set<size_t> sentences;
    bool personal_data;
  };
  const Case kCases[] = {
      {"an index", "sentence 1: no source supports it", {1}, false},
      {"an index with a mark", "Sentence_index=2 is wrong; sentence #2 repeats", {2}, false},
      {"two indexes", "sentence 1 and sentence 2", {1, 2}, false},
      {"an index out of range", "sentence 9", {}, false},
      {"quoted words", "no passage says \"free for 30 days\"", {1}, false},
      {"French quotation marks", "non : « within 5 working days »", {2}, false},
      {"the whole sentence", "Unsupported: Returns are free for 30 days.", {1}, false},
      {"a short quote strikes nothing", "what is \"for\"?", {}, false},
      {"personal data", "contains personal data", {}, true},
      {"nothing found", "try again", {}, false},
  };
  for (const Case& c : kCases) {
    const Objections got = FindObjections({c.feedback}, kAnswer);
    EXPECT_EQ(got.sentences, c.sentences) << c.what;
    EXPECT_EQ(got.personal_data, c.personal_data) << c.what;
  }
}

}  // namespace
}  // namespace switchboard::response_generator
