#include "experiment/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "diagnostics/kinds/experiment.h"
#include "experiment/conditions.h"
#include "statistics/designs.h"
#include "statistics/permutations.h"

namespace nnc::experiment {

using Kind = DesignSpec::Kind;
using Levels = std::vector<int>;

std::vector<statistics::Factor> statisticsFactors(const std::vector<study::Factor>& factors) {
  std::vector<statistics::Factor> all;
  for (const study::Factor& factor : factors) {
    statistics::Factor& out = all.emplace_back();
    out.name = factor.name;
    out.levelCount = static_cast<int>(factor.levels.size());
    out.oldLevel = factor.oldLevel;
    out.newLevel = factor.newLevel;
    out.isPlayer = !factor.isOrdered;
    for (const study::Level& level : factor.levels) out.levelNames.push_back(level.label);
  }
  return all;
}

std::string cellName(const std::vector<study::Factor>& factors, const Levels& levels) {
  std::vector<std::string> parts;
  for (std::size_t f = 0; f < factors.size(); ++f)
    if (levels[f] >= 0)
      parts.push_back(
          fmt::format("{}={}", factors[f].name, factors[f].levels[static_cast<std::size_t>(levels[f])].label));
  return parts.empty() ? "the only cell" : fmt::format("{}", fmt::join(parts, ", "));
}

namespace {

constexpr std::int64_t kMostCells = 100'000;

class CellLister {
 public:
  CellLister(elaborate::ProjectState& state, const Spec& spec) : state_(state), spec_(spec) {
    for (const FactorSpec& factor : spec.factors) factors_.push_back(factor.factor);
    all_ = statisticsFactors(factors_);
    for (std::size_t f = 0; f < all_.size(); ++f)
      if (all_[f].isPlayer) {
        list_.players.push_back(f);
        players_.push_back(all_[f]);
      }
  }

  std::optional<CellList> run() {
    const std::optional<std::vector<Levels>> candidates = spec_.factors.empty() ? std::vector<Levels>{{}} : design();
    if (!candidates) return std::nullopt;
    Conditions conditions(state_, spec_);
    std::set<Levels> known;
    std::map<std::string, std::int64_t> removedBy;
    std::set<const syntax::Expr*> used;
    for (Levels levels : *candidates) {
      if (!conditions.applyWhen(levels)) return std::nullopt;
      if (!known.insert(levels).second) continue;
      const std::optional<const syntax::Expr*> reason = conditions.exclusion(levels);
      if (!reason) return std::nullopt;
      if (*reason == nullptr) {
        list_.cells.push_back(levels);
        continue;
      }
      used.insert(*reason);
      const std::string text = "exclude when " + state_.sources.lineText((*reason)->span);
      ++removedBy[text];
      list_.removed.push_back({levels, text});
    }
    if (list_.cells.empty()) {
      std::vector<std::string> parts;
      for (const auto& [text, count] : removedBy) parts.push_back(fmt::format("`{}` removes {}", text, count));
      state_.diagnostics.emit<diag::EmptyDesign>(spec_.decl->name.span, fmt::format("{}", fmt::join(parts, ", ")));
      return std::nullopt;
    }
    // Of a path the cells follow from results.
    if (spec_.design.kind != Kind::Path)
      for (const syntax::Expr* const condition : spec_.excludes)
        if (!used.contains(condition))
          state_.diagnostics.emit<diag::ExcludesNothing>(condition->span, state_.sources.lineText(condition->span));
    return std::move(list_);
  }

 private:
  std::nullopt_t refuse(const std::string& what) {
    const Span span = spec_.design.span ? spec_.design.span : spec_.decl->name.span;
    state_.diagnostics.emit<diag::BadDesign>(span, what);
    return std::nullopt;
  }

  std::optional<std::vector<Levels>> design() {
    const std::optional<std::int64_t> size = statistics::fullFactorialSize(all_);
    const bool isFull = spec_.design.kind == Kind::Factorial;
    if (isFull && (!size || *size > kMostCells))
      return refuse(fmt::format("the factorial has {} cells; more than {} are too many",
                                size ? fmt::format("{}", *size) : "more than 2^40", kMostCells));
    if (isFull) return statistics::fullFactorial(all_);
    if (spec_.design.kind == Kind::Random) {
      const std::int64_t count = std::min<std::int64_t>(spec_.design.number, size.value_or(spec_.design.number));
      return statistics::randomCells(all_, count, /*seed=*/0);
    }
    if (players_.empty())
      return refuse(fmt::format("`{}` needs factors with an old and a new level", spec_.design.text));
    warnOfLevelsNotRun();
    const std::optional<std::vector<Levels>> cells = playerCells();
    return cells ? std::optional(crossed(*cells)) : std::nullopt;
  }

  /// Needs: a design between the old and the new levels. A fraction refuses factors with more than two.
  void warnOfLevelsNotRun() {
    if (spec_.design.kind == Kind::Fractional) return;
    std::vector<std::string> unused;
    for (const std::size_t player : list_.players) {
      std::vector<std::string> labels;
      for (std::size_t i = 0; i < factors_[player].levels.size(); ++i)
        if (static_cast<int>(i) != factors_[player].oldLevel && static_cast<int>(i) != factors_[player].newLevel)
          labels.push_back(factors_[player].levels[i].label);
      if (!labels.empty())
        unused.push_back(fmt::format("{} of `{}` {} left out", fmt::join(labels, ", "), factors_[player].name,
                                     labels.size() == 1 ? "is" : "are"));
    }
    if (!unused.empty())
      state_.diagnostics.emit<diag::LevelsNotRun>(spec_.design.span ? spec_.design.span : spec_.decl->name.span,
                                                  spec_.design.text, fmt::format("{}", fmt::join(unused, "; ")));
  }

