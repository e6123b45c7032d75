#include "ir/numbers.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "ir/call_graph.h"

namespace nnc::ir {

bool holdsNumber(const Node& node) {
  if (node.op == Op::Random) return true;
  const auto* constant = std::get_if<ConstAttributes>(&node.attributes);
  if (constant == nullptr || !constant->isSplat || !isFloat(constant->type.dtype)) return false;
  const double value = constant->reals[0];
  const bool isNormal =
      constant->type.dtype == DType::F64 ? std::isnormal(value) : std::isnormal(static_cast<float>(value));
  return isNormal && std::fabs(value) != 1.0;
}

DType numberType(const Node& node) {
  if (node.op == Op::Random) return DType::I64;
  const DType dtype = std::get<ConstAttributes>(node.attributes).type.dtype;
  return dtype == DType::F64 ? DType::F64 : DType::F32;
}

void NumberTable::add(const Node& node) {
  std::uint64_t bits = 0;
  if (const auto* random = std::get_if<RandomAttributes>(&node.attributes)) {
    bits = random->key;
  } else {
    const double value = std::get<ConstAttributes>(node.attributes).reals[0];
    bits = numberType(node) == DType::F64 ? std::bit_cast<std::uint64_t>(value)
                                          : std::bit_cast<std::uint32_t>(static_cast<float>(value));
  }
  // The low bytes first, where a load of 4 bytes finds an f32: code is made for little-endian machines only.
  static_assert(std::endian::native == std::endian::little && sizeof bits == kBytesPerNumber);
  const std::size_t end = bytes_.size();
  bytes_.resize(end + sizeof bits);
  std::memcpy(bytes_.data() + end, &bits, sizeof bits);
}

NumberTable::NumberTable(const Module& module, const std::vector<FunctionId>& entries) {
  for (const FunctionId id : reachedFrom(module, entries)) {
    const Function& function = module.function(id);
    for (const NodeId node : function.body) {
      if (!holdsNumber(function.node(node))) continue;
      offsets_[{id, node}] = static_cast<std::int64_t>(bytes_.size());
      add(function.node(node));
    }
  }
}

}  // namespace nnc::ir
