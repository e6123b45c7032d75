// Every limit holds on both sides, and far beyond it there is a message and no crash, whatever nests.
#include <gtest/gtest.h>

#include <algorithm>

#include "samples.h"

namespace nnc::syntax::test {

namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  all.reserve(text.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string firstMessage(const std::string& text) {
  const std::string all = Parsed(text).messages();
  return all.substr(0, all.find('\n'));
}

constexpr int kHuge = 20'000;

TEST(Limits, NestingIsCountedOnBracketsOfAllKinds) {
  EXPECT_EQ(firstMessage("let x = " + repeated("(", 256) + "1" + repeated(")", 256)), "");
  EXPECT_EQ(firstMessage("let x = " + repeated("(", 257) + "1" + repeated(")", 257)),
            "1:265-1:266 E0003 brackets, braces and choices nest deeper than 256 levels");
  EXPECT_EQ(firstMessage("let x = " + repeated("([", 128) + "1" + repeated("])", 128)), "");
  EXPECT_EQ(firstMessage("let x = [" + repeated("([", 128) + "1" + repeated("])", 128) + "]"),
            "1:265-1:266 E0003 brackets, braces and choices nest deeper than 256 levels");
  EXPECT_EQ(firstMessage("fn f(x: f32) -> f32 { " + repeated("if a { ", 255) + repeated("}", 255) + " return x }"), "");
  EXPECT_EQ(firstMessage("fn f(x: f32) -> f32 {" + repeated("if a {", 256) + repeated("}", 256) + " return x }"),
            "1:1552-1:1554 E0003 brackets, braces and choices nest deeper than 256 levels");
}

TEST(Limits, DeepNestingIsAMessageAndNoCrash) {
  EXPECT_EQ(firstMessage("let x = " + repeated("(", 100'000) + repeated(")", 100'000)),
            "1:265-1:266 E0003 brackets, braces and choices nest deeper than 256 levels");
  const std::string deep[] = {
      "(",           "[",       "{",          "f(",    "f[",         "if a then (",
      "repeat 3 { ", "repeat ", "scan t in ", "if ",   "if a then ", "scan t in 0..3 carry a = ",
      "fn (x) => (", "(a: ",    "- (",        "not [", "[\"a\": "};
  for (const std::string& each : deep) {
    const std::string text = "let x = " + repeated(each, kHuge);
    EXPECT_TRUE(Parsed(text).messages().find("E0003") != std::string::npos) << each;
  }
  const std::string types[] = {"(a: ", "fn(", "fn() -> (b: ", "f32[f("};
  for (const std::string& each : types)
    EXPECT_TRUE(Parsed("let x: " + repeated(each, kHuge)).messages().find("E0003") != std::string::npos) << each;
  EXPECT_TRUE(Parsed("fn f(g: " + repeated("fn() -> ", kHuge) + "f32) -> f32 = 1").messages().find("E0003") !=
              std::string::npos);
  EXPECT_TRUE(Parsed("fn f(x: f32) { " + repeated("if a { ", kHuge)).messages().find("E0003") != std::string::npos);
}

TEST(Limits, ChainsOfOperatorsReachTenThousand) {
  for (const std::string op : {"+", "*", "|>", "and", ".."}) {
    const std::string chain = "let x = a" + repeated(" " + op + " a", 10'000);
    EXPECT_EQ(firstMessage(chain), "") << op;
    EXPECT_TRUE(Parsed(chain + " " + op + " a").messages().find("E0004 this expression has more than 10000 parts") !=
                std::string::npos);
  }
  EXPECT_EQ(firstMessage("let x = " + repeated("if a then 1 else ", 10'000) + "2"), "");
  EXPECT_EQ(firstMessage("let x = " + repeated("if a then 1 else ", 10'001) + "2"),
            "1:170009-1:170025 E0004 this expression has more than 10000 parts");
  EXPECT_EQ(firstMessage("fn f(a: bool) -> bool { if a {}" + repeated(" else if a {}", 9'999) + " }"), "");
  EXPECT_EQ(firstMessage("fn f(a: bool) -> bool { if a {}" + repeated(" else if a {}", 10'000) + " }"),
            "1:130028-1:130029 E0004 this `if` has more than 10000 parts");
}

TEST(Limits, LongChainsArePrintedAndDestroyedWithoutRecursion) {
  const std::string sum = Parsed("let x = a" + repeated("\n + a", 10'000)).tree();
  EXPECT_EQ(std::count(sum.begin(), sum.end(), '\n'), 20'003);
  const Parsed choices("let x = " + repeated("if a then 1 else\n", 10'000) + "2");
  EXPECT_GT(choices.tree().size(), 300'000u);
  const Parsed branches("fn f(a: bool) -> bool { if a {}" + repeated("\n else if a {}", 9'999) + " }");
  EXPECT_GT(branches.tree().size(), 300'000u);
}

TEST(Limits, WhatNestsWithoutBracketsIsBounded) {
  const std::string operators[] = {"- ", "not ", "a ** ", "fn (x) => ", "1 + not ", "1 + if a then 2 else "};
  for (const std::string& each : operators) {
    EXPECT_EQ(firstMessage("let x = " + repeated(each, 300) + "1"), "") << each;
    const std::string messages = Parsed("let x = " + repeated(each, 9'000 / 2) + "1").messages();
    EXPECT_TRUE(messages.find("E0007 operators nest deeper than 1024 levels here") != std::string::npos)
        << each << messages;
    EXPECT_FALSE(Parsed("let x = " + repeated(each, kHuge) + "1").file) << each;
  }
  for (const std::string each : {".b", "(1)", "[1]", ".b(1)[2]"}) {
    EXPECT_EQ(firstMessage("let x = a" + repeated(each, 300)), "") << each;
    EXPECT_TRUE(Parsed("let x = a" + repeated(each, kHuge)).messages().find("E0007") != std::string::npos) << each;
  }
}

TEST(Limits, DeepestAcceptedProgramsAreParsedPrintedAndDestroyed) {
  const std::string levels = repeated("a |> b or c and not d < e + - f(", 110);
  const Parsed mixed("let x = " + levels + "1" + repeated(")", 110));
  EXPECT_NE(mixed.file, std::nullopt) << mixed.messages();
  EXPECT_GT(mixed.tree().size(), 10'000u);
}

TEST(Limits, SizesOfFilesNamesAndStrings) {
  EXPECT_EQ(firstMessage("let " + repeated("a", 255) + " = 1"), "");
  EXPECT_EQ(firstMessage("let " + repeated("a", 256) + " = 1"),
            "1:5-1:261 E0005 this name has 256 bytes, the limit is 255");
  EXPECT_EQ(firstMessage("let a = \"" + repeated("a", 65'536) + "\""), "");
  EXPECT_EQ(firstMessage("let a = \"" + repeated("a", 65'537) + "\""),
            "1:9-1:10 E0006 this string has 65537 bytes, the limit is 65536");
  Limits small;
  small.fileBytes = 10;
  EXPECT_EQ(Parsed("let x = 10", small).messages(), "");
  EXPECT_EQ(Parsed("let x = 100", small).messages(),
            "1:1-1:1 E0002 `t.nn` has 11 bytes, the limit of a source file is 10\n");
}

TEST(Limits, GarbageGivesABoundedNumberOfMessages) {
  for (const std::string each :
       {"\x01", ")", "]", "}", "@", "let x = ", "\xFF", "'", "x ", "x\n", "1. ", "\"\n", "&& ", "# \n"}) {
    const Parsed parsed(repeated(each, 20'000));
    EXPECT_FALSE(parsed.file) << each;
    EXPECT_LE(parsed.diagnostics.all().size(), 400u) << each;
    EXPECT_GE(parsed.diagnostics.errorCount(), 1) << each;
  }
}

}  // namespace

}  // namespace nnc::syntax::test
