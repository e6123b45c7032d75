// Definitions that nothing uses are tried with made-up sizes: what no caller could use is an error, what some could is
// not.
#include <gtest/gtest.h>

#include "fixture.h"

namespace nnc::elaborate {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* message = "";  // a part of the first message; empty: none
};
std::string nameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

class RightDefinitions : public ProjectTest, public testing::WithParamInterface<Case> {};
TEST_P(RightDefinitions, are_left_alone) {
  Project* const project = loadText(GetParam().text);
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << messages();
  EXPECT_EQ(messages(), "");
}
INSTANTIATE_TEST_SUITE_P(
    All, RightDefinitions,
    testing::Values(
        Case{"EqualForSomeSizes", "layer res(out: dim)(x: f32[B, n]) -> f32[B, out] { return x + (x |> dense(out)) }"},
        Case{"ARelationOfSizes", "layer split(heads: dim)(x: f32[B, d], y: f32[B, 3 * heads]) -> f32[B, d] = x + y"},
        Case{"OneSizeOnly", "fn picture(x: f32[B, n]) -> f32[B, 28, 28] = reshape(x, [B, 28, 28])"},
        Case{"TwoEqualities", "fn add(x: f32[a, b], y: f32[c, d]) -> f32[a, d] = x + y"},
        Case{"ExactDivision", "fn heads(h: dim)(x: f32[B, d]) -> f32[B, h, _] = reshape(x, [B, h, d / h])"},
        Case{"Required", "fn f(k: int)(x: f32[B, d]) -> f32[B, d] { require k > 1000000, \"large k\"  return x }"},
        Case{"ABranchThatDependsOnAParameter",
             "layer b(o: enum(post, pre))(x: f32[B, n], y: f32[B, m]) -> f32[B, n] {"
             "  return if o == .pre then x + y else x }"},
        Case{"ALayerOfTheCaller", "layer wrap(f: layer)(x: f32[B, n]) -> f32[B, 7] = x |> f"},
        Case{"AnyRank", "fn unit(x: f32[..s, n]) -> f32[..s, n] { let m = l2(x)  return x / m }"},
        Case{"ManyDims",
             "fn f(x: f32[a, b, c, d, 2 * e, g]) -> f32[a, b, c, d, _, g] {"
             "  let y[i, j, k, l, m: e, n] = x[i, j, k, l, m, n]  return y }"},
        Case{"Convolutions",
             "layer c(out: dim, k: int)(x: f32[B, c, h, w]) -> f32[B, out, _, _] = x |> conv2d(out, k, pad: k)"},
        Case{"AnOptimizer",
             "optimizer o(lr: schedule)(p: f32[..s], g: f32[..s]) -> f32[..s] {"
             "  state m: f32[..s] = 0.0  update m = g  return p - lr(step) * if p.decay then m else g }"},
        Case{"AnInitialiser", "fn half(shape: dims, key: key) -> f32[..shape] = 0.5 * random_normal(key, shape)"}),
    nameOf);

