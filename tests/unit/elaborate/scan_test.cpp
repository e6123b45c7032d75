// `scan`: values, what is handed in and what stays outside, sharing over time, random numbers, messages.
#include <gtest/gtest.h>

#include "code.h"

namespace nnc::elaborate::tests {

using Reals = std::vector<double>;

static Reals valuesOf(const std::string& text) {
  Code code(text);
  EXPECT_TRUE(code.apply("f")) << code.messages();
  return code.messages().empty() ? code.run() : Reals{};
}

TEST(Scan, HandsCarriesFromStepToStep) {
  // x = 1 .. 6: running sums of the two rows.
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32[3, 2] {\n"
                     "  let r = scan t in 0..3 carry s = zeros([2]) {\n"
                     "    let s1[b] = s[b] + x[b, t]\n    next s = s1\n    yield s1\n  }\n  return r.ys\n}"),
            (Reals{1, 4, 3, 9, 6, 15}));
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32[2] {\n"
                     "  let r = scan t in 0..3 carry s = zeros([2]) { let s1[b] = s[b] + x[b, t]; next s = s1 }\n"
                     "  return r.s\n}"),
            (Reals{6, 15}));
}

TEST(Scan, RunsBackwards) {
  // ys[t] belongs to step t.
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32[3] {\n"
                     "  let r = scan t in 3..0 carry s = 0.0 { next s = s + x[t]; yield s }\n  return r.ys\n}"),
            (Reals{5, 3, 0}));
}

TEST(Scan, TimeIsANumberWithARange) {
  EXPECT_EQ(
      valuesOf("fn f(x: f32[5]) -> f32[3] {\n"
               "  let r = scan t in 1..4 carry s = 0.0 { next s = s; yield x[t] + 10.0 * t + x[t + 1] * x[4 - t] }\n"
               "  return r.ys\n}"),
      // t = 1: 2 + 10 + 3 * 4; t = 2: 3 + 20 + 4 * 3; t = 3: 4 + 30 + 5 * 2
      (Reals{24, 35, 44}));
  EXPECT_EQ(errorOf("fn f(x: f32[5]) -> f32 {\n"
                    "  let r = scan t in 0..5 carry s = 0.0 { next s = s + «x[t + 1]» }\n  return r.s\n}"),
            "E0502 `x[t + 1]` reads past the end: t + 1 reaches 5, and the axis has 5");
  EXPECT_EQ(errorOf("fn f(x: f32[5]) -> f32 {\n"
                    "  let r = scan t in 0..6 carry s = 0.0 { next s = s + «x[t]» }\n  return r.s\n}"),
            "E0502 `x[t]` reads past the end: t reaches 5, and the axis has 5");
}

TEST(Scan, YieldsRecords) {
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32[3] {\n"
                     "  let r = scan t in 0..3 carry p = 1.0, n = 0 {\n"
                     "    next p = p * x[t], n = n + 1\n    yield (prod: p, count: n)\n  }\n"
                     "  return r.ys.prod + cast(r.ys.count, f32) + cast(r.n, f32)\n}"),
            (Reals{4, 5, 7}));
}

TEST(Scan, OfNoSteps) {
  EXPECT_EQ(
      valuesOf("fn f(x: f32[3]) -> f32 {\n  let r = scan t in 0..0 carry s = 7.0 { next s = 0.0 }\n  return r.s\n}"),
      (Reals{7}));
}

TEST(Scan, NextInAStaticIf) {
  EXPECT_EQ(valuesOf("fn g(twice: bool)(x: f32[3]) -> f32 {\n"
                     "  let r = scan t in 0..3 carry s = 0.0 {\n"
                     "    if twice { next s = s + 2.0 * x[t] } else { next s = s + x[t] }\n  }\n  return r.s\n}\n"
                     "fn f(x: f32[3]) -> f32 = g(true)(x) + g(false)(x)"),
            (Reals{18}));
}

