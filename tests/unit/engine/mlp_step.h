// A training step built by hand: what elaboration makes of a multi-layer perceptron with cross entropy and Adam.
#pragma once
#include <cstdint>
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::tests {

struct MlpStep {
  ir::Module module;
  ir::FunctionId step;  // (w, b.., m.., v.., x, labels, step) -> (w', b'.., m'.., v'.., loss), updated in place
  std::vector<std::int64_t> widths;
  std::int64_t batch = 0;
};

/// `widths` from the input to the classes; relu between layers.
MlpStep mlpStep(const std::vector<std::int64_t>& widths, std::int64_t batch);

/// Parameters as He normal would draw them (seeded), moments 0, a batch of random images with random labels, step 1.
std::vector<ir::Tensor> mlpArguments(const MlpStep& mlp, std::uint64_t seed);

}  // namespace nnc::tests
