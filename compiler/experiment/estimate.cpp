#include "experiment/estimate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "experiment/run_task.h"
#include "experiment/study_cost.h"
#include "support/processor_time.h"
#include "training/in_memory_run.h"

namespace nnc::experiment {

namespace {

constexpr std::size_t kMostSamples = 256;

/// Cells of different programs or rows: the cheapest, the dearest, and then always the one that is least like those
/// before it.
std::vector<std::size_t> sampleOrder(const Plan& plan) {
  const study::Study& study = plan.study();
  std::vector<std::size_t> cells;
  std::set<std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t>> seen;
  for (std::size_t i = 0; i < study.cells.size(); ++i) {
    const CellRows rows = plan.rows(i);
    if (seen.emplace(study.cells[i].program, rows.train, rows.evaluated, rows.test).second) cells.push_back(i);
  }
  std::stable_sort(cells.begin(), cells.end(), [&](std::size_t a, std::size_t b) {
    return study.cells[a].flopsPerStep < study.cells[b].flopsPerStep;
  });
  if (cells.size() <= 2) return cells;
  // Levels that differ, and by how many powers of two the FLOPs do.
  const auto distance = [&](std::size_t a, std::size_t b) {
    const study::Cell &left = study.cells[a], &right = study.cells[b];
    double sum = std::abs(std::log2(std::max(1.0, left.flopsPerStep) / std::max(1.0, right.flopsPerStep)));
    for (std::size_t f = 0; f < left.levels.size(); ++f) sum += left.levels[f] != right.levels[f];
    return sum;
  };
  std::vector<std::size_t> order = {cells.front(), cells.back()};
  std::vector<double> least(cells.size(), std::numeric_limits<double>::infinity());
  while (order.size() < std::min(cells.size(), kMostSamples)) {
    std::size_t farthest = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (std::size_t k = order.size() == 2 ? 0 : order.size() - 1; k < order.size(); ++k)
        least[i] = std::min(least[i], cells[i] == order[k] ? -1.0 : distance(cells[i], order[k]));
      if (least[i] > least[farthest]) farthest = i;
    }
    order.push_back(cells[farthest]);
  }
  return order;
}

/// Lets the probes of a short run look once in each way in which they look in a whole one, as if its steps were those
/// at which they do, and times that.
class LookTimer final : public training::StepObserver {
 public:
  LookTimer(RunProbes& probes, std::int64_t steps) : probes_(probes), steps_(steps) {}

  bool isDue(std::int64_t step) const override {
    return step == 0 || (isListed_ && static_cast<std::size_t>(step) < list_.size());
  }
  bool observe(const training::StepView& view, Diagnostics& diagnostics) override {
    training::StepView shown = view;
    if (isListed_) shown.step = list_[static_cast<std::size_t>(view.step)];
    const std::string kind = probes_.lookKind(shown.step);
    const double begun = threadSeconds();
    const bool isFine = probes_.observe(shown, diagnostics);
    seconds_[kind] = threadSeconds() - begun;
    if (!isListed_) list();
    return isFine;
  }

  /// Of all looks of a whole run, by what each of their kinds was seen to take.
  double secondsOfWhole() const {
    double sum = 0.0;
    for (const auto& [kind, count] : counts_)
      if (const auto seen = seconds_.find(kind); seen != seconds_.end())
        sum += seen->second * static_cast<double>(count);
    return sum;
  }

 private:
  /// A probe that finishes looks at the step before too.
  void list() {
    std::set<std::int64_t> steps = {0};
    for (std::int64_t step = 0; step <= steps_; ++step) {
      const std::string kind = probes_.lookKind(step);
      if (kind.empty() || ++counts_[kind] > 1) continue;
      steps.insert(step);
      if (kind.find('f') != std::string::npos) steps.insert(step - 1);
    }
    list_.assign(steps.begin(), steps.end());
    isListed_ = true;
  }

