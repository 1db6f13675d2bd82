// Retrieval with a real embeddings service beside it (testdata/embeddings_server.py): well, slow,
// broken and away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/testing/process.h"
#include "common/testing/run_on_loop.h"
#include "services/knowledge-retrieval/embedding_feed.h"
#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class EmbeddingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WaitUntil([&] {
      const std::string output = server_.Output();
      return output.rfind("port ", 0) == 0 && output.find('\n') != std::string::npos &&
             SimpleAtoi(Trim(std::string_view(output).substr(5)), &port_);
    })) << server_.Output();
  }

  std::string Url(const std::string& path) const {
    return StrCat("http://127.0.0.1:", port_, path);
  }
  nlohmann::json Send(const std::string& method, const std::string& path) {
    http::Request request{.method = method, .url = Url(path)};
    const auto response =
        testing::RunOnLoop(io_, client_.Send(std::move(request), Deadline::After(10s)));
    EXPECT_TRUE(response.ok()) << response.status();
    return nlohmann::json::parse(response->body);
  }
  void Mode(const std::string& mode) { Send("POST", "/mode?to=" + mode); }
  int TextsEmbedded() { return Send("GET", "/calls")["texts"]; }

  std::unique_ptr<Index> NewIndex(const std::string& path = "", size_t vectors_max = 100,
                                  const std::string& model = "bag") {
    auto index = Index::Open({.path = path,
                              .vectors_max = vectors_max,
                              .vectors_model = model,
                              .similarity_min = 0.4},
                             TestAnalyzer())
                     .value();
    for (const auto& document :
         {MakeDocument("garage", "en", "Repair of your automobile", "We mend an automobile."),
          MakeDocument("clinic", "en", "See a physician", "A physician is there all day."),
          MakeDocument("shop", "en", "Buy a lamp", "Each lamp comes with a bulb.")}) {
      EXPECT_TRUE(index->Put(document).ok());
    }
    index->OnCaughtUp();
    return index;
  }
  EmbeddingOptions Options() const {
    return {.service = {.url = Url("/v1"), .key = "a-key", .model = "bag"},
            .question_timeout = 500ms};
  }
  // Lets the feed work until `count` passages have a vector.
  bool EmbedUntil(EmbeddingFeed& feed, Index& index, size_t count,
                  std::chrono::milliseconds limit = 10s) {
    bool ended = false;
    asio::co_spawn(io_, feed.Run(), [&](std::exception_ptr) { ended = true; });
    const bool there = testing::RunUntil(
        io_, [&] { return index.vector_count() >= count; }, limit);
    feed.Stop();
    EXPECT_TRUE(testing::RunUntil(io_, [&] { return ended; }));
    return there;
  }
  std::string First(Index& index, EmbeddingFeed& feed, const std::string& question) {
    const std::vector<float> vector =
        testing::RunOnLoop(io_, feed.Question(question, Deadline::After(5s)));
    const auto passages = index.Search({.text = question}, 3, vector);
    EXPECT_TRUE(passages.ok());
    return passages->empty() ? "" : passages->front().document_id();
  }

  testing::TemporaryFolder folder_;
  testing::Process server_{{"/usr/bin/python3", StrCat(kFolder, "/testdata/embeddings_server.py")},
                           {},
                           folder_.path() + "/server.log"};
  int port_ = 0;
  asio::io_context io_;
  http::Client client_{io_, {}};
};

TEST_F(EmbeddingsTest, FindsWhatIsMeantInOtherWords) {
  const auto index = NewIndex();
  EmbeddingFeed feed(io_, *index, Options());
  EXPECT_EQ(First(*index, feed, "is there a doctor"), "");  // no passage has its vector yet
  ASSERT_TRUE(EmbedUntil(feed, *index, 3));
  EXPECT_EQ(Send("GET", "/calls")["key"], "Bearer a-key");
  EXPECT_EQ(First(*index, feed, "doctor"), "clinic");
  EXPECT_EQ(First(*index, feed, "vehicle repair"), "garage");
  EXPECT_EQ(First(*index, feed, "lamp"), "shop");  // words and vectors agree
  EXPECT_EQ(First(*index, feed, "who wrote this symphony"), "");
  // The index follows: what is removed is not found by its vector either.
  EXPECT_TRUE(index->Remove("clinic"));
  EXPECT_NE(First(*index, feed, "doctor"), "clinic");
}

