#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/compare.h"
#include "report/grid.h"
#include "report/view.h"
#include "statistics/intervals.h"
#include "study/levels.h"
#include "study/results.h"

namespace nnc::report {

namespace {

using Json = nlohmann::ordered_json;

struct LoadedStudy {
  std::string directory;
  study::Study study;
  std::vector<study::Run> runs;
};

std::optional<LoadedStudy> load(const std::string& directory, Diagnostics& diagnostics) {
  std::optional<study::Study> study = study::readStudy(directory, diagnostics);
  std::optional<std::vector<study::Run>> runs;
  if (study) runs = study::readRuns(directory, diagnostics);
  if (!runs) return std::nullopt;
  return LoadedStudy{directory, std::move(*study), std::move(*runs)};
}

using Fact = std::pair<std::string, std::string>;

/// What was asked, and on what it ran.
std::vector<Fact> factsOf(const study::Study& study) {
  std::vector<Fact> facts = {{"file", study.file},   {"train", study.train},   {"data", study.data},
                             {"scope", study.scope}, {"design", study.design}, {"seeds", study.seeds}};
  for (const study::Factor& factor : study.factors)
    facts.emplace_back("vary " + factor.name, study::levelsText(factor));
  for (const auto& [name, text] : study.bound) facts.emplace_back("bind " + name, text);
  if (study.tuning)
    facts.emplace_back("tuned " + study.tuning->parameter,
                       fmt::format("{} by {}", fmt::join(study.tuning->grid, ", "), study.tuning->metric));
  for (const study::Measure& measure : study.measures) facts.emplace_back("measure " + measure.name, measure.text);
  facts.insert(facts.end(), study.provenance.begin(), study.provenance.end());
  return facts;
}

/// The facts that the two do not share.
std::string factsText(const study::Study& a, const study::Study& b) {
  std::map<std::string, std::pair<std::string, std::string>> values;
  std::vector<std::string> order;
  for (const bool isSecond : {false, true})
    for (const auto& [name, value] : factsOf(isSecond ? b : a)) {
      if (!values.contains(name)) order.push_back(name);
      (isSecond ? values[name].second : values[name].first) = value;
    }
  std::vector<std::vector<std::string>> rows = {{"what differs", "A", "B"}};
  for (const std::string& name : order) {
    const auto& [first, second] = values[name];
    if (first != second) rows.push_back({name, first.empty() ? "-" : first, second.empty() ? "-" : second});
  }
  return rows.size() == 1 ? "The two ask the same.\n\n" : textGrid(std::move(rows), 3) + "\n";
}

/// The factors of a cell with their levels: what a reader calls the same cell. Its id also covers program and budget.
std::string levelsText(const View& view, const CellRuns& cell) {
  std::vector<std::string> parts;
  for (std::size_t f = 0; f < view.study().factors.size(); ++f)
    if (cell.cell->levels[f] >= 0)
      parts.push_back(view.study().factors[f].name + "=" + view.levelLabel(static_cast<int>(f), cell.cell->levels[f]));
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, ", "));
}

struct CellPair {
  int first = 0, second = 0;
  bool isSameProgram = false;
};

std::vector<CellPair> pairsOf(const View& a, const View& b) {
  std::map<std::string, int> byId, byLevels;
  for (const CellRuns& cell : b.cells()) {
    byId.emplace(cell.cell->id, cell.number - 1);
    byLevels.emplace(levelsText(b, cell), cell.number - 1);
  }
  std::vector<CellPair> pairs;
  for (const CellRuns& cell : a.cells()) {
    const auto same = byId.find(cell.cell->id);
    if (same != byId.end()) {
      pairs.push_back({cell.number - 1, same->second, true});
      continue;
    }
    const auto alike = byLevels.find(levelsText(a, cell));
    if (alike != byLevels.end()) pairs.push_back({cell.number - 1, alike->second, false});
  }
  return pairs;
}