  /// Cells over the players alone.
  std::optional<std::vector<Levels>> playerCells() {
    switch (spec_.design.kind) {
      case Kind::Ablate: {
        std::vector<Levels> cells;
        if (spec_.design.fromOld) cells = statistics::firstInCells(players_);
        if (spec_.design.fromNew)
          for (Levels& cell : statistics::lastInCells(players_)) cells.push_back(std::move(cell));
        return cells;
      }
      case Kind::BuildUp:
        return buildUp();
      case Kind::Path:  // the rest follows from what is measured
        if (players_.size() < all_.size()) return refuse("a path has factors with an old and a new level, and no axes");
        return cellsOf({0});
      case Kind::Shapley:
        return sampled();
      case Kind::Fractional:
        return fractional();
      case Kind::Factorial:
      case Kind::Random:
        break;
    }
    return std::nullopt;
  }

  std::optional<std::vector<Levels>> buildUp() {
    std::vector<int> order;
    for (const std::size_t factor : spec_.design.order) {
      const auto player = std::find(list_.players.begin(), list_.players.end(), factor);
      if (player == list_.players.end())
        return refuse(fmt::format("`{}` is an axis of numbers and has no old and new level", factors_[factor].name));
      order.push_back(static_cast<int>(player - list_.players.begin()));
    }
    const std::set<int> distinct(order.begin(), order.end());
    if (distinct.size() != order.size()) return refuse("`build_up` names a factor twice");
    return statistics::buildUpCells(players_, order);
  }

  /// Orders are kept by the places of the factors in the study: attribution reads them so.
  std::vector<Levels> sampled() {
    statistics::SampledOrders sample = statistics::sampleOrders(all_, {}, spec_.design.number, /*seed=*/0);
    std::vector<Levels> cells;
    for (const statistics::Coalition coalition : sample.coalitions) {
      const Levels whole = statistics::cellOf(all_, coalition);
      Levels& cell = cells.emplace_back();
      for (const std::size_t player : list_.players) cell.push_back(whole[player]);
    }
    list_.orders = std::move(sample.orders);
    return cells;
  }

  std::optional<std::vector<Levels>> fractional() {
    for (const statistics::Factor& player : players_)
      if (player.levelCount != 2)
        return refuse(fmt::format("a fractional design has factors of two levels, and `{}` has {}", player.name,
                                  player.levelCount));
    const int count = static_cast<int>(players_.size());
    statistics::FractionResult result = spec_.design.generators.empty()
                                            ? statistics::smallestFraction(count, spec_.design.number)
                                            : statistics::parseGenerators(spec_.design.generators);
    if (!result.fraction) return refuse(fmt::format("`{}`: {}", spec_.design.text, result.problem));
    if (result.fraction->factorCount != count)
      return refuse(
          fmt::format("`{}` has {} columns for {} factors", spec_.design.text, result.fraction->factorCount, count));
    list_.fraction = std::move(result.fraction);
    constexpr int kMostOrder = 4;
    for (const statistics::AliasRow& row : statistics::aliasTable(*list_.fraction, kMostOrder)) {
      if (row.aliases.empty() || std::popcount(row.effect) > 2) continue;
      std::string text = statistics::nameOf(row.effect, players_);
      for (const statistics::SignedEffect& alias : row.aliases)
        text += fmt::format(" {} {}", alias.sign > 0 ? "=" : "= -", statistics::nameOf(alias.effect, players_));
      list_.aliases.push_back(std::move(text));
    }
    return cellsOf(list_.fraction->coalitions());
  }

  std::vector<Levels> cellsOf(const std::vector<statistics::Coalition>& coalitions) const {
    std::vector<Levels> cells;
    for (const statistics::Coalition coalition : coalitions) cells.push_back(statistics::cellOf(players_, coalition));
    return cells;
  }

  /// Every cell of the players at every combination of the axes.
  std::vector<Levels> crossed(const std::vector<Levels>& cells) const {
    std::vector<statistics::Factor> axes;
    std::vector<std::size_t> places;
    for (std::size_t f = 0; f < all_.size(); ++f)
      if (!all_[f].isPlayer) {
        axes.push_back(all_[f]);
        places.push_back(f);
      }
    const std::vector<Levels> points = axes.empty() ? std::vector<Levels>{{}} : statistics::fullFactorial(axes);
    std::vector<Levels> out;
    for (const Levels& point : points)
      for (const Levels& cell : cells) {
        Levels levels(all_.size(), 0);
        for (std::size_t i = 0; i < places.size(); ++i) levels[places[i]] = point[i];
        for (std::size_t i = 0; i < cell.size(); ++i) levels[list_.players[i]] = cell[i];
        out.push_back(std::move(levels));
      }
    return out;
  }

  elaborate::ProjectState& state_;
  const Spec& spec_;
  std::vector<study::Factor> factors_;
  std::vector<statistics::Factor> all_, players_;
  CellList list_;
};

}  // namespace

std::optional<CellList> listCells(elaborate::ProjectState& state, const Spec& spec) {
  return CellLister(state, spec).run();
}

}  // namespace nnc::experiment
