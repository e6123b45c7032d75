#include "passes/hoist_products.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"
#include "passes/rewrite_scans.h"

namespace nnc::passes {

using ir::NodeId;
using ir::Value;

namespace {

class ProductsOfScan : ScanParts {
 public:
  using ScanParts::ScanParts;
  /// The results of the scan as they are now. Empty: nothing to do.
  std::optional<std::vector<Value>> run();

 private:
  std::optional<Value> wholeOf(const ir::Node& product);
  Value addInput(const ir::Type& type);
};

/// The product for all steps, appended in front of the scan. Empty: it is none of inputs, or too large.
std::optional<Value> ProductsOfScan::wholeOf(const ir::Node& product) {
  constexpr std::int64_t kMostTimesCarries = 8;
  constexpr std::size_t kMostAxes = 8;
  const std::optional<std::size_t> a = parameterOf(product.operands[0]), b = parameterOf(product.operands[1]);
  if (!a || !b || isCarry(*a) || isCarry(*b) || (!isInput(*a) && !isInput(*b))) return std::nullopt;
  std::int64_t carried = 0;
  for (int i = 0; i < attributes.carries; ++i)
    carried += body.type(body.parameters[static_cast<std::size_t>(i)]).elementCount();
  const auto& letters = std::get<ir::ContractAttributes>(product.attributes);
  const std::size_t rank = std::max({letters.a.size(), letters.b.size(), letters.y.size()}) + 1;
  if (body.type(product.results[0]).elementCount() > kMostTimesCarries * carried || rank > kMostAxes)
    return std::nullopt;
  const char step = freeLetter(letters);
  const auto inAll = [&](std::size_t parameter, const std::string& axes) {
    return isInput(parameter) ? step + axes : axes;
  };
  builder.setLocation(product.span, product.scope);
  return builder.contract(scan.operands[*a], scan.operands[*b], inAll(*a, letters.a), inAll(*b, letters.b),
                          step + letters.y);
}

/// One more slice that a step gets, behind the others.
Value ProductsOfScan::addInput(const ir::Type& type) {
  const Value value(body.values.size());
  const auto at = static_cast<std::ptrdiff_t>(attributes.carries + attributes.xs);
  body.values.push_back({type, NodeId(), 0});
  body.parameters.insert(body.parameters.begin() + at, value);
  body.parameterNames.insert(body.parameterNames.begin() + at, "");
  for (std::size_t i = 0; i < body.parameters.size(); ++i)
    body.values[static_cast<std::size_t>(body.parameters[i].index)].resultIndex = static_cast<int>(i);
  return value;
}

std::optional<std::vector<Value>> ProductsOfScan::run() {
  std::vector<std::pair<NodeId, Value>> products;  // of the body, and the whole in front of the scan
  for (const NodeId id : body.body)
    if (body.node(id).op == ir::Op::Contract)
      if (const std::optional<Value> whole = wholeOf(body.node(id))) products.emplace_back(id, *whole);
  if (products.empty()) return std::nullopt;

  std::vector<Value> operands = scan.operands;
  ir::Replacements replacements(body);
  for (const auto& [id, whole] : products) {
    const Value result = body.node(id).results[0];
    const ir::Type type = body.type(result);
    operands.insert(operands.begin() + attributes.carries + attributes.xs, whole);
    replacements.replace(result, addInput(type));
    ++attributes.xs;
  }
  for (const NodeId id : body.body) replacements.applyTo(body.node(id).operands);
  replacements.applyTo(body.results);
  ir::dropDeadNodes(body);
  attributes.body = addBody();
  builder.setLocation(scan.span, scan.scope);
  return builder.scan(attributes, std::move(operands));
}

}  // namespace

bool hoistProducts(ir::Module& module, Diagnostics&) {
  rewriteScans(module, [](ir::Builder& builder, const ir::Node& scan) { return ProductsOfScan(builder, scan).run(); });
  return true;
}

}  // namespace nnc::passes