// What the design left open and this decided (docs/language.md), a program each.
INSTANTIATE_TEST_SUITE_P(
    Decisions, RightDefinitions,
    testing::Values(
        Case{"AWrittenExtentWins", "fn f(x: f32[B, d]) -> f32[B, _] { let y[b, k: d / 2] = x[b, k]  return y }"},
        Case{"APackThatNothingBindsStandsOnTheLeft", "fn f(x: f32[..s, n]) -> f32[..s] = max[i](x[..s, i])"},
        Case{"Powers", "fn f(x: f32[B]) -> f32[B] = x ** 3 + x ** 0.5 + x ** 1.7"},
        Case{"FunctionsAreValues", "fn f(x: f32[B, n]) -> f32[B, n] = x |> tanh |> leaky_relu(0.2)"},
        Case{"StaticListsAreIndexed",
             "let rows = [0, 2, 3]"
             "fn f(x: f32[B, 4, n]) -> f32[B, 3, n] { let y[b, e, i] = x[b, rows[e], i]  return y }"},
        Case{"AnIndexOfTheLeftAlone", "fn f(x: f32[B]) -> f32[B, 3] { let y[b, i: 3] = x[b]  return y }"},
        Case{"ReversedSlices", "fn f(x: f32[B, d]) -> f32[B, d] { let y[b, i: d] = x[b, d - 1 - i]  return y }"},
        Case{"GathersByArithmetic",
             "fn f(x: f32[B, 9]) -> f32[B, 3, 3] { let y[b, i: 3, j: 3] = x[b, i * j] + x[b, div(i, 2)] + x[b, i % 2]"
             "  return y }"},
        Case{"AScalarLet", "fn f(x: f32[B]) -> f32 { let y[] = sum[b](x[b])  return y }"},
        Case{"SoftKeywordsAreNames", "fn f(data: f32[in, out], every: f32[in, out]) -> f32[in, out] = data + every"},
        Case{"TrailingCommas", "let l = [1, 2,]  fn f(x: f32[B,], ) -> f32[B] = max(x, 0.0,)"},
        Case{"Numbers", "let a = 1_000.5  let b = 0xFF + 0XFF"},
        Case{"AScalarWithBrackets", "fn f(x: f32[]) -> f32 = x"},
        Case{"Records",
             "fn two(x: f32[B]) -> (a: f32[B], b: f32[B]) = (a: x, b: -x)"
             "fn f(x: f32[B]) -> f32[B] { let r = two(x)  return r.a * r.b }"
             "fn g(x: f32[B]) -> f32[B] { let (p, q) = two(x)  return p * q }"},
        Case{"UpdatesOfExclusiveBranches",
             "layer l(flag: bool)(x: f32[B]) -> f32[B] { state c: f32 = 0.0"
             "  if flag { update c = c + 1.0 } else { update c = c + 2.0 }  return x }"},
        Case{"TypesDecideThePhase",
             "fn f(x: f32[B, n], k: int) -> f32[B, n] = x ** k"
             "  network net(x: f32[B, 4]) -> f32[B, 4] = f(x, 3)"},
        Case{"BareRecipes",
             "network net(x: f32[B, 4]) -> f32[B, 4] = x |> batch_norm |> dropout |> repeat 2 { dense(4) |> relu }"},
        Case{
            "RecipesAreComparedByValue",
            "layer l(norm: layer = batch_norm())(x: f32[B, n]) -> f32[B, n] = if norm == identity then x else x |> norm"
            "  network net(x: f32[B, 4]) -> f32[B, 4] = x |> l(identity) |> l"},
        Case{"LambdasHoldLayers",
             "network net(x: f32[B, 4]) -> f32[B, 4] { let f = fn (z) => z |> dense(4) |> relu  return x |> f |> f }"},
        Case{"TiedWeights",
             "network net(t: i32[B, T]) -> f32[B, T, 11] { sub emb = embedding(11, 4)  let h = emb(t)"
             "  let z[b, s, w] = sum[i](h[b, s, i] * emb.table[w, i])  return z }"},
        Case{"LetsOfAModuleReferForwards", "let a = b + 1  let b = 2"},
        Case{"Counts",
             "fn f(x: f32[B, n]) -> f32 = count(x)  fn g(x: f32[B, n]) -> f32 = cast(count_true(x > 0.0), f32)"},
        Case{"ParametersWithoutAValue",
             "layer l(x: f32[B, n]) -> f32[B, 3] { param w: f32[n, 3]  param b: f32[3]"
             "  let y[i, o] = sum[k](x[i, k] * w[k, o]) + b[o]  return y }"},
        Case{"ANetworkWithoutHyperParameters",
             "network net(x: f32[B, 4]) -> f32[B, 3] = x |> dense(3)  export net() as n(B: 1)"}),
    nameOf);

class WrongDefinitions : public ProjectTest, public testing::WithParamInterface<Case> {};
TEST_P(WrongDefinitions, are_reported) {
  Project* const project = loadText(GetParam().text);
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
}
INSTANTIATE_TEST_SUITE_P(
    All, WrongDefinitions,
    testing::Values(
        Case{"AlwaysOneApart", "layer bad(out: dim)(x: f32[B, n]) -> f32[B, out] { return x + (x |> dense(n + 1)) }",
             "no sizes make it right: these are of a trial with out = 24, B = 48, n = 72"},
        Case{"AlwaysTwiceAsLarge",
             "layer bad(o: enum(post, pre))(x: f32[B, d]) -> f32[B, d] {"
             "  return if o == .pre then x |> dense(d) else x |> dense(2 * d) }",
             "E0205 the result of `bad` needs `f32[B, d]`, and this is f32[24, 96]: axis 1 is 96, not 48"},
        Case{"PastTheEnd", "fn shift(x: f32[B, w]) -> f32[B, w] { let y[b, i: w] = x[b, i + 2]  return y }",
             "E0502 `x[b, i + 2]` reads past the end"},
        Case{"BeforeTheStart", "fn shift(x: f32[B, w]) -> f32[B, w] { let y[b, i: w] = x[b, i - 1]  return y }",
             "E0502 `x[b, i - 1]` reads past the end"},
        Case{"RanksDiffer",
             "layer bad(out: dim)(x: f32[B, n]) -> f32[B, out] { param b: f32[out] = 0.0  return (x |> dense(out)) + b "
             "}",
             "E0204"},
        Case{"RanksDifferInOneBranch",
             "fn pick(c: bool)(x: f32[..s, n]) -> f32[..s, n] { if c { return x } else { return mean(x) } }",
             "E0206 the result of `pick` needs `f32[..s, n]`"},
        Case{"TracedCondition", "fn f(x: f32[B]) -> f32 { if total(x) > 0.0 { return 1.0 }  return 0.0 }", "E0301"},
        Case{"DTypes", "fn f(x: f32[B], y: i32[B]) -> f32[B] = x + y", "E0201"},
        Case{"ConstantExtent",
             "fn f(x: f32[B, 3], w: f32[4]) -> f32[B] { let y[b] = sum[i](x[b, i] * w[i])  return y }",
             "E0506 index `i` runs over 4 here and over 3 elsewhere"}),
    nameOf);

TEST_F(ProjectTest, a_mistake_in_an_imported_file_is_found) {
  write("blocks.nn", "fn f(x: f32[B, 3]) -> f32[B, 4] = x");
  Project* const project = loadText("import \"blocks.nn\" (f)");
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find("E0205 the result of `f` needs `f32[B, 4]`"), std::string::npos) << messages();
}

}  // namespace
}  // namespace nnc::elaborate
