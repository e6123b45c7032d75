// Classes of tokens, and sets of them in words: "expected X, found Y".
#pragma once
#include <string>
#include <string_view>

#include "syntax/generated.h"

namespace nnc::syntax {

/// The hard keywords.
bool isKeyword(std::size_t type);
/// Keywords that only start statements, and `if`. Not `let`, which also starts declarations and clauses.
bool isStatementKeyword(std::size_t type);
/// Identifiers and soft keywords.
bool isName(std::size_t type);
bool isInfix(std::size_t type);
/// Whether an operand can start or end with this token.
bool startsOperand(std::size_t type);
bool endsOperand(std::size_t type);

/// `an expression or `)``: what of `set` helps a person. All that starts an expression is one word, and what could go
/// on with a finished one is left out.
std::string describeExpected(const antlr4::misc::IntervalSet& set, const antlr4::dfa::Vocabulary& vocabulary);
/// `the keyword `let``, `the end of the file`, or the text of a token in backticks, cut where it is long.
std::string describeFound(std::size_t type, std::string_view text);

}  // namespace nnc::syntax
