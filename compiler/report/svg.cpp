#include "report/svg.h"

#include <fmt/format.h>

#include "report/style.h"
#include "report/text.h"

namespace nnc::report {

std::string pixels(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

void Svg::element(std::string_view tag, std::string_view geometry, std::string_view style, std::string_view tip,
                  std::string_view attributes) {
  body_ += fmt::format("<{} {}", tag, geometry);
  if (!style.empty()) body_ += fmt::format(" class=\"{}\"", style);
  if (!attributes.empty()) body_ += fmt::format(" {}", attributes);
  body_ += tip.empty() ? "/>" : fmt::format("><title>{}</title></{}>", escape(tip), tag);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style, std::string_view attributes) {
  element("path", fmt::format("d=\"M{} {}L{} {}\"", pixels(x1), pixels(y1), pixels(x2), pixels(y2)), style, {},
          attributes);
}

void Svg::rect(double x, double y, double width, double height, std::string_view style, std::string_view tip,
               std::string_view attributes) {
  element(
      "rect",
      fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", pixels(x), pixels(y), pixels(width), pixels(height)),
      style, tip, attributes);
}

void Svg::circle(double x, double y, double radius, std::string_view style, std::string_view tip,
                 std::string_view attributes) {
  element("circle", fmt::format("cx=\"{}\" cy=\"{}\" r=\"{}\"", pixels(x), pixels(y), pixels(radius)), style, tip,
          attributes);
}

void Svg::path(std::string_view commands, std::string_view style, std::string_view tip, std::string_view attributes) {
  element("path", fmt::format("d=\"{}\"", commands), style, tip, attributes);
}

void Svg::text(double x, double y, std::string_view content, std::string_view style, std::string_view anchor,
               std::string_view attributes) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\"", pixels(x), pixels(y));
  if (!style.empty()) body_ += fmt::format(" class=\"{}\"", style);
  if (anchor != "start") body_ += fmt::format(" text-anchor=\"{}\"", anchor);
  if (!attributes.empty()) body_ += fmt::format(" {}", attributes);
  body_ += fmt::format(">{}</text>", escape(content));
}

void Svg::verticalText(double x, double y, std::string_view content, std::string_view style) {
  text(x, y, content, style, "middle", fmt::format("transform=\"rotate(-90 {} {})\"", pixels(x), pixels(y)));
}

void Svg::open(std::string_view attributes) { body_ += fmt::format("<g {}>", attributes); }
void Svg::close() { body_ += "</g>"; }

std::string Svg::finish(std::string_view id, std::string_view title, std::string_view description) const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\" "
      "id=\"{}\">"
      "<title id=\"{}-t\">{}</title><desc id=\"{}-d\">{}</desc>{}</svg>",
      pixels(width_), pixels(height_), id, id, id, id, escape(title), id, escape(description), body_);
}

std::string Svg::standalone(const std::string& svg) {
  const std::size_t end = svg.find('>') + 1;
  return svg.substr(0, end) + "<style>" + figureStyle() + "</style>" + svg.substr(end) + "\n";
}

}  // namespace nnc::report
