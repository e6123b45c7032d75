// Messages of grad, vjp, functions with derivatives of their own, across_params and scatter_add.
#include <gtest/gtest.h>

#include "code.h"

namespace nnc::elaborate::tests {

TEST(GradErrors, AreAboutTheArguments) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] = grad(«x * x», x)"),
            "E0316 `grad` takes the derivative of one number, and `x * x` is a tensor f32[2]");
  EXPECT_EQ(errorOf("fn f(x: f32[2], w: f32[2]) -> f32[2] = «grad(total(x), w)»"),
            "E0317 `total(x)` does not depend on `w`");
  // A value computed from x is another value.
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] {\n  let l = total(x)\n  let x2 = x * x\n  return «grad(l, x2)»\n}"),
            "E0317 `l` does not depend on `x2`");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] = grad(total(x), «v»)"), "E0101 `v` is not defined here");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] = grad(total(x), «2.0»)"),
            "E0220 `v` of `grad`: a tensor of the program is needed, and this is the real 2.0");
  EXPECT_EQ(errorOf("fn f(x: f32[2], i: i32[2]) -> f32[2] = grad(total(x), «i»)"),
            "E0220 `v` of `grad`: only floats have derivatives, and this is a tensor i32[2]");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] {\n  let y[i] = grad(«x[i]», x)\n  return y\n}"),
            "E0220 `loss` of `grad`: this is one element for each index; derivatives are taken outside index notation");
}

TEST(VjpErrors, AreAboutTheArguments) {
  EXPECT_EQ(errorOf("fn f(x: f32[2], v: f32[3]) -> f32[2] = vjp(x * x, x, «v»)"),
            "E0220 `dy` of `vjp`: it is f32[3], and y is f32[2]");
  EXPECT_EQ(errorOf("fn f(x: f32[2], w: f32[2]) -> f32[2] = «vjp(x * x, w, 1.0)»"),
            "E0317 `x * x` does not depend on `w`");
}

static std::string clause(const std::string& vjp) {
  return "fn g(a: f32[n], b: f32[n]) -> f32[n] {\n  let y = a * b\n  return y\n} vjp " + vjp +
         "\nfn f(x: f32[2], w: f32[2]) -> f32[2] = g(x, w)";
}

TEST(OwnDerivativeErrors, AreAboutTheClause) {
  EXPECT_EQ(errorOf(clause("(dy) { return «dy * b» }")),
            "E0318 the `vjp` of `g`: it gives 1 derivative, and there are 2 float parameters");
  EXPECT_EQ(errorOf(clause("(dy) { return «(dy * b, total(dy))» }")),
            "E0318 the `vjp` of `g`: the derivative by `b: f32[2]` is a tensor f32");
  EXPECT_EQ(errorOf(clause("(dy, dz) «{ return (dy, dz) }»")),
            "E0318 the `vjp` of `g`: it takes 2 cotangents, and there are 1 results");
  EXPECT_EQ(errorOf(clause("(dy) { return (dy * b, «y») }")), "E0101 `y` is not defined here");
  EXPECT_EQ(errorOf(clause("(dy) «{ let z = dy }»")), "E0215 the `vjp` of `g` ends without `return`");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) -> f32[2] { return x } vjp (g) «{ return g }»"),
            "E0318 the `vjp` of `f`: only a fn may have one: it is pure");
  EXPECT_EQ(errorOf("fn apply(h: fn, x: f32[n]) -> f32[n] { return h(x) } vjp (g) { return g }\n"
                    "fn f(x: f32[2], w: f32[2]) -> f32[2] = «apply(fn (v) => v * w, x)»"),
            "E0319 `apply` has a derivative of its own and reads a tensor that is no parameter of it");
}

TEST(AcrossParams, StandsInAnOptimizer) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) -> f32[2] = x * «across_params(total(x))»"),
            "E0320 `across_params` stands outside an optimizer");
}

TEST(ScatterAdd, ChecksItsArguments) {
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3], at: i32[3]) -> f32[4, 3] = scatter_add(x, «at», 4)"),
            "E0220 `at` of `scatter_add`: it is i32[3], and the first axis of x: f32[2, 3] needs one position for each "
            "entry");
  EXPECT_EQ(errorOf("fn f(x: f32[2], at: f32[2]) -> f32[4] = scatter_add(x, «at», 4)"),
            "E0220 `at` of `scatter_add`: ints are needed, and this is a tensor f32[2]");
  EXPECT_EQ(errorOf("fn f(x: f32[2], at: i32[2]) -> f32[1] = scatter_add(x, at, «0»)"),
            "E0220 `size` of `scatter_add`: an int >= 1 is needed");
  Code code("fn f(x: f32[2], at: i32[2]) -> f32[4] = scatter_add(x, at, 4)");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.labelBounds(), (std::vector<std::int64_t>{4}));
}

}  // namespace nnc::elaborate::tests
