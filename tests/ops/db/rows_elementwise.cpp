// Samples of constants and elementwise ops.
#include <limits>

#include "db/helpers.h"

namespace nnc::ops::rows {

using ir::CompareAttributes;
using ir::Predicate;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

static Sample noted(Sample sample, std::string why) {
  sample.notSmooth = std::move(why);
  return sample;
}

Row Const() {
  Row row;
  row.differentiable = {false};
  const auto add = [&](Type type, bool isSplat, std::vector<double> reals, std::vector<std::int64_t> integers) {
    ir::ConstAttributes a{type, isSplat, std::move(reals), std::move(integers)};
    row.samples.push_back(sampleOf({}, a, toString(type) + (isSplat ? "; splat" : "")));
  };
  for (const Shape& shape : kShapes) {
    add({DType::F32, shape}, true, {0.5}, {});
    add({DType::I32, shape}, true, {}, {-7});
  }
  for (const DType dtype : kFloats) {
    add({dtype, {6}}, false, {0.0, -0.0, 0.25, kInfinity, -kInfinity, kNaN}, {});
    add({dtype, {2, 3}}, false, {1, 2, 3, 4, 5, 6}, {});
    add({dtype, {0, 4}}, false, {}, {});
  }
  add({DType::BF16, {3}}, false, {1, -2.5, 0.0078125}, {});
  add({DType::I8, {3}}, false, {}, {-128, 0, 127});
  add({DType::U8, {3}}, false, {}, {0, 128, 255});
  add({DType::I64, {2}}, false, {},
      {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
  add({DType::Bool, {3}}, false, {}, {1, 0, 1});
  return row;
}

Row Iota() {
  Row row;
  row.differentiable = {false};
  for (const DType dtype : {DType::I32, DType::I64})
    for (const Shape& shape : kShapes)
      for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis)
        row.samples.push_back(sampleOf({}, ir::IotaAttributes{{dtype, shape}, axis},
                                       toString(Type{dtype, shape}) + " along " + std::to_string(axis)));
  return row;
}

Row Random() {
  Row row;
  row.differentiable = {false};
  const Type scalar{DType::I64, {}};
  const auto add = [&](Type type, std::uint64_t key, double seed, double counter) {
    const std::string note = toString(type) + " key " + std::to_string(key) + " seed " +
                             std::to_string(static_cast<std::int64_t>(seed)) + " counter " +
                             std::to_string(static_cast<std::int64_t>(counter));
    row.samples.push_back(
        sampleOf({{scalar, listed({seed})}, {scalar, listed({counter})}}, ir::RandomAttributes{type, key}, note));
  };
  for (const DType dtype : {DType::F32, DType::F64, DType::I32})
    for (const Shape& shape : kShapes) add({dtype, shape}, 0x0123456789abcdef, 42, 7);
  add({DType::I32, {33}}, 0, 0, 0);
  add({DType::I32, {33}}, std::numeric_limits<std::uint64_t>::max(), -1, -1);
  add({DType::I32, {5}}, 1, 0x1p62, 0x1p40);
  add({DType::F32, {5}}, 1, -0x1p63, 0x1p33);
  return row;
}

/// Samples of a function of one float: `smooth` is where differences are taken, `wide` is where it bends.
static Row floatUnary(Agreement agreement, Fill smooth, const std::vector<double>& wide, bool differentiable = true) {
  Row row;
  row.agreement = agreement;
  row.differentiable = {differentiable};
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) row.samples.push_back(sampleOf({{{dtype, shape}, smooth}}, NoAttributes{}));
    row.samples.push_back(noted(sampleOf({{{dtype, {16}}, listed(specialReals(dtype))}}, NoAttributes{}, "specials"),
                                "edges of the dtype"));
    const auto count = static_cast<std::int64_t>(wide.size());
    row.samples.push_back(
        noted(sampleOf({{{dtype, {count}}, listed(wide)}}, NoAttributes{}, "wide"), "edges of the range"));
  }
  row.samples.push_back(noted(sampleOf({{{DType::BF16, {33}}, smooth}}, NoAttributes{}), "bf16"));
  return row;
}

