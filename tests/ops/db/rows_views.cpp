// Samples of views and of ops that move elements.
#include <limits>

#include "db/helpers.h"

namespace nnc::ops::rows {

using ir::WindowDim;

/// One operand in both float dtypes; where `everyType` is set, in the others too.
static void addUnary(Row& row, const Shape& shape, const Attributes& attributes, const std::string& note,
                     bool everyType = false) {
  for (const DType dtype : everyType ? kAllTypes : kFloats) {
    const Fill fill = ir::isFloat(dtype) ? uniform(-2, 2) : listed(specials(dtype));
    Sample sample = sampleOf({{{dtype, shape}, fill}}, attributes, note);
    if (!ir::isFloat(dtype)) sample.notSmooth = kNotReal;
    if (dtype == DType::BF16) sample.notSmooth = "bf16";
    row.samples.push_back(std::move(sample));
  }
}

Row Reshape() {
  Row row;
  row.differentiable = {true};
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{}, {1}},        {{1}, {}},           {{6}, {2, 3}},
      {{2, 3}, {6}},    {{2, 3}, {3, 2}},    {{17, 33}, {33, 17}},
      {{4, 16}, {64}},  {{2, 3, 4}, {4, 6}}, {{0, 3}, {5, 0}},
      {{0}, {0, 7, 2}}, {{1, 1, 5}, {5, 1}}, {{1}, {1, 1, 1, 1, 1, 1, 1, 1}}};
  for (const auto& [from, to] : cases)
    addUnary(row, from, ir::ReshapeAttributes{to}, "to " + toString(to), from == Shape{2, 3});
  return row;
}

Row Transpose() {
  Row row;
  row.differentiable = {true};
  const std::vector<std::pair<Shape, std::vector<int>>> cases = {{{5}, {0}},
                                                                 {{}, {}},
                                                                 {{3, 5}, {1, 0}},
                                                                 {{17, 33}, {1, 0}},
                                                                 {{16, 64}, {1, 0}},
                                                                 {{1, 7}, {1, 0}},
                                                                 {{2, 3, 4}, {2, 0, 1}},
                                                                 {{2, 3, 4}, {1, 2, 0}},
                                                                 {{2, 3, 4}, {0, 2, 1}},
                                                                 {{4, 0, 3}, {2, 1, 0}},
                                                                 {{2, 3, 2, 5}, {3, 1, 0, 2}},
                                                                 {{2, 1, 2, 1, 2, 1, 2, 1}, {7, 6, 5, 4, 3, 2, 1, 0}}};
  for (const auto& [shape, perm] : cases) {
    std::string note = "perm";
    for (const int axis : perm) note += " " + std::to_string(axis);
    addUnary(row, shape, ir::TransposeAttributes{perm}, note, shape == Shape{3, 5});
  }
  return row;
}

Row Broadcast() {
  Row row;
  row.differentiable = {true};
  struct Case {
    Shape from, to;
    std::vector<int> dims;
  };
  const std::vector<Case> cases = {{{}, {}, {}},
                                   {{}, {5}, {}},
                                   {{}, {3, 17}, {}},
                                   {{5}, {3, 5}, {1}},
                                   {{5}, {5, 3}, {0}},
                                   {{33}, {17, 33}, {1}},
                                   {{4, 3}, {4, 5, 3}, {0, 2}},
                                   {{4, 3}, {2, 4, 3}, {1, 2}},
                                   {{0}, {4, 0}, {1}},
                                   {{3}, {0, 3}, {1}},
                                   {{1}, {1, 64}, {0}},
                                   {{2, 2}, {2, 2}, {0, 1}},
                                   {{3}, {2, 3, 2, 2}, {1}}};
  for (const Case& c : cases) {
    std::string note = "to " + toString(c.to) + " dims";
    for (const int dim : c.dims) note += " " + std::to_string(dim);
    addUnary(row, c.from, ir::BroadcastAttributes{c.to, c.dims}, note, c.to == Shape{3, 5});
  }
  return row;
}

