// Scans of the language: derivatives against differences, compiled code against the evaluator.
#include <gtest/gtest.h>

#include "language_program.h"

namespace nnc::tests {

static void check(const std::string& text) {
  const LanguageProgram program(text);
  expectDerivatives(program);
  expectCompiledAlike(program);
}

TEST(LanguageScan, CarriesAndYields) {
  check(
      "fn f(x: f32[2, 3]) -> f32[3, 2] {\n"
      "  let r = scan t in 0..3 carry s = zeros([2]) {\n"
      "    let s1[b] = sin(s[b] * 0.7 + x[b, t] ** 2)\n    next s = s1\n    yield s1 * s\n  }\n"
      "  let y[t, b] = r.ys[t, b] + r.s[b]\n  return y\n}");
}

TEST(LanguageScan, BackwardsOverPartOfTheSteps) {
  check(
      "fn f(x: f32[5, 2], w: f32[2]) -> f32[2] {\n"
      "  let r = scan t in 4..1 carry s = w, n = 1.0 {\n"
      "    let s1[b] = tanh(s[b] * w[b] + x[t, b] * x[t + 1, b] * n)\n    next s = s1, n = n * 0.9 + 0.01 * t\n  }\n"
      "  return r.s * r.n\n}");
}

TEST(LanguageScan, OneInTheOther) {
  check(
      "fn f(x: f32[2, 3], w: f32[2]) -> f32[2] {\n"
      "  let r = scan i in 0..2 carry s = w {\n"
      "    let q = scan t in 0..3 carry p = 1.0 { next p = p * x[i, t] + sin(s[0] * w[1]) }\n"
      "    next s = s * 0.5 + q.p * w\n  }\n  return r.s\n}");
}

TEST(LanguageScan, InAScanOfASharedCell) {
  check(
      "layer cell(x: f32[B, n], h: f32[B, n]) -> f32[B, n] {\n"
      "  sub a = dense(n)\n  sub b = dense(n, bias: false)\n  return tanh(a(x) + b(h))\n}\n"
      "network f(x: f32[2, 4, 3]) -> f32[2, 3] {\n  sub step = cell\n"
      "  let r = scan t in 0..4 carry h = zeros([2, 3]) {\n    let v[n, i] = x[n, t, i]\n    next h = step(v, h)\n  }\n"
      "  return r.h\n}");
}

TEST(LanguageScan, AlongAnIndex) {
  check(
      "fn smooth(x: f32[n]) -> f32[n] {\n"
      "  let r = scan t in n..0 carry s = 0.0 { let s1 = 0.6 * s + sin(x[t]); next s = s1; yield s1 }\n  return "
      "r.ys\n}\n"
      "fn f(x: f32[2, 3]) -> f32[2, 3] {\n  let y[b, i] = smooth[i](x[b, i])\n  return y\n}");
}

TEST(LanguageScan, WithDraws) {
  check(
      "network f(x: f32[3, 2]) -> f32[2] {\n  sub drop = dropout(0.5)\n"
      "  let r = scan t in 0..3 carry h = zeros([2]) {\n    let v[i] = x[t, i] + h[i]\n    next h = drop(sin(v))\n  }\n"
      "  return r.h\n}");
}

TEST(LanguageScan, Recurrent) {
  check("network f(x: f32[2, 3, 2]) -> f32[2, 3, 4] = x |> rnn(4)");
  check("network f(x: f32[2, 3, 2]) -> f32[2, 3, 4] = x |> rnn(4, act: sigmoid, reverse: true)");
  check("network f(x: f32[2, 3, 2]) -> f32[2, 3, 4] = x |> lstm(4)");
  check("network f(x: f32[2, 3, 2]) -> f32[2, 3, 4] = x |> lstm(4, reverse: true)");
  check("network f(x: f32[2, 3, 2]) -> f32[2, 3, 4] = x |> gru(4)");
  // The product with the input inside the scan, as one writes it first.
  check(
      "network f(x: f32[2, 3, 2]) -> f32[2, 4] {\n  param wx: f32[2, 4] = 1.0\n  param wh: f32[4, 4] = 1.0\n"
      "  let r = scan t in 0..3 carry h = zeros([2, 4]) {\n"
      "    let z[b, k] = sum[i](x[b, t, i] * wx[i, k]) + sum[j](h[b, j] * wh[j, k])\n    next h = tanh(z)\n  }\n  "
      "return r.h\n}");
}

}  // namespace nnc::tests
