// The same program in another float precision: how tests ask what an f32 program would give in f64.
#pragma once
#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::ir {

/// A copy of the module in which the float dtype `from` is `to` everywhere: values, constants, draws, casts. Function
/// ids, value indices and names stay; memory plans are dropped. Draws of `random` are the same numbers.
Module convertPrecision(const Module& module, DType from, DType to);

/// The same for one function, in place. What it calls must be converted, too.
void convertPrecision(Function& function, DType from, DType to);

/// The elements of `tensor` in another dtype, as op `cast` gives them.
Tensor convertTensor(const Tensor& tensor, DType dtype);

}  // namespace nnc::ir
