// A figure of the report: drawings, what to read from them, and the cells that they come from.
#pragma once
#include <string>
#include <vector>

#include "report/svg.h"
#include "report/view.h"
#include "study/study.h"

namespace nnc::report {

/// A table of the page. Cells hold HTML.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::string caption;
  bool isSortable = true;
};
std::string tableHtml(const Table& table);

/// One drawing. A figure with several has a switch between them.
struct Variant {
  std::string label;  // `FLOPs`
  std::string svg;
};

struct Figure {
  std::string id;    // `F4`
  std::string slug;  // `effects-test`: unique, for files and anchors
  std::string title;
  std::string caption;            // HTML, below the drawing
  std::vector<Variant> variants;  // none: `html` is all there is
  std::string html;               // tables, after the drawing
  std::vector<int> cells;         // indices of those that are shown
  std::string absent;             // why there is nothing to show; empty: there is
};

/// A figure that is left out, with the reason.
Figure absentFigure(std::string id, std::string slug, std::string title, std::string reason);

/// `id` of a drawing on the page.
std::string drawingId(const Figure& figure, std::size_t variant);

/// The values of a named argument of a `show`, and the first of them.
std::vector<std::string> argument(const study::Show* show, std::string_view name);
std::string argumentOr(const study::Show* show, std::string_view name, std::string_view otherwise);

/// A letter, digit or dash for every character, for slugs.
std::string slugOf(std::string_view text);

/// All indices of cells.
std::vector<int> allCells(const View& view);

/// What a mark of one cell or several says of where it comes from: `data-cells="C1-C4"`.
std::string cellsAttribute(const std::vector<int>& cells);

/// The width of every drawing.
inline constexpr double kFigureWidth = 720.0;

}  // namespace nnc::report
