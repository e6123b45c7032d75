#include "experiment/estimate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <vector>

#include "experiment/print_plan.h"
#include "training/in_memory_run.h"

namespace nnc::experiment {

namespace {

/// Cells with programs of their own, spread evenly over what a step costs.
std::vector<std::size_t> sampleCells(const study::Study& study, std::size_t most) {
  std::vector<std::size_t> cells;
  std::set<std::string> programs;
  for (std::size_t i = 0; i < study.cells.size(); ++i)
    if (programs.insert(study.cells[i].program).second) cells.push_back(i);
  std::stable_sort(cells.begin(), cells.end(), [&](std::size_t a, std::size_t b) {
    return study.cells[a].flopsPerStep < study.cells[b].flopsPerStep;
  });
  if (cells.size() <= most) return cells;
  std::vector<std::size_t> spread;
  for (std::size_t i = 0; i < most; ++i) spread.push_back(cells[i * (cells.size() - 1) / (most - 1)]);
  return spread;
}

/// What one cell was seen to take, in seconds.
struct CellTime {
  double flopsPerStep = 0.0;
  double elaboration = 0.0;  // its programs written out
  double compilation = 0.0;  // its machine code
  double step = 0.0, evaluation = 0.0;
  double look = 0.0, looksPerStep = 0.0;  // of its probes; how often they look in a whole run
  double start = 0.0;                     // of a run: data, initial values, the test part
};

/// Counts how often a run is looked at.
class CountingProbes final : public training::StepObserver {
 public:
  explicit CountingProbes(RunProbes* probes) : probes_(probes) {}
  bool isDue(std::int64_t step) const override { return probes_ != nullptr && probes_->isDue(step); }
  bool observe(const training::StepView& view, Diagnostics& diagnostics) override {
    ++count;
    return probes_->observe(view, diagnostics);
  }
  int count = 0;

 private:
  RunProbes* probes_;
};

/// How often a whole run of the cell is looked at.
std::int64_t looksOf(const RunProbes* probes, std::int64_t steps) {
  std::int64_t count = 0;
  for (std::int64_t step = 0; probes != nullptr && step <= steps; ++step) count += probes->isDue(step);
  return count;
}

/// Times short runs of cells, each for the second time: the first one compiles and reads.
class CellTimer {
 public:
  CellTimer(Plan& plan, const engine::Options& engine, const ProbeMaker& probes, Diagnostics& diagnostics)
      : plan_(plan), engine_(engine), probes_(probes), diagnostics_(diagnostics) {}

  std::optional<CellTime> time(std::size_t index) {
    const study::Cell& cell = plan_.study().cells[index];
    const std::optional<double> tuned =
        plan_.study().tuning ? std::optional(plan_.study().tuning->grid.front()) : std::nullopt;
    CellTime time;
    time.flopsPerStep = cell.flopsPerStep;
    const auto begun = std::chrono::steady_clock::now();
    const std::shared_ptr<CellPrograms> programs = plan_.programs(index, tuned, diagnostics_);
    if (programs == nullptr) return std::nullopt;
    time.elaboration = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();

    // A run with many evaluations and one with a single one tell what an evaluation takes from what a run takes.
    constexpr std::int64_t kSteps = 32, kOften = 8;
    const std::int64_t steps = std::min(kSteps, cell.steps), often = std::min(kOften, steps);
    const std::optional<Seen> cold = see(*programs, index, steps, steps, probes_);
    const std::optional<Seen> plain = cold ? see(*programs, index, steps, steps, {}) : std::nullopt;
    const std::optional<Seen> looked = plain ? see(*programs, index, steps, steps, probes_) : std::nullopt;
    const std::optional<Seen> evaluated = looked ? see(*programs, index, steps, often, {}) : std::nullopt;
    if (!evaluated) return std::nullopt;
    time.compilation = std::max(0.0, cold->other + cold->trained - looked->other - looked->trained);
    time.step = plain->trained / static_cast<double>(std::max<std::int64_t>(1, steps));
    const auto more = static_cast<double>((steps + often - 1) / often - 1);
    if (more > 0) time.evaluation = std::max(0.0, evaluated->other - plain->other) / more;
    time.start = std::max(0.0, plain->other - time.evaluation);
    if (looked->looks > 0) time.look = std::max(0.0, looked->other - plain->other) / looked->looks;
    time.looksPerStep =
        static_cast<double>(looked->looksOfWhole) / static_cast<double>(std::max<std::int64_t>(1, cell.steps));
    return time;
  }

