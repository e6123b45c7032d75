// Types and statements.
#include <cassert>

#include "diagnostics/kinds/syntax.h"
#include "syntax/build.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

template <typename Node>
TypePtr makeType(Span span, Node node) {
  TypePtr result = std::make_unique<TypeExpr>();
  result->span = span;
  result->node = std::move(node);
  return result;
}

template <typename Node>
StmtPtr makeStmt(Span span, Node node) {
  StmtPtr result = std::make_unique<Stmt>();
  result->span = span;
  result->node = std::move(node);
  return result;
}

}  // namespace

// ------------------------------------------------------------ types

std::vector<ParamDecl> Builder::parameters(Context& context) {
  std::vector<ParamDecl> result;
  for (Tree* child : context.children) {
    if (!isRule(child, NNParser::RuleParameter)) continue;
    auto* parameter = static_cast<Parser::ParameterContext*>(child);
    ParamDecl decl;
    decl.name = ident(*parameter->ident());
    decl.type = type(parameter->type());
    if (parameter->expr() != nullptr) decl.defaultValue = expr(parameter->expr());
    decl.span = span(*parameter);
    result.push_back(std::move(decl));
  }
  return result;
}

TypePtr Builder::type(Parser::TypeContext* context) {
  const std::size_t heads = context->children.size() - 1;
  if (heads > static_cast<std::size_t>(limits_.nesting)) {
    diagnostics_.emit<diag::NestingTooDeep>(span(rule(context->children[limits_.nesting])), limits_.nesting);
    return makeType(span(*context), LayerType{});
  }
  TypePtr result = typeAtom(static_cast<Parser::TypeAtomContext*>(context->children.back()));
  for (std::size_t i = heads; i-- > 0;) {
    auto* head = static_cast<Parser::FunctionHeadContext*>(context->children[i]);
    FnType function;
    for (Tree* child : head->children)
      if (isRule(child, NNParser::RuleType))
        function.parameters.push_back(type(static_cast<Parser::TypeContext*>(child)));
    const Span whole = cover(span(*head), result->span);
    function.result = std::move(result);
    result = makeType(whole, std::move(function));
  }
  return result;
}

TypePtr Builder::typeAtom(Parser::TypeAtomContext* context) {
  switch (context->getStart()->getType()) {
    case NNLexer::FN:
      return makeType(span(*context), FnType{});
    case NNLexer::LAYER:
      return makeType(span(*context), LayerType{});
    case NNLexer::LPAREN:
      return makeType(span(*context), RecordType{parameters(*context)});
    default:
      break;
  }
  if (context->nameList() != nullptr) return makeType(span(*context), EnumType{nameList(*context->nameList())});
  NamedType named;
  named.name = ident(*context->ident());
  if (context->shape() != nullptr) named.shape = shape(context->shape());
  return makeType(span(*context), std::move(named));
}

std::vector<DimExpr> Builder::shape(Parser::ShapeContext* context) {
  std::vector<DimExpr> result;
  for (Tree* child : context->children) {
    if (!isRule(child, NNParser::RuleDim)) continue;
    auto* entry = static_cast<Parser::DimContext*>(child);
    DimExpr dim;
    dim.span = span(*entry);
    dim.isPack = entry->expr() == nullptr;
    if (entry->ident() != nullptr) dim.packName = ident(*entry->ident());
    if (!dim.isPack) dim.value = expr(entry->expr());
    result.push_back(std::move(dim));
  }
  return result;
}

// ------------------------------------------------------------ statements

Block Builder::block(Parser::BlockContext* context) {
  Block result;
  result.span = span(*context);
  for (Tree* child : context->children)
    if (isRule(child, NNParser::RuleStatement))
      result.statements.push_back(statement(static_cast<Parser::StatementContext*>(child)));
  return result;
}

Pattern Builder::pattern(Parser::PatternContext* context) {
  Pattern result;
  result.span = span(*context);
  result.names = idents(*context);
  result.isTuple = has(*context, NNLexer::LPAREN);
  if (context->binders() == nullptr) return result;
  result.binders.emplace();
  for (Tree* child : context->binders()->children) {
    if (!isRule(child, NNParser::RuleBinder)) continue;
    auto* entry = static_cast<Parser::BinderContext*>(child);
    Binder binder;
    binder.isPack = has(*entry, NNLexer::DOTS);
    binder.name = ident(*entry->ident());
    if (entry->expr() != nullptr) binder.extent = expr(entry->expr());
    binder.span = span(*entry);
    result.binders->push_back(std::move(binder));
  }
  return result;
}

