// The cheapest canonical form of each contraction, found by trying all of them.
#include "passes/assign_layouts.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"
#include "passes/fuse_rules.h"
#include "passes/layout_convolutions.h"
#include "passes/layout_rewrites.h"

namespace nnc::passes {

namespace {

/// The letters of a contraction by the operands that hold them, each in the order of its first holder.
struct Groups {
  std::string batch, m, n, k;
};

/// A canonical form to aim at and what it costs to get there.
struct Form {
  ir::ContractAttributes letters;  // of the product, after a swap of the operands if `isSwapped`
  bool isSwapped = false;
  double cost = 0.0;
};

/// What a transpose of each tensor costs.
struct TransposeCosts {
  double a = 0.0, b = 0.0, y = 0.0;
};

}  // namespace

static bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

static Groups groupsOf(const ir::ContractAttributes& c) {
  Groups groups;
  for (const char letter : c.a) {
    const bool inB = has(c.b, letter), inY = has(c.y, letter);
    (inB && inY ? groups.batch : inB ? groups.k : groups.m) += letter;
  }
  for (const char letter : c.b)
    if (!has(c.a, letter)) groups.n += letter;
  return groups;
}

/// The letters of `group` in the order in which `holder` has them.
static std::string ordered(const std::string& group, const std::string& holder) {
  std::string result;
  for (const char letter : holder)
    if (has(group, letter)) result += letter;
  return result;
}

/// The different orders that the holders of a group have, the first holder's first.
static std::vector<std::string> orders(const std::string& group, std::initializer_list<const std::string*> holders) {
  std::vector<std::string> result;
  for (const std::string* holder : holders) {
    std::string order = ordered(group, *holder);
    if (std::find(result.begin(), result.end(), order) == result.end()) result.push_back(std::move(order));
  }
  return result;
}

/// A transpose that keeps the last axis moves whole rows.
static double costOf(const std::string& from, const std::string& to, double transposeCost) {
  if (from == to) return 0.0;
  return from.back() == to.back() ? transposeCost : 1.5 * transposeCost;
}

/// Forms of one assignment of roles: `c.a` gives the rows of the result, `c.b` its columns.
static void tryForms(const ir::ContractAttributes& c, const TransposeCosts& costs, bool isSwapped, Form* best) {
  const Groups groups = groupsOf(c);
  for (const std::string& batch : orders(groups.batch, {&c.a, &c.b, &c.y}))
    for (const std::string& m : orders(groups.m, {&c.a, &c.y}))
      for (const std::string& n : orders(groups.n, {&c.b, &c.y}))
        for (const std::string& k : orders(groups.k, {&c.a, &c.b}))
          for (const std::string& a : {batch + m + k, batch + k + m})
            for (const std::string& b : {batch + k + n, batch + n + k}) {
              const std::string y = batch + m + n;
              const double cost = costOf(c.a, a, costs.a) + costOf(c.b, b, costs.b) + costOf(y, c.y, costs.y);
              if (cost < best->cost) *best = {{a, b, y}, isSwapped, cost};
            }
}

/// A transpose of a value that a kernel computes is an index map of that kernel; of anything else it is a copy.
static bool isComputedByKernel(const ir::Function& function, ir::Value value) {
  const ir::Node* node = function.definition(value);
  if (node == nullptr) return false;
  switch (ir::opInfo(node->op).opClass) {
    case ir::OpClass::Elementwise:
    case ir::OpClass::Data:
      return node->op != ir::Op::Scatter && node->op != ir::Op::Unwindow;
    case ir::OpClass::View:
      return node->op != ir::Op::Reshape || isComputedByKernel(function, node->operands[0]);
    case ir::OpClass::Constant:
      return node->op != ir::Op::Const;
    case ir::OpClass::Reduction:
    case ir::OpClass::Contraction:
    case ir::OpClass::Region:
      return false;
  }
  return false;
}

static double transposeCost(const ir::Function& function, ir::Value value, const std::vector<int>& uses) {
  // Reading in another order is slower than reading in order, but far cheaper than one more pass over memory.
  const bool folds = isComputedByKernel(function, value) && uses[value.index] == 1;
  const double bytes = static_cast<double>(function.type(value).byteCount());
  return 1.0 + bytes * (folds ? 1.0 : 4.0);
}

static std::vector<int> permutation(const std::string& from, const std::string& to) {
  std::vector<int> perm;
  for (const char letter : to) perm.push_back(static_cast<int>(from.find(letter)));
  return perm;
}

/// `value`, whose axes are named `from`, with its axes in the order `to` has, and spread over `shape` (named `to`).
static ir::Value spread(ir::Builder& builder, ir::Value value, const std::string& from, const std::string& to,
                        const ir::Shape& shape) {
  const std::string own = ordered(from, to);
  std::vector<int> dims;
  for (const char letter : own) dims.push_back(static_cast<int>(to.find(letter)));
  return builder.broadcast(builder.transpose(value, permutation(from, own)), shape, std::move(dims));
}

namespace {

/// Rewrites one function.
class Assigner {
 public:
  Assigner(ir::Module& module, ir::FunctionId id)
      : builder_(module, id), replacements_(module.function(id)), uses_(module.function(id).values.size(), 0) {}
  void run();

