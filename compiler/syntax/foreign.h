// What people write who come from other languages, and what .nn has in its place.
#pragma once
#include <string_view>

namespace nnc::syntax {

/// What stands for a word that starts a statement, a declaration or an expression elsewhere; empty: no such word.
std::string_view wordHelp(std::string_view word);
/// What stands for an operator of other languages; empty: no such operator.
std::string_view operatorHelp(std::string_view text);
/// What stands for a sign that word processors and keyboards put in; empty: no such sign.
std::string_view signHelp(char32_t sign);

}  // namespace nnc::syntax
