// Parse tree to AST. The tree was parsed without an error.
#pragma once
#include <optional>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "support/source.h"
#include "syntax/ast.h"
#include "syntax/generated.h"
#include "syntax/parse.h"

namespace nnc::syntax {

/// Errors  E0004 and E0007 for what is too long or too deep, E0036 for chained comparisons, E0037.
std::optional<File> build(generated::NNParser::FileContext& tree, FileId file, const std::vector<Span>& docs,
                          const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics);

/// What the parts of the builder share: places, names, lists.
class BuilderBase {
 public:
  using Parser = generated::NNParser;
  using Tree = antlr4::tree::ParseTree;
  using Context = antlr4::ParserRuleContext;

  BuilderBase(FileId file, const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics)
      : file_(file), sources_(sources), limits_(limits), diagnostics_(diagnostics) {}

 protected:
  Span span(const antlr4::Token& token) const;
  Span span(Context& context) const;
  std::string_view text(Context& context) const { return sources_.text(span(context)); }
  std::string_view text(const antlr4::Token& token) const { return sources_.text(span(token)); }

  /// The token of a terminal, or null for a rule.
  static antlr4::Token* tokenOf(Tree* child);
  /// Needs: tokenOf(child) is null.
  static Context& rule(Tree* child) { return *static_cast<Context*>(child); }
  static bool isRule(Tree* child, std::size_t ruleIndex);
  /// Whether `context` has the token `type` as a direct child.
  static bool has(Context& context, std::size_t type);
  /// The string literal among the children, with its escapes resolved.
  std::optional<std::string> stringOf(Context& context) const;

  Ident ident(Context& context) const { return {std::string(text(context)), span(context)}; }
  /// The direct children that are `ident`s.
  std::vector<Ident> idents(Context& context) const;
  std::vector<Ident> nameList(Parser::NameListContext& context) const { return idents(context); }
  std::vector<Ident> path(Parser::PathContext& context) const { return idents(context); }

  FileId file_;
  const SourceManager& sources_;
  const Limits& limits_;
  Diagnostics& diagnostics_;
};

/// Expressions, types and statements: they contain one another.
class Builder : public BuilderBase {
 public:
  using BuilderBase::BuilderBase;

 protected:
  // build_expr.cpp
  ExprPtr expr(Parser::ExprContext* context);
  std::vector<Arg> arguments(Context& context);
  std::vector<Binding> bindings(Parser::BindingsContext* context);

  // build_stmt.cpp
  Block block(Parser::BlockContext* context);
  StmtPtr statement(Parser::StatementContext* context);
  TypePtr type(Parser::TypeContext* context);
  std::vector<ParamDecl> parameters(Context& context);

 private:
  struct Pending;
  ExprPtr operand(Parser::OperandContext* context);
  ExprPtr atom(Parser::AtomContext* context);
  ExprPtr literal(const antlr4::Token& token);
  ExprPtr list(Parser::ListContext* context);
  ExprPtr parenthesis(Parser::AtomContext* context);
  ExprPtr repeat(Parser::RepeatContext* context);
  ExprPtr scan(Parser::ScanContext* context);
  ExprPtr applySuffix(ExprPtr base, Parser::SuffixContext* context);
  std::vector<Subscript> subscripts(Parser::SuffixContext* context);
  Pending prefix(Parser::PrefixContext* context);
  ExprPtr reduce(Pending pending, ExprPtr right);
  bool isTooDeep(std::size_t levels, Span where);

  Pattern pattern(Parser::PatternContext* context);
  StmtPtr ifStatement(Parser::IfStatementContext* context);
  TypePtr typeAtom(Parser::TypeAtomContext* context);
  std::vector<DimExpr> shape(Parser::ShapeContext* context);

  std::size_t depth_ = 0;   // levels of the AST above what is being built, left operands not counted
  bool hasFailed_ = false;  // a limit was exceeded: stop descending
};

}  // namespace nnc::syntax
