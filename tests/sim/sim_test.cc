// Thousands of lives of a small mesh, each from a seed. tests/sim/README.md tells how to read one.
//
//   SIM_SEEDS=100000 build/release/bin/sim_test     # more of them
//   SIM_SEED=4711 build/release/bin/sim_test        # this one, with its diary
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/strings.h"
#include "common/observability/log.h"
#include "tests/sim/world.h"

namespace switchboard::sim {
namespace {

// What `make test` has time for.
constexpr uint64_t kSeeds = 2000;
constexpr size_t kDiaryTail = 60;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && SimpleAtoi(text, &value) ? value : otherwise;
}

std::shared_ptr<const critic::Critic> Shipped() {
  static const auto critic = [] {
    log::Init("sim", "sim", "error");
    return std::make_shared<const critic::Critic>(
        critic::Critic::Load({"services/critic-supervisor/policies.json",
                              SWITCHBOARD_CRITIC_MESSAGE_MODEL, SWITCHBOARD_CRITIC_PASSAGE_MODEL})
            .value());
  }();
  return critic;
}

Report Live(WorldOptions options) {
  World world(options, Shipped());
  return world.Live();
}

// The same life with its diary, for whoever has to understand it.
std::string Explain(WorldOptions options, const Report& report) {
  options.keep_diary = true;
  const Report again = Live(options);
  std::string text = StrCat("\nSIM_SEED=", options.seed, "\n", StrJoin(report.broken, "\n"), "\n");
  const size_t lines = again.diary.size();
  const bool whole = FromEnvironment("SIM_SEED", 0) > 0;
  for (size_t i = whole || lines < kDiaryTail ? 0 : lines - kDiaryTail; i < lines; ++i) {
    StrAppend(&text, again.diary[i], "\n");
  }
  return text;
}

TEST(Simulation, EveryPromiseIsKeptInEveryLife) {
  const uint64_t only = FromEnvironment("SIM_SEED", 0);
  const uint64_t first = only > 0 ? only : 1;
  const uint64_t count = only > 0 ? 1 : FromEnvironment("SIM_SEEDS", kSeeds);
  Report total;
  int failed = 0;
  for (uint64_t seed = first; seed < first + count && failed < 3; ++seed) {
    const WorldOptions options{.seed = seed};
    const Report report = Live(options);
    total.attempts += report.attempts;
    total.answered += report.answered;
    total.submitted += report.submitted;
    total.stored += report.stored;
    total.dead += report.dead;
    total.faults += report.faults;
    if (report.broken.empty()) continue;
    ++failed;
    ADD_FAILURE() << Explain(options, report);
  }
  std::printf(
      "%lu lives: %zu questions, %zu answers, %zu asynchronous, %zu records, %zu dead, "
      "%zu faults\n",
      count, total.attempts, total.answered, total.submitted, total.stored, total.dead,
      total.faults);
}

TEST(Simulation, ASeedIsARun) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const uint64_t once = Live({.seed = seed}).hash;
    EXPECT_EQ(once, Live({.seed = seed, .keep_diary = true}).hash) << seed;
    EXPECT_NE(once, Live({.seed = seed + 1000}).hash) << seed;
  }
}

// Either of the two guards of a conversation's order holds alone (docs/adr/0011-one-successor.md),
// and the sweep finds what no advisory tells (docs/adr/0007-work-queue.md).
TEST(Simulation, OneGuardIsEnough) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    for (const Sabotage& guard :
         {Sabotage{.expected_sequence_ignored = true}, Sabotage{.message_id_ignored = true},
          Sabotage{.advisories_lost = true}}) {
      const WorldOptions options{.seed = seed, .sabotage = guard};
      const Report report = Live(options);
      EXPECT_TRUE(report.broken.empty()) << Explain(options, report);
    }
  }
}

// A checker that cannot fail proves nothing.
TEST(Simulation, ABrokenPromiseIsNoticed) {
  constexpr uint64_t kEnough = 200;
  struct Case {
    const char* what;
    WorldOptions options;
    const char* complaint;
  };
  const Case cases[] = {
      {"a stream that lets two write after the same record",
       {.sabotage = {.expected_sequence_ignored = true, .message_id_ignored = true}},
       "does not follow from the one before"},
      {"a stream that keeps a turn twice",
       {.sabotage = {.expected_sequence_ignored = true, .message_id_ignored = true}},
       "is stored twice"},
      {"a stream that acknowledges and forgets",
       {.sabotage = {.writes_lost = 0.1}},
       "was answered but not stored"},
      {"a work queue that acknowledges and forgets",
       {.sabotage = {.work_lost = 0.1}},
       "neither answered nor in DEAD"},
      {"a work queue that forgets what it has delivered",
       {.sabotage = {.delivery_is_acknowledgement = true}},
       "neither answered nor in DEAD"},
      {"a mesh in which nobody hears of what was given up, nor looks for it",
       {.sabotage = {.advisories_lost = true}, .nobody_sweeps = true},
       "WORK still has"},
      {"a gateway that says something else",
       {.gateway_forges = true},
       "was answered otherwise than it is stored"},
      {"a gateway that answers late",
       {.gateway_overtime = std::chrono::seconds(3)},
       "ended after its deadline"},
      {"a supervisor that works on for nobody",
       {.supervisor_overtime = std::chrono::seconds(3)},
       "after its deadline had passed"},
      {"a mesh that nobody mends",
       {.nobody_restarts = true},
       "was never answered, in calm weather"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> broken;
    WorldOptions options = c.options;
    const auto noticed = [&] {
      return std::any_of(broken.begin(), broken.end(), [&](const std::string& line) {
        return line.find(c.complaint) != std::string::npos;
      });
    };
    for (options.seed = 1; options.seed <= kEnough && !noticed(); ++options.seed) {
      broken = Live(options).broken;
    }
    EXPECT_TRUE(noticed()) << c.what;
    if (noticed()) std::printf("%s: seed %lu\n", c.what, options.seed - 1);
  }
}

}  // namespace
}  // namespace switchboard::sim
