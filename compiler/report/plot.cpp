#include "report/plot.h"

#include <fmt/format.h>

#include <cmath>

#include "report/text.h"

namespace nnc::report {

void drawAxisX(Svg& svg, const Area& area, const Scale& x, std::string_view name, int ticks) {
  const std::vector<double> values = x.ticks(ticks);
  const std::vector<std::string> labels = Scale::labels(values, x.isLog() ? ScaleKind::Log : ScaleKind::Linear);
  for (std::size_t i = 0; i < values.size(); ++i) {
    svg.line(x(values[i]), area.top, x(values[i]), area.bottom, "grid");
    svg.text(x(values[i]), area.bottom + 16, labels[i], "tick", "middle");
  }
  svg.line(area.left, area.bottom, area.right, area.bottom, "axis");
  svg.text((area.left + area.right) / 2, area.bottom + 34, name, "name", "middle");
}

void drawAxisY(Svg& svg, const Area& area, const Scale& y, std::string_view name, int ticks) {
  const std::vector<double> values = y.ticks(ticks);
  const std::vector<std::string> labels = Scale::labels(values, y.isLog() ? ScaleKind::Log : ScaleKind::Linear);
  double widest = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    svg.line(area.left, y(values[i]), area.right, y(values[i]), "grid");
    svg.text(area.left - 7, y(values[i]) + 4, labels[i], "tick", "end");
    widest = std::max(widest, textWidth(labels[i], 11.5));
  }
  svg.verticalText(area.left - widest - 16, (area.top + area.bottom) / 2, name, "name");
}

void drawAxes(Svg& svg, const Area& area, const Scale& x, const Scale& y, const AxisText& names) {
  drawAxisY(svg, area, y, names.y);
  drawAxisX(svg, area, x, names.x);
}

std::string linePath(std::span<const Point> points) {
  std::string path;
  bool isDown = false;
  for (const Point& point : points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) {
      isDown = false;
      continue;
    }
    path += fmt::format("{}{} {}", isDown ? "L" : "M", pixels(point.x), pixels(point.y));
    isDown = true;
  }
  return path;
}

std::string bandPath(std::span<const Point> upper, std::span<const Point> lower) {
  std::vector<Point> outline;
  for (const Point& point : upper)
    if (std::isfinite(point.y)) outline.push_back(point);
  for (std::size_t i = lower.size(); i-- > 0;)
    if (std::isfinite(lower[i].y)) outline.push_back(lower[i]);
  return outline.empty() ? "" : linePath(outline) + "Z";
}

std::string colourStyle(int index) {
  const int round = index / kColours;
  return fmt::format("c{}{}", index % kColours, round == 0 ? "" : fmt::format(" dash{}", 1 + (round - 1) % 2));
}

void drawEndMark(Svg& svg, EndMark mark, double x, double y, std::string_view style, std::string_view tip) {
  constexpr double kSize = 4.0;
  const std::string at = fmt::format("mark {}", style);
  if (mark == EndMark::Cross)
    svg.path(fmt::format("M{} {}l{} {}m0 {}l{} {}", pixels(x - kSize), pixels(y - kSize), 2 * kSize, 2 * kSize,
                         -2 * kSize, -2 * kSize, 2 * kSize),
             at, tip);
  if (mark == EndMark::Triangle)
    svg.path(
        fmt::format("M{} {}l{} {}l{} {}Z", pixels(x - kSize), pixels(y - kSize), 2 * kSize, kSize, -2 * kSize, kSize),
        at, tip);
}

double textWidth(std::string_view text, double size) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return 0.54 * size * static_cast<double>(characters);
}

std::string fitted(std::string_view text, double width, double size) {
  if (textWidth(text, size) <= width) return std::string(text);
  std::string front(text);
  while (!front.empty() && textWidth(front, size) + size > width) {
    while (!front.empty() && (static_cast<unsigned char>(front.back()) & 0xC0) == 0x80) front.pop_back();
    if (!front.empty()) front.pop_back();
  }
  return front + "\u2026";
}

std::vector<std::string> wrapped(std::string_view text, double width, std::size_t most, double size) {
  std::vector<std::string> lines;
  while (lines.size() + 1 < most && textWidth(text, size) > width) {
    std::size_t end = text.npos;  // of the words that fit
    for (std::size_t at = text.find(' '); at != text.npos; at = text.find(' ', at + 1))
      if (end == text.npos || textWidth(text.substr(0, at), size) <= width) end = at;
    if (end == text.npos) break;
    lines.push_back(fitted(text.substr(0, end), width, size));
    text.remove_prefix(end + 1);
  }
  lines.push_back(fitted(text, width, size));
  return lines;
}

static constexpr double kPanelTitle = 11.0, kPanelTitleLine = 14.0;
static constexpr std::size_t kPanelTitleLines = 2;

double panelTitleHeight(std::span<const std::string> titles, double width) {
  std::size_t lines = 1;
  for (const std::string& title : titles)
    lines = std::max(lines, wrapped(title, width, kPanelTitleLines, kPanelTitle).size());
  return 6.0 + kPanelTitleLine * static_cast<double>(lines);
}

void drawPanelTitle(Svg& svg, std::string_view title, const Area& area) {
  const std::vector<std::string> lines = wrapped(title, area.width(), kPanelTitleLines, kPanelTitle);
  for (std::size_t i = 0; i < lines.size(); ++i)
    svg.text(area.left, area.top - 6 - kPanelTitleLine * static_cast<double>(lines.size() - 1 - i), lines[i],
             "small strong");
}

static constexpr double kKeyLine = 22.0, kKeyGap = 18.0, kKeyHeight = 18.0;

static double layKeys(Svg* svg, std::span<const Key> keys, double left, double right, double top) {
  double x = left, y = top;
  for (const Key& key : keys) {
    const std::string label = fitted(key.label, right - left - kKeyLine - 6);
    const double width = kKeyLine + 6 + textWidth(label) + kKeyGap;
    if (x > left && x + width - kKeyGap > right) {
      x = left;
      y += kKeyHeight;
    }
    if (svg) {
      svg->line(x, y + 8, x + kKeyLine, y + 8, fmt::format("line {}", key.style));
      svg->text(x + kKeyLine + 6, y + 12, label, "label");
    }
    x += width;
  }
  return keys.empty() ? 0.0 : y + kKeyHeight - top;
}

double drawKeys(Svg& svg, std::span<const Key> keys, double left, double right, double top) {
  return layKeys(&svg, keys, left, right, top);
}

double keysHeight(std::span<const Key> keys, double left, double right) {
  return layKeys(nullptr, keys, left, right, 0.0);
}

}  // namespace nnc::report
