// Every message of the evaluator: its code, its text, and the place that it blames («» in the text).
#include <gtest/gtest.h>

#include "code.h"

namespace nnc::elaborate::tests {

static std::string adviceOf(const std::string& text, Mode mode = Mode::Eval) {
  Code code(text);
  code.apply("f", mode);
  return code.advice();
}

TEST(Errors, Names) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = x + «z»"), "E0101 `z` is not defined here");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let «x» = 1\n return x }"), "E0102 `x` is already a parameter");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n param w: f32[2] = 1.0\n let «w» = 1\n return x }"),
            "E0102 `w` is already a parameter tensor");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[«x»: 2] = 1.0\n return y }"),
            "E0103 index `x` has the name of a value that is visible here");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let a = 1\n let y = sum[«a»](x[a])\n return y }"),
            "E0103 index `a` has the name of a value that is visible here");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let h = x\n if true { let «h» = 2.0 * x }\n return h }"),
            "E0104 this `h` is never used: it ends with the block, and the outer `h` stays as it is");
  EXPECT_EQ(errorOf("layer f(x: f32[1, 2]) {\n let h = x |> dense(2)\n let h = h |> dense(2)\n let «h_2» = h |> "
                    "dense(2)\n return h_2 }"),
            "E0130 two things would be named `h_2`");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y: «reel» = 1.0\n return x }"), "E0139 `reel` is not a type");
  EXPECT_EQ(adviceOf("fn f(x: f32[2]) {\n let scale = 2.0\n return scal * x }"), "help did you mean `scale`?\n");
}

TEST(Errors, TypesAndShapes) {
  EXPECT_EQ(errorOf("fn f(x: f32[2], t: i32[2]) = «x + t»"),
            "E0201 `x: f32[2]` and `t: i32[2]` have different element types");
  EXPECT_EQ(errorOf("fn f(t: i32[2]) = «t * 0.5»"), "E0201 `t: i32[2]` and a real have different element types");
  EXPECT_EQ(errorOf("fn f(x: f32[4, 3], gamma: f32[3]) = «x + gamma»"),
            "E0204 `x: f32[4, 3]` cannot be added to `gamma: f32[3]`: .nn has no implicit broadcasting");
  EXPECT_EQ(adviceOf("fn f(x: f32[4, 3], gamma: f32[3]) = x + gamma"),
            "help say which axis:  let y[i, j] = x[i, j] + gamma[j]\n");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) = «x @ x»"), "E0212 `@` of f32[2, 3] and f32[2, 3]: 3 columns meet 2 rows");
  EXPECT_EQ(errorOf("fn f(t: i32[2]) = «t / 2»"), "E0213 `/` of integer tensors");
  EXPECT_EQ(errorOf("fn «f»(x: f32[2]) {\n let y = x }"), "E0215 `f` ends without `return`");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) = «reshape(x, [7])»"), "E0217 f32[2, 3] has 6 elements, and [7] would have 7");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = zeros(«[1099511627777]»)"),
            "E0218 a tensor [1099511627777] is beyond the limits: an axis has 1099511627777 entries");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let «(a, b)» = (1, 2, 3)\n return x }"), "E0221 2 names for a tuple of 3");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = x + «[[1, 2], [3]]»"), "E0223 a list of 2 is not a block of numbers");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = concat(x, «zeros([2, 2])», axis: 0)"),
            "E0220 `parts` of `concat`: f32[2, 2] does not fit f32[2] along axis 0");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = zero_pad(x, «[1, 1]»)"),
            "E0220 `pads` of `zero_pad`: a list of 1 is needed, one entry per axis of f32[2]");
}

