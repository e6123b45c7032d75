// Text laid out for a terminal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace nnc::report {

/// With ordinary spaces and minus signs, as a terminal shows them best.
std::string plain(std::string text);
/// Broken into lines of at most `columns` characters, with a line end.
std::string wrapped(std::string_view text, std::size_t columns = 100);
/// Rows in columns as wide as their widest text: the first `texts` columns to the left, numbers to the right.
std::string textGrid(std::vector<std::vector<std::string>> rows, std::size_t texts);

}  // namespace nnc::report
