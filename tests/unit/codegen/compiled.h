// What the tests of codegen share: a trivial memory plan, compiling and running a function, comparing tensors.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "codegen/backend.h"
#include "ir/builder.h"
#include "ir/tensor.h"

namespace nnc::codegen::test {

/// The plug-in's backend, made once.
Backend& backend();

/// A plan without any sharing: every value has its own place. For `function` and the bodies of its scans.
void planTrivially(ir::Module& module, ir::FunctionId function);

/// Compiles and runs a planned function. A failure to compile fails the test and gives no results.
std::vector<ir::Tensor> runCompiled(const ir::Module& module, ir::FunctionId function,
                                    const std::vector<ir::Tensor>& arguments, const Options& options = {});

/// Builds a one-function module: `build` appends to the builder, adding parameters and results.
struct Program {
  ir::Module module;
  ir::FunctionId function;
};
Program program(const std::function<void(ir::Builder&)>& build);

/// Fresh values for every parameter, the same ones for the same seed: floats in [-4, 4) with some of the special
/// ones (`special` of 8: zeros, infinities, NaN, ones), integers over their whole range or small, bools.
std::vector<ir::Tensor> inputs(const Program& program, std::uint64_t seed, int special = 0);

/// Compiled == evaluated, bit for bit (any NaN equals any NaN).
void expectExact(Program program, std::uint64_t seed = 1, int special = 0, const Options& options = {});
/// Compiled ~ evaluated: |a - b| <= absolute + relative * |b|, elementwise.
void expectClose(Program program, double relative, double absolute, std::uint64_t seed = 1,
                 const Options& options = {});
void expectSame(const ir::Tensor& actual, const ir::Tensor& expected, const std::string& what);

}  // namespace nnc::codegen::test