/// B - A of a measure in the blocks that both have finished with the same seeds.
std::vector<double> blockDifferences(const View& a, const View& b, const CellPair& pair, const std::string& measure) {
  std::vector<double> differences;
  for (int block = 0; block < std::min(a.blockCount(), b.blockCount()); ++block) {
    const study::Block& first = a.study().blocks[static_cast<std::size_t>(block)];
    const study::Block& second = b.study().blocks[static_cast<std::size_t>(block)];
    if (first.init != second.init || first.data != second.data || first.noise != second.noise) continue;
    const auto valueIn = [&](const View& view, int cell) {
      return View::value(view.cells()[static_cast<std::size_t>(cell)].byBlock[static_cast<std::size_t>(block)],
                         measure);
    };
    const double difference = valueIn(b, pair.second) - valueIn(a, pair.first);
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  return differences;
}

/// Runs that both files have, and how many of them have the same bytes apart from their times.
struct CommonRuns {
  std::size_t common = 0, equal = 0;
};

CommonRuns commonRuns(const LoadedStudy& a, const LoadedStudy& b) {
  const auto content = [](const study::Run& run) {
    const std::string line = study::runText(run);
    return line.substr(0, line.find(",\"time\":{"));
  };
  std::map<std::string, const study::Run*> byId;
  for (const study::Run& run : a.runs) byId.emplace(run.id, &run);
  CommonRuns common;
  for (const study::Run& run : b.runs) {
    const auto found = byId.find(run.id);
    if (found == byId.end()) continue;
    ++common.common;
    common.equal += content(*found->second) == content(run);
  }
  return common;
}

struct MeasureRow {
  const study::Measure* measure = nullptr;
  std::size_t cells = 0, differing = 0;
  std::vector<double> differences;  // of cell means over paired blocks
};

std::vector<MeasureRow> measureRows(const View& a, const View& b, const std::vector<CellPair>& pairs) {
  std::vector<MeasureRow> rows;
  for (const study::Measure& measure : a.study().measures) {
    if (!b.measure(measure.name)) continue;
    MeasureRow row{&measure, 0, 0, {}};
    for (const CellPair& pair : pairs) {
      const std::vector<double> differences = blockDifferences(a, b, pair, measure.name);
      if (differences.empty()) continue;
      ++row.cells;
      row.differing +=
          std::any_of(differences.begin(), differences.end(), [](double difference) { return difference != 0.0; });
      row.differences.push_back(statistics::mean(differences));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The cells in which the measure changed most.
std::string largestText(const View& a, const View& b, const std::vector<CellPair>& pairs,
                        const study::Measure& measure) {
  constexpr std::size_t kMost = 12;
  struct Change {
    double difference;
    CellPair pair;
  };
  std::vector<Change> changes;
  for (const CellPair& pair : pairs) {
    const std::vector<double> differences = blockDifferences(a, b, pair, measure.name);
    const double mean = differences.empty() ? 0.0 : statistics::mean(differences);
    if (mean != 0.0) changes.push_back({mean, pair});
  }
  if (changes.empty()) return "";
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& x, const Change& y) { return std::abs(x.difference) > std::abs(y.difference); });
  const Unit unit = unitOf(measure);
  std::vector<std::vector<std::string>> rows = {{measure.name + " differs most in", "A", "B", "B - A"}};
  for (std::size_t i = 0; i < std::min(kMost, changes.size()); ++i)
    rows.push_back({a.cells()[static_cast<std::size_t>(changes[i].pair.first)].label,
                    unit.of(a.mean(changes[i].pair.first, measure.name)),
                    unit.of(b.mean(changes[i].pair.second, measure.name)), unit.change(changes[i].difference)});
  return "\n" + textGrid(std::move(rows), 1);
}

std::string terminalOf(const LoadedStudy& first, const LoadedStudy& second, const View& a, const View& b) {
  const std::vector<CellPair> pairs = pairsOf(a, b);
  const auto same = std::count_if(pairs.begin(), pairs.end(), [](const CellPair& pair) { return pair.isSameProgram; });
  const CommonRuns common = commonRuns(first, second);
  std::string text =
      fmt::format("A  {}: {}, {}, {}\nB  {}: {}, {}, {}\n\n", first.directory, first.study.name,
                  countText(a.cells().size(), "cell"), countText(first.runs.size(), "run"), second.directory,
                  second.study.name, countText(b.cells().size(), "cell"), countText(second.runs.size(), "run"));
  text += factsText(first.study, second.study);
  text += fmt::format(
      "{} in common: {} with the same program, {} with the same levels alone; {} only in A, {} only in B.\n",
      countText(pairs.size(), "cell"), same, pairs.size() - static_cast<std::size_t>(same),
      a.cells().size() - pairs.size(), b.cells().size() >= pairs.size() ? b.cells().size() - pairs.size() : 0);
  if (common.common > 0)
    text += fmt::format("{} in common, of which {} have the same bits apart from times.\n",
                        countText(common.common, "run"), common.equal);
  std::vector<std::vector<std::string>> rows = {{"measure", "cells", "that differ", "mean of B - A", "largest"}};
  const std::vector<MeasureRow> measures = measureRows(a, b, pairs);
  for (const MeasureRow& row : measures) {
    const Unit unit = unitOf(*row.measure);
    double largest = 0.0;
    for (const double difference : row.differences)
      if (std::abs(difference) > std::abs(largest)) largest = difference;
    rows.push_back({row.measure->name, std::to_string(row.cells), std::to_string(row.differing),
                    row.differences.empty() ? "n/a" : unit.change(statistics::mean(row.differences)),
                    row.differences.empty() ? "n/a" : unit.change(largest)});
  }
  if (rows.size() > 1) text += "\n" + textGrid(std::move(rows), 1);
  if (const study::Measure* const main = a.mainMeasure(); main && b.measure(main->name))
    text += largestText(a, b, pairs, *main);
  return plain(text);
}

std::string jsonOf(const LoadedStudy& first, const LoadedStudy& second, const View& a, const View& b) {
  const std::vector<CellPair> pairs = pairsOf(a, b);
  const CommonRuns common = commonRuns(first, second);
  Json measures = Json::array();
  for (const MeasureRow& row : measureRows(a, b, pairs))
    measures.push_back(
        {{"name", row.measure->name},
         {"cells", row.cells},
         {"differing", row.differing},
         {"mean_difference", row.differences.empty() ? Json(nullptr) : Json(statistics::mean(row.differences))}});
  const Json json = {{"kind", "studies"},
                     {"a", first.directory},
                     {"b", second.directory},
                     {"common_cells", pairs.size()},
                     {"common_runs", common.common},
                     {"equal_runs", common.equal},
                     {"measures", measures}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::optional<ComparisonText> compareStudies(const std::string& first, const std::string& second,
                                             Diagnostics& diagnostics) {
  const std::optional<LoadedStudy> a = load(first, diagnostics);
  const std::optional<LoadedStudy> b = load(second, diagnostics);
  if (!a || !b) return std::nullopt;
  const View viewA(a->study, a->runs), viewB(b->study, b->runs);
  return ComparisonText{terminalOf(*a, *b, viewA, viewB), jsonOf(*a, *b, viewA, viewB)};
}

}  // namespace nnc::report
