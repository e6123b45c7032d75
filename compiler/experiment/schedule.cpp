#include "experiment/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <tuple>

#include "experiment/plan.h"
#include "support/hash.h"
#include "training/progress.h"

namespace nnc::experiment {

using study::Run;

std::string trialId(const study::Study& study, const study::Cell& cell, int block, double tuned) {
  return hexDigits(hashBytes("trial " + runId(study, cell, block, tuned, cell.trialSteps)));
}

namespace {

/// The first cell of each id, in the order of the plan.
std::vector<std::size_t> distinctCells(const study::Study& study) {
  std::unordered_map<std::string, std::size_t> first;
  std::vector<std::size_t> cells;
  for (std::size_t i = 0; i < study.cells.size(); ++i)
    if (first.emplace(study.cells[i].id, i).second) cells.push_back(i);
  return cells;
}

/// In an order that depends on the ids and the block alone.
std::vector<std::size_t> shuffled(const std::vector<std::size_t>& cells, const study::Study& study, int block) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keys;
  for (const std::size_t cell : cells)
    keys.emplace_back(hashBytes(study.cells[cell].id + " in block " + std::to_string(block)), cell);
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> order;
  for (const auto& [key, cell] : keys) order.push_back(cell);
  return order;
}

}  // namespace

Planned& Planned::operator+=(const Planned& other) {
  steps += other.steps;
  examples += other.examples;
  flops += other.flops;
  return *this;
}

Planned plannedFor(const study::Study& study, const Task& task) {
  const study::Cell& cell = study.cells[task.cell];
  const auto steps = static_cast<double>(task.steps);
  return {steps, steps * cell.examplesPerStep.value_or(0.0), steps * cell.flopsPerStep};
}

std::string spentLimit(const Budget& limit, const Planned& planned, double seconds) {
  if (limit.seconds && seconds >= *limit.seconds) return training::durationText(*limit.seconds);
  for (const auto& [most, used, unit] : {std::tuple(limit.steps, planned.steps, "steps"),
                                         {limit.examples, planned.examples, "examples"},
                                         {limit.flops, planned.flops, "FLOP"}})
    if (most && used >= *most) return fmt::format("{:g} {}", *most, unit);
  return "";
}

std::vector<Task> tasksOf(const study::Study& study) {
  std::vector<Task> tasks;
  const std::vector<std::size_t> cells = distinctCells(study);
  for (int block = 0; block < static_cast<int>(study.blocks.size()); ++block)
    for (const std::size_t cell : shuffled(cells, study, block)) {
      if (block == 0 && study.tuning)
        for (int trial = 0; trial < study.tuning->blocks; ++trial)
          for (const double value : study.tuning->grid)
            tasks.push_back({Run::Role::Trial, cell, trial, value, study.cells[cell].trialSteps, ""});
      tasks.push_back({Run::Role::Run, cell, block, std::nullopt, study.cells[cell].steps, ""});
    }
  return tasks;
}

Schedule::Schedule(const study::Study& study, const std::vector<Run>& done) : study_(study) {
  for (const Run& run : done) done_.emplace(run.id, run);
  for (Task& task : tasksOf(study)) {
    CellState& state = cells_[task.cell];
    ++(task.role == Run::Role::Trial ? state.trialsLeft : state.runsLeft);
    items_.push_back({std::move(task)});
    totalWork_ += workOf(items_.back().task);
  }
  for (Item& item : items_)
    if (item.task.role == Run::Role::Trial) resolve(item);
  for (Item& item : items_)
    if (item.task.role == Run::Role::Run) resolve(item);
}

void Schedule::resolve(Item& item) {
  Task& task = item.task;
  const CellState& state = cells_.at(task.cell);
  if (!task.id.empty() || (task.role == Run::Role::Run && state.trialsLeft > 0)) return;
  const study::Cell& cell = study_.cells[task.cell];
  if (task.role == Run::Role::Trial) {
    task.id = trialId(study_, cell, task.block, *task.tuned);
  } else {
    if (state.choice) task.tuned = state.choice->value;
    task.id = runId(study_, cell, task.block, task.tuned, task.steps);
  }
  itemOf_.emplace(task.id, static_cast<std::size_t>(&item - items_.data()));
  const auto known = done_.find(task.id);
  if (known == done_.end()) return;
  const Run run = std::move(known->second);
  done_.erase(known);
  noteFinished(item, run);
}

std::optional<Task> Schedule::start() {
  for (Item& item : items_) {
    if (item.state != State::Waiting || item.task.id.empty()) continue;
    item.state = State::Running;
    ++running_;
    started_ += plannedFor(study_, item.task);
    return item.task;
  }
  return std::nullopt;
}

void Schedule::finish(const Run& run) {
  Item& item = items_[itemOf_.at(run.id)];
  assert(item.state == State::Running && "it was started");
  --running_;
  noteFinished(item, run);
}

void Schedule::noteFinished(Item& item, const Run& run) {
  if (item.state == State::Waiting) started_ += plannedFor(study_, item.task);
  item.state = State::Finished;
  ++finished_;
  finishedWork_ += workOf(item.task);
  CellState& state = cells_.at(item.task.cell);
  if (item.task.role == Run::Role::Run) {
    --state.runsLeft;
    return;
  }
  state.trials.push_back(run);
  state.trials.back().probes.clear();
  if (--state.trialsLeft > 0) return;
  std::vector<const Run*> trials;
  for (const Run& trial : state.trials) trials.push_back(&trial);
  state.choice = study::chooseTuned(*study_.tuning, trials);
  for (Item& other : items_)
    if (other.task.cell == item.task.cell) resolve(other);
}

double Schedule::workOf(const Task& task) const {
  const double flops = study_.cells[task.cell].flopsPerStep;
  return static_cast<double>(task.steps) * (flops > 0.0 ? flops : 1.0);
}

std::size_t Schedule::finishedCells() const {
  return static_cast<std::size_t>(
      std::count_if(cells_.begin(), cells_.end(), [](const auto& cell) { return cell.second.runsLeft == 0; }));
}

std::vector<std::string> Schedule::idsInPlanOrder() const {
  std::vector<const Task*> tasks;
  for (const Item& item : items_)
    if (item.state == State::Finished) tasks.push_back(&item.task);
  const auto place = [](const Task* task) {
    return std::tuple(task->cell, task->role == Run::Role::Run, task->tuned.value_or(0.0), task->block);
  };
  std::sort(tasks.begin(), tasks.end(), [&](const Task* a, const Task* b) { return place(a) < place(b); });
  std::vector<std::string> ids;
  for (const Task* const task : tasks) ids.push_back(task->id);
  return ids;
}

std::vector<std::size_t> Schedule::edgeCells() const {
  std::vector<std::size_t> cells;
  for (std::size_t i = 0; i < study_.cells.size(); ++i)
    for (const auto& [first, state] : cells_)
      if (study_.cells[first].id == study_.cells[i].id && state.choice && state.choice->isEdge) cells.push_back(i);
  return cells;
}

}  // namespace nnc::experiment