TEST_F(EmbeddingsTest, WordsAloneDecideWhenTheServiceIsSlowBrokenOrAway) {
  const auto index = NewIndex();
  EmbeddingFeed well(io_, *index, Options());
  ASSERT_TRUE(EmbedUntil(well, *index, 3));
  for (const char* mode : {"fail", "junk", "hang"}) {
    Mode(mode);
    EmbeddingFeed feed(io_, *index, Options());
    const auto began = Clock::now();
    EXPECT_EQ(First(*index, feed, "lamp"), "shop") << mode;
    EXPECT_EQ(First(*index, feed, "doctor"), "") << mode;
    EXPECT_LT(Clock::now() - began, 3s) << mode;
  }
  server_.Signal(SIGKILL);
  server_.Wait(5s);
  EmbeddingFeed feed(io_, *index, Options());
  EXPECT_EQ(First(*index, feed, "lamp"), "shop");
}

TEST_F(EmbeddingsTest, AFailingServiceIsLeftInPeaceForAWhile) {
  Mode("fail");
  Embedder embedder(client_, Options().service);
  for (int i = 0; i < Embedder::kFailuresMax; ++i) {
    EXPECT_FALSE(embedder.resting());
    EXPECT_FALSE(testing::RunOnLoop(io_, embedder.Embed({"x"}, Deadline::After(5s))).ok());
  }
  EXPECT_TRUE(embedder.resting());
  Mode("ok");
  const auto refused = testing::RunOnLoop(io_, embedder.Embed({"x"}, Deadline::After(5s)));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("rests"));
  EXPECT_EQ(TextsEmbedded(), 0);
  EXPECT_TRUE(testing::RunUntil(io_, [&] { return !embedder.resting(); }));
  EXPECT_TRUE(testing::RunOnLoop(io_, embedder.Embed({"x"}, Deadline::After(5s))).ok());
}

TEST_F(EmbeddingsTest, PassagesGetTheirVectorsOnceTheServiceReturns) {
  Mode("fail");
  const auto index = NewIndex();
  EmbeddingFeed feed(io_, *index, Options());
  EXPECT_FALSE(EmbedUntil(feed, *index, 1, 300ms));
  EXPECT_EQ(index->unembedded_count(), 3u);
  Mode("ok");
  EmbeddingFeed again(io_, *index, Options());
  EXPECT_TRUE(EmbedUntil(again, *index, 3));
}

TEST_F(EmbeddingsTest, ARestartAsksForNoVectorAgain) {
  const std::string path = folder_.path() + "/index.sqlite";
  for (int run = 0; run < 2; ++run) {
    const auto index = NewIndex(path);
    EmbeddingFeed feed(io_, *index, Options());
    ASSERT_TRUE(EmbedUntil(feed, *index, 3));
    EXPECT_EQ(TextsEmbedded(), 3) << run;
  }
  // Another model's are of no use.
  const auto index = NewIndex(path, 100, "other");
  EmbeddingFeed feed(io_, *index, Options());
  ASSERT_TRUE(EmbedUntil(feed, *index, 3));
  EXPECT_EQ(TextsEmbedded(), 6);
}

TEST_F(EmbeddingsTest, VectorsAreBounded) {
  const auto index = NewIndex("", 2);
  EmbeddingFeed feed(io_, *index, Options());
  EXPECT_FALSE(EmbedUntil(feed, *index, 3, 500ms));
  EXPECT_EQ(index->vector_count(), 2u);
  EXPECT_LE(TextsEmbedded(), 3);  // one batch may begin before the bound is met
}

TEST(ParseEmbeddings, RefusesWhatIsNoListOfVectors) {
  EXPECT_TRUE(ParseEmbeddings(R"({"data":[{"embedding":[1,0]},{"embedding":[0,1]}]})", 2).ok());
  for (const char* body :
       {"", "null", "[]", "{}", R"({"data":{}})", R"({"data":[]})", R"({"data":[1,2]})",
        R"({"data":[{"embedding":[1,0]}]})", R"({"data":[{"embedding":[1,0]},{"embedding":[1]}]})",
        R"({"data":[{"embedding":[1,0]},{"embedding":[0,0]}]})",
        R"({"data":[{"embedding":[1,0]},{"embedding":[1e300,"a"]}]})",
        R"({"data":[{"embedding":[1,0]},{"embedding":[1e300,1]}]})",
        R"({"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[0,1]}]})",
        R"({"data":[{"index":0,"embedding":[1,0]},{"index":7,"embedding":[0,1]}]})",
        R"({"data":[{"index":-1,"embedding":[1,0]},{"index":1,"embedding":[0,1]}]})"}) {
    EXPECT_FALSE(ParseEmbeddings(body, 2).ok()) << body;
  }
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
