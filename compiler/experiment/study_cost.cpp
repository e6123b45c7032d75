#include "experiment/study_cost.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "experiment/schedule.h"

namespace nnc::experiment {

namespace {

/// Levels that two cells have in common.
std::size_t likeness(const study::Cell& a, const study::Cell& b) {
  std::size_t count = 0;
  for (std::size_t f = 0; f < a.levels.size(); ++f) count += a.levels[f] == b.levels[f];
  return count;
}

}  // namespace

std::int64_t evaluationsIn(std::int64_t steps, std::int64_t every) {
  return every > 0 ? (steps + every - 1) / every : std::min<std::int64_t>(1, steps);
}

std::int64_t passesIn(std::int64_t steps, std::int64_t every, std::int64_t perEpoch) {
  if (steps <= 0) return 0;
  // It ends where either period does, and where both do once.
  const auto within = [&](std::int64_t period) { return period > 0 ? (steps - 1) / period : 0; };
  if (every <= 0 || every >= steps) return 1 + within(perEpoch);
  return 1 + within(every) + within(perEpoch) - within(std::lcm(every, perEpoch));
}

std::int64_t stepsPerEpoch(const study::Cell& cell, const CellRows& rows) {
  const double examples = cell.examplesPerStep.value_or(0.0);
  if (examples <= 0.0 || rows.train <= 0) return cell.steps;
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(rows.train) / examples));
}

CostModel::CostModel(const Plan& plan, std::vector<CellSample> samples) : plan_(plan), samples_(std::move(samples)) {
  step_ = fit(&CellCost::step);
  evaluatedRow_ = fit(&CellCost::evaluatedRow);
  looking_ = fit(&CellCost::looking);
  std::vector<std::string> programs;  // in the order in which they were compiled
  for (const CellSample& sample : samples_) {
    const std::string& program = plan.study().cells[sample.cell].program;
    const auto [at, isNew] = code_.emplace(program, sample.cost.code);
    if (isNew) programs.push_back(program);
    at->second = std::max(at->second, sample.cost.code);
  }
  // Programs share kernels, so that those which are compiled later have fewer left: the later half tells more of what
  // is still to come.
  const std::size_t first = programs.size() / 2;
  for (std::size_t i = first; i < programs.size(); ++i)
    otherCode_ += code_[programs[i]] / static_cast<double>(programs.size() - first);
}

CostModel::Line CostModel::fit(double CellCost::* quantity) const {
  // Weighted with 1 / y^2, so that the errors are relative ones.
  double weights = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (const CellSample& sample : samples_) {
    const double seconds = sample.cost.*quantity;
    if (seconds <= 0.0) continue;
    const double flops = plan_.study().cells[sample.cell].flopsPerStep, weight = 1.0 / (seconds * seconds);
    weights += weight;
    x += weight * flops;
    y += weight * seconds;
    xx += weight * flops * flops;
    xy += weight * flops * seconds;
  }
  if (weights == 0.0) return {};
  // With equal FLOPs, to rounding, no slope is known, and cost in proportion to them says as much.
  const double spread = weights * xx - x * x;
  const Line proportional = xx > 0.0 ? Line{0.0, xy / xx} : Line{y / weights, 0.0};
  if (spread <= 1e-9 * weights * xx) return proportional;
  const Line line{(y * xx - x * xy) / spread, (weights * xy - x * y) / spread};
  if (line.base < 0.0) return proportional;
  if (line.slope < 0.0) return {y / weights, 0.0};
  return line;
}

