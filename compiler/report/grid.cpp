#include "report/grid.h"

#include <algorithm>

namespace nnc::report {

static std::size_t lengthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string plain(std::string text) {
  for (const auto& [from, to] : {std::pair{"\u00A0", " "}, std::pair{"\u2212", "-"}})
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, std::string_view(from).size(), to);
  return text;
}

static std::string padded(std::string_view text, std::size_t width, bool isRight) {
  const std::string space(width > lengthOf(text) ? width - lengthOf(text) : 0, ' ');
  return isRight ? space + std::string(text) : std::string(text) + space;
}

std::string wrapped(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (used > 0 && used + 1 + lengthOf(word) > columns) {
      out += '\n';
      used = 0;
    }
    if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += lengthOf(word);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out + "\n";
}

std::string textGrid(std::vector<std::vector<std::string>> rows, std::size_t texts) {
  std::vector<std::size_t> widths;
  for (std::vector<std::string>& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = plain(row[i]);
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], lengthOf(row[i]));
    }
  std::string out;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "  ") + padded(row[i], widths[i], i >= texts);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace nnc::report
