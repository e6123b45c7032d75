#include "ir/convert_precision.h"

#include <cassert>

namespace nnc::ir {

static void convertElements(ConstAttributes& constant) {
  Tensor element(Type{constant.type.dtype, {}});
  for (double& real : constant.reals) {
    element.setReal(0, real);
    real = element.real(0);
  }
}

static void convertAttributes(Attributes& attributes, DType from, DType to) {
  if (auto* constant = std::get_if<ConstAttributes>(&attributes); constant && constant->type.dtype == from) {
    constant->type.dtype = to;
    convertElements(*constant);
  }
  if (auto* random = std::get_if<RandomAttributes>(&attributes); random && random->type.dtype == from)
    random->type.dtype = to;
  if (auto* cast = std::get_if<CastAttributes>(&attributes); cast && cast->dtype == from) cast->dtype = to;
}

void convertPrecision(Function& function, DType from, DType to) {
  assert(isFloat(from) && isFloat(to) && "float dtypes");
  function.plan.reset();
  for (ValueInfo& value : function.values)
    if (value.type.dtype == from) value.type.dtype = to;
  for (Node& node : function.nodes) convertAttributes(node.attributes, from, to);
}

Module convertPrecision(const Module& module, DType from, DType to) {
  Module converted = module;
  for (Function& function : converted.functions) convertPrecision(function, from, to);
  return converted;
}

Tensor convertTensor(const Tensor& tensor, DType dtype) {
  Tensor converted(Type{dtype, tensor.type.shape});
  const std::int64_t count = tensor.type.elementCount();
  const bool isReal = isFloat(tensor.type.dtype);
  for (std::int64_t i = 0; i < count; ++i) {
    if (isReal)
      converted.setReal(i, tensor.real(i));
    else
      converted.setInteger(i, tensor.integer(i));
  }
  return converted;
}

}  // namespace nnc::ir
