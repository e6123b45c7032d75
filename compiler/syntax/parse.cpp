#include "syntax/parse.h"

#include "syntax/build.h"
#include "syntax/lex.h"
#include "syntax/recover.h"
#include "syntax/tokens.h"

namespace nnc::syntax {

using generated::NNParser;

static bool startsItem(std::size_t rule) {
  return rule == NNParser::RuleImportDecl || rule == NNParser::RuleDeclaration || rule == NNParser::RuleSetting ||
         rule == NNParser::RuleStatement || rule == NNParser::RuleClause || rule == NNParser::RuleShow;
}

static SourceToken::Kind kindOf(const antlr4::Token& token, std::string_view text) {
  using generated::NNLexer;
  switch (token.getType()) {
    case antlr4::Token::EOF:
      return SourceToken::Kind::End;
    case NNLexer::INT:
    case NNLexer::FLOAT:
      return SourceToken::Kind::Number;
    case NNLexer::STRING:
      return SourceToken::Kind::String;
    default:
      return text[0] >= 'a' && text[0] <= 'z' ? SourceToken::Kind::Keyword : SourceToken::Kind::Sign;
  }
}

/// The leaves of a tree in order.
static std::vector<SourceToken> leaves(NNParser::FileContext& tree, FileId file, const SourceManager& sources) {
  std::vector<SourceToken> tokens;
  bool atItem = false;
  bool inName = false;
  std::vector<antlr4::tree::ParseTree*> todo = {&tree};
  while (!todo.empty()) {
    antlr4::tree::ParseTree* node = todo.back();
    todo.pop_back();
    if (auto* leaf = dynamic_cast<antlr4::tree::TerminalNode*>(node)) {
      const antlr4::Token& token = *leaf->getSymbol();
      const Span span = spanOf(token, file);
      const SourceToken::Kind kind = inName ? SourceToken::Kind::Name : kindOf(token, sources.text(span));
      tokens.push_back({kind, span, atItem});
      atItem = inName = false;
      continue;
    }
    const std::size_t rule = static_cast<antlr4::ParserRuleContext*>(node)->getRuleIndex();
    atItem = atItem || startsItem(rule);
    inName = rule == NNParser::RuleIdent;
    todo.insert(todo.end(), node->children.rbegin(), node->children.rend());
  }
  return tokens;
}

/// Parses what was lexed. `wanted`, when given, gets the leaves.
static std::optional<File> parseTokens(LexedFile& lexed, FileId file, const SourceManager& sources,
                                       Diagnostics& diagnostics, const Limits& limits,
                                       std::vector<SourceToken>* wanted) {
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  tokens.reserve(lexed.tokens.size());
  for (std::unique_ptr<antlr4::CommonToken>& token : lexed.tokens) tokens.push_back(std::move(token));
  antlr4::ListTokenSource source(std::move(tokens));
  antlr4::CommonTokenStream stream(&source);
  stream.fill();
  NNParser parser(&stream);
  parser.removeErrorListeners();
  const auto strategy = std::make_shared<ErrorStrategy>(stream, lexed, file, sources, diagnostics);
  parser.setErrorHandler(strategy);
  NNParser::FileContext* tree = nullptr;
  try {
    tree = parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    return std::nullopt;  // reported, and too much to go on
  }
  if (strategy->hasFailed()) return std::nullopt;
  if (wanted != nullptr) *wanted = leaves(*tree, file, sources);
  return build(*tree, file, lexed.docs, sources, limits, diagnostics);
}

static std::optional<File> parseFile(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                     const Limits& limits, std::vector<SourceToken>* wanted) {
  const std::size_t first = diagnostics.all().size();
  const int errorsBefore = diagnostics.errorCount();
  LexedFile lexed = lex(file, sources, limits, diagnostics);
  std::optional<File> result;
  if (lexed.isParsable) result = parseTokens(lexed, file, sources, diagnostics, limits, wanted);
  diagnostics.sortByPlace(first);
  if (diagnostics.errorCount() > errorsBefore) return std::nullopt;
  return result;
}

std::optional<File> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics, const Limits& limits) {
  return parseFile(file, sources, diagnostics, limits, nullptr);
}

std::optional<std::vector<SourceToken>> readTokens(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                                   const Limits& limits) {
  std::vector<SourceToken> tokens;
  if (!parseFile(file, sources, diagnostics, limits, &tokens)) return std::nullopt;
  return tokens;
}

}  // namespace nnc::syntax
