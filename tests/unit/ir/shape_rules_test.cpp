// The shape rule of every op: what it gives and how it refuses.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "text_module.h"

namespace nnc::ir {
namespace {

struct Case {
  const char* parameters;
  const char* node;   // op, operands and attributes
  const char* types;  // of the results
  const char* error;  // "": the rule gives `types`; else what the message ends with
};

// A row with an empty error must parse as it is; the error of a row is what the rule says of it.
constexpr Case kCases[] = {
    {"", "const 1", "f32[2, 3]", ""},
    {"", "const [1, 2, 3]", "f32[2, 2]", "`const`: 3 elements for f32[2, 2]"},
    {"", "const []", "i32[0, 4]", ""},
    {"", "const [true, false]", "bool[2]", ""},
    {"", "iota {axis = 1}", "i32[2, 3]", ""},
    {"", "iota {axis = 2}", "i32[2, 3]", "`iota`: axis 2 of a rank-2 tensor"},
    {"", "iota {axis = 0}", "f32[2]", "`iota`: iota is i32 or i64"},
    {"%s: i64, %c: i64", "random(%s, %c) {key = 0xff}", "f32[7]", ""},
    {"%s: i64, %c: i32", "random(%s, %c) {key = 0xff}", "f32[7]", "`random`: seed and counter are scalars of i64"},
    {"%s: i64, %c: i64", "random(%s, %c) {key = 0xff}", "i64[7]", "`random`: random is of a float type or i32"},
    {"%s: i64", "random(%s) {key = 0xff}", "f32[7]", "`random`: 1 operands"},
    {"%a: i8[4]", "neg(%a)", "i8[4]", ""},
    {"%a: bool[4]", "neg(%a)", "bool[4]", "`neg`: bool is no number"},
    {"%a: bf16", "exp(%a)", "bf16", ""},
    {"%a: i32[4]", "exp(%a)", "i32[4]", "`exp`: i32[4] is no float"},
    {"%a: i32[4]", "log(%a)", "i32[4]", "`log`: i32[4] is no float"},
    {"%a: i32[4]", "sqrt(%a)", "i32[4]", "`sqrt`: i32[4] is no float"},
    {"%a: i32[4]", "sin(%a)", "i32[4]", "`sin`: i32[4] is no float"},
    {"%a: i32[4]", "tanh(%a)", "i32[4]", "`tanh`: i32[4] is no float"},
    {"%a: i32[4]", "floor(%a)", "i32[4]", "`floor`: i32[4] is no float"},
    {"%a: f32[4]", "cast(%a)", "bool[4]", ""},
    {"%a: f32[4]", "cast(%a)", "i32[5]", "`cast` gives i32[4], not i32[5]"},
    {"%a: f32[2, 3], %b: f32[2, 3]", "add(%a, %b)", "f32[2, 3]", ""},
    {"%a: f32[2, 3], %b: f32[2, 4]", "add(%a, %b)", "f32[2, 3]", "`add`: axis 1: 3 and 4 differ"},
    {"%a: f32[2, 3], %b: f32[2]", "add(%a, %b)", "f32[2, 3]", "`add`: shapes [2, 3] and [2] differ in rank"},
    {"%a: f32[2], %b: f64[2]", "add(%a, %b)", "f32[2]", "`add`: dtypes f32 and f64 differ"},
    {"%a: f32[2]", "add(%a)", "f32[2]", "`add`: 1 operands"},
    {"%a: bool[2]", "add(%a, %a)", "bool[2]", "`add`: bool is no number"},
    {"%a: bool[2]", "mul(%a, %a)", "bool[2]", ""},
    {"%a: bool[2]", "max(%a, %a)", "bool[2]", ""},
    {"%a: bool[2]", "div(%a, %a)", "bool[2]", "`div`: bool is no number"},
    {"%a: bool[2]", "rem(%a, %a)", "bool[2]", "`rem`: bool is no number"},
    {"%a: i32[2]", "compare(%a, %a) {predicate = le}", "bool[2]", ""},
    {"%a: i32[2], %b: i32[3]", "compare(%a, %b) {predicate = le}", "bool[2]", "`compare`: axis 0: 2 and 3 differ"},
    {"%c: bool[2], %a: i8[2]", "select(%c, %a, %a)", "i8[2]", ""},
    {"%c: i8[2], %a: i8[2]", "select(%c, %a, %a)", "i8[2]", "`select`: the condition is i8[2], not bool"},
    {"%c: bool, %a: i8[2]", "select(%c, %a, %a)", "i8[2]", "`select`: condition [] and branches [2] differ"},
    {"%a: f32[2, 6]", "reshape(%a)", "f32[3, 4]", ""},
    {"%a: f32[2, 6]", "reshape(%a)", "f32[5]", "`reshape`: [2, 6] has 12 elements, [5] has 5"},
    {"%a: f32[2, 3, 4]", "transpose(%a) {perm = [2, 0, 1]}", "f32[4, 2, 3]", ""},
    {"%a: f32[2, 3, 4]", "transpose(%a) {perm = [2, 0, 0]}", "f32[4, 2, 2]",
     "is no permutation of the axes of f32[2, 3, 4]"},
    {"%a: f32[2, 3, 4]", "transpose(%a) {perm = [0, 1]}", "f32[2, 3]", "is no permutation of the axes of f32[2, 3, 4]"},
    {"%a: f32[4, 3]", "broadcast(%a) {dims = [0, 2]}", "f32[4, 5, 3]", ""},
    {"%a: f32[4, 3]", "broadcast(%a) {dims = [2, 0]}", "f32[3, 5, 4]", "`broadcast`: dims are not strictly increasing"},
    {"%a: f32[4, 3]", "broadcast(%a) {dims = [0, 3]}", "f32[4, 5, 3]", "`broadcast`: dim 3 is no axis of [4, 5, 3]"},
    {"%a: f32[4]", "broadcast(%a) {dims = [0]}", "f32[5]", "`broadcast`: axis 0 of [4] becomes axis 0 of [5]"},
    {"%a: f32[4]", "broadcast(%a) {dims = []}", "f32[4]", "`broadcast`: 0 dims for rank 1"},
    {"%a: f32[7, 5]", "slice(%a) {lo = [1, 0], hi = [6, 5], step = [2, 3]}", "f32[3, 2]", ""},
    {"%a: f32[7]", "slice(%a) {lo = [3], hi = [3], step = [1]}", "f32[0]", ""},
    {"%a: f32[7]", "slice(%a) {lo = [3], hi = [8], step = [1]}", "f32[5]", "`slice`: axis 0: 3..8 of 7"},
    {"%a: f32[7]", "slice(%a) {lo = [4], hi = [3], step = [1]}", "f32[0]", "`slice`: axis 0: 4..3 of 7"},
    {"%a: f32[7]", "slice(%a) {lo = [3], hi = [5], step = [0]}", "f32[2]", "`slice`: axis 0: step 0 is not positive"},
    {"%a: f32[7]", "slice(%a) {lo = [], hi = [], step = []}", "f32[2]",
     "`slice`: lo, hi and step have one entry per axis"},
    {"%a: f32[3, 4]", "pad(%a) {lo = [1, 0], hi = [2, 1], interior = [1, 2], value = 0}", "f32[8, 11]", ""},
    {"%a: f32[0]", "pad(%a) {lo = [1], hi = [2], interior = [5], value = 0}", "f32[3]", ""},
    {"%a: f32[3]", "pad(%a) {lo = [-1], hi = [2], interior = [0], value = 0}", "f32[4]",
     "`pad`: axis 0: negative padding"},
    {"%a: f32[3]", "pad(%a) {lo = [0], hi = [0], interior = [9223372036854775807], value = 0}", "f32[4]",
     "`pad`: axis 0: the padded size overflows"},
    {"%a: f32[3]", "pad(%a) {lo = [1099511627776], hi = [0], interior = [0], value = 0}", "f32[4]",
     "`pad`: a dim of 1099511627779 is outside 0..2^40"},
    {"%a: f32[3, 2], %b: f32[3, 4]", "concat(%a, %b) {axis = 1}", "f32[3, 6]", ""},
    {"%a: f32[3, 2], %b: f32[4, 4]", "concat(%a, %b) {axis = 1}", "f32[3, 6]", "`concat`: axis 0: 3 and 4 differ"},
    {"%a: f32[3, 2], %b: f32[3]", "concat(%a, %b) {axis = 1}", "f32[3, 6]",
     "`concat`: shapes [3, 2] and [3] differ in rank"},
    {"%a: f32[3]", "concat(%a) {axis = 1}", "f32[3]", "`concat`: axis 1 of a rank-1 tensor"},
    {"", "concat() {axis = 0}", "f32[3]", "`concat`: 0 operands"},
    {"%a: f32[2, 7]", "window(%a) {dims = [axis 1 size 3 stride 2 dilation 1]}", "f32[2, 3, 3]", ""},
    {"%a: f32[2, 7]", "window(%a) {dims = [axis 1 size 3 stride 1 dilation 3]}", "f32[2, 1, 3]", ""},
    {"%a: f32[2, 7]", "window(%a) {dims = [axis 1 size 3 stride 1 dilation 4]}", "f32[2, 1, 3]",
     "`window`: a window of extent 9 on axis 1 of size 7"},
    {"%a: f32[2, 7]", "window(%a) {dims = [axis 1 size 3 stride 0 dilation 1]}", "f32[2, 1, 3]",
     "`window`: size, stride and dilation are positive"},
    {"%a: f32[2, 7]", "window(%a) {dims = [axis 2 size 1 stride 1 dilation 1]}", "f32[2, 7, 1]",
     "`window`: axis 2 of a rank-2 tensor"},
    {"%a: f32[9]", "window(%a) {dims = [axis 0 size 2 stride 1 dilation 1, axis 0 size 2 stride 1 dilation 1]}",
     "f32[8, 2, 2]", "`window`: axis 0 twice"},
    {"%a: f32[9]", "window(%a) {dims = [axis 0 size 9223372036854775807 stride 1 dilation 9223372036854775807]}",
     "f32[8, 2, 2]", "`window`: a window of extent -1 on axis 0 of size 9"},
    {"%a: f32[2, 3, 3]", "unwindow(%a) {dims = [axis 1 size 3 stride 2 dilation 1]}", "f32[2, 7]", ""},
    {"%a: f32[2, 3, 3]", "unwindow(%a) {dims = [axis 1 size 3 stride 2 dilation 1]}", "f32[2, 9]",
     "`unwindow`: windows of [2, 9] are [2, 4, 3], the operand is [2, 3, 3]"},
    {"%a: bool[2, 3, 3]", "unwindow(%a) {dims = [axis 1 size 3 stride 2 dilation 1]}", "bool[2, 7]",
     "`unwindow`: bool cannot be added"},
    {"%a: f32[2, 3, 4]", "reduce_sum(%a) {axes = [0, 2]}", "f32[3]", ""},
    {"%a: f32[2, 3, 4]", "reduce_sum(%a) {axes = [2, 0]}", "f32[3]", "`reduce_sum`: axes are not ascending"},
    {"%a: f32[2, 3, 4]", "reduce_sum(%a) {axes = [3]}", "f32[2, 3, 4]", "`reduce_sum`: axis 3 of a rank-3 tensor"},
    {"%a: f32[2, 3, 4]", "reduce_sum(%a) {axes = [-1]}", "f32[2, 3, 4]", "`reduce_sum`: axis -1 of a rank-3 tensor"},
    {"%a: bool[2]", "reduce_sum(%a) {axes = [0]}", "bool", "`reduce_sum`: bool cannot be summed; cast it first"},
    {"%a: bool[2]", "reduce_max(%a) {axes = [0]}", "bool", ""},
    {"%a: f32[2]", "reduce_max(%a) {axes = [0, 0]}", "f32", "`reduce_max`: axes are not ascending"},
    {"%a: f32[2, 3, 4], %b: f32[2, 4, 5]", "contract(%a, %b) {a = \"bik\", b = \"bkj\", y = \"bji\"}", "f32[2, 5, 3]",
     ""},
    {"%a: f32[3], %b: f32[4]", "contract(%a, %b) {a = \"i\", b = \"j\", y = \"ij\"}", "f32[3, 4]", ""},
    {"%a: f32[3], %b: f32[4]", "contract(%a, %b) {a = \"i\", b = \"i\", y = \"\"}", "f32",
     "`contract`: letter `i`: 3 and 4 differ"},
    {"%a: f32[3], %b: f32[4]", "contract(%a, %b) {a = \"i\", b = \"j\", y = \"i\"}", "f32[3]",
     "`contract`: letter `j` stands in one of a, b, y only"},
    {"%a: f32[3, 3], %b: f32[4]", "contract(%a, %b) {a = \"ii\", b = \"j\", y = \"ij\"}", "f32[3, 4]",
     "`contract`: letter `i` twice in one operand"},
    {"%a: f32[3], %b: f32[4]", "contract(%a, %b) {a = \"i\", b = \"j\", y = \"ijk\"}", "f32[3, 4]",
     "`contract`: letter `k` of the result"},
    {"%a: f32[3], %b: f32[4]", "contract(%a, %b) {a = \"ij\", b = \"j\", y = \"i\"}", "f32[3, 4]",
     "`contract`: letters \"ij\" and \"j\" for f32[3] and f32[4]"},
    {"%a: f32[3], %b: f64[3]", "contract(%a, %b) {a = \"i\", b = \"i\", y = \"\"}", "f32",
     "`contract`: dtypes f32 and f64 differ"},
    {"%a: f32[4, 3], %i: i32[2, 5]", "gather(%a, %i) {axis = 0}", "f32[2, 5, 3]", ""},
    {"%a: f32[4, 3], %i: i64", "gather(%a, %i) {axis = 1}", "f32[4]", ""},
    {"%a: f32[4, 3], %i: i8[2]", "gather(%a, %i) {axis = 1}", "f32[4, 2]",
     "`gather`: the index is i8[2], not i32 or i64"},
    {"%a: f32[4, 0], %i: i32[2]", "gather(%a, %i) {axis = 1}", "f32[4, 2]",
     "`gather`: axis 1 has no elements to gather from"},
    {"%a: f32[4, 0], %i: i32[0]", "gather(%a, %i) {axis = 1}", "f32[4, 0]", ""},
    {"%a: f32[4], %i: i32[2]", "gather(%a, %i) {axis = 1}", "f32[4, 2]", "`gather`: axis 1 of a rank-1 tensor"},
    {"%a: f32[4, 3], %i: i32[2], %u: f32[4, 2]", "scatter(%a, %i, %u) {axis = 1, mode = set}", "f32[4, 3]", ""},
    {"%a: f32[4, 3], %i: i32[2], %u: f32[4, 3]", "scatter(%a, %i, %u) {axis = 1, mode = set}", "f32[4, 3]",
     "`scatter`: updates: axis 1: 2 and 3 differ"},
    {"%a: bool[4], %i: i32[2], %u: bool[2]", "scatter(%a, %i, %u) {axis = 0, mode = add}", "bool[4]",
     "`scatter`: bool cannot be added"},
    {"%a: f32[0], %i: i32[2], %u: f32[2]", "scatter(%a, %i, %u) {axis = 0, mode = add}", "f32[0]",
     "`scatter`: axis 0 has no elements to scatter to"},
    {"%c: f32, %x: f32[5, 2]", "scan(%c, %x) {body = @cell, carries = 1, xs = 1, length = 5}", "f32, f32[5, 2]", ""},
    {"%c: f32, %x: f32[0, 2]", "scan(%c, %x) {body = @cell, carries = 1, xs = 1, length = 0, reverse = true}",
     "f32, f32[0, 2]", ""},
    {"%c: f32, %x: f32[5, 2]", "scan(%c, %x) {body = @cell, carries = 1, xs = 1, length = 4}", "f32, f32[4, 2]",
     "`scan`: xs 0 is f32[5, 2]: axis 0 is not the length 4"},
    {"%c: f64, %x: f32[5, 2]", "scan(%c, %x) {body = @cell, carries = 1, xs = 1, length = 5}", "f64, f32[5, 2]",
     "`scan`: argument 0 of @cell is f32, not f64"},
    {"%c: f32, %x: f32[5, 2]", "scan(%c, %x) {body = @cell, carries = 2, xs = 1, length = 5}", "f32, f32[5, 2]",
     "`scan`: carries and xs exceed the operands"},
    {"%c: f32, %x: f32[5, 2]", "scan(%c, %x) {body = @cell, carries = 2147483647, xs = 2147483647, length = 5}",
     "f32, f32[5, 2]", "`scan`: carries and xs exceed the operands"},
    {"%c: f32[2]", "scan(%c) {body = @drop, carries = 1, xs = 0, length = 5}", "f32[2]",
     "`scan`: carry 0 changes from f32[2] to f32"},
    {"%a: f32[3]", "stop_gradient(%a)", "f32[3]", ""},
    {"%c: f32, %x: f32[2]", "call(%c, %x) {kind = composite, name = \"cell\", body = @cell}", "f32, f32[2]", ""},
    {"%c: f32", "call(%c) {kind = composite, name = \"cell\", body = @cell}", "f32, f32[2]",
     "`call`: @cell takes 2 arguments, not 1"},
    {"%c: f32, %x: f32[2]", "call(%c, %x) {kind = gradient, name = \"g\", body = @cell, wrt = [1]}",
     "f32, f32[2], f32[2]", ""},
    {"%c: f32, %x: f32[2]", "call(%c, %x) {kind = gradient, name = \"g\", body = @cell, wrt = [2]}",
     "f32, f32[2], f32[2]", "`call`: wrt 2 is no operand"},
    {"%c: f32, %x: f32[2]", "call(%c, %x) {kind = kernel, name = \"g\", body = @cell, wrt = [1]}",
     "f32, f32[2], f32[2]", "`call`: only a gradient call has wrt"},
    {"%x: f32[2]", "call(%x) {kind = composite, name = \"d\", body = @drop, vjp = @cell}", "f32",
     "`call`: vjp: argument 0 of @cell is f32, not f32[2]"},
};

std::string textOf(const Case& c) {
  std::string names;
  int count = 1;
  for (const char* at = c.types; *at != '\0'; ++at)  // commas outside brackets separate results
    if (*at == '[')
      while (*at != ']') ++at;
    else if (*at == ',')
      ++count;
  for (int i = 0; i < count; ++i) names += (i > 0 ? ", %r" : "%r") + std::to_string(i);
  return fmt::format(
      "func @f({0}) -> ({1}) {{\n{2} = {3} : {1}\nreturn {2}\n}}\n"
      "func @cell(%c: f32, %x: f32[2]) -> (f32, f32[2]) {{\nreturn %c, %x\n}}\n"
      "func @drop(%x: f32[2]) -> (f32) {{\n%y = reduce_sum(%x) {{axes = [0]}} : f32\nreturn %y\n}}\n",
      c.parameters, c.types, names, c.node);
}

TEST(ShapeRules, GiveAndRefuse) {
  for (const Case& c : kCases) {
    const testing::Parsed parsed = testing::parseText(textOf(c));
    const std::string wanted = c.error;
    if (wanted.empty()) {
      EXPECT_TRUE(parsed.module.has_value()) << c.node << "\n" << parsed.error;
      continue;
    }
    EXPECT_FALSE(parsed.module.has_value()) << c.node;
    EXPECT_TRUE(parsed.error.starts_with("2:1 ") && parsed.error.ends_with(wanted)) << c.node << "\n" << parsed.error;
  }
}

TEST(ShapeRules, EveryOpIsHere) {
  std::set<std::string> seen;
  for (const Case& c : kCases) seen.insert(std::string(c.node).substr(0, std::string(c.node).find_first_of(" (")));
  for (int i = 0; i < kOpCount; ++i) EXPECT_TRUE(seen.contains(std::string(opInfo(static_cast<Op>(i)).name))) << i;
}

TEST(ShapeRules, LimitsOfOneTensorAreExact) {
  const auto tensor = [](const std::string& type) {
    return testing::parseText("func @f(%a: " + type + ") -> () {\nreturn\n}\n").error;
  };
  EXPECT_EQ(tensor("f32[1099511627776]"), "");
  EXPECT_EQ(tensor("f32[1099511627777]"), "1:13 IR text: a dim of 1099511627777 is outside 0..2^40");
  EXPECT_EQ(tensor("f32[-1]"), "1:13 IR text: a dim of -1 is outside 0..2^40");
  EXPECT_EQ(tensor("f32[281474976710656]"), "1:13 IR text: a dim of 281474976710656 is outside 0..2^40");
  EXPECT_EQ(tensor("f32[1048576, 268435456]"), "");
  EXPECT_EQ(tensor("f32[1048576, 268435457]"), "1:13 IR text: [1048576, 268435457] has more than 2^48 elements");
  EXPECT_EQ(tensor("f32[1099511627776, 1099511627776, 1099511627776]"),
            "1:13 IR text: [1099511627776, 1099511627776, 1099511627776] has more than 2^48 elements");
  EXPECT_EQ(tensor("f32[1099511627776, 1099511627776, 0]"), "");
  EXPECT_EQ(tensor("f32[1, 1, 1, 1, 1, 1, 1, 1]"), "");
  EXPECT_EQ(tensor("f32[1, 1, 1, 1, 1, 1, 1, 1, 1]"), "1:13 IR text: rank 9 exceeds the limit of 8");
}

}  // namespace
}  // namespace nnc::ir
