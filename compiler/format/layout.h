// Tokens to a layout document.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "format/doc.h"
#include "format/tokens.h"

namespace nnc::format {

/// A range of tokens, [begin, end).
struct Range {
  std::size_t begin = 0, end = 0;
  bool isEmpty() const { return begin >= end; }
};

/// Builds the document of a file. It needs little of the grammar: brackets, operators with their precedence, and that
/// nothing is juxtaposed but words that start or continue a clause.
class Layout {
 public:
  /// `tokens` live as long as the layout.
  explicit Layout(std::vector<Token>& tokens) : tokens_(tokens) {}

  Doc file();

 private:
  // layout.cpp: items and blocks
  Doc items(Range range, bool isFile);
  void beforeItem(std::size_t first, bool isFirst, std::vector<Doc>& out);
  Doc ownLines(std::vector<Comment>& comments, bool isFirst);
  std::size_t itemEnd(std::size_t begin, std::size_t end) const;
  std::vector<std::size_t> settingWidths(Range range) const;
  Doc item(Range range, std::size_t settingWidth);
  Doc import(Range range);
  Doc setting(Range range, std::size_t width);
  Doc choice(Range range);
  Doc declaration(Range range, std::size_t name);
  Doc block(std::size_t open, bool mayBeShort);
  std::size_t blockStart(Range range) const;

  // layout_clause.cpp: what lies between the words of an item
  Doc clause(Range range);
  Doc entry(Range range);
  Doc brackets(std::size_t open);
  Doc braces(std::size_t open);
  bool spaceBefore(std::size_t index) const;
  bool isLambda(std::size_t index) const;

  // layout_expr.cpp
  struct Operator {
    std::size_t at = 0;
    int precedence = 0;
  };
  Doc expr(Range range);
  Doc chain(Range range, const std::vector<Operator>& operators, int precedence);
  Doc condition(Range range);
  Doc operand(Range range);
  std::vector<Operator> operatorsOf(Range range) const;
  std::size_t operandEnd(Range range) const;
  std::size_t headEnd(std::size_t begin, std::size_t end) const;
  bool hugs(Range range) const;

  /// A token with its comments.
  Doc token(std::size_t index);
  const Token& at(std::size_t index) const { return tokens_[index]; }

  std::vector<Token>& tokens_;
};

/// The children in order.
template <typename... Docs>
Doc sequence(Docs... docs) {
  std::vector<Doc> children;
  children.reserve(sizeof...(docs));
  (children.push_back(std::move(docs)), ...);
  return concat(std::move(children));
}

}  // namespace nnc::format
