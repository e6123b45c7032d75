// Iteration spaces, what is stored, and merging of loops that run over memory in one go.
#include "codegen/kernel.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "codegen/pull.h"

namespace nnc::codegen {

namespace {

/// A loop of the iteration space.
struct Loop {
  int variable = 0;
  bool isReduced = false;
};

}  // namespace

static std::vector<Loop> makeLoops(Kernel& kernel, const ir::Shape& shape, const std::vector<int>& reducedAxes) {
  std::vector<Loop> loops;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const bool isReduced =
        std::find(reducedAxes.begin(), reducedAxes.end(), static_cast<int>(axis)) != reducedAxes.end();
    loops.push_back({kernel.body.space.addVariable(shape[axis]), isReduced});
  }
  return loops;
}

static IndexId storeIndex(Kernel& kernel, const std::vector<Loop>& loops) {
  IndexSpace& space = kernel.body.space;
  IndexId sum = space.constant(0);
  std::int64_t stride = 1;
  for (std::size_t i = loops.size(); i-- > 0;) {
    if (loops[i].isReduced) continue;
    sum = space.add(sum, space.variable(loops[i].variable), stride);
    stride *= space.extent(loops[i].variable);
  }
  return sum;
}

static std::vector<IndexId> positionOf(Kernel& kernel, const std::vector<Loop>& loops) {
  std::vector<IndexId> position;
  for (const Loop& loop : loops) position.push_back(kernel.body.space.variable(loop.variable));
  return position;
}

Reachable reachable(const Kernel& kernel) {
  const LoopBody& body = kernel.body;
  Reachable marks{std::vector<bool>(static_cast<std::size_t>(body.exprCount())),
                  std::vector<bool>(static_cast<std::size_t>(body.space.indexCount()))};
  std::vector<ExprId> exprs;
  std::vector<IndexId> indices;
  for (const Store& store : kernel.stores) {
    exprs.push_back(store.value);
    indices.push_back(store.index);
  }
  while (!exprs.empty() || !indices.empty()) {
    if (!indices.empty()) {
      const IndexId id = indices.back();
      indices.pop_back();
      if (marks.indices[static_cast<std::size_t>(id.index)]) continue;
      marks.indices[static_cast<std::size_t>(id.index)] = true;
      for (const Term& term : body.space.at(id).terms) {
        const Atom& atom = body.space.atom(term.atom);
        if (atom.argument.isValid()) indices.push_back(atom.argument);
        if (atom.value.isValid()) exprs.push_back(atom.value);
      }
      continue;
    }
    const ExprId id = exprs.back();
    exprs.pop_back();
    if (marks.exprs[static_cast<std::size_t>(id.index)]) continue;
    marks.exprs[static_cast<std::size_t>(id.index)] = true;
    const Expr& expr = body.at(id);
    exprs.insert(exprs.end(), expr.operands.begin(), expr.operands.end());
    if (expr.guard.isValid()) exprs.push_back(expr.guard);
    if (expr.index.isValid()) indices.push_back(expr.index);
  }
  return marks;
}

// Two neighbouring loops are one when every index moves by the same amount per step of the merged loop.
static void mergeLoops(Kernel& kernel, std::vector<Loop>& loops) {
  IndexSpace& space = kernel.body.space;
  std::erase_if(loops, [&](const Loop& loop) { return space.extent(loop.variable) == 1; });
  const Reachable marks = reachable(kernel);
  const auto canMerge = [&](int outer, int inner) {
    for (int i = 0; i < space.indexCount(); ++i) {
      if (!marks.indices[static_cast<std::size_t>(i)]) continue;
      const IndexId id(static_cast<std::size_t>(i));
      if (space.factorOf(id, outer) != space.factorOf(id, inner) * space.extent(inner)) return false;
    }
    return true;
  };
  for (std::size_t i = loops.size(); i-- > 1;) {
    const Loop outer = loops[i - 1], inner = loops[i];
    if (outer.isReduced != inner.isReduced || !canMerge(outer.variable, inner.variable)) continue;
    space.setExtent(inner.variable, space.extent(outer.variable) * space.extent(inner.variable));
    space.setExtent(outer.variable, 1);
    loops.erase(loops.begin() + static_cast<std::ptrdiff_t>(i - 1));
    loops[i - 1] = inner;
  }
}

