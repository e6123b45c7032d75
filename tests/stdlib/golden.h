// What PyTorch says of every case: golden/TOPIC.txt, written by make_goldens.py. Lines:
//
//   case NAME train|eval [pointwise]        the lines up to the next one belong to it
//   in NAME SEED SCALE SHIFT                an argument: the numbers of `pseudoRandom`
//   in NAME = V V V ..                      an argument, element by element
//   out NAME STRIDE LARGEST = V V V ..      a result: every STRIDE-th element; LARGEST is the largest |element| of all
//   grad NAME STRIDE LARGEST = V V V ..     the derivative of the loss by an argument
//   step T = V V V ..                       an optimizer: the parameter after step T
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace nnc::stdlib_tests {

struct GoldenInput {
  std::string name;
  bool isListed = false;
  std::vector<double> values;  // when listed
  std::uint32_t seed = 0;
  double scale = 1, shift = 0;
};

struct GoldenOutput {
  std::string name;
  std::int64_t stride = 1;
  double largest = 0;
  std::vector<double> values;
};

struct GoldenCase {
  std::string name;
  bool isTraining = true;
  bool isPointwise = false;  // outputs are compared element by element, not relative to the largest
  std::vector<GoldenInput> inputs;
  std::vector<GoldenOutput> outputs, gradients;
  std::vector<std::vector<double>> steps;
};

/// The cases of a file. A line that is none of the above stops the program with its number.
std::vector<GoldenCase> readGolden(const std::string& path);

/// Numbers in [shift - scale, shift + scale), rounded to f32; integer tensors take floor(scale * u) + shift with u in
/// [0, 1). u is the 32-bit finaliser of MurmurHash3 on element and seed. make_goldens.py has it a second time.
ir::Tensor pseudoRandom(const ir::Type& type, std::uint32_t seed, double scale, double shift);

}  // namespace nnc::stdlib_tests
