// Expressions: the flat lists of operands and operators become trees by precedence (operators.def).
#include <cassert>

#include "diagnostics/kinds/syntax.h"
#include "syntax/build.h"
#include "syntax/literals.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

enum class Associativity : std::uint8_t { Left, Right };

struct InfixRow {
  std::size_t token;
  BinaryOp op;
  int precedence;
  Associativity associativity;
};
constexpr InfixRow kInfix[] = {
#define NNC_INFIX(OP, TOKEN, TEXT, PRECEDENCE, SIDE) {NNLexer::TOKEN, BinaryOp::OP, PRECEDENCE, Associativity::SIDE},
#define NNC_PREFIX(...)
#include "syntax/operators.def"
#undef NNC_INFIX
#undef NNC_PREFIX
};

struct PrefixRow {
  std::size_t token;
  UnaryOp op;
  int precedence;
};
constexpr PrefixRow kPrefix[] = {
#define NNC_INFIX(...)
#define NNC_PREFIX(OP, TOKEN, TEXT, PRECEDENCE) {NNLexer::TOKEN, UnaryOp::OP, PRECEDENCE},
#include "syntax/operators.def"
#undef NNC_INFIX
#undef NNC_PREFIX
};

constexpr int kLoosest = 0;  // `if c then a else` and `fn (x) =>`

const InfixRow& infixRow(std::size_t token) {
  for (const InfixRow& row : kInfix)
    if (row.token == token) return row;
  assert(false && "the rule `infix` and operators.def list the same tokens");
  return kInfix[0];
}

const PrefixRow& prefixRow(std::size_t token) {
  for (const PrefixRow& row : kPrefix)
    if (row.token == token) return row;
  assert(false && "the rule `prefix` and operators.def list the same tokens");
  return kPrefix[0];
}

bool isComparison(BinaryOp op) {
  return op == BinaryOp::Eq || op == BinaryOp::Ne || op == BinaryOp::Lt || op == BinaryOp::Le || op == BinaryOp::Gt ||
         op == BinaryOp::Ge;
}

template <typename Node>
ExprPtr make(Span span, Node node) {
  ExprPtr result = std::make_unique<Expr>();
  result->span = span;
  result->node = std::move(node);
  return result;
}

/// Stands for what is not built after a failure.
ExprPtr nothing(Span span) { return make(span, NameExpr{}); }

/// Multiple of Limits::nesting that operators, calls, fields and brackets together may nest.
constexpr int kDepthFactor = 4;

}  // namespace

/// An operator that waits for its right operand.
struct Builder::Pending {
  enum class Kind : std::uint8_t { Infix, Prefix, Condition, Lambda } kind = Kind::Infix;
  int precedence = kLoosest;
  Span span;  // of the operator, or of the whole head
  BinaryOp infix = BinaryOp::Add;
  UnaryOp prefix = UnaryOp::Neg;
  ExprPtr first, second;  // left operand; condition and first choice
  std::vector<Ident> parameters;
};

bool Builder::isTooDeep(std::size_t levels, Span where) {
  const int most = limits_.nesting * kDepthFactor;
  if (hasFailed_ || levels <= static_cast<std::size_t>(most)) return hasFailed_;
  hasFailed_ = true;
  diagnostics_.emit<diag::OperatorsTooDeep>(where, most).help("give inner parts names with `let`");
  return true;
}

ExprPtr Builder::expr(Parser::ExprContext* context) {
  if (isTooDeep(depth_ + 1, span(*context->getStart()))) return nothing(span(*context));
  std::vector<Pending> pending;
  std::size_t nested = 1;  // pending operators that nest; a chain of `else if` does not
  std::int64_t operators = 0;
  ExprPtr current;
  const auto pop = [&] {
    if (pending.back().kind != Pending::Kind::Condition) --nested;
    current = reduce(std::move(pending.back()), std::move(current));
    pending.pop_back();
  };
  for (Tree* child : context->children) {
    Context& part = rule(child);
    if (part.getRuleIndex() == NNParser::RuleOperand) {
      depth_ += nested;
      current = operand(static_cast<Parser::OperandContext*>(child));
      depth_ -= nested;
      continue;
    }
    if (++operators > limits_.operatorChain) {
      diagnostics_.emit<diag::ChainTooLong>(span(part), "expression", limits_.operatorChain)
          .help("give parts of it names with `let`");
      hasFailed_ = true;
      return nothing(span(*context));
    }
    if (part.getRuleIndex() == NNParser::RulePrefix) {
      depth_ += nested;
      pending.push_back(prefix(static_cast<Parser::PrefixContext*>(child)));
      depth_ -= nested;
      if (pending.back().kind != Pending::Kind::Condition) ++nested;
    } else {
      const InfixRow& row = infixRow(part.getStart()->getType());
      const auto bindsTighter = [&](const Pending& p) {
        return p.precedence > row.precedence ||
               (p.precedence == row.precedence && row.associativity == Associativity::Left);
      };
      while (!pending.empty() && bindsTighter(pending.back())) pop();
      Pending next;
      next.precedence = row.precedence;
      next.span = span(part);
      next.infix = row.op;
      next.first = std::move(current);
      pending.push_back(std::move(next));
      ++nested;
    }
    if (isTooDeep(depth_ + nested, span(part))) return nothing(span(*context));
  }
  while (!pending.empty()) pop();
  return current;
}

