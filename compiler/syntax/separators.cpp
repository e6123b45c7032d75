#include "syntax/separators.h"

#include "diagnostics/kinds/syntax.h"
#include "syntax/expected.h"

namespace nnc::syntax {

using generated::NNLexer;

namespace {

/// A bracket that is open, and the commas right inside of it that are no part of the language.
struct Level {
  bool isSettings = false;
  std::vector<Span> commas;
};

}  // namespace

static void report(const Level& level, Diagnostics& diagnostics) {
  if (level.commas.empty()) return;
  DiagnosticBuilder message = diagnostics.emit<diag::CommaBetweenSettings>(level.commas[0]);
  const std::size_t more = level.commas.size() - 1;
  message.help(more == 0 ? std::string("leave the `,` out: a setting ends where the next one begins")
                         : fmt::format("leave the `,` out, and the {} behind it in this block: a setting ends where "
                                       "the next one begins",
                                       more));
}

void dropSeparators(LexedFile& lexed, FileId file, Diagnostics& diagnostics) {
  Tokens kept;
  kept.reserve(lexed.tokens.size());
  std::vector<Level> levels(1);
  const auto type = [&](std::size_t index) {
    return index < lexed.tokens.size() && lexed.tokens[index] ? lexed.tokens[index]->getType() : antlr4::Token::EOF;
  };
  const auto startsSetting = [&](std::size_t index) {
    return isName(type(index)) && type(index + 1) == NNLexer::COLON;
  };
  for (std::size_t i = 0; i < lexed.tokens.size(); ++i) {
    switch (type(i)) {
      case NNLexer::LBRACE:
        levels.push_back({startsSetting(i + 1), {}});
        break;
      case NNLexer::LPAREN:
      case NNLexer::LBRACKET:
        levels.push_back({});
        break;
      case NNLexer::RPAREN:
      case NNLexer::RBRACKET:
      case NNLexer::RBRACE:
        report(levels.back(), diagnostics);
        if (levels.size() > 1) levels.pop_back();
        break;
      case NNLexer::COMMA:
        // Nothing that may stand right inside of such a block has a comma before these.
        if (levels.back().isSettings &&
            (startsSetting(i + 1) || type(i + 1) == NNLexer::RBRACE || type(i + 1) == NNLexer::LET)) {
          levels.back().commas.push_back(spanOf(*lexed.tokens[i], file));
          continue;
        }
        break;
      default:
        break;
    }
    kept.push_back(std::move(lexed.tokens[i]));
  }
  lexed.tokens = std::move(kept);
}

}  // namespace nnc::syntax
