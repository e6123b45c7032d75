// Where data files are looked up.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace nnc::runtime {

/// The first of these that exists: `name` relative to `baseDirectory`, under each directory of NNC_DATA_PATH (colon
/// separated), under /usr/share/datasets; each also with `.gz` appended. Absolute names are taken as they are (or .gz).
/// `tried` receives every path that was looked at, in order.
std::optional<std::string> findDataFile(const std::string& name, const std::string& baseDirectory,
                                        std::vector<std::string>& tried);

/// The files that `pattern` names (`*`, `?` and `[..]` in the last part of the path), sorted by name, from the first of
/// the places above that has one. A pattern without such a character names at most one file.
std::vector<std::string> findDataFiles(const std::string& pattern, const std::string& baseDirectory,
                                       std::vector<std::string>& tried);

/// The same as findDataFile for a directory.
std::optional<std::string> findDataDirectory(const std::string& name, const std::string& baseDirectory,
                                             std::vector<std::string>& tried);

}  // namespace nnc::runtime
