#include "passes/fuse_materialize.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace nnc::passes {

FusionFacts fusionFacts(const ir::Function& function) {
  FusionFacts facts;
  facts.uses.resize(function.values.size());
  facts.isResult.assign(function.values.size(), false);
  facts.role.assign(function.nodes.size(), FuseRole::Opaque);
  facts.position.assign(function.nodes.size(), -1);
  for (std::size_t i = 0; i < function.body.size(); ++i) {
    const ir::NodeId id = function.body[i];
    const ir::Node& node = function.node(id);
    facts.role[id.index] = fuseRole(node);
    facts.position[id.index] = static_cast<int>(i);
    for (std::size_t k = 0; k < node.operands.size(); ++k)
      facts.uses[node.operands[k].index].push_back({id, static_cast<int>(k)});
  }
  for (const ir::Value result : function.results) facts.isResult[result.index] = true;
  return facts;
}

namespace {

/// A cheap value is computed in at most this many kernels.
constexpr std::size_t kMaxKernelsPerValue = 6;

/// Finds the materialised values in two walks from the last node to the first: users are known before operands.
class Chooser {
 public:
  Chooser(const ir::Function& function, const FusionFacts& facts) : function_(function), facts_(facts) {
    chosen_.inMemory.assign(function.values.size(), false);
    isInProduct_.assign(function.values.size(), false);
    for (const ir::NodeId id : function.body)
      for (const ir::Value operand : function.node(id).operands)
        if (isReadThroughWindow(function, function.node(id), operand)) isInProduct_[operand.index] = true;
  }
  Materialization run() {
    estimate();
    require();
    chosen_.required = chosen_.inMemory;
    estimate();
    place();
    return std::move(chosen_);
  }

 private:
  /// The indices at which the kernel of one root reads a value, as small numbers; 0 is the kernel's own index.
  using Indices = std::set<int>;
  using Readers = std::map<int, Indices>;  // by root node

  void estimate();
  void require();
  void place();
  bool mustBeInMemory(ir::Value value, FuseRole role) const;
  bool isBuffer(ir::Value value) const;
  Readers readersOf(ir::Value value);
  bool fits(const ir::Node& node, const Readers& readers) const;
  int derivedIndex(int node, int operand, int index);

  const ir::Function& function_;
  const FusionFacts& facts_;
  Materialization chosen_;
  std::vector<bool> isInProduct_;   // by value: a window through which a contraction reads
  std::vector<int> cost_;           // by value: work of one element computed from what is in memory
  std::vector<int> reads_;          // by value: tensors of its own size that are read for it
  std::map<int, Readers> readers_;  // by interior node
  std::map<int, int> work_;         // by root node
  std::map<std::tuple<int, int, int>, int> derived_;
};

}  // namespace

/// Fills cost_ and reads_ for what chosen_.inMemory says so far.
void Chooser::estimate() {
  cost_.assign(function_.values.size(), 0);
  reads_.assign(function_.values.size(), 1);
  for (const ir::NodeId id : function_.body) {
    const ir::Node& node = function_.node(id);
    const FuseRole role = facts_.role[id.index];
    if (role == FuseRole::Opaque || role == FuseRole::Reduce) continue;
    const ir::Value value = node.results[0];
    if (chosen_.inMemory[value.index] && role != FuseRole::Leaf) continue;
    int cost = elementCost(node.op), reads = 0;
    for (const ir::Value operand : node.operands) {
      cost = std::min(kCostLimit, cost + cost_[operand.index]);
      if (2 * function_.type(operand).elementCount() >= function_.type(value).elementCount())
        reads = std::min(kCostLimit, reads + reads_[operand.index]);
    }
    cost_[value.index] = cost;
    reads_[value.index] = reads;
  }
}

bool Chooser::mustBeInMemory(ir::Value value, FuseRole role) const {
  if (facts_.isResult[value.index] || role == FuseRole::Reduce) return true;
  for (const ValueUse& use : facts_.uses[value.index]) {
    const ir::Node& user = function_.node(use.node);
    const FuseRole userRole = facts_.role[use.node.index];
    if (isReadThroughWindow(function_, user, value)) continue;
    if (userRole == FuseRole::Opaque || isInProduct_[user.results[0].index]) return true;
    if (userRole == FuseRole::View && chosen_.inMemory[user.results[0].index]) return true;
    if (role != FuseRole::Leaf && !mayPull(function_, user, use.operand, cost_[value.index])) return true;
  }
  return false;
}

