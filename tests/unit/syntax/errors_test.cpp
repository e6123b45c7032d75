// Every message of syntax.def with its text and its place, and that one mistake is one message.
#include <gtest/gtest.h>

#include "samples.h"

namespace nnc::syntax::test {

namespace {

struct Case {
  const char* text;
  const char* messages;
};

std::string help(const std::string& text) {
  const Parsed parsed(text);
  return parsed.diagnostics.all().empty() || parsed.diagnostics.all()[0].help.empty()
             ? ""
             : parsed.diagnostics.all()[0].help[0];
}

/// A body around a statement that starts at 2:1.
std::string body(const std::string& statement) { return "fn f(x: f32) -> f32 {\n" + statement + "\nreturn x }"; }
std::string train(const std::string& item) { return "train t {\n" + item + "\nbatch: 3 }"; }
std::string experiment(const std::string& clause) {
  return "experiment e {\n" + clause + "\nmeasure test = valid.accuracy }";
}
std::string messages(const std::string& text) { return Parsed(text).messages(); }

// ------------------------------------------------------------ expected X, found Y

TEST(Errors, ExpectedAndFound) {
  const Case cases[] = {
      {"let x = f(1 + )", "1:15-1:16 E0001 expected an expression, found `)`\n"},
      {"let x = f(a b)", "1:13-1:14 E0001 expected `,` or `)`, found `b`\n"},
      {"let x: f32[B, 3, 32 32] = y", "1:21-1:23 E0001 expected `,` or `]`, found `32`\n"},
      {"let x =", "1:8-1:8 E0001 expected an expression, found the end of the file\n"},
      {"let = 3", "1:5-1:6 E0001 expected a name, found `=`\n"},
      {"fn (x: f32) -> f32 = x", "1:4-1:5 E0001 expected a name, found `(`\n"},
      {"let x 3", "1:7-1:8 E0001 expected `:` or `=`, found `3`\n"},
      {"let x = y.3", "1:11-1:12 E0001 expected a name, found `3`\n"},
      {"fn f(x: ) -> f32 = x", "1:9-1:10 E0001 expected a name, `fn`, `layer` or `(`, found `)`\n"},
      {"train t { batch: }", "1:18-1:19 E0001 expected an expression, found `}`\n"},
      {"let x = if a then b", "1:20-1:20 E0001 expected `else`, found the end of the file\n"},
      {"let x = if a { b }", "1:14-1:15 E0001 expected `then`, found `{`\n"},
      {"let x = scan t in 0..3 { yield t }", "1:24-1:25 E0001 expected `carry`, found `{`\n"},
      {"let x = repeat n a", "1:18-1:19 E0001 expected `{`, found `a`\n"},
      {"= 3",
       "1:1-1:2 E0001 expected a declaration (`import`, `let`, `fn`, `layer`, `network`, `optimizer`, `data`, `train`, "
       "`probe`, `experiment` or `export`), found `=`\n"},
      {"import", "1:7-1:7 E0001 expected a name or a string, found the end of the file\n"},
      {"let x = +3", "1:9-1:10 E0001 expected an expression, found `+`\n"},
      {"let x = {a: 1}", "1:9-1:10 E0001 expected an expression, found `{`\n"},
      {"experiment e { exclude x }", "1:24-1:25 E0001 expected `when`, found `x`\n"},
      {"experiment e { measure 3 }", "1:24-1:25 E0001 expected a name, found `3`\n"},
      {"fn f(x: f32) -> f32 { = 3 }",
       "1:23-1:24 E0001 expected a statement (`let`, `param`, `return`, ..) or `}`, found `=`\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
  EXPECT_EQ(help("let x = +3"), "a number needs no sign in front: `3`, not `+3`");
  EXPECT_EQ(help("let x = {a: 1}"),
            "there are no braces inside expressions: a record is `(a: 1, b: 2)`, a list is `[1, 2]`");
}

// ------------------------------------------------------------ characters and literals

TEST(Errors, Characters) {
  const Case cases[] = {
      {"let x = 1\nlet y = \xFFz", "2:9-2:10 E0010 byte 0xFF is not valid UTF-8\n"},
      {"// \xC3(\nlet x = 1", "1:4-1:5 E0010 byte 0xC3 is not valid UTF-8\n"},
      {"let x = 1 \xEF\xBB\xBF+ 2", "1:11-1:12 E0011 a byte order mark (U+FEFF) stands inside the file\n"},
      {"let x = a − b", "1:11-1:12 E0012 the character `−` (U+2212) has no place outside of strings and comments\n"},
      {"let x = $a", "1:9-1:10 E0012 the character `$` (U+0024) has no place outside of strings and comments\n"},
      {"let x = 1\x01", "1:10-1:11 E0012 the character U+0001 has no place outside of strings and comments\n"},
      {"let x = \xFF\nlet y = $\nlet z = 1",
       "1:9-1:10 E0010 byte 0xFF is not valid UTF-8\n"
       "2:9-2:10 E0012 the character `$` (U+0024) has no place outside of strings and comments\n"},
      {"let größe = 1", "1:5-1:10 E0022 the name `größe` is not ASCII\n"},
      {"let x = 'abc'", "1:9-1:14 E0023 strings stand in double quotes\n"},
      {"let x = 1 # one", "1:11-1:12 E0024 `#` starts no comment\n"},
      {"/* é */ let x = \"é\" + ", "1:23-1:23 E0001 expected an expression, found the end of the file\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
  EXPECT_EQ(help("let x = a − b"), "write the minus sign `-`");
  EXPECT_EQ(help("let x = 'abc'"), "write `\"abc\"`");
  EXPECT_EQ(help("# x"), "a comment starts with `//`");
}

TEST(Errors, HiddenCharactersAreWarnings) {
  const Parsed text("// a\xE2\x80\xAE b\nlet x = \"\x07\"");
  EXPECT_NE(text.file, std::nullopt);
  EXPECT_EQ(text.messages(),
            "1:5-1:6 W0027 a character that does not show (U+202E) stands in this text\n"
            "2:10-2:11 W0027 a character that does not show (U+0007) stands in this text\n");
}

TEST(Errors, Strings) {
  const Case cases[] = {
      {"let x = \"abc\nlet y = 1", "1:9-1:13 E0013 this string is not closed on its line\n"},
      {"let x = \"abc\\\nlet y = 1", "1:9-1:14 E0013 this string is not closed on its line\n"},
      {"let x = 1 /* abc\nlet y", "1:11-1:13 E0014 this comment is never closed\n"},
      {"let x = \"a\\qb\"", "1:11-1:13 E0015 `\\q` is no escape\n"},
      {"let x = \"a\\éb\"", "1:11-1:13 E0015 `\\é` is no escape\n"},
      {"let x = \"\\u{110000}\"", "1:10-1:20 E0016 `\\u{110000}` names no character\n"},
      {"let x = \"\\u{D800} \\u41 \\u{} \\u{0} \\u{zz}\"",
       "1:10-1:18 E0016 `\\u{D800}` names no character\n1:19-1:21 E0016 `\\u` names no character\n"
       "1:24-1:28 E0016 `\\u{}` names no character\n1:29-1:34 E0016 `\\u{0}` names no character\n"
       "1:35-1:41 E0016 `\\u{zz}` names no character\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
}

TEST(Errors, Numbers) {
  const Case cases[] = {
      {"let x = 007", "1:9-1:12 E0017 `007` has a leading zero\n"},
      {"let x = 00.5", "1:9-1:13 E0017 `00.5` has a leading zero\n"},
      {"let x = 9223372036854775808", "1:9-1:28 E0018 `9223372036854775808` does not fit in 64 bits\n"},
      {"let x = 0xFFFFFFFFFFFFFFFF", "1:9-1:27 E0018 `0xFFFFFFFFFFFFFFFF` does not fit in 64 bits\n"},
      {"let x = 1e999", "1:9-1:14 E0019 `1e999` is outside of the range of f64\n"},
      {"let x = 1e-999", "1:9-1:15 E0019 `1e-999` is outside of the range of f64\n"},
      {"let x = 12ab", "1:9-1:13 E0020 `12ab` is not a number\n"},
      {"let x = 0b11", "1:9-1:13 E0020 `0b11` is not a number\n"},
      {"let x = 1__0 + 1_", "1:9-1:13 E0020 `1__0` is not a number\n1:16-1:18 E0020 `1_` is not a number\n"},
      {"let x = 0x", "1:9-1:11 E0020 `0x` is not a number\n"},
      {"let x = 1.5f", "1:9-1:13 E0020 `1.5f` is not a number\n"},
      {"let x = 1. + .5",
       "1:9-1:11 E0021 `1.` lacks a digit at the point\n1:14-1:16 E0021 `.5` lacks a digit at the point\n"},
      {"let x = f(-.5, 2.)",
       "1:12-1:14 E0021 `.5` lacks a digit at the point\n1:16-1:18 E0021 `2.` lacks a digit at the point\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
  EXPECT_EQ(help("let x = 007"), "write `7`");
  EXPECT_EQ(help("let x = 00.5"), "write `0.5`");
  EXPECT_EQ(help("let x = 1."), "write `1.0`");
  EXPECT_EQ(help("let x = .5"), "write `0.5`");
  EXPECT_EQ(help("let x = 1.5f"), "write `1.5`; the type follows from the use");
}

TEST(Errors, OperatorsOfOtherLanguages) {
  const Case cases[] = {
      {"let x = a && b || !c",
       "1:11-1:13 E0025 `&&` is not an operator of .nn\n1:16-1:18 E0025 `||` is not an operator of .nn\n"
       "1:19-1:20 E0025 `!` is not an operator of .nn\n"},
      {"let x = a ^ 2", "1:11-1:12 E0025 `^` is not an operator of .nn\n"},
      {"let x = a ? b : c", "1:11-1:12 E0025 `?` is not an operator of .nn\n"},
      {"let x := 3", "1:7-1:9 E0025 `:=` is not an operator of .nn\n"},
      {"let x = a++", "1:10-1:12 E0025 `++` is not an operator of .nn\n"},
      {"let x = a--", "1:10-1:12 E0025 `--` is not an operator of .nn\n"},
      {"let x = a | f", "1:11-1:12 E0025 `|` is not an operator of .nn\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
  EXPECT_EQ(help("let x = a && b"), "write `and`");
  EXPECT_EQ(help("let x = a | f"), "write `or`; to apply a layer write `|>`");
  EXPECT_EQ(messages(body("i++")), "2:2-2:4 E0025 `++` is not an operator of .nn\n");
  EXPECT_EQ(messages(body("i--")), "2:2-2:4 E0025 `--` is not an operator of .nn\n");
  EXPECT_EQ(messages(body("x += 1")), "2:3-2:5 E0026 `+=` would change a value in place\n");
}

// ------------------------------------------------------------ brackets

TEST(Errors, AMissingBracketIsReportedWhereItBelongs) {
  const Case cases[] = {
      {"let x = f(1, 2\nlet y = 3", "1:15-1:15 E0030 missing `)`\n"},
      {"let x = [1, (2]", "1:15-1:15 E0030 missing `)`\n"},
      {"fn f(x: f32[B) -> f32 = x", "1:14-1:14 E0030 missing `]`\n"},
      {"fn f(x: f32) -> f32 {\n  return x\n\nfn g(x: f32) -> f32 = x", "2:11-2:11 E0030 missing `}`\n"},
      {"fn f(x: f32) -> f32 {\n  if a {\n  return x\n}", "4:2-4:2 E0030 missing `}`\n"},
      {"let x = 1)", "1:10-1:11 E0031 `)` closes nothing\n"},
      {"fn f(x: f32) -> f32 { return x } }", "1:34-1:35 E0031 `}` closes nothing\n"},
      {"fn f(x: f32) -> f32 {\n  return )\n}\nlet y = +",
       "2:10-2:11 E0031 `)` closes nothing\n4:9-4:10 E0001 expected an expression, found `+`\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
  const Parsed parsed("let x = f(1, 2\nlet y = 3");
  ASSERT_EQ(parsed.diagnostics.all()[0].labels.size(), 1u);
  EXPECT_EQ(parsed.diagnostics.all()[0].labels[0].text, "this `(` is never closed");
  EXPECT_EQ(parsed.sources.text(parsed.diagnostics.all()[0].labels[0].span), "(");
}

TEST(Errors, KeywordsAsArgumentNamesAreNoMissingBrackets) {
  EXPECT_EQ(messages("let x = f(\n  state: 3)"), "2:3-2:8 E0039 `state` is a keyword and cannot be a name\n");
}

// ------------------------------------------------------------ slips

TEST(Errors, StatementsThatAreNone) {
  const struct {
    const char* statement;
    const char* messages;
  } cases[] = {
      {"foo(x)", "2:1-2:7 E0032 an expression alone does nothing here\n"},
      {"x |> relu", "2:1-2:10 E0032 an expression alone does nothing here\n"},
      {"f(a,\n  b).c", "2:1-3:7 E0032 an expression alone does nothing here\n"},
      {"y = x + 1", "2:1-2:2 E0033 `y` is given a value without `let`\n"},
      {"y[b] = x[b]", "2:1-2:2 E0033 `y` is given a value without `let`\n"},
      {"y: f32 = x", "2:1-2:2 E0033 `y` is given a value without `let`\n"},
      {"let y = a b", "2:11-2:12 E0035 `b` follows `a` without an operator\n"},
      {"for i in 0..3 { let z = i }", "2:1-2:4 E0040 `for` is not written like this in .nn\n"},
      {"while true { }", "2:1-2:6 E0040 `while` is not written like this in .nn\n"},
      {"elif a { }", "2:1-2:5 E0040 `elif` is not written like this in .nn\n"},
      {"print(x)", "2:1-2:6 E0040 `print` is not written like this in .nn\n"},
      {"var y = 3", "2:1-2:4 E0040 `var` is not written like this in .nn\n"},
      {"let y = lambda z: z", "2:9-2:15 E0040 `lambda` is not written like this in .nn\n"},
      {"let y = a if b else c", "2:11-2:13 E0040 `if` is not written like this in .nn\n"},
      {"if x = 3 { }", "2:6-2:7 E0042 `=` is no comparison\n"},
      {"let y = if x = 3 then 1 else 2", "2:14-2:15 E0042 `=` is no comparison\n"},
      {"else { }", "2:1-2:5 E0043 this `else` belongs to no `if`\n"},
      {"let state = 3", "2:5-2:10 E0039 `state` is a keyword and cannot be a name\n"},
      {"let y = next + 1", "2:9-2:13 E0039 `next` is a keyword and cannot be a name\n"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(messages(body(c.statement)), c.messages) << c.statement;
  }
  // In the first column they would show that a `}` is missing.
  EXPECT_EQ(messages("fn f(x: f32) -> f32 {\n  fn g(y: f32) -> f32 = y\n  return x\n}"),
            "2:3-2:5 E0044 `fn` cannot stand inside a body\n");
  EXPECT_EQ(messages("fn f(x: f32) -> f32 {\n  import a\n  return x\n}"),
            "2:3-2:9 E0044 `import` cannot stand inside a body\n");
  EXPECT_EQ(help(body("y = x + 1")), "write `let y = ..`");
  EXPECT_EQ(help(body("foo(x)")), "name its value (`let y = ..`) or hand it back (`return ..`)");
}

TEST(Errors, SettingsAndClauses) {
  EXPECT_EQ(messages(train("epochs = 5")), "2:8-2:9 E0034 the setting `epochs` is written with `:`, not `=`\n");
  EXPECT_EQ(messages(train("foo(x)")), "2:1-2:7 E0032 an expression alone does nothing here\n");
  EXPECT_EQ(messages(train("lr: 0.1 0.2")), "2:9-2:12 E0035 `0.2` follows `0.1` without an operator\n");
  EXPECT_EQ(messages(train("optimizer: sgd(lr = 0.1)")),
            "2:19-2:20 E0038 the argument `lr` is named with `:`, not `=`\n");
  EXPECT_EQ(messages(experiment("probe g = l2(x) every 50 steps")),
            "2:26-2:31 E0035 `steps` follows `50` without an operator\n");
  EXPECT_EQ(messages(experiment("run = base")), "2:5-2:6 E0034 the setting `run` is written with `:`, not `=`\n");
  EXPECT_EQ(messages(experiment("measure: x")), "2:1-2:8 E0037 `measure` starts a clause and is no setting\n");
  EXPECT_EQ(messages(experiment("report \"r\" { show: x }")),
            "2:14-2:18 E0037 `show` starts a clause and is no setting\n");
  EXPECT_EQ(messages(experiment("vary: [1, 2]")), "2:1-2:5 E0037 `vary` starts a clause and is no setting\n");
  EXPECT_EQ(help(experiment("probe g = l2(x) every 50 steps")), "a unit is a call: `steps(50)`");
  EXPECT_EQ(help(experiment("measure: x")), "write `measure name = valid.loss`");
  EXPECT_EQ(help(train("epochs = 5")), "a setting is `epochs: value`; a value of your own is `let epochs = ..`");
}

TEST(Errors, ComparisonsDoNotChain) {
  EXPECT_EQ(messages("let x = 0 < p < 1"), "1:9-1:18 E0036 comparisons do not chain\n");
  EXPECT_EQ(help("let x = 0 < p < 1"), "write `0 < p and p < 1`");
  EXPECT_EQ(messages("let x = a == b == c"), "1:9-1:20 E0036 comparisons do not chain\n");
  EXPECT_EQ(messages("let x = (a < b) == c"), "");
  EXPECT_EQ(messages("let x = 0 < p and p < 1"), "");
}

TEST(Errors, Declarations) {
  const Case cases[] = {
      {"def f(x) { }", "1:1-1:4 E0040 `def` is not written like this in .nn\n"},
      {"class Net { }", "1:1-1:6 E0040 `class` is not written like this in .nn\n"},
      {"from std import idx", "1:1-1:5 E0040 `from` is not written like this in .nn\n"},
      {"x = 3", "1:1-1:2 E0033 `x` is given a value without `let`\n"},
      {"return 3", "1:1-1:7 E0045 `return` cannot stand outside of a body\n"},
      {"param w: f32[3]", "1:1-1:6 E0045 `param` cannot stand outside of a body\n"},
      {"fn f(x) -> f32 = x", "1:6-1:7 E0041 the parameter `x` has no type\n"},
      {"fn f(x, y: f32) -> f32 = x", "1:6-1:7 E0041 the parameter `x` has no type\n"},
      {"foo(3)",
       "1:1-1:4 E0001 expected a declaration (`import`, `let`, `fn`, `layer`, `network`, `optimizer`, `data`, `train`, "
       "`probe`, `experiment` or `export`), found `foo`\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(messages(c.text), c.messages) << c.text;
}

// ------------------------------------------------------------ several at once

TEST(Errors, SeveralMistakesAreReportedInOneRunAndInOrder) {
  EXPECT_EQ(messages("fn f(x: f32) -> f32 {\n"
                     "  foo(x)\n"
                     "  y = x\n"
                     "  let z = 1 +\n"
                     "  let q = 'a'\n"
                     "  return )\n"
                     "}\n"
                     "def g() {}\n"
                     "train t {\n"
                     "  epochs = 5\n"
                     "  batch = 3\n"
                     "}\n"),
            "2:3-2:9 E0032 an expression alone does nothing here\n"
            "3:3-3:4 E0033 `y` is given a value without `let`\n"
            "5:3-5:6 E0001 expected an expression, found the keyword `let`\n"
            "5:11-5:14 E0023 strings stand in double quotes\n"
            "6:10-6:11 E0031 `)` closes nothing\n"
            "8:1-8:4 E0040 `def` is not written like this in .nn\n"
            "10:10-10:11 E0034 the setting `epochs` is written with `:`, not `=`\n"
            "11:9-11:10 E0034 the setting `batch` is written with `:`, not `=`\n");
}

TEST(Errors, TheRestOfABodyIsReadAfterAMistake) {
  EXPECT_EQ(messages("fn f(x: f32) -> f32 {\n  let a = f(1,, 2)\n  let b = 3\n  return a b\n}\nlet y = 1 1"),
            "2:15-2:16 E0001 expected an expression, found `,`\n"
            "4:12-4:13 E0035 `b` follows `a` without an operator\n"
            "6:11-6:12 E0035 `1` follows `1` without an operator\n");
}

}  // namespace

}  // namespace nnc::syntax::test
