// What the tree of each construct is: precedences, spans, literals, doc comments. tree_test.cpp has whole trees.
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>

#include "samples.h"

namespace nnc::syntax::test {

namespace {

TEST(Parse, EverySampleParses) {
  ASSERT_EQ(samplePaths().size(), 7u);
  for (const std::string& path : samplePaths()) {
    const Parsed parsed(readFile(path));
    EXPECT_NE(parsed.file, std::nullopt) << path << "\n" << parsed.messages();
    EXPECT_EQ(parsed.messages(), "") << path;
  }
}

TEST(Parse, AnEmptyFileIsAFile) {
  EXPECT_EQ(Parsed("").tree(), "");
  EXPECT_EQ(Parsed(" \n// only a comment\n/* and another */").tree(), "");
}

/// An expression with a parenthesis around each operation.
std::string shown(const Expr& e) {
  if (const auto* n = std::get_if<NameExpr>(&e.node)) return n->name;
  if (const auto* n = std::get_if<IntLiteral>(&e.node)) return std::to_string(n->value);
  if (const auto* n = std::get_if<UnaryExpr>(&e.node))
    return std::string(n->op == UnaryOp::Neg ? "(- " : "(not ") + shown(*n->operand) + ")";
  if (const auto* n = std::get_if<BinaryExpr>(&e.node)) {
    constexpr const char* kText[] = {
        "**", "*", "/", "%", "@", "+", "-", "..", "==", "!=", "<", "<=", ">", ">=", "and", "or", "|>"};
    return "(" + shown(*n->left) + " " + kText[static_cast<int>(n->op)] + " " + shown(*n->right) + ")";
  }
  if (const auto* n = std::get_if<CondExpr>(&e.node))
    return "(if " + shown(*n->condition) + " then " + shown(*n->thenValue) + " else " + shown(*n->elseValue) + ")";
  if (const auto* n = std::get_if<LambdaExpr>(&e.node))
    return "(fn " + n->parameters[0].text + " => " + shown(*n->body) + ")";
  if (const auto* n = std::get_if<FieldExpr>(&e.node)) return shown(*n->base) + "." + n->field.text;
  if (const auto* n = std::get_if<CallExpr>(&e.node))
    return shown(*n->callee) + "(" + (n->arguments.empty() ? "" : shown(*n->arguments[0].value)) + ")";
  if (const auto* n = std::get_if<IndexExpr>(&e.node))
    return shown(*n->base) + "[" + shown(*n->subscripts[0].value) + "]";
  if (const auto* n = std::get_if<ParenExpr>(&e.node)) return "<" + shown(*n->inner) + ">";
  return "?";
}

std::string shown(const std::string& expression) {
  const Parsed parsed("let x = " + expression);
  if (!parsed.file) return parsed.messages();
  return shown(*std::get<ConstantDecl>(parsed.file->declarations[0].node).value);
}

TEST(Parse, PrecedencesFromTightToLoose) {
  EXPECT_EQ(shown("a |> b or c and not d == e .. f + g * - h ** i.j"),
            "(a |> (b or (c and (not (d == (e .. (f + (g * (- (h ** i.j))))))))))");
  EXPECT_EQ(shown("a ** b * c + d .. e == f and g or h |> i"),
            "((((((((a ** b) * c) + d) .. e) == f) and g) or h) |> i)");
}

TEST(Parse, BinaryOperatorsGroupToTheLeftAndPowersToTheRight) {
  EXPECT_EQ(shown("a - b - c"), "((a - b) - c)");
  EXPECT_EQ(shown("a / b @ c % d"), "(((a / b) @ c) % d)");
  EXPECT_EQ(shown("a ** b ** c"), "(a ** (b ** c))");
  EXPECT_EQ(shown("a |> b |> c"), "((a |> b) |> c)");
}

TEST(Parse, UnaryOperators) {
  EXPECT_EQ(shown("- a ** b"), "(- (a ** b))");
  EXPECT_EQ(shown("a ** - b * c"), "((a ** (- b)) * c)");
  EXPECT_EQ(shown("- - a"), "(- (- a))");
  EXPECT_EQ(shown("not a == b"), "(not (a == b))");
  EXPECT_EQ(shown("not a and b"), "((not a) and b)");
  EXPECT_EQ(shown("a * not b + c"), "(a * (not (b + c)))");
  EXPECT_EQ(shown("a - -b"), "(a - (- b))");
}

TEST(Parse, ChoicesAndFunctionsReachAsFarAsTheyCan) {
  EXPECT_EQ(shown("if a then b else c + d |> e"), "(if a then b else ((c + d) |> e))");
  EXPECT_EQ(shown("a + if b then c else d * e"), "(a + (if b then c else (d * e)))");
  EXPECT_EQ(shown("if a then b else if c then d else e"), "(if a then b else (if c then d else e))");
  EXPECT_EQ(shown("if if a then b else c then d else e"), "(if (if a then b else c) then d else e)");
  EXPECT_EQ(shown("fn (x) => x + 1 |> f"), "(fn x => ((x + 1) |> f))");
  EXPECT_EQ(shown("a |> fn (x) => fn (y) => x * y"), "(a |> (fn x => (fn y => (x * y))))");
  EXPECT_EQ(shown("(if a then b else c) + d"), "(<(if a then b else c)> + d)");
}

TEST(Parse, Suffixes) {
  EXPECT_EQ(shown("a.b(c)[d].e"), "a.b(c)[d].e");
  EXPECT_EQ(shown("- a.b"), "(- a.b)");
  EXPECT_EQ(shown("a(1)(2)"), "a(1)(2)");
}

TEST(Parse, SoftKeywordsAreNames) {
  const std::string names =
      "as bind carry data enum every exclude expect experiment for from in measure network optimizer probe report "
      "show to train vary vjp when";
  std::string text = "fn f(";
  std::istringstream words(names);
  for (std::string word; words >> word;) text += word + ": f32[" + word + ", in], ";
  text += ") -> f32 = data.train(in: for, every: when)[show: vary, vjp] + report";
  EXPECT_NE(Parsed(text).file, std::nullopt) << Parsed(text).messages();
  EXPECT_NE(Parsed("train train { train: train data: data } data data { in: in } experiment vary { vary vary in in "
                   "from from to to when when probe "
                   "probe = probe for for in for every every }")
                .file,
            std::nullopt);
  EXPECT_EQ(shown("repeat"), "1:15-1:15 E0001 expected an expression, found the end of the file\n");
  EXPECT_NE(Parsed("let x = repeat in in in { in }").file, std::nullopt);
}

TEST(Parse, NumbersAreTheirValues) {
  const auto integer = [](const std::string& text) {
    const Parsed parsed("let x = " + text);
    return parsed.file
               ? std::get<IntLiteral>(std::get<ConstantDecl>(parsed.file->declarations[0].node).value->node).value
               : -1;
  };
  const auto real = [](const std::string& text) {
    const Parsed parsed("let x = " + text);
    return parsed.file
               ? std::get<RealLiteral>(std::get<ConstantDecl>(parsed.file->declarations[0].node).value->node).value
               : -1.0;
  };
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("1_000"), 1000);
  EXPECT_EQ(integer("0xFF"), 255);
  EXPECT_EQ(integer("0XfF_00"), 0xFF00);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("0x7FFFFFFFFFFFFFFF"), INT64_MAX);
  EXPECT_EQ(real("1_000.5"), 1000.5);
  EXPECT_EQ(real("1e-3"), 1e-3);
  EXPECT_EQ(real("0.5"), 0.5);
  EXPECT_EQ(real("2.5E+2"), 250.0);
  EXPECT_EQ(real("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(real("4.9e-324"), 4.9e-324);
  EXPECT_EQ(real("0.0"), 0.0);
}

TEST(Parse, RangesAreNotReals) {
  EXPECT_EQ(shown("0..9"), "(0 .. 9)");
  EXPECT_EQ(shown("0 .. 9"), "(0 .. 9)");
}

TEST(Parse, EscapesOfStrings) {
  const Parsed parsed(R"(let x = "a\\b\"c\n\t\u{e9}\u{1F600}é")");
  ASSERT_TRUE(parsed.file) << parsed.messages();
  EXPECT_EQ(std::get<StringLiteral>(std::get<ConstantDecl>(parsed.file->declarations[0].node).value->node).value,
            "a\\b\"c\n\té😀é");
}

TEST(Parse, SpansAreBytesOfTheSource) {
  const Parsed parsed("// é\nlet grüße = 1");  // the name is refused, so the first line only counts
  EXPECT_EQ(parsed.messages(), "2:5-2:10 E0022 the name `grüße` is not ASCII\n");
  const Parsed good("/* 日本 */ let x = \"é\" |> f(a, [b])");
  ASSERT_TRUE(good.file) << good.messages();
  const Decl& decl = good.file->declarations[0];
  EXPECT_EQ(good.sources.text(decl.span), "let x = \"é\" |> f(a, [b])");
  const auto& pipe = std::get<BinaryExpr>(std::get<ConstantDecl>(decl.node).value->node);
  EXPECT_EQ(good.sources.text(pipe.opSpan), "|>");
  EXPECT_EQ(good.sources.text(pipe.left->span), "\"é\"");
  EXPECT_EQ(good.sources.text(pipe.right->span), "f(a, [b])");
  EXPECT_EQ(good.sources.text(std::get<CallExpr>(pipe.right->node).arguments[1].value->span), "[b]");
}

TEST(Parse, ParenthesesTuplesAndRecordsDiffer) {
  const auto kind = [](const std::string& text) {
    const Parsed parsed("let x = " + text);
    return parsed.file ? std::get<ConstantDecl>(parsed.file->declarations[0].node).value->node.index()
                       : std::variant_npos;
  };
  const std::size_t tuple = Expr{{}, TupleExpr{}}.node.index(), parenthesis = Expr{{}, ParenExpr{}}.node.index();
  EXPECT_EQ(kind("()"), tuple);
  EXPECT_EQ(kind("(1)"), parenthesis);
  EXPECT_EQ(kind("(1,)"), tuple);
  EXPECT_EQ(kind("(a: 1)"), tuple);
  EXPECT_EQ(kind("(1, 2)"), tuple);
}

TEST(Parse, DocCommentsBelongToWhatStandsRightBelow) {
  const Parsed parsed(
      "/// Of nothing.\n\n/// First\n///   second\nfn f(x: f32) -> f32 = x // no\n//// no\nlet y = 1\n\n///no "
      "space\r\nlet z = 2");
  ASSERT_TRUE(parsed.file) << parsed.messages();
  ASSERT_EQ(parsed.file->declarations.size(), 3u);
  EXPECT_EQ(parsed.file->declarations[0].doc, "First\n  second");
  EXPECT_EQ(parsed.file->declarations[1].doc, "");
  EXPECT_EQ(parsed.file->declarations[2].doc, "no space");
}

}  // namespace

}  // namespace nnc::syntax::test
