// Layout means nothing: the tree of a file is the same on one line, with one token a line, and with other line ends.
#include <gtest/gtest.h>

#include "samples.h"
#include "syntax/lex.h"

namespace nnc::syntax::test {

namespace {

/// The tokens of a text with `separator` between them; comments go.
std::string retokenized(const std::string& text, const std::string& separator) {
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("t.nn", text);
  const LexedFile lexed = lex(file, sources, {}, diagnostics);
  std::string all;
  for (const auto& token : lexed.tokens)
    if (token->getType() != antlr4::Token::EOF) all += std::string(sources.text(spanOf(*token, file))) + separator;
  return all;
}

std::string replaced(std::string text, const std::string& with) {
  std::string all;
  for (const char c : text) c == '\n' ? all += with : all += c;
  return all;
}

class Layout : public testing::TestWithParam<std::string> {};

TEST_P(Layout, OneLine) {
  const std::string text = readFile(GetParam());
  const std::string expected = withoutPlaces(Parsed(text).tree());
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(withoutPlaces(Parsed(retokenized(text, " ")).tree()), expected);
}

TEST_P(Layout, OneTokenPerLine) {
  const std::string text = readFile(GetParam());
  EXPECT_EQ(withoutPlaces(Parsed(retokenized(text, "\n")).tree()), withoutPlaces(Parsed(text).tree()));
}

TEST_P(Layout, LineEndsOfEveryKindGiveTheSamePlaces) {
  const std::string text = readFile(GetParam());
  const std::string expected = Parsed(text).tree();
  EXPECT_EQ(Parsed(replaced(text, "\r\n")).tree(), expected);
  EXPECT_EQ(Parsed(replaced(text, "\r")).tree(), expected);
}

TEST_P(Layout, ByteOrderMarkIsSkipped) {
  const std::string text = readFile(GetParam());
  EXPECT_EQ(withoutPlaces(Parsed("\xEF\xBB\xBF" + text).tree()), withoutPlaces(Parsed(text).tree()));
}

INSTANTIATE_TEST_SUITE_P(Samples, Layout, testing::ValuesIn(samplePaths()));

TEST(Layout, SemicolonsEndAnything) {
  const std::string with = "import a; let x = 1; fn f(y: f32) -> f32 { let z = y; return z; }; train t { batch: 3; };";
  const std::string without = "import a let x = 1 fn f(y: f32) -> f32 { let z = y return z } train t { batch: 3 }";
  EXPECT_EQ(withoutPlaces(Parsed(with).tree()), withoutPlaces(Parsed(without).tree()));
}

TEST(Layout, TrailingCommasAreAllowedInEveryList) {
  const char* with =
      "import a (b, c,) fn f(x: f32[2, 3,], e: enum(p, q,), g: fn(f32, i32,) -> f32, r: (u: f32, v: f32,),) -> f32 {"
      " let (a, b,) = (1, 2,) let y[i, j: 3,] = x[i, j,] let l = [1, \"k\": 2,] param(decay: false,) w: f32 return "
      "f(1, 2,) }"
      " vjp (g, h,) { return fn (a, b,) => a } experiment e { vary (a, b,) in [(1, 2)] } export f(1,) as n(B: 1,)";
  EXPECT_NE(Parsed(with).file, std::nullopt) << Parsed(with).messages();
  const char* scan = "fn f(x: f32) -> f32 = scan t in 0..3 carry h = 1, c = 2, { next h = 1, c = 2, yield h }";
  EXPECT_NE(Parsed(scan).file, std::nullopt) << Parsed(scan).messages();
}

}  // namespace

}  // namespace nnc::syntax::test
