#include "syntax/explain.h"

#include <algorithm>
#include <optional>
#include <string>

#include "diagnostics/kinds/syntax.h"
#include "syntax/expected.h"
#include "syntax/foreign.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

/// What the place is, told from what could stand there.
enum class Position { File, Statement, Item, Clause, Operand, AfterOperand, Other };

class Explainer {
 public:
  Explainer(const Stop& stop, antlr4::TokenStream& tokens, const LexedFile& lexed, FileId file,
            const SourceManager& sources, Diagnostics& diagnostics)
      : stop_(stop),
        tokens_(tokens),
        lexed_(lexed),
        file_(file),
        sources_(sources),
        diagnostics_(diagnostics),
        at_(stop.index),
        position_(positionOf(stop)) {}

  std::size_t run() {
    if (!isReported()) explainOne();
    const bool isList = position_ == Position::File || position_ == Position::Statement ||
                        position_ == Position::Item || position_ == Position::Clause;
    if (!isList) return at_;
    for (int lines = 0; lines < kMostErrors; ++lines) {
      const std::size_t end = expressionEnd();
      at_ = end + 1;
      if (startsPart() || isOnLineOfPrevious()) return end;
      if (!isReported()) explainAt();
    }
    return at_;
  }

 private:
  /// Whether the token at `at_` starts a proper part of the list that is being read, or ends it.
  bool startsPart() const {
    const std::size_t t = type(at_);
    if (t == antlr4::Token::EOF || t == NNLexer::RBRACE || t == NNLexer::LET) return true;
    const bool isSetting = isName(t) && type(at_ + 1) == NNLexer::COLON;
    switch (position_) {
      case Position::File:
        return expects(t);
      case Position::Statement:
        return isStatementKeyword(t);
      case Position::Item:
        return isStatementKeyword(t) || isSetting;
      default:
        return isSetting || (t >= NNLexer::AS && t <= NNLexer::WHEN);
    }
  }

  /// Whether the line, or the unfinished line before, has a message that this one would only follow from.
  bool isReported() const {
    const bool goesOn =
        position_ == Position::Operand || position_ == Position::AfterOperand || position_ == Position::Other;
    // At the start of a line, it is the line before that is unfinished.
    if (goesOn && at_ > 0 && !isOnLineOfPrevious()) return isLineReported(at_ - 1);
    return isLineReported(at_);
  }
  bool isLineReported(std::size_t index) const {
    return lexed_.reportedLines.contains(sources_.place(file_, span(index).begin).line);
  }

  void explainOne() {
    if (afterStart()) return;
    // `foo(x)` among settings is read as the start of `foo: ..`.
    if (stop_.rule == NNParser::RuleSetting && expects(NNLexer::COLON) && at_ > 0) return settingSlip();
    explainAt();
  }

  void explainAt() {
    switch (position_) {
      case Position::File:
        if (juxtaposed() || fileSlip()) return;
        break;
      case Position::Statement:
      case Position::Item:
      case Position::Clause:
        if (juxtaposed() || statementSlip()) return;
        break;
      case Position::Operand:
        if (operandSlip()) return;
        break;
      case Position::AfterOperand:
      case Position::Other:
        if (otherSlip()) return;
        break;
    }
    expectedFound();
  }

  /// A token that fits, and then something that does not.
  bool afterStart() {
    if (stop_.start == stop_.index) return false;
    if (type(stop_.start) == NNLexer::COMMA) return afterComma();
    if (stop_.rule == NNParser::RuleRepeat) {
      diagnostics_.emit<diag::SyntaxExpected>(span(at_), "`{`", found());
      return true;
    }
    const std::size_t next = stop_.start + 1;
    if (next == stop_.index) {
      switch (type(stop_.start)) {
        case NNLexer::EXCLUDE:
          diagnostics_.emit<diag::SyntaxExpected>(span(at_), "`when`", found());
          return true;
        case NNLexer::FN:
        case NNLexer::LAYER:
        case NNLexer::NETWORK:
        case NNLexer::OPTIMIZER:
        case NNLexer::DATA:
        case NNLexer::TRAIN:
        case NNLexer::EXPERIMENT:
        case NNLexer::VARY:
        case NNLexer::BIND:
        case NNLexer::PROBE:
        case NNLexer::MEASURE:
          if (nameSlip()) return true;
          diagnostics_.emit<diag::SyntaxExpected>(span(at_), "a name", found());
          return true;
        default:
          break;
      }
    }
    diagnostics_.emit<diag::SyntaxExpected>(span(at_), fmt::format("something that continues `{}`", text(stop_.start)),
                                            found());
    return true;
  }

