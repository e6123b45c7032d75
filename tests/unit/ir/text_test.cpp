// Printing and parsing: what goes round comes back, exact places of what does not parse, and hostile text.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "ir/builder.h"
#include "ir/verify.h"
#include "text_module.h"

namespace nnc::ir {
namespace {

using testing::moduleOf;
using testing::parseText;

constexpr const char* kProgram =
    R"(func @step(%0: f32[32, 8] "x", %1: f32[8, 4] "net.w") -> (f32[8, 4] "net.w" alias %1, f32 "loss") {
  %2 = contract(%0, %1) {a = "bi", b = "io", y = "bo"} : f32[32, 4]  scope "net"
  %3 = const 0.1 : f32[32, 4]  scope "net.drop"
  %4 = const [1, -2, 3] : i32[3]
  %5 = cast(%4) : bf16[3]
  %6 = mul(%2, %3) : f32[32, 4]  scope "net"
  %7 = reduce_sum(%6) {axes = [0, 1]} : f32
  %8, %9 = scan(%7, %0) {body = @"a cell", carries = 1, xs = 1, length = 32, reverse = true} : f32, f32[32]
  %10 = window(%2) {dims = [axis 0 size 3 stride 1 dilation 1, axis 1 size 2 stride 2 dilation 1]} : f32[30, 2, 3, 2]
  %11 = compare(%5, %5) {predicate = lt} : bool[3]
  %12 = pad(%5) {lo = [1], hi = [1], interior = [0], value = -inf} : bf16[5]
  %13 = iota {axis = 0} : i64[4]
  call(%1) {kind = kernel, name = "nothing", body = @nothing} : ()
  %14 = call(%7) {kind = composite, name = "twice", body = @twice, vjp = @twice_vjp} : f32
  return %1, %8
}

func @"a cell"(%0: f32, %1: f32[8]) -> (f32, f32) {
  %2 = reduce_max(%1) {axes = [0]} : f32
  %3 = add(%0, %2) : f32
  return %3, %2
}

func @nothing(%0: f32[8, 4]) -> () {
  return
}

func @twice(%0: f32) -> (f32) {
  %1 = add(%0, %0) : f32
  return %1
}

func @twice_vjp(%0: f32, %1: f32) -> (f32) {
  %2 = add(%1, %1) : f32
  return %2
}
)";

constexpr const char* kPlanned =
    R"(func @f(%0: f32[8] "w", %1: f32[4] at arena 128) -> (f32[8] alias %0, f32) arena 256 {
  %2 = add(%0, %0) : f32[8]  at argument 0
  %3 = const [1, 2, 3, 4] : f32[4]  at constant %3
  %4 = const 0 : f32  at none
  %5 = reshape(%3) : f32[2, 2]  at constant %3
  %6, %7 = scan(%4, %3) {body = @g, carries = 1, xs = 1, length = 4} : f32, f32[4]  at result 1, arena 64 scratch 128 [192]
  return %2, %6
}

func @g(%0: f32, %1: f32) -> (f32, f32) arena 0 {
  return %1, %0
}
)";

TEST(Text, RoundTripsEveryForm) {
  EXPECT_EQ(print(moduleOf(kProgram)), kProgram);
  EXPECT_EQ(print(moduleOf(kPlanned)), kPlanned);
}

TEST(Text, RestoresPlansAsTheyWere) {
  const Module module = moduleOf(kPlanned);
  const MemoryPlan& plan = *module.functions[0].plan;
  EXPECT_EQ(plan.arenaBytes, 256);
  const std::vector<Storage> storage = {{StorageKind::Argument, 0, 0}, {StorageKind::Arena, 0, 128},
                                        {StorageKind::Argument, 0, 0}, {StorageKind::Constant, 3, 0},
                                        {StorageKind::None, 0, 0},     {StorageKind::Constant, 3, 0},
                                        {StorageKind::Result, 1, 0},   {StorageKind::Arena, 0, 64}};
  EXPECT_EQ(plan.storage, storage);
  ASSERT_EQ(plan.scans.size(), 1u);
  EXPECT_EQ(plan.scans[0], (ScanScratch{4, 128, {192}}));
}

TEST(Text, RestoresNumbersPathsAndAliases) {
  const Module module = moduleOf(kProgram);
  const Function& f = module.functions[0];
  EXPECT_EQ(f.parameterNames, (std::vector<std::string>{"x", "net.w"}));
  EXPECT_EQ(f.resultNames, (std::vector<std::string>{"net.w", "loss"}));
  ASSERT_EQ(f.aliases.size(), 1u);
  EXPECT_EQ(f.aliases[0].result, 0);
  EXPECT_EQ(f.aliases[0].parameter, 1);
  EXPECT_EQ(module.scopes, (std::vector<std::string>{"net", "net.drop"}));
  EXPECT_EQ(std::get<ConstAttributes>(f.nodes[1].attributes).reals[0], static_cast<double>(0.1f));
}

