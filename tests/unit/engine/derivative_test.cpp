// grad, vjp and functions with derivatives of their own: values against differences, compiled against the evaluator.
#include <gtest/gtest.h>

#include <cmath>

#include "language_program.h"

namespace nnc::tests {

static void check(const std::string& text) {
  const LanguageProgram program(text);
  expectDerivatives(program);
  expectCompiledAlike(program);
}

// expectDerivatives differentiates once more: these are second derivatives of f, checked by differences of the first.
TEST(LanguageDerivative, OfANumberByATensor) {
  check("fn f(x: f32[3], w: f32[3]) -> f32[3] {\n  let l = total(sin(x * w) * x ** 2)\n  return grad(l, x)\n}");
  check(
      "fn f(x: f32[2, 3], w: f32[3, 2]) -> f32[3, 2] {\n"
      "  let h[b, o] = tanh(sum[i](x[b, i] * w[i, o]))\n  return grad(total(h * h) + l2(w), w) * 2.0\n}");
}

TEST(LanguageDerivative, OfAnIntermediateValue) {
  check(
      "fn f(x: f32[3]) -> f32[3] {\n  let h = exp(0.3 * x)\n  let l = total(h ** 3 + x)\n  return grad(l, h) + x * "
      "h\n}");
}

TEST(LanguageDerivative, OfADerivative) {
  // d2/dx2 of sum(x^4) is 12 x^2.
  const LanguageProgram program(
      "fn f(x: f32[3]) -> f32[3] {\n  let g = grad(total(x ** 4), x)\n  return grad(total(g), x)\n}");
  ASSERT_TRUE(program.isFine);
  const ir::Tensor y = evaluateInDouble(program)[1];
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(y.real(i), 12 * std::pow(program.arguments[0].real(i), 2), 1e-12);
  expectDerivatives(program);
  expectCompiledAlike(program);
}

TEST(LanguageDerivative, OfParametersInsideANetwork) {
  // The gradient penalty of a small network by its input, and a derivative by a weight of a shared instance.
  check(
      "network f(x: f32[2, 3]) -> f32[2] {\n  sub a = dense(4)\n  sub b = dense(1)\n"
      "  let y = b(tanh(a(x)))\n  let g = grad(total(y), x)\n  let p[n] = (sqrt(sum[i](g[n, i] ** 2) + 0.01) - 1.0) ** "
      "2\n"
      "  let w = grad(total(y ** 2), a.w)\n  return p + total(w ** 2)\n}");
}

TEST(LanguageDerivative, WithWeights) {
  check(
      "fn f(x: f32[2], v: f32[3], w: f32[2, 3]) -> f32[2] {\n"
      "  let y[j] = sin(sum[i](x[i] * w[i, j]))\n  return vjp(y, x, v * v)\n}");
  // dy is held fixed though it is computed from x.
  const LanguageProgram program("fn f(x: f32[2]) -> f32[2] {\n  let y = x ** 2\n  return vjp(y, x, x)\n}");
  ASSERT_TRUE(program.isFine);
  const ir::Tensor y = evaluateInDouble(program)[1];
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(y.real(i), 2 * std::pow(program.arguments[0].real(i), 2), 1e-12);
  expectDerivatives(program);
  check("fn f(x: f32[2]) -> f32[2] {\n  let y = sin(x)\n  return vjp(y, x, y) + vjp(x ** 3, x, 1.0)\n}");
}

TEST(LanguageDerivative, InsideAScan) {
  // Two steps of gradient descent on a quadratic form, differentiated through.
  check(
      "fn f(a: f32[2, 2], x0: f32[2]) -> f32[2] {\n"
      "  let r = scan t in 0..3 carry x = x0 {\n"
      "    let e[i] = sum[j](a[i, j] * x[j]) - 1.0\n    let g = grad(total(e ** 2), x)\n    next x = x - 0.1 * g\n  }\n"
      "  return r.x\n}");
}

TEST(LanguageDerivative, OfAScan) {
  check(
      "fn f(x: f32[3], w: f32) -> f32 {\n"
      "  let r = scan t in 0..3 carry s = 0.5 { next s = sin(s * w + x[t]) }\n  return grad(r.s, w) ** 2 + r.s\n}");
}

TEST(LanguageDerivative, StopsWhereItIsTold) {
  const LanguageProgram program("fn f(x: f32[2]) -> f32[2] = grad(total(x * stop_gradient(x)), x)");
  ASSERT_TRUE(program.isFine);
  const ir::Tensor y = evaluateInDouble(program)[1];
  for (int i = 0; i < 2; ++i) EXPECT_EQ(y.real(i), program.arguments[0].real(i));
}

// -------------------------------------------------- derivatives of their own

/// The derivative by the first argument, in f64.
static ir::Tensor derivativeOf(const std::string& text) {
  const LanguageProgram program(text);
  EXPECT_TRUE(program.isFine);
  expectCompiledAlike(program);
  return evaluateInDouble(program)[2];
}

TEST(OwnDerivative, IsTaken) {
  const std::string half = "fn f(x: f32[3]) -> f32[3] { return x ** 2 } vjp (g) { return ";
  const ir::Tensor derived = derivativeOf(half + "2.0 * x * g }"), other = derivativeOf(half + "7.0 * g }"),
                   plain = derivativeOf("fn f(x: f32[3]) -> f32[3] = x ** 2"),
                   seven = derivativeOf("fn f(x: f32[3]) -> f32[3] = 7.0 * x");
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(derived.real(i), plain.real(i), 1e-12);
    EXPECT_NEAR(other.real(i), seven.real(i), 1e-12);
  }
}

