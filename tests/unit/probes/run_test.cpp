// Probes between the steps of a run: what they see, and that the run does not notice.
#include <cmath>

#include "fixture.h"
#include "probes/look.h"
#include "probes/probe_run.h"
#include "training/in_memory_run.h"
#include "training/project_source.h"

namespace nnc::probes {

static const char* const kProgram = R"(network net(x: f32[B, 8]) -> f32[B, 3] =
  x |> dense(12) |> batch_norm() |> relu |> dropout(0.3) |> dense(12) |> tanh |> dense(3)
fn example(i: i32, key: key) -> (x: f32[8], y: i32) {
  let x = random_normal(key, [8])
  return (x: x, y: cast(abs(total(x)), i32) % 3)
}
data points {
  source: generate(300, example)
  split: (train: 0..200, valid: 200..300)
}
train fit {
  network: net
  data: points
  loss: cross_entropy
  optimizer: adam(0.01)
  batch: 32
  steps: 12
}
)";

class ProbeRunTest : public BenchTest {
 protected:
  /// Keeps the bits of all slots when the run is over, and looks on behalf of `inner`.
  class Keeper final : public training::StepObserver {
   public:
    explicit Keeper(training::StepObserver* inner) : inner_(inner) {}
    bool isDue(std::int64_t) const override { return true; }
    bool observe(const training::StepView& view, Diagnostics& diagnostics) override {
      for (std::size_t i = 0; i < view.slots.size(); ++i)
        bits.append(reinterpret_cast<const char*>(view.slots[i]),
                    static_cast<std::size_t>(view.train.slots[i].type.byteCount()));
      return inner_ == nullptr || !inner_->isDue(view.step) || inner_->observe(view, diagnostics);
    }
    std::string bits;  // of every step

   private:
    training::StepObserver* inner_;
  };

  std::string trajectory(training::StepObserver* probes) {
    training::ProjectSource programs(*project_, *train_);
    training::RunCache cache;
    const training::InterruptGuard interrupt;
    Keeper keeper(probes);
    training::InMemoryOptions options;
    options.seeds = training::RunSeeds::all(3);
    EXPECT_TRUE(training::trainInMemory(programs, *train_, options, cache, interrupt, &keeper, diagnostics_))
        << messages();
    return keeper.bits;
  }

  std::vector<PeriodicProbe> everyProbe(const elaborate::ProbePeriod& period) {
    std::vector<PeriodicProbe> probes;
    for (const std::string& name : project_->standardProbes()) probes.push_back({*project_->findProbe(name), period});
    return probes;
  }
};

TEST_F(ProbeRunTest, NoBitOfATrajectoryDependsOnProbes) {
  open(kProgram);
  const std::string alone = trajectory(nullptr);
  ProbeRun probes(*source_, *bench_, everyProbe({3, false}));
  EXPECT_EQ(trajectory(&probes), alone);
  EXPECT_GT(alone.size(), 12u * 8u * 12u * 4u);
  EXPECT_GT(probes.take().size(), 30u);  // series: lists have one for each entry
}

TEST_F(ProbeRunTest, LooksWhenItIsDue) {
  open(kProgram);
  ProbeRun probes(*source_, *bench_,
                  {{*project_->findProbe("grad_norm"), {5, false}},
                   {*project_->findProbe("update_ratio"), {5, false}},
                   {*project_->findProbe("act_mean"), {1, true}}});
  (void)trajectory(&probes);
  const std::vector<study::ProbeSeries> series = probes.take();
  ASSERT_EQ(series.size(), 3u);
  EXPECT_EQ(series[0].probe, "grad_norm");
  EXPECT_EQ(series[0].steps, (std::vector<std::int64_t>{0, 1, 5, 10}));
  EXPECT_EQ(series[0].paths, (std::vector<std::string>{"net.dense.w", "net.dense_2.w", "net.dense_3.w"}));
  // The step behind each look; adam's first steps have the length of the learning rate per element.
  EXPECT_EQ(series[1].probe, "update_ratio");
  EXPECT_EQ(series[1].steps, (std::vector<std::int64_t>{0, 1, 5, 10}));
  for (const double ratio : series[1].values[0]) {
    EXPECT_GT(ratio, 1e-3);
    EXPECT_LT(ratio, 0.1);
  }
  EXPECT_EQ(series[2].steps, (std::vector<std::int64_t>{0, 1, 7}));  // 200 examples in batches of 32
  EXPECT_EQ(series[2].paths, (std::vector<std::string>{"net.relu", "net.tanh"}));
}