StmtPtr Builder::statement(Parser::StatementContext* context) {
  Context& inner = rule(context->children[0]);
  const Span whole = span(inner);
  const auto attributesOf = [&](Parser::AttributesContext* a) {
    return a == nullptr ? std::vector<Arg>() : arguments(*a);
  };
  const auto exprOf = [&](Parser::ExprContext* e) { return e == nullptr ? nullptr : expr(e); };
  switch (inner.getRuleIndex()) {
    case NNParser::RuleLetStatement: {
      auto& let = static_cast<Parser::LetStatementContext&>(inner);
      Pattern left = pattern(let.pattern());
      TypePtr declared = let.type() == nullptr ? nullptr : type(let.type());
      return makeStmt(whole, LetStmt{std::move(left), std::move(declared), expr(let.expr())});
    }
    case NNParser::RuleParamStatement: {
      auto& param = static_cast<Parser::ParamStatementContext&>(inner);
      std::vector<Arg> attributes = attributesOf(param.attributes());
      TypePtr declared = type(param.type());
      return makeStmt(
          whole, ParamStmt{std::move(attributes), ident(*param.ident()), std::move(declared), exprOf(param.expr())});
    }
    case NNParser::RuleStateStatement: {
      auto& state = static_cast<Parser::StateStatementContext&>(inner);
      std::vector<Arg> attributes = attributesOf(state.attributes());
      TypePtr declared = type(state.type());
      return makeStmt(
          whole, StateStmt{std::move(attributes), ident(*state.ident()), std::move(declared), exprOf(state.expr())});
    }
    case NNParser::RuleSubStatement: {
      auto& sub = static_cast<Parser::SubStatementContext&>(inner);
      return makeStmt(whole, SubStmt{ident(*sub.ident()), expr(sub.expr())});
    }
    case NNParser::RuleUpdateStatement: {
      auto& update = static_cast<Parser::UpdateStatementContext&>(inner);
      return makeStmt(whole, UpdateStmt{ident(*update.ident()), expr(update.expr())});
    }
    case NNParser::RuleNextStatement:
      return makeStmt(whole, NextStmt{bindings(static_cast<Parser::NextStatementContext&>(inner).bindings())});
    case NNParser::RuleYieldStatement:
      return makeStmt(whole, YieldStmt{expr(static_cast<Parser::YieldStatementContext&>(inner).expr())});
    case NNParser::RuleReturnStatement:
      return makeStmt(whole, ReturnStmt{expr(static_cast<Parser::ReturnStatementContext&>(inner).expr())});
    case NNParser::RuleRequireStatement:
      return makeStmt(whole,
                      RequireStmt{expr(static_cast<Parser::RequireStatementContext&>(inner).expr()), stringOf(inner)});
    default:
      return ifStatement(static_cast<Parser::IfStatementContext*>(&inner));
  }
}

StmtPtr Builder::ifStatement(Parser::IfStatementContext* context) {
  // `if c {a} else if d {b} else {e}`: conditions and blocks in turn; a last block without a condition is the `else`.
  std::vector<std::uint32_t> starts;
  std::vector<ExprPtr> conditions;
  std::vector<Block> blocks;
  for (Tree* child : context->children) {
    const antlr4::Token* token = tokenOf(child);
    if (token != nullptr && token->getType() == NNLexer::IF) starts.push_back(span(*token).begin);
    if (isRule(child, NNParser::RuleExpr)) conditions.push_back(expr(static_cast<Parser::ExprContext*>(child)));
    if (isRule(child, NNParser::RuleBlock)) blocks.push_back(block(static_cast<Parser::BlockContext*>(child)));
    if (static_cast<std::int64_t>(conditions.size()) > limits_.operatorChain) {
      diagnostics_.emit<diag::ChainTooLong>(conditions.back()->span, "`if`", limits_.operatorChain);
      return makeStmt(span(*context), ReturnStmt{});
    }
  }
  assert(blocks.size() == conditions.size() || blocks.size() == conditions.size() + 1);
  std::optional<Block> otherwise;
  if (blocks.size() > conditions.size()) {
    otherwise = std::move(blocks.back());
    blocks.pop_back();
  }
  const std::uint32_t end = span(*context).end;
  StmtPtr result;
  for (std::size_t i = conditions.size(); i-- > 0;) {
    result =
        makeStmt({file_, starts[i], end}, IfStmt{std::move(conditions[i]), std::move(blocks[i]), std::move(otherwise)});
    if (i == 0) break;
    otherwise.emplace();
    otherwise->span = result->span;
    otherwise->statements.push_back(std::move(result));
  }
  return result;
}

}  // namespace nnc::syntax
