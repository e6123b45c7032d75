// The rule that fuse keeps and code generation relies on: a kernel has one of two forms.
#pragma once
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

/// Everything that is wrong with the kernel bodies of a module, in words; empty: sound. Each entry starts with the name
/// of the kernel.
///
/// MAP: no reduction, every result of one shape. REDUCE: every result a reduction, all of one operand shape and over
/// the same axes, and no other reduction. Contractions, scatters, unwindows, scans, calls and dense constants stand
/// outside of kernels.
std::vector<std::string> checkKernels(const ir::Module& module);

}  // namespace nnc::passes