 private:
  struct Seen {
    double trained = 0.0, other = 0.0;
    int looks = 0;
    std::int64_t looksOfWhole = 0;  // of a run of all steps of the cell
  };

  std::optional<Seen> see(CellPrograms& programs, std::size_t index, std::int64_t steps, std::int64_t every,
                          const ProbeMaker& maker) {
    const study::Cell& cell = plan_.study().cells[index];
    const std::unique_ptr<RunProbes> probes = maker ? maker(index, programs, diagnostics_) : nullptr;
    if (maker && probes == nullptr) return std::nullopt;
    training::InMemoryOptions options;
    options.steps = steps;
    options.evaluateEvery = every;
    options.flopsPerStep = cell.flopsPerStep;
    options.programKey = cell.id;
    options.engine = engine_;
    CountingProbes counting(probes.get());
    const std::optional<training::InMemoryRun> run =
        training::trainInMemory(programs, programs.train(), options, cache_, interrupt_, &counting, diagnostics_);
    if (!run) return std::nullopt;
    return Seen{run->trainSeconds, std::max(0.0, run->wallSeconds - run->trainSeconds), counting.count,
                looksOf(probes.get(), cell.steps)};
  }

  Plan& plan_;
  engine::Options engine_;
  const ProbeMaker& probes_;
  Diagnostics& diagnostics_;
  training::RunCache cache_;
  training::InterruptGuard interrupt_;
};

/// The sample whose steps cost nearest to those of the cell.
const CellTime& nearest(const std::vector<CellTime>& times, const study::Cell& cell) {
  const auto distance = [&](const CellTime& time) {
    return std::abs(std::log(std::max(1.0, time.flopsPerStep) / std::max(1.0, cell.flopsPerStep)));
  };
  return *std::min_element(times.begin(), times.end(),
                           [&](const CellTime& a, const CellTime& b) { return distance(a) < distance(b); });
}

/// All runs and trials of a cell, machine code apart.
double secondsOf(const study::Cell& cell, const Plan& plan, const CellTime& time) {
  const study::Study& study = plan.study();
  const auto runs = static_cast<double>(study.blocks.size());
  const double trials =
      study.tuning ? static_cast<double>(study.tuning->grid.size()) * static_cast<double>(study.tuning->blocks) : 0.0;
  const double scale = time.flopsPerStep > 0.0 ? cell.flopsPerStep / time.flopsPerStep : 1.0;
  const std::int64_t every = cell.evaluateEvery > 0 ? std::min(cell.evaluateEvery, cell.steps) : cell.steps;
  const auto evaluations = static_cast<double>(every > 0 ? (cell.steps + every - 1) / every : 0);
  const auto stepping = [&](std::int64_t steps) {
    const double seconds = scale * time.step * static_cast<double>(steps);
    return std::min(seconds, plan.rules().run.seconds.value_or(seconds));
  };
  const double looks = time.looksPerStep * static_cast<double>(cell.steps);
  const double run = time.start + stepping(cell.steps) + scale * (time.evaluation * evaluations + time.look * looks);
  const double trial = time.start + stepping(cell.trialSteps) + scale * time.evaluation;
  return time.elaboration + runs * run + trials * trial;
}

}  // namespace

std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options, const ProbeMaker& probes,
                                      Diagnostics& diagnostics) {
  constexpr std::size_t kMostCells = 4;
  const study::Study& study = plan.study();
  CellTimer timer(plan, options, probes, diagnostics);
  std::vector<CellTime> times;
  double compilation = 0.0;
  for (const std::size_t cell : sampleCells(study, kMostCells)) {
    const std::optional<CellTime> time = timer.time(cell);
    if (!time) return std::nullopt;
    compilation += time->compilation;
    times.push_back(*time);
  }
  double total = compilation / static_cast<double>(times.size()) * static_cast<double>(costOf(study).compilations);
  std::set<std::string> ids;
  for (const study::Cell& cell : study.cells)
    if (ids.insert(cell.id).second) total += secondsOf(cell, plan, nearest(times, cell));
  return total / workers;
}

}  // namespace nnc::experiment
