#include "experiment/schedule.h"

#include <algorithm>
#include <cassert>
#include <tuple>

#include "experiment/plan.h"
#include "support/hash.h"

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
std::vector<std::size_t> shuffled(std::vector<std::size_t> cells, const study::Study& study, int block) {
  const auto key = [&](std::size_t cell) {
    return hashBytes(study.cells[cell].id + " in block " + std::to_string(block));
  };
  std::sort(cells.begin(), cells.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return cells;
}

}  // namespace

Schedule::Schedule(const study::Study& study, const std::vector<Run>& done) : study_(study) {
  for (const Run& run : done) done_.emplace(run.id, run);
  const std::vector<std::size_t> cells = distinctCells(study);
  for (int block = 0; block < static_cast<int>(study.blocks.size()); ++block)
    for (const std::size_t cell : shuffled(cells, study, block)) {
      if (block == 0 && study.tuning) addTrials(cell);
      addRun(cell, block);
    }
  for (const Item& item : items_) totalWork_ += workOf(item.task);
  for (Item& item : items_)
    if (item.task.role == Run::Role::Trial) resolve(item);
  for (Item& item : items_)
    if (item.task.role == Run::Role::Run) resolve(item);
}

void Schedule::addTrials(std::size_t cell) {
  const study::Tuning& tuning = *study_.tuning;
  for (int block = 0; block < tuning.blocks; ++block)
    for (const double value : tuning.grid) {
      items_.push_back({{Run::Role::Trial, cell, block, value, study_.cells[cell].trialSteps, ""}});
      ++cells_[cell].trialsLeft;
    }
}

void Schedule::addRun(std::size_t cell, int block) {
  items_.push_back({{Run::Role::Run, cell, block, std::nullopt, study_.cells[cell].steps, ""}});
  ++cells_[cell].runsLeft;
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
    noteStarted(item.task);
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
  if (item.state == State::Waiting) noteStarted(item.task);
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

void Schedule::noteStarted(const Task& task) {
  const study::Cell& cell = study_.cells[task.cell];
  const auto steps = static_cast<double>(task.steps);
  started_.steps += steps;
  started_.examples += steps * cell.examplesPerStep.value_or(0.0);
  started_.flops += steps * cell.flopsPerStep;
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
