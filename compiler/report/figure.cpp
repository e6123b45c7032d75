#include "report/figure.h"

#include <fmt/format.h>

#include <cctype>
#include <numeric>

namespace nnc::report {

std::string tableHtml(const Table& table) {
  // The caption stands outside of what scrolls, so that it wraps on a phone.
  std::string html;
  if (!table.caption.empty()) html += fmt::format("<p class=\"table-caption\">{}</p>", table.caption);
  html += fmt::format("<div class=\"scroll\"><table{}>", table.isSortable ? " class=\"sortable\"" : "");
  html += "<thead><tr>";
  for (const std::string& name : table.head) html += fmt::format("<th scope=\"col\">{}</th>", name);
  html += "</tr></thead><tbody>";
  for (const std::vector<std::string>& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += fmt::format("<td>{}</td>", cell);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

Figure absentFigure(std::string id, std::string slug, std::string title, std::string reason) {
  Figure figure;
  figure.id = std::move(id);
  figure.slug = std::move(slug);
  figure.title = std::move(title);
  figure.absent = std::move(reason);
  return figure;
}

std::string drawingId(const Figure& figure, std::size_t variant) {
  return fmt::format("{}-{}{}", figure.id, figure.slug, variant == 0 ? "" : fmt::format("-{}", variant + 1));
}

std::vector<std::string> argument(const study::Show* show, std::string_view name) {
  if (show)
    for (const auto& [key, values] : show->named)
      if (key == name) return values;
  return {};
}

std::string argumentOr(const study::Show* show, std::string_view name, std::string_view otherwise) {
  const std::vector<std::string> values = argument(show, name);
  return values.empty() ? std::string(otherwise) : values[0];
}

std::string slugOf(std::string_view text) {
  std::string slug;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  if (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

std::vector<int> allCells(const View& view) {
  std::vector<int> cells(view.cells().size());
  std::iota(cells.begin(), cells.end(), 0);
  return cells;
}

std::string cellsAttribute(const std::vector<int>& cells) {
  return fmt::format("data-cells=\"{}\"", cellRanges(cells));
}

}  // namespace nnc::report