static void setLoops(Kernel& kernel, std::vector<Loop> loops) {
  mergeLoops(kernel, loops);
  for (const Loop& loop : loops) (loop.isReduced ? kernel.reduced : kernel.kept).push_back(loop.variable);
  kernel.reducedIsInnermost = !loops.empty() && loops.back().isReduced;
}

/// The operand and axes that all results reduce; null if that is not the form of the kernel.
static const ir::Node* reductionOf(const ir::Function& function, const std::vector<ir::Value>& results,
                                   const std::vector<int>& bufferOf) {
  const ir::Node* first = nullptr;
  for (const ir::Value result : results) {
    const ir::Node* node = function.definition(result);
    if (node == nullptr || bufferOf[static_cast<std::size_t>(result.index)] >= 0) return nullptr;
    if (ir::opInfo(node->op).opClass != ir::OpClass::Reduction) return nullptr;
    if (first == nullptr) first = node;
    if (node->attributes != first->attributes) return nullptr;
    if (function.type(node->operands[0]).shape != function.type(first->operands[0]).shape) return nullptr;
  }
  return first;
}

static bool buildMap(const ir::Function& function, const std::vector<ir::Value>& results, Puller& puller,
                     Kernel& kernel) {
  const ir::Shape& shape = function.type(results[0]).shape;
  if (function.type(results[0]).elementCount() == 0) return true;
  const std::vector<Loop> loops = makeLoops(kernel, shape, {});
  const std::vector<IndexId> position = positionOf(kernel, loops);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ExprId value = puller.pull(results[i], position, {});
    if (!value.isValid()) return false;
    kernel.stores.push_back({value, kernel.operandCount + static_cast<int>(i), storeIndex(kernel, loops)});
  }
  setLoops(kernel, loops);
  return true;
}

static bool buildReduce(const ir::Function& function, const std::vector<ir::Value>& results, const ir::Node& reduction,
                        Puller& puller, Kernel& kernel) {
  const ir::Type& operand = function.type(reduction.operands[0]);
  if (function.type(results[0]).elementCount() == 0) return true;
  // Over nothing: puller gives the identity, stored by a MAP over the result.
  if (operand.elementCount() == 0) return buildMap(function, results, puller, kernel);
  const std::vector<Loop> loops =
      makeLoops(kernel, operand.shape, std::get<ir::ReduceAttributes>(reduction.attributes).axes);
  const std::vector<IndexId> position = positionOf(kernel, loops);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ir::Node& node = *function.definition(results[i]);
    const ExprId value = puller.pull(node.operands[0], position, {});
    if (!value.isValid()) return false;
    kernel.stores.push_back({value, kernel.operandCount + static_cast<int>(i), storeIndex(kernel, loops),
                             node.op == ir::Op::ReduceSum ? ir::Op::Add : ir::Op::Max});
  }
  setLoops(kernel, loops);
  return true;
}

static bool buildContract(const ir::Function& function, const ir::Node& node, Puller& puller, Kernel& kernel) {
  const auto& names = std::get<ir::ContractAttributes>(node.attributes);
  kernel.isContraction = true;
  const auto hasOwnIndex = [&](const std::string& own, const std::string& other) {
    return std::any_of(own.begin(), own.end(), [&](char letter) {
      return other.find(letter) == std::string::npos && names.y.find(letter) != std::string::npos;
    });
  };
  kernel.isVectorProduct = !hasOwnIndex(names.a, names.b) || !hasOwnIndex(names.b, names.a);
  const ir::Type &a = function.type(node.operands[0]), &y = function.type(node.results[0]);
  if (y.elementCount() == 0) return true;
  // The letters of the result, then the summed ones.
  std::string letters = names.y;
  ir::Shape shape = y.shape;
  std::vector<int> reducedAxes;
  for (std::size_t i = 0; i < names.a.size(); ++i) {
    if (names.y.find(names.a[i]) != std::string::npos) continue;
    reducedAxes.push_back(static_cast<int>(letters.size()));
    letters += names.a[i];
    shape.push_back(a.shape[i]);
    // A sum over nothing.
    if (a.shape[i] == 0) return buildMap(function, node.results, puller, kernel);
  }
  const std::vector<Loop> loops = makeLoops(kernel, shape, reducedAxes);
  const auto positionIn = [&](const std::string& operand) {
    std::vector<IndexId> position;
    for (const char letter : operand)
      position.push_back(kernel.body.space.variable(loops[letters.find(letter)].variable));
    return position;
  };
  const ExprId left = puller.pull(node.operands[0], positionIn(names.a), {});
  if (!left.isValid()) return false;
  const ExprId right = puller.pull(node.operands[1], positionIn(names.b), {});
  if (!right.isValid()) return false;
  kernel.stores.push_back(
      {contractionProduct(kernel.body, left, right), kernel.operandCount, storeIndex(kernel, loops)});
  setLoops(kernel, loops);
  return true;
}

