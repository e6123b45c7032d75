// What a look saw, as tables and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "probes/look.h"

namespace nnc::probes {

std::string valueText(const std::string& series, double value) {
  constexpr double kUnderflow = 1e-35;
  const bool isLength = series.starts_with("grad_norm") || series.starts_with("grad_rms") ||
                        series.starts_with("grad_ratio") || series.starts_with("delta_norm");
  if (std::isnan(value)) return "undefined";
  const bool isUnder = std::abs(value) < kUnderflow && (value != 0.0 || isLength);
  return isUnder ? "underflow" : fmt::format("{:.4g}", value);
}

/// Series that run over the same layers.
static std::vector<std::vector<const Row*>> groupsOf(const Rows& rows) {
  std::vector<std::vector<const Row*>> groups;
  for (const Row& row : rows) {
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.front()->paths == row.paths; });
    if (same == groups.end())
      groups.push_back({&row});
    else
      same->push_back(&row);
  }
  return groups;
}

static std::string tableOf(const std::vector<const Row*>& group) {
  const std::vector<std::string>& paths = group.front()->paths;
  std::string text;
  if (paths.size() == 1 && paths[0].empty()) {
    for (const Row* const row : group)
      text += fmt::format("{:<24}{:>12}\n", row->series, valueText(row->series, row->values[0]));
    return text;
  }
  std::size_t width = 12;
  for (const std::string& path : paths) width = std::max(width, path.size() + 2);
  text = fmt::format("{:<{}}", "", width);
  for (const Row* const row : group)
    text += fmt::format(" {:>{}}", row->series, std::max<std::size_t>(row->series.size(), 10));
  text += "\n";
  for (std::size_t i = 0; i < paths.size(); ++i) {
    text += fmt::format("{:<{}}", paths[i], width);
    for (const Row* const row : group)
      text +=
          fmt::format(" {:>{}}", valueText(row->series, row->values[i]), std::max<std::size_t>(row->series.size(), 10));
    text += "\n";
  }
  return text;
}

std::string resultTable(const LookResult& result) {
  std::string text = fmt::format("{}, {} examples, {}\n", result.train, result.examples,
                                 result.weightsFile.empty() ? fmt::format("initial values of seed {}", result.seed)
                                                            : fmt::format("weights {}", result.weightsFile));
  for (const std::vector<const Row*>& group : groupsOf(result.rows))
    if (!group.front()->paths.empty()) text += "\n" + tableOf(group);
  if (!result.leftOut.empty()) text += "\n";
  for (const auto& [name, reason] : result.leftOut) text += fmt::format("{} is left out: {}\n", name, reason);
  return text;
}

std::string resultJson(const LookResult& result) {
  using Json = nlohmann::ordered_json;
  Json probes = Json::array();
  for (const Row& row : result.rows) {
    Json values = Json::array();
    for (const double value : row.values) values.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
    probes.push_back({{"probe", row.series}, {"paths", row.paths}, {"values", values}});
  }
  Json leftOut = Json::object();
  for (const auto& [name, reason] : result.leftOut) leftOut[name] = reason;
  const Json all = {{"train", result.train},       {"seed", result.seed}, {"weights", result.weightsFile},
                    {"examples", result.examples}, {"probes", probes},    {"left_out", leftOut}};
  return all.dump() + "\n";
}

}  // namespace nnc::probes
