#include "report/conclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/attribution.h"
#include "statistics/verdict.h"

namespace nnc::report {

namespace {

statistics::StudyScope scopeOf(const View& view, const Attribution& attribution) {
  const study::Study& study = view.study();
  statistics::StudyScope scope;
  scope.data = study.data;
  scope.network = study.scope + attribution.where;
  // The data stand first; once is enough.
  if (const std::size_t at = scope.network.find(" on " + study.data); at != std::string::npos)
    scope.network.erase(at, 4 + study.data.size());
  if (study.tuning) {
    const study::Tuning& tuning = *study.tuning;
    std::string grid;
    for (const double value : tuning.grid) grid += (grid.empty() ? "" : ", ") + numberText(value);
    scope.tuning = fmt::format("{} tuned over {{{}}} by {} with {} per cell", tuning.parameter, grid, tuning.metric,
                               countText(tuning.grid.size() * static_cast<std::size_t>(tuning.blocks), "trial"));
  }
  scope.response = attribution.measure->name;
  scope.validity = fmt::format("one data set ({}) and one family of networks", study.data);
  return scope;
}

/// Runs that did not come to their regular end, by what they count as; and where runs come from, if not all from one
/// place.
void noteRuns(const View& view, statistics::Facts& facts) {
  std::size_t timedOut = 0, failed = 0;
  std::set<double> limits;
  std::set<std::string> origins;
  for (const CellRuns& cell : view.cells())
    for (const study::Run* run : cell.byBlock) {
      if (!run) continue;
      if (!run->origin.empty()) origins.insert(run->origin);
      failed += run->status == study::Status::Failed;
      if (run->status != study::Status::TimedOut) continue;
      ++timedOut;
      if (run->limitSeconds) limits.insert(*run->limitSeconds);
    }
  std::vector<std::string> texts;
  for (const double limit : limits) texts.push_back(secondsText(limit));
  if (timedOut > 0)
    facts.notes.push_back(
        fmt::format("{} timed out{}; each counts with what it had reached.", countText(timedOut, "run"),
                    texts.empty() ? "" : fmt::format(" after {} of steps", fmt::join(texts, " or "))));
  if (failed > 0)
    facts.notes.push_back(fmt::format("{} failed and {} no value: what is said is of the others.",
                                      countText(failed, "run"), failed == 1 ? "has" : "have"));
  if (origins.size() > 1)
    facts.notes.push_back(fmt::format(
        "The runs come from {} compilers or machines, whose sums may be rounded differently.", origins.size()));
}

void addCaveats(const View& view, statistics::Facts& facts) {
  const study::Study& study = view.study();
  for (const CellRuns& cell : view.cells()) {
    const auto finished =
        std::count_if(cell.byBlock.begin(), cell.byBlock.end(), [](const study::Run* run) { return run != nullptr; });
    if (finished < view.blockCount())
      facts.unfinished.push_back({fmt::format("C{}", cell.number), static_cast<int>(finished), view.blockCount()});
    if (cell.isEdge)
      facts.edges.push_back({fmt::format("C{}", cell.number), study.tuning->parameter, numberText(*cell.chosen)});
    for (const study::Run* run : cell.byBlock) facts.divergedRuns += run && run->status == study::Status::Diverged;
  }
  noteRuns(view, facts);
  std::map<std::string, int> removed;
  for (const study::RemovedCell& cell : study.removed) removed[cell.reason] += 1;
  for (const auto& [reason, count] : removed) facts.removed.push_back({reason, count});
  facts.aliases = study.aliases;
}

/// The share of the recipe that is best, and those between which the gap is.
std::optional<statistics::ExampleError> exampleErrorOf(const View& view, const study::Measure& measure) {
  const std::optional<int> best = view.bestCell(measure);
  if (!measure.examples || !best) return std::nullopt;
  const auto shareOf = [&](std::optional<int> cell) -> std::optional<double> {
    const double share = cell ? view.mean(*cell, measure.name) : std::nan("");
    return std::isnan(share) ? std::nullopt : std::optional(share);
  };
  const std::optional<double> old = shareOf(view.oldCell()), fresh = shareOf(view.newCell());
  statistics::ExampleError error{measure.part, *measure.examples, *shareOf(best), std::nullopt, std::nullopt};
  std::vector<double> byBlock;
  for (const study::Run* run : view.cells()[static_cast<std::size_t>(*best)].byBlock)
    byBlock.push_back(View::value(run, measure.name));
  if (const auto overSeeds = statistics::errorOfMean(byBlock, crossingOf(view.study())))
    error.seedError = overSeeds->standardError;
  if (old && fresh) {
    error.oldShare = old;
    error.newShare = fresh;
  }
  return error;
}

statistics::Facts factsOf(const View& view, const Attribution& attribution) {
  statistics::Facts facts;
  facts.scope = scopeOf(view, attribution);
  const study::Measure& measure = *attribution.measure;
  facts.unit = {attribution.unit.scale, "points", "%", 0.5};
  if (measure.scale != study::Measure::Scale::Fraction) {
    // What is worth seeing of a quantity without a natural unit: a hundredth of the gap.
    const std::vector<double> gain = attribution.analysis.totalGain.estimate.values();
    const double gap = gain.empty() ? 0.0 : std::abs(statistics::mean(gain));
    facts.unit = {1.0, measure.scale == study::Measure::Scale::Seconds ? "s" : "",
                  measure.scale == study::Measure::Scale::Seconds ? "s" : "", gap > 0 ? gap / 100 : 1.0};
  }
  facts.factors = attribution.responses.factors();
  facts.analysis = attribution.analysis;
  facts.chance = measure.chance;
  if (measure.chance && measure.better == study::Measure::Better::Higher)
    facts.bestCell = statistics::bestAgainstChance(attribution.responses, *measure.chance, measure.examples);
  facts.exampleError = exampleErrorOf(view, measure);
  addCaveats(view, facts);
  return facts;
}

/// Where nothing can be attributed: which cell did best.
std::string bestText(const View& view, const study::Measure& measure) {
  const std::optional<int> best = view.bestCell(measure);
  if (!best && measure.better == study::Measure::Better::Unknown)
    return fmt::format(
        "Whether higher or lower values of {} are better is not known from its expression, and no factor has an old "
        "and "
        "a new level, so nothing is compared.",
        measure.name);
  if (!best) return "No run has finished, so nothing can be said.";
  return fmt::format(
      "On {}, {}: the best mean {} is {}, in cell C{} ({}). No factor has an old and a new level, so nothing is "
      "attributed.",
      view.study().data, view.study().scope, measure.name, unitOf(measure).of(view.mean(*best, measure.name)),
      *best + 1, view.cells()[static_cast<std::size_t>(*best)].label);
}

/// The part of the text that a rule's sentences stand in.
enum class Part { Scope, NothingLearned, Findings, Together, Account, Order, Caveats, Validity };

Part partOf(statistics::Rule rule) {
  using statistics::Rule;
  switch (rule) {
    case Rule::Scope:
    case Rule::Unbalanced:
    case Rule::Screening:
    case Rule::Resolution:
    case Rule::TestError:
      return Part::Scope;
    case Rule::NothingLearned:
      return Part::NothingLearned;
    case Rule::Gap:
    case Rule::EitherSuffices:
    case Rule::Sufficient:
    case Rule::Necessary:
    case Rule::NeitherShown:
      return Part::Findings;
    case Rule::Together:
      return Part::Together;
    case Rule::Account:
    case Rule::NotResolved:
    case Rule::NoEffect:
      return Part::Account;
    case Rule::Order:
    case Rule::Tied:
      return Part::Order;
    case Rule::Caveat:
      return Part::Caveats;
    case Rule::Validity:
      break;
  }
  return Part::Validity;
}

/// Whether a reader must not overlook what the rule says.
bool isCaveat(statistics::Rule rule) {
  using statistics::Rule;
  return rule == Rule::Unbalanced || rule == Rule::Screening || rule == Rule::NothingLearned || rule == Rule::Caveat;
}

}  // namespace

std::vector<Paragraph> conclusion(const View& view, const study::Measure& measure, const study::Show* show) {
  if (view.players().empty()) return {{Paragraph::Kind::Text, {bestText(view, measure)}}};
  std::vector<Paragraph> paragraphs;
  std::optional<Part> last;
  for (statistics::Sentence& sentence : statistics::verdict(factsOf(view, attributionOf(view, measure, show)))) {
    const Part part = partOf(sentence.rule);
    if (part != last) paragraphs.push_back({part == Part::Account ? Paragraph::Kind::List : Paragraph::Kind::Text, {}});
    last = part;
    if (isCaveat(sentence.rule)) paragraphs.back().kind = Paragraph::Kind::Caveat;
    paragraphs.back().sentences.push_back(std::move(sentence.text));
  }
  return paragraphs;
}

}  // namespace nnc::report
