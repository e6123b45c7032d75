// The rules that frame the findings: scope, limits of the design, caveats, validity.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "statistics/verdict_text.h"

namespace nnc::statistics {

static std::string countText(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Texts sayScope(const Facts& facts) {
  const StudyScope& scope = facts.scope;
  Texts parts;
  for (const std::string& part : {scope.data, scope.network, scope.budget}) {
    if (!part.empty()) parts.push_back(part);
  }
  parts.push_back(scope.tuning.empty() ? "nothing tuned" : scope.tuning);
  const Analysis& analysis = facts.analysis;
  const std::string planned = analysis.blockCount < analysis.plannedBlocks
                                  ? fmt::format("{} of {} planned ", analysis.blockCount, analysis.plannedBlocks)
                                  : fmt::format("{} ", analysis.blockCount);
  if (!analysis.crossing.isEmpty())
    parts.push_back(fmt::format("{}blocks of crossed seeds ({})", planned, crossingText(analysis.crossing)));
  else
    parts.push_back(planned + (analysis.plannedBlocks == 1 ? "seed" : "paired seeds"));
  std::string text = fmt::format("On {}", fmt::join(parts, ", "));
  if (!scope.response.empty()) text += ", for " + scope.response;
  return {text + ":"};
}

Texts sayUnbalanced(const Facts& facts) {
  const DesignKind design = facts.analysis.design;
  // Designs other than the factorial leave settings out on purpose: then only what was removed is told.
  if (design == DesignKind::Factorial ? !facts.analysis.isUnbalanced : facts.removed.empty()) return {};
  Texts constraints, settings;
  for (const RemovedCells& removed : facts.removed)
    constraints.push_back(
        fmt::format("`{}` removed {}", removed.constraint, countText(static_cast<std::size_t>(removed.count), "cell")));
  for (const FactorAnalysis& factor : facts.analysis.factors) {
    const Estimate& main = factor.main.estimate;
    if (main.isUnbalanced() && design == DesignKind::Factorial)
      settings.push_back(
          fmt::format("{} over {} of {}", factorName(facts, factor.factor), main.settingsUsed, main.settingsTotal));
  }
  const std::string reason = constraints.empty() ? "cells of the full design were not run" : listText(constraints);
  std::string text = fmt::format("This study is unbalanced: {}.", reason);
  if (!settings.empty())
    text += fmt::format(" Main effects average over the settings of the other factors that are left: {}.",
                        listText(settings));
  switch (design) {
    case DesignKind::Factorial:
      break;
    case DesignKind::Fraction:
      text += " Its contrasts average over the cells that are left, so that further effects mix into each of them.";
      break;
    case DesignKind::Ablation:
    case DesignKind::Orders:
      text += " What is defined by a removed cell is not estimated.";
      break;
    case DesignKind::Random:
      text += " The levels of a factor no longer occur equally often with those of the others.";
      break;
  }
  return {text};
}

Texts sayScreening(const Facts& facts) {
  if (facts.analysis.design != DesignKind::Fraction) return {};
  std::string text =
      "Only a fraction of the cells was run: each effect is a sum with its aliases, so that its size and even its sign "
      "may be wrong; good for screening alone.";
  if (!facts.aliases.empty()) text += fmt::format(" Aliases: {}.", shortList(facts.aliases));
  return {text};
}

Texts sayResolution(const Facts& facts) {
  const Analysis& analysis = facts.analysis;
  if (analysis.blockCount < 2) return {"One seed says nothing of chance variation: there are no intervals."};
  if (!analysis.minimumDetectable) return {};
  if (*analysis.minimumDetectable == 0)
    return {fmt::format("All {} {} agree exactly, so that they do not tell which effects are too small to be found.",
                        analysis.blockCount, analysis.crossing.isEmpty() ? "seeds" : "blocks")};
  return {fmt::format("With {} {} an effect of {} is found with a probability of 0.8 (two-sided test at 5 %).",
                      analysis.blockCount, analysis.crossing.isEmpty() ? "seeds" : "blocks of crossed seeds",
                      sizeText(facts, *analysis.minimumDetectable))};
}

Texts sayTestError(const Facts& facts) {
  if (!facts.exampleError) return {};
  const ExampleError& error = *facts.exampleError;
  std::string text = fmt::format(
      "The {} {} examples are a sample too, the same for every seed, so that intervals over seeds leave it out: "
      "standard error {} of one value (Wilson, at {:.1f} {})",
      error.examples, error.part, sizeText(facts, accuracyStandardError(error.share, error.examples)),
      error.share * facts.unit.scale, facts.unit.level);
  // Two networks rarely err less alike than by chance: then the variances add up at most.
  if (error.oldShare && error.newShare)
    text += fmt::format(", at most {} of the gap, if the recipes err independently or alike",
                        sizeText(facts, std::hypot(accuracyStandardError(*error.oldShare, error.examples),
                                                   accuracyStandardError(*error.newShare, error.examples))));
  if (error.seedError)
    text += fmt::format("; over the seeds, the standard error of that value is {}", sizeText(facts, *error.seedError));
  return {text + "."};
}

Texts sayNothingLearned(const Facts& facts) {
  if (!isNothingLearned(facts)) return {};
  const double scale = facts.unit.scale;
  const ChanceTest& test = *facts.bestCell;
  const Interval& best = test.interval;
  const std::string compared = test.cells == 1 ? "The cell compared here is not"
                                               : fmt::format("None of the {} cells compared here is", test.cells);
  return {fmt::format(
      "{} shown to be better than guessing, which gives {:.1f} {}: the best, {}, has {:.1f} ({:g} % CI {:.1f} to "
      "{:.1f}{}). So nothing is attributed.",
      compared, *facts.chance * scale, facts.unit.level, nameOf(test.cell, facts.factors), best.estimate * scale,
      facts.analysis.level * 100, best.lower * scale, best.upper * scale,
      test.cells == 1 ? "" : ", for all of them at once")};
}

/// The cells that keep an estimator of every factor from being defined.
static Texts absentCells(const Facts& facts, Inferred FactorAnalysis::* estimator) {
  Texts cells;
  for (const FactorAnalysis& factor : facts.analysis.factors) {
    for (const Cell& cell : (factor.*estimator).estimate.absent) {
      std::string name = nameOf(cell, facts.factors);
      if (std::find(cells.begin(), cells.end(), name) == cells.end()) cells.push_back(std::move(name));
    }
  }
  return cells;
}

static Texts undefinedEstimators(const Facts& facts) {
  Texts texts;
  const std::pair<const char*, Inferred FactorAnalysis::*> estimators[] = {
      {"First-in effects", &FactorAnalysis::firstIn},
      {"Last-in effects", &FactorAnalysis::lastIn},
      {"Shapley values", &FactorAnalysis::shapley}};
  for (const auto& [name, estimator] : estimators) {
    const Texts absent = absentCells(facts, estimator);
    // An ablation is not meant to have them.
    if (absent.empty() || facts.analysis.design != DesignKind::Factorial) continue;
    texts.push_back(
        fmt::format("{} are not defined where they need cells that were not run: {}.", name, shortList(absent)));
  }
  return texts;
}

Texts sayCaveats(const Facts& facts) {
  Texts texts;
  if (!facts.edges.empty()) {
    Texts cells;
    for (const EdgeFlag& edge : facts.edges)
      cells.push_back(fmt::format("{} ({} = {})", edge.cell, edge.parameter, edge.value));
    texts.push_back(
        fmt::format("EDGE: in {} the best value lies at the edge of its grid, so they count as not tuned: {}.",
                    countText(facts.edges.size(), "cell"), shortList(cells)));
  }
  if (!facts.unfinished.empty()) {
    Texts cells;
    for (const UnfinishedCell& cell : facts.unfinished)
      cells.push_back(fmt::format("{} ({} of {})", cell.cell, cell.finished, cell.planned));
    texts.push_back(
        fmt::format("Seeds are missing in {}: {}.", countText(facts.unfinished.size(), "cell"), shortList(cells)));
  }
  for (const RemovedCells& removed : facts.removed)
    texts.push_back(fmt::format("`{}` removed {}.", removed.constraint,
                                countText(static_cast<std::size_t>(removed.count), "cell")));
  if (facts.divergedRuns > 0)
    texts.push_back(fmt::format("{} diverged; each counts with what guessing gives.",
                                countText(static_cast<std::size_t>(facts.divergedRuns), "run")));
  texts.insert(texts.end(), facts.notes.begin(), facts.notes.end());
  for (std::string& text : undefinedEstimators(facts)) texts.push_back(std::move(text));
  const bool hasMain = std::any_of(facts.analysis.factors.begin(), facts.analysis.factors.end(),
                                   [](const FactorAnalysis& factor) { return factor.main.estimate.isDefined(); });
  if (facts.analysis.design == DesignKind::Random && !hasMain)
    texts.push_back(
        "Main effects are not estimated: the cells that were drawn do not determine a mean and a term for each level "
        "of "
        "each factor.");
  return texts;
}

Texts sayValidity(const Facts& facts) {
  const std::string& validity = facts.scope.validity;
  return {fmt::format("How far this carries: {}; other data, networks and budgets may differ.",
                      validity.empty() ? "one data set and one family of networks" : validity)};
}

}  // namespace nnc::statistics
