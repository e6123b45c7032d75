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

}  // namespace nnc::runtime
