// Starts with one kernel per materialised value and merges while that saves reads and makes no cycle.
#include "passes/fuse_groups.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "passes/fuse_materialize.h"
#include "passes/value_memory.h"

namespace nnc::passes {

namespace {

constexpr int kMaxOperands = 32;
constexpr int kMaxOutputs = 16;
constexpr int kMaxRounds = 4;
/// Kernels that read the same tensor are tried with at most this many others of its readers.
constexpr int kMaxSiblings = 16;

/// What a kernel with certain roots holds and reads.
struct Extent {
  std::vector<ir::NodeId> nodes;    // in order
  std::vector<ir::Value> operands;  // in order of first use
  std::vector<ir::Value> reads;     // operands, seen through reshapes to the value that owns the memory; sorted
  bool rootsKeepIndex = true;       // every root is read at the kernel's own index only
  bool isWithinLimits = true;
};

struct Unit {
  bool isKernel = false;
  bool isReduce = false;
  bool isProduct = false;  // a contraction with the windows that it reads through: neither takes in nor joins others
  bool isAlive = true;
  int rank = 0;
  std::vector<ir::NodeId> roots;  // in order; of an opaque unit its node
  Extent extent;
};

class Grouper {
 public:
  explicit Grouper(const ir::Function& function)
      : function_(function), facts_(fusionFacts(function)), values_(chooseMaterialized(function, facts_)) {}
  std::vector<FusionUnit> run();

 private:
  void makeUnits();
  void mergeAll();
  bool mergeProducers(int consumer);
  bool mergeSiblings(int unit);
  bool tryMerge(int first, int second);
  bool tryAbsorb(int producer, int consumer);
  int producerOf(ir::Value value) const;
  int firstReaderRank(int first, int second) const;
  bool mayFollow(int first, int second) const;
  void joinRanks(int first, int second, int joined);
  void install(int unit, std::vector<ir::NodeId> roots, Extent extent);

  Extent extentOf(const std::vector<ir::NodeId>& roots) const;
  void countIndices(const std::vector<ir::NodeId>& roots, Extent* extent) const;
  bool isBuffer(ir::Value value, const std::vector<ir::NodeId>& roots) const;
  ir::Value base(ir::Value value) const;
  bool isView(ir::NodeId id) const { return facts_.role[id.index] == FuseRole::View; }
  const ir::Shape& space(const Unit& unit) const;
  bool haveSameSpace(const Unit& a, const Unit& b) const;
  bool isReadBy(ir::Value value, int unit) const;
  bool isReadOutside(ir::Value value, const std::vector<int>& inside) const;
  bool isLargeRead(ir::Value value, const Unit& unit) const;
  std::vector<ir::Value> outputsOf(const Unit& unit) const;
  FusionUnit finish(const Unit& unit) const;

