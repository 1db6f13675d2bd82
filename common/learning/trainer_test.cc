#include "common/learning/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::learning {
namespace {

using ::testing::HasSubstr;

std::vector<Example> SmallSet() {
  const char* const kOrder[] = {"where is my order", "has my order left", "order status please",
                                "did my order ship yet", "any news on what I ordered"};
  const char* const kRefund[] = {"when do I get my money back", "refund not here yet",
                                 "my refund is missing", "money for the return?",
                                 "how long does a refund take"};
  const char* const kOutside[] = {"will it rain tomorrow", "write me a poem", "who won the match",
                                  "what is seven times eight", "recommend a film"};
  std::vector<Example> examples;
  for (const char* text : kOrder) examples.push_back({text, "ORDER_STATUS", "en"});
  for (const char* text : kRefund) examples.push_back({text, "REFUND_STATUS", "en"});
  for (const char* text : kOutside) examples.push_back({text, "OUT_OF_SCOPE", "en"});
  return examples;
}

TEST(Trainer, GivesTheSameBytesEachTime) {
  const auto first = Train(SmallSet(), Lexicon(), {.documents_min = 1});
  const auto second = Train(SmallSet(), Lexicon(), {.documents_min = 1});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(SerializeModel(first->data), SerializeModel(second->data));
}

TEST(Trainer, LearnsWhatItIsShown) {
  const auto training = Train(SmallSet(), Lexicon(), {.documents_min = 1});
  ASSERT_TRUE(training.ok()) << training.status();
  const auto model = Model::Parse(SerializeModel(training->data));
  ASSERT_TRUE(model.ok()) << model.status();
  Scratch scratch;
  model->Score("where is the order I made", scratch);
  EXPECT_GT(scratch.scores[0], scratch.scores[2]);
  model->Score("is my money coming back", scratch);
  EXPECT_GT(scratch.scores[2], scratch.scores[0]);
}

TEST(Trainer, TwoLabelsAreEnough) {
  std::vector<Example> examples = SmallSet();
  std::erase_if(examples, [](const Example& e) { return e.label == "OUT_OF_SCOPE"; });
  const auto training = Train(examples, Lexicon(), {.documents_min = 1});
  ASSERT_TRUE(training.ok()) << training.status();
  const auto model = Model::Parse(SerializeModel(training->data));
  ASSERT_TRUE(model.ok());
  Scratch scratch;
  EXPECT_EQ(model->Classify("where is my order", scratch).front().label, "ORDER_STATUS");
  EXPECT_EQ(model->Classify("refund not here yet", scratch).front().label, "REFUND_STATUS");
}

// Six subjects of which each message names one, with words around it that say nothing.
std::vector<Example> Subjects() {
  const char* const kSubjects[] = {"refund", "parcel", "password", "invoice", "coffee", "warranty"};
  const char* const kFrames[] = {"my %s please",       "about the %s",       "%s question",
                                 "hello, the %s",      "is the %s ready",    "tell me of my %s",
                                 "the %s, once more",  "%s today",           "what of the %s",
                                 "nobody knows my %s", "%s, %s and only %s", "so, this %s"};
  std::vector<Example> examples;
  for (const std::string subject : kSubjects) {
    for (std::string text : kFrames) {
      for (size_t at; (at = text.find("%s")) != std::string::npos;) text.replace(at, 2, subject);
      examples.push_back({text, subject, "en"});
    }
  }
  return examples;
}

TEST(Trainer, TellsLabelsByTheirWordInFramesItHasNotSeen) {
  const auto training = Train(Subjects(), Lexicon(), {.network = {.hidden = 16}});
  ASSERT_TRUE(training.ok()) << training.status();
  const auto model = Model::Parse(SerializeModel(training->data));
  ASSERT_TRUE(model.ok());
  Scratch scratch;
  for (const char* subject : {"refund", "parcel", "password", "invoice", "coffee", "warranty"}) {
    const std::string text = std::string("when will somebody look at this ") + subject;
    EXPECT_EQ(model->Classify(text, scratch).front().label, subject);
  }
}

TEST(Trainer, HoldsOutWholeSourcesWhereTheyAreNamed) {
  // Each source has words of its own: they tell the label to who has seen the source.
  const auto training = [](bool named) {
    std::vector<Example> examples;
    char letter = 'a';
    for (const char* source : {"1", "2", "3", "4", "5"}) {
      for (const char* label : {"NO", "YES"}) {
        for (int i = 0; i < 10; ++i) {
          const std::string text =
              std::string(4, letter) + " " + std::string(1, static_cast<char>('k' + i));
          examples.push_back({text, label, "en", named ? source : ""});
        }
        ++letter;
      }
    }
    return Train(examples, Lexicon(), {.network = {.hidden = 8}, .letters_across = false});
  };
  const auto together = training(false);
  const auto apart = training(true);
  ASSERT_TRUE(together.ok() && apart.ok());
  EXPECT_GT(together->accuracy, 0.95);
  EXPECT_LT(apart->accuracy, 0.8) << "a stranger's words say nothing";
  EXPECT_LT(apart->data.sharpness, together->data.sharpness);
}

TEST(Trainer, ABackgroundShowsWhatBelongsToNoLabel) {
  const std::vector<std::string> background = {
      "will it rain tomorrow", "write me a poem",       "who won the match",
      "seven times eight",     "recommend a film",      "sing me a song",
      "the capital of France", "how tall is a giraffe", "translate good morning",
      "play some music",       "are you a robot",       "what time is it in Tokyo"};
  const auto without = Train(Subjects(), Lexicon(), {.network = {.hidden = 16}});
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without->data.labels.size(), 6u);
  const auto training =
      Train(Subjects(), Lexicon(), {.network = {.hidden = 16}, .background = background});
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_EQ(training->data.labels.size(), 7u);
  EXPECT_GT(training->out_of_scope_recall, 0) << "labels left out are out of scope";
  const auto model = Model::Parse(SerializeModel(training->data));
  ASSERT_TRUE(model.ok());
  Scratch scratch;
  EXPECT_EQ(model->Classify("will it rain in Tokyo", scratch).front().label, kOutOfScope);
  EXPECT_EQ(model->Classify("my password please", scratch).front().label, "password");
}

TEST(Trainer, SaysWhatIsMissing) {
  const auto nothing = Train({}, Lexicon(), {});
  EXPECT_EQ(nothing.status().code(), absl::StatusCode::kInvalidArgument);
  std::vector<Example> few = SmallSet();
  few.push_back({"hello", "GREETING", "en"});
  const auto lonely = Train(few, Lexicon(), {});
  EXPECT_THAT(std::string(lonely.status().message()), HasSubstr("GREETING has 1 messages"));
}

TEST(Dataset, NamesEveryBadLine) {
  const auto examples = ParseDataset(
      "{\"text\": \"a\", \"label\": \"B\"}\n\nnonsense\n{\"label\": \"B\"}\n{\"text\": \"a\"}");
  ASSERT_FALSE(examples.ok());
  EXPECT_EQ(examples.status().message(),
            "line 3 is not a JSON object\nline 4 has no text\nline 5 has no label");
  const auto good = ParseDataset("{\"text\": \"a\", \"label\": \"B\"}");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->at(0).language, "und");
}

}  // namespace
}  // namespace switchboard::learning
