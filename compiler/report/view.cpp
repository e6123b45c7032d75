#include "report/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace nnc::report {

static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

View::View(const study::Study& study, std::span<const study::Run> runs) : study_(study) {
  std::map<std::string, std::vector<int>> byId;  // equal cells run once and share their runs
  for (const study::Cell& cell : study.cells) {
    byId[cell.id].push_back(static_cast<int>(cells_.size()));
    CellRuns entry;
    entry.cell = &cell;
    entry.number = static_cast<int>(cells_.size()) + 1;
    for (std::size_t f = 0; f < study.factors.size(); ++f)
      if (cell.levels[f] >= 0)
        entry.label += (entry.label.empty() ? "" : ", ") + namedLabel(static_cast<int>(f), cell.levels[f]);
    if (entry.label.empty()) entry.label = "all cells";
    entry.byBlock.resize(study.blocks.size(), nullptr);
    cells_.push_back(std::move(entry));
  }
  for (const study::Run& run : runs) {
    const auto found = byId.find(run.cell);
    if (found == byId.end() || run.block < 0 || run.block >= blockCount()) continue;
    for (const int index : found->second) {
      CellRuns& entry = cells_[static_cast<std::size_t>(index)];
      if (run.role == study::Run::Role::Trial) {
        entry.trials.push_back(&run);
        continue;
      }
      entry.byBlock[static_cast<std::size_t>(run.block)] = &run;
      if (run.tuned) entry.chosen = run.tuned;
    }
  }
  if (!study.tuning || study.tuning->grid.size() < 2) return;
  const auto [low, high] = std::minmax_element(study.tuning->grid.begin(), study.tuning->grid.end());
  for (CellRuns& entry : cells_) entry.isEdge = entry.chosen && (*entry.chosen == *low || *entry.chosen == *high);
}

const study::Measure* View::measure(std::string_view name) const {
  for (const study::Measure& measure : study_.measures)
    if (measure.name == name) return &measure;
  return nullptr;
}

const study::Measure* View::mainMeasure() const {
  for (const study::Measure& measure : study_.measures)
    if (!measure.isTimeToTarget && measure.better == study::Measure::Better::Higher) return &measure;
  return study_.measures.empty() ? nullptr : &study_.measures.front();
}

std::optional<int> View::factor(std::string_view name) const {
  for (std::size_t i = 0; i < study_.factors.size(); ++i) {
    const study::Factor& factor = study_.factors[i];
    if (factor.name == name) return static_cast<int>(i);
    if (std::find(factor.targets.begin(), factor.targets.end(), name) != factor.targets.end())
      return static_cast<int>(i);
  }
  return std::nullopt;
}

double View::value(const study::Run* run, const std::string& measure) {
  if (!run) return kNan;
  const auto found = run->measures.find(measure);
  return found == run->measures.end() ? kNan : found->second.value;
}

std::vector<double> View::values(int cell, const std::string& measure) const {
  std::vector<double> values;
  for (const study::Run* run : cells_[static_cast<std::size_t>(cell)].byBlock) {
    const double number = value(run, measure);
    if (!std::isnan(number)) values.push_back(number);
  }
  return values;
}