  RunProbes& probes_;
  std::int64_t steps_;
  bool isListed_ = false;
  std::vector<std::int64_t> list_;  // at which step of a whole run step i of this one pretends to be
  std::map<std::string, std::int64_t> counts_;
  std::map<std::string, double> seconds_;
};

/// Makes short runs of cells and times them. Any thread.
class CellTimer {
 public:
  CellTimer(Plan& plan, const engine::Options& engine, const ProbeMaker& probes)
      : plan_(plan), engine_(engine), probes_(probes) {
    engine_.timings = engine_.codegen.timings = nullptr;  // they have one writer
  }

  /// Reads what all runs share. False: reported.
  bool readData(Diagnostics& diagnostics) {
    const std::shared_ptr<CellPrograms> programs = programsOf(0, diagnostics);
    return programs != nullptr &&
           experiment::readData(programs->train(), plan_.study().blocks[0].data, cache_, diagnostics);
  }

  /// Empty: reported.
  std::optional<CellSample> time(std::size_t index, Diagnostics& diagnostics) {
    const study::Cell& cell = plan_.study().cells[index];
    const CellRows rows = plan_.rows(index);
    // Two steps tell what comes before the first one; many, what a step takes.
    const std::int64_t few = std::min<std::int64_t>(2, cell.steps);
    const Shape small{few, few, /*evaluatesTest=*/false};
    std::shared_ptr<CellPrograms> programs;
    CellSample sample{index, {}};
    CellCost& cost = sample.cost;
    double cold = 0.0;
    {
      const std::lock_guard lock(coldMutex_);  // what the cache counts is then of this cell
      const double begun = threadSeconds(), codeBefore = codeSeconds(), ownBefore = ownCodeSeconds();
      programs = programsOf(index, diagnostics);
      if (programs == nullptr || !run(*programs, index, small, nullptr, diagnostics)) return std::nullopt;
      cost.code = codeSeconds() - codeBefore;
      cold = threadSeconds() - begun - (ownCodeSeconds() - ownBefore);
    }
    const std::optional<Seen> little = run(*programs, index, small, nullptr, diagnostics);
    if (!little) return std::nullopt;
    cost.writing = std::max(0.0, cold - little->trained - little->other);
    constexpr double kSeconds = 0.05;
    constexpr std::int64_t kFewest = 8, kMost = 128;
    const double guess = little->trained / static_cast<double>(std::max<std::int64_t>(1, little->steps));
    const std::int64_t many =
        std::min(cell.steps, std::clamp(static_cast<std::int64_t>(kSeconds / std::max(guess, 1e-9)), kFewest, kMost));
    // Without a test part two evaluations instead of one.
    const Shape large{many, rows.test > 0 ? many : std::max<std::int64_t>(1, many / 2), /*evaluatesTest=*/true};
    const std::optional<Seen> much = run(*programs, index, large, nullptr, diagnostics);
    if (!much) return std::nullopt;
    solve(*little, passesIn(little->steps, few, stepsPerEpoch(cell, rows)), *much,
          passesIn(much->steps, large.every, stepsPerEpoch(cell, rows)), cost);
    if (probes_ && !timeLooks(*programs, index, cost, diagnostics)) return std::nullopt;
    if (much->hasDiverged) {
      const std::optional<double> lasting = shareThatLasts(index, *much, large, diagnostics);
      if (!lasting) return std::nullopt;
      cost.lasting = *lasting;
    }
    return sample;
  }

 private:
  /// What a short run does.
  struct Shape {
    std::int64_t steps = 0, every = 0;
    bool evaluatesTest = false;
  };
  /// Processor seconds of one run, in its steps and besides them.
  struct Seen {
    double trained = 0.0, other = 0.0;
    std::int64_t steps = 0, evaluatedRows = 0;
    bool hasDiverged = false;
  };

  std::shared_ptr<CellPrograms> programsOf(std::size_t index, Diagnostics& diagnostics) {
    const std::optional<study::Tuning>& tuning = plan_.study().tuning;
    return plan_.programs(index, tuning ? std::optional(tuning->grid[tuning->grid.size() / 2]) : std::nullopt,
                          diagnostics);
  }

