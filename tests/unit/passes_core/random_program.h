// Small random programs, valid by construction, full of the patterns that the passes look for.
#pragma once
#include <cstdint>
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::test {

struct RandomProgram {
  ir::Module module;
  ir::FunctionId main;
  std::vector<ir::Tensor> arguments;
};

struct ProgramOptions {
  int nodes = 40;
  bool onlyF64 = false;       // f64 is the only float
  bool withGradient = false;  // main returns a scalar and its derivatives, through a gradient call
};

/// The same program for the same seed, on every machine.
RandomProgram randomProgram(std::uint64_t seed, const ProgramOptions& options = {});

/// The results of main.
std::vector<ir::Tensor> evaluateMain(const RandomProgram& program);
/// Whether the elements have the same bits; NaNs are equal to one another.
bool haveSameBits(const std::vector<ir::Tensor>& a, const std::vector<ir::Tensor>& b);

}  // namespace nnc::test
