#include "format/layout.h"

#include <algorithm>

namespace nnc::format {

static std::size_t widthOf(std::string_view text) { return text.size(); }

Doc Layout::file() {
  const std::size_t end = tokens_.size() - 1;
  Doc body = items({0, end}, /*isFile=*/true);
  std::vector<Comment>& last = tokens_[end].before;
  const bool isEmpty = end == 0;
  Doc rest = ownLines(last, isEmpty);
  return sequence(std::move(body), std::move(rest));
}

// ------------------------------------------------------------ items

/// Comments on lines of their own, with the empty lines before them but for the first of a block.
Doc Layout::ownLines(std::vector<Comment>& comments, bool isFirst) {
  std::vector<Doc> out;
  for (Comment& each : comments) {
    if (each.blankBefore && !isFirst) out.push_back(blank());
    isFirst = false;
    out.push_back(text(std::move(each.text)));
    if (each.isLine || each.ownsLine)
      out.push_back(hardLine());
    else
      out.push_back(text(" "));
  }
  comments.clear();
  return concat(std::move(out));
}

void Layout::beforeItem(std::size_t first, bool isFirst, std::vector<Doc>& out) {
  const bool hasComments = !tokens_[first].before.empty();
  out.push_back(hardLine());
  out.push_back(ownLines(tokens_[first].before, isFirst));
  if (tokens_[first].blankBefore && (hasComments || !isFirst)) out.push_back(blank());
}

/// The token behind the item that starts at `begin`.
std::size_t Layout::itemEnd(std::size_t begin, std::size_t end) const {
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin && at(i).startsItem) return i;
    if (at(i).partner > i) i = at(i).partner;
  }
  return end;
}

/// For each token that starts a setting, the width of the longest name among its neighbours up to an empty line.
std::vector<std::size_t> Layout::settingWidths(Range range) const {
  std::vector<std::size_t> widths(range.end - range.begin, 0);
  std::vector<std::size_t> group;
  std::size_t longest = 0;
  const auto finish = [&] {
    for (const std::size_t start : group) widths[start - range.begin] = longest;
    group.clear();
    longest = 0;
  };
  for (std::size_t i = range.begin; i < range.end; i = itemEnd(i, range.end)) {
    const bool isApart = at(i).blankBefore || std::any_of(at(i).before.begin(), at(i).before.end(),
                                                          [](const Comment& comment) { return comment.blankBefore; });
    if (isApart) finish();
    if (at(i).kind != Token::Kind::Name || !at(i + 1).is(":")) continue;
    group.push_back(i);
    longest = std::max(longest, widthOf(at(i).text));
  }
  finish();
  return widths;
}

Doc Layout::items(Range range, bool isFile) {
  std::vector<Doc> out;
  const std::vector<std::size_t> widths = isFile ? std::vector<std::size_t>() : settingWidths(range);
  for (std::size_t i = range.begin; i < range.end;) {
    const std::size_t end = itemEnd(i, range.end);
    beforeItem(i, i == range.begin, out);
    // Comments behind an item do not break it.
    std::vector<Comment> behind = std::move(tokens_[end - 1].after);
    tokens_[end - 1].after.clear();
    out.push_back(item({i, end}, isFile ? 0 : widths[i - range.begin]));
    for (Comment& each : behind) out.push_back(comment(std::move(each.text)));
    i = end;
  }
  out.push_back(hardLine());
  return concat(std::move(out));
}

Doc Layout::item(Range range, std::size_t settingWidth) {
  if (settingWidth > 0) return setting(range, settingWidth);
  if (at(range.begin).isKeyword("if")) return choice(range);
  if (at(range.begin).isKeyword("import")) return import(range);
  std::size_t word = range.begin;
  if (at(word).isKeyword("export")) ++word;
  const bool isDeclared = word + 1 < range.end && at(word + 1).kind == Token::Kind::Name;
  for (const std::string_view keyword : {"fn", "layer", "network", "optimizer", "data", "train", "experiment"})
    if (isDeclared && at(word).isKeyword(keyword)) return declaration(range, word + 1);
  const std::size_t open = blockStart(range);
  if (open == range.end) return clause(range);
  return sequence(clause({range.begin, open}), text(" "), block(open, /*mayBeShort=*/false));
}

