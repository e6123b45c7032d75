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
        Case{"Convolutions",
             "layer c(out: dim, k: int)(x: f32[B, c, h, w]) -> f32[B, out, _, _] = x |> conv2d(out, k, pad: k)"},
        Case{"AnOptimizer",
             "optimizer o(lr: schedule)(p: f32[..s], g: f32[..s]) -> f32[..s] {"
             "  state m: f32[..s] = 0.0  update m = g  return p - lr(step) * if p.decay then m else g }"},
        Case{"AnInitialiser", "fn half(shape: dims, key: key) -> f32[..shape] = 0.5 * random_normal(key, shape)"}),
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
             "no sizes make it right: these are of a trial with out = 840, B = 1680, n = 2520"},
        Case{"AlwaysTwiceAsLarge",
             "layer bad(o: enum(post, pre))(x: f32[B, d]) -> f32[B, d] {"
             "  return if o == .pre then x |> dense(d) else x |> dense(2 * d) }",
             "E0205 the result of `bad` needs `f32[B, d]`, and this is f32[840, 3360]: axis 1 is 3360, not 1680"},
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