  bool afterComma() {
    std::string_view what = "an expression";
    switch (stop_.rule) {
      case NNParser::RuleParameters:
      case NNParser::RuleTypeAtom:
        what = "a parameter (`name: type`)";
        break;
      case NNParser::RuleNameList:
      case NNParser::RulePattern:
      case NNParser::RuleTargets:
        what = "a name";
        break;
      case NNParser::RuleFunctionHead:
        what = "a type";
        break;
      case NNParser::RuleShape:
        what = "a dimension";
        break;
      case NNParser::RuleBinders:
        what = "an index";
        break;
      case NNParser::RuleBindings:
        what = "a binding (`name = value`)";
        break;
      default:
        if (operandSlip()) return true;
        break;
    }
    if (nameSlip()) return true;
    diagnostics_.emit<diag::SyntaxExpected>(span(at_), what, found());
    return true;
  }

  /// A keyword where a name was wanted.
  bool nameSlip() {
    if (!isKeyword(type(at_))) return false;
    diagnostics_.emit<diag::ReservedName>(span(at_), word())
        .help(fmt::format("choose another name, such as `{}_`", word()));
    return true;
  }

  void settingSlip() {
    --at_;
    position_ = stop_.list == NNParser::RuleBlockDecl ? Position::Item : Position::Clause;
    if (juxtaposed() || statementSlip()) return;
    ++at_;
    position_ = Position::Other;
    expectedFound();
  }

  // ------------------------------------------------------------ tokens

  antlr4::Token& token(std::size_t index) const { return *tokens_.get(std::min(index, tokens_.size() - 1)); }
  std::size_t type(std::size_t index) const { return token(index).getType(); }
  Span span(std::size_t index) const { return spanOf(token(index), file_); }
  std::string_view text(std::size_t index) const { return sources_.text(span(index)); }
  std::string_view word() const { return text(at_); }
  bool expects(std::size_t type) const { return stop_.expected.contains(type); }

  bool isOnLineOfPrevious() const { return isOnLineOf(at_); }
  /// Whether the token at `index` stands on the line of the one before it.
  bool isOnLineOf(std::size_t index) const {
    if (index == 0) return false;
    const std::uint32_t end = span(index - 1).end;
    const std::string_view between = sources_.text(Span{file_, end, std::max(end, span(index).begin)});
    return between.find_first_of("\r\n") == std::string_view::npos;
  }

  static Position positionOf(const Stop& stop) {
    const auto has = [&stop](std::size_t type) { return stop.expected.contains(type); };
    if (has(NNLexer::IMPORT)) return Position::File;
    if (has(NNLexer::RETURN)) return stop.rule == NNParser::RuleBlockDecl ? Position::Item : Position::Statement;
    if (has(NNLexer::MEASURE) && has(NNLexer::LET)) return Position::Clause;
    if (has(NNLexer::PIPE)) return Position::AfterOperand;
    if (has(NNLexer::FLOAT)) return Position::Operand;
    return Position::Other;
  }

  // ------------------------------------------------------------ slips

  /// `every 50 steps`, `a b`: something right behind a finished expression, on its line.
  bool juxtaposed() {
    if (at_ == 0 || !isOnLineOfPrevious() || !endsOperand(type(at_ - 1))) return false;
    if (afterOperandSlip()) return true;
    if (!startsOperand(type(at_)) || type(at_ - 1) == NNLexer::RBRACE) return false;
    if (isPartOfVary()) {
      diagnostics_.emit<diag::Juxtaposition>(span(at_), word(), text(at_ - 1))
          .help("the order is `vary name in [a, b] from a to b when condition`");
      return true;
    }
    if (type(at_ - 1) == NNLexer::INT && isName(type(at_))) {
      diagnostics_.emit<diag::Juxtaposition>(span(at_), word(), text(at_ - 1))
          .help(fmt::format("a unit is a call: `{}({})`", word(), text(at_ - 1)));
      return true;
    }
    if (!wordHelp(text(at_ - 1)).empty()) return foreignWord(at_ - 1);
    DiagnosticBuilder message = diagnostics_.emit<diag::Juxtaposition>(span(at_), word(), text(at_ - 1));
    if (isName(type(at_ - 1)) && isName(type(at_)))
      message.help(fmt::format("to apply `{1}` write `{1}({0})` or `{0} |> {1}`", word(), text(at_ - 1)));
    else
      message.help("put an operator between them, or start a new statement with its keyword");
    return true;
  }

