// What the tree of each construct is: precedences, spans, literals, doc comments.
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
      "as bind carry data enum every exclude expect experiment for in measure network optimizer probe report show "
      "train vary vjp when";
  std::string text = "fn f(";
  std::istringstream words(names);
  for (std::string word; words >> word;) text += word + ": f32[" + word + ", in], ";
  text += ") -> f32 = data.train(in: for, every: when)[show: vary, vjp] + report";
  EXPECT_NE(Parsed(text).file, std::nullopt) << Parsed(text).messages();
  EXPECT_NE(Parsed("train train { train: train data: data } data data { in: in } experiment vary { vary vary in in "
                   "when when probe "
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

TEST(Parse, ATreeShowsEveryConstruct) {
  const Parsed parsed(R"(import std.data as d (idx, csv)
export let c: real = 0.5
layer unit(n: int = 3, act: fn, g: fn(f32) -> f32, norm: layer, e: enum(p, q))(x: f32[B, ..s, n], y: f32[]) -> f32[B, _] {
  param(decay: false) w: f32[n] = normal(0.1)
  state m: f32 = 0.0
  sub emb = e.b(1)
  let y[b, ..s, i: n] = sum[k: 3](x[b, .., k])
  let (a, b) = (u: 1, v: .post)
  update m = -m
  require n > 0 and true, "bad\n"
  if a { return x } else if b { } else { yield y }
  let r = scan t in 0..T carry h = 0, k = 1 { next h = h, k = k }
  return x |> repeat i in 2 { unit(i) } + (if a then b else c)
} vjp (g) { return fn (z) => [1, "l": z] }
)");
  EXPECT_EQ(parsed.tree(), R"(import std.data as d (idx, csv) @1:1
export let c @2:1
  type
    type real @2:15
  real 0.5 @2:22
layer unit @3:1
  parameters
    n @3:12
      type int @3:15
      default
        int 3 @3:21
    act @3:24
      type fn @3:29
    g @3:33
      type fn @3:36
        type f32 @3:39
        result
          type f32 @3:47
    norm @3:52
      type layer @3:58
    e @3:65
      type enum (p, q) @3:68
  data parameters
    x @3:80
      type f32 @3:83
        name B @3:87
        pack ..s @3:90
        name n @3:95
    y @3:99
      type f32[] @3:102
  result
    type f32 @3:112
      name B @3:116
      name _ @3:119
  body
    param w @4:3
      attributes
        argument decay @4:9
          bool false @4:16
      type f32 @4:26
        name n @4:30
      initial
        call @4:35
          name normal @4:35
          arguments
            real 0.1 @4:42
    state m @5:3
      type f32 @5:12
      initial
        real 0 @5:18
    sub emb @6:3
      call @6:13
        field b @6:13
          name e @6:13
        arguments
          int 1 @6:17
    let @7:3
      pattern y @7:7
        binder b @7:9
        binder ..s @7:12
        binder i @7:17
          extent
            name n @7:20
      call @7:25
        index @7:25
          name sum @7:25
          subscripts
            index k @7:29
              extent
                int 3 @7:32
        arguments
          index @7:35
            name x @7:35
            subscripts
              name b @7:37
              pack .. @7:40
              name k @7:44
    let @8:3
      pattern (a, b) @8:7
      tuple @8:16
        argument u @8:17
          int 1 @8:20
        argument v @8:23
          symbol .post @8:26
    update m @9:3
      negate @9:14
        name m @9:15
    require "bad\n" @10:3
      chain @10:11
        name n @10:11
        > @10:13
        int 0 @10:15
        and @10:17
        bool true @10:21
    if @11:3
      name a @11:6
      then
        return @11:10
          name x @11:17
      else if
      name b @11:29
      then
      else
        yield @11:42
          name y @11:48
    let @12:3
      pattern r @12:7
      scan t @12:11
        range
          binary .. @12:21
            int 0 @12:21
            name T @12:24
        carry
          binding h @12:32
            int 0 @12:36
          binding k @12:39
            int 1 @12:43
        body
          next @12:47
            binding h @12:52
              name h @12:56
            binding k @12:59
              name k @12:63
    return @13:3
      binary |> @13:10
        name x @13:10
        binary + @13:15
          repeat i @13:15
            count
              int 2 @13:27
            body
              call @13:31
                name unit @13:31
                arguments
                  name i @13:36
          parenthesis @13:43
            if @13:44
              name a @13:47
              then
                name b @13:54
              else
                name c @13:61
  vjp (g)
    body
      return @14:13
        fn (z) @14:20
          list @14:30
            int 1 @14:31
            label "l" @14:34
              name z @14:39
)");
}

TEST(Parse, ProbesOfAFileAndOfTheStdlib) {
  const Parsed parsed(R"(probe big = l2(w) for w in weights(net)
experiment e {
  probe big
  probe big for w in params(net)
  probe big every steps(5)
}
probe now = loss
)");
  EXPECT_EQ(withoutPlaces(parsed.tree()), R"(probe big
  call
    name l2
    arguments
      name w
  for w
    call
      name weights
      arguments
        name net
experiment e
  probe big
  probe big
    for w
      call
        name params
        arguments
          name net
  probe big
    every
      call
        name steps
        arguments
          int 5
probe now
  name loss
)");
}

TEST(Parse, ATreeOfDataTrainAndExperiment) {
  const Parsed parsed(R"(data m { source: idx("a") let x = img / 255.0 }
train t(n: int = 1) { epochs: 3 }
experiment e {
  run: t
  let k = 2
  vary a.b in [1, 2] when c
  vary (p, q) in [(1, 2)]
  bind d = 1
  exclude when a == b
  probe g = l2(x) for u in params(net) every steps(5)
  measure test = valid.accuracy.at(.best)
  expect test > 0.5, "why"
  report "T" { file: "x.html" show cells(test) }
}
export net(3) as n(B: [1, 2])
)");
  EXPECT_EQ(withoutPlaces(parsed.tree()), R"(data m
  setting source
    call
      name idx
      arguments
        string "a"
  let
    pattern x
    binary /
      name img
      real 255
train t
  parameters
    n
      type int
      default
        int 1
  setting epochs
    int 3
experiment e
  setting run
    name t
  let k
    int 2
  vary a.b
    list
      int 1
      int 2
    when
      name c
  vary (p, q)
    list
      tuple
        int 1
        int 2
  bind d
    int 1
  exclude
    binary ==
      name a
      name b
  probe g
    call
      name l2
      arguments
        name x
    for u
      call
        name params
        arguments
          name net
    every
      call
        name steps
        arguments
          int 5
  measure test
    call
      field at
        field accuracy
          name valid
      arguments
        symbol .best
  expect "why"
    binary >
      name test
      real 0.5
  report "T"
    setting file
      string "x.html"
    show
      call
        name cells
        arguments
          name test
export as n
  call
    name net
    arguments
      int 3
  dims
    argument B
      list
        int 1
        int 2
)");
}

}  // namespace

}  // namespace nnc::syntax::test