Row Neg() {
  Row row = floatUnary(Agreement::Bits, uniform(-4, 4), {1e30, -1e-30});
  for (const DType dtype : kIntegers)
    row.samples.push_back(noted(sampleOf({{{dtype, {12}}, listed(specialIntegers(dtype))}}, NoAttributes{}), kNotReal));
  return row;
}
Row Exp() {
  return floatUnary(Agreement::Function, uniform(-5, 5),
                    {88.0, 88.7, 88.73,   89.0,    -87.0, -87.4, -88.0,  -100.0, -103.9, -104.5, 0.5,
                     -0.5, 1e-8, 0.34657, 0.34658, 709.7, 709.8, -708.3, -745.0, -746.0, 1e30,   -1e30});
}
Row Log() {
  return floatUnary(Agreement::Function, uniform(0.1, 8),
                    {1.0, 0.999999, 1.000001, 0.70710677, 0.70710683, 1.4142135, 1.4142137, 2.0, 0.5, 1e-30, 1e30,
                     1e-38, 3.4e38, 1e-5, -1.0, -1e-30});
}
Row Sqrt() { return floatUnary(Agreement::Bits, uniform(0.1, 9), {4.0, 2.0, 1e-30, 1e30, 3.4e38, -1.0, -1e-30}); }
Row Sin() {
  return floatUnary(Agreement::Function, uniform(-7, 7),
                    {3.14159265, 1.57079633, 0.78539816, 6.28318531, 9.42477796, 1e-8, 1e-3, 100.0, -100.0, 1000.0,
                     -999.5, 8000.25, 31415.926});
}
Row Tanh() {
  return floatUnary(Agreement::Function, uniform(-4, 4),
                    {1e-8, -1e-8, 1e-4, 0.02, 0.1,  0.3,  0.5493, 0.5494, 0.625, 0.9, 5.0,
                     8.0,  9.0,   9.02, 10.0, 19.0, 22.0, 30.0,   -30.0,  100.0, 1e30});
}
Row Floor() {
  return floatUnary(Agreement::Bits, fraction(-3, 3),
                    {-0.5, 0.5, 1.0, -1.0, 2.9999998, -2.0000002, 8388607.5, 8388609.0, 1e30, -1e30}, false);
}

Row Cast() {
  Row row;
  row.differentiable = {true};  // between floats; the others are listed as not smooth
  const std::vector<double> reals = {
      0.0,          -0.0,         0.5,           -0.5,          0.999,      1.5,    -1.5,    2.5,       126.9,
      127.0,        128.0,        -128.9,        -129.0,        255.9,      256.0,  300.0,   -1.0,      16777217.0,
      2147483520.0, 2147483648.0, -2147483648.0, -2147483904.0, 9.2e18,     9.3e18, -9.3e18, kInfinity, -kInfinity,
      kNaN,         1e-30,        1e-40,         1.00390625,    1.01171875, 1e38,   3.4e38};
  for (const DType from : kAllTypes) {
    for (const DType to : kAllTypes) {
      const std::vector<double>& values = ir::isFloat(from) ? reals : specialIntegers(from);
      const auto count = static_cast<std::int64_t>(values.size());
      Sample sample =
          sampleOf({{{from, {count}}, listed(values)}}, ir::CastAttributes{to}, "to " + std::string(dtypeName(to)));
      row.samples.push_back(noted(std::move(sample), "edges of the dtypes"));
    }
  }
  for (const Shape& shape : kShapes)
    row.samples.push_back(sampleOf({{{DType::F32, shape}, uniform(-2, 2)}}, ir::CastAttributes{DType::F64}, "smooth"));
  return row;
}