Row Slice() {
  Row row;
  row.differentiable = {true};
  const std::vector<std::pair<Shape, ir::SliceAttributes>> cases = {{{}, {{}, {}, {}}},
                                                                    {{7}, {{0}, {7}, {1}}},
                                                                    {{7}, {{2}, {5}, {1}}},
                                                                    {{7}, {{1}, {7}, {3}}},
                                                                    {{7}, {{3}, {3}, {1}}},
                                                                    {{7}, {{6}, {7}, {100}}},
                                                                    {{0}, {{0}, {0}, {2}}},
                                                                    {{33}, {{1}, {32}, {2}}},
                                                                    {{7, 5}, {{1, 0}, {6, 5}, {2, 3}}},
                                                                    {{17, 33}, {{3, 16}, {17, 33}, {1, 1}}},
                                                                    {{4, 5, 6}, {{0, 1, 2}, {4, 4, 6}, {3, 1, 2}}},
                                                                    {{4, 5, 6}, {{0, 2, 0}, {4, 2, 6}, {1, 1, 1}}}};
  for (const auto& [shape, a] : cases) {
    const std::string note = toString(a.lo) + ".." + toString(a.hi) + " step " + toString(a.step);
    addUnary(row, shape, a, note, shape == Shape{7, 5});
  }
  return row;
}

Row Pad() {
  Row row;
  row.differentiable = {true};
  const std::vector<std::pair<Shape, ir::PadAttributes>> cases = {
      {{}, {{}, {}, {}, 1.5}},
      {{5}, {{0}, {0}, {0}, 0}},
      {{5}, {{2}, {3}, {0}, 0}},
      {{5}, {{0}, {0}, {2}, 1.5}},
      {{1}, {{1}, {1}, {3}, -1}},
      {{0}, {{2}, {1}, {4}, 7}},
      {{33}, {{16}, {15}, {0}, -std::numeric_limits<double>::infinity()}},
      {{3, 4}, {{1, 0}, {2, 1}, {1, 2}, 0.1}},
      {{9, 17}, {{1, 1}, {1, 1}, {0, 0}, 0}},
      {{2, 3, 4}, {{0, 1, 0}, {0, 0, 2}, {0, 0, 1}, 2}},
      {{2, 0, 3}, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, -3}}};
  for (const auto& [shape, a] : cases) {
    const std::string note = toString(a.lo) + toString(a.hi) + toString(a.interior) + " " + std::to_string(a.value);
    addUnary(row, shape, a, note, shape == Shape{3, 4} || shape == Shape{2, 3, 4});
  }
  return row;
}

Row Concat() {
  Row row;
  row.differentiable = {true};
  const std::vector<std::pair<std::vector<Shape>, int>> cases = {{{{5}}, 0},
                                                                 {{{2}, {3}}, 0},
                                                                 {{{16}, {17}, {33}}, 0},
                                                                 {{{0}, {3}}, 0},
                                                                 {{{0}, {0}}, 0},
                                                                 {{{3, 2}, {3, 4}}, 1},
                                                                 {{{2, 3}, {4, 3}, {1, 3}}, 0},
                                                                 {{{2, 3, 4}, {2, 1, 4}}, 1},
                                                                 {{{2, 3, 4}, {2, 3, 1}}, 2},
                                                                 {{{2, 0}, {2, 5}, {2, 0}}, 1},
                                                                 {{{0, 3}, {0, 2}}, 1}};
  for (const auto& [shapes, axis] : cases) {
    for (const DType dtype : shapes.size() == 3 ? kAllTypes : kFloats) {
      std::vector<Operand> operands;
      for (const Shape& shape : shapes)
        operands.push_back({{dtype, shape}, ir::isFloat(dtype) ? uniform(-2, 2) : listed(specials(dtype))});
      Sample sample = sampleOf(std::move(operands), ir::ConcatAttributes{axis}, "axis " + std::to_string(axis));
      if (dtype != DType::F32 && dtype != DType::F64) sample.notSmooth = kNotReal;
      row.samples.push_back(std::move(sample));
    }
  }
  return row;
}