std::optional<Kernel> kernelOfBody(const ir::Function& body, std::string& error) {
  Kernel kernel;
  std::vector<int> bufferOf(body.values.size(), -1);
  for (const ir::Value parameter : body.parameters) {
    bufferOf[static_cast<std::size_t>(parameter.index)] = static_cast<int>(kernel.buffers.size());
    kernel.buffers.push_back(body.type(parameter).dtype);
  }
  for (const ir::Value result : body.results) kernel.buffers.push_back(body.type(result).dtype);
  for (const ir::NodeId id : body.body) {
    const auto* constant = std::get_if<ir::ConstAttributes>(&body.node(id).attributes);
    if (constant == nullptr || constant->isSplat) continue;
    const ir::Value value = body.node(id).results[0];
    bufferOf[static_cast<std::size_t>(value.index)] = static_cast<int>(kernel.buffers.size());
    kernel.buffers.push_back(constant->type.dtype);
    kernel.constants.push_back(value);
  }
  kernel.operandCount = static_cast<int>(body.parameters.size());
  kernel.resultCount = static_cast<int>(body.results.size());
  kernel.name = body.name;
  const ir::Node* reduction = reductionOf(body, body.results, bufferOf);
  const ir::Node* root = body.definition(body.results[0]);
  const bool isContraction = body.results.size() == 1 && root != nullptr && root->op == ir::Op::Contract;
  Puller puller(body, kernel.body, std::move(bufferOf));
  const bool isBuilt = isContraction          ? buildContract(body, *root, puller, kernel)
                       : reduction != nullptr ? buildReduce(body, body.results, *reduction, puller, kernel)
                                              : buildMap(body, body.results, puller, kernel);
  kernel.numbers = puller.numbers();
  if (isBuilt) return kernel;
  error = "kernel @" + body.name + ": " + puller.error();
  return std::nullopt;
}

std::optional<Kernel> kernelOfNode(const ir::Function& function, const ir::Node& node, std::string& error) {
  Kernel kernel;
  std::vector<int> bufferOf(function.values.size(), -1);
  for (const ir::Value operand : node.operands) {
    bufferOf[static_cast<std::size_t>(operand.index)] = static_cast<int>(kernel.buffers.size());
    kernel.buffers.push_back(function.type(operand).dtype);
  }
  for (const ir::Value result : node.results) kernel.buffers.push_back(function.type(result).dtype);
  kernel.operandCount = static_cast<int>(node.operands.size());
  kernel.resultCount = static_cast<int>(node.results.size());
  kernel.name = ir::opInfo(node.op).name;
  Puller puller(function, kernel.body, std::move(bufferOf));
  bool isBuilt = false;
  if (node.op == ir::Op::Contract)
    isBuilt = buildContract(function, node, puller, kernel);
  else if (ir::opInfo(node.op).opClass == ir::OpClass::Reduction)
    isBuilt = buildReduce(function, node.results, node, puller, kernel);
  else
    isBuilt = buildMap(function, node.results, puller, kernel);
  kernel.numbers = puller.numbers();
  if (isBuilt) return kernel;
  error = "op `" + kernel.name + "`: " + puller.error();
  return std::nullopt;
}