TEST(Errors, DimsOfSignatures) {
  const std::string add = "fn add(a: f32[n], b: f32[n]) -> f32[n] = a + b\n";
  EXPECT_EQ(errorOf(add + "fn f(x: f32[2], z: f32[3]) = add(x, «z»)"),
            "E0205 parameter `b` of `add` needs `f32[n]`, and this is f32[3]: axis 0 is 3, not 2");
  EXPECT_EQ(adviceOf(add + "fn f(x: f32[2], z: f32[3]) = add(x, z)"),
            "«x» `n` is 2, from `a: f32[2]`\n«f32[n]» declared here\n");
  EXPECT_EQ(errorOf(add + "fn f(x: f32[2, 2]) = add(«x», x)"),
            "E0206 parameter `a` of `add` needs `f32[n]`, and this is f32[2, 2]: it has 2 axes");
  EXPECT_EQ(errorOf(add + "fn f(t: i32[2]) = add(«t», t)"),
            "E0207 parameter `a` of `add` needs `f32[n]`, and this is i32[2]");
  EXPECT_EQ(
      errorOf("fn half(a: f32[2 * n]) -> f32[n] {\n let y[i: n] = a[i]\n return y }\nfn f(x: f32[3]) = half(«x»)"),
      "E0219 `2 * n` cannot be found from axis 0 of f32[3]");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) -> f32[2] = «x»"),
            "E0206 the result of `f` needs `f32[2]`, and this is f32[2, 3]: it has 2 axes");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) -> f32[2, 4] = «x»"),
            "E0205 the result of `f` needs `f32[2, 4]`, and this is f32[2, 3]: axis 1 is 3, not 4");
  // In the stdlib, the call is to blame and the line of the stdlib a note.
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = cross_entropy(«x», x)"),
            "E0206 parameter `z` of `cross_entropy` needs `f32[B, C]`, and this is f32[2]: it has 1 axis");
}

TEST(Errors, DimsThatFit) {
  Code code(
      "fn half(a: f32[2 * n, ..s, m]) -> f32[n, m] {\n let y[i: n, j] = a[i, 0, j]\n return y }\nfn f(x: f32[4, 1, 3]) "
      "= half(x)");
  ASSERT_TRUE(code.apply("f")) << code.messages();
  EXPECT_EQ(code.type(), "f32[2, 3]");
}

TEST(Errors, Phases) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = if «sum[i](x[i]) > 0.0» then x else -x"),
            "E0301 `if` needs a value known at compile time, but `sum[i](x[i]) > 0.0` is a tensor bool");
  EXPECT_EQ(adviceOf("fn f(x: f32[2]) = if sum[i](x[i]) > 0.0 then x else -x"),
            "help use select(sum[i](x[i]) > 0.0, a, b); both sides are computed\n");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[i] = if «i > 0» then x[i] else 0.0\n return y }"),
            "E0301 `if` needs a value known at compile time, but `i > 0` is different for each index");
  Code recursive("fn f(x: f32[2]) = f(x)");
  recursive.apply("f");
  EXPECT_EQ(recursive.messages(), "E0302 at «f(x)»: `f` calls itself\n");
}

TEST(Errors, State) {
  const std::string counter =
      "layer counter(x: f32[n]) -> f32[n] {\n state c: f32[] = 0.0\n update c = c + 1.0\n return x }\n";
  EXPECT_EQ(errorOf(counter + "layer f(x: f32[2]) {\n sub one = counter\n let a = one(x)\n let b = one(a)\n return b }",
                    Mode::Train),
            "E0401 at «update c = c + 1.0»: state `net.one.c` is updated twice in one step\n");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n state c: f32[] = 0.0\n update c = 1.0\n «update c = 2.0»\n return x }"),
            "E0401 state `net.c` is updated twice in one step");
  EXPECT_EQ(errorOf("layer f(x: f32[4, 2]) {\n sub bn = batch_norm\n let a = x |> bn\n let b = a |> «bn»\n return b }",
                    Mode::Train),
            "E0401 state `net.bn.mu` is updated twice in one step");
  const std::string twice = "layer f(x: f32[4, 2]) {\n sub bn = batch_norm\n let a = x |> bn\n";
  EXPECT_NE(adviceOf(twice + " let b = a |> bn\n return b }", Mode::Train)
                .find("help use two instances, or `frozen(bn)` for one of the applications"),
            std::string::npos);
  Code fixed(twice + " let b = a |> frozen(bn)\n return b }");  // what the message advises
  EXPECT_TRUE(fixed.apply("f", Mode::Train)) << fixed.messages();
  EXPECT_EQ(errorOf("layer f(x: f32[2, 2]) {\n let a = x |> frozen(«x»)\n return a }"),
            "E0220 `f` of `frozen`: a layer or a shared instance is needed, and this is a tensor f32[2, 2]");
  EXPECT_EQ(errorOf("layer f(x: f32[2, 2]) {\n let a = x |> frozen(«sgd(0.1)»)\n return a }"),
            "E0220 `f` of `frozen`: a layer or a shared instance is needed, and this is the optimizer sgd");
  EXPECT_EQ(errorOf("layer f(x: f32[2, 2]) {\n let a = x |> frozen(«dense»)\n return a }").substr(0, 5), "E0132");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n «param w: f32[2]»\n return x }"), "E0402 `param w` cannot stand in a fn");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n «sub w = dense(2)»\n return x }"), "E0402 `sub w` cannot stand in a fn");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n update «x» = 1.0\n return x }"), "E0403 `x` is not a state of this body");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n «state c: f32[2]»\n return x }"), "E0404 state `c` has no initial value");
  EXPECT_EQ(errorOf("fn f(x: f32[1, 2]) = x |> «dense(2)»"), "E0405 `dense` cannot be applied in a fn");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) = x * «random_uniform([2])»"),
            "E0406 `random_uniform([2])` without a key cannot stand in a fn");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n param w: f32[2] = «x»\n return w }"),
            "E0407 a tensor f32[2] is no initial value of `net.w`");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n param(«decoy: false») w: f32[2] = 1.0\n return w }"),
            "E0408 `param` has no attribute `decoy`");
  EXPECT_EQ(errorOf("layer f(t: i32[2]) {\n sub emb = embedding(3, 2)\n return emb.«table» }"),
            "E0409 `net.emb` has no parameters yet: it is applied to nothing before this place");
  EXPECT_EQ(errorOf("layer f(x: f32[2]) {\n state c: f32[2] = 0.0\n update c = «sum[i](x[i])»\n return x }"),
            "E0410 the update of state `c: f32[2]` is f32");
}

