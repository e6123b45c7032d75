// Shorthand for writing down samples.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "db/sample.h"

namespace nnc::ops {

using ir::Attributes;
using ir::DType;
using ir::NoAttributes;
using ir::Shape;
using ir::toString;
using ir::Type;

/// Shapes that loops get wrong: nothing, one, no axes, below, at and above the width of vectors, several axes.
inline const std::vector<Shape> kShapes = {{},   {0},  {1},    {7},       {16},      {17},      {33},
                                           {64}, {65}, {3, 5}, {2, 3, 4}, {2, 0, 3}, {1, 1, 1}, {9, 17}};
inline const std::vector<DType> kFloats = {DType::F32, DType::F64};
inline const std::vector<DType> kIntegers = {DType::I8, DType::U8, DType::I32, DType::I64};
inline const std::vector<DType> kAllTypes = {DType::F32, DType::F64, DType::BF16, DType::I8,
                                             DType::U8,  DType::I32, DType::I64,  DType::Bool};

/// A sample named after the types of its operands, and a note.
Sample sampleOf(std::vector<Operand> operands, Attributes attributes, const std::string& note = "");

/// Zeros, infinities, NaN, and the edges of a float dtype.
std::vector<double> specialReals(DType dtype);
/// The edges of an integer dtype and small numbers.
std::vector<double> specialIntegers(DType dtype);
std::vector<double> specials(DType dtype);
/// All pairs of `values` as two lists.
std::pair<std::vector<double>, std::vector<double>> allPairs(const std::vector<double>& values);

inline const std::string kNotReal = "not a function of reals";

}  // namespace nnc::ops