CellCost CostModel::of(std::size_t index) const {
  const study::Cell& cell = plan_.study().cells[index];
  std::vector<const CellSample*> nearest;
  std::size_t most = 0;
  bool isSeen = false;
  const CellRows rows = plan_.rows(index);
  for (const CellSample& sample : samples_) {
    const study::Cell& other = plan_.study().cells[sample.cell];
    const bool isSame = cell.program == other.program && rows == plan_.rows(sample.cell);
    if (isSeen && !isSame) continue;
    const std::size_t like = likeness(cell, other);
    if ((isSame && !isSeen) || like > most) nearest.clear();
    isSeen = isSame;
    if (!nearest.empty() && like < most) continue;
    most = like;
    nearest.push_back(&sample);
  }
  CellCost cost;
  cost.lasting = 0.0;
  const auto scaled = [&](double CellCost::* quantity, const Line& line, const CellSample& sample) {
    const double there = line.at(plan_.study().cells[sample.cell].flopsPerStep);
    return sample.cost.*quantity * (there > 0.0 ? line.at(cell.flopsPerStep) / there : 1.0);
  };
  for (const CellSample* const sample : nearest) {
    cost.writing += sample->cost.writing;
    cost.probing += sample->cost.probing;
    cost.start += sample->cost.start;
    cost.pass += sample->cost.pass;
    cost.lasting += sample->cost.lasting;
    cost.step += scaled(&CellCost::step, step_, *sample);
    cost.evaluatedRow += scaled(&CellCost::evaluatedRow, evaluatedRow_, *sample);
    cost.looking += scaled(&CellCost::looking, looking_, *sample);
  }
  for (double CellCost::* const quantity :
       {&CellCost::writing, &CellCost::probing, &CellCost::start, &CellCost::pass, &CellCost::lasting, &CellCost::step,
        &CellCost::evaluatedRow, &CellCost::looking})
    cost.*quantity /= static_cast<double>(nearest.size());
  const auto code = code_.find(cell.program);
  cost.code = code != code_.end() ? code->second : otherCode_;
  return cost;
}

namespace {

/// What the trainings of a cell take, machine code apart.
class CellSeconds {
 public:
  CellSeconds(const Plan& plan, std::size_t cell, const CellCost& cost)
      : cell_(plan.study().cells[cell]), rows_(plan.rows(cell)), cost_(cost), limit_(plan.rules().run.seconds) {}

  double run() const {
    const std::int64_t steps = made(cell_.steps);
    const double evaluated =
        static_cast<double>(evaluationsIn(steps, cell_.evaluateEvery) * rows_.evaluated + rows_.test);
    return cost_.start + stepping(steps, cell_.evaluateEvery) + cost_.evaluatedRow * evaluated +
           cost_.looking * static_cast<double>(steps);
  }
  /// It is evaluated once, and never looked at.
  double trial() const {
    return cost_.start + stepping(made(cell_.trialSteps), cell_.trialSteps) +
           cost_.evaluatedRow * static_cast<double>(rows_.evaluated);
  }

 private:
  std::int64_t made(std::int64_t steps) const { return std::llround(cost_.lasting * static_cast<double>(steps)); }
  double stepping(std::int64_t steps, std::int64_t every) const {
    const std::int64_t passes = passesIn(steps, every, stepsPerEpoch(cell_, rows_));
    const double seconds = cost_.step * static_cast<double>(steps) + cost_.pass * static_cast<double>(passes);
    return std::min(seconds, limit_.value_or(seconds));
  }

  const study::Cell& cell_;
  CellRows rows_;
  const CellCost& cost_;
  std::optional<double> limit_;
};

}  // namespace

double studySeconds(const Plan& plan, const CostModel& costs, int workers) {
  const study::Study& study = plan.study();
  std::unordered_map<std::size_t, CellCost> costOf;
  std::unordered_set<std::string> compiled;
  std::set<std::pair<std::size_t, std::optional<double>>> written;
  std::unordered_set<std::size_t> probed;
  std::priority_queue<double, std::vector<double>, std::greater<>> free;  // when each worker is
  for (int i = 0; i < workers; ++i) free.push(0.0);
  double last = 0.0;
  Planned started;
  for (const Task& task : tasksOf(study)) {
    if (!spentLimit(plan.rules().study, started, free.top()).empty()) break;
    started += plannedFor(study, task);
    const auto [at, isNew] = costOf.try_emplace(task.cell);
    if (isNew) at->second = costs.of(task.cell);
    const CellCost& cost = at->second;
    const CellSeconds seconds(plan, task.cell, cost);
    const bool isTrial = task.role == study::Run::Role::Trial;
    double taken = isTrial ? seconds.trial() : seconds.run();
    if (compiled.insert(study.cells[task.cell].program).second) taken += cost.code;
    // A run has a value that was tried.
    if ((isTrial || !study.tuning) && written.emplace(task.cell, task.tuned).second) taken += cost.writing;
    if (!isTrial && probed.insert(task.cell).second) taken += cost.probing;
    const double end = free.top() + taken;
    free.pop();
    free.push(end);
    last = std::max(last, end);
  }
  return last;
}

}  // namespace nnc::experiment
