#include "experiment/estimate.h"

#include <algorithm>
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

/// Seconds that a cell takes: once for its programs, and for each FLOP of its steps.
struct CellTime {
  double once = 0.0, perFlop = 0.0, perRun = 0.0;
};

std::optional<CellTime> timeCell(Plan& plan, std::size_t index, training::RunCache& cache,
                                 const engine::Options& engine, Diagnostics& diagnostics) {
  constexpr std::int64_t kSteps = 30;
  const study::Cell& cell = plan.study().cells[index];
  const std::optional<double> tuned =
      plan.study().tuning ? std::optional(plan.study().tuning->grid.front()) : std::nullopt;
  const std::shared_ptr<CellPrograms> programs = plan.programs(index, tuned, diagnostics);
  if (programs == nullptr) return std::nullopt;
  training::InMemoryOptions options;
  options.steps = std::min(kSteps, cell.steps);
  options.evaluateEvery = *options.steps;
  options.flopsPerStep = cell.flopsPerStep;
  options.programKey = cell.id;
  options.engine = engine;
  const training::InterruptGuard interrupt;
  double wall[2] = {0.0, 0.0};
  double trained = 0.0;
  for (double& seconds : wall) {  // the first one compiles
    const std::optional<training::InMemoryRun> run =
        training::trainInMemory(*programs, programs->train(), options, cache, interrupt, nullptr, diagnostics);
    if (!run) return std::nullopt;
    seconds = run->wallSeconds;
    trained = run->trainSeconds;
  }
  CellTime time;
  time.once = std::max(0.0, wall[0] - wall[1]);
  time.perFlop = trained / std::max(1.0, cell.flopsPerStep * static_cast<double>(*options.steps));
  time.perRun = std::max(0.0, wall[1] - trained);  // evaluations, initial values
  return time;
}

}  // namespace

std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options,
                                      Diagnostics& diagnostics) {
  constexpr std::size_t kMostCells = 4;
  const study::Study& study = plan.study();
  const PlanCost cost = costOf(study);
  training::RunCache cache;
  CellTime sum;
  const std::vector<std::size_t> cells = sampleCells(study, kMostCells);
  for (const std::size_t cell : cells) {
    const std::optional<CellTime> time = timeCell(plan, cell, cache, options, diagnostics);
    if (!time) return std::nullopt;
    sum.once += time->once;
    sum.perFlop += time->perFlop;
    sum.perRun += time->perRun;
  }
  const auto count = static_cast<double>(cells.size());
  const double total = sum.once / count * static_cast<double>(cost.compilations) + sum.perFlop / count * cost.flops +
                       sum.perRun / count * static_cast<double>(cost.evaluations);
  return total / workers;
}

}  // namespace nnc::experiment
