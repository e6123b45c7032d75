#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "report/compare.h"
#include "report/grid.h"
#include "report/run_record.h"
#include "report/text.h"

namespace nnc::report {

namespace {

using Json = nlohmann::ordered_json;

/// A fact that the two runs do not share; empty: that run has no such fact.
struct Difference {
  std::string what, first, second;
};

std::string factOf(const RunRecord& record, const std::string& name) {
  for (const auto& [key, value] : record.facts)
    if (key == name) return value;
  return "";
}

std::vector<Difference> differences(const RunRecord& a, const RunRecord& b) {
  std::vector<Difference> found;
  if (a.train != b.train) found.push_back({"train", a.train, b.train});
  std::set<std::string> seen;
  for (const RunRecord* const record : {&a, &b})
    for (const auto& [name, value] : record->facts) {
      if (!seen.insert(name).second) continue;
      Difference difference{name, factOf(a, name), factOf(b, name)};
      if (difference.first != difference.second) found.push_back(std::move(difference));
    }
  return found;
}

bool isLowerBetter(const std::string& metric) {
  for (const char* const end : {"loss", "perplexity", "error"})
    if (metric.ends_with(end)) return true;
  return false;
}

struct Best {
  double value = std::nan("");
  std::int64_t epoch = 0;
};

Best bestOf(const RunRecord& record, const std::string& metric) {
  Best best;
  for (const EpochRecord& epoch : record.epochs) {
    const auto found = epoch.metrics.find(metric);
    if (found == epoch.metrics.end() || std::isnan(found->second)) continue;
    const bool isBetter =
        std::isnan(best.value) || (isLowerBetter(metric) ? found->second < best.value : found->second > best.value);
    if (isBetter) best = {found->second, epoch.epoch};
  }
  return best;
}

double finalOf(const RunRecord& record, const std::string& metric) {
  if (record.epochs.empty()) return std::nan("");
  const auto found = record.epochs.back().metrics.find(metric);
  return found == record.epochs.back().metrics.end() ? std::nan("") : found->second;
}

std::vector<std::string> metricsOf(const RunRecord& a, const RunRecord& b) {
  std::vector<std::string> names;
  for (const RunRecord* const record : {&a, &b})
    for (const EpochRecord& epoch : record->epochs)
      for (const auto& [name, value] : epoch.metrics)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

/// The first epoch of both in which a metric of both has other bits.
struct Parting {
  std::int64_t epoch = 0;  // 0: none
  std::string metric;
  double first = 0.0, second = 0.0;
};

Parting partingOf(const RunRecord& a, const RunRecord& b) {
  for (std::size_t i = 0; i < std::min(a.epochs.size(), b.epochs.size()); ++i)
    for (const auto& [name, value] : a.epochs[i].metrics) {
      const auto other = b.epochs[i].metrics.find(name);
      if (other == b.epochs[i].metrics.end()) continue;
      if (std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(other->second))
        return {a.epochs[i].epoch, name, value, other->second};
    }
  return {};
}

/// Tensors of both, and how many of them have the same bits.
struct Tensors {
  std::size_t common = 0, equal = 0, onlyFirst = 0, onlySecond = 0;
  bool isIdentical() const { return common > 0 && equal == common && onlyFirst == 0 && onlySecond == 0; }
};

Tensors compareTensors(const RunRecord& a, const RunRecord& b) {
  Tensors tensors;
  for (const auto& [name, bytes] : a.parameters) {
    const auto other = b.parameters.find(name);
    if (other == b.parameters.end()) {
      ++tensors.onlyFirst;
      continue;
    }
    ++tensors.common;
    tensors.equal += other->second == bytes;
  }
  tensors.onlySecond = b.parameters.size() - tensors.common;
  return tensors;
}

std::string headText(const RunRecord& record, const char* letter) {
  const std::int64_t steps = record.epochs.empty() ? 0 : record.epochs.back().step;
  return fmt::format("{}  {}: {}, seed {}, {}, {}\n", letter, record.directory, record.train, factOf(record, "seed"),
                     countText(record.epochs.size(), "epoch"), countText(static_cast<std::size_t>(steps), "step"));
}

std::string differencesText(const std::vector<Difference>& found) {
  if (found.empty()) return "Nothing that the manifests record differs.\n";
  std::vector<std::vector<std::string>> rows = {{"what differs", "A", "B"}};
  for (const Difference& difference : found)
    rows.push_back({difference.what, difference.first.empty() ? "-" : difference.first,
                    difference.second.empty() ? "-" : difference.second});
  return textGrid(std::move(rows), 3);
}

std::string metricsText(const RunRecord& a, const RunRecord& b) {
  std::vector<std::vector<std::string>> rows = {
      {"metric", "A, last", "B, last", "B - A", "A, best", "epoch", "B, best", "epoch"}};
  for (const std::string& name : metricsOf(a, b)) {
    const double first = finalOf(a, name), second = finalOf(b, name);
    const Best bestA = bestOf(a, name), bestB = bestOf(b, name);
    rows.push_back({name, fixedText(first, 4), fixedText(second, 4), fixedText(second - first, 4, /*sign=*/true),
                    fixedText(bestA.value, 4), std::to_string(bestA.epoch), fixedText(bestB.value, 4),
                    std::to_string(bestB.epoch)});
  }
  return rows.size() == 1 ? "" : textGrid(std::move(rows), 1);
}

std::string partingText(const RunRecord& a, const RunRecord& b, const Parting& parting) {
  const std::size_t common = std::min(a.epochs.size(), b.epochs.size());
  if (common == 0) return "They have no epoch in common.\n";
  if (parting.epoch > 0)
    return fmt::format("They part in epoch {}: {} is {} in A and {} in B.\n", parting.epoch, parting.metric,
                       exactText(parting.first), exactText(parting.second));
  std::string text = fmt::format("Every metric of {} has the same bits", countText(common, "epoch"));
  if (a.epochs.size() != b.epochs.size())
    text += fmt::format("; {} then goes on", a.epochs.size() > common ? "A" : "B");
  return text + ".\n";
}

std::string tensorsText(const RunRecord& a, const RunRecord& b) {
  if (a.parameters.empty() || b.parameters.empty()) return "";
  const Tensors tensors = compareTensors(a, b);
  if (tensors.isIdentical())
    return fmt::format("The last checkpoints have the same bits in all {}.\n", countText(tensors.common, "tensor"));
  std::string text = fmt::format("The last checkpoints differ in {} of {}", tensors.common - tensors.equal,
                                 countText(tensors.common, "common tensor"));
  if (tensors.onlyFirst > 0) text += fmt::format("; {} only in A", tensors.onlyFirst);
  if (tensors.onlySecond > 0) text += fmt::format("; {} only in B", tensors.onlySecond);
  return text + ".\n";
}

std::string jsonOf(const RunRecord& a, const RunRecord& b, const std::vector<Difference>& found,
                   const Parting& parting) {
  Json facts = Json::array(), metrics = Json::array();
  for (const Difference& difference : found)
    facts.push_back({{"what", difference.what}, {"a", difference.first}, {"b", difference.second}});
  for (const std::string& name : metricsOf(a, b)) {
    const Best bestA = bestOf(a, name), bestB = bestOf(b, name);
    metrics.push_back({{"name", name},
                       {"last_a", finalOf(a, name)},
                       {"last_b", finalOf(b, name)},
                       {"best_a", bestA.value},
                       {"best_epoch_a", bestA.epoch},
                       {"best_b", bestB.value},
                       {"best_epoch_b", bestB.epoch}});
  }
  const Tensors tensors = compareTensors(a, b);
  Json json = {{"kind", "runs"}, {"a", a.directory}, {"b", b.directory}, {"differences", facts}, {"metrics", metrics}};
  json["parts_in_epoch"] = parting.epoch > 0 ? Json(parting.epoch) : Json(nullptr);
  json["tensors"] = {{"common", tensors.common},
                     {"equal", tensors.equal},
                     {"only_a", tensors.onlyFirst},
                     {"only_b", tensors.onlySecond}};
  json["bit_identical"] = parting.epoch == 0 && a.epochs.size() == b.epochs.size() && tensors.isIdentical();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::optional<ComparisonText> compareRuns(const std::string& first, const std::string& second,
                                          Diagnostics& diagnostics) {
  const std::optional<RunRecord> a = readRunRecord(first, diagnostics);
  const std::optional<RunRecord> b = readRunRecord(second, diagnostics);
  if (!a || !b) return std::nullopt;
  const std::vector<Difference> found = differences(*a, *b);
  const Parting parting = partingOf(*a, *b);
  ComparisonText text;
  text.terminal = headText(*a, "A") + headText(*b, "B") + "\n" + differencesText(found) + "\n" +
                  plain(metricsText(*a, *b)) + "\n" + partingText(*a, *b, parting) + tensorsText(*a, *b);
  text.json = jsonOf(*a, *b, found, parting);
  return text;
}

}  // namespace nnc::report
