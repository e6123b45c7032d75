#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "statistics/attribution.h"

namespace nnc::statistics {

namespace {

using Matrix = std::vector<std::vector<double>>;

/// The columns of the model: 0 is the mean, then one for each level of each factor but its old one.
struct Model {
  std::map<std::pair<std::size_t, int>, std::size_t> columnOf;  // of (factor, level), levels that occur
  Matrix rows;                                                  // one for each cell
};

Model modelOf(const Responses& responses) {
  Model model;
  const std::vector<Factor>& factors = responses.factors();
  const auto isTerm = [&](const Cell& cell, std::size_t f) {
    return cell[f] != kNotApplicable && cell[f] != factors[f].oldLevel;
  };
  for (const Cell& cell : responses.cells())
    for (std::size_t f = 0; f < factors.size(); ++f)
      if (isTerm(cell, f)) model.columnOf.emplace(std::pair(f, cell[f]), model.columnOf.size() + 1);
  for (const Cell& cell : responses.cells()) {
    std::vector<double> row(model.columnOf.size() + 1, 0.0);
    row[0] = 1;
    for (std::size_t f = 0; f < factors.size(); ++f)
      if (isTerm(cell, f)) row[model.columnOf.at({f, cell[f]})] = 1;
    model.rows.push_back(std::move(row));
  }
  return model;
}

/// The inverse by Gauss and Jordan with row pivots; empty when a pivot vanishes. The entries are counts of cells, so a
/// pivot below 1e-9 is a 0 with rounding.
std::optional<Matrix> inverted(Matrix matrix) {
  const std::size_t n = matrix.size();
  Matrix inverse(n, std::vector<double>(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) inverse[i][i] = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < n; ++row)
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    if (std::abs(matrix[pivot][column]) < 1e-9) return std::nullopt;
    std::swap(matrix[pivot], matrix[column]);
    std::swap(inverse[pivot], inverse[column]);
    const double scale = 1 / matrix[column][column];
    for (std::size_t j = 0; j < n; ++j) matrix[column][j] *= scale, inverse[column][j] *= scale;
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = matrix[row][column];
      if (row == column || factor == 0) continue;
      for (std::size_t j = 0; j < n; ++j) {
        matrix[row][j] -= factor * matrix[column][j];
        inverse[row][j] -= factor * inverse[column][j];
      }
    }
  }
  return inverse;
}

Matrix normalMatrix(const Matrix& rows) {
  const std::size_t n = rows.empty() ? 0 : rows[0].size();
  Matrix result(n, std::vector<double>(n, 0.0));
  for (const std::vector<double>& row : rows)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) result[i][j] += row[i] * row[j];
  return result;
}

}  // namespace

std::vector<Estimate> leastSquaresEffects(const Responses& responses) {
  const Model model = modelOf(responses);
  std::vector<Estimate> effects(responses.factors().size(), estimateOf(responses, {}));
  const std::optional<Matrix> inverse = inverted(normalMatrix(model.rows));
  if (!inverse) return effects;
  for (std::size_t f = 0; f < effects.size(); ++f) {
    const Factor& factor = responses.factors()[f];
    const auto column = model.columnOf.find({f, factor.newLevel});
    if (!factor.isPlayer || column == model.columnOf.end()) continue;
    std::vector<WeightedCell> contrast;
    for (int cell = 0; cell < responses.cellCount(); ++cell) {
      double weight = 0;
      for (std::size_t j = 0; j < inverse->size(); ++j)
        weight += (*inverse)[column->second][j] * model.rows[static_cast<std::size_t>(cell)][j];
      contrast.push_back({cell, weight});
    }
    effects[f] = estimateOf(responses, contrast);
  }
  return effects;
}

}  // namespace nnc::statistics
