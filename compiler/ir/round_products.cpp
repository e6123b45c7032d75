#include "ir/round_products.h"

#include <algorithm>
#include <map>
#include <string>

#include "ir/builder.h"

namespace nnc::ir {

static bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

bool isMatrixProduct(const ContractAttributes& c) {
  const auto hasOwn = [&](const std::string& own, const std::string& other) {
    return std::any_of(own.begin(), own.end(), [&](char letter) { return !has(other, letter) && has(c.y, letter); });
  };
  const bool sums = std::any_of(c.a.begin(), c.a.end(), [&](char letter) { return !has(c.y, letter); });
  return sums && hasOwn(c.a, c.b) && hasOwn(c.b, c.a);
}

static bool isToRound(const Function& function, const Node& node) {
  return node.op == Op::Contract && function.type(node.results[0]).dtype == DType::F32 &&
         function.type(node.operands[0]).dtype == DType::F32 &&
         isMatrixProduct(std::get<ContractAttributes>(node.attributes));
}

static void roundProducts(Module& module, FunctionId id) {
  Builder builder(module, id);
  std::vector<NodeId> body;
  body.swap(builder.function().body);
  std::map<int, Value> rounded;  // by value: each is cast once
  for (const NodeId node : body) {
    const Node original = builder.function().node(node);
    if (isToRound(builder.function(), original)) {
      builder.setLocation(original.span, original.scope);
      for (std::size_t i = 0; i < original.operands.size(); ++i) {
        Value& known = rounded[original.operands[i].index];
        if (!known.isValid()) known = builder.cast(original.operands[i], DType::BF16);
        builder.function().node(node).operands[i] = known;
      }
    }
    builder.function().body.push_back(node);
  }
  builder.function().plan.reset();
}

void roundProducts(Module& module) {
  for (std::size_t i = 0; i < module.functions.size(); ++i) roundProducts(module, FunctionId(i));
}

}  // namespace nnc::ir
