// A small cost model: vectors emitted, times what their loads cost.
#include "codegen/schedule.h"

#include <algorithm>

#include "ir/flops.h"

namespace nnc::codegen {

// A body of many expressions hides latencies by itself, and copies of it cost compile time.
static constexpr int kLargeBody = 48;
static constexpr int kLargestTransposedBody = 32;
// Fewer columns than this are not worth a transposed tile.
static constexpr std::int64_t kFewestColumns = 4;
static constexpr int kDrawsPerBlock = 4;

static bool contains(std::uint64_t variables, int variable) {
  return variable >= 0 && (variables >> variable & 1) != 0;
}

static std::vector<ExprId> bodyOf(const Kernel& kernel) {
  const Reachable marks = reachable(kernel);
  std::vector<ExprId> result;
  for (int i = 0; i < kernel.body.exprCount(); ++i) {
    const ExprId id(static_cast<std::size_t>(i));
    if (marks.exprs[static_cast<std::size_t>(i)] && kernel.body.at(id).dependsOn != 0) result.push_back(id);
  }
  return result;
}

static bool isLong(const Expr& expr) {
  if (expr.kind == ExprKind::Random || expr.kind == ExprKind::Fold) return true;
  return expr.kind == ExprKind::Apply && ir::isTranscendental(expr.op);
}

static int bodySize(const Kernel& kernel, const std::vector<ExprId>& body) {
  int size = 0;
  for (const ExprId id : body) size += isLong(kernel.body.at(id)) ? 16 : 1;
  return size;
}

static int laneBytes(const Kernel& kernel) {
  const auto isWide = [&](const Store& store) {
    return ir::dtypeBytes(kernel.buffers[static_cast<std::size_t>(store.buffer)]) == 8;
  };
  return std::all_of(kernel.stores.begin(), kernel.stores.end(), isWide) ? 8 : 4;
}

/// Cost of one vector of the body with lanes along `lane`, in cheap instructions.
static double vectorCost(const Kernel& kernel, const std::vector<ExprId>& body, int lane, int lanes) {
  double cost = 0.0;
  for (const ExprId id : body) {
    const Expr& expr = kernel.body.at(id);
    if (expr.kind != ExprKind::Load || !contains(expr.dependsOn, lane)) {
      cost += isLong(expr) ? 16.0 : 1.0;
      continue;
    }
    const std::int64_t stride = kernel.body.space.factorOf(expr.index, lane);
    const bool isHidden = contains(kernel.body.space.hiddenVariables(expr.index), lane);
    const bool isShuffled = !isHidden && !expr.guard.isValid() && stride > 0 && stride <= kMaxShuffledStride;
    cost += isShuffled ? 2.0 * static_cast<double>(stride) - 1.0 : 2.0 * lanes;
  }
  return cost;
}

static double reduceCost(const Kernel& kernel, const std::vector<ExprId>& body, int lane, int lanes) {
  const IndexSpace& space = kernel.body.space;
  double vectors = 1.0, kept = 1.0;
  for (const auto* loops : {&kernel.kept, &kernel.reduced})
    for (const int variable : *loops) {
      const auto extent = static_cast<double>(space.extent(variable));
      vectors *= variable == lane ? static_cast<double>((space.extent(variable) + lanes - 1) / lanes) : extent;
      if (loops == &kernel.kept) kept *= extent;
    }
  const bool isReduced = std::find(kernel.reduced.begin(), kernel.reduced.end(), lane) != kernel.reduced.end();
  // At the end of a sum along the lanes: halves are added until one lane is left.
  const double finish = isReduced ? 16.0 * kept * static_cast<double>(kernel.stores.size()) : 0.0;
  return vectors * vectorCost(kernel, body, lane, lanes) + finish;
}

static void scheduleReduce(const Kernel& kernel, const std::vector<ExprId>& body, Schedule& schedule) {
  const IndexSpace& space = kernel.body.space;
  // Innermost loops first, so that they win ties.
  std::vector<int> candidates(schedule.order.rbegin(), schedule.order.rend());
  if (!kernel.reducedIsInnermost)
    std::rotate(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kernel.reduced.size()),
                candidates.end());
  double best = 0.0;
  for (const int candidate : candidates) {
    const double cost = reduceCost(kernel, body, candidate, schedule.lanes);
    if (schedule.lane >= 0 && cost >= best) continue;
    schedule.lane = candidate;
    best = cost;
  }
  const bool laneIsKept = std::find(kernel.kept.begin(), kernel.kept.end(), schedule.lane) != kernel.kept.end();
  const auto begin = schedule.order.begin(), boundary = begin + static_cast<std::ptrdiff_t>(schedule.firstReduced);
  const auto place = std::find(begin, schedule.order.end(), schedule.lane);
  std::rotate(place, place + 1, laneIsKept ? boundary : schedule.order.end());
  const auto copiesFor = [&](int variable, std::int64_t step, int limit) {
    return static_cast<int>(std::min<std::int64_t>((space.extent(variable) + step - 1) / step, limit));
  };
  const int most = bodySize(kernel, body) > kLargeBody ? 2 : 4;
  schedule.unrolled = schedule.lane;
  schedule.copies = copiesFor(schedule.lane, schedule.lanes, laneIsKept && most == 4 ? 8 : most);
  if (!laneIsKept || schedule.copies > 1) return;
  schedule.unrolled = schedule.order.back();
  schedule.copies = copiesFor(schedule.unrolled, 1, most);
}