TEST(Text, NumbersFollowTheBodyWhateverWasEdited) {
  Module module = moduleOf("func @f(%a: f32) -> (f32) {\n%b = neg(%a) : f32\n%c = exp(%a) : f32\nreturn %c\n}\n");
  module.functions[0].body.erase(module.functions[0].body.begin());
  EXPECT_EQ(print(module), "func @f(%0: f32) -> (f32) {\n  %1 = exp(%0) : f32\n  return %1\n}\n");
}

TEST(Text, PrintsBrokenModules) {
  Module module = moduleOf("func @f(%a: f32) -> (f32) {\n%b = neg(%a) : f32\nreturn %b\n}\n");
  module.functions[0].nodes[0].operands[0].index = 99;
  module.functions[0].body.emplace_back(7);
  module.functions[0].results[0] = Value();
  const std::string text = print(module);
  EXPECT_NE(text.find("neg(%undefined99)"), std::string::npos) << text;
  EXPECT_NE(text.find("// no node 7"), std::string::npos) << text;
  EXPECT_FALSE(verify(module).empty());
}

/// A module of one dense constant.
Module constantModule(DType dtype, std::vector<double> reals) {
  Module module;
  Builder b(module, module.addFunction("f"));
  ConstAttributes constant;
  constant.type = {dtype, {static_cast<std::int64_t>(reals.size())}};
  constant.reals = std::move(reals);
  b.addResult(b.constantDense(constant), "");
  return module;
}

void expectRealsSurvive(DType dtype, const std::vector<double>& reals) {
  const Module module = constantModule(dtype, reals);
  const Module again = moduleOf(print(module));
  EXPECT_EQ(std::get<ConstAttributes>(again.functions[0].nodes[0].attributes),
            std::get<ConstAttributes>(module.functions[0].nodes[0].attributes))
      << print(module);
}

TEST(Text, RealsComeBackBitForBit) {
  using D = std::numeric_limits<double>;
  using F = std::numeric_limits<float>;
  expectRealsSurvive(DType::F64, {0.0, -0.0, 0.1, 1.0 / 3, D::min(), D::denorm_min(), -D::denorm_min(), D::max(),
                                  D::lowest(), D::infinity(), -D::infinity(), D::quiet_NaN(), -D::quiet_NaN(),
                                  std::bit_cast<double>(std::uint64_t{0x7ff0000000000001})});
  expectRealsSurvive(DType::F32, {0.0, -0.0, F::min(), F::denorm_min(), -F::denorm_min(), F::max(), F::lowest(),
                                  F::infinity(), static_cast<double>(0.1f)});
  std::mt19937_64 random(7);
  std::vector<double> doubles, floats, halves;
  while (doubles.size() < 3000) doubles.push_back(std::bit_cast<double>(random()));
  while (floats.size() < 3000) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(value)) floats.push_back(value);
  }
  while (halves.size() < 3000) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()) & 0xFFFF0000u);
    if (!std::isnan(value)) halves.push_back(value);
  }
  expectRealsSurvive(DType::F64, doubles);
  expectRealsSurvive(DType::F32, floats);
  expectRealsSurvive(DType::BF16, halves);
}

TEST(Text, StringsComeBackByteForByte) {
  Module module;
  Builder b(module, module.addFunction("a \"quoted\"\\name\n\t\x01"));
  b.setLocation({}, module.scope("caf\xc3\xa9 \"\\\r\n"));
  b.addResult(b.neg(b.addParameter({DType::F32, {}}, "p\"\\\x7f")), "r\n");
  const Module again = moduleOf(print(module));
  EXPECT_EQ(again.functions[0].name, module.functions[0].name);
  EXPECT_EQ(again.functions[0].parameterNames, module.functions[0].parameterNames);
  EXPECT_EQ(again.functions[0].resultNames, module.functions[0].resultNames);
  EXPECT_EQ(again.scopes, module.scopes);
}

