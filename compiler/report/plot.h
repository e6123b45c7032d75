// One panel with two axes, and what goes into it: lines, bands, marks, keys.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/scale.h"
#include "report/svg.h"

namespace nnc::report {

struct Point {
  double x = 0.0, y = 0.0;
};

/// The rectangle in which data are drawn.
struct Area {
  double left = 0.0, top = 0.0, right = 0.0, bottom = 0.0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

struct AxisText {
  std::string x, y;
};

/// Grid, ticks and names of both axes.
void drawAxes(Svg& svg, const Area& area, const Scale& x, const Scale& y, const AxisText& names);
void drawAxisX(Svg& svg, const Area& area, const Scale& x, std::string_view name, int ticks = 5);
void drawAxisY(Svg& svg, const Area& area, const Scale& y, std::string_view name, int ticks = 5);

/// Commands of a line through points in pixels; a point that is not finite interrupts it.
std::string linePath(std::span<const Point> points);
/// Commands of the area between two lines with the same x.
std::string bandPath(std::span<const Point> upper, std::span<const Point> lower);

/// The class of colour number `index`: eight colours that people with any colour vision tell apart, then the same with
/// dashes.
std::string colourStyle(int index);
inline constexpr int kColours = 8;

/// What ends a line early.
enum class EndMark { None, Cross, Triangle };
void drawEndMark(Svg& svg, EndMark mark, double x, double y, std::string_view style, std::string_view tip);

struct Key {
  std::string label, style;  // style of the line
};
/// Lines with names in rows between left and right. Returns the height that they take.
double drawKeys(Svg& svg, std::span<const Key> keys, double left, double right, double top);
/// The height without drawing.
double keysHeight(std::span<const Key> keys, double left, double right);

/// An estimate of the width of a text of the given size (pixels); letters of the fonts in use are about half as wide as
/// high. For layout only.
double textWidth(std::string_view text, double size = 12.0);
/// The text, or its front with an ellipsis where it is wider than `width`.
std::string fitted(std::string_view text, double width, double size = 12.0);
/// The text in lines, broken at spaces; the last one of `most` is fitted.
std::vector<std::string> wrapped(std::string_view text, double width, std::size_t most, double size = 12.0);

/// The names of small panels, above each of them in one line or two. Returns the height that the longest one takes.
double panelTitleHeight(std::span<const std::string> titles, double width);
void drawPanelTitle(Svg& svg, std::string_view title, const Area& area);

}  // namespace nnc::report