TEST(OwnDerivative, OfSeveralParametersAndResults) {
  check(
      "fn mul(a: f32[..s], n: i32[..s], b: f32[..s]) -> f32[..s] {\n  let y = a * b\n  return y\n"
      "} vjp (g) { return (g * b, g * a) }\n"
      "fn f(x: f32[3], n: i32[3], w: f32[3]) -> f32[3] = mul(sin(x), n, w) * mul(w, n, w)");
  check(
      "fn both(a: f32[n], b: f32[n]) {\n  return (s: a + b, p: a * b)\n} vjp (gs, gp) { return (gs + gp * b, gs + gp * "
      "a) }\n"
      "fn f(x: f32[3], w: f32[3]) -> f32[3] {\n  let r = both(x, w)\n  return r.s * r.p\n}");
}

// The second derivative goes through the clause.
TEST(OwnDerivative, IsDifferentiatedAgain) {
  check(
      "fn cube(x: f32[..s]) -> f32[..s] { return x * x * x } vjp (g) { return 3.0 * x ** 2 * g }\n"
      "fn f(x: f32[3]) -> f32[3] = grad(total(cube(x)), x)");
}

TEST(OwnDerivative, AlongIndices) {
  // The parameter has fewer indices than the result: its derivative is summed.
  check(
      "fn scaled(a: f32, b: f32) -> f32 { return a * b } vjp (g) { return (g * b, g * a) }\n"
      "fn f(x: f32[2, 3], w: f32[3]) -> f32[2, 3] {\n  let y[i, j] = scaled(x[i, j], w[j]) + scaled(w[j], 2.0)\n  "
      "return y\n}");
}

TEST(OwnDerivative, StraightThrough) {
  const ir::Tensor derived = derivativeOf(
                       "fn round_ste(x: f32[..s]) -> f32[..s] {\n  return floor(x + 0.5)\n} vjp (g) { return g }\n"
                       "fn f(x: f32[3]) -> f32[3] = round_ste(3.0 * x)"),
                   plain = derivativeOf("fn f(x: f32[3]) -> f32[3] = 3.0 * x");
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(derived.real(i), plain.real(i), 1e-12);
}

// ---------------------------------------------------------------- indices outside

// Each index is clamped in its own axis, where it reads and where its derivative goes.
TEST(LanguageGather, ClampsEveryAxis) {
  const auto program = [](const std::string& parameters, const std::string& read) {
    return LanguageProgram("fn f(" + parameters + ") -> f32[3] {\n  let y[b] = " + read + "\n  return y * y\n}");
  };
  LanguageProgram far = program("x: f32[3, 4], at: i32[3]", "x[b, at[b]]");
  ASSERT_TRUE(far.isFine);
  far.arguments[far.at("at")].setInteger(0, 7);
  far.arguments[far.at("at")].setInteger(1, -2);
  const ir::Tensor x = far.arguments[0];
  const ir::Tensor y = evaluateInDouble(far)[1];
  EXPECT_DOUBLE_EQ(y.real(0), x.real(3) * x.real(3));
  EXPECT_DOUBLE_EQ(y.real(1), x.real(4) * x.real(4));
  expectDerivatives(far);
  expectCompiledAlike(far);
  // Two indices from outside, and one that depends on an index of the loop and on a number.
  LanguageProgram both = program("x: f32[2, 4], at: i32[3], to: i32[3]", "x[to[b], at[b] * 3]");
  ASSERT_TRUE(both.isFine);
  both.arguments[both.at("to")].setInteger(2, 9);
  expectDerivatives(both);
  expectCompiledAlike(both);
  const LanguageProgram scan(
      "fn f(x: f32[3, 4]) -> f32[3] {\n  let zero = zeros([3])\n  let run = scan t in 0..4 carry c = zero {\n"
      "    let v[b] = x[b, t * t + b]\n    next c = c + v * v\n  }\n  return run.c\n}");
  ASSERT_TRUE(scan.isFine);
  expectDerivatives(scan);
  expectCompiledAlike(scan);
}

// ---------------------------------------------------------------- scatter_add

TEST(LanguageScatter, AddsWhereItIsTold) {
  const LanguageProgram program("fn f(x: f32[4, 2], at: i32[4]) -> f32[3, 2] = scatter_add(x, at: at, size: 3)");
  ASSERT_TRUE(program.isFine);
  const ir::Tensor& x = program.arguments[0];  // at = 0, 1, 2, 0
  const ir::Tensor y = evaluateInDouble(program)[1];
  for (int i = 0; i < 2; ++i) {
    EXPECT_DOUBLE_EQ(y.real(i), x.real(i) + x.real(6 + i));
    EXPECT_EQ(y.real(2 + i), x.real(2 + i));
    EXPECT_EQ(y.real(4 + i), x.real(4 + i));
  }
  expectDerivatives(program);
  expectCompiledAlike(program);
}

TEST(LanguageScatter, AlongIndices) {
  const std::string energy =
      "fn energy(x: f32[n], at: i32[n]) -> f32 {\n  let s = scatter_add(x, at, 3)\n  return total(s ** 2)\n}\n";
  check(energy + "fn f(x: f32[2, 4], at: i32[4]) -> f32[2] {\n  let y[b] = energy[e](x[b, e], at[e])\n  return y\n}");
  check(energy +
        "fn f(x: f32[2, 4], at: i32[2, 4]) -> f32[2] {\n  let y[b] = energy[e](x[b, e], at[b, e])\n  return y\n}");
  check(energy + "fn f(x: f32[4], at: i32[2, 4]) -> f32[2] {\n  let y[b] = energy[e](x[e], at[b, e])\n  return y\n}");
}

}  // namespace nnc::tests
