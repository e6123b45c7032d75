// The style, on small texts; and on every .nn file of the tree, as it is and laid out anew: the same tree, and no
// change when it is formatted again.
#include "format/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "syntax/tokens.h"

namespace nnc::format::test {

namespace {

/// Empty when it does not parse.
std::string formatted(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics;
  return format(sources.add("test.nn", text), sources, diagnostics).value_or("");
}

/// The tree without places.
std::string treeOf(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics;
  const std::optional<syntax::File> tree = syntax::parse(sources.add("test.nn", text), sources, diagnostics);
  if (!tree) return "does not parse";
  static const std::regex places(" @[0-9]+:[0-9]+\n");
  return std::regex_replace(syntax::printTree(*tree, sources), places, "\n");
}

/// What stands between two tokens, with other white space: comments stay, and stay apart from code by a line end.
std::string otherSpace(std::string_view gap, const std::string& space) {
  std::string out = space;
  for (std::size_t i = 0; i < gap.size();) {
    if (gap[i] != '/') {
      ++i;
      continue;
    }
    const bool isLine = gap[i + 1] == '/';
    std::size_t end = isLine ? gap.find('\n', i) : gap.find("*/", i) + 2;
    if (end == std::string_view::npos) end = gap.size();
    // A `///` must stay on the line above what it documents.
    out += (isLine && out.find('\n') == std::string::npos ? "\n" : "") + std::string(gap.substr(i, end - i)) +
           (isLine ? "\n" : space);
    i = end;
  }
  return out;
}

/// The same tokens and comments with `space` between them.
std::string laidOut(const std::string& text, const std::string& space) {
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.nn", text);
  const auto tokens = syntax::readTokens(file, sources, diagnostics);
  if (!tokens) return "";
  std::string out;
  std::uint32_t end = 0;
  for (const syntax::SourceToken& token : *tokens) {
    out += otherSpace(sources.text(Span{file, end, token.span.begin}), space);
    out += sources.text(token.span);
    end = token.span.end;
  }
  return out;
}

std::vector<std::filesystem::path> allFiles() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"stdlib", "examples", "bench", "tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(NNC_ROOT "/") + folder))
      if (entry.path().extension() == ".nn") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void expectSound(const std::string& text, const std::string& what) {
  const std::string once = formatted(text);
  ASSERT_EQ(treeOf(once), treeOf(text)) << what << "\n" << once;
  ASSERT_EQ(formatted(once), once) << what;
}

/// The style of a small text: it is a fixed point, and so is what it is made from.
void expectStyle(const std::string& text, const std::string& expected) {
  EXPECT_EQ(formatted(text), expected);
  EXPECT_EQ(formatted(expected), expected);
  EXPECT_EQ(treeOf(text), treeOf(expected));
}

}  // namespace

TEST(Format, FilesOfTheTreeKeepTheirTree) {
  int count = 0;
  for (const std::filesystem::path& path : allFiles()) {
    const std::string text = contents(path);
    if (treeOf(text) == "does not parse") {
      EXPECT_EQ(formatted(text), "");
      continue;
    }
    ++count;
    expectSound(text, path.string());
    expectSound(laidOut(text, " "), path.string() + " on one line");
    expectSound(laidOut(text, "\n"), path.string() + " with one token a line");
    expectSound(laidOut(text, "\r\n\t\n"), path.string() + " with empty lines");
  }
  EXPECT_GT(count, 25);
}

TEST(Format, EveryGapMayHoldAComment) {
  const std::string text = contents(NNC_ROOT "/tests/samples/6_factorial.nn") +
                           contents(NNC_ROOT "/tests/samples/prelude.nn") +
                           contents(NNC_ROOT "/tests/samples/2_resnet20.nn");
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.nn", text);
  const auto tokens = syntax::readTokens(file, sources, diagnostics);
  ASSERT_TRUE(tokens);
  for (const std::string comment : {" // c\n", "\n// c\n", " /* c */ ", "\n/* c\n   d */\n", " /* c */ // d\n"}) {
    std::string commented;
    std::uint32_t end = 0;
    int number = 0;
    for (const syntax::SourceToken& token : *tokens) {
      commented += sources.text(Span{file, end, token.span.begin});
      if (++number % 3 == 0) commented += comment;
      commented += sources.text(token.span);
      end = token.span.end;
    }
    const std::string once = formatted(commented);
    ASSERT_NE(once, "");
    const auto marks = [](std::string_view all) {
      return std::count(all.begin(), all.end(), '/') + std::count(all.begin(), all.end(), '*');
    };
    EXPECT_EQ(marks(once), marks(commented)) << comment;
    expectSound(commented, comment);
  }
}

TEST(Format, SettingsOfABlockAreAligned) {
  expectStyle("train t(lr:real=0.1){network:net(3);data:d\noptimizer:sgd(lr)\n\nbatch:3}",
              "train t(lr: real = 0.1) {\n"
              "  network:   net(3)\n"
              "  data:      d\n"
              "  optimizer: sgd(lr)\n"
              "\n"
              "  batch: 3\n"
              "}\n");
}

TEST(Format, CommentsKeepTheirPlace) {
  expectStyle("// first\n\n\n\n// second\nlet a=1// behind\nlet bb=22 /* also */\n\n// last",
              "// first\n\n// second\nlet a = 1    // behind\nlet bb = 22  /* also */\n\n// last\n");
  expectStyle("fn f(x: f32) -> f32 { // head\n  // own\n\n  return x // r\n  // end\n}",
              "fn f(x: f32) -> f32 {  // head\n  // own\n\n  return x  // r\n  // end\n}\n");
  expectStyle(
      "let l = [1, // one\n 2 // two\n, // comma\n 3\n // three\n]",
      "let l = [1,  // one\n         2,  // two\n         // comma\n         3\n         // three\n         ]\n");
}

TEST(Format, ShortIfsStayOnALine) {
  expectStyle("fn f(x:f32)->f32{if a{return x}else{return -x};if b{let y=x\nreturn y}\nreturn x}",
              "fn f(x: f32) -> f32 {\n"
              "  if a { return x } else { return -x }\n"
              "  if b {\n"
              "    let y = x\n"
              "    return y\n"
              "  }\n"
              "  return x\n"
              "}\n");
}

TEST(Format, OperatorsHaveSpacesAndRangesNone) {
  expectStyle("let a=-b**2*(c+d)..n let b=x[..s,i*2+k]@y let c=not p and q==.post",
              "let a = -b ** 2 * (c + d) .. n\nlet b = x[..s, i * 2 + k] @ y\nlet c = not p and q == .post\n");
  expectStyle("let a=0 .. n", "let a = 0..n\n");
}

TEST(Format, LongLinesBreakAtTheLoosestOperator) {
  const std::string name(30, 'a');
  expectStyle("let y = " + name + " |> " + name + "(1) |> " + name + "(2) |> " + name,
              "let y = " + name + "\n    |> " + name + "(1)\n    |> " + name + "(2)\n    |> " + name + "\n");
  const std::string shorter(26, 'a');  // 8 + 113 columns behind `let y = `, 4 + 113 below it
  expectStyle("let y = " + shorter + " * " + shorter + " + " + shorter + " * " + shorter,
              "let y =\n    " + shorter + " * " + shorter + " + " + shorter + " * " + shorter + "\n");
  expectStyle("let y = f(" + name + ", " + name + ", " + name + ", " + name + ")",
              "let y = f(" + name + ", " + name + ", " + name + ",\n          " + name + ")\n");
  expectStyle("let y = if " + name + " then " + name + " + 1 else " + name + " + 2 + " + name,
              "let y = if " + name + "\n  then " + name + " + 1\n  else " + name + " + 2 + " + name + "\n");
}

TEST(Format, ASecondListGoesBelowTheFirst) {
  const std::string name(30, 'a');
  expectStyle("layer l(" + name + ": dim, b: int = 1)(x: f32[B, " + name + "]) -> f32[B, " + name + "] = x",
              "layer l(" + name + ": dim, b: int = 1)\n       (x: f32[B, " + name + "]) -> f32[B, " + name + "] = x\n");
}

TEST(Format, OldAndNewLevelsGoOnALineOfTheirOwn) {
  EXPECT_EQ(formatted("experiment e { run: t vary from in [to,1] from to  to 1 when   x }"),
            "experiment e {\n  run: t\n  vary from in [to, 1] from to to 1 when x\n}\n");
  const std::string list = "[\"a first label\": something(1), \"a second label\": something(2), \"a third label\": 3]";
  EXPECT_EQ(formatted("experiment e { vary act in " + list + " from \"a first label\" to \"a second label\" }"),
            "experiment e {\n  vary act in " + list + "\n      from \"a first label\" to \"a second label\"\n}\n");
}

TEST(Format, WhatMeansNothingIsLeftOut) {
  expectStyle("let a = f(1, 2,); let b = (1,)\nimport \"x.nn\"(p,q,)",
              "let a = f(1, 2)\nlet b = (1,)\nimport \"x.nn\" (p, q)\n");
}

TEST(Format, AFileOfNothingIsEmpty) {
  expectStyle("  \n\n ", "");
  expectStyle("\xEF\xBB\xBF// c", "// c\n");
}

}  // namespace nnc::format::test
