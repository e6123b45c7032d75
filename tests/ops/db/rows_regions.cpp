// Samples of scan and call. The regions have names that make_golden.py knows; each is written there a second time.
#include <fmt/format.h>

#include <optional>

#include "db/helpers.h"

namespace nnc::ops::rows {

static Sample withRegion(Sample sample, const std::string& region, std::string functions) {
  sample.name = region + "; " + sample.name;
  sample.region = region;
  sample.functions = std::move(functions);
  return sample;
}

Row Scan() {
  Row row;
  row.agreement = Agreement::Sum;  // products and sums, which code may order its own way
  row.differentiable = {true};
  // A recurrence: c' = c * w + x, y = c' * x.
  for (const DType dtype : kFloats) {
    for (const std::int64_t length : {0, 1, 5, 17}) {
      for (const bool reverse : {false, true}) {
        const Type row3{dtype, {3}}, xs{dtype, {length, 3}};
        const std::string t = toString(row3);
        const Sample sample =
            sampleOf({{row3, uniform(-1, 1)}, {xs, uniform(-1, 1)}, {row3, uniform(-0.9, 0.9)}},
                     ir::ScanAttributes{ir::FunctionId(0), 1, 1, length, reverse}, reverse ? "reverse" : "");
        row.samples.push_back(withRegion(sample, "recurrence",
                                         fmt::format(R"(
func @body(%c: {0}, %x: {0}, %w: {0}) -> ({0}, {0}) {{
  %m = mul(%c, %w) : {0}
  %n = add(%m, %x) : {0}
  %y = mul(%n, %x) : {0}
  return %n, %y
}})",
                                                     t)));
      }
    }
    // No carry: a map over rows, y = sum of the squares of a row.
    const Type xs{dtype, {5, 7}};
    row.samples.push_back(
        withRegion(sampleOf({{xs, uniform(-1, 1)}}, ir::ScanAttributes{ir::FunctionId(0), 0, 1, 5, false}), "squares",
                   fmt::format(R"(
func @body(%x: {0}[7]) -> ({0}) {{
  %m = mul(%x, %x) : {0}[7]
  %y = reduce_sum(%m) {{axes = [0]}} : {0}
  return %y
}})",
                               dtypeName(dtype))));
    // Carries only, which change places: (a, b) -> (b, a + b), and no x.
    const Type pair{dtype, {2}};
    row.samples.push_back(withRegion(sampleOf({{pair, uniform(-1, 1)}, {pair, uniform(-1, 1)}},
                                              ir::ScanAttributes{ir::FunctionId(0), 2, 0, 9, false}),
                                     "fibonacci",
                                     fmt::format(R"(
func @body(%a: {0}[2], %b: {0}[2]) -> ({0}[2], {0}[2]) {{
  %s = add(%a, %b) : {0}[2]
  return %b, %s
}})",
                                                 dtypeName(dtype))));
    // A scan in a scan: the prefix sums of each row, with the last of the row before as their start.
    const Type rows{dtype, {4, 3}}, scalar{dtype, {}};
    row.samples.push_back(withRegion(sampleOf({{scalar, uniform(-1, 1)}, {rows, uniform(-1, 1)}},
                                              ir::ScanAttributes{ir::FunctionId(1), 1, 1, 4, false}),
                                     "nested",
                                     fmt::format(R"(
func @inner(%c: {0}, %x: {0}) -> ({0}, {0}) {{
  %s = add(%c, %x) : {0}
  return %s, %s
}}
func @outer(%c: {0}, %x: {0}[3]) -> ({0}, {0}[3]) {{
  %d, %y = scan(%c, %x) {{body = @inner, carries = 1, xs = 1, length = 3}} : {0}, {0}[3]
  return %d, %y
}})",
                                                 dtypeName(dtype))));
  }
  // A counter of whole numbers beside a float carry.
  Sample counter = withRegion(sampleOf({{{DType::I32, {}}, listed({2147483645.0})}, {{DType::F32, {}}, uniform(-1, 1)}},
                                       ir::ScanAttributes{ir::FunctionId(0), 2, 0, 5, false}),
                              "counter", R"(
func @body(%i: i32, %a: f32) -> (i32, f32, i32) {
  %one = const 1 : i32
  %j = add(%i, %one) : i32
  %b = add(%a, %a) : f32
  return %j, %b, %i
})");
  row.samples.push_back(std::move(counter));
  return row;
}

/// m = a * b, s = m + a; and the same called twice with the operands crossed.
static std::string scaledText(const std::string& type) {
  return fmt::format(R"(
func @body(%a: {0}, %b: {0}) -> ({0}, {0}) {{
  %m = mul(%a, %b) : {0}
  %s = add(%m, %a) : {0}
  return %s, %m
}}
func @outer(%a: {0}, %b: {0}) -> ({0}) {{
  %p, %q = call(%a, %b) {{kind = composite, name = "scaled", body = @body}} : {0}, {0}
  %r, %s = call(%q, %p) {{kind = composite, name = "scaled", body = @body}} : {0}, {0}
  return %r
}})",
                     type);
}

static ir::CallAttributes composite(std::size_t body, std::optional<ir::FunctionId> vjp = std::nullopt) {
  return {"composite", ir::FunctionId(body), ir::CallKind::Composite, {}, vjp};
}

Row Call() {
  Row row;
  row.differentiable = {true};
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      const Type type{dtype, shape};
      const std::vector<Operand> two = {{type, uniform(-2, 2)}, {type, uniform(-2, 2)}};
      row.samples.push_back(withRegion(sampleOf(two, composite(0)), "scaled", scaledText(toString(type))));
    }
    const Type vector{dtype, {17}}, scalar{dtype, {}};
    const std::vector<Operand> two = {{vector, uniform(-2, 2)}, {vector, uniform(-2, 2)}};
    row.samples.push_back(withRegion(sampleOf(two, composite(1)), "twice", scaledText(toString(vector))));
    Sample straight = withRegion(sampleOf({{vector, fraction(-3, 3)}}, composite(0, ir::FunctionId(1))), "floor",
                                 fmt::format(R"(
func @body(%x: {0}) -> ({0}) {{
  %y = floor(%x) : {0}
  return %y
}}
func @straight(%x: {0}, %g: {0}) -> ({0}) {{
  return %g
}})",
                                             toString(vector)));
    straight.notSmooth = "its vjp is one of its own";
    row.samples.push_back(std::move(straight));
    row.samples.push_back(
        withRegion(sampleOf({{scalar, uniform(-2, 2)}}, composite(0)), "same",
                   fmt::format("func @body(%x: {0}) -> ({0}, {0}) {{\n  return %x, %x\n}}", toString(scalar))));
  }
  return row;
}

}  // namespace nnc::ops::rows