TEST_F(ProbeRunTest, LooksOfOneKindAreThoseOfTheSameProbes) {
  open(kProgram);
  ProbeRun probes(*source_, *bench_,
                  {{*project_->findProbe("act_mean"), {4, false}},
                   {*project_->findProbe("update_ratio"), {2, false}},
                   {*project_->findProbe("grad_norm"), {1, true}}});
  (void)trajectory(&probes);  // an epoch has seven steps
  std::string kinds;
  for (std::int64_t step = 0; step <= 8; ++step) {
    kinds += probes.lookKind(step) + " ";
    EXPECT_EQ(probes.lookKind(step).empty(), !probes.isDue(step)) << step;
  }
  EXPECT_EQ(kinds, "o,o,o, o,fo,o, ,fo,, ,f,, o,o,, ,f,, ,o,, ,f,o, o,o,, ");
}

/// A look without a run makes the step that a run makes first: same bits, noise and optimizer among them.
TEST_F(ProbeRunTest, ALookMakesTheFirstStepOfARun) {
  open(kProgram);
  ProbeRun probes(*source_, *bench_,
                  {{*project_->findProbe("update_ratio"), {12, false}}, {*project_->findProbe("ics"), {12, false}}});
  (void)trajectory(&probes);
  const std::vector<study::ProbeSeries> series = probes.take();
  LookOptions options;
  options.probes = {"update_ratio", "ics"};
  options.seed = 3;
  const std::optional<LookResult> seen = look(*project_, *train_, options, diagnostics_);
  ASSERT_TRUE(seen) << messages();
  ASSERT_EQ(series.size(), 4u);
  ASSERT_EQ(seen->rows.size(), 4u);
  for (std::size_t i = 0; i < series.size(); ++i) {
    EXPECT_EQ(seen->rows[i].series, series[i].probe);
    EXPECT_EQ(seen->rows[i].paths, series[i].paths);
    EXPECT_EQ(series[i].steps[0], 0);
    EXPECT_EQ(seen->rows[i].values, series[i].values[0]);
  }
  EXPECT_GT(seen->rows[0].values[0], 0.0);
}

/// The JIT and the reference evaluator see the same: f32 forward passes of 3 layers differ by a few roundings.
TEST_F(ProbeRunTest, CompiledCodeAgreesWithTheEvaluatorOnLengths) {
  open(kProgram);
  std::vector<std::int64_t> sizes;
  const std::optional<Row> lengths = bench_->standard("grad_norm", {slots_->view(), 0, nullptr}, sizes);
  ASSERT_TRUE(lengths) << messages();
  Program* const gradients = bench_->program(elaborate::ProbeKind::Gradients, bench_->probeSet()->count());
  ASSERT_NE(gradients, nullptr) << messages();
  gradients->run(*train_, slots_->view(), *bench_->probeSet(), 0, 1);
  const std::vector<std::size_t> trained = trainedSlots(*train_);
  std::size_t column = 0;
  for (std::size_t k = 0; k < trained.size(); ++k) {
    if (train_->slots[trained[k]].type.rank() < 2) continue;
    EXPECT_NEAR(length(gradients->result(1 + k)) / lengths->values[column++], 1.0, 1e-6);
  }
  EXPECT_EQ(column, lengths->values.size());
}

}  // namespace nnc::probes