  /// `from`, `to` or `when` behind a `vary`.
  bool isPartOfVary() const {
    const std::size_t word = type(at_);
    if (word != NNLexer::FROM && word != NNLexer::TO && word != NNLexer::WHEN) return false;
    std::size_t start = at_;
    while (start > 0 && type(start) != NNLexer::VARY && type(start) != NNLexer::LBRACE && isOnLineOf(start)) --start;
    return type(start) == NNLexer::VARY;
  }

  /// What people write behind an expression.
  bool afterOperandSlip() {
    switch (type(at_)) {
      case NNLexer::ELSE: {
        // `let y = a if b else c`: the `if` was read as a statement.
        std::size_t choice = at_;
        while (choice > 0 && type(choice) != NNLexer::IF && isOnLineOf(choice)) --choice;
        if (!expects(NNLexer::LBRACE) || type(choice) != NNLexer::IF || !isOnLineOf(choice) ||
            !endsOperand(type(choice - 1)))
          return false;
        diagnostics_.emit<diag::ForeignWord>(span(choice), "if").help("a choice is `if condition then a else b`");
        return true;
      }
      case NNLexer::IF:
        diagnostics_.emit<diag::ForeignWord>(span(at_), "if").help("a choice is `if condition then a else b`");
        return true;
      case NNLexer::ASSIGN:
        if (expects(NNLexer::LBRACE) || expects(NNLexer::THEN)) {
          diagnostics_.emit<diag::AssignInCondition>(span(at_)).help("equality is `==`");
          return true;
        }
        return false;
      default:
        return false;
    }
  }

  bool foreignWord(std::size_t index) {
    const std::string_view help = wordHelp(text(index));
    if (help.empty()) return false;
    diagnostics_.emit<diag::ForeignWord>(span(index), text(index)).help(std::string(help));
    return true;
  }

  bool fileSlip() {
    if (isKeyword(type(at_)) && type(at_) != NNLexer::LET) {
      if (!isStatementKeyword(type(at_))) return false;
      diagnostics_.emit<diag::StatementOutside>(span(at_), word())
          .help("it belongs into the body of a fn, layer, network or optimizer");
      return true;
    }
    if (!isName(type(at_))) return false;
    if (foreignWord(at_)) return true;
    return missingLet();
  }

  /// Index of the token behind the balanced brackets that open at `index`.
  std::size_t behindBrackets(std::size_t index) const {
    int depth = 0;
    for (; type(index) != antlr4::Token::EOF; ++index) {
      const std::size_t t = type(index);
      if (t == NNLexer::LPAREN || t == NNLexer::LBRACKET || t == NNLexer::LBRACE) ++depth;
      if (t == NNLexer::RPAREN || t == NNLexer::RBRACKET || t == NNLexer::RBRACE) --depth;
      if (depth == 0) return index + 1;
    }
    return index;
  }

  /// `y = ..`, `y[b] = ..`, `y: f32 = ..` without a keyword.
  bool missingLet() {
    if (!isName(type(at_))) return false;
    std::size_t next = at_ + 1;
    if (type(next) == NNLexer::LBRACKET) next = behindBrackets(next);
    const bool isTyped = type(next) == NNLexer::COLON && position_ != Position::Item && position_ != Position::Clause;
    if (type(next) != NNLexer::ASSIGN && !isTyped) return false;
    if (position_ == Position::Item || position_ == Position::Clause) {
      diagnostics_.emit<diag::SettingWithEquals>(span(next), word())
          .help(fmt::format("a setting is `{0}: value`; a value of your own is `let {0} = ..`", word()));
      return true;
    }
    diagnostics_.emit<diag::MissingLet>(span(at_), word()).help(fmt::format("write `let {} = ..`", word()));
    return true;
  }