/// `import std.data (idx, csv)`: the list is not a call.
Doc Layout::import(Range range) {
  std::size_t open = range.begin;
  while (open < range.end && !at(open).is("(")) ++open;
  Doc words = clause({range.begin, open});
  if (open == range.end) return words;
  return sequence(std::move(words), text(" "), brackets(open));
}

Doc Layout::setting(Range range, std::size_t width) {
  const std::size_t padding = width - widthOf(at(range.begin).text) + 1;
  return sequence(token(range.begin), token(range.begin + 1), text(std::string(padding, ' ')),
                  indent(4, expr({range.begin + 2, range.end})));
}

// ------------------------------------------------------------ blocks

/// The `{` of a block in an item; its end when there is none.
std::size_t Layout::blockStart(Range range) const {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (at(i).isKeyword("repeat") || at(i).isKeyword("scan")) i = headEnd(i, range.end) - 1;
    if (at(i).is("{")) return i;
    if (at(i).partner > i) i = at(i).partner;
  }
  return range.end;
}

Doc Layout::block(std::size_t open, bool mayBeShort) {
  const std::size_t close = at(open).partner;
  const Range inside{open + 1, close};
  Token& last = tokens_[close];
  const auto isPlain = [](const Token& each) { return each.before.empty() && each.after.empty(); };
  if (inside.isEmpty() && last.before.empty()) return sequence(token(open), token(close));
  const bool isShort = mayBeShort && !inside.isEmpty() && itemEnd(open + 1, close) == close && isPlain(at(open)) &&
                       last.before.empty() && isPlain(at(open + 1)) && isPlain(at(close - 1)) &&
                       blockStart(inside) == close;
  if (isShort) return sequence(token(open), indent(2, sequence(line(), item(inside, 0))), line(), token(close));
  Doc head = token(open);
  Doc body = items(inside, /*isFile=*/false);
  Doc rest = ownLines(last.before, inside.isEmpty());
  return sequence(std::move(head), indent(2, sequence(hardLine(), std::move(body), std::move(rest))), hardLine(),
                  token(close));
}

/// `if c { .. } else if d { .. } else { .. }`, on one line when each block holds one statement and all fits.
Doc Layout::choice(Range range) {
  std::vector<Doc> out;
  for (std::size_t i = range.begin; i < range.end;) {
    const std::size_t open = blockStart({i, range.end});
    std::size_t test = i;
    for (; test < open && (at(test).isKeyword("else") || at(test).isKeyword("if")); ++test) {
      if (test > range.begin) out.push_back(text(" "));
      out.push_back(token(test));
    }
    if (test < open) {
      out.push_back(text(" "));
      out.push_back(expr({test, open}));
    }
    out.push_back(text(" "));
    out.push_back(block(open, /*mayBeShort=*/true));
    i = at(open).partner + 1;
  }
  return group(concat(std::move(out)));
}

/// `fn name(..)(..) -> type { .. }`. A second list goes below the first when the head does not fit on one line.
Doc Layout::declaration(Range range, std::size_t name) {
  std::size_t i = name + 1;
  std::vector<Doc> head;
  if (i < range.end && at(i).is("(")) {
    head.push_back(brackets(i));
    i = at(i).partner + 1;
  }
  if (i < range.end && at(i).is("(")) {
    head.push_back(softLine());
    head.push_back(brackets(i));
    i = at(i).partner + 1;
  }
  const std::size_t open = blockStart({i, range.end});
  std::size_t equals = i;
  while (equals < open && !at(equals).is("=")) equals = std::max(equals, at(equals).partner) + 1;
  if (i < equals) {
    head.push_back(text(" "));
    head.push_back(clause({i, equals}));
  }
  std::vector<Doc> out;
  Doc words = clause({range.begin, name + 1});
  out.push_back(group(sequence(std::move(words), align(concat(std::move(head))))));
  if (equals < open) {
    const Range value{equals + 1, range.end};
    out.push_back(text(" "));
    out.push_back(token(equals));
    out.push_back(assign(expr(value), hugs(value)));
  }
  for (std::size_t next = open; equals >= open && next < range.end;) {
    const std::size_t brace = blockStart({next, range.end});
    if (brace > next) {
      out.push_back(text(" "));
      out.push_back(clause({next, brace}));
    }
    out.push_back(text(" "));
    out.push_back(block(brace, /*mayBeShort=*/false));
    next = at(brace).partner + 1;
  }
  return concat(std::move(out));
}

}  // namespace nnc::format