// What does not depend on a step stands before the loop; a constant is made inside.
TEST(Scan, BodyHoldsOnlyWhatDependsOnTheStep) {
  Code code(
      "fn f(x: f32[4, 2], w: f32[2, 2]) -> f32[2] {\n"
      "  let r = scan t in 0..4 carry h = zeros([2]) {\n"
      "    let v[i, j] = exp(w[i, j])\n"
      "    let h1[j] = sum[i]((h[i] + x[t, i]) * v[i, j]) + 1.0\n    next h = h1\n  }\n  return r.h\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.ops(), "exp scan");
}

TEST(Scan, InsideAScan) {
  // For each row, the running product; then the sum over rows: 1*2*3 + 4*5*6.
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32 {\n"
                     "  let r = scan i in 0..2 carry s = 0.0 {\n"
                     "    let q = scan t in 0..3 carry p = 1.0 { next p = p * x[i, t] }\n"
                     "    next s = s + q.p\n  }\n  return r.s\n}"),
            (Reals{126}));
  // The inner loop sees the carry and the time of the outer one: s' = s + sum over t of (s + i) x.
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32 {\n"
                     "  let r = scan i in 0..2 carry s = 1.0 {\n"
                     "    let q = scan t in 0..3 carry p = 0.0 { next p = p + (s + i) * x[i, t] }\n"
                     "    next s = s + q.p\n  }\n  return r.s\n}"),
            // 1 + 1 * 6 = 7, then 7 + 8 * 15
            (Reals{127}));
}

// A function with a scan inside works along an index, like any other.
TEST(Scan, AlongAnIndex) {
  EXPECT_EQ(valuesOf("fn running(x: f32[n]) -> f32[n] {\n"
                     "  let r = scan t in 0..n carry s = 0.0 { next s = s + x[t]; yield s + x[t] }\n  return r.ys\n}\n"
                     "fn f(x: f32[2, 3]) -> f32[2, 3] {\n  let y[b, i] = running[i](x[b, i])\n  return y\n}"),
            (Reals{1, 3, 6, 4, 9, 15}));
}

