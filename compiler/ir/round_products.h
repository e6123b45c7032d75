// Mixed precision: the matrix products of a program in bf16, everything else in f32.
#pragma once
#include "ir/module.h"

namespace nnc::ir {

/// Whether a contraction is a matrix product (or a convolution): it sums over an index, and each operand has an index
/// of the result that the other one lacks. Dot products, weighted sums and outer products are not.
bool isMatrixProduct(const ContractAttributes& letters);

/// Rounds the operands of every matrix product in f32 to bf16 (to nearest, ties to even). The result stays f32.
///
///     %y = contract %x, %w        =>      %a = cast %x : bf16
///                                         %b = cast %w : bf16
///                                         %y = contract %a, %b
///
/// Products of two bf16 are exact in f32, in which they are summed. Derivatives of such a contraction are of the same
/// kind: the derivative by its result is rounded, those by its operands are f32 and pass the casts unrounded.
/// The mixed precision of Micikevicius et al. 2018 (arXiv 1710.03740), without its loss scaling: bf16 has the range of
/// f32 (Kalamkar et al. 2019, arXiv 1905.12322).
void roundProducts(Module& module);

}  // namespace nnc::ir