double View::mean(int cell, const std::string& measure) const {
  const std::vector<double> numbers = values(cell, measure);
  if (numbers.empty()) return kNan;
  double sum = 0.0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

std::vector<int> View::players() const {
  std::vector<int> players;
  for (std::size_t i = 0; i < study_.factors.size(); ++i)
    if (!study_.factors[i].isOrdered && study_.factors[i].levels.size() > 1) players.push_back(static_cast<int>(i));
  return players;
}

std::optional<int> View::recipe(bool isNew) const {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    bool isIt = true;
    for (std::size_t f = 0; f < study_.factors.size() && isIt; ++f) {
      const study::Factor& factor = study_.factors[f];
      const int level = cells_[i].cell->levels[f];
      isIt = level < 0 || level == (isNew || factor.isOrdered ? factor.newLevel : factor.oldLevel);
    }
    if (isIt) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::optional<int> View::oldCell() const { return recipe(false); }
std::optional<int> View::newCell() const { return recipe(true); }

std::optional<int> View::bestCell(const study::Measure& measure) const {
  if (measure.better == study::Measure::Better::Unknown) return std::nullopt;
  const bool isLowerBetter = measure.better == study::Measure::Better::Lower;
  std::optional<int> best;
  double bestMean = kNan;
  for (int i = 0; i < static_cast<int>(cells_.size()); ++i) {
    const double number = mean(i, measure.name);
    if (std::isnan(number)) continue;
    if (best && (isLowerBetter ? number >= bestMean : number <= bestMean)) continue;
    best = i;
    bestMean = number;
  }
  return best;
}

statistics::Responses View::responses(const study::Measure& measure) const {
  std::vector<statistics::Factor> factors;
  for (const study::Factor& factor : study_.factors) {
    statistics::Factor& entry = factors.emplace_back();
    entry.name = factor.name;
    entry.levelCount = static_cast<int>(factor.levels.size());
    entry.oldLevel = factor.oldLevel;
    entry.newLevel = factor.newLevel;
    entry.isPlayer = !factor.isOrdered && factor.levels.size() > 1;
    for (const study::Level& level : factor.levels) entry.levelNames.push_back(level.label);
  }
  std::vector<statistics::Cell> cells;
  for (const CellRuns& entry : cells_) cells.push_back(entry.cell->levels);
  statistics::Responses responses(std::move(factors), std::move(cells), blockCount(), crossingOf(study_));
  for (std::size_t i = 0; i < cells_.size(); ++i)
    for (int block = 0; block < blockCount(); ++block) {
      const double number = value(cells_[i].byBlock[static_cast<std::size_t>(block)], measure.name);
      if (std::isfinite(number)) responses.set(static_cast<int>(i), block, number);
    }
  for (std::size_t f = 0; f < study_.factors.size(); ++f)
    if (study_.factors[f].isOrdered) responses = responses.fixed(static_cast<int>(f), study_.factors[f].newLevel);
  return responses;
}

std::string View::levelLabel(int factor, int level) const {
  return level < 0 ? "\u2013"
                   : study_.factors[static_cast<std::size_t>(factor)].levels[static_cast<std::size_t>(level)].label;
}

std::string View::namedLabel(int factor, int level) const {
  const study::Factor& entry = study_.factors[static_cast<std::size_t>(factor)];
  const std::string label = levelLabel(factor, level);
  const bool isBare =
      label == "true" || label == "false" || label.find_first_not_of("0123456789.+-e") == std::string::npos;
  return isBare && level >= 0 ? entry.name + " " + label : label;
}

std::string View::shortLabel(int cell) const {
  const CellRuns& entry = cells_[static_cast<std::size_t>(cell)];
  std::string label;
  std::size_t count = 0;
  for (std::size_t f = 0; f < study_.factors.size(); ++f) {
    const study::Factor& factor = study_.factors[f];
    if (factor.levels.size() != 2 || factor.isOrdered) return entry.label;
    if (entry.cell->levels[f] != factor.newLevel) continue;
    label += (label.empty() ? "" : ", ") + factor.name;
    ++count;
  }
  if (count == study_.factors.size() && count > 1) return "new";
  return label.empty() ? "old" : label;
}

std::vector<Group> View::groupsBy(const std::vector<std::string>& names) const {
  std::vector<int> factors;
  for (const std::string& name : names)
    if (const std::optional<int> index = factor(name)) factors.push_back(*index);
  std::map<std::vector<int>, Group> groups;  // in the order of levels
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    std::vector<int> key;
    std::string label;
    for (const int index : factors) {
      key.push_back(cells_[i].cell->levels[static_cast<std::size_t>(index)]);
      label += (label.empty() ? "" : ", ") + namedLabel(index, key.back());
    }
    Group& group = groups[key];
    group.label = label.empty() ? "all cells" : label;
    group.cells.push_back(static_cast<int>(i));
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

std::vector<Group> View::defaultGroups(std::size_t most) const {
  std::vector<Group> groups;
  const auto add = [&](std::optional<int> cell, const std::string& name) {
    if (!cell) return;
    for (const Group& group : groups)
      if (group.cells[0] == *cell) return;
    const std::string& label = cells_[static_cast<std::size_t>(*cell)].label;
    groups.push_back({name.empty() ? label : fmt::format("{}: {}", name, label), {*cell}});
  };
  if (cells_.size() <= most) {
    for (int i = 0; i < static_cast<int>(cells_.size()); ++i) add(i, "");
    return groups;
  }
  add(oldCell(), "old");
  add(newCell(), "new");
  if (const study::Measure* const main = mainMeasure()) add(bestCell(*main), "best");
  return groups;
}

statistics::Crossing crossingOf(const study::Study& study) {
  std::vector<statistics::StreamSeeds> streams = {{"init", {}}, {"data", {}}, {"noise", {}}};
  for (const study::Block& block : study.blocks) {
    streams[0].seeds.push_back(block.init);
    streams[1].seeds.push_back(block.data);
    streams[2].seeds.push_back(block.noise);
  }
  return statistics::crossingOf(streams);
}

std::string cellRanges(std::vector<int> cells) {
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  std::string text;
  for (std::size_t i = 0; i < cells.size();) {
    std::size_t last = i;
    while (last + 1 < cells.size() && cells[last + 1] == cells[last] + 1) ++last;
    text += fmt::format("{}C{}", text.empty() ? "" : ", ", cells[i] + 1);
    if (last > i) text += fmt::format("{}C{}", last == i + 1 ? ", " : "\u2013", cells[last] + 1);
    i = last + 1;
  }
  return text;
}

double quantile(std::vector<double> values, double share) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double rest = place - static_cast<double>(below);
  if (rest == 0.0 || below + 1 >= values.size()) return values[below];
  // Between a number and an infinity there is only the infinity.
  if (std::isinf(values[below])) return values[below];
  if (std::isinf(values[below + 1])) return values[below + 1];
  return values[below] + rest * (values[below + 1] - values[below]);
}

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

}  // namespace nnc::report
