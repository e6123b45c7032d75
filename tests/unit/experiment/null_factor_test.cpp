// A factor that changes nothing that matters, in many small real studies: what is said of it is nothing.
//
// Its two levels are networks of one form whose layers have different names, so that programs and initial values differ
// and their distribution does not: what a block gives for one level is exchangeable with what it gives for the other,
// and the true effect on every measure is 0.
#include <map>

#include "experiment/run_study.h"
#include "planner_fixture.h"
#include "report/attribution.h"
#include "study/results.h"

namespace nnc::experiment {

namespace {

constexpr int kStudies = 200;
constexpr int kBlocks = 4;

constexpr const char* kProgram = R"(
import std.data (generate)
data clouds {
  source: generate(160, fn (i, key) => (x: random_normal(key, [4]) + cast(i % 2, f32), y: cast(i % 2, i32)), seed: 3)
  split:  (train: 0..48, valid: 48..64, test: 64..160)
}
layer other(width: dim)(x: f32[B, n]) -> f32[B, width] = x |> dense(width)
network net(renamed: bool)(x: f32[B, 4]) -> f32[B, 2] =
    if renamed then x |> other(3) |> tanh |> other(2) else x |> dense(3) |> tanh |> dense(2)
train recipe(renamed: bool = false) {
  network:   net(renamed)
  data:      clouds
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(0.3)
  batch:     16
  steps:     12
}
experiment study {
  run: recipe
  vary renamed in ["plain": false, "renamed": true]
  seeds: 800
  measure test = test.accuracy
  measure loss = test.loss
}
)";

}  // namespace

class NullFactorTest : public PlannerTest {
 protected:
  /// All runs of the experiment: cells in 800 blocks.
  std::vector<study::Run> trained(ExperimentPlan& plan) {
    StudyOptions options;
    static engine::CodeCache code;
    options.engine.cache = &code;
    options.progress = training::Progress::None;
    const auto results = study::ResultsFile::open((folder_ / "runs").string(), diagnostics_);
    const auto outcome = results ? runStudy(plan, *results, options, diagnostics_) : std::nullopt;
    EXPECT_TRUE(outcome) << messages();
    return outcome ? results->runs() : std::vector<study::Run>();
  }
  /// The study that has those blocks alone: other seeds, and nothing in common with the others.
  static std::pair<study::Study, std::vector<study::Run>> part(const study::Study& study,
                                                               const std::vector<study::Run>& runs, int number) {
    std::pair<study::Study, std::vector<study::Run>> taken{study, {}};
    const int first = number * kBlocks;
    taken.first.blocks.assign(study.blocks.begin() + first, study.blocks.begin() + first + kBlocks);
    for (const study::Run& run : runs)
      if (run.block >= first && run.block < first + kBlocks) taken.second.emplace_back(run).block -= first;
    return taken;
  }
};

// Of 200 intervals that each cover 0 with a probability of 0.95, between 180 and 198 cover it with a probability of
// 0.998: binomial, P(179 or fewer) = 0.0012 and P(199 or more) = 0.0004. The two measures are of the same runs, and
// each is held alone. The t interval is exact for normal differences; those here are symmetric about 0, and an accuracy
// over 96 examples is close enough to normal.
TEST_F(NullFactorTest, ItsIntervalCovers0AndNothingIsCredited) {
  elaborate::Project* const project = loadText(kProgram);
  ASSERT_NE(project, nullptr) << messages();
  const auto plan = makePlan(*project, "study", {});
  ASSERT_NE(plan, nullptr) << messages();
  const std::vector<study::Run> runs = trained(*plan);
  ASSERT_EQ(runs.size(), static_cast<std::size_t>(2 * kStudies * kBlocks));
  std::map<std::string, int> covering, credited;
  for (int number = 0; number < kStudies; ++number) {
    const auto [study, some] = part(plan->study(), runs, number);
    const report::View view(study, some);
    for (const study::Measure& measure : study.measures) {
      const report::Attribution attribution = report::attributionOf(view, measure);
      const statistics::FactorAnalysis& renamed = attribution.analysis.factors[0];
      ASSERT_TRUE(renamed.main.interval && renamed.shapley.interval);
      EXPECT_GT(renamed.main.interval->upper, renamed.main.interval->lower) << "the levels do differ";
      covering[measure.name] += renamed.main.interval->lower <= 0 && renamed.main.interval->upper >= 0 ? 1 : 0;
      credited[measure.name] += renamed.main.isSignificant ? 1 : 0;
    }
  }
  for (const char* const measure : {"test", "loss"}) {
    EXPECT_GE(covering[measure], 180) << measure;
    EXPECT_LE(covering[measure], 198) << measure;
    // The same test at 5 %: P(21 or more false alarms) = 0.0012.
    EXPECT_LE(credited[measure], 20) << measure;
  }
}

}  // namespace nnc::experiment