  /// Of the steps of a cell whose short run diverged. A tuned parameter may have a value with which none does: what
  /// diverges with the least one, too, diverges with all.
  std::optional<double> shareThatLasts(std::size_t index, const Seen& seen, const Shape& shape,
                                       Diagnostics& diagnostics) {
    const auto share = [&](const Seen& run) {
      return static_cast<double>(run.steps) / static_cast<double>(plan_.study().cells[index].steps);
    };
    const std::optional<study::Tuning>& tuning = plan_.study().tuning;
    if (!tuning) return share(seen);
    const double least = *std::min_element(tuning->grid.begin(), tuning->grid.end());
    const std::shared_ptr<CellPrograms> programs = plan_.programs(index, least, diagnostics);
    const std::optional<Seen> again =
        programs != nullptr ? run(*programs, index, shape, nullptr, diagnostics) : std::nullopt;
    if (!again) return std::nullopt;
    return again->hasDiverged ? share(*again) : 1.0;
  }
  /// Of all threads, and of those that asked for code.
  double codeSeconds() const { return engine_.cache != nullptr ? engine_.cache->counts().seconds : 0.0; }
  double ownCodeSeconds() const {
    if (engine_.cache == nullptr) return 0.0;
    const engine::CodeCache::Counts counts = engine_.cache->counts();
    return counts.seconds - counts.kernels.helperSeconds;
  }

  /// From two runs of different length what a step and an epoch's order of rows take, and from two with different
  /// numbers of evaluated rows what those take.
  static void solve(const Seen& little, std::int64_t littlePasses, const Seen& much, std::int64_t muchPasses,
                    CellCost& cost) {
    const auto s = static_cast<double>(little.steps), p = static_cast<double>(littlePasses),
               t = static_cast<double>(much.steps), q = static_cast<double>(muchPasses);
    const double determinant = t * p - s * q;
    if (t > 0.0) cost.step = much.trained / t;
    if (determinant > 0.0) {
      const double step = (much.trained * p - little.trained * q) / determinant;
      cost.pass = std::max(0.0, (little.trained * t - much.trained * s) / determinant);
      // By noise the shorter run may look cheaper than its steps are.
      if (cost.pass > 0.0 && step > 0.0) cost.step = step;
    }
    const auto rows = static_cast<double>(much.evaluatedRows - little.evaluatedRows);
    if (rows != 0.0) cost.evaluatedRow = std::max(0.0, (much.other - little.other) / rows);
    cost.start = std::max(0.0, little.other - cost.evaluatedRow * static_cast<double>(little.evaluatedRows));
  }

  /// The first run compiles what the probes compute, the second one tells what looking takes.
  bool timeLooks(CellPrograms& programs, std::size_t index, CellCost& cost, Diagnostics& diagnostics) {
    constexpr std::int64_t kMostKinds = 16;
    const std::int64_t wholeSteps = plan_.study().cells[index].steps, steps = std::min(wholeSteps, kMostKinds);
    const Shape shape{steps, steps, /*evaluatesTest=*/false};
    double cold = 0.0, warm = 0.0;
    for (double* const seconds : {&cold, &warm}) {
      const bool isCold = seconds == &cold;
      std::unique_lock lock(coldMutex_, std::defer_lock);
      if (isCold) lock.lock();
      const double begun = threadSeconds(), codeBefore = codeSeconds(), ownBefore = ownCodeSeconds();
      const std::unique_ptr<RunProbes> probes = probes_(index, programs, diagnostics);
      if (probes == nullptr) return false;
      LookTimer timer(*probes, wholeSteps);
      if (!run(programs, index, shape, &timer, diagnostics)) return false;
      *seconds = threadSeconds() - begun;
      if (isCold) cold -= ownCodeSeconds() - ownBefore;
      if (isCold) cost.code += codeSeconds() - codeBefore;
      if (!isCold) cost.looking = timer.secondsOfWhole() / static_cast<double>(std::max<std::int64_t>(1, wholeSteps));
    }
    cost.probing = std::max(0.0, cold - warm);
    return true;
  }