  const ir::Function& function_;
  FusionFacts facts_;
  Materialization values_;
  std::vector<Unit> units_;
  std::vector<int> order_;                 // living units by rank
  std::vector<int> unitOf_;                // by node: -1 or the unit whose root it is
  std::vector<std::vector<int>> readers_;  // by value: units that read it; may hold units that no longer do
  std::vector<bool> isReturned_;           // by value: a result of the function, seen through reshapes
};

}  // namespace

/// The value whose memory `value` is.
ir::Value Grouper::base(ir::Value value) const { return viewedValue(function_, value); }

bool Grouper::isBuffer(ir::Value value, const std::vector<ir::NodeId>& roots) const {
  const ir::Value owner = base(value);
  const ir::NodeId id = function_.values[owner.index].definition;
  const bool isRoot = std::find(roots.begin(), roots.end(), id) != roots.end();
  if (!id.isValid() || facts_.role[id.index] == FuseRole::Opaque) return !isRoot;
  // A splat or iota that is in memory for the sake of an opaque node is still cheaper to make than to load.
  if (facts_.role[id.index] == FuseRole::Leaf) return false;
  return values_.inMemory[owner.index] && !isRoot;
}

Extent Grouper::extentOf(const std::vector<ir::NodeId>& roots) const {
  Extent extent;
  std::set<std::pair<int, int>> found;  // (position, node)
  std::vector<ir::NodeId> pending = roots;
  while (!pending.empty()) {
    const ir::NodeId id = pending.back();
    pending.pop_back();
    if (!found.emplace(facts_.position[id.index], id.index).second) continue;
    for (const ir::Value operand : function_.node(id).operands)
      if (!isBuffer(operand, roots)) pending.push_back(function_.values[operand.index].definition);
  }
  std::set<int> seen;
  for (const auto& [position, index] : found) {
    const ir::NodeId id(static_cast<std::size_t>(index));
    extent.nodes.push_back(id);
    for (const ir::Value operand : function_.node(id).operands) {
      if (!isBuffer(operand, roots) || !seen.insert(operand.index).second) continue;
      extent.operands.push_back(operand);
      extent.reads.push_back(base(operand));
    }
  }
  std::sort(extent.reads.begin(), extent.reads.end());
  extent.reads.erase(std::unique(extent.reads.begin(), extent.reads.end()), extent.reads.end());
  countIndices(roots, &extent);
  return extent;
}

/// Sets rootsKeepIndex and isWithinLimits.
void Grouper::countIndices(const std::vector<ir::NodeId>& roots, Extent* extent) const {
  std::map<int, std::set<int>> indices;  // by node: the indices at which it is read, 0 for the kernel's own
  std::map<std::tuple<int, int, int>, int> derived;
  for (const ir::NodeId root : roots) indices[root.index].insert(0);
  int work = 0;
  for (std::size_t i = extent->nodes.size(); i-- > 0;) {
    const ir::NodeId id = extent->nodes[i];
    const ir::Node& node = function_.node(id);
    const std::set<int>& own = indices[id.index];
    const FuseRole role = facts_.role[id.index];
    if (role != FuseRole::Leaf) {
      work += static_cast<int>(own.size());
      if (static_cast<int>(own.size()) > maxIndices(node.op)) extent->isWithinLimits = false;
    }
    for (std::size_t k = 0; k < node.operands.size(); ++k) {
      const ir::NodeId definition = function_.values[node.operands[k].index].definition;
      if (isBuffer(node.operands[k], roots)) continue;
      for (const int index : own) {
        const bool keeps = keepsIndex(node.op) || role == FuseRole::Reduce;
        const std::tuple key{id.index, static_cast<int>(k), index};
        const int read = keeps ? index : derived.try_emplace(key, static_cast<int>(derived.size()) + 1).first->second;
        indices[definition.index].insert(read);
      }
    }
    if (work > kMaxKernelWork) extent->isWithinLimits = false;
    if (!extent->isWithinLimits) return;
  }
  for (const ir::NodeId root : roots) extent->rootsKeepIndex &= indices[root.index].size() == 1;
}

void Grouper::install(int unit, std::vector<ir::NodeId> roots, Extent extent) {
  for (const ir::NodeId root : roots) unitOf_[root.index] = unit;
  for (const ir::Value value : extent.reads) readers_[value.index].push_back(unit);
  units_[unit].roots = std::move(roots);
  units_[unit].extent = std::move(extent);
}

void Grouper::makeUnits() {
  unitOf_.assign(function_.nodes.size(), -1);
  readers_.resize(function_.values.size());
  isReturned_.assign(function_.values.size(), false);
  for (const ir::Value result : function_.results) isReturned_[base(result).index] = true;
  for (const ir::NodeId id : function_.body) {
    const ir::Node& node = function_.node(id);
    const FuseRole role = facts_.role[id.index];
    const bool isProduct = std::any_of(node.operands.begin(), node.operands.end(), [&](ir::Value operand) {
      return isReadThroughWindow(function_, node, operand) && !values_.inMemory[operand.index];
    });
    const bool isKernel = role != FuseRole::Opaque || isProduct;
    if (isKernel && !isProduct && (isView(id) || !values_.inMemory[node.results[0].index])) continue;
    Unit unit;
    unit.isKernel = isKernel;
    unit.isReduce = role == FuseRole::Reduce;
    unit.isProduct = isProduct;
    unit.rank = static_cast<int>(units_.size());
    order_.push_back(unit.rank);
    units_.push_back(std::move(unit));
    Extent extent;
    if (isKernel) {
      extent = extentOf({id});
    } else {
      for (const ir::Value operand : node.operands) extent.reads.push_back(base(operand));
      std::sort(extent.reads.begin(), extent.reads.end());
      extent.reads.erase(std::unique(extent.reads.begin(), extent.reads.end()), extent.reads.end());
    }
    install(units_.back().rank, {id}, std::move(extent));
  }
}

const ir::Shape& Grouper::space(const Unit& unit) const {
  const ir::Node& root = function_.node(unit.roots[0]);
  return function_.type(unit.isReduce ? root.operands[0] : root.results[0]).shape;
}

bool Grouper::haveSameSpace(const Unit& a, const Unit& b) const {
  if (a.isProduct || b.isProduct || a.isReduce != b.isReduce || space(a) != space(b)) return false;
  if (!a.isReduce) return true;
  return std::get<ir::ReduceAttributes>(function_.node(a.roots[0]).attributes) ==
         std::get<ir::ReduceAttributes>(function_.node(b.roots[0]).attributes);
}

bool Grouper::isReadBy(ir::Value value, int unit) const {
  const std::vector<ir::Value>& reads = units_[unit].extent.reads;
  return units_[unit].isAlive && std::binary_search(reads.begin(), reads.end(), value);
}

bool Grouper::isReadOutside(ir::Value value, const std::vector<int>& inside) const {
  if (isReturned_[value.index]) return true;
  for (const int reader : readers_[value.index])
    if (isReadBy(value, reader) && std::find(inside.begin(), inside.end(), reader) == inside.end()) return true;
  return false;
}

/// The unit that computes a value; -1: none, or not as a root.
int Grouper::producerOf(ir::Value value) const {
  const ir::NodeId definition = function_.values[value.index].definition;
  return definition.isValid() ? unitOf_[definition.index] : -1;
}

/// The rank of the first unit between the two that reads what `first` computes; that of `second` if none does.
int Grouper::firstReaderRank(int first, int second) const {
  int rank = units_[second].rank;
  for (const ir::NodeId root : units_[first].roots)
    for (const ir::Value result : function_.node(root).results)
      for (const int reader : readers_[result.index])
        if (reader != first && isReadBy(result, reader)) rank = std::min(rank, units_[reader].rank);
  return rank;
}

/// Whether the two may be one unit: no path leads from `first` to `second` through a third. Needs: first before second.
bool Grouper::mayFollow(int first, int second) const {
  // Such a path begins at a reader of `first` and ends at what `second` reads: most often there is nothing in between.
  int end = -1;
  for (const ir::Value value : units_[second].extent.reads)
    if (const int producer = producerOf(value); producer >= 0 && producer != first)
      end = std::max(end, units_[producer].rank);
  const int begin = firstReaderRank(first, second);
  if (end < begin) return true;
  std::vector<bool> reached(units_.size(), false);
  reached[first] = true;
  for (int rank = begin; rank <= end; ++rank) {
    const int unit = order_[rank];
    for (const ir::Value value : units_[unit].extent.reads)
      if (const int producer = producerOf(value); producer >= 0 && reached[producer]) reached[unit] = true;
  }
  return std::none_of(units_[second].extent.reads.begin(), units_[second].extent.reads.end(), [&](ir::Value value) {
    const int producer = producerOf(value);
    return producer >= 0 && producer != first && reached[producer];
  });
}

/// Gives `joined` (one of the two) a place between the units that do not depend on `first` and those that do.
void Grouper::joinRanks(int first, int second, int joined) {
  const int begin = units_[first].rank, end = units_[second].rank;
  std::vector<bool> reached(units_.size(), false);
  reached[first] = true;
  std::vector<int> before, after;
  for (int rank = begin + 1; rank < end; ++rank) {
    const int unit = order_[rank];
    for (const ir::Value value : units_[unit].extent.reads)
      if (const int producer = producerOf(value); producer >= 0 && reached[producer]) reached[unit] = true;
    (reached[unit] ? after : before).push_back(unit);
  }
  std::vector<int> order(order_.begin(), order_.begin() + begin);
  order.insert(order.end(), before.begin(), before.end());
  order.push_back(joined);
  order.insert(order.end(), after.begin(), after.end());
  order.insert(order.end(), order_.begin() + end + 1, order_.end());
  order_ = std::move(order);
  for (std::size_t rank = static_cast<std::size_t>(begin); rank < order_.size(); ++rank)
    units_[order_[rank]].rank = static_cast<int>(rank);
}

/// One kernel for two of the same iteration space, when no root is read at another index than its own.
bool Grouper::tryMerge(int first, int second) {
  std::vector<ir::NodeId> roots;
  const auto byPosition = [&](ir::NodeId a, ir::NodeId b) {
    return facts_.position[a.index] < facts_.position[b.index];
  };
  std::merge(units_[first].roots.begin(), units_[first].roots.end(), units_[second].roots.begin(),
             units_[second].roots.end(), std::back_inserter(roots), byPosition);
  if (!mayFollow(first, second)) return false;
  // A reduction is the end of a kernel: none may read another's result.
  const auto readsFirst = [&](ir::NodeId root) { return isReadBy(function_.node(root).results[0], second); };
  if (units_[first].isReduce && std::any_of(units_[first].roots.begin(), units_[first].roots.end(), readsFirst))
    return false;
  Extent extent = extentOf(roots);
  if (!extent.isWithinLimits || !extent.rootsKeepIndex || extent.operands.size() > kMaxOperands) return false;
  const auto outputs = std::count_if(roots.begin(), roots.end(), [&](ir::NodeId root) {
    return isReadOutside(function_.node(root).results[0], {first, second});
  });
  if (outputs > kMaxOutputs) return false;
  joinRanks(first, second, first);
  units_[second].isAlive = false;
  install(first, std::move(roots), std::move(extent));
  return true;
}

/// Moves a producer that nobody else reads into its consumer, which then computes it where it reads it.
bool Grouper::tryAbsorb(int producer, int consumer) {
  const std::vector<ir::NodeId> roots = units_[producer].roots;
  if (units_[producer].isReduce || units_[producer].isProduct) return false;
  for (const ir::NodeId root : roots) {
    const ir::Value value = function_.node(root).results[0];
    if (values_.required[value.index] || isReadOutside(value, {producer, consumer})) return false;
  }
  if (!mayFollow(producer, consumer)) return false;
  for (const ir::NodeId root : roots) values_.inMemory[function_.node(root).results[0].index] = false;
  Extent extent = extentOf(units_[consumer].roots);
  if (!extent.isWithinLimits || extent.operands.size() > kMaxOperands) {
    for (const ir::NodeId root : roots) values_.inMemory[function_.node(root).results[0].index] = true;
    return false;
  }
  joinRanks(producer, consumer, consumer);
  units_[producer].isAlive = false;
  for (const ir::NodeId root : roots) unitOf_[root.index] = -1;
  install(consumer, units_[consumer].roots, std::move(extent));
  return true;
}

bool Grouper::mergeProducers(int consumer) {
  const std::vector<ir::Value> reads = units_[consumer].extent.reads;
  for (const ir::Value value : reads) {
    const int producer = producerOf(value);
    if (producer < 0 || producer == consumer || !units_[producer].isKernel) continue;
    if (tryAbsorb(producer, consumer)) return true;
    const bool isMap = !units_[producer].isReduce && !units_[consumer].isReduce;
    if (isMap && haveSameSpace(units_[producer], units_[consumer]) && tryMerge(producer, consumer)) return true;
  }
  return false;
}

/// Whether reading the tensor once instead of twice is worth a merge: it is about as large as what the unit walks over.
bool Grouper::isLargeRead(ir::Value value, const Unit& unit) const {
  std::int64_t count = 1;
  for (const std::int64_t dim : space(unit)) count *= dim;
  return count == 1 || 2 * function_.type(value).elementCount() >= count;
}

bool Grouper::mergeSiblings(int unit) {
  std::vector<int> ranks;
  for (const ir::Value value : units_[unit].extent.reads) {
    if (!isLargeRead(value, units_[unit])) continue;
    for (const int reader : readers_[value.index])
      if (isReadBy(value, reader) && units_[reader].isKernel && units_[reader].rank > units_[unit].rank &&
          haveSameSpace(units_[unit], units_[reader]))
        ranks.push_back(units_[reader].rank);
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  if (ranks.size() > kMaxSiblings) ranks.resize(kMaxSiblings);
  for (const int rank : ranks)
    if (tryMerge(unit, order_[rank])) return true;
  return false;
}

void Grouper::mergeAll() {
  bool hasChanged = true;
  for (int round = 0; hasChanged && round < kMaxRounds; ++round) {
    hasChanged = false;
    const std::vector<int> snapshot = order_;
    for (const int unit : snapshot)
      while (units_[unit].isAlive && units_[unit].isKernel && !units_[unit].isProduct &&
             (mergeProducers(unit) || mergeSiblings(unit)))
        hasChanged = true;
  }
}

std::vector<ir::Value> Grouper::outputsOf(const Unit& unit) const {
  std::vector<ir::Value> outputs;
  for (const ir::NodeId root : unit.roots) {
    const ir::Value value = function_.node(root).results[0];
    if (isReadOutside(value, {unitOf_[root.index]})) outputs.push_back(value);
  }
  return outputs;
}

/// The unit with its nodes in the order in which the outputs ask for them. Kernels that compute the same have the same
/// order then, wherever their nodes came from, and share their code. What no output needs falls away.
FusionUnit Grouper::finish(const Unit& unit) const {
  FusionUnit result{true, {}, {}, outputsOf(unit)};
  std::set<int> inside, seen;
  for (const ir::NodeId id : unit.extent.nodes) inside.insert(id.index);
  const auto visit = [&](const auto& self, ir::Value value) -> void {
    const ir::NodeId id = function_.values[value.index].definition;
    const bool isInside = id.isValid() && inside.contains(id.index) && !isBuffer(value, unit.roots);
    if (!isInside) {
      if (std::find(result.operands.begin(), result.operands.end(), value) == result.operands.end())
        result.operands.push_back(value);
      return;
    }
    if (!seen.insert(id.index).second) return;
    for (const ir::Value operand : function_.node(id).operands) self(self, operand);
    result.nodes.push_back(id);
  };
  for (const ir::Value output : result.outputs) visit(visit, output);
  return result;
}

std::vector<FusionUnit> Grouper::run() {
  makeUnits();
  mergeAll();
  std::vector<FusionUnit> result;
  for (const int index : order_) {
    const Unit& unit = units_[index];
    if (!unit.isKernel) {
      result.push_back({false, unit.roots, {}, {}});
      continue;
    }
    FusionUnit finished = finish(unit);
    if (!finished.outputs.empty()) result.push_back(std::move(finished));
  }
  return result;
}

std::vector<FusionUnit> chooseGroups(const ir::Function& function) { return Grouper(function).run(); }

}  // namespace nnc::passes