TEST(Text, LocationsComeBack) {
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId program = sources.add("net.nn", "model m {\n  caf\xc3\xa9 = x + 1\n}\n");
  Module module;
  Builder b(module, module.addFunction("f"));
  const Value x = b.addParameter({DType::F32, {}}, "x");
  b.setLocation({program, 12, 25}, ScopeId());
  b.addResult(b.neg(x), "");
  const std::string text = print(module, {.locations = true, .sources = &sources});
  EXPECT_NE(text.find("loc(\"net.nn\":2:3:2:15)"), std::string::npos) << text;
  const FileId file = sources.add("f.nnir", text);
  const auto again = parse(file, sources, diagnostics);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->functions[0].nodes[0].span, module.functions[0].nodes[0].span);

  // Without a `loc`, or with one in a file that is not there, the place is that of the text.
  const std::string other =
      "func @f(%x: f32) -> (f32) {\n  %y = neg(%x) : f32  loc(\"gone.nn\":1:1:1:2)\n  return %y\n}\n";
  const FileId otherFile = sources.add("g.nnir", other);
  const auto unlocated = parse(otherFile, sources, diagnostics);
  ASSERT_TRUE(unlocated.has_value());
  EXPECT_EQ(sources.text(unlocated->functions[0].nodes[0].span), "%y = neg(%x) : f32");
}

struct Refusal {
  const char* text;
  const char* error;
};
constexpr Refusal kRefusals[] = {
    {"fun", "1:1 IR text: expected `func`, found `fun`"},
    {"5", "1:1 IR text: expected `func`, found `5`"},
    {"-", "1:1 IR text: a character that has no meaning here"},
    {"func f", "1:6 IR text: expected a function's name, found `f`"},
    {"func @f() -> () {", "1:18 IR text: expected an op, found the end of the text"},
    {"func @f() -> () {\n  return\n", "3:1 IR text: expected a value, found the end of the text"},
    {"func @f() -> () {return} func @f() -> () {return}", "1:31 IR text: there are two functions `@f`"},
    {"func @f(%a: f31) -> () {return}", "1:13 IR text: expected a type, found `f31`"},
    {"func @f(%a: f32, %a: f32) -> () {return}", "1:18 IR text: `%a` is defined twice"},
    {"func @f(%a: f32[2.5]) -> () {return}", "1:17 IR text: expected a whole number, found `2.5`"},
    {"func @f(%a: f32[99999999999999999999]) -> () {return}",
     "1:17 IR text: the number is outside -9223372036854775808..9223372036854775807"},
    {"func @f(%a: f32) -> (f32) {\n  %b = neg(%c) : f32\n  return %b\n}",
     "2:12 IR text: `%c` is not defined before this use"},
    {"func @f(%a: f32) -> (f32) {\n  %b = neg(%b) : f32\n  return %b\n}",
     "2:12 IR text: `%b` is not defined before this use"},
    {"func @f(%a: f32) -> (f32) {\n  %b = nag(%a) : f32\n  return %b\n}", "2:8 IR text: expected an op, found `nag`"},
    {"func @f(%a: f32) -> (f32) {\n  %b = neg(%a) {x = 1} : f32\n  return %b\n}",
     "2:17 IR text: `neg` has no attribute `x`"},
    {"func @f(%a: f32) -> (f32) {\n  %b = concat(%a) : f32\n  return %b\n}",
     "2:8 IR text: `concat` needs the attribute `axis`"},
    {"func @f(%a: f32) -> (f32) {\n  %b = concat(%a) {axis = 0, axis = 1} : f32\n  return %b\n}",
     "2:30 IR text: the attribute `axis` is given twice"},
    {"func @f(%a: f32) -> (f32) {\n  %b = compare(%a, %a) {predicate = up} : bool\n  return %b\n}",
     "2:37 IR text: expected one of eq, ne, lt, le, gt, ge, found `up`"},
    {"func @f(%a: f32) -> (f32) {\n  %b = call(%a) {kind = kernel, name = \"\", body = @g} : f32\n  return %b\n}",
     "2:51 IR text: there is no function `@g`"},
    {"func @f(%a: f32) -> (f32) {\n  %b = call(%a) {kind = kernel, name = \"\", body = @f} : f32\n  return %b\n}",
     "1:1 IR text: @f: runs itself"},
    {"func @f(%a: f32) -> (f64) {\n  return %a\n}", "2:10 IR text: result 0 is f32 and the signature says f64"},
    {"func @f(%a: f32) -> (f32) {\n  return %a, %a\n}", "2:3 IR text: 2 values are returned and the signature says 1"},
    {"func @f(%a: f32) -> (f32) {\n  return\n}", "2:3 IR text: 0 values are returned and the signature says 1"},
    {"func @f(%a: f32) -> (f32) {\n  %b, %c = neg(%a) : f32\n  return %b\n}",
     "2:3 IR text: 2 results are named and 1 types are given"},
    {"func @f() -> (i8) {\n  %b = const 128 : i8\n  return %b\n}", "2:14 IR text: the number is outside -128..127"},
    {"func @f() -> (u8) {\n  %b = const [1, -1] : u8[2]\n  return %b\n}", "2:18 IR text: the number is outside 0..255"},
    {"func @f() -> (f32) {\n  %b = const 1e39 : f32\n  return %b\n}",
     "2:14 IR text: expected a number within the range of f32, found `1e39`"},
    {"func @f() -> (bool) {\n  %b = const 1 : bool\n  return %b\n}", "2:14 IR text: expected true or false, found `1`"},
    {"func @f() -> (f32) {\n  %b = const nan(0x1) : f32\n  return %b\n}",
     "2:18 IR text: 0x1 are not the bits of a NaN"},
    {"func @f() -> (f32) {\n  %b = const [1, 2 : f32[2]\n  return %b\n}", "2:20 IR text: expected `]`, found `:`"},
    {"func @f(%a: f32 \"x) -> () {return}", "1:17 IR text: the string does not end on its line"},
    {"func @f(%a: f32 \"\\q\") -> () {return}", "1:18 IR text: `\\` is followed by `\"`, `\\` or `x` and two digits"},
    {"func @f() -> () {return} $", "1:26 IR text: a character that has no meaning here"},
    {"func @f(%a: f32) -> (f32) {\n  %b = neg(%a) : f32  at arena 0\n  return %b\n}",
     "2:23 IR text: a place in memory in a function without `arena`"},
    {"func @f(%a: f32) -> (f32) arena 64 {\n  %b = neg(%a) : f32\n  return %b\n}",
     "3:3 IR text: expected `at`, found `return`"},
    {"func @f(%a: f32) -> (f32) arena 64 {\n  %b = neg(%a) : f32 at arena 65\n  return %b\n}",
     "2:31 IR text: the number is outside 0..64"},
    {"func @f(%a: f32[2], %b: f32) -> (f32[2] alias %b) {\n  return %a\n}",
     "1:1 IR text: @f: result 0 and the parameter 1 that it aliases differ in type"},
    {"func @f(%a: f32, %b: f32) -> (f32 alias %a, f32 alias %a) {\n  return %a, %a\n}",
     "1:1 IR text: @f: parameter 0 is aliased twice"},
};

