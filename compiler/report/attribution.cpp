#include "report/attribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "report/figure.h"

namespace nnc::report {

/// What kind of design its text names.
static statistics::DesignKind kindOf(const std::string& design) {
  if (design.starts_with("fraction")) return statistics::DesignKind::Fraction;
  if (design.starts_with("random")) return statistics::DesignKind::Random;
  for (const char* const name : {"ablate", "build_up", "path"})
    if (design.starts_with(name)) return statistics::DesignKind::Ablation;
  return statistics::DesignKind::Factorial;
}

Attribution attributionOf(const View& view, const study::Measure& measure, const study::Show* show) {
  statistics::Responses responses = view.responses(measure);
  statistics::AnalysisOptions options;
  options.design = kindOf(view.study().design);
  if (!view.study().orders.empty()) {
    options.design = statistics::DesignKind::Orders;
    options.orders = statistics::ordersAsSample(view.study().orders);
  }
  const double level = std::strtod(argumentOr(show, "interval", "").c_str(), nullptr);
  if (level > 0 && level < 1) options.level = level;
  if (argumentOr(show, "index", "") == "shapley") options.pairs = statistics::PairIndex::Shapley;
  switch (measure.better) {
    case study::Measure::Better::Higher:
      options.better = statistics::Better::Higher;
      break;
    case study::Measure::Better::Lower:
      options.better = statistics::Better::Lower;
      break;
    case study::Measure::Better::Unknown:
      options.better = statistics::Better::Unknown;
      break;
  }
  options.precedences = statistics::precedencesOf(responses);
  options.groups = statistics::smallGroups(statistics::playersOf(responses.factors()));
  statistics::Analysis analysis = statistics::analyse(responses, options);
  std::string where;
  for (const study::Factor& factor : view.study().factors)
    if (factor.isOrdered)
      where += fmt::format("{} {} = {}", where.empty() ? " at" : ",", factor.name,
                           factor.levels[static_cast<std::size_t>(factor.newLevel)].label);
  return {&measure, unitOf(measure), std::move(responses), std::move(analysis), std::move(where)};
}

/// The estimate by which factors are sorted.
static const statistics::Estimate& leading(const statistics::FactorAnalysis& factor) {
  for (const statistics::Inferred* const inferred : {&factor.shapley, &factor.main})
    if (inferred->estimate.isDefined()) return inferred->estimate;
  return factor.firstIn.estimate;
}

std::vector<std::size_t> byContribution(const statistics::Analysis& analysis) {
  std::vector<std::size_t> order(analysis.factors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t index) {
    const std::vector<double> values = leading(analysis.factors[index]).values();
    if (values.empty()) return -1e300;
    return analysis.better == statistics::Better::Lower ? -statistics::mean(values) : statistics::mean(values);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return order;
}

std::string inferredText(const statistics::Inferred& inferred, const Unit& unit) {
  if (!inferred.estimate.isDefined()) return "n/a";
  const std::vector<double> values = inferred.estimate.values();
  const std::string text = unit.change(statistics::mean(values));
  return inferred.interval ? fmt::format("{} {}", text, boundsText(*inferred.interval, values, unit)) : text;
}

std::string boundsText(const statistics::Interval& interval, const std::vector<double>& values, Unit unit) {
  if (std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; }))
    return fmt::format("in {0} of {0}", values.size());
  unit.difference.clear();
  return fmt::format("[{}, {}]", unit.change(interval.lower), unit.change(interval.upper));
}

std::string intervalsText(const statistics::Analysis& analysis) {
  if (analysis.blockCount < 2) return "no intervals, as there is a single block";
  const std::string blocks = countText(static_cast<std::size_t>(analysis.blockCount), "block");
  if (analysis.crossing.isEmpty())
    return fmt::format("{}\u00A0% t-intervals over {}", numberText(100 * analysis.level), blocks);
  std::string streams;
  for (const statistics::Crossing::Stream& stream : analysis.crossing.streams)
    streams += fmt::format("{}{} {}", streams.empty() ? "" : " \u00D7 ", stream.count, stream.name);
  return fmt::format("{}\u00A0% t-intervals over {} of crossed seeds ({}), whose variances add up",
                     numberText(100 * analysis.level), blocks, streams);
}

std::string changeText(const View& view, int factor) {
  const study::Factor& entry = view.study().factors[static_cast<std::size_t>(factor)];
  return fmt::format("{} \u2192 {}", view.levelLabel(factor, entry.oldLevel), view.levelLabel(factor, entry.newLevel));
}

std::vector<const study::Measure*> measuresOf(const View& view, const study::Show* show) {
  std::vector<const study::Measure*> measures;
  if (show)
    for (const std::string& name : show->arguments)
      if (const study::Measure* const measure = view.measure(name)) measures.push_back(measure);
  if (measures.empty())
    if (const study::Measure* const main = view.mainMeasure()) measures.push_back(main);
  return measures;
}

std::vector<int> attributedCells(const View& view, const Attribution& attribution) {
  std::vector<int> cells;
  for (std::size_t i = 0; i < view.cells().size(); ++i) {
    const std::optional<int> found = attribution.responses.find(view.cells()[i].cell->levels);
    if (found && statistics::coalitionOf(attribution.responses.factors(), view.cells()[i].cell->levels))
      cells.push_back(static_cast<int>(i));
  }
  return cells;
}

}  // namespace nnc::report