struct WindowCase {
  Shape shape;
  std::vector<WindowDim> dims;
  std::string note;
};
static const std::vector<WindowCase>& windowCases() {
  static const std::vector<WindowCase> kCases = {
      {{5}, {}, "no dims"},
      {{5}, {{0, 1, 1, 1}}, "size 1"},
      {{5}, {{0, 5, 1, 1}}, "whole"},
      {{7}, {{0, 3, 1, 1}}, "3"},
      {{7}, {{0, 3, 2, 1}}, "3 stride 2"},
      {{7}, {{0, 2, 3, 1}}, "2 stride 3, a gap"},
      {{9}, {{0, 3, 1, 2}}, "3 dilation 2"},
      {{10}, {{0, 3, 2, 3}}, "3 stride 2 dilation 3"},
      {{33}, {{0, 16, 1, 1}}, "16 of 33"},
      {{2, 7, 6}, {{1, 3, 2, 1}, {2, 2, 1, 2}}, "2-d"},
      {{2, 7, 6}, {{2, 2, 1, 2}, {1, 3, 2, 1}}, "2-d, axes the other way"},
      {{0, 5}, {{1, 2, 1, 1}}, "nothing"},
      {{2, 3, 8, 8}, {{2, 3, 1, 1}, {3, 3, 1, 1}}, "3x3"},
  };
  return kCases;
}

Row Window() {
  Row row;
  row.differentiable = {true};
  for (const WindowCase& c : windowCases())
    addUnary(row, c.shape, ir::WindowAttributes{c.dims}, c.note, c.note == "3 stride 2");
  return row;
}

Row Unwindow() {
  Row row;
  row.agreement = Agreement::Sum;
  row.differentiable = {true};
  for (const WindowCase& c : windowCases()) {
    Shape windows = c.shape;
    for (const WindowDim& d : c.dims)
      windows[d.axis] = (c.shape[d.axis] - (d.size - 1) * d.dilation - 1) / d.stride + 1;
    for (const WindowDim& d : c.dims) windows.push_back(d.size);
    for (const DType dtype : c.note == "3 stride 2" ? kAllTypes : kFloats) {
      if (dtype == DType::Bool) continue;
      Sample sample = sampleOf({{{dtype, windows}, ir::isFloat(dtype) ? uniform(-2, 2) : listed(specials(dtype))}},
                               ir::UnwindowAttributes{c.dims, c.shape}, "to " + toString(c.shape) + " " + c.note);
      if (dtype != DType::F32 && dtype != DType::F64) sample.notSmooth = kNotReal;
      row.samples.push_back(std::move(sample));
    }
  }
  return row;
}

struct GatherCase {
  Shape shape, index;
  int axis;
};
static const std::vector<GatherCase>& gatherCases() {
  static const std::vector<GatherCase> kCases = {{{4}, {}, 0},
                                                 {{4}, {3}, 0},
                                                 {{1}, {5}, 0},
                                                 {{4, 3}, {2}, 0},
                                                 {{4, 3}, {2}, 1},
                                                 {{3, 4}, {2, 2}, 1},
                                                 {{2, 3, 4}, {2}, 1},
                                                 {{5, 2}, {0}, 0},
                                                 {{3, 0}, {2}, 0},
                                                 {{0}, {0}, 0},
                                                 {{17, 33}, {16}, 0},
                                                 {{33, 2}, {}, 0},
                                                 {{2, 5, 3}, {2, 1, 2}, 1}};
  return kCases;
}
static double lastIndex(const GatherCase& c) {
  return static_cast<double>(std::max<std::int64_t>(c.shape[c.axis] - 1, 0));
}
static std::string noteOf(const GatherCase& c) { return "axis " + std::to_string(c.axis); }

