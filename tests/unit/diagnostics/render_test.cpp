// Messages as text and as JSON: exact output, places, limits.
#include "diagnostics/render.h"
#include "diagnostics/kinds/elaborate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace nnc {
namespace {

Span find(const SourceManager& sources, FileId file, std::string_view what) {
  const auto at = static_cast<std::uint32_t>(sources.text(file).find(what));
  return {file, at, at + static_cast<std::uint32_t>(what.size())};
}

TEST(Render, shows_both_facts_with_their_lines) {
  SourceManager sources;
  const FileId file = sources.add("mlp.nn", "sub hid = dense(8)\n\nlet a = hid(h)\nlet b = hid(x)\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(find(sources, file, "hid(x)"), "width 784")
      .label("x: f32[B, 784]")
      .also(find(sources, file, "hid(h)"), "first use fixed `in` = 1024")
      .note("seen by a test")
      .help("write two\nof them");
  EXPECT_EQ(renderText(diagnostics, sources, {}),
            "error[E0101]: `width 784` is not defined here\n"
            "  --> mlp.nn:4:9\n"
            " 4 | let b = hid(x)\n"
            "   |         ^^^^^^ x: f32[B, 784]\n"
            " 3 | let a = hid(h)\n"
            "   |         ------ first use fixed `in` = 1024\n"
            "  note: seen by a test\n"
            "  help: write two\n"
            "        of them\n"
            "\n"
            "1 error\n");
}

TEST(Render, names_the_other_file) {
  SourceManager sources;
  const FileId a = sources.add("a.nn", "let x = 1\n"), b = sources.add("b.nn", "let y = 2\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(find(sources, a, "x"), "it").also(find(sources, b, "y"), "here");
  EXPECT_EQ(renderText(diagnostics, sources, {}),
            "error[E0101]: `it` is not defined here\n"
            "  --> a.nn:1:5\n"
            " 1 | let x = 1\n"
            "   |     ^\n"
            "  ::: b.nn:1:5\n"
            " 1 | let y = 2\n"
            "   |     - here\n"
            "\n"
            "1 error\n");
}

TEST(Render, keeps_tabs_and_counts_wide_characters) {
  SourceManager sources;
  const FileId file = sources.add("t.nn", "\t\"漢\" bad\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(find(sources, file, "bad"), "it");
  EXPECT_EQ(renderText(diagnostics, sources, {}),
            "error[E0101]: `it` is not defined here\n"
            "  --> t.nn:1:6\n"
            " 1 | \t\"漢\" bad\n"
            "   | \t     ^^^\n"
            "\n"
            "1 error\n");
}

TEST(Render, marks_first_and_last_line_of_a_long_span_and_the_end_of_a_file) {
  SourceManager sources;
  const FileId file = sources.add("t.nn", "a {\n b\n}");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(Span{file, 2, 8}, "a block").label("all of it");
  diagnostics.emit<diag::UnknownName>(Span{file, 2, 6}, "two lines");
  diagnostics.emit<diag::UnknownName>(Span{file, 8, 8}, "the end");
  EXPECT_EQ(renderText(diagnostics, sources, {}),
            "error[E0101]: `a block` is not defined here\n"
            "  --> t.nn:1:3\n"
            " 1 | a {\n"
            "   |   ^\n"
            " ...\n"
            " 3 | }\n"
            "   | ^ all of it\n"
            "\n"
            "error[E0101]: `two lines` is not defined here\n"
            "  --> t.nn:1:3\n"
            " 1 | a {\n"
            "   |   ^\n"
            " 2 |  b\n"
            "   |  ^\n"
            "\n"
            "error[E0101]: `the end` is not defined here\n"
            "  --> t.nn:3:2\n"
            " 3 | }\n"
            "   |  ^\n"
            "\n"
            "3 errors\n");
}

TEST(Render, replaces_what_would_disturb_the_terminal) {
  SourceManager sources;
  const FileId file = sources.add("t.nn", "a \x1b[31m \xE2\x80\xAE \xFF z\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(find(sources, file, "z"), "it");
  const std::string text = renderText(diagnostics, sources, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find(" 1 | a ?[31m ? ? z\n"), std::string::npos) << text;

  Diagnostics quoting;
  const FileId named = sources.add("n\x1b[2J.nn", "x");
  quoting.emit<diag::UnknownName>(Span{named, 0, 1}, "\x1b]0;title").label("\x07").note("a\xFF\nb").help("\x9b");
  EXPECT_EQ(renderText(quoting, sources, {}),
            "error[E0101]: `?]0;title` is not defined here\n"
            "  --> n?[2J.nn:1:1\n"
            " 1 | x\n"
            "   | ^ ?\n"
            "  note: a?\n"
            "        b\n"
            "  help: ?\n"
            "\n"
            "1 error\n");
}

TEST(Render, cuts_a_very_long_line_around_the_place) {
  SourceManager sources;
  const FileId file = sources.add("t.nn", std::string(5000, 'a') + "!" + std::string(5000, 'b') + "\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(Span{file, 5000, 5001}, "it");
  const std::string text = renderText(diagnostics, sources, {});
  EXPECT_LT(text.size(), 700u);
  EXPECT_NE(text.find("t.nn:1:5001"), std::string::npos);
  // The caret stands under the mark.
  const std::size_t line = text.find("| ..."), mark = text.find('!') - line;
  const std::size_t caretLine = text.find("|    ", line + 1);
  EXPECT_EQ(text.find('^') - caretLine, mark) << text;
}

TEST(Render, shows_at_most_twenty) {
  SourceManager sources;
  Diagnostics diagnostics;
  for (int i = 0; i < 25; ++i) diagnostics.emit<diag::UnknownName>(Span{}, i);
  const std::string text = renderText(diagnostics, sources, {});
  EXPECT_NE(text.find("`19` is not defined"), std::string::npos);
  EXPECT_EQ(text.find("`20` is not defined"), std::string::npos);
  EXPECT_NE(text.find("... and 5 more\n25 errors\n"), std::string::npos);
}

TEST(Render, colours_only_when_asked) {
  SourceManager sources;
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(Span{}, "it");
  EXPECT_EQ(renderText(diagnostics, sources, {}).find('\033'), std::string::npos);
  EXPECT_NE(renderText(diagnostics, sources, {.color = true}).find("\033[1;31merror[E0101]\033[0m"), std::string::npos);
}

TEST(RenderJson, is_one_object_a_line) {
  SourceManager sources;
  const FileId file = sources.add("m.nn", "ab\ncd\n");
  Diagnostics diagnostics;
  diagnostics.emit<diag::UnknownName>(Span{file, 3, 5}, "\"it\"").also(Span{file, 0, 1}, "fact").help("do");
  diagnostics.emit<diag::UnknownName>(Span{}, "\xff");
  const std::string text = renderJson(diagnostics, sources);
  const std::size_t end = text.find('\n');
  const nlohmann::json first = nlohmann::json::parse(text.substr(0, end));
  EXPECT_EQ(first, nlohmann::json::parse(R"({"severity":"error","code":"E0101","message":"`\"it\"` is not defined here",
    "file":"m.nn","line":2,"column":1,"end_line":2,"end_column":3,
    "notes":[{"message":"fact","file":"m.nn","line":1,"column":1}],"help":["do"]})"));
  const nlohmann::json second = nlohmann::json::parse(text.substr(end + 1));
  EXPECT_TRUE(second["file"].is_null());
  EXPECT_TRUE(second["line"].is_null());
}

TEST(Kinds, codes_are_unique_and_explained) {
  std::set<std::string_view> codes, names;
  for (const KindInfo& kind : allKinds()) {
    EXPECT_TRUE(codes.insert(kind.code).second) << kind.code << " is used twice";
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_EQ(kind.code[0], kind.severity == Severity::Error ? 'E' : 'W') << kind.code;
    EXPECT_GE(kind.explanation.size(), 40u) << kind.code << " needs an explanation";
    EXPECT_NE(kind.format.back(), '.') << kind.code;
  }
}

}  // namespace
}  // namespace nnc
