#include "run_plan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "ir/builder.h"
#include "ir/evaluate.h"
#include "passes/value_memory.h"

namespace nnc::tests {

namespace {

using Bytes = std::vector<std::byte>;
using Pointers = std::vector<std::byte*>;

class PlanRunner {
 public:
  explicit PlanRunner(const ir::Module& module) : module_(module) {}
  void run(ir::FunctionId id, const Pointers& arguments, const Pointers& results, std::byte* arena);

 private:
  struct Frame {
    ir::FunctionId id;
    const Pointers& arguments;
    const Pointers& results;
    std::byte* arena;
  };
  std::byte* address(const Frame& frame, ir::Value value);
  void runScan(const Frame& frame, ir::NodeId node);
  ir::FunctionId probe(ir::FunctionId id, ir::NodeId node);

  ir::Module module_;  // with a function for each node that was run
  std::map<std::pair<int, int>, ir::FunctionId> probes_;
  std::map<std::pair<int, int>, Bytes> constants_;
};

}  // namespace

/// A function of one node.
ir::FunctionId PlanRunner::probe(ir::FunctionId id, ir::NodeId node) {
  const auto [entry, isNew] = probes_.try_emplace({id.index, node.index});
  if (!isNew) return entry->second;
  entry->second = module_.addFunction("probe");
  ir::Builder builder(module_, entry->second);
  const ir::Node copy = module_.function(id).node(node);
  std::vector<ir::Value> operands;
  for (const ir::Value operand : copy.operands)
    operands.push_back(builder.addParameter(module_.function(id).type(operand), ""));
  for (const ir::Value result : builder.append(copy.op, operands, copy.attributes)) builder.addResult(result, "");
  return entry->second;
}

std::byte* PlanRunner::address(const Frame& frame, ir::Value value) {
  const ir::Function& function = module_.function(frame.id);
  const ir::Storage& storage = function.plan->storage[value.index];
  switch (storage.kind) {
    case ir::StorageKind::None:
      return nullptr;
    case ir::StorageKind::Argument:
      return frame.arguments[storage.index];
    case ir::StorageKind::Result:
      return frame.results[storage.index];
    case ir::StorageKind::Arena:
      return frame.arena + storage.offset;
    case ir::StorageKind::Constant: {
      Bytes& bytes = constants_[{frame.id.index, storage.index}];
      const ir::Node* node = function.definition(ir::Value(static_cast<std::size_t>(storage.index)));
      if (bytes.empty()) bytes = ir::materialise(std::get<ir::ConstAttributes>(node->attributes)).bytes;
      return bytes.data();
    }
  }
  return nullptr;
}

void PlanRunner::runScan(const Frame& frame, ir::NodeId id) {
  const ir::Function& function = module_.function(frame.id);
  const ir::Node node = function.node(id);
  const auto scan = std::get<ir::ScanAttributes>(node.attributes);
  const std::vector<ir::ScanScratch>& scans = function.plan->scans;
  const ir::ScanScratch scratch =
      *std::find_if(scans.begin(), scans.end(), [&](const ir::ScanScratch& s) { return s.node == id.index; });
  const auto bytesOf = [&](ir::Value value) { return module_.function(frame.id).type(value).byteCount(); };
  if (scan.length == 0)
    for (int c = 0; c < scan.carries; ++c)
      std::memcpy(address(frame, node.results[c]), address(frame, node.operands[c]),
                  static_cast<std::size_t>(bytesOf(node.results[c])));
  for (std::int64_t i = 0; i < scan.length; ++i) {
    const std::int64_t t = scan.reverse ? scan.length - 1 - i : i;
    Pointers arguments, results;
    for (std::size_t k = 0; k < node.operands.size(); ++k) {
      const int carry = static_cast<int>(k);
      std::byte* place = address(frame, node.operands[k]);
      if (carry < scan.carries && i > 0)
        place = (scan.length - i) % 2 == 0 ? address(frame, node.results[k]) : frame.arena + scratch.carryOffsets[k];
      else if (carry >= scan.carries && carry < scan.carries + scan.xs)
        place += t * (bytesOf(node.operands[k]) / scan.length);
      arguments.push_back(place);
    }
    for (std::size_t k = 0; k < node.results.size(); ++k) {
      std::byte* place = address(frame, node.results[k]);
      if (static_cast<int>(k) >= scan.carries)
        place += t * (bytesOf(node.results[k]) / scan.length);
      else if ((scan.length - 1 - i) % 2 != 0)
        place = frame.arena + scratch.carryOffsets[k];
      results.push_back(place);
    }
    run(scan.body, arguments, results, frame.arena + scratch.offset);
  }
}

void PlanRunner::run(ir::FunctionId id, const Pointers& arguments, const Pointers& results, std::byte* arena) {
  const Frame frame{id, arguments, results, arena};
  const std::vector<ir::NodeId> body = module_.function(id).body;
  for (const ir::NodeId nodeId : body) {
    const ir::Node node = module_.function(id).node(nodeId);
    if (passes::isFreeView(node.op)) continue;
    if (module_.function(id).plan->storage[node.results[0].index].kind == ir::StorageKind::Constant) continue;
    if (node.op == ir::Op::Scan) {
      runScan(frame, nodeId);
      continue;
    }
    std::vector<ir::Tensor> operands;
    for (const ir::Value operand : node.operands) {
      ir::Tensor tensor(module_.function(id).type(operand));
      if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), address(frame, operand), tensor.bytes.size());
      operands.push_back(std::move(tensor));
    }
    const std::vector<ir::Tensor> values = ir::evaluate(module_, probe(id, nodeId), operands);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].bytes.empty())
        std::memcpy(address(frame, node.results[i]), values[i].bytes.data(), values[i].bytes.size());
  }
}

std::vector<ir::Tensor> runPlanned(const ir::Module& module, ir::FunctionId id,
                                   const std::vector<ir::Tensor>& arguments) {
  const ir::Function& function = module.function(id);
  std::vector<Bytes> argumentBytes, resultBytes;
  for (const ir::Tensor& argument : arguments) argumentBytes.push_back(argument.bytes);
  for (const ir::Value result : function.results)
    resultBytes.emplace_back(static_cast<std::size_t>(function.type(result).byteCount()), std::byte{0xFF});
  Bytes arena(static_cast<std::size_t>(function.plan->arenaBytes), std::byte{0xFF});
  Pointers argumentPointers, resultPointers;
  for (Bytes& bytes : argumentBytes) argumentPointers.push_back(bytes.data());
  for (Bytes& bytes : resultBytes) resultPointers.push_back(bytes.data());
  PlanRunner(module).run(id, argumentPointers, resultPointers, arena.data());
  for (const ir::Alias& alias : function.aliases) resultBytes[alias.result] = argumentBytes[alias.parameter];
  std::vector<ir::Tensor> results;
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    ir::Tensor tensor(function.type(function.results[i]));
    tensor.bytes = resultBytes[i];
    results.push_back(std::move(tensor));
  }
  return results;
}

}  // namespace nnc::tests