/// Samples of an op of two operands of one type. Integers and bool meet in all pairs of their edges.
static Row binary(Fill a, Fill b, bool takesBool) {
  Row row;
  row.differentiable = {true, true};
  for (const DType dtype : kFloats)
    for (const Shape& shape : kShapes)
      row.samples.push_back(sampleOf({{{dtype, shape}, a}, {{dtype, shape}, b}}, NoAttributes{}));
  row.samples.push_back(noted(sampleOf({{{DType::BF16, {33}}, a}, {{DType::BF16, {33}}, b}}, NoAttributes{}), "bf16"));
  for (const DType dtype : kAllTypes) {
    if (dtype == DType::Bool && !takesBool) continue;
    const auto [left, right] = allPairs(specials(dtype));
    const Type type{dtype, {static_cast<std::int64_t>(left.size())}};
    row.samples.push_back(noted(sampleOf({{type, listed(left)}, {type, listed(right)}}, NoAttributes{}, "specials"),
                                "edges of the dtype"));
  }
  return row;
}
Row Add() { return binary(uniform(-2, 2), uniform(-2, 2), false); }
Row Mul() { return binary(uniform(-2, 2), uniform(-2, 2), true); }
Row Div() { return binary(uniform(-2, 2), uniform(0.5, 2), false); }
Row Max() {
  Row row = binary(distinct(0), distinct(1.0 / 32), true);  // never closer than 1/32
  row.samples.push_back(
      noted(sampleOf({{{DType::F32, {4}}, listed({1, 0, -1, 2})}, {{DType::F32, {4}}, listed({1, 0, -1, 2})}},
                     NoAttributes{}, "ties"),
            "ties"));
  return row;
}
// a / b keeps away from the whole numbers: see Fill::Fraction; b stays within 10 % of 1.
Row Rem() { return binary(fraction(-1, 1), uniform(0.95, 1.05), false); }

Row Compare() {
  Row row;
  row.differentiable = {false, false};
  for (const Predicate predicate :
       {Predicate::Eq, Predicate::Ne, Predicate::Lt, Predicate::Le, Predicate::Gt, Predicate::Ge}) {
    const CompareAttributes attributes{predicate};
    const std::string note = std::to_string(static_cast<int>(predicate));
    for (const DType dtype : kAllTypes) {
      const auto [left, right] = allPairs(specials(dtype));
      const Type type{dtype, {static_cast<std::int64_t>(left.size())}};
      row.samples.push_back(sampleOf({{type, listed(left)}, {type, listed(right)}}, attributes, note));
    }
  }
  for (const Shape& shape : kShapes)
    row.samples.push_back(sampleOf({{{DType::F32, shape}, uniform(0, 1)}, {{DType::F32, shape}, uniform(0, 1)}},
                                   CompareAttributes{Predicate::Lt}, "shape"));
  return row;
}

Row Select() {
  Row row;
  row.differentiable = {false, true, true};
  for (const DType dtype : kFloats)
    for (const Shape& shape : kShapes)
      row.samples.push_back(
          sampleOf({{{DType::Bool, shape}, {}}, {{dtype, shape}, uniform(-2, 2)}, {{dtype, shape}, uniform(-2, 2)}},
                   NoAttributes{}));
  for (const DType dtype : kAllTypes) {
    const std::vector<double> values = specials(dtype);
    const Shape shape{static_cast<std::int64_t>(values.size())};
    row.samples.push_back(
        noted(sampleOf({{{DType::Bool, shape}, {}}, {{dtype, shape}, listed(values)}, {{dtype, shape}, listed({1})}},
                       NoAttributes{}, "specials"),
              "edges of the dtype"));
  }
  return row;
}

Row StopGradient() {
  Row row;
  row.differentiable = {false};
  for (const Shape& shape : kShapes)
    row.samples.push_back(sampleOf({{{DType::F32, shape}, uniform(-2, 2)}}, NoAttributes{}));
  for (const DType dtype : kAllTypes)
    row.samples.push_back(sampleOf({{{dtype, {12}}, listed(specials(dtype))}}, NoAttributes{}, "specials"));
  return row;
}

}  // namespace nnc::ops::rows
