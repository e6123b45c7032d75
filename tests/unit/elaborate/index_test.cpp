// Index notation: numbers against hand-computed ones, and the ops that it becomes. Inputs count 1, 2, 3, ..
#include <gtest/gtest.h>

#include <cmath>

#include "code.h"

namespace nnc::elaborate::tests {

using Numbers = std::vector<double>;

static Numbers run(const std::string& text) {
  Code code(text);
  EXPECT_TRUE(code.apply("f")) << code.messages();
  return code.messages().empty() ? code.run() : Numbers{};
}
static std::string ops(const std::string& text) {
  Code code(text);
  EXPECT_TRUE(code.apply("f")) << code.messages();
  return code.messages().empty() ? code.ops() : code.messages();
}
/// `fn f(x: f32[..]) { let <lets>  return y }`
static std::string fn(const std::string& parameters, const std::string& lets) {
  return "fn f(" + parameters + ") {\n  " + lets + "\n  return y\n}\n";
}

TEST(Index, TransposesAndBroadcasts) {
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y[j, i] = x[i, j]")), (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(run(fn("x: f32[2, 3], b: f32[3]", "let y[i, j] = x[i, j] + b[j]")), (Numbers{2, 4, 6, 5, 7, 9}));
  EXPECT_EQ(run(fn("a: f32[2], b: f32[3]", "let y[i, j] = a[i] * b[j]")), (Numbers{1, 2, 3, 2, 4, 6}));
  EXPECT_EQ(run(fn("a: f32[2]", "let y[i, j: 2] = a[i]")), (Numbers{1, 1, 2, 2}));
  EXPECT_EQ(run(fn("a: f32[2]", "let y[] = a[1]")), (Numbers{2}));
  EXPECT_EQ(run(fn("a: f32[1]", "let y[i: 3] = 7")), (Numbers{7, 7, 7}));
}

TEST(Index, SumsOfProductsAreContractions) {
  const std::string product = fn("x: f32[2, 3], w: f32[3, 2]", "let y[b, o] = sum[i](x[b, i] * w[i, o])");
  EXPECT_EQ(ops(product), "contract");
  EXPECT_EQ(run(product), (Numbers{22, 28, 49, 64}));
  // An index of one factor is summed there first: (1 + 2 + 3) * (x rows summed over j).
  EXPECT_EQ(ops(fn("x: f32[2, 3], w: f32[3]", "let y[b] = sum[i, j](x[b, i] * w[j])")),
            "reduce_sum reduce_sum broadcast mul");
  EXPECT_EQ(run(fn("x: f32[2, 3], w: f32[3]", "let y[b] = sum[i, j](x[b, i] * w[j])")), (Numbers{36, 90}));
  // Nothing but one index on both sides: elementwise work and a reduction.
  EXPECT_EQ(ops(fn("x: f32[4], w: f32[4]", "let y[] = sum[i](x[i] * w[i])")), "mul reduce_sum");
  EXPECT_EQ(run(fn("x: f32[4], w: f32[4]", "let y[] = sum[i](x[i] * w[i])")), (Numbers{30}));
  EXPECT_EQ(ops(fn("x: f32[2, 3]", "let y[b] = sum[i](x[b, i])")), "reduce_sum");
}

TEST(Index, NumbersAndOuterFactorsLeaveTheSum) {
  EXPECT_EQ(ops(fn("x: f32[2, 3], w: f32[3, 2], g: f32[2]", "let y[b, o] = sum[i](0.5 * x[b, i] * w[i, o] * g[o])")),
            "contract mul broadcast mul");
  EXPECT_EQ(run(fn("x: f32[2, 3], w: f32[3, 2], g: f32[2]", "let y[b, o] = sum[i](0.5 * x[b, i] * w[i, o] * g[o])")),
            (Numbers{11, 28, 24.5, 64}));
  EXPECT_EQ(run(fn("x: f32[2, 3], w: f32[3, 2]", "let y[b, o] = sum[i](-x[b, i] * w[i, o] / 2)")),
            (Numbers{-11, -14, -24.5, -32}));
  EXPECT_EQ(run(fn("x: f32[2]", "let y[b] = sum[i: 3](x[b])")), (Numbers{3, 6}));
  // A divisor that depends on the index stays inside.
  EXPECT_EQ(run(fn("x: f32[2], w: f32[2]", "let y[] = sum[i](3 * x[i] / w[i])")), (Numbers{6}));
}

TEST(Index, ChainsContractPairwise) {
  const std::string chain =
      fn("a: f32[2, 2], b: f32[2, 2], c: f32[2, 2]", "let y[i, l] = sum[j, k](a[i, j] * b[j, k] * c[k, l])");
  EXPECT_EQ(ops(chain), "contract contract");
  EXPECT_EQ(run(chain), (Numbers{37, 54, 81, 118}));
  // Three factors of one index: one pair is multiplied, then contracted.
  EXPECT_EQ(run(fn("a: f32[2], b: f32[2], c: f32[2]", "let y[] = sum[i](a[i] * b[i] * c[i])")), (Numbers{9}));
}

TEST(Index, ExtremesAndFunctionsAlongAnIndex) {
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y[i] = max[j](x[i, j])")), (Numbers{3, 6}));
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y[j] = min[i](x[i, j])")), (Numbers{1, 2, 3}));
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y[j] = mean[i](x[i, j])")), (Numbers{2.5, 3.5, 4.5}));
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y[] = mean[i, j](x[i, j])")), (Numbers{3.5}));
  const Numbers p = run(fn("x: f32[2, 3]", "let y[i, j] = softmax[j](x[i, j])"));
  const double z = std::exp(-2.0) + std::exp(-1.0) + 1.0;
  for (int i = 0; i < 6; ++i)
    EXPECT_NEAR(p[static_cast<std::size_t>(i)], std::exp(i % 3 - 2.0) / z, 1e-6)
        << i;  // f32 rounding of numbers below 1
  // A function of the user that drops the axis, and one that keeps it along another index than the last.
  EXPECT_EQ(run("fn spread_of(x: f32[..s, n]) -> f32[..s] {\n let y[..s] = max[i](x[..s, i]) - min[i](x[..s, i])\n "
                "return y }\n" +
                fn("x: f32[2, 3]", "let y[j] = spread_of[i](x[i, j])")),
            (Numbers{3, 3, 3}));
  EXPECT_EQ(run("fn first(x: f32[n]) -> f32[n] {\n let y[i: n] = x[0]\n return y }\n" +
                fn("x: f32[2, 3]", "let y[i, j] = first[i](x[i, j])")),
            (Numbers{1, 2, 3, 1, 2, 3}));
  // A function of a scalar is applied to each element.
  EXPECT_EQ(run("fn scaled(e: f32) -> f32 = 2.0 * e\n" + fn("x: f32[2, 2]", "let y[i, j] = scaled(x[i, j])")),
            (Numbers{2, 4, 6, 8}));
}

TEST(Index, Packs) {
  EXPECT_EQ(run(fn("x: f32[2, 2, 2]", "let y[..s] = sum[i](x[..s, i])")), (Numbers{3, 7, 11, 15}));
  EXPECT_EQ(run(fn("x: f32[2, 3, 2]", "let y[q] = mean[b, ..s](x[b, q, ..s])")), (Numbers{4.5, 6.5, 8.5}));
  EXPECT_EQ(run(fn("x: f32[2, 2]", "let y = sum[..s](x[..s])")), (Numbers{10}));
  // A pack that nothing binds stands on the left.
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y = max[i](x[..s, i])")), (Numbers{3, 6}));
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y = x[1, ..]")), (Numbers{4, 5, 6}));
  EXPECT_EQ(run(fn("x: f32[2, 3]", "let y = x[.., 0]")), (Numbers{1, 4}));
}

TEST(Index, GathersThroughTensors) {
  // y counts 0, 1, 2, 0, ..
  EXPECT_EQ(run(fn("z: f32[3, 3], t: i32[3]", "let y[b] = z[b, t[b]]")), (Numbers{1, 5, 9}));
  EXPECT_EQ(run(fn("table: f32[3, 2], t: i32[2, 2]", "let y[..s, d] = table[t[..s], d]")),
            (Numbers{1, 2, 3, 4, 5, 6, 1, 2}));
  EXPECT_EQ(ops(fn("table: f32[3, 2], t: i32[2, 2]", "let y[..s, d] = table[t[..s], d]")), "gather");
  EXPECT_EQ(run(fn("z: f32[3, 3], r: i32[2], c: i32[2]", "let y[k] = z[r[k], c[k]]")), (Numbers{1, 5}));
  EXPECT_EQ(run(fn("z: f32[3, 3], t: i32", "let y[j] = z[t, j]")), (Numbers{1, 2, 3}));
  // A label out of range is clamped in its own axis, not across rows.
  Code clamped(fn("z: f32[2, 2], t: i32[2]", "let y[b] = z[b, t[b]]"));
  clamped.inputs["t"] = tensor({ir::DType::I32, {2}}, {7, -3});
  ASSERT_TRUE(clamped.apply("f")) << clamped.messages();
  EXPECT_EQ(clamped.run(), (Numbers{2, 3}));
  // What is known to stay inside is read as it is; the `t` of a scan is not known, and is clamped like a label.
  EXPECT_EQ(run(fn("x: f32[4, 4]", "let y[i: 2] = x[i, i * i]")), (Numbers{1, 6}));
  EXPECT_EQ(run(fn("x: f32[2, 2]",
                   "let run = scan t in 0..3 carry c = 0.0 {\n let v[i: 2] = x[i, t * t + i]\n"
                   " next c = c + sum[i](v[i]) }\n let y = run.c")),
            (Numbers{1 + 4 + 2 + 4 + 2 + 4}));
}

TEST(Index, AffineReadsAreViews) {
  EXPECT_EQ(run(fn("x: f32[6]", "let y[k: 3] = x[k + 2]")), (Numbers{3, 4, 5}));
  EXPECT_EQ(run(fn("x: f32[6]", "let y[k: 3] = x[2 * k + 1]")), (Numbers{2, 4, 6}));
  EXPECT_EQ(ops(fn("x: f32[6]", "let y[k: 3] = x[2 * k + 1]")), "slice");
  EXPECT_EQ(run(fn("x: f32[4]", "let y[k: 4] = x[3 - k]")), (Numbers{4, 3, 2, 1}));
  EXPECT_EQ(run(fn("x: f32[6]", "let y[k: 3] = x[k]")), (Numbers{1, 2, 3}));
  EXPECT_EQ(run(fn("x: f32[6], w: f32[2]", "let y[i: 3] = sum[u](x[i * 2 + u] * w[u])")), (Numbers{5, 11, 17}));
  EXPECT_EQ(ops(fn("x: f32[6], w: f32[2]", "let y[i: 3] = sum[u](x[i * 2 + u] * w[u])")), "window contract");
  EXPECT_EQ(run(fn("x: f32[8]", "let y[i: 2, j: 2] = sum[k: 2](x[i * 4 + j * 2 + k])")), (Numbers{3, 7, 11, 15}));
  // Products and quotients of indices are looked up; so is the diagonal.
  EXPECT_EQ(run(fn("x: f32[4]", "let y[i: 4] = x[div(i, 2)]")), (Numbers{1, 1, 2, 2}));
  EXPECT_EQ(run(fn("x: f32[4]", "let y[i: 4] = x[i % 2]")), (Numbers{1, 2, 1, 2}));
  EXPECT_EQ(run(fn("x: f32[4]", "let y[i: 2, j: 2] = x[i * j]")), (Numbers{1, 1, 1, 2}));
  EXPECT_EQ(run(fn("x: f32[3, 3]", "let y[i] = x[i, i]")), (Numbers{1, 5, 9}));
}

TEST(Index, IndicesAreNumbers) {
  EXPECT_EQ(run(fn("x: f32[3]", "let y[i] = x[i] * i")), (Numbers{0, 2, 6}));
  EXPECT_EQ(run(fn("x: f32[2]", "let y[i: 2, j: 2] = select(j <= i, 1.0, 0.0)")), (Numbers{1, 0, 1, 1}));
  EXPECT_EQ(run(fn("x: f32[3], t: i32[3]", "let y[c: 3, b] = select(c == t[b], x[b], 0.0)")),
            (Numbers{1, 0, 0, 0, 2, 0, 0, 0, 3}));
  EXPECT_EQ(run(fn("x: f32[3]", "let y[k: 3] = 0.5 * k / 2")), (Numbers{0, 0.25, 0.5}));
  EXPECT_EQ(run(fn("x: f32[3]", "let y[] = sum[k](k * x[k])")), (Numbers{8}));
}

TEST(Index, StaticListsBecomeConstants) {
  EXPECT_EQ(run(fn("x: f32[2, 2]", "let y[c, i] = (x[c, i] - [1.0, 3.0][c]) / [1, 2][c]")), (Numbers{0, 1, 0, 0.5}));
  EXPECT_EQ(run(fn("x: f32[3]", "let y[e] = x[[2, 0, 1, 1][e]]")), (Numbers{3, 1, 2, 2}));
  EXPECT_EQ(run(fn("x: f32[1]", "let y[i, j] = [[1, 2], [3, 4]][i][j] * 1.0")), (Numbers{1, 2, 3, 4}));
}

TEST(Index, LayersOfTheStdlibAreWhatTheySay) {
  Code dense("network f(x: f32[2, 3]) -> f32[2, 2] = x |> dense(2)");
  ASSERT_TRUE(dense.apply("f")) << dense.messages();
  EXPECT_EQ(dense.ops(), "contract broadcast add");
  EXPECT_EQ(dense.run(), (Numbers{22, 28, 49, 64}));
  Code conv("network f(x: f32[1, 1, 3, 3]) -> f32[1, 1, _, _] = x |> conv2d(1, 3)");
  ASSERT_TRUE(conv.apply("f")) << conv.messages();
  EXPECT_EQ(conv.ops(), "pad window contract");
  EXPECT_EQ(conv.type(), "f32[1, 1, 3, 3]");
  // The kernel counts 1..9 like the image: the middle is the sum of squares, a corner 5*1+6*2+8*4+9*5.
  EXPECT_EQ(conv.run(), (Numbers{94, 154, 106, 186, 285, 186, 106, 154, 94}));
  Code strided("network f(x: f32[1, 1, 4, 4]) -> f32[1, 1, _, _] = x |> conv2d(1, 2, stride: 2, pad: 0)");
  ASSERT_TRUE(strided.apply("f")) << strided.messages();
  EXPECT_EQ(strided.ops(), "window contract");
  EXPECT_EQ(strided.run(), (Numbers{44, 64, 124, 144}));
  Code pool("network f(x: f32[1, 1, 4, 4]) -> f32[1, 1, _, _] = x |> max_pool(2)");
  ASSERT_TRUE(pool.apply("f")) << pool.messages();
  EXPECT_EQ(pool.ops(), "window reduce_max");
  EXPECT_EQ(pool.run(), (Numbers{6, 8, 14, 16}));
  Code softmax("fn f(x: f32[2, 3]) = softmax(x)");
  ASSERT_TRUE(softmax.apply("f")) << softmax.messages();
  EXPECT_EQ(softmax.ops(), "reduce_max stop_gradient broadcast neg add exp reduce_sum div broadcast mul");
}

// Attention with grouped heads and a causal mask, next to plain loops.
TEST(Index, GroupedAttention) {
  constexpr int T = 3, G = 2, R = 2, E = 2;
  Code code(
      "fn f(q: f32[1, 3, 2, 2, 2], k: f32[1, 3, 2, 2], v: f32[1, 3, 2, 2], start: i32) {\n"
      "  let s[b, h, m, t, u] = sum[c](q[b, t, h, m, c] * k[b, u, h, c]) / sqrt(100.0)\n"
      "  let p[b, h, m, t, u] = softmax[u](select(u <= start + t, s[b, h, m, t, u], -1e30))\n"
      "  let o[b, t, h, m, c] = sum[u](p[b, h, m, t, u] * v[b, u, h, c])\n"
      "  return o\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.type(), "f32[1, 3, 2, 2, 2]");
  const Numbers o = code.run();
  const auto q = [](int t, int h, int m, int c) { return 1 + ((t * G + h) * R + m) * E + c; };
  const auto kv = [](int u, int h, int c) { return 1 + (u * G + h) * E + c; };
  for (int t = 0; t < T; ++t)
    for (int h = 0; h < G; ++h)
      for (int m = 0; m < R; ++m) {
        double weights[T] = {}, sum = 0.0;
        for (int u = 0; u <= t; ++u) {
          for (int c = 0; c < E; ++c) weights[u] += q(t, h, m, c) * kv(u, h, c) / 10.0;
          weights[u] = std::exp(weights[u]);
          sum += weights[u];
        }
        for (int c = 0; c < E; ++c) {
          double expected = 0.0;
          for (int u = 0; u < T; ++u) expected += weights[u] / sum * kv(u, h, c);
          // Rounding of f32: exponents up to 60 keep 2e-6 of the weights, values are below 13.
          EXPECT_NEAR(o[static_cast<std::size_t>(q(t, h, m, c) - 1)], expected, 13 * 1e-5) << t << h << m << c;
        }
      }
}

TEST(Index, RotaryEmbedding) {
  Code code(
      "fn f(x: f32[1, 2, 1, 4]) = rope(10000.0)(x, 1)\n"
      "fn rope(theta: real)(x: f32[B, T, ..h, d], start: i32) -> f32[B, T, ..h, d] {\n"
      "  require d % 2 == 0\n"
      "  let a[t: T, k: d / 2] = cast(start + t, f32) * exp(-log(theta) * 2.0 * k / d)\n"
      "  let lo[b, t, ..h, k: d / 2] = x[b, t, ..h, k] * cos(a[t, k]) - x[b, t, ..h, k + d / 2] * sin(a[t, k])\n"
      "  let hi[b, t, ..h, k: d / 2] = x[b, t, ..h, k + d / 2] * cos(a[t, k]) + x[b, t, ..h, k] * sin(a[t, k])\n"
      "  return concat(lo, hi, axis: -1)\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  const Numbers y = code.run();
  for (int t = 0; t < 2; ++t)
    for (int k = 0; k < 2; ++k) {
      const double angle = (1 + t) * std::pow(10000.0, -2.0 * k / 4), lo = 1 + 4 * t + k, hi = lo + 2;
      // Rounding of f32 for numbers below 16.
      EXPECT_NEAR(y[static_cast<std::size_t>(4 * t + k)], lo * std::cos(angle) - hi * std::sin(angle), 1e-5) << t << k;
      EXPECT_NEAR(y[static_cast<std::size_t>(4 * t + k + 2)], hi * std::cos(angle) + lo * std::sin(angle), 1e-5)
          << t << k;
    }
}

TEST(Index, Losses) {
  Code loss("fn f(z: f32[2, 3], y: i32[2]) = cross_entropy(z, y)");
  ASSERT_TRUE(loss.apply("f")) << loss.messages();
  const double z = std::log(std::exp(-2.0) + std::exp(-1.0) + 1.0);  // log-sum-exp minus the largest logit
  const Numbers values = loss.run();
  ASSERT_EQ(values.size(), 2u);
  EXPECT_NEAR(values[0], z + 2.0, 1e-6);  // label 0 of logits 1, 2, 3; rounding of f32
  EXPECT_NEAR(values[1], z + 1.0, 1e-6);  // label 1 of logits 4, 5, 6
  EXPECT_EQ(run("fn f(z: f32[2, 3], y: i32[2]) = accuracy(z, y)"), (Numbers{0, 0}));
}

}  // namespace nnc::elaborate::tests
