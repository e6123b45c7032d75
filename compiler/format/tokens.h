// The tokens of a file with the comments that belong to each: what the layout is made of.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "syntax/tokens.h"

namespace nnc::format {

struct Comment {
  std::string text;          // without spaces at the ends of its lines
  bool isLine = false;       // `//`: reaches to the end of the line
  bool ownsLine = false;     // nothing else stands on its line
  bool blankBefore = false;  // an empty line stands before it
};

struct Token {
  using Kind = syntax::SourceToken::Kind;
  Kind kind = Kind::Sign;
  std::string_view text;
  bool startsItem = false;
  bool blankBefore = false;     // an empty line stands before it, behind its comments
  std::vector<Comment> before;  // on lines of their own, or in front of it
  std::vector<Comment> after;   // behind it, on its line
  std::size_t partner = 0;      // of a bracket: the index of the other one

  bool is(std::string_view word) const { return kind != Kind::String && text == word; }
  bool isKeyword(std::string_view word) const { return kind == Kind::Keyword && text == word; }
};

/// The tokens of a correct file without those that mean nothing: `;`, and a `,` before a closing bracket unless it
/// makes a tuple of one. The last one is End.
std::vector<Token> withComments(const std::vector<syntax::SourceToken>& tokens, const SourceManager& sources);

}  // namespace nnc::format