Builder::Pending Builder::prefix(Parser::PrefixContext* context) {
  Pending pending;
  pending.span = span(*context);
  if (Parser::ConditionHeadContext* head = context->conditionHead()) {
    pending.kind = Pending::Kind::Condition;
    pending.first = expr(head->expr(0));
    pending.second = expr(head->expr(1));
    return pending;
  }
  if (Parser::LambdaHeadContext* head = context->lambdaHead()) {
    pending.kind = Pending::Kind::Lambda;
    pending.parameters = nameList(*head->nameList());
    return pending;
  }
  const PrefixRow& row = prefixRow(context->getStart()->getType());
  pending.kind = Pending::Kind::Prefix;
  pending.prefix = row.op;
  pending.precedence = row.precedence;
  return pending;
}

/// Whether `expr` is a comparison without parentheses around it.
static const BinaryExpr* asComparison(const Expr& expr) {
  const auto* binary = std::get_if<BinaryExpr>(&expr.node);
  return binary != nullptr && isComparison(binary->op) ? binary : nullptr;
}

ExprPtr Builder::reduce(Pending pending, ExprPtr right) {
  const Span whole =
      cover(pending.first && pending.kind == Pending::Kind::Infix ? pending.first->span : pending.span, right->span);
  switch (pending.kind) {
    case Pending::Kind::Prefix:
      return make(whole, UnaryExpr{pending.prefix, std::move(right)});
    case Pending::Kind::Condition:
      return make(whole, CondExpr{std::move(pending.first), std::move(pending.second), std::move(right)});
    case Pending::Kind::Lambda:
      return make(whole, LambdaExpr{std::move(pending.parameters), std::move(right)});
    case Pending::Kind::Infix:
      break;
  }
  const BinaryExpr* left = isComparison(pending.infix) ? asComparison(*pending.first) : nullptr;
  if (left != nullptr && left->left && left->right) {
    const auto written = [&](const Expr& e) { return sources_.text(e.span); };
    diagnostics_.emit<diag::ChainedComparison>(whole).help(
        fmt::format("write `{} {} {} and {} {} {}`", written(*left->left), sources_.text(left->opSpan),
                    written(*left->right), written(*left->right), sources_.text(pending.span), written(*right)));
  }
  return make(whole, BinaryExpr{pending.infix, std::move(pending.first), std::move(right), pending.span});
}

// ------------------------------------------------------------ operands

ExprPtr Builder::operand(Parser::OperandContext* context) {
  // An argument of the first of n suffixes lies below the other n - 1.
  const std::size_t suffixes = context->children.size() - 1;
  if (isTooDeep(depth_ + suffixes, span(*context))) return nothing(span(*context));
  depth_ += suffixes;
  ExprPtr result = atom(static_cast<Parser::AtomContext*>(context->children[0]));
  for (std::size_t i = 1; i < context->children.size(); ++i) {
    result = applySuffix(std::move(result), static_cast<Parser::SuffixContext*>(context->children[i]));
    --depth_;
  }
  return result;
}

ExprPtr Builder::applySuffix(ExprPtr base, Parser::SuffixContext* context) {
  const Span whole = cover(base->span, span(*context));
  switch (context->getStart()->getType()) {
    case NNLexer::DOT:
      return make(whole, FieldExpr{std::move(base), ident(*context->ident())});
    case NNLexer::LPAREN:
      return make(whole, CallExpr{std::move(base), arguments(*context)});
    default:
      return make(whole, IndexExpr{std::move(base), subscripts(context)});
  }
}

