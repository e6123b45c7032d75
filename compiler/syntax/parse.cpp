#include "syntax/parse.h"

#include "syntax/build.h"
#include "syntax/lex.h"
#include "syntax/recover.h"

namespace nnc::syntax {

static std::optional<File> parseTokens(LexedFile& lexed, FileId file, const SourceManager& sources,
                                       Diagnostics& diagnostics, const Limits& limits) {
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  tokens.reserve(lexed.tokens.size());
  for (std::unique_ptr<antlr4::CommonToken>& token : lexed.tokens) tokens.push_back(std::move(token));
  antlr4::ListTokenSource source(std::move(tokens));
  antlr4::CommonTokenStream stream(&source);
  stream.fill();
  generated::NNParser parser(&stream);
  parser.removeErrorListeners();
  const auto strategy = std::make_shared<ErrorStrategy>(stream, lexed, file, sources, diagnostics);
  parser.setErrorHandler(strategy);
  generated::NNParser::FileContext* tree = nullptr;
  try {
    tree = parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    return std::nullopt;  // reported, and too much to go on
  }
  if (strategy->hasFailed()) return std::nullopt;
  return build(*tree, file, lexed.docs, sources, limits, diagnostics);
}

std::optional<File> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics, const Limits& limits) {
  const std::size_t first = diagnostics.all().size();
  const int errorsBefore = diagnostics.errorCount();
  LexedFile lexed = lex(file, sources, limits, diagnostics);
  std::optional<File> result;
  if (lexed.isParsable) result = parseTokens(lexed, file, sources, diagnostics, limits);
  diagnostics.sortByPlace(first);
  if (diagnostics.errorCount() > errorsBefore) return std::nullopt;
  return result;
}

}  // namespace nnc::syntax