  bool statementSlip() {
    if (type(at_) == NNLexer::ELSE) {
      diagnostics_.emit<diag::DanglingElse>(span(at_)).help(
          "an `else` follows the `}` of an `if`; a choice of values is `if c then a else b`");
      return true;
    }
    const bool isDeclaration = (type(at_) == NNLexer::FN || type(at_) == NNLexer::LAYER) && isName(type(at_ + 1));
    if (isDeclaration || type(at_) == NNLexer::IMPORT || type(at_) == NNLexer::EXPORT) {
      diagnostics_.emit<diag::DeclarationInside>(span(at_), word())
          .help("move it out of the braces: declarations stand at the level of the file");
      return true;
    }
    if (isKeyword(type(at_)) && !startsOperand(type(at_)) && type(at_) != NNLexer::NOT) return false;
    if (foreignWord(at_)) return true;
    if (missingLet()) return true;
    const bool isExpression = startsOperand(type(at_)) || type(at_) == NNLexer::MINUS || type(at_) == NNLexer::NOT ||
                              type(at_) == NNLexer::DOT;
    if (!isExpression) return false;
    const bool wantsSetting = position_ == Position::Item || position_ == Position::Clause;
    const std::size_t end = expressionEnd();
    if (end > at_ && decrement(end + 1)) return true;
    diagnostics_.emit<diag::ExpressionStatement>(cover(span(at_), span(end)))
        .help(wantsSetting ? "a setting is `name: value`"
                           : "name its value (`let y = ..`) or hand it back (`return ..`)");
    return true;
  }

  /// Last token of the line, of the brackets that were opened on it, and of the lines that go on with an operator.
  std::size_t expressionEnd() const {
    std::size_t next = at_;
    while (true) {
      const std::size_t t = type(next);
      const bool opens = t == NNLexer::LPAREN || t == NNLexer::LBRACKET || t == NNLexer::LBRACE;
      const std::size_t last = opens ? behindBrackets(next) - 1 : next;
      next = last + 1;
      const bool isOver =
          type(next) == antlr4::Token::EOF || type(next) == NNLexer::RBRACE || type(next) == NNLexer::SEMICOLON;
      const bool goesOn = isOnLineOf(next) || isInfix(type(next)) || (isInfix(type(last)) && startsOperand(type(next)));
      if (isOver || !goesOn) return last;
    }
  }

  bool operandSlip() {
    switch (type(at_)) {
      case NNLexer::PLUS:
        diagnostics_.emit<diag::SyntaxExpected>(span(at_), "an expression", "`+`")
            .help("a number needs no sign in front: `3`, not `+3`");
        return true;
      case NNLexer::LBRACE:
        diagnostics_.emit<diag::SyntaxExpected>(span(at_), "an expression", "`{`")
            .help("there are no braces inside expressions: a record is `(a: 1, b: 2)`, a list is `[1, 2]`");
        return true;
      case NNLexer::COLON:
        diagnostics_.emit<diag::SyntaxExpected>(span(at_), "an expression", "`:`")
            .help("there are no slices; every axis has an index with a name: `let y[b, i: 2] = x[b, i]`");
        return true;
      default:
        break;
    }
    return decrement(at_) || reservedName();
  }

  /// `i--` in front of `index`.
  bool decrement(std::size_t index) {
    const bool isDecrement = index >= 2 && type(index - 1) == NNLexer::MINUS && type(index - 2) == NNLexer::MINUS &&
                             span(index - 2).end == span(index - 1).begin;
    if (!isDecrement) return false;
    diagnostics_.emit<diag::ForeignOperator>(cover(span(index - 2), span(index - 1)), "--")
        .help("values never change; write `let y = x - 1`");
    return true;
  }

  /// A keyword where a name or a value belongs.
  bool reservedName() {
    const bool isMisplaced = isKeyword(type(at_)) && (expects(NNLexer::ID) || expects(NNLexer::FLOAT));
    if (!isMisplaced) return false;
    const std::size_t next = type(at_ + 1);
    const bool isUsedAsName = next == NNLexer::COLON || next == NNLexer::COMMA || next == NNLexer::RPAREN ||
                              next == NNLexer::RBRACKET || next == NNLexer::ASSIGN || next == NNLexer::DOT;
    // Otherwise it starts a statement, and the line before is unfinished.
    if (!isUsedAsName && (!isOnLineOfPrevious() || type(at_) == NNLexer::LET)) return false;
    diagnostics_.emit<diag::ReservedName>(span(at_), word())
        .help(fmt::format("choose another name, such as `{}_`", word()));
    return true;
  }

