// A layout document: text with the places where a line may end, and the printer that chooses among them.
// After Wadler, "A prettier printer", 2003, with fills and two nodes of our own: List and Assign.
#pragma once
#include <string>
#include <vector>

namespace nnc::format {

/// Lines are at most this long where a break allows it, as in the C++ code. Counted in code points.
inline constexpr int kWidth = 120;

struct Doc {
  enum class Kind {
    Text,      // `text`; it may hold line ends (a comment of several lines), which stay as they are
    Line,      // a space, or the end of the line when the group is broken
    SoftLine,  // nothing, or the end of the line
    HardLine,  // the end of the line, unless the line is empty so far
    Blank,     // an empty line, one at most
    Comment,   // `text` behind code, to the end of the line
    Concat,    // children one after the other
    Group,     // children on one line, if they fit
    Indent,    // children with `amount` more columns at the start of lines
    Align,     // children with lines starting at the current column
    Fill,      // children with a space between them, and line ends where the next would not fit
    List,      // children: open bracket, Fill of the entries, close bracket
    Assign,    // what follows `=`: behind a space, or on the next line when that keeps it whole
  };
  Kind kind = Kind::Text;
  std::string text;
  int amount = 0;
  bool breaks = false;  // has a line end that no layout can avoid
  bool hugs = false;    // of Assign: stays behind the `=`
  std::vector<Doc> children;
};

Doc text(std::string text);
Doc line();
Doc softLine();
Doc hardLine();
Doc blank();
Doc comment(std::string text);
Doc concat(std::vector<Doc> children);
Doc group(Doc child);
Doc indent(int amount, Doc child);
Doc align(Doc child);
Doc fill(std::vector<Doc> children);
Doc list(Doc open, std::vector<Doc> entries, Doc close);
Doc assign(Doc value, bool hugs);

/// The text of a document. Every line ends with "\n"; none ends with a space. Comments behind code on neighbouring
/// lines start in one column.
std::string print(const Doc& doc);

}  // namespace nnc::format