namespace {

/// Writes a kernel as text. Kernels of equal bodies are built in the same steps, so their numbers agree.
class Description {
 public:
  explicit Description(const Kernel& kernel) : kernel_(kernel), body_(kernel.body), marks_(reachable(kernel)) {}
  std::string write();

 private:
  void add(std::string_view word) { text_.append(word); }
  void add(std::int64_t number) { text_ += ' ' + std::to_string(number); }
  void addIndex(IndexId id);
  void addExpr(ExprId id);
  std::string nameOf(ExprId id) const { return " e" + std::to_string(id.index); }

  const Kernel& kernel_;
  const LoopBody& body_;
  Reachable marks_;
  std::string text_;
};

}  // namespace

void Description::addIndex(IndexId id) {
  add(" [");
  add(body_.space.at(id).constant);
  for (const Term& term : body_.space.at(id).terms) {
    const Atom& atom = body_.space.atom(term.atom);
    add(" +");
    add(term.factor);
    switch (atom.kind) {
      case AtomKind::Variable:
        add(" *i"), add(atom.variable);
        break;
      case AtomKind::Quotient:
        add(" *quotient"), addIndex(atom.argument), add(atom.divisor);
        break;
      case AtomKind::Remainder:
        add(" *remainder"), addIndex(atom.argument), add(atom.divisor);
        break;
      case AtomKind::Loaded:
        add(" *loaded"), add(nameOf(atom.value)), add(atom.hi);
        break;
    }
  }
  add("]");
}

void Description::addExpr(ExprId id) {
  static constexpr const char* kNames[] = {"real",     "number", "integer", "load", "position",
                                           "in_range", "random", "apply",   "fold"};
  const Expr& expr = body_.at(id);
  add(nameOf(id));
  add(" = ");
  add(kNames[static_cast<std::size_t>(expr.kind)]);
  add(" ");
  add(ir::dtypeName(expr.dtype));
  if (expr.kind == ExprKind::Real) add(std::bit_cast<std::int64_t>(expr.real));
  if (expr.kind == ExprKind::Number) add(expr.lo);
  if (expr.kind == ExprKind::Integer || expr.kind == ExprKind::InRange) add(expr.lo), add(expr.hi);
  if (expr.kind == ExprKind::Load) add(" b"), add(expr.buffer);
  if (expr.kind == ExprKind::Apply || expr.kind == ExprKind::Fold) add(" "), add(ir::opInfo(expr.op).name);
  if (expr.op == ir::Op::Compare) add(static_cast<std::int64_t>(expr.predicate));
  for (const int variable : expr.variables) add(" over"), add(variable), add(body_.space.extent(variable));
  for (const ExprId operand : expr.operands) add(nameOf(operand));
  if (expr.index.isValid()) addIndex(expr.index);
  if (expr.guard.isValid()) add(" if"), add(nameOf(expr.guard));
  add("\n");
}

std::string Description::write() {
  add(kernel_.reducedIsInnermost ? "kept, reduced" : "reduced, kept");
  if (kernel_.isContraction) add(kernel_.isVectorProduct ? ", vector product" : ", contraction");
  for (const int variable : kernel_.kept) add(" kept"), add(variable), add(body_.space.extent(variable));
  for (const int variable : kernel_.reduced) add(" reduced"), add(variable), add(body_.space.extent(variable));
  add("\nbuffers");
  add(kernel_.operandCount), add(kernel_.resultCount);
  for (const ir::DType dtype : kernel_.buffers) add(" "), add(ir::dtypeName(dtype));
  add("\n");
  for (int i = 0; i < body_.exprCount(); ++i)
    if (marks_.exprs[static_cast<std::size_t>(i)]) addExpr(ExprId(static_cast<std::size_t>(i)));
  for (const Store& store : kernel_.stores) {
    add("store b");
    add(store.buffer);
    addIndex(store.index);
    add(nameOf(store.value));
    if (kernel_.isReduce()) add(" "), add(ir::opInfo(store.combine).name);
    add("\n");
  }
  return text_;
}

std::string describe(const Kernel& kernel) { return Description(kernel).write(); }

}  // namespace nnc::codegen
