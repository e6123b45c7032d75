// Instances: paths, sharing, state, modes, random streams, initial values.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "code.h"

namespace nnc::elaborate::tests {

using Paths = std::vector<std::string>;

static Paths slotsOf(const std::string& text, Mode mode = Mode::Train) {
  Code code(text);
  EXPECT_TRUE(code.apply("f", mode)) << code.messages();
  return code.messages().empty() ? code.slots() : Paths{code.messages()};
}

TEST(Instances, AreNamedByBindingAndCallee) {
  EXPECT_EQ(slotsOf("network f(x: f32[2, 3]) -> f32[2, 1] {\n"
                    "  let h = x |> dense(2, bias: false) |> relu |> dense(2, bias: false)\n"
                    "  let h = h |> dense(2, bias: false)\n"
                    "  return h |> dense(1)\n}"),
            (Paths{"net.h.dense.w", "net.h.dense_2.w", "net.h_2.dense.w", "net.dense.w", "net.dense.b"}));
}

// The callee is the name as written, so swapping what it stands for renames nothing else.
TEST(Instances, KeepTheirNamesWhenALayerIsSwapped) {
  const std::string head =
      "layer block(norm: layer)(x: f32[B, n]) -> f32[B, n] = x |> dense(n, bias: false) |> norm |> dense(n, bias: "
      "false) |> norm\n";
  EXPECT_EQ(slotsOf(head + "network f(x: f32[2, 3]) -> f32[2, 3] = x |> block(identity)"),
            (Paths{"net.block.dense.w", "net.block.dense_2.w"}));
  EXPECT_EQ(slotsOf(head + "network f(x: f32[2, 3]) -> f32[2, 3] = x |> block(rms_norm)"),
            (Paths{"net.block.dense.w", "net.block.norm.g", "net.block.dense_2.w", "net.block.norm_2.g"}));
}

TEST(Instances, OfARepeatAreNumbered) {
  EXPECT_EQ(
      slotsOf("layer block(x: f32[B, n]) -> f32[B, n] = x |> dense(n, bias: false) |> dense(n, bias: false)\n"
              "network f(x: f32[2, 3]) -> f32[2, 3] {\n"
              "  let h = x |> repeat 2 { block } |> repeat 1 { block }\n"
              "  return h |> repeat i in 2 { dense(3 + 0 * i, bias: false) |> relu |> dense(3, bias: false) }\n}"),
      (Paths{"net.h.block[0].dense.w", "net.h.block[0].dense_2.w", "net.h.block[1].dense.w", "net.h.block[1].dense_2.w",
             "net.h.block_2[0].dense.w", "net.h.block_2[0].dense_2.w", "net.dense[0].w", "net.dense_2[0].w",
             "net.dense[1].w", "net.dense_2[1].w"}));
}

TEST(Instances, OfChainsUnderANameStandUnderThatName) {
  EXPECT_EQ(
      slotsOf("network f(act: layer = dense(2, bias: false) |> relu)(x: f32[1, 2]) -> f32[1, 2] = x |> act |> act"),
      (Paths{"net.act.dense.w", "net.act_2.dense.w"}));
  EXPECT_EQ(slotsOf("network f(x: f32[1, 2]) -> f32[1, 2] {\n  let two = fn (v) => v |> dense(2, bias: false) |> "
                    "dense(2, bias: false)\n  let h = two(x)\n  return h\n}"),
            (Paths{"net.h.two.dense.w", "net.h.two.dense_2.w"}));
}

TEST(Instances, RecipesOfAFunction) {
  EXPECT_EQ(slotsOf("layer tower(n: int) = repeat n { dense(2, bias: false) }\nnetwork f(x: f32[1, 2]) -> f32[1, 2] = "
                    "x |> tower(2)"),
            (Paths{"net.tower.dense[0].w", "net.tower.dense[1].w"}));
}

TEST(Instances, ASubIsShared) {
  Code code(
      "network f(t: i32[2]) -> f32[2, 3] {\n  sub emb = embedding(3, 2)\n  let h = emb(t)\n  let g = emb(t)\n"
      "  let y[b, w] = sum[i]((h[b, i] + g[b, i]) * emb.table[w, i])\n  return y\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.slots(), (Paths{"net.emb.table"}));
  // table = [1 2; 3 4; 5 6], t = 0, 1: 2 * row times the table.
  EXPECT_EQ(code.run(), (std::vector<double>{10, 22, 34, 22, 50, 78}));
  EXPECT_EQ(slotsOf("network f(x: f32[1, 2]) -> f32[1, 2] {\n  sub both = dense(2, bias: false) |> relu |> dense(2, "
                    "bias: false)\n  return both(both(x))\n}"),
            (Paths{"net.both.dense.w", "net.both.dense_2.w"}));
}

TEST(Instances, ModeDecidesWhatBatchNormReads) {
  const std::string text = "network f(x: f32[2, 1]) -> f32[2, 1] = x |> batch_norm";
  Code eval(text), train(text);
  ASSERT_TRUE(eval.apply("f", Mode::Eval)) << eval.messages();
  ASSERT_TRUE(train.apply("f", Mode::Train)) << train.messages();
  EXPECT_EQ(eval.slots(),
            (Paths{"net.batch_norm.gamma", "net.batch_norm.beta", "net.batch_norm.mu", "net.batch_norm.var"}));
  EXPECT_FALSE(eval.slot("net.batch_norm.mu").updated.has_value());
  EXPECT_TRUE(train.slot("net.batch_norm.mu").updated.has_value());
  EXPECT_FALSE(train.slot("net.batch_norm.gamma").slot.decay);
  // mu = 0, var = 1: x / sqrt(1 + 1e-5); and (x - 1.5) / sqrt(0.25 + 1e-5). Tolerances: rounding of f32.
  EXPECT_NEAR(eval.run()[1], 2 / std::sqrt(1.00001), 1e-6);
  EXPECT_NEAR(train.run()[1], 0.5 / std::sqrt(0.25001), 1e-6);
}

TEST(Instances, AFrozenApplicationReadsItsStateAndLeavesIt) {
  const std::string twice =
      "network f(x: f32[2, 1]) -> f32[2, 1] {\n  sub bn = batch_norm\n  let a = bn(x)\n"
      "  return a * 0.0 + frozen(bn)(x)\n}";
  Code both(twice), once("network f(x: f32[2, 1]) -> f32[2, 1] {\n  sub bn = batch_norm\n  return bn(x)\n}");
  ASSERT_TRUE(both.apply("f", Mode::Train)) << both.messages();
  ASSERT_TRUE(once.apply("f", Mode::Train)) << once.messages();
  EXPECT_EQ(both.slots(), once.slots());
  EXPECT_TRUE(both.slot("net.bn.mu").updated.has_value());
  // mu = 0, var = 1, not those of the batch: x / sqrt(1 + 1e-5). Tolerance: rounding of f32.
  EXPECT_NEAR(both.run()[1], 2 / std::sqrt(1.00001), 1e-6);

  Code frozen("network f(x: f32[2, 1]) -> f32[2, 1] = x |> frozen(batch_norm(momentum: 0.5))");
  ASSERT_TRUE(frozen.apply("f", Mode::Train)) << frozen.messages();
  EXPECT_FALSE(frozen.slot("net.batch_norm.mu").updated.has_value());
}

// What an application that is not frozen declares besides has its attributes and initial value from there.
TEST(Instances, AFrozenApplicationMayComeFirst) {
  Code code(
      "layer scale(x: f32[n]) -> f32[n] {\n  if mode != .train { return x }\n"
      "  param(decay: false) g: f32[n] = 3.0\n  state c: f32[] = 5.0\n  update c = c + 1.0\n  return g * x\n}\n"
      "network f(x: f32[2]) -> f32[2] {\n  sub s = scale\n  let a = frozen(s)(x)\n  return s(a)\n}");
  ASSERT_TRUE(code.apply("f", Mode::Train)) << code.messages();
  EXPECT_EQ(code.slots(), (Paths{"net.s.g", "net.s.c"}));
  EXPECT_FALSE(code.slot("net.s.g").slot.decay);
  EXPECT_EQ(code.run(), (std::vector<double>{3, 6}));
}

TEST(Instances, FreezingRenamesNothing) {
  const std::string head = "layer block(norm: layer)(x: f32[B, n]) -> f32[B, n] = x |> norm |> dense(n, bias: false)\n";
  EXPECT_EQ(slotsOf(head + "network f(x: f32[2, 3]) -> f32[2, 3] = x |> block(frozen(rms_norm))"),
            (Paths{"net.block.norm.g", "net.block.dense.w"}));
  EXPECT_EQ(slotsOf("network f(x: f32[2, 3]) -> f32[2, 3] = x |> frozen(rms_norm()) |> rms_norm()"),
            (Paths{"net.rms_norm.g", "net.rms_norm_2.g"}));
  // Dropout, and whatever else asks for the mode, is as in evaluation.
  Code code("network f(x: f32[4]) -> f32[4] = x |> frozen(dropout(0.5))");
  ASSERT_TRUE(code.apply("f", Mode::Train)) << code.messages();
  EXPECT_TRUE(code.keys().empty());
}

TEST(Instances, AFrozenApplicationMayStandInAScan) {
  Code code(
      "network f(x: f32[2, 1]) -> f32[2, 1] {\n  sub bn = batch_norm\n"
      "  let run = scan t in 0..3 carry h = x {\n    next h = frozen(bn)(h)\n  }\n  return run.h\n}");
  ASSERT_TRUE(code.apply("f", Mode::Train)) << code.messages();
  EXPECT_FALSE(code.slot("net.bn.mu").updated.has_value());
}

TEST(Instances, RandomDrawsAreKeyedByPath) {
  const auto keysOf = [](const std::string& text, Mode mode) {
    Code code(text);
    EXPECT_TRUE(code.apply("f", mode)) << code.messages();
    return code.keys();
  };
  const auto two = keysOf(
      "network f(x: f32[4]) -> f32[4] {\n  let a = x |> dropout\n  let b = a |> dropout\n  return b\n}", Mode::Train);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_NE(two[0], two[1]);
  // The draw of `b` does not depend on whether `a` draws.
  EXPECT_EQ(
      keysOf("network f(x: f32[4]) -> f32[4] {\n  let a = x |> dropout(0.0)\n  let b = a |> dropout\n  return b\n}",
             Mode::Train),
      (std::vector<std::uint64_t>{two[1]}));
  EXPECT_TRUE(keysOf("network f(x: f32[4]) -> f32[4] = x |> dropout", Mode::Eval).empty());
}

TEST(Instances, InitialValuesAreKeyedByPathAndSeed) {
  Code code(
      "network f(x: f32[1, 400]) -> f32[1, 100] {\n  let a = x |> dense(100)\n  let b = x |> dense(100, init: "
      "uniform(-0.3, 0.3))\n  return a + b\n}");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  const std::vector<double> a = code.initial("net.a.dense.w"), again = code.initial("net.a.dense.w"),
                            other = code.initial("net.a.dense.w", 1);
  EXPECT_EQ(a, again);
  EXPECT_NE(a, other);
  EXPECT_EQ(code.initial("net.a.dense.b"), std::vector<double>(100, 0.0));
  double sum = 0.0, squares = 0.0;
  for (const double w : a) {
    sum += w;
    squares += w * w;
  }
  const double n = 40000.0, variance = 2.0 / 400.0;  // he_normal
  // Five standard errors: of the mean sqrt(variance / n), of the variance variance * sqrt(2 / n).
  EXPECT_NEAR(sum / n, 0.0, 5 * std::sqrt(variance / n));
  EXPECT_NEAR(squares / n, variance, 5 * variance * std::sqrt(2 / n));
  for (const double w : code.initial("net.b.dense.w")) EXPECT_TRUE(w >= -0.3 && w < 0.3) << w;
}

TEST(Instances, AttributesOfParameters) {
  Code code(
      "fn half(w: f32[n]) -> f32[n] = 0.5 * w\n"
      "layer l(x: f32[n]) -> f32[n] {\n  param(decay: false, fan_in: 8, project: half) w: f32[n] = he_normal\n  param "
      "v: f32[n, 2]\n  return x * w\n}\n"
      "network f(x: f32[3]) -> f32[3] = x |> l");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  const SlotRecord& w = code.slot("net.l.w");
  EXPECT_FALSE(w.slot.decay);
  EXPECT_EQ(w.fanIn, 8);
  EXPECT_TRUE(w.project.has_value());
  // Without `=`: he_normal for a matrix.
  EXPECT_EQ(toText(code.slot("net.l.v").init), "he_normal");
}

TEST(Instances, LabelsThatIndexAreRemembered) {
  Code code("fn f(z: f32[2, 5], y: i32[2]) = cross_entropy(z, y)");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  ASSERT_EQ(code.labelBounds(), (std::vector<std::int64_t>{5}));
}

}  // namespace nnc::elaborate::tests