TEST(Text, RefusesAtTheExactPlace) {
  for (const Refusal& refusal : kRefusals) EXPECT_EQ(parseText(refusal.text).error, refusal.error) << refusal.text;
}

TEST(Text, EveryPrefixIsRefusedOrRead) {
  for (const std::string program : {kProgram, kPlanned}) {
    for (std::size_t length = 0; length < program.size(); ++length) {
      const testing::Parsed parsed = parseText(program.substr(0, length));
      EXPECT_EQ(parsed.module.has_value(), parsed.error.empty()) << length;
    }
  }
}

TEST(Text, MutatedTextNeverBreaksTheParser) {
  // Bytes flipped, cut, doubled; what still parses must verify, print and parse again.
  std::mt19937_64 random(3);
  constexpr std::string_view kBytes = "%@0123456789-.,:()[]{}=\"\\xfnia \n";
  int read = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = round % 2 == 0 ? kProgram : kPlanned;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0)
        text.erase(at, 1 + random() % 8);
      else if (random() % 2 == 0)
        text.insert(at, text.substr(random() % text.size(), random() % 12));
      else
        text[at] = kBytes[random() % kBytes.size()];
    }
    const testing::Parsed parsed = parseText(text);
    ASSERT_EQ(parsed.module.has_value(), parsed.error.empty());
    if (!parsed.module) continue;
    ++read;
    EXPECT_TRUE(verify(*parsed.module).empty());
    const std::string printed = print(*parsed.module);
    EXPECT_EQ(print(moduleOf(printed)), printed);
  }
  EXPECT_GT(read, 100);
}

TEST(Text, ChainsOfCallsAreBounded) {
  const auto chain = [](int length) {
    std::string text;
    for (int i = 0; i < length; ++i)
      text += fmt::format(
          "func @f{}() -> () {{\n{}return\n}}\n", i,
          i + 1 < length ? fmt::format("call() {{kind = composite, name = \"\", body = @f{}}} : ()\n", i + 1) : "");
    return parseText(text).error;
  };
  EXPECT_EQ(chain(kMaxCallDepth), "");
  EXPECT_EQ(chain(kMaxCallDepth + 1), "1:1 IR text: @f0: calls nest 1001 deep, and 1000 is the limit");
  EXPECT_EQ(chain(100 * kMaxCallDepth), "1:1 IR text: @f0: calls nest 100000 deep, and 1000 is the limit");
}

}  // namespace
}  // namespace nnc::ir
