#include "codegen/tile_plan.h"

#include <algorithm>
#include <utility>

namespace nnc::codegen {

// A panel of this size stays in the second-level cache beside the rows that stream past it.
static constexpr std::int64_t kMostPanelBytes = 128 << 10;
static constexpr int kMostVectors = 4;
static constexpr int kMostRows = 28;

static bool isAffineLoad(const Kernel& kernel, const Expr& expr) {
  return expr.kind == ExprKind::Load && !expr.guard.isValid() && kernel.body.space.hiddenVariables(expr.index) == 0;
}

/// Two neighbouring loops are one when every step of the outer one is as far as all steps of the inner one.
static void mergeNeighbours(std::vector<ProductLoop>& loops) {
  std::erase_if(loops, [](const ProductLoop& loop) { return loop.extent == 1; });
  for (std::size_t i = loops.size(); i-- > 1;) {
    ProductLoop &outer = loops[i - 1], &inner = loops[i];
    if (outer.left != inner.left * inner.extent || outer.right != inner.right * inner.extent ||
        outer.y != inner.y * inner.extent)
      continue;
    inner.extent *= outer.extent;
    loops.erase(loops.begin() + static_cast<std::ptrdiff_t>(i - 1));
  }
}

static std::optional<ViewedProduct> viewedProduct(const Kernel& kernel) {
  if (!kernel.isContraction || kernel.stores.size() != 1) return std::nullopt;
  const LoopBody& body = kernel.body;
  const Store& store = kernel.stores[0];
  const Expr& value = body.at(store.value);
  if (value.kind != ExprKind::Apply || value.op != ir::Op::Mul) return std::nullopt;
  if (value.dtype != ir::DType::F32 && value.dtype != ir::DType::F64) return std::nullopt;
  const Expr &a = body.at(value.operands[0]), &b = body.at(value.operands[1]);
  if (!isAffineLoad(kernel, a) || !isAffineLoad(kernel, b)) return std::nullopt;
  const IndexSpace& space = body.space;
  ViewedProduct product;
  product.dtype = value.dtype;
  product.left = a.buffer, product.right = b.buffer, product.y = store.buffer;
  product.leftStart = space.at(a.index).constant;
  product.rightStart = space.at(b.index).constant;
  product.yStart = space.at(store.index).constant;
  const auto loopOf = [&](int variable) {
    return ProductLoop{space.extent(variable), space.factorOf(a.index, variable), space.factorOf(b.index, variable),
                       space.factorOf(store.index, variable)};
  };
  for (const int variable : kernel.kept) {
    const ProductLoop loop = loopOf(variable);
    const bool isShared = (loop.left == 0) == (loop.right == 0);
    (isShared ? product.batch : loop.left != 0 ? product.rows : product.columns).push_back(loop);
  }
  for (const int variable : kernel.reduced) product.sums.push_back(loopOf(variable));
  for (auto* loops : {&product.batch, &product.rows, &product.columns, &product.sums}) mergeNeighbours(*loops);
  return product;
}

static ViewedProduct exchanged(ViewedProduct product) {
  std::swap(product.left, product.right);
  std::swap(product.leftStart, product.rightStart);
  std::swap(product.rows, product.columns);
  for (auto* loops : {&product.batch, &product.rows, &product.columns, &product.sums})
    for (ProductLoop& loop : *loops) std::swap(loop.left, loop.right);
  return product;
}

static std::int64_t steps(const std::vector<ProductLoop>& loops) {
  std::int64_t count = 1;
  for (const ProductLoop& loop : loops) count *= loop.extent;
  return count;
}

/// Cuts a loop of sums in two when even its steps alone would overfill a panel.
static void splitSums(TilePlan& plan, std::int64_t mostSteps) {
  std::vector<ProductLoop>& sums = plan.product.sums;
  std::int64_t inside = 1;
  plan.firstInPanel = sums.size();
  while (plan.firstInPanel > 0 && inside * sums[plan.firstInPanel - 1].extent <= mostSteps)
    inside *= sums[--plan.firstInPanel].extent;
  if (plan.firstInPanel == 0) return;
  const ProductLoop whole = sums[plan.firstInPanel - 1];
  std::int64_t part = std::max<std::int64_t>(1, mostSteps / inside);
  while (whole.extent % part != 0) --part;
  if (part == 1) return;
  ProductLoop &outer = sums[plan.firstInPanel - 1], inner = whole;
  inner.extent = part;
  outer = {whole.extent / part, whole.left * part, whole.right * part, 0};
  sums.insert(sums.begin() + static_cast<std::ptrdiff_t>(plan.firstInPanel), inner);
}

/// Whether the sums of a panel are neighbours in the right operand, in the order in which they are added.
static bool isDense(const TilePlan& plan) {
  std::int64_t stride = 1;
  for (std::size_t i = plan.product.sums.size(); i-- > plan.firstInPanel;) {
    if (plan.product.sums[i].right != stride) return false;
    stride *= plan.product.sums[i].extent;
  }
  return stride > 1;
}

/// Cycles of a plan on a machine with two loads and two multiply-adds a cycle; comparable, not exact.
static double costOf(const TilePlan& plan, std::int64_t lanes) {
  const ViewedProduct& p = plan.product;
  const std::int64_t width = p.columns.empty() ? 1 : p.columns.back().extent;
  const std::int64_t vectorsOfRow = (width + lanes - 1) / lanes;
  const std::int64_t allRows = steps(p.rows), allColumns = steps(p.columns) / width, sums = steps(p.sums);
  std::int64_t whole = 1;
  for (std::size_t i = plan.firstTiled + 1; i < p.rows.size(); ++i) whole *= p.rows[i].extent;
  const std::int64_t cut = p.rows.empty() ? 1 : p.rows[plan.firstTiled].extent;
  const std::int64_t most = std::max<std::int64_t>(1, plan.rows / whole), pieces = (cut + most - 1) / most;
  const double rows = static_cast<double>(cut * whole) / static_cast<double>(pieces);
  const auto stepCost = [&](double vectors) {
    constexpr double kLatency = 4.0;
    return std::max({rows * vectors / 2.0, (rows + 1.5 * vectors) / 2.0, kLatency}) + 0.02 * (rows + vectors);
  };
  const std::int64_t full = vectorsOfRow / plan.vectors, rest = vectorsOfRow % plan.vectors;
  double perPiece = static_cast<double>(full) * stepCost(plan.vectors);
  if (rest > 0) perPiece += stepCost(static_cast<double>(rest));
  const double tiles = static_cast<double>(allRows / (cut * whole) * pieces * allColumns);
  double cost = tiles * perPiece * static_cast<double>(sums);
  if (plan.isPacked)
    cost += static_cast<double>(allColumns * vectorsOfRow * sums) * (plan.isPackedInSquares ? 6.0 : 40.0);
  const bool isRowMajor = width == 1 || p.columns.back().y == 1;
  const bool isColumnMajor = !p.rows.empty() && p.rows.back().y == 1;
  cost += static_cast<double>(allRows * allColumns * vectorsOfRow) * (isRowMajor ? 1.0 : isColumnMajor ? 6.0 : 40.0);
  return cost * static_cast<double>(steps(p.batch));
}

/// The plan for one orientation and one number of vectors.
static TilePlan planFor(const ViewedProduct& product, int vectors, int registers, std::int64_t lanes) {
  TilePlan plan;
  plan.product = product;
  plan.vectors = vectors;
  const int most = std::clamp((registers - vectors - 1) / vectors, 1, kMostRows);
  plan.rows = 1;
  plan.firstTiled = product.rows.size();
  while (plan.firstTiled > 0) {
    const std::int64_t extent = product.rows[--plan.firstTiled].extent;
    if (plan.rows * extent > most) break;
    plan.rows *= static_cast<int>(extent);
  }
  if (!product.rows.empty()) {
    const std::int64_t cut = product.rows[plan.firstTiled].extent;
    std::int64_t whole = 1;
    for (std::size_t i = plan.firstTiled + 1; i < product.rows.size(); ++i) whole *= product.rows[i].extent;
    plan.rows = static_cast<int>(whole * std::min<std::int64_t>(cut, std::max<std::int64_t>(1, most / whole)));
  }
  plan.isPacked = !product.columns.empty() && product.columns.back().right != 1;
  if (!plan.isPacked) return plan;
  splitSums(plan, kMostPanelBytes / (vectors * lanes * ir::dtypeBytes(product.dtype)));
  plan.isPackedInSquares = isDense(plan);
  return plan;
}

std::optional<TilePlan> planTiles(const Kernel& kernel, const Target& target) {
  const std::optional<ViewedProduct> product = viewedProduct(kernel);
  if (!product) return std::nullopt;
  const std::int64_t lanes = target.lanes(static_cast<int>(ir::dtypeBytes(product->dtype)));
  const int registers = target.vectorBytes == 64 ? 32 : 16;
  std::optional<TilePlan> best;
  double least = 0.0;
  for (const ViewedProduct& candidate : {*product, exchanged(*product)}) {
    if (candidate.columns.empty()) continue;
    const std::int64_t vectorsOfRow = (candidate.columns.back().extent + lanes - 1) / lanes;
    for (int vectors = 1; vectors <= std::min<std::int64_t>(kMostVectors, vectorsOfRow); ++vectors) {
      TilePlan plan = planFor(candidate, vectors, registers, lanes);
      const double cost = costOf(plan, lanes);
      if (best && cost >= least) continue;
      best = std::move(plan);
      least = cost;
    }
  }
  return best;
}

}  // namespace nnc::codegen
