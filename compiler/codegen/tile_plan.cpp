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

/// The load behind a factor: itself, or what is widened from bf16.
static const Expr& loadOf(const LoopBody& body, ExprId factor) {
  const Expr& expr = body.at(factor);
  const bool isWidened = expr.kind == ExprKind::Apply && expr.op == ir::Op::Cast && expr.dtype == ir::DType::F32 &&
                         body.at(expr.operands[0]).dtype == ir::DType::BF16;
  return isWidened ? body.at(expr.operands[0]) : expr;
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
  const Expr &a = loadOf(body, value.operands[0]), &b = loadOf(body, value.operands[1]);
  if (!isAffineLoad(kernel, a) || !isAffineLoad(kernel, b) || a.dtype != b.dtype) return std::nullopt;
  const IndexSpace& space = body.space;
  ViewedProduct product;
  product.dtype = value.dtype;
  product.operands = a.dtype;
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

/// Takes the elements of the innermost sum of even extent in pairs; without one, products are summed one by one.
static void pairSums(ViewedProduct& product) {
  for (std::size_t i = product.sums.size(); i-- > 0;) {
    ProductLoop& loop = product.sums[i];
    if (loop.extent % 2 != 0) continue;
    product.pair = ProductPair{loop.left, loop.right};
    loop.extent /= 2, loop.left *= 2, loop.right *= 2;
    if (loop.extent == 1) product.sums.erase(product.sums.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

static ViewedProduct exchanged(ViewedProduct product) {
  std::swap(product.left, product.right);
  std::swap(product.leftStart, product.rightStart);
  if (product.pair) std::swap(product.pair->left, product.pair->right);
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

std::int64_t TilePlan::panelSteps() const {
  std::int64_t count = 1;
  for (std::size_t i = firstInPanel; i < product.sums.size(); ++i) count *= product.sums[i].extent;
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
  const std::int64_t step = plan.product.pair ? 2 : 1;
  if (plan.product.pair && plan.product.pair->right != 1) return false;
  std::int64_t stride = step;
  for (std::size_t i = plan.product.sums.size(); i-- > plan.firstInPanel;) {
    if (plan.product.sums[i].right != stride) return false;
    stride *= plan.product.sums[i].extent;
  }
  return stride > step;
}

static std::int64_t ceilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Cycles of one step of the sums for a tile of `rows` x `vectors`, on a machine with two multiply-adds a cycle and
/// nearly two loads. `broadcasts`: loads for each row.
static double stepCost(double rows, double vectors, double broadcasts) {
  constexpr double kLatency = 4.0, kLoad = 0.7, kUnaligned = 1.5;
  return std::max({rows * vectors / 2.0, (broadcasts * rows + kUnaligned * vectors) * kLoad, kLatency}) +
         0.02 * (rows + vectors);
}

/// Cycles of a plan; comparable, not exact.
static double costOf(const TilePlan& plan, std::int64_t lanes) {
  const ViewedProduct& p = plan.product;
  const ProductLoop& lane = p.columns.back();
  const std::int64_t vectorsOfRow = ceilDiv(lane.extent, lanes), otherColumns = steps(p.columns) / lane.extent;
  std::int64_t whole = 1;
  for (std::size_t i = plan.firstTiled + 1; i < p.rows.size(); ++i) whole *= p.rows[i].extent;
  const std::int64_t cut = p.rows.empty() ? 1 : p.rows[plan.firstTiled].extent, allRows = steps(p.rows);
  const std::int64_t pieces = ceilDiv(cut, std::max<std::int64_t>(1, plan.rows / whole));
  const double rows = static_cast<double>(cut * whole) / static_cast<double>(pieces);
  const std::int64_t full = vectorsOfRow / plan.vectors, rest = vectorsOfRow % plan.vectors;
  const double broadcasts = p.pair && p.pair->left != 1 ? 2.0 : 1.0;
  double perPiece = 0.0;
  if (plan.repeats > 1) {
    const std::int64_t extent = p.columns[p.columns.size() - 2].extent, parts = ceilDiv(extent, plan.repeats);
    perPiece = static_cast<double>(parts) / static_cast<double>(extent) *
               stepCost(rows, static_cast<double>(vectorsOfRow * extent) / static_cast<double>(parts), broadcasts);
  } else {
    perPiece = static_cast<double>(full) * stepCost(rows, plan.vectors, broadcasts);
    if (rest > 0) perPiece += stepCost(rows, static_cast<double>(rest), broadcasts);
  }
  const double sums = static_cast<double>(steps(p.sums)), vectors = static_cast<double>(otherColumns * vectorsOfRow);
  double cost = static_cast<double>(allRows / (cut * whole) * pieces * otherColumns) * perPiece * sums;
  static constexpr double kPackCosts[] = {0.0, 2.0, 6.0, 40.0};
  cost += vectors * sums * kPackCosts[static_cast<std::size_t>(plan.packing)];
  const bool isColumnMajor = !p.rows.empty() && p.rows.back().y == 1;
  const double storeCost = lane.y == 1 ? 1.0 : isColumnMajor ? 6.0 : 40.0;
  const double rounds = plan.isPacked() ? sums / static_cast<double>(plan.panelSteps()) : 1.0;
  cost += static_cast<double>(allRows) * vectors * storeCost * (2.0 * rounds - 1.0);
  return cost * static_cast<double>(steps(p.batch));
}

/// Whether plain loops with lanes along the innermost sum are better: without a matrix there is nothing to keep in
/// registers. Depends on no size of a row or column: a batch of one gets the bits of any other.
static bool isForLoops(const Kernel& kernel, const ViewedProduct& p) {
  constexpr std::int64_t kFewSteps = 8;
  return kernel.isVectorProduct && !p.sums.empty() && p.sums.back().extent >= kFewSteps && p.sums.back().left == 1 &&
         p.sums.back().right == 1;
}

static Packing packingFor(const ViewedProduct& p, std::int64_t elementBytes) {
  // Rows that lie this far apart cost a TLB entry each and conflict in the first-level cache.
  constexpr std::int64_t kLongRowBytes = 4096;
  constexpr std::int64_t kFewRows = 32;
  if (p.columns.back().right != 1) return Packing::Singly;
  if (p.pair) return Packing::Rows;  // two rows are woven together once for all tiles
  const bool isLong = !p.sums.empty() && p.sums.back().right * elementBytes >= kLongRowBytes;
  return isLong && steps(p.rows) >= kFewRows ? Packing::Rows : Packing::None;
}

/// The plan for one orientation, one number of vectors, and so many steps of the next loop of columns.
static TilePlan planFor(const ViewedProduct& product, int vectors, int repeats, int registers, std::int64_t lanes) {
  TilePlan plan;
  plan.product = product;
  plan.vectors = vectors;
  plan.repeats = repeats;
  const int side = vectors * repeats;
  const int most = std::clamp((registers - side - 1) / side, 1, kMostRows);
  plan.firstTiled = product.rows.size();
  std::int64_t whole = 1;
  while (plan.firstTiled > 0) {
    const std::int64_t extent = product.rows[--plan.firstTiled].extent;
    plan.rows = static_cast<int>(whole * std::min<std::int64_t>(extent, std::max<std::int64_t>(1, most / whole)));
    if (whole * extent > most) break;
    whole *= extent;
  }
  const std::int64_t bytes = ir::dtypeBytes(product.dtype);
  plan.packing = repeats > 1 ? Packing::None : packingFor(product, bytes);
  if (plan.isPacked()) splitSums(plan, kMostPanelBytes / (vectors * lanes * bytes));
  if (plan.packing == Packing::Singly && isDense(plan)) plan.packing = Packing::Squares;
  plan.cost = costOf(plan, lanes);
  return plan;
}

std::optional<TilePlan> planTiles(const Kernel& kernel, const Target& target) {
  std::optional<ViewedProduct> product = viewedProduct(kernel);
  if (!product || isForLoops(kernel, *product)) return std::nullopt;
  if (product->operands == ir::DType::BF16 && target.hasBf16Dot) pairSums(*product);
  const std::int64_t lanes = target.lanes(static_cast<int>(ir::dtypeBytes(product->dtype)));
  const int registers = target.vectorBytes == 64 ? 32 : 16;
  std::optional<TilePlan> best;
  const auto offer = [&](TilePlan plan) {
    if (!best || plan.cost < best->cost) best = std::move(plan);
  };
  for (ViewedProduct candidate : {*product, exchanged(*product)}) {
    if (candidate.columns.empty()) candidate.columns.push_back({1, 0, 1, 1});
    const std::int64_t vectorsOfRow = ceilDiv(candidate.columns.back().extent, lanes);
    for (int vectors = 1; vectors <= std::min<std::int64_t>(kMostVectors, vectorsOfRow); ++vectors)
      offer(planFor(candidate, vectors, 1, registers, lanes));
    if (vectorsOfRow > kMostVectors || candidate.columns.size() < 2 || candidate.columns.back().right != 1) continue;
    if (candidate.pair) continue;  // such a tile reads its columns where they are
    const std::int64_t extent = candidate.columns[candidate.columns.size() - 2].extent;
    for (const int repeats : {2, 3, 4, 6, 8, 12})
      if (repeats <= extent && repeats * vectorsOfRow <= registers / 2)
        offer(planFor(candidate, static_cast<int>(vectorsOfRow), repeats, registers, lanes));
  }
  return best;
}

}  // namespace nnc::codegen