Row Gather() {
  Row row;
  row.differentiable = {true, false};
  for (const GatherCase& c : gatherCases()) {
    for (const DType dtype : kFloats) {
      const DType index = dtype == DType::F32 ? DType::I32 : DType::I64;
      row.samples.push_back(sampleOf({{{dtype, c.shape}, uniform(-2, 2)}, {{index, c.index}, uniform(0, lastIndex(c))}},
                                     ir::GatherAttributes{c.axis}, noteOf(c)));
    }
  }
  // Indices beyond the axis are clamped to it.
  for (const DType index : {DType::I32, DType::I64})
    row.samples.push_back(sampleOf({{{DType::F32, {4, 3}}, uniform(-2, 2)},
                                    {{index, {8}}, listed({-5, -1, 0, 3, 4, 100, -2147483648.0, 2147483647.0})}},
                                   ir::GatherAttributes{0}, "clamped"));
  for (const DType dtype : kAllTypes) {
    Sample sample = sampleOf({{{dtype, {4, 3}}, listed(specials(dtype))}, {{DType::I32, {5}}, uniform(0, 3)}},
                             ir::GatherAttributes{0}, "specials");
    sample.notSmooth = "edges of the dtype";
    row.samples.push_back(std::move(sample));
  }
  return row;
}

/// The operands base, index and updates of a scatter.
static std::vector<Operand> scatterOperands(DType dtype, DType index, const GatherCase& c, Fill indices,
                                            const Fill& elements) {
  Shape updates(c.shape.begin(), c.shape.begin() + c.axis);
  updates.insert(updates.end(), c.index.begin(), c.index.end());
  updates.insert(updates.end(), c.shape.begin() + c.axis + 1, c.shape.end());
  return {{{dtype, c.shape}, elements}, {{index, c.index}, std::move(indices)}, {{dtype, updates}, elements}};
}

Row Scatter() {
  Row row;
  row.agreement = Agreement::Sum;
  row.differentiable = {true, false, true};
  for (const GatherCase& c : gatherCases()) {
    const std::int64_t count = Type{DType::I32, c.index}.elementCount();
    std::vector<double> each;  // every index once; those of `meeting` and `clamped` below are not
    for (std::int64_t i = 0; i < count; ++i) each.push_back(static_cast<double>(c.shape[c.axis] - 1 - i));
    if (each.empty()) each.push_back(0);
    for (const DType dtype : kFloats) {
      const DType index = dtype == DType::F32 ? DType::I32 : DType::I64;
      row.samples.push_back(sampleOf(scatterOperands(dtype, index, c, uniform(0, lastIndex(c)), uniform(-2, 2)),
                                     ir::ScatterAttributes{c.axis, ir::ScatterMode::Add}, noteOf(c) + " add"));
      if (count <= c.shape[c.axis])
        row.samples.push_back(sampleOf(scatterOperands(dtype, index, c, listed(each), uniform(-2, 2)),
                                       ir::ScatterAttributes{c.axis, ir::ScatterMode::Set}, noteOf(c) + " set"));
    }
  }
  const GatherCase edges{{4, 3}, {6}, 0};
  for (const ir::ScatterMode mode : {ir::ScatterMode::Add, ir::ScatterMode::Set}) {
    const std::string name = mode == ir::ScatterMode::Add ? " add" : " set";
    row.samples.push_back(
        sampleOf(scatterOperands(DType::F32, DType::I32, edges, listed({-5, -1, 0, 3, 4, 100}), uniform(-2, 2)),
                 ir::ScatterAttributes{0, mode}, "clamped" + name));
    row.samples.push_back(
        sampleOf(scatterOperands(DType::F32, DType::I32, {{3, 4}, {2, 4}, 1}, uniform(0, 3), uniform(-2, 2)),
                 ir::ScatterAttributes{1, mode}, "meeting" + name));
    for (const DType dtype : kAllTypes) {
      if (dtype == DType::Bool && mode == ir::ScatterMode::Add) continue;
      Sample sample = sampleOf(scatterOperands(dtype, DType::I64, edges, uniform(0, 3), listed(specials(dtype))),
                               ir::ScatterAttributes{0, mode}, "specials" + name);
      sample.notSmooth = "edges of the dtype";
      row.samples.push_back(std::move(sample));
    }
  }
  return row;
}

}  // namespace nnc::ops::rows
