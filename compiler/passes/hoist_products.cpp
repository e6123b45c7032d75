#include "passes/hoist_products.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/call_graph.h"
#include "ir/edit.h"
#include "passes/rewrite_scans.h"

namespace nnc::passes {

using ir::FunctionId;
using ir::NodeId;
using ir::Value;

namespace {

class ProductsOfScan {
 public:
  ProductsOfScan(ir::Builder& builder, const ir::Node& scan)
      : builder_(builder),
        scan_(scan),
        attributes_(std::get<ir::ScanAttributes>(scan.attributes)),
        body_(builder.module().function(attributes_.body)) {}

  /// The results of the scan as they are now. Empty: nothing to do.
  std::optional<std::vector<Value>> run();

 private:
  std::optional<std::size_t> parameterOf(Value value) const;
  bool isInput(std::size_t parameter) const {
    return static_cast<int>(parameter) >= attributes_.carries &&
           static_cast<int>(parameter) < attributes_.carries + attributes_.xs;
  }
  std::optional<Value> wholeOf(const ir::Node& product);
  Value addInput(const ir::Type& type);

  ir::Builder& builder_;
  ir::Node scan_;  // a copy: nodes move while the builder appends
  ir::ScanAttributes attributes_;
  ir::Function body_;  // the body as it becomes
};

std::optional<std::size_t> ProductsOfScan::parameterOf(Value value) const {
  const auto found = std::find(body_.parameters.begin(), body_.parameters.end(), value);
  if (found == body_.parameters.end()) return std::nullopt;
  return static_cast<std::size_t>(found - body_.parameters.begin());
}

/// The product for all steps, appended in front of the scan. Empty: it is none of inputs, or too large.
std::optional<Value> ProductsOfScan::wholeOf(const ir::Node& product) {
  constexpr std::int64_t kMostTimesCarries = 8;
  constexpr std::size_t kMostAxes = 8;
  const std::optional<std::size_t> a = parameterOf(product.operands[0]), b = parameterOf(product.operands[1]);
  const auto isCarry = [&](std::size_t parameter) { return static_cast<int>(parameter) < attributes_.carries; };
  if (!a || !b || isCarry(*a) || isCarry(*b) || (!isInput(*a) && !isInput(*b))) return std::nullopt;
  std::int64_t carried = 0;
  for (int i = 0; i < attributes_.carries; ++i)
    carried += body_.type(body_.parameters[static_cast<std::size_t>(i)]).elementCount();
  const auto& letters = std::get<ir::ContractAttributes>(product.attributes);
  const std::size_t rank = std::max({letters.a.size(), letters.b.size(), letters.y.size()}) + 1;
  if (body_.type(product.results[0]).elementCount() > kMostTimesCarries * carried || rank > kMostAxes)
    return std::nullopt;
  char step = 'a';
  while ((letters.a + letters.b + letters.y).find(step) != std::string::npos) ++step;
  const auto inAll = [&](std::size_t parameter, const std::string& axes) {
    return isInput(parameter) ? step + axes : axes;
  };
  builder_.setLocation(product.span, product.scope);
  return builder_.contract(scan_.operands[*a], scan_.operands[*b], inAll(*a, letters.a), inAll(*b, letters.b),
                           step + letters.y);
}

/// One more slice that a step gets, behind the others.
Value ProductsOfScan::addInput(const ir::Type& type) {
  const Value value(body_.values.size());
  const auto at = static_cast<std::ptrdiff_t>(attributes_.carries + attributes_.xs);
  body_.values.push_back({type, NodeId(), 0});
  body_.parameters.insert(body_.parameters.begin() + at, value);
  body_.parameterNames.insert(body_.parameterNames.begin() + at, "");
  for (std::size_t i = 0; i < body_.parameters.size(); ++i)
    body_.values[static_cast<std::size_t>(body_.parameters[i].index)].resultIndex = static_cast<int>(i);
  return value;
}

std::optional<std::vector<Value>> ProductsOfScan::run() {
  std::vector<std::pair<NodeId, Value>> products;  // of the body, and the whole in front of the scan
  for (const NodeId id : body_.body)
    if (body_.node(id).op == ir::Op::Contract)
      if (const std::optional<Value> whole = wholeOf(body_.node(id))) products.emplace_back(id, *whole);
  if (products.empty()) return std::nullopt;

  std::vector<Value> operands = scan_.operands;
  ir::Replacements replacements(body_);
  for (const auto& [id, whole] : products) {
    const Value result = body_.node(id).results[0];
    const ir::Type type = body_.type(result);
    operands.insert(operands.begin() + attributes_.carries + attributes_.xs, whole);
    replacements.replace(result, addInput(type));
    ++attributes_.xs;
  }
  for (const NodeId id : body_.body) replacements.applyTo(body_.node(id).operands);
  replacements.applyTo(body_.results);
  ir::dropDeadNodes(body_);
  ir::Module& module = builder_.module();
  body_.name = ir::freshFunctionName(module, body_.name);
  attributes_.body = module.addFunction(body_.name);
  module.function(attributes_.body) = body_;
  builder_.setLocation(scan_.span, scan_.scope);
  return builder_.scan(attributes_, std::move(operands));
}

}  // namespace

bool hoistProducts(ir::Module& module, Diagnostics&) {
  const std::vector<bool> calledBefore = ir::calledFunctions(module);
  for (const FunctionId id : ir::calleesFirst(module))
    rewriteScans(module, id,
                 [](ir::Builder& builder, const ir::Node& scan) { return ProductsOfScan(builder, scan).run(); });
  ir::clearUncalled(module, calledBefore);
  return true;
}

}  // namespace nnc::passes
