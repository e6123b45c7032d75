// The tensor IR: a module of functions; a function is a list of typed single-assignment values.
//
// Values and nodes are indices into the function that owns them: copyable, comparable, stable in golden files.
// A pass either edits `body` (order, removal) and operands in place, or builds a new function with ir::Builder.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attributes.h"
#include "ir/plan.h"
#include "ir/types.h"
#include "support/source.h"

namespace nnc::ir {

enum class Op : std::uint8_t {
#define NNC_OP(NAME, ...) NAME,
#include "ir/ops.def"
#undef NNC_OP
};

enum class OpClass : std::uint8_t { Constant, Elementwise, View, Data, Reduction, Contraction, Region };

/// The facts of one row of ops.def.
struct OpInfo {
  std::string_view name;  // as in text: "reduce_sum"
  int minOperands = 0;
  int maxOperands = 0;  // -1: any number
  OpClass opClass = OpClass::Elementwise;
  std::string_view doc;
};
const OpInfo& opInfo(Op op);
std::optional<Op> findOp(std::string_view name);
inline constexpr int kOpCount = 0
#define NNC_OP(...) +1
#include "ir/ops.def"
#undef NNC_OP
    ;

using Value = TypedIndex<struct ValueTag>;
using NodeId = TypedIndex<struct NodeTag>;
/// The instance path (`net.h2.block[0].f`) that a node was elaborated for: an index into Module::scopes.
using ScopeId = TypedIndex<struct ScopeTag>;

struct ValueInfo {
  Type type;
  NodeId definition;    // invalid for a parameter of the function
  int resultIndex = 0;  // which result of its node, or which parameter
};

struct Node {
  Op op = Op::Const;
  Attributes attributes;
  std::vector<Value> operands;
  std::vector<Value> results;  // one, but for scan and call
  Span span;
  ScopeId scope;
};

/// The buffer of result `result` is that of parameter `parameter`: updated in place by generated code.
struct Alias {
  int result = 0;
  int parameter = 0;
};

struct Function {
  std::string name;
  std::vector<Value> parameters;
  std::vector<std::string> parameterNames;  // one per parameter: a path, or the name of a data field; may be ""
  std::vector<Value> results;
  std::vector<std::string> resultNames;
  std::vector<Alias> aliases;
  std::vector<Node> nodes;   // owns every node ever made; those not in `body` are dead
  std::vector<NodeId> body;  // in order of execution: a definition before its uses
  std::vector<ValueInfo> values;
  std::optional<MemoryPlan> plan;  // set by the pass plan_memory; any later edit must reset it

  const Type& type(Value value) const { return values[value.index].type; }
  const Node& node(NodeId id) const { return nodes[id.index]; }
  Node& node(NodeId id) { return nodes[id.index]; }
  /// The node that defines `value`, or null for a parameter.
  const Node* definition(Value value) const {
    const NodeId id = values[value.index].definition;
    return id.isValid() ? &nodes[id.index] : nullptr;
  }
};

struct Module {
  // Out of line, with all that it takes to copy and destroy functions.
  Module();
  Module(const Module&);
  Module(Module&&) noexcept;
  Module& operator=(const Module&);
  Module& operator=(Module&&) noexcept;
  ~Module();

  std::vector<Function> functions;
  std::vector<std::string> scopes;

  Function& function(FunctionId id) { return functions[id.index]; }
  const Function& function(FunctionId id) const { return functions[id.index]; }
  FunctionId addFunction(std::string name);
  std::optional<FunctionId> findFunction(std::string_view name) const;
  /// Interns a path.
  ScopeId scope(std::string_view path);
};

/// The result types of an op, or a reason why its operands or attributes are wrong ("axis 3 of a rank-2 tensor").
/// Scan and call read the signatures of their bodies from `module`.
struct InferredTypes {
  std::vector<Type> types;
  std::string error;  // empty: fine
};
InferredTypes inferTypes(const Module& module, Op op, const std::vector<Type>& operands, const Attributes& attributes);

}  // namespace nnc::ir
