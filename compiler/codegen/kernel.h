// A kernel: one loop nest with its body, ready to be emitted. Made from a kernel call's body or from a single node.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "codegen/loop_body.h"
#include "ir/module.h"

namespace nnc::codegen {

/// `value` goes to element `index` of `buffer`; in a REDUCE kernel it is combined over the reduced loops first.
struct Store {
  ExprId value;
  int buffer = 0;
  IndexId index;
  ir::Op combine = ir::Op::Add;  // REDUCE: Add or Max
};

/// Loops are variables of `body.space`, in the order of the axes of the iteration space, those of one step left out.
struct Kernel {
  LoopBody body;
  std::vector<int> kept, reduced;
  bool reducedIsInnermost = false;  // whether the last axis is a reduced one
  bool isContraction = false;       // REDUCE: the sum of a product, by a chain of multiply-adds where it pays
  bool isVectorProduct = false;     // a contraction of which one operand has no index of its own
  std::vector<Store> stores;        // empty: nothing to do
  std::vector<ir::DType> buffers;   // operands, then results, then dense constants of the body
  int operandCount = 0, resultCount = 0;
  std::vector<ir::Value> constants;
  std::vector<NumberArgument> numbers;  // arguments behind the buffers
  std::string name;                     // of its main op, for people who read the output

  bool isReduce() const { return !reduced.empty(); }
};

/// The kernel of a kernel call. Empty: `error` says why.
std::optional<Kernel> kernelOfBody(const ir::Function& body, std::string& error);
/// The kernel of one node; its operands are buffers. For any op but scatter, scan and call.
std::optional<Kernel> kernelOfNode(const ir::Function& function, const ir::Node& node, std::string& error);

/// Expressions that the stores need, by id; and the indices that they use.
struct Reachable {
  std::vector<bool> exprs, indices;
};
Reachable reachable(const Kernel& kernel);

/// The whole kernel as text. Kernels with the same text do the same.
std::string describe(const Kernel& kernel);

}  // namespace nnc::codegen
