// Static values: what is computed while compiling.
#include <gtest/gtest.h>

#include "code.h"

namespace nnc::elaborate::tests {

static std::string valueOf(const std::string& expression) { return Code("let v = " + expression).constant("v"); }
static std::string errorOfLet(const std::string& expression) {
  Code code("let v = " + expression);
  code.constant("v");
  return code.errorAtMark();
}

TEST(Static, NumbersAndOperators) {
  EXPECT_EQ(valueOf("2 + 3 * 4 - 1"), "13");
  EXPECT_EQ(valueOf("2 ** 10"), "1024");
  EXPECT_EQ(valueOf("2 ** -1"), "0.5");
  EXPECT_EQ(valueOf("12 / 4"), "3");
  EXPECT_EQ(valueOf("1.0 / 4"), "0.25");
  EXPECT_EQ(valueOf("-7 % 3"), "2");
  EXPECT_EQ(valueOf("div(-7, 2)"), "-4");
  EXPECT_EQ(valueOf("ceil_div(7, 2)"), "4");
  EXPECT_EQ(valueOf("1 < 2 and not (3.0 == 3)"), "false");
  EXPECT_EQ(valueOf("sqrt(16.0) + floor(2.5)"), "6.0");
  EXPECT_EQ(valueOf("max(2, 3) * min(1.5, 2)"), "4.5");
  EXPECT_EQ(valueOf("0..5"), "0..5");
}

TEST(Static, ChoicesListsAndRecords) {
  EXPECT_EQ(valueOf("if 1 > 2 then \"a\" else .b"), ".b");
  EXPECT_EQ(valueOf("[10, 20, 30][1]"), "20");
  EXPECT_EQ(valueOf("[[1, 2], [3, 4]][1][0]"), "3");
  EXPECT_EQ(valueOf("(a: 1, b: 2.5).b"), "2.5");
  EXPECT_EQ(valueOf("(fn (x, y) => x * y)(6, 7)"), "42");
  EXPECT_EQ(Code("fn twice(x: real) -> real { let y = 2 * x\n return y }\nlet v = twice(3)").constant("v"), "6.0");
  EXPECT_EQ(Code("let a = b + 1\nlet b = 2").constant("a"), "3");
}

// The untaken side of `and`, `or` and `if` is not evaluated: it may be wrong for these arguments.
TEST(Static, UntakenSidesAreNotEvaluated) {
  EXPECT_EQ(valueOf("false and 1 / 0 == 1"), "false");
  EXPECT_EQ(valueOf("true or 1 / 0 == 1"), "true");
  EXPECT_EQ(valueOf("if true then 1 else 1 / 0"), "1");
}

TEST(Static, RecipesAreComparedByWhatTheyBuild) {
  EXPECT_EQ(valueOf("dropout == dropout(0.5)"), "true");
  EXPECT_EQ(valueOf("dropout(0.5) == dropout(p: 0.25)"), "false");
  EXPECT_EQ(valueOf("relu == relu"), "true");
  EXPECT_EQ(valueOf("relu == tanh"), "false");
  EXPECT_EQ(valueOf("uniform(-0.3, 0.3)"), "uniform(lo: -0.3, hi: 0.3)");
}

TEST(Static, DefaultsMayUseEarlierParameters) {
  const std::string text = "fn pool(size: int, stride: int = 2 * size) = stride\n";
  EXPECT_EQ(Code(text + "let v = pool(3)").constant("v"), "6");
  EXPECT_EQ(Code(text + "let v = pool(3, stride: 1)").constant("v"), "1");
}

TEST(StaticErrors, Arithmetic) {
  EXPECT_EQ(errorOfLet("«7 / 2»"), "E0208 7 / 2 is not an integer");
  EXPECT_EQ(errorOfLet("«9223372036854775807 + 1»"), "E0209 9223372036854775807 + 1 does not fit in 64 bits");
  EXPECT_EQ(errorOfLet("«10 ** 19»"), "E0209 10 ** 19 does not fit in 64 bits");
  EXPECT_EQ(errorOfLet("«(-9223372036854775807 - 1) / -1»"), "E0209 0 - -9223372036854775808 does not fit in 64 bits");
  EXPECT_EQ(errorOfLet("«1 % 0»"), "E0210 1 % 0: division by zero");
  EXPECT_EQ(errorOfLet("«1 + true»"), "E0211 `+` is not defined for the int 1 and the bool true");
  EXPECT_EQ(errorOfLet("«not 1»"), "E0211 `not` is not defined for the int 1");
  EXPECT_EQ(errorOfLet("log(«-1.0»)"), "E0220 `x` of `log`: there is no log(-1.0)");
  EXPECT_EQ(errorOfLet("[1, 2][«2»]"), "E0222 index 2 of a list of 2");
  Code exact("let v = 7 / 2");
  exact.constant("v");
  EXPECT_EQ(exact.advice(), "help `div(7, 2)` is 3, `ceil_div(7, 2)` is 4; for a real quotient write `7.0 / 2`\n");
}

TEST(StaticErrors, NamesAndCalls) {
  EXPECT_EQ(errorOfLet("«relo»"), "E0101 `relo` is not defined here");
  EXPECT_EQ(errorOfLet("dropout(«q: 0.1»)"), "E0131 `dropout` has no parameter `q`");
  EXPECT_EQ(errorOfLet("«dense()»"), "E0132 `dense` needs a value for `out`");
  EXPECT_EQ(errorOfLet("dropout(0.5, «0.5»)"), "E0133 `dropout` takes 1 value, and this is one more");
  EXPECT_EQ(errorOfLet("dropout(0.5, «p: 0.5»)"), "E0134 `p` is given twice");
  EXPECT_EQ(errorOfLet("«3»(4)"), "E0135 the int 3 cannot be called");
  EXPECT_EQ(errorOfLet("(a: 1).«b»"), "E0136 a record of 1 has no `b`");
  EXPECT_EQ(errorOfLet("«idx»"), "E0138 the reader `idx` is not a value");
  EXPECT_EQ(errorOfLet("dense(«1.5»)"), "E0202 parameter `out` of `dense` takes an int >= 0, and this is the real 1.5");
  EXPECT_EQ(errorOfLet("if «3» then 1 else 2"), "E0202 `if` takes a bool, and this is the int 3");
  EXPECT_EQ(errorOfLet("«zeros([2])»"), "E0303 a tensor cannot be computed here");
  EXPECT_EQ(errorOfLet("repeat «-1» { relu }"), "E0305 `repeat -1`: the count is the int -1");
}

TEST(StaticErrors, SuggestionsAndOtherPlaces) {
  Code misspelt("let v = relo");
  misspelt.constant("v");
  EXPECT_EQ(misspelt.advice(), "help did you mean `relu`?\n");
  Code argument("let v = dropout(rate: 0.1)");
  argument.constant("v");
  EXPECT_EQ(argument.advice(), "note parameters: p\n");
  Code cycle("let a = b\nlet b = a");
  EXPECT_EQ(cycle.constant("a"), "E0137 at «a»: `a` is defined by itself\n");
  EXPECT_EQ(cycle.advice(), "«a» `a` needs the next one\n«b» `b` needs the next one\n");
}

TEST(StaticErrors, Require) {
  EXPECT_EQ(errorOf("fn f(x: f32[3]) -> f32[3] {\n «require 1 > 2, \"one is not more\"»\n return x }"),
            "E0304 one is not more");
  EXPECT_EQ(errorOf("fn f(x: f32[3]) -> f32[3] {\n «require 1 > 2»\n return x }"), "E0304 `1 > 2` does not hold");
  // A requirement of the stdlib is the caller's mistake.
  EXPECT_EQ(errorOf("layer f(x: f32[3]) -> f32[3] = x |> «dropout(1.5)»"), "E0304 a dropout rate lies in [0, 1)");
}

}  // namespace nnc::elaborate::tests