static bool hasStride(const Kernel& kernel, const Schedule& schedule, const Expr& load) {
  if (load.kind != ExprKind::Load || load.guard.isValid() || !contains(load.dependsOn, schedule.lane)) return false;
  if (contains(kernel.body.space.hiddenVariables(load.index), schedule.lane)) return false;
  return kernel.body.space.factorOf(load.index, schedule.lane) > 1;
}

bool isTransposed(const Kernel& kernel, const Schedule& schedule, const Expr& load) {
  if (!schedule.isTransposing || !hasStride(kernel, schedule, load)) return false;
  return kernel.body.space.factorOf(load.index, schedule.unrolled) == 1 &&
         !contains(kernel.body.space.hiddenVariables(load.index), schedule.unrolled);
}

bool isBlockwiseDraw(const Kernel& kernel, const Schedule& schedule, const Expr& random) {
  if (random.kind != ExprKind::Random || schedule.unrolled != schedule.lane || schedule.copies != kDrawsPerBlock)
    return false;
  const IndexSpace& space = kernel.body.space;
  const Index& index = space.at(random.index);
  if (space.factorOf(random.index, schedule.lane) != 1 || index.constant % kDrawsPerBlock != 0) return false;
  return std::all_of(index.terms.begin(), index.terms.end(), [&](const Term& term) {
    const Atom& atom = space.atom(term.atom);
    if (atom.kind != AtomKind::Variable) return false;
    return atom.variable == schedule.lane || term.factor % kDrawsPerBlock == 0;
  });
}

/// Whether stores go to neighbours when lanes of `lane` alternate with the steps of the innermost loop.
static bool mayInterleave(const Kernel& kernel, int lane, int inner) {
  constexpr std::int64_t kFewest = 2, kMost = 4;
  const IndexSpace& space = kernel.body.space;
  const std::int64_t steps = space.extent(inner);
  if (steps < kFewest || steps > kMost || space.extent(lane) <= steps) return false;
  return std::all_of(kernel.stores.begin(), kernel.stores.end(), [&](const Store& store) {
    return space.hiddenVariables(store.index) == 0 && space.factorOf(store.index, inner) == 1 &&
           space.factorOf(store.index, lane) == steps;
  });
}

static void scheduleMap(const Kernel& kernel, const std::vector<ExprId>& body, Schedule& schedule) {
  schedule.lane = schedule.order.back();
  const IndexSpace& space = kernel.body.space;
  const std::size_t loops = schedule.order.size();
  if (loops > 1 && mayInterleave(kernel, schedule.order[loops - 2], schedule.lane)) {
    schedule.unrolled = schedule.lane;
    schedule.copies = static_cast<int>(space.extent(schedule.unrolled));
    schedule.lane = schedule.order[loops - 2];
    schedule.isInterleaving = true;
    return;
  }
  schedule.unrolled = schedule.lane;
  schedule.copies = kDrawsPerBlock;
  if (std::any_of(body.begin(), body.end(),
                  [&](ExprId id) { return isBlockwiseDraw(kernel, schedule, kernel.body.at(id)); }))
    return;
  schedule.unrolled = -1;
  schedule.copies = 1;
  if (bodySize(kernel, body) > kLargestTransposedBody) return;
  for (const ExprId id : body)
    for (const int variable : schedule.order) {
      const Expr& expr = kernel.body.at(id);
      if (variable == schedule.lane || space.extent(variable) < kFewestColumns || !hasStride(kernel, schedule, expr))
        continue;
      Schedule tiled = schedule;
      tiled.unrolled = variable;
      tiled.copies = schedule.lanes;
      tiled.isTransposing = true;
      if (!isTransposed(kernel, tiled, expr)) continue;
      schedule = tiled;
      return;
    }
}

Schedule scheduleKernel(const Kernel& kernel, const Target& target) {
  Schedule schedule;
  schedule.order = kernel.kept;
  schedule.firstReduced = kernel.kept.size();
  schedule.order.insert(schedule.order.end(), kernel.reduced.begin(), kernel.reduced.end());
  if (schedule.order.empty()) return schedule;
  schedule.lanes = target.lanes(laneBytes(kernel));
  const std::vector<ExprId> body = bodyOf(kernel);
  if (kernel.isReduce())
    scheduleReduce(kernel, body, schedule);
  else
    scheduleMap(kernel, body, schedule);
  return schedule;
}

}  // namespace nnc::codegen