TEST(Errors, SharedInstancesHaveOneShape) {
  const std::string text =
      "layer f(x: f32[1, 4], z: f32[1, 3]) {\n sub hid = dense(2)\n let a = hid(x)\n let b = «hid(z)»\n return a + b }";
  EXPECT_EQ(errorOf(text), "E0203 `net.hid` was built for `in` = 4 and is now applied to `in` = 3");
  Code code(text);
  code.apply("f");
  EXPECT_NE(code.advice().find("«hid(x)» the first use fixed `in` = 4"), std::string::npos) << code.advice();
}

TEST(Errors, IndexNotation) {
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) {\n let y[b] = x[b, «k»]\n return y }"), "E0501 index `k` is not bound here");
  EXPECT_EQ(adviceOf("fn f(x: f32[2, 3]) {\n let y[b] = x[b, k]\n return y }"), "help did you mean `sum[k](..)`?\n");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) {\n let y[i] = x[i, «..s»]\n return y }"),
            "E0501 index `..s` is not bound here");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let y[i: 3] = «x[i + 2]»\n return y }"),
            "E0502 `x[i + 2]` reads past the end: i + 2 reaches 4, and the axis has 4");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let y[i: 3] = «x[i - 1]»\n return y }"),
            "E0502 `x[i - 1]` reads past the end: i - 1 reaches -1, and the axis has 4");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let y[i: 5] = «x[i]»\n return y }"),
            "E0502 `x[i]` reads past the end: i reaches 4, and the axis has 4");
  // What is computed from indices and lists alone is as decidable as an affine form.
  EXPECT_EQ(errorOf("fn f(x: f32[4, 4]) {\n let y[i: 4] = «x[i, i * i]»\n return y }"),
            "E0502 `x[i, i * i]` reads past the end: i * i reaches 9, and the axis has 4");
  EXPECT_EQ(adviceOf("fn f(x: f32[4, 4]) {\n let y[i: 4] = x[i, i * i]\n return y }"),
            "«4» `i` runs over 4 from here\n");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let h = [0, 2, 9]\n let y[e] = «x[h[e]]»\n return y }"),
            "E0502 `x[h[e]]` reads past the end: h[e] reaches 9, and the axis has 4");
  EXPECT_EQ(adviceOf("fn f(x: f32[4]) {\n let h = [0, 2, 9]\n let y[e] = x[h[e]]\n return y }"),
            "«e» `e` runs over 3 from here\n");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let y[e: 3] = «x[1 - e * e]»\n return y }"),
            "E0502 `x[1 - e * e]` reads past the end: 1 - e * e reaches -3, and the axis has 4");
  EXPECT_EQ(errorOf("fn f(x: f32[4]) {\n let y[e: 5] = «x[div(e, 1)]»\n return y }"),
            "E0502 `x[div(e, 1)]` reads past the end: div(e, 1) reaches 4, and the axis has 4");
  EXPECT_EQ(errorOf("fn f(x: f32[3, 2]) = scatter_add(x, «[0, 4, 1]», 4)"),
            "E0220 `at` of `scatter_add`: it holds 4, and the result has 4 rows");
  EXPECT_EQ(errorOf("fn f(x: f32[8]) {\n let y[«i»] = sum[u: 2](x[i * 2 + u])\n return y }"),
            "E0503 the extent of index `i` cannot be inferred: it is only used as `i * 2 + u`");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[i, «j»] = x[i]\n return y }"),
            "E0503 the extent of index `j` cannot be inferred: no axis is indexed by it alone");
  EXPECT_EQ(errorOf("fn f(x: f32[2, 3]) {\n let y[i] = «x[i]»\n return y }"),
            "E0504 `x` has 2 axes, and 1 index is given");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[i] = x[«i: 2»]\n return y }"), "E0505 an extent cannot stand in a read");
  EXPECT_EQ(errorOf("fn f(x: f32[2], z: f32[3]) {\n let y[i] = x[i] + z[«i»]\n return y }"),
            "E0506 index `i` runs over 3 here and over 2 elsewhere");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[i] = sum[«i»](x[i])\n return y }"),
            "E0507 `sum[i]`: the function drops this axis, and the index is bound around it; choose another name");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[j: 2] = softmax[«i»](x[i])\n return y }"),
            "E0507 `softmax[i]`: the function keeps this axis, so the index must stand on the left");
  EXPECT_EQ(errorOf("fn f(x: f32[2], w: f32[2]) {\n let y[i] = x[i] * «w»\n return y }"),
            "E0508 `w` is a whole tensor f32[2] in index notation");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n let y[i: 2] = «relu[i]»\n return y }"),
            "E0509 `relu` is the fn relu and cannot be indexed");
}