  bool otherSlip() {
    if (afterOperandSlip()) return true;
    const bool inArguments = stop_.rule == NNParser::RuleSuffix || stop_.rule == NNParser::RuleAtom ||
                             stop_.rule == NNParser::RuleAttributes;
    if (type(at_) == NNLexer::ASSIGN && at_ > 0 && isName(type(at_ - 1)) && inArguments) {
      diagnostics_.emit<diag::ArgumentWithEquals>(span(at_), text(at_ - 1))
          .help(fmt::format("write `{}: ..`", text(at_ - 1)));
      return true;
    }
    if (stop_.rule == NNParser::RuleParameter && expects(NNLexer::COLON) && at_ > 0) {
      diagnostics_.emit<diag::MissingType>(span(at_ - 1), text(at_ - 1))
          .help(fmt::format("write `{0}: f32[B, n]` for data, `{0}: int = 3` for a hyper-parameter", text(at_ - 1)));
      return true;
    }
    const bool isBehind =
        stop_.rule == NNParser::RuleSuffix || stop_.rule == NNParser::RuleAtom || stop_.rule == NNParser::RuleList;
    if (isBehind && type(at_ - 1) == NNLexer::INT && isName(type(at_)) && isOnLineOfPrevious()) return juxtaposed();
    if (expects(NNLexer::THEN) && type(at_) == NNLexer::COLON) {
      diagnostics_.emit<diag::SyntaxExpected>(span(at_), "`then`", "`:`").help("write `if c then a else b`");
      return true;
    }
    if (expects(NNLexer::ID)) return reservedName();
    return false;
  }

  // ------------------------------------------------------------ expected X, found Y

  std::string found() const { return describeFound(type(at_), word()); }

  std::string expected() const {
    switch (position_) {
      case Position::File:
        return "a declaration (`import`, `let`, `fn`, `layer`, `network`, `optimizer`, `data`, `train`, `probe`, "
               "`experiment` or `export`)";
      case Position::Statement:
        return "a statement (`let`, `param`, `return`, ..) or `}`";
      case Position::Item:
        return "a setting (`name: value`), a statement or `}`";
      case Position::Clause:
        return "a clause (`vary`, `bind`, `measure`, ..), a setting (`name: value`) or `}`";
      case Position::Operand:
      case Position::AfterOperand:
      case Position::Other:
        break;
    }
    return describeExpected(stop_.expected, stop_.vocabulary);
  }

  void expectedFound() {
    DiagnosticBuilder message = diagnostics_.emit<diag::SyntaxExpected>(span(at_), expected(), found());
    if (const std::string_view help = expectedHelp(); !help.empty()) message.help(std::string(help));
  }

  /// Advice for what people from other languages write. Empty: none.
  std::string_view expectedHelp() const {
    if (expects(NNLexer::ASSIGN) && type(at_) == NNLexer::EQ) return "a value is given with one `=`";
    if (expects(NNLexer::ARROW) && type(at_) == NNLexer::FATARROW) return "the type of a result stands behind `->`";
    if (expects(NNLexer::ELSE)) return "a choice between values has both: `if c then a else b`";
    bool isBehindIf = false;
    for (std::size_t i = at_; i-- > 0 && !isBehindIf; isBehindIf = type(i) == NNLexer::IF)
      if (!isOnLineOf(i + 1)) break;
    if (expects(NNLexer::LBRACE) && isBehindIf) return "the statements of an `if` stand in braces: `if c { return x }`";
    return "";
  }

  const Stop& stop_;
  antlr4::TokenStream& tokens_;
  const LexedFile& lexed_;
  FileId file_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  std::size_t at_;
  Position position_;
};

}  // namespace

std::size_t explain(const Stop& stop, antlr4::TokenStream& tokens, const LexedFile& lexed, FileId file,
                    const SourceManager& sources, Diagnostics& diagnostics) {
  return Explainer(stop, tokens, lexed, file, sources, diagnostics).run();
}

}  // namespace nnc::syntax
