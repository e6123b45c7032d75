#include "format/doc.h"

#include <algorithm>
#include <cstddef>

namespace nnc::format {

namespace {

int widthOf(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Doc make(Doc::Kind kind, std::vector<Doc> children = {}) {
  Doc doc;
  doc.kind = kind;
  doc.breaks = kind == Doc::Kind::HardLine || kind == Doc::Kind::Blank || kind == Doc::Kind::Comment ||
               std::any_of(children.begin(), children.end(), [](const Doc& child) { return child.breaks; });
  doc.children = std::move(children);
  return doc;
}

std::vector<Doc> only(Doc child) {
  std::vector<Doc> children;
  children.push_back(std::move(child));
  return children;
}

/// Width on one line. Line ends inside count as nothing.
int flatWidth(const Doc& doc) {
  int width = widthOf(doc.text);
  if (doc.kind == Doc::Kind::Line) ++width;
  if (doc.kind == Doc::Kind::Fill && doc.children.size() > 1) width += static_cast<int>(doc.children.size()) - 1;
  if (doc.kind == Doc::Kind::Assign) ++width;
  for (const Doc& child : doc.children) width += flatWidth(child);
  return width;
}

struct OutputLine {
  std::string code;     // with its indentation, without spaces at the end
  std::string comment;  // behind the code
};

/// A document that waits to be printed. `from`: the next child of a fill.
struct Command {
  int indent = 0;
  bool isFlat = false;
  const Doc* doc = nullptr;
  std::size_t from = 0;
};

class Printer {
 public:
  std::string run(const Doc& doc) {
    todo_.push_back({0, false, &doc});
    while (!todo_.empty()) {
      const Command command = todo_.back();
      todo_.pop_back();
      step(command);
    }
    newline(0);
    return joined();
  }

 private:
  bool atStart() const { return current_.code.empty() && current_.comment.empty(); }

  void newline(int indent) {
    if (!atStart()) {
      while (!current_.code.empty() && current_.code.back() == ' ') current_.code.pop_back();
      lines_.push_back(std::move(current_));
      current_ = {};
    }
    indent_ = column_ = indent;
  }

  void write(std::string_view words) {
    if (atStart()) {
      while (words.starts_with(' ')) words.remove_prefix(1);
      if (words.empty()) return;
      current_.code.assign(static_cast<std::size_t>(indent_), ' ');
    }
    for (std::size_t end; (end = words.find('\n')) != std::string_view::npos; words.remove_prefix(end + 1)) {
      current_.code += words.substr(0, end);
      lines_.push_back(std::move(current_));
      current_ = {};
      column_ = 0;
    }
    current_.code += words;
    column_ += widthOf(words);
  }

  void push(const Command& parent, const Doc& doc, bool isFlat) { todo_.push_back({parent.indent, isFlat, &doc}); }

  void step(const Command& command) {
    const Doc& doc = *command.doc;
    switch (doc.kind) {
      case Doc::Kind::Text:
        return write(doc.text);
      case Doc::Kind::Line:
      case Doc::Kind::SoftLine:
        if (!command.isFlat) return newline(command.indent);
        if (doc.kind == Doc::Kind::Line) write(" ");
        return;
      case Doc::Kind::HardLine:
        return newline(command.indent);
      case Doc::Kind::Blank:
        newline(command.indent);
        if (!lines_.empty() && !(lines_.back().code.empty() && lines_.back().comment.empty())) lines_.emplace_back();
        return;
      case Doc::Kind::Comment:
        if (atStart())
          write(doc.text);
        else
          current_.comment = doc.text;
        return newline(command.indent);
      case Doc::Kind::Concat:
        for (auto child = doc.children.rbegin(); child != doc.children.rend(); ++child)
          push(command, *child, command.isFlat);
        return;
      case Doc::Kind::Group:
        return push(command, doc.children[0], command.isFlat || fits({command.indent, true, &doc.children[0]}, true));
      case Doc::Kind::Indent:
        todo_.push_back({command.indent + doc.amount, command.isFlat, &doc.children[0]});
        return;
      case Doc::Kind::Align:
        todo_.push_back({column_, command.isFlat, &doc.children[0]});
        return;
      case Doc::Kind::Fill:
        return fillStep(command);
      case Doc::Kind::List:
        return listStep(command);
      case Doc::Kind::Assign:
        return assignStep(command);
    }
  }

  /// Prints one child of a fill and leaves the others for later.
  void fillStep(Command command) {
    const std::vector<Doc>& children = command.doc->children;
    if (children.empty()) return;
    const Doc& child = children[command.from];
    const bool isFirst = command.from == 0;
    const bool isLast = command.from + 1 == children.size();
    if (!isFirst) {
      if (!command.isFlat && !fits({command.indent, true, &child}, isLast, /*before=*/1))
        newline(command.indent);
      else
        write(" ");
    }
    ++command.from;
    if (!isLast) todo_.push_back(command);
    const bool isFlat = command.isFlat || fits({command.indent, true, &child}, isLast);
    push(command, child, isFlat);
  }

  /// A list that does not fit on the line goes on under its first entry, or on lines of its own when that is far right.
  void listStep(const Command& command) {
    constexpr int kFarRight = 55;
    const Doc& doc = *command.doc;
    const Doc &open = doc.children[0], &entries = doc.children[1], &close = doc.children[2];
    if (command.isFlat || fits({command.indent, true, &doc}, true)) {
      push(command, close, true);
      push(command, entries, true);
      push(command, open, true);
      return;
    }
    push(command, close, false);
    const int start = column_ + widthOf(open.text);
    int widest = 0;
    for (const Doc& entry : entries.children) widest = std::max(widest, flatWidth(entry));
    const bool isUnder = start <= command.indent + 4 || (start <= kFarRight && start + widest < kWidth) ||
                         entries.children.empty() || command.indent + 4 + widest > kWidth;
    const int at = isUnder ? start : command.indent + 4;
    todo_.push_back({at, false, &entries});
    if (!isUnder) todo_.push_back({at, false, &kHardLine_});
    todo_.push_back({at, false, &open});
  }

  void assignStep(const Command& command) {
    const Doc& value = command.doc->children[0];
    const int next = command.indent + 4;
    const bool isWhole = !value.breaks && next + flatWidth(value) <= kWidth;
    const bool movesDown = !command.isFlat && !command.doc->hugs && isWhole && next < column_ &&
                           !fits({command.indent, true, &value}, true, /*before=*/1);
    if (movesDown)
      newline(next);
    else
      write(" ");
    todo_.push_back({command.indent, command.isFlat, &value});
  }

  /// Whether a document, and with `withRest` what follows it up to the next possible line end, fits on the line.
  bool fits(Command first, bool withRest, int before = 0) const {
    if (first.isFlat && first.doc->breaks) return false;
    int left = kWidth - column_ - before;
    std::size_t rest = withRest ? todo_.size() : 0;
    std::vector<Command> todo = {first};
    while (left >= 0) {
      if (todo.empty()) {
        if (rest == 0) return true;
        todo.push_back(todo_[--rest]);
      }
      const Command command = todo.back();
      todo.pop_back();
      const Doc& doc = *command.doc;
      if (!command.isFlat && mayEndLine(command)) return true;
      if (doc.kind == Doc::Kind::HardLine || doc.kind == Doc::Kind::Blank || doc.kind == Doc::Kind::Comment)
        return true;
      if (doc.kind == Doc::Kind::Line || doc.kind == Doc::Kind::Assign) --left;
      left -= widthOf(doc.text);
      const bool isFill = doc.kind == Doc::Kind::Fill;
      for (std::size_t i = doc.children.size(); i-- > command.from;) {
        todo.push_back({command.indent, command.isFlat, &doc.children[i]});
        if (isFill && i > 0) todo.push_back({command.indent, true, &kLine_});
      }
    }
    return false;
  }

  static bool mayEndLine(const Command& command) {
    const Doc& doc = *command.doc;
    return doc.kind == Doc::Kind::Line || doc.kind == Doc::Kind::SoftLine ||
           (doc.kind == Doc::Kind::Assign && !doc.hugs) || (doc.kind == Doc::Kind::Fill && command.from > 0);
  }

  std::string joined() {
    while (!lines_.empty() && lines_.back().code.empty() && lines_.back().comment.empty()) lines_.pop_back();
    std::string out;
    for (std::size_t i = 0; i < lines_.size();) {
      std::size_t end = i;
      int column = 0, longest = 0;
      for (; end < lines_.size() && !lines_[end].comment.empty(); ++end) {
        column = std::max(column, widthOf(lines_[end].code));
        longest = std::max(longest, widthOf(lines_[end].comment));
      }
      const bool isAligned = column + 2 + longest <= kWidth;
      for (; i < end; ++i) {
        const int gap = isAligned ? column - widthOf(lines_[i].code) + 2 : 2;
        out += lines_[i].code + std::string(static_cast<std::size_t>(gap), ' ') + lines_[i].comment + "\n";
      }
      if (end < lines_.size()) out += lines_[i++].code + "\n";
    }
    return out;
  }

  const Doc kHardLine_ = hardLine();
  const Doc kLine_ = line();
  std::vector<Command> todo_;
  std::vector<OutputLine> lines_;
  OutputLine current_;
  int indent_ = 0;  // of the current line
  int column_ = 0;
};

}  // namespace

Doc text(std::string words) {
  Doc doc = make(Doc::Kind::Text);
  doc.breaks = words.find('\n') != std::string::npos;
  doc.text = std::move(words);
  return doc;
}
Doc line() { return make(Doc::Kind::Line); }
Doc softLine() { return make(Doc::Kind::SoftLine); }
Doc hardLine() { return make(Doc::Kind::HardLine); }
Doc blank() { return make(Doc::Kind::Blank); }
Doc comment(std::string words) {
  Doc doc = make(Doc::Kind::Comment);
  doc.text = std::move(words);
  return doc;
}
Doc concat(std::vector<Doc> children) { return make(Doc::Kind::Concat, std::move(children)); }
Doc group(Doc child) { return make(Doc::Kind::Group, only(std::move(child))); }
Doc indent(int amount, Doc child) {
  Doc doc = make(Doc::Kind::Indent, only(std::move(child)));
  doc.amount = amount;
  return doc;
}
Doc align(Doc child) { return make(Doc::Kind::Align, only(std::move(child))); }
Doc fill(std::vector<Doc> children) { return make(Doc::Kind::Fill, std::move(children)); }
Doc list(Doc open, std::vector<Doc> entries, Doc close) {
  std::vector<Doc> children;
  children.push_back(std::move(open));
  children.push_back(fill(std::move(entries)));
  children.push_back(std::move(close));
  return make(Doc::Kind::List, std::move(children));
}
Doc assign(Doc value, bool hugs) {
  Doc doc = make(Doc::Kind::Assign, only(std::move(value)));
  doc.hugs = hugs;
  return doc;
}

std::string print(const Doc& doc) { return Printer().run(doc); }

}  // namespace nnc::format