void Chooser::require() {
  for (std::size_t i = function_.body.size(); i-- > 0;) {
    const ir::NodeId id = function_.body[i];
    const FuseRole role = facts_.role[id.index];
    if (role == FuseRole::Opaque) continue;
    const ir::Value value = function_.node(id).results[0];
    if (mustBeInMemory(value, role)) chosen_.inMemory[value.index] = true;
  }
}

bool Chooser::isBuffer(ir::Value value) const {
  while (true) {
    const ir::NodeId id = function_.values[value.index].definition;
    if (!id.isValid() || chosen_.inMemory[value.index] || facts_.role[id.index] == FuseRole::Opaque) return true;
    if (facts_.role[id.index] != FuseRole::View) return false;
    value = function_.node(id).operands[0];
  }
}

int Chooser::derivedIndex(int node, int operand, int index) {
  return derived_.try_emplace({node, operand, index}, static_cast<int>(derived_.size()) + 1).first->second;
}

Chooser::Readers Chooser::readersOf(ir::Value value) {
  Readers readers;
  for (const ValueUse& use : facts_.uses[value.index]) {
    const ir::Node& user = function_.node(use.node);
    const int node = use.node.index;
    const bool keeps = keepsIndex(user.op) || facts_.role[node] == FuseRole::Reduce;
    const auto add = [&](int root, int index) {
      readers[root].insert(keeps ? index : derivedIndex(node, use.operand, index));
    };
    if (chosen_.inMemory[user.results[0].index] || isReadThroughWindow(function_, user, value)) {
      add(node, 0);
      continue;
    }
    const auto found = readers_.find(node);
    if (found == readers_.end()) continue;  // the user is dead
    for (const auto& [root, indices] : found->second)
      for (const int index : indices) add(root, index);
  }
  return readers;
}

/// Whether the node is made where it is read, however dear its operand: a view costs nothing, and what a cast to a
/// wider type casts is the smaller thing to keep in memory.
static bool keepsItsOperandInstead(const ir::Function& function, const ir::Node& node) {
  if (node.op == ir::Op::Cast)
    return ir::dtypeBytes(function.type(node.operands[0]).dtype) < ir::dtypeBytes(function.type(node.results[0]).dtype);
  return ir::opInfo(node.op).opClass == ir::OpClass::View && fuseRole(node) == FuseRole::Map;
}

bool Chooser::fits(const ir::Node& node, const Readers& readers) const {
  const ir::Value value = node.results[0];
  if (readers.size() > 1 && !keepsItsOperandInstead(function_, node)) {
    const bool isCheap = cost_[value.index] <= kCheapCost && reads_[value.index] <= 1;
    if (!isCheap || readers.size() > kMaxKernelsPerValue) return false;
  }
  for (const auto& [root, indices] : readers) {
    if (static_cast<int>(indices.size()) > maxIndices(node.op)) return false;
    if (work_.at(root) + static_cast<int>(indices.size()) > kMaxKernelWork) return false;
  }
  return true;
}

void Chooser::place() {
  for (std::size_t i = function_.body.size(); i-- > 0;) {
    const ir::NodeId id = function_.body[i];
    const ir::Node& node = function_.node(id);
    const FuseRole role = facts_.role[id.index];
    if (role == FuseRole::Opaque) work_[id.index] = 1;
    if (role == FuseRole::Opaque || role == FuseRole::Leaf) continue;
    const ir::Value value = node.results[0];
    if (!chosen_.inMemory[value.index] && mustBeInMemory(value, role)) chosen_.inMemory[value.index] = true;
    if (!chosen_.inMemory[value.index]) {
      if (role == FuseRole::View && isBuffer(node.operands[0])) continue;
      Readers readers = readersOf(value);
      if (readers.empty()) continue;
      if (fits(node, readers)) {
        for (const auto& [root, indices] : readers) work_[root] += static_cast<int>(indices.size());
        readers_.emplace(id.index, std::move(readers));
        continue;
      }
      chosen_.inMemory[value.index] = true;
    }
    work_[id.index] = 1;
  }
}

Materialization chooseMaterialized(const ir::Function& function, const FusionFacts& facts) {
  return Chooser(function, facts).run();
}

}  // namespace nnc::passes
