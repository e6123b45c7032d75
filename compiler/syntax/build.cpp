#include "syntax/build.h"

#include "syntax/lex.h"
#include "syntax/literals.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

Span BuilderBase::span(const antlr4::Token& token) const { return spanOf(token, file_); }

Span BuilderBase::span(Context& context) const {
  const Span first = span(*context.getStart());
  // An empty rule (a file without declarations) ends before it starts.
  const Span last = context.getStop() == nullptr ? first : span(*context.getStop());
  return {file_, first.begin, std::max(first.begin, last.end)};
}

antlr4::Token* BuilderBase::tokenOf(Tree* child) {
  auto* terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child);
  return terminal == nullptr ? nullptr : terminal->getSymbol();
}

bool BuilderBase::isRule(Tree* child, std::size_t ruleIndex) {
  return tokenOf(child) == nullptr && rule(child).getRuleIndex() == ruleIndex;
}

bool BuilderBase::has(Context& context, std::size_t type) {
  for (Tree* child : context.children) {
    const antlr4::Token* token = tokenOf(child);
    if (token != nullptr && token->getType() == type) return true;
  }
  return false;
}

std::optional<std::string> BuilderBase::stringOf(Context& context) const {
  for (Tree* child : context.children) {
    const antlr4::Token* token = tokenOf(child);
    if (token != nullptr && token->getType() == NNLexer::STRING) return stringValue(text(*token));
  }
  return std::nullopt;
}

std::vector<Ident> BuilderBase::idents(Context& context) const {
  std::vector<Ident> names;
  for (Tree* child : context.children)
    if (isRule(child, NNParser::RuleIdent)) names.push_back(ident(rule(child)));
  return names;
}

}  // namespace nnc::syntax
