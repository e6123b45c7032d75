// What the language decides where several things would be plausible: one test for each decision.
#include <gtest/gtest.h>

#include "code.h"

namespace nnc::elaborate::tests {

using Reals = std::vector<double>;

static Reals valuesOf(const std::string& text) {
  Code code(text);
  EXPECT_TRUE(code.apply("f")) << code.messages();
  return code.messages().empty() ? code.run() : Reals{};
}

static std::string opsOf(const std::string& text) {
  Code code(text);
  EXPECT_TRUE(code.apply("f")) << code.messages();
  return code.messages().empty() ? code.ops() : code.messages();
}

// A written extent wins; bare uses are checked against it.
TEST(Decisions, WrittenExtentsWin) {
  EXPECT_EQ(valuesOf("fn f(x: f32[4]) -> f32[2] {\n  let y[k: 2] = x[k]\n  return y\n}"), (Reals{1, 2}));
  EXPECT_EQ(errorOf("fn f(x: f32[4]) -> f32[5] {\n  let y[k: 5] = «x[k]»\n  return y\n}").substr(0, 5), "E0502");
  EXPECT_EQ(errorOf("fn f(x: f32[4], z: f32[3]) -> f32[4] {\n  let y[k] = x[k] + z[«k»]\n  return y\n}").substr(0, 5),
            "E0506");
}

// `f[k](e)`: a function that keeps the axis goes along an index of the left side, one that drops it brings its own.
TEST(Decisions, FunctionsAlongAnIndexKeepOrDropIt) {
  EXPECT_EQ(
      valuesOf("fn f(x: f32[2]) -> f32[2] {\n  let y[k] = log(softmax[k](0.0 * x[k])) * 0.0 + x[k]\n  return y\n}"),
      (Reals{1, 2}));
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] {\n  let y[b: 2] = «softmax[k](x[k])»\n  return y\n}").substr(0, 5),
            "E0507");
  // A pack on the right that nothing binds is as if it stood on the left.
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32[2] = max[i](x[..s, i])"), (Reals{3, 6}));
}

TEST(Decisions, PowersAreWhatTheirExponentSays) {
  EXPECT_EQ(opsOf("fn f(x: f32[2]) -> f32[2] = x ** 3"), "mul mul");
  EXPECT_EQ(opsOf("fn f(x: f32[2]) -> f32[2] = x ** 0.5"), "sqrt");
  EXPECT_EQ(opsOf("fn f(x: f32[2]) -> f32[2] = x ** 1.5"), "log mul exp");
}

// Builtins, layers, functions with their static list given, and compositions are values.
TEST(Decisions, FunctionsAreValues) {
  EXPECT_EQ(
      valuesOf("let both = leaky_relu(0.5) |> square\nfn f(x: f32[2]) -> f32[2] = both(x - 2.0) + (x |> tanh) * 0.0"),
      (Reals{0.25, 0}));
  EXPECT_EQ(
      valuesOf(
          "fn twice(g: fn, x: f32[n]) -> f32[n] = g(g(x))\nfn f(x: f32[2]) -> f32[2] = twice(fn (v) => v * 3.0, x)"),
      (Reals{9, 18}));
  EXPECT_EQ(
      valuesOf("fn f(act: enum(plain, double) = .double)(x: f32[2]) -> f32[2] = if act == .double then 2.0 * x else x"),
      (Reals{2, 4}));
}

TEST(Decisions, StaticListsAreIndexed) {
  EXPECT_EQ(
      valuesOf("let head = [1, 0, 1]\nfn f(x: f32[2, 2]) -> f32[2, 3] {\n  let y[b, e] = x[b, head[e]]\n  return y\n}"),
      (Reals{2, 1, 2, 4, 3, 4}));
  // An index that the right side does not use needs a written extent.
  EXPECT_EQ(valuesOf("fn f(x: f32[2]) -> f32[2, 2] {\n  let y[b, e: 2] = x[b]\n  return y\n}"), (Reals{1, 1, 2, 2}));
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2, 2] {\n  let y[b, «e»] = x[b]\n  return y\n}").substr(0, 5), "E0503");
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32[3] {\n"
                     "  let r = scan t in 0..3 carry s = 0.0 { next s = s + x[t] * [1.0, 0.0, 2.0][t]; yield s }\n"
                     "  return r.ys + r.s\n}"),
            (Reals{7, 8, 8}));
}

TEST(Decisions, DefaultsAreEvaluatedWhenTheyAreNeeded) {
  const std::string text =
      "fn bad(x: int) -> int = x / 2\nlet one = g(4)\nlet two = g()\nfn g(a: int = bad(3)) -> int = a\n";
  EXPECT_EQ(Code(text).constant("one"), "4");
  EXPECT_EQ(Code(text).constant("two").substr(0, 5), "E0208") << Code(text).constant("two");
}

