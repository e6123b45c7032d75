// Scalable vector graphics as text. Colours are classes (style.h), so that one drawing serves light, dark and print.
#pragma once
#include <string>
#include <string_view>

namespace nnc::report {

/// `12.5`: at most two digits behind the point, none that are not needed.
std::string pixels(double value);

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}
  double width() const { return width_; }
  double height() const { return height_; }

  /// `style`: the classes; `attributes`: more of them, written as they are; `tip`: what a pointer or a screen reader
  /// gets.
  void line(double x1, double y1, double x2, double y2, std::string_view style, std::string_view attributes = {});
  void rect(double x, double y, double width, double height, std::string_view style, std::string_view tip = {},
            std::string_view attributes = {});
  void circle(double x, double y, double radius, std::string_view style, std::string_view tip = {},
              std::string_view attributes = {});
  void path(std::string_view commands, std::string_view style, std::string_view tip = {},
            std::string_view attributes = {});
  /// `anchor`: start, middle or end.
  void text(double x, double y, std::string_view content, std::string_view style = {},
            std::string_view anchor = "start", std::string_view attributes = {});
  /// Text that runs upwards, centred on (x, y).
  void verticalText(double x, double y, std::string_view content, std::string_view style = {});
  void open(std::string_view attributes);
  void close();

  /// The drawing, with a title and a description for those who do not see it. `id` is unique on the page.
  std::string finish(std::string_view id, std::string_view title, std::string_view description) const;
  /// The same as a file of its own, with its style inside.
  static std::string standalone(const std::string& svg);

 private:
  void element(std::string_view tag, std::string_view geometry, std::string_view style, std::string_view tip,
               std::string_view attributes);
  double width_, height_;
  std::string body_;
};

}  // namespace nnc::report
