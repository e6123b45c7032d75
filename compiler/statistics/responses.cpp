#include "statistics/responses.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace nnc::statistics {

static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Responses::Responses(std::vector<Factor> factors, std::vector<Cell> cells, int blockCount, Crossing crossing)
    : factors_(std::move(factors)), cells_(std::move(cells)), blockCount_(blockCount), crossing_(std::move(crossing)) {
  for (int i = 0; i < cellCount(); ++i) index(cells_[static_cast<std::size_t>(i)], i, 0);
  values_.assign(cells_.size() * static_cast<std::size_t>(blockCount), kMissing);
}

void Responses::index(Cell cell, int number, std::size_t factor) {
  assert(cell.size() == factors_.size() && "a cell has a level of every factor");
  while (factor < cell.size() && cell[factor] != kNotApplicable) ++factor;
  if (factor == cell.size()) {
    index_.emplace(std::move(cell), number);
    return;
  }
  for (int level = 0; level < factors_[factor].levelCount; ++level) {
    cell[factor] = level;
    index(cell, number, factor + 1);
  }
}

std::optional<int> Responses::find(const Cell& cell) const {
  const auto found = index_.find(cell);
  return found == index_.end() ? std::nullopt : std::optional<int>(found->second);
}

void Responses::set(int cell, int block, double value) { values_[place(cell, block)] = value; }

bool Responses::has(int cell, int block) const { return !std::isnan(at(cell, block)); }

int Responses::finishedBlocks(int cell) const {
  int finished = 0;
  for (int block = 0; block < blockCount_; ++block) finished += has(cell, block) ? 1 : 0;
  return finished;
}

int Responses::begunBlocks() const {
  int begun = 0;
  for (int block = 0; block < blockCount_; ++block) {
    bool hasAny = false;
    for (int cell = 0; cell < cellCount(); ++cell) hasAny = hasAny || has(cell, block);
    begun += hasAny ? 1 : 0;
  }
  return begun;
}

std::vector<int> Responses::completeBlocks() const {
  std::vector<int> complete;
  for (int block = 0; block < blockCount_; ++block) {
    bool isComplete = true;
    for (int cell = 0; cell < cellCount(); ++cell) isComplete = isComplete && has(cell, block);
    if (isComplete) complete.push_back(block);
  }
  return complete;
}

std::optional<double> Responses::cellMean(int cell) const {
  const int finished = finishedBlocks(cell);
  if (finished == 0) return std::nullopt;
  double sum = 0;
  for (int block = 0; block < blockCount_; ++block)
    if (has(cell, block)) sum += at(cell, block);
  return sum / finished;
}

Responses Responses::fixed(int factor, int level) const {
  const auto f = static_cast<std::size_t>(factor);
  Responses result = filtered([&](const Cell& cell) { return cell[f] == level || cell[f] == kNotApplicable; });
  result.factors_[f].oldLevel = result.factors_[f].newLevel = level;
  result.factors_[f].isPlayer = false;
  // A factor that applies nowhere any more cannot be attributed anything.
  for (std::size_t i = 0; i < factors_.size(); ++i) {
    const bool applies = std::any_of(result.cells_.begin(), result.cells_.end(),
                                     [&](const Cell& cell) { return cell[i] != kNotApplicable; });
    if (!applies) result.factors_[i].isPlayer = false;
  }
  return result;
}

Responses Responses::filtered(const std::function<bool(const Cell&)>& keeps) const {
  std::vector<Cell> kept;
  std::vector<int> origin;
  for (int cell = 0; cell < cellCount(); ++cell) {
    if (!keeps(cells_[static_cast<std::size_t>(cell)])) continue;
    kept.push_back(cells_[static_cast<std::size_t>(cell)]);
    origin.push_back(cell);
  }
  Responses result(factors_, std::move(kept), blockCount_, crossing_);
  for (int cell = 0; cell < result.cellCount(); ++cell)
    for (int block = 0; block < blockCount_; ++block)
      result.set(cell, block, at(origin[static_cast<std::size_t>(cell)], block));
  return result;
}

Responses Responses::transformed(const std::function<double(double)>& transform) const {
  Responses result = *this;
  for (double& value : result.values_)
    if (!std::isnan(value)) value = transform(value);
  return result;
}

std::vector<Precedence> precedencesOf(const Responses& responses) {
  const std::vector<Factor>& factors = responses.factors();
  std::vector<Precedence> precedences;
  for (std::size_t nested = 0; nested < factors.size(); ++nested) {
    const auto applies = [&](const Cell& cell) { return cell[nested] != kNotApplicable; };
    if (std::all_of(responses.cells().begin(), responses.cells().end(), applies)) continue;
    for (std::size_t needed = 0; needed < factors.size(); ++needed) {
      if (needed == nested || !factors[needed].isPlayer) continue;
      const bool decides = std::all_of(responses.cells().begin(), responses.cells().end(), [&](const Cell& cell) {
        return applies(cell) == (cell[needed] == factors[needed].newLevel);
      });
      if (decides) precedences.push_back({static_cast<int>(nested), static_cast<int>(needed)});
    }
  }
  return precedences;
}

std::vector<double> contrastByBlock(const Responses& responses, std::span<const WeightedCell> contrast) {
  std::vector<double> result;
  for (int block = 0; block < responses.blockCount(); ++block) {
    double sum = 0, absoluteSum = 0;
    for (const WeightedCell& term : contrast) {
      const double value = term.weight * responses.at(term.cell, block);
      sum += value;
      absoluteSum += std::abs(value);
    }
    // Equal responses (chance, where nothing trains) must give 0 and not the rounding of n terms: with a standard
    // deviation of the same size that would pass for a significant effect.
    const double rounding = static_cast<double>(contrast.size()) * std::numeric_limits<double>::epsilon() * absoluteSum;
    result.push_back(std::abs(sum) <= rounding ? 0.0 : sum);
  }
  return result;
}

}  // namespace nnc::statistics