// What a few lines could make a compiler do without end.
TEST(Errors, Limits) {
  const std::string parens(200, '('), closing(200, ')');
  EXPECT_EQ(
      errorOf("fn f(x: f32[2]) = " + parens + "g(x)" + closing + "\nfn g(x: f32[2]) = " + parens + "g(«x»)" + closing)
          .substr(0, 5),
      "E0306");
  std::string doubling = "fn f0(x: f32[2]) = x + x\n";
  for (int i = 1; i < 40; ++i) doubling += fmt::format("fn f{}(x: f32[2]) = f{}(x) + f{}(x)\n", i, i - 1, i - 1);
  Code large(doubling + "fn f(x: f32[2]) = f39(x)");
  large.apply("f");
  EXPECT_EQ(large.messages().substr(0, 5), "E0307");
  // Long chains are no nesting.
  std::string sum = "x[i", product = "x[i]";
  for (int i = 0; i < 9000; ++i) sum += " + 0";
  for (int i = 0; i < 200; ++i) product += " * x[i]";
  Code chain("fn f(x: f32[2]) {\n let y[i: 2] = " + sum + "]\n let z = sum[i](" + product + ")\n return y }");
  EXPECT_TRUE(chain.apply("f")) << chain.messages();
}

// In the user's own code the line that is wrong comes first, and the calls that lead there follow.
TEST(Errors, ShowTheCallsThatLedToThem) {
  const std::string text =
      "layer inner(x: f32[B, n]) {\n let h = «x + zeros([n])»\n return h }\n"
      "layer outer(x: f32[B, n]) = x |> inner\nlayer f(x: f32[3, 2]) = outer(x)";
  EXPECT_EQ(errorOf(text),
            "E0204 `x: f32[3, 2]` cannot be added to `zeros([n]): f32[2]`: .nn has no implicit broadcasting");
  Code code(text);
  code.apply("f");
  EXPECT_EQ(code.advice(),
            "«inner» in `net.outer.inner`, applied here\n«outer(x)» in `net.outer`, applied here\n"
            "help say which axis:  let y[i, j] = x[i, j] + zeros([n])[j]\n");
  Code library("layer f(x: f32[3, 2]) = x |> conv2d(4, 3)");
  library.apply("f");
  EXPECT_EQ(library.messages(),
            "E0206 at «x»: parameter `x` of `conv2d` needs `f32[B, c, h, w]`, and this is "
            "f32[3, 2]: it has 2 axes\n");
}

TEST(Errors, StatementsInTheWrongPlace) {
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n «next x = x»\n return x }"), "E0216 `next` cannot stand here");
  EXPECT_EQ(errorOf("fn f(x: f32[2]) {\n «yield x»\n return x }"), "E0216 `yield` cannot stand here");
}

}  // namespace nnc::elaborate::tests