TEST(Decisions, Counting) {
  EXPECT_EQ(valuesOf("fn f(x: f32[2, 3]) -> f32 = count(x) + 10.0 * count_true(x > 2.0)"), (Reals{46}));
  EXPECT_EQ(valuesOf("fn f(x: f32[2]) -> f32[2] = cast((x > 1.0) == (x > 0.0), f32)"), (Reals{0, 1}));
}

TEST(Decisions, SignaturesOfShapeFunctions) {
  EXPECT_EQ(valuesOf("fn f(x: f32[2], y: f32[1]) -> f32[4] = concat(x, y, full([1], 7.0), axis: 0)"),
            (Reals{1, 2, 1, 7}));
  EXPECT_EQ(valuesOf("fn f(x: f32[2]) -> f32[2, 2] = reshape(zero_pad(x, [(1, 1)]), [2, 2])"), (Reals{0, 1, 2, 0}));
}

TEST(Decisions, BlocksScope) {
  EXPECT_EQ(
      errorOf("fn f(x: f32[2]) -> f32[2] {\n  let h = x\n  if true { let «h» = 2.0 * x }\n  return h\n}").substr(0, 5),
      "E0104");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] {\n  if true { let z = x }\n  return «z»\n}"),
            "E0101 `z` is not defined here");
}

TEST(Decisions, UpdatesInExclusiveBranchesAreOne) {
  const std::string text =
      "layer f(slow: bool = false)(x: f32[2]) -> f32[2] {\n  state m: f32[2] = 0.0\n"
      "  if slow { update m = 0.5 * m } else { update m = m + x }\n  return x + m\n}";
  EXPECT_EQ(valuesOf(text), (Reals{1, 2}));
}

TEST(Decisions, ComparisonsDoNotChain) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] = select(0.0 < x and x < 1.0, x, 0.0 * x)"), "");
  Code code("let p = 0.5\nlet ok = 0.0 < p < 1.0\n");
  EXPECT_NE(code.messages() + code.constant("ok"), "true");
}

// A dim pattern divides exactly or is refused.
TEST(Decisions, DimPatternsDivide) {
  EXPECT_EQ(valuesOf("fn half(x: f32[2 * n]) -> f32[n] {\n  let y[i: n] = x[i] + x[i + n]\n  return y\n}\n"
                     "fn f(x: f32[4]) -> f32[2] = half(x)"),
            (Reals{4, 6}));
  EXPECT_EQ(
      errorOf("fn half(x: f32[2 * n]) -> f32[n] {\n  let y[i: n] = x[i]\n  return y\n}\nfn f(x: f32[3]) = half(«x»)")
          .substr(0, 5),
      "E0219");
}

// Reversed reads, quotients and products of indices are gathers; `let y[] = ..` is a number.
TEST(Decisions, IndexNotation) {
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32[3] {\n  let y[i] = x[2 - i] + 0.0 * x[i]\n  return y\n}"),
            (Reals{3, 2, 1}));
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32[6] {\n  let y[i: 6] = x[div(i, 2)] + 10.0 * x[i % 3]\n  return y\n}"),
            (Reals{11, 21, 32, 12, 23, 33}));
  EXPECT_EQ(valuesOf("fn f(x: f32[3]) -> f32 {\n  let y[] = sum[i](x[i])\n  return y\n}"), (Reals{6}));
  EXPECT_EQ(errorOf("fn f(x: f32[3]) -> f32[3] {\n  let y[i] = x[«i: 3»]\n  return y\n}").substr(0, 5), "E0505");
}

TEST(Decisions, ModuleLetsMayReferForwards) {
  EXPECT_EQ(Code("let a = b + 1\nlet b = 2\n").constant("a"), "3");
  EXPECT_EQ(Code("let a = b + 1\nlet b = a\n").constant("a").substr(0, 5), "E0137");
}

TEST(Decisions, ParametersWithoutAValueStartAsTheirRankSays) {
  Code code(
      "layer f(x: f32[2, 400]) -> f32[2, 3] {\n  param w: f32[400, 3]\n  param b: f32[3]\n"
      "  let y[n, o] = sum[i](x[n, i] * w[i, o]) + b[o]\n  return y\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  double square = 0;
  for (const double value : code.initial("net.w")) square += value * value / 1200;
  EXPECT_NEAR(square, 2.0 / 400, 0.25 * 2.0 / 400);  // he_normal; 1200 draws scatter by some 4 %
  EXPECT_EQ(code.initial("net.b"), (Reals{0, 0, 0}));
}

// Weight tying: the table of an embedding is the matrix of the output.
TEST(Decisions, WeightsAreTiedByName) {
  Code code(
      "network f(t: i32[2]) -> f32[2, 3] {\n  sub emb = embedding(3, 2)\n  let h = emb(t)\n"
      "  let y[b, w] = sum[i](h[b, i] * emb.table[w, i])\n  return y\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.slots(), std::vector<std::string>{"net.emb.table"});
}

}  // namespace nnc::elaborate::tests