  std::optional<Seen> run(CellPrograms& programs, std::size_t index, const Shape& shape,
                          training::StepObserver* observer, Diagnostics& diagnostics) {
    const study::Block& seeds = plan_.study().blocks[0];
    training::InMemoryOptions options;
    options.seeds = {seeds.init, seeds.data, seeds.noise};
    options.steps = shape.steps;
    options.evaluateEvery = shape.every;
    options.evaluatesTest = shape.evaluatesTest;
    options.flopsPerStep = plan_.study().cells[index].flopsPerStep;
    options.programKey = plan_.study().cells[index].id;
    options.engine = engine_;
    const double begun = threadSeconds();
    const std::optional<training::InMemoryRun> made =
        training::trainInMemory(programs, programs.train(), options, cache_, interrupt_, observer, diagnostics);
    if (!made || interrupt_.isInterrupted()) return std::nullopt;
    const CellRows rows = plan_.rows(index);
    Seen seen{made->trainSeconds, 0.0, made->steps, 0, made->outcome == training::Outcome::Diverged};
    seen.other = std::max(0.0, threadSeconds() - begun - made->trainSeconds);
    seen.evaluatedRows = static_cast<std::int64_t>(made->evaluations.size()) * rows.evaluated;
    if (shape.evaluatesTest && !seen.hasDiverged) seen.evaluatedRows += rows.test;
    return seen;
  }

  Plan& plan_;
  engine::Options engine_;
  const ProbeMaker& probes_;
  training::RunCache cache_;
  training::InterruptGuard interrupt_;
  std::mutex coldMutex_;
};

/// Lets all workers time cells until that has taken long enough.
class Sampler {
 public:
  Sampler(Plan& plan, int workers, CellTimer& timer) : plan_(plan), workers_(workers), timer_(timer) {
    order_ = sampleOrder(plan);
    // With fewer cells than workers several time the same one, since they slow each other down in the study too.
    for (std::size_t i = 0; order_.size() < static_cast<std::size_t>(workers); ++i) order_.push_back(order_[i]);
  }

  /// In the order in which they were compiled. Empty: reported.
  std::vector<CellSample> run(Diagnostics& diagnostics) {
    std::vector<std::thread> threads;
    for (int i = 0; i < workers_; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    diagnostics.appendNew(std::move(messages_));
    return hasFailed_ ? std::vector<CellSample>() : std::move(samples_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void work() {
    std::unique_lock lock(mutex_);
    while (!hasFailed_ && next_ < order_.size() && (next_ < static_cast<std::size_t>(workers_) || hasTime())) {
      const std::size_t cell = order_[next_++];
      lock.unlock();
      Diagnostics messages;
      const std::optional<CellSample> sample = timer_.time(cell, messages);
      lock.lock();
      messages_.append(std::move(messages));
      if (sample) samples_.push_back(*sample);
      hasFailed_ = hasFailed_ || !sample;
    }
  }

  bool hasTime() {
    constexpr double kLeast = 3.0, kShare = 0.05, kMost = 30.0;
    const double elapsed = std::chrono::duration<double>(Clock::now() - begun_).count();
    if (elapsed < kLeast) return true;
    if (!allowed_ && !samples_.empty())
      allowed_ = std::min(kMost, kShare * studySeconds(plan_, CostModel(plan_, samples_), workers_));
    return allowed_ && elapsed < *allowed_;
  }

  Plan& plan_;
  int workers_;
  CellTimer& timer_;
  std::vector<std::size_t> order_;
  Clock::time_point begun_ = Clock::now();
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::vector<CellSample> samples_;
  std::optional<double> allowed_;
  Diagnostics messages_;
  bool hasFailed_ = false;
};

}  // namespace

std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options, const ProbeMaker& probes,
                                      Diagnostics& diagnostics) {
  // More workers than cores take turns.
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  workers = std::clamp(workers, 1, cores);
  CellTimer timer(plan, options, probes);
  const auto begun = std::chrono::steady_clock::now();
  if (!timer.readData(diagnostics)) return std::nullopt;
  const double reading = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const std::vector<CellSample> samples = Sampler(plan, workers, timer).run(diagnostics);
  if (samples.empty()) return std::nullopt;
  return reading + studySeconds(plan, CostModel(plan, samples), workers);
}

}  // namespace nnc::experiment
