// The OpDB: for every op, operands and attributes to try it with. The tests of tests/ops are generated from it: the
// evaluator against NumPy, text there and back, derivatives against finite differences, compiled code against the
// evaluator. An op without samples does not link.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::ops {

/// How the elements of an operand are chosen. Always the same ones: the seed is the name of op, sample and operand.
struct Fill {
  enum class Kind : std::uint8_t {
    Uniform,   // anywhere in [low, high]; whole numbers for integers, either for bool
    Distinct,  // no two alike: a shuffled ladder of steps 1/16 around 0, moved by `low`
    Fraction,  // whole numbers from low to high, plus a fraction in [0.3, 0.7]: away from every integer
    Listed,    // `values` in turn
  };
  Kind kind = Kind::Uniform;
  double low = -2.0, high = 2.0;
  std::vector<double> values;
};
Fill uniform(double low, double high);
Fill distinct(double moved = 0.0);
Fill fraction(double low, double high);
Fill listed(std::vector<double> values);

struct Operand {
  ir::Type type;
  Fill fill;
};

struct Sample {
  std::string name;  // one of its kind within the op: types, and a note where these do not tell
  std::vector<Operand> operands;
  ir::Attributes attributes;
  /// Functions that a region runs, as IR text. The attributes name them by position: functions[0] has id 0.
  std::string functions;
  /// What make_golden.py calls the region.
  std::string region;
  /// Not to be held against finite differences: at a kink, next to overflow, or not a function of reals. Says why.
  std::string notSmooth;
};

/// How closely two right implementations of an op agree on floats.
enum class Agreement : std::uint8_t {
  Bits,      // one result is right
  Function,  // a function that is not rounded correctly: some ulps
  Sum,       // a sum whose order may differ: K * u * sum |terms|
};

struct Row {
  ir::Op op = ir::Op::Const;
  Agreement agreement = Agreement::Bits;
  /// For each operand, whether a derivative flows to it. Held against the table of ir/gradient_flow.h. Operands beyond
  /// the end are like the last.
  std::vector<bool> differentiable;
  std::vector<Sample> samples;
};

/// One function per row of ops.def.
namespace rows {
#define NNC_OP(NAME, ...) Row NAME();
#include "ir/ops.def"
#undef NNC_OP
}  // namespace rows

/// The rows of all ops, in the order of ops.def.
const std::vector<Row>& allRows();

/// `add/f32[17], f32[17]`.
std::string idOf(const Row& row, const Sample& sample);

/// A module whose last function is `f`: the operands are its parameters, the results of the op are its results.
ir::Module makeModule(const Row& row, const Sample& sample);
ir::FunctionId entryOf(const ir::Module& module);
std::vector<ir::Tensor> makeInputs(const Row& row, const Sample& sample);

/// The sample as one line of JSON: what make_golden.py reads.
std::string toJson(const Row& row, const Sample& sample);

}  // namespace nnc::ops
