// One number per (cell, block): the table that attribution reads. A block is a seed that all cells share.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "statistics/crossing.h"
#include "statistics/factors.h"

namespace nnc::statistics {

/// Responses of a design. A cell is absent when the design never runs it (a constraint removed it, or the design is
/// smaller than the full one); a value is missing when the cell exists and its block has not finished.
class Responses {
 public:
  /// All values missing. Needs: distinct cells, each with a level (or kNotApplicable) for every factor.
  /// `crossing`: of the seeds of the blocks.
  Responses(std::vector<Factor> factors, std::vector<Cell> cells, int blockCount, Crossing crossing = {});

  const std::vector<Factor>& factors() const { return factors_; }
  const std::vector<Cell>& cells() const { return cells_; }
  int factorCount() const { return static_cast<int>(factors_.size()); }
  int cellCount() const { return static_cast<int>(cells_.size()); }
  int blockCount() const { return blockCount_; }
  const Crossing& crossing() const { return crossing_; }

  /// The place in `cells()` of the cell that has these levels or stands for them; empty when it is absent.
  std::optional<int> find(const Cell& cell) const;

  void set(int cell, int block, double value);

  /// The value; NaN when it is missing.
  double at(int cell, int block) const { return values_[place(cell, block)]; }
  bool has(int cell, int block) const;

  /// Number of blocks that a cell has finished, that some cell has finished, and the blocks that every cell has.
  int finishedBlocks(int cell) const;
  int begunBlocks() const;
  std::vector<int> completeBlocks() const;

  /// Mean over the finished blocks of a cell; empty when there are none.
  std::optional<double> cellMean(int cell) const;

  /// The cells in which `factor` is at `level`. The factor keeps its place, is fixed there, and is no player any more;
  /// nor are factors that do not apply in any of these cells.
  Responses fixed(int factor, int level) const;

  /// The cells for which `keeps` holds; factors unchanged.
  Responses filtered(const std::function<bool(const Cell&)>& keeps) const;

  /// The same design with `transform` applied to every value that is there.
  Responses transformed(const std::function<double(double)>& transform) const;

 private:
  std::size_t place(int cell, int block) const {
    return static_cast<std::size_t>(cell) * static_cast<std::size_t>(blockCount_) + static_cast<std::size_t>(block);
  }
  /// Enters `cell` into the index, from `factor` on at every level where a factor is not applicable.
  void index(Cell cell, int number, std::size_t factor);

  std::vector<Factor> factors_;
  std::vector<Cell> cells_;
  std::map<Cell, int> index_;
  int blockCount_ = 0;
  Crossing crossing_;
  std::vector<double> values_;  // cell-major; NaN = missing
};

/// What the cells say of nested factors: `factor` applies exactly where `needed`, a player, is at its new level. A
/// factor that applies under another condition has no precedence; where it does not apply it has no effect.
std::vector<Precedence> precedencesOf(const Responses& responses);

/// A cell and the weight that a contrast gives to it.
struct WeightedCell {
  int cell = 0;
  double weight = 0;
};

/// The weighted sum within each block; NaN in a block that lacks one of the cells. Differences of cells are taken
/// within a block because its cells share initial numbers, batches and masks: that pairing is what cancels noise.
std::vector<double> contrastByBlock(const Responses& responses, std::span<const WeightedCell> contrast);

}  // namespace nnc::statistics