TEST(Scan, ASubIsSharedOverTime) {
  Code code(
      "network f(x: f32[1, 3, 2]) -> f32[1, 2] {\n  sub cell = dense(2, bias: false)\n"
      "  let r = scan t in 0..3 carry h = zeros([1, 2]) {\n"
      "    let v[b, i] = x[b, t, i] + h[b, i]\n    next h = cell(v)\n  }\n  return r.h\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.slots(), (std::vector<std::string>{"net.cell.w"}));
  // w = [1 2; 3 4]: [1 2] w = [7 10]; [10 14] w = [52 76]; [57 82] w = [303 442].
  EXPECT_EQ(code.run(), (Reals{303, 442}));
}

// The parameters of the enclosing layer, and a sub that makes instances of its own when it is first applied.
TEST(Scan, ReadsParametersAround) {
  Code code(
      "layer two(x: f32[B, n]) -> f32[B, n] = x |> dense(n, bias: false) |> dense(n, bias: false)\n"
      "network f(x: f32[2, 1, 1]) -> f32[1, 1] {\n  sub cell = two\n  param w: f32[1, 1] = 2.0\n"
      "  let r = scan t in 0..2 carry h = zeros([1, 1]) { let v[b, i] = h[b, i] * w[b, i] + x[t, b, i]; next h = "
      "cell(v) }\n"
      "  return r.h\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.slots(), (std::vector<std::string>{"net.w", "net.cell.dense.w", "net.cell.dense_2.w"}));
  EXPECT_EQ(code.run(), (Reals{4}));  // weights 1, w = 2: h = 1, then 2 + 2
}

TEST(Scan, DrawsDifferFromStepToStep) {
  const Reals draws = valuesOf(
      "network f(x: f32[1]) -> f32[4] {\n"
      "  let r = scan t in 0..4 carry s = 0.0 { next s = s; yield random_uniform([]) }\n  return r.ys\n}");
  ASSERT_EQ(draws.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(draws[i], draws[j]);
  const Reals nested = valuesOf(
      "network f(x: f32[1]) -> f32[2, 2] {\n"
      "  let r = scan t in 0..2 carry s = 0.0 {\n"
      "    let q = scan u in 0..2 carry v = 0.0 { next v = v; yield random_uniform([]) }\n    next s = s; yield q.ys\n "
      " }\n"
      "  return r.ys\n}");
  ASSERT_EQ(nested.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(nested[i], nested[j]);
}

// --------------------------------------------------------------------- messages

static std::string inBody(const std::string& body, const std::string& carries = "h = zeros([2])") {
  return "network f(x: f32[2, 3]) -> f32[2] {\n  state mu: f32[2] = 0.0\n  let r = scan t in 0..3 carry " + carries +
         " {\n" + body + "\n}\n  return r.h\n}";
}

TEST(ScanErrors, CarriesAndNexts) {
  EXPECT_EQ(errorOf(inBody("let y = h", "«h» = zeros([2])")), "E0311 carry `h` has no `next`");
  EXPECT_EQ(errorOf(inBody("next h = h\nnext «h» = h")), "E0312 carry `h` has two `next`s");
  EXPECT_EQ(errorOf(inBody("next «g» = h, h = h")), "E0310 `g` is not carried by this scan");
  EXPECT_EQ(errorOf(inBody("let z[i, j: 2] = h[i]\nnext h = «z»")),
            "E0313 `next h` is f32[2, 2], and the carry is f32[2]");
  EXPECT_EQ(errorOf(inBody("next h = «cast(h, i32)»")), "E0313 `next h` is i32[2], and the carry is f32[2]");
  EXPECT_EQ(errorOf(inBody("next h = h; yield h\n«yield h»")), "E0314 a scan yields once");
  EXPECT_EQ(errorOf(inBody("next h = h", "h = zeros([2]), «h» = 1.0")), "E0134 `h` is given twice");
  EXPECT_EQ(errorOf(inBody("next h = h; «return h»")), "E0216 `return` cannot stand here");
}

TEST(ScanErrors, WhatCannotBeMadeInside) {
  Code code(inBody("let v[b: 1, i] = h[i]\nlet w = v |> «dense(2)»\nnext h = h"));
  code.apply("f", Mode::Train);
  EXPECT_EQ(code.errorAtMark(), "E0315 a new instance of `dense` cannot be made inside a scan");
  EXPECT_NE(code.advice().find("sub cell = .."), std::string::npos) << code.advice();
  EXPECT_EQ(errorOf(inBody("«sub s = dense(2)»\nnext h = h")), "E0315 `sub s` cannot be made inside a scan");
  EXPECT_EQ(errorOf(inBody("«param w: f32[2] = 0.0»\nnext h = h")), "E0315 `param w` cannot be made inside a scan");
  EXPECT_EQ(errorOf(inBody("next h = h\n«update mu = h»")), "E0411 state `mu` cannot be updated inside a scan");
  EXPECT_EQ(errorOf("network f(x: f32[2, 3, 1]) -> f32[2] {\n  sub n = batch_norm\n"
                    "  let r = scan t in 0..3 carry h = zeros([2]) {\n"
                    "    let v[b, i] = x[b, t, i]\n    let w = «n(v)»\n    next h = h\n  }\n  return r.h\n}",
                    Mode::Train),
            "E0411 state `mu` cannot be updated inside a scan");
}

TEST(ScanErrors, Ranges) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32 {\n  let r = scan t in «3» carry h = 0.0 { next h = h }\n  return r.h\n}"),
            "E0308 `scan t in 3`: it is the int 3");
  EXPECT_EQ(
      errorOf("fn f(x: f32[2]) -> f32 {\n  let r = scan t in «0 - 1..2» carry h = 0.0 { next h = h }\n  return r.h\n}"),
      "E0308 `scan t in 0 - 1..2`: steps count from 0");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] {\n  let y[i] = x[i] + («scan t in 0..2 carry h = 0.0 { next h = h "
                    "}»).h\n  return y\n}"),
            "E0309 a `scan` cannot stand in index notation");
}

}  // namespace nnc::elaborate::tests