std::vector<Arg> Builder::arguments(Context& context) {
  std::vector<Arg> result;
  for (Tree* child : context.children) {
    if (!isRule(child, NNParser::RuleArgument)) continue;
    auto* argument = static_cast<Parser::ArgumentContext*>(child);
    Arg arg;
    if (argument->ident() != nullptr) arg.name = ident(*argument->ident());
    arg.value = expr(argument->expr());
    arg.span = span(*argument);
    result.push_back(std::move(arg));
  }
  return result;
}

std::vector<Subscript> Builder::subscripts(Parser::SuffixContext* context) {
  std::vector<Subscript> result;
  for (Tree* child : context->children) {
    if (!isRule(child, NNParser::RuleSubscript)) continue;
    auto* entry = static_cast<Parser::SubscriptContext*>(child);
    Subscript subscript;
    subscript.span = span(*entry);
    subscript.isPack = entry->expr() == nullptr;
    if (entry->ident() != nullptr) subscript.name = ident(*entry->ident());
    if (!subscript.isPack) subscript.value = expr(entry->expr());
    result.push_back(std::move(subscript));
  }
  return result;
}

ExprPtr Builder::atom(Parser::AtomContext* context) {
  Tree* first = context->children[0];
  if (const antlr4::Token* token = tokenOf(first)) {
    if (token->getType() == NNLexer::LPAREN) return parenthesis(context);
    if (token->getType() == NNLexer::DOT) return make(span(*context), SymbolExpr{std::string(text(*context->ident()))});
    return literal(*token);
  }
  switch (rule(first).getRuleIndex()) {
    case NNParser::RuleIdent:
      return make(span(*context), NameExpr{std::string(text(*context))});
    case NNParser::RuleList:
      return list(context->list());
    case NNParser::RuleRepeat:
      return repeat(context->repeat());
    default:
      return scan(context->scan());
  }
}

ExprPtr Builder::literal(const antlr4::Token& token) {
  const std::string_view written = text(token);
  switch (token.getType()) {
    // The lexer has refused literals that have no value.
    case NNLexer::INT:
      return make(span(token), IntLiteral{integerValue(written).value_or(0)});
    case NNLexer::FLOAT:
      return make(span(token), RealLiteral{realValue(written).value_or(0.0)});
    case NNLexer::STRING:
      return make(span(token), StringLiteral{stringValue(written)});
    default:
      return make(span(token), BoolLiteral{token.getType() == NNLexer::TRUE});
  }
}

ExprPtr Builder::parenthesis(Parser::AtomContext* context) {
  std::vector<Arg> entries = arguments(*context);
  const bool isParenthesis = entries.size() == 1 && !entries[0].name && !has(*context, NNLexer::COMMA);
  if (isParenthesis) return make(span(*context), ParenExpr{std::move(entries[0].value)});
  return make(span(*context), TupleExpr{std::move(entries)});
}

ExprPtr Builder::list(Parser::ListContext* context) {
  ListExpr result;
  for (Tree* child : context->children) {
    if (!isRule(child, NNParser::RuleListEntry)) continue;
    auto* entry = static_cast<Parser::ListEntryContext*>(child);
    ListEntry out;
    out.label = stringOf(*entry);
    if (out.label) out.labelSpan = span(*entry->getStart());
    out.value = expr(entry->expr());
    result.entries.push_back(std::move(out));
  }
  return make(span(*context), std::move(result));
}

ExprPtr Builder::repeat(Parser::RepeatContext* context) {
  RepeatExpr result;
  if (context->ident() != nullptr) result.variable = ident(*context->ident());
  result.count = expr(context->expr(0));
  result.body = expr(context->expr(1));
  return make(span(*context), std::move(result));
}

ExprPtr Builder::scan(Parser::ScanContext* context) {
  ScanExpr result;
  result.variable = ident(*context->ident());
  result.range = expr(context->expr());
  result.carries = bindings(context->bindings());
  result.body = block(context->block());
  return make(span(*context), std::move(result));
}

std::vector<Binding> Builder::bindings(Parser::BindingsContext* context) {
  std::vector<Binding> result;
  for (Tree* child : context->children) {
    if (!isRule(child, NNParser::RuleBinding)) continue;
    auto* binding = static_cast<Parser::BindingContext*>(child);
    result.push_back({ident(*binding->ident()), expr(binding->expr())});
  }
  return result;
}

}  // namespace nnc::syntax
