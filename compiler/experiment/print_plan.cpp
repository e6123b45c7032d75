#include "experiment/print_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "experiment/cells.h"
#include "study/levels.h"

namespace nnc::experiment {

PlanCost costOf(const study::Study& study) {
  PlanCost cost;
  std::set<std::string> ids, programs;
  const std::size_t blocks = study.blocks.size();
  const std::size_t tried = study.tuning ? static_cast<std::size_t>(study.tuning->blocks) : 0;
  for (const study::Cell& cell : study.cells) {
    if (!ids.insert(cell.id).second) continue;
    programs.insert(cell.program);
    cost.flops += cell.flopsPerStep * static_cast<double>(cell.steps) * static_cast<double>(blocks);
    if (!study.tuning) continue;
    const std::size_t trials = study.tuning->grid.size() * tried;
    cost.trials += trials;
    cost.flops += cell.flopsPerStep * static_cast<double>(cell.trialSteps) * static_cast<double>(trials);
  }
  cost.cells = ids.size();
  cost.runs = ids.size() * blocks;
  cost.compilations = programs.size();
  return cost;
}

namespace {

/// `9.1 TFLOP`
std::string flopsText(double flops) {
  for (const auto& [unit, size] : {std::pair("PFLOP", 1e15), std::pair("TFLOP", 1e12), std::pair("GFLOP", 1e9)})
    if (flops >= size) return fmt::format("{:.3g} {}", flops / size, unit);
  return fmt::format("{:.3g} MFLOP", flops / 1e6);
}

std::string secondsText(double seconds) {
  return seconds < 90.0 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.1f} min", seconds / 60.0);
}

/// Reasons with the number of cells that each removed.
std::map<std::string, std::vector<const study::RemovedCell*>> removedByReason(const study::Study& study) {
  std::map<std::string, std::vector<const study::RemovedCell*>> reasons;
  for (const study::RemovedCell& removed : study.removed) reasons[removed.reason].push_back(&removed);
  return reasons;
}

std::string cellTable(const study::Study& study) {
  std::vector<std::string> names;
  std::size_t width = 5;
  for (const study::Cell& cell : study.cells) {
    names.push_back(cellName(study.factors, cell.levels));
    width = std::max(width, names.back().size());
  }
  std::string out = fmt::format("  {:>4}  {:<{}}  {:>10}  {:>7}  {:>12}\n", "cell", "levels", width, "parameters",
                                "steps", "per step");
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < study.cells.size(); ++i) {
    const study::Cell& cell = study.cells[i];
    const auto [equal, isNew] = first.emplace(cell.id, i + 1);
    out += fmt::format("  {:>4}  {:<{}}  {:>10}  {:>7}  {:>12}{}\n", fmt::format("C{}", i + 1), names[i], width,
                       cell.parameters, cell.steps, flopsText(cell.flopsPerStep),
                       isNew ? "" : fmt::format("  the same as C{}", equal->second));
  }
  return out;
}

}  // namespace

std::string planText(const study::Study& study, const Prediction& prediction) {
  const PlanCost cost = costOf(study);
  std::string out = fmt::format("experiment {}: {}\n\n", study.name, study.scope);
  for (const study::Factor& factor : study.factors)
    out += fmt::format("  vary {}: {}{}\n", factor.name, study::levelsText(factor),
                       factor.when.empty() ? "" : " when " + factor.when);
  for (const auto& [name, text] : study.bound) out += fmt::format("  bind {} = {}\n", name, text);
  if (study.tuning)
    out += fmt::format("  tune {} over {} values by {}, {} each, {} blocks\n", study.tuning->parameter,
                       study.tuning->grid.size(), study.tuning->metric, study.tuning->length, study.tuning->blocks);
  out += fmt::format("  seeds: {}\n", study.seeds);
  out += "\n" + cellTable(study);
  for (const auto& [reason, cells] : removedByReason(study)) {
    out += fmt::format("\n  removed by `{}`:\n", reason);
    for (const study::RemovedCell* removed : cells)
      out += fmt::format("        {}\n", cellName(study.factors, removed->levels));
  }
  if (!study.aliases.empty())
    out +=
        "\n  only a fraction of the combinations is run: good for screening, not for sizes or signs of effects\n"
        "  effects that it cannot tell apart:\n";
  for (const std::string& alias : study.aliases) out += fmt::format("        {}\n", alias);
  out += fmt::format("\n{} cells ({} different) x {} blocks = {} runs", study.cells.size(), cost.cells,
                     study.blocks.size(), cost.runs);
  if (cost.trials > 0) out += fmt::format(", and {} trials", cost.trials);
  out += fmt::format("; {} to compile; {}",
                     cost.compilations == 1 ? "1 program" : fmt::format("{} programs", cost.compilations),
                     flopsText(cost.flops));
  if (prediction.seconds) out += fmt::format("; about {}", secondsText(*prediction.seconds));
  if (prediction.mostCells)
    out += fmt::format(
        "\nthe path goes on by what is measured: it begins with these, and comes to at most {} cells, {} runs",
        *prediction.mostCells, *prediction.mostCells * study.blocks.size());
  return out + "\n";
}

std::string planJson(const study::Study& study, const Prediction& prediction) {
  using Json = nlohmann::ordered_json;
  const PlanCost cost = costOf(study);
  Json cells = Json::array(), removed = Json::array();
  for (const study::Cell& cell : study.cells)
    cells.push_back({{"cell", cellName(study.factors, cell.levels)},
                     {"id", cell.id},
                     {"program", cell.program},
                     {"parameters", cell.parameters},
                     {"steps", cell.steps},
                     {"flops_per_step", cell.flopsPerStep}});
  for (const study::RemovedCell& gone : study.removed)
    removed.push_back({{"cell", cellName(study.factors, gone.levels)}, {"reason", gone.reason}});
  Json plan = {{"experiment", study.name},
               {"cells", cells},
               {"removed", removed},
               {"aliases", study.aliases},
               {"blocks", study.blocks.size()},
               {"runs", cost.runs},
               {"trials", cost.trials},
               {"compilations", cost.compilations},
               {"flops", cost.flops}};
  if (prediction.seconds) plan["seconds"] = *prediction.seconds;
  if (prediction.mostCells) plan["most_cells"] = *prediction.mostCells;
  return plan.dump() + "\n";
}

}  // namespace nnc::experiment