 private:
  ir::Function& function() { return builder_.function(); }
  ir::Value rewritten(const ir::Node& node);
  ir::Value asProduct(ir::Value a, ir::Value b, const ir::ContractAttributes& c);
  ir::Value asMatrixProduct(ir::Value a, ir::Value b, const ir::ContractAttributes& c);
  ir::Value turned(ir::Value value, std::vector<int> perm);
  double costToTurn(ir::Value value);

  ir::Builder builder_;
  ir::Replacements replacements_;
  std::vector<int> uses_;  // by value; values made here have no entry
  std::map<std::pair<int, std::vector<int>>, ir::Value> turned_;
};

}  // namespace

/// A transpose that was not made before.
ir::Value Assigner::turned(ir::Value value, std::vector<int> perm) {
  ir::Value& known = turned_[{value.index, perm}];
  if (!known.isValid()) known = builder_.transpose(value, std::move(perm));
  return known;
}

double Assigner::costToTurn(ir::Value value) {
  // Values made by this pass are transposes that fold into kernels.
  return static_cast<std::size_t>(value.index) < uses_.size() ? transposeCost(function(), value, uses_) : 1.0;
}

/// A contraction with nothing to share in a matrix product: elementwise products, and their sums for dot products.
ir::Value Assigner::asProduct(ir::Value a, ir::Value b, const ir::ContractAttributes& c) {
  const std::string k = groupsOf(c).k;
  const std::string all = c.y + k;
  ir::Shape shape;
  for (const char letter : all) {
    const bool inA = has(c.a, letter);
    const std::size_t axis = inA ? c.a.find(letter) : c.b.find(letter);
    shape.push_back(builder_.type(inA ? a : b).shape[axis]);
  }
  // Products of bf16 are exact in f32.
  const auto widened = [&](ir::Value x) {
    return builder_.type(x).dtype == ir::DType::BF16 ? builder_.cast(x, ir::DType::F32) : x;
  };
  const ir::Value left = spread(builder_, widened(a), c.a, all, shape);
  const ir::Value right = spread(builder_, widened(b), c.b, all, shape);
  const ir::Value product = builder_.mul(left, right);
  std::vector<int> axes(k.size());
  std::iota(axes.begin(), axes.end(), static_cast<int>(c.y.size()));
  return builder_.reduceSum(product, std::move(axes));
}

ir::Value Assigner::asMatrixProduct(ir::Value a, ir::Value b, const ir::ContractAttributes& c) {
  ir::Shape yShape;
  for (const char letter : c.y)
    yShape.push_back(has(c.a, letter) ? builder_.type(a).shape[c.a.find(letter)]
                                      : builder_.type(b).shape[c.b.find(letter)]);
  const ir::Type yType{builder_.type(a).dtype, std::move(yShape)};
  const TransposeCosts costs{costToTurn(a), costToTurn(b), 1.0 + 2.0 * static_cast<double>(yType.byteCount())};
  Form best;
  best.cost = 1e300;
  tryForms(c, costs, /*isSwapped=*/false, &best);
  tryForms({c.b, c.a, c.y}, {costs.b, costs.a, costs.y}, /*isSwapped=*/true, &best);
  std::string lettersA = c.a, lettersB = c.b;
  if (best.isSwapped) {
    std::swap(a, b);
    std::swap(lettersA, lettersB);
  }
  const ir::Value left = turned(a, permutation(lettersA, best.letters.a));
  const ir::Value right = turned(b, permutation(lettersB, best.letters.b));
  const ir::Value product = builder_.contract(left, right, best.letters.a, best.letters.b, best.letters.y);
  return builder_.transpose(product, permutation(best.letters.y, c.y));
}

/// What stands for the result of `node` from here on; invalid: the node stays.
ir::Value Assigner::rewritten(const ir::Node& node) {
  if (ir::opInfo(node.op).opClass == ir::OpClass::Reduction) return reduceUnmerged(builder_, node);
  if (node.op == ir::Op::Unwindow) return placeWindows(builder_, node);
  if (node.op != ir::Op::Contract) return {};
  const auto& letters = std::get<ir::ContractAttributes>(node.attributes);
  const Groups groups = groupsOf(letters);
  for (const ir::Value operand : node.operands)
    if (isReadThroughWindow(function(), node, operand)) return {};
  const ir::Value a = node.operands[0], b = node.operands[1];
  const bool isDot = groups.m.empty() && groups.n.empty();
  return groups.k.empty() || isDot ? asProduct(a, b, letters) : asMatrixProduct(a, b, letters);
}

void Assigner::run() {
  for (const ir::NodeId node : function().body)
    for (const ir::Value operand : function().node(node).operands) ++uses_[operand.index];
  for (const ir::Value result : function().results) ++uses_[result.index];
  std::vector<ir::NodeId> body;
  body.swap(function().body);
  for (const ir::NodeId id : body) {
    replacements_.applyTo(function().node(id).operands);
    const ir::Node node = function().node(id);
    builder_.setLocation(node.span, node.scope);
    const ir::Value replacement = rewritten(node);
    if (replacement.isValid())
      replacements_.replace(node.results[0], replacement);
    else
      function().body.push_back(id);
  }
  replacements_.applyTo(function().results);
  function().plan.reset();
}

bool assignLayouts(ir::Module& module, Diagnostics& /*diagnostics*/) {
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    convolveBack(module, ir::FunctionId(i));
    Assigner(module, ir::FunctionId(i)).run();
  }
  return true;
}

}  // namespace nnc::passes
