// Which files of a study folder are those of its report, so that those of an earlier one do not stay.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"

namespace nnc::report {

/// Writes `files` (path in the folder, text), each atomically, and removes what an earlier call wrote there and this
/// one does not. `report.files` in the folder lists them with hashes: a file that is not listed, or has another content
/// than was written, is the user's and stays. A call that was killed is made up for by the next one. Errors  E1401,
/// E1405: reported, false.
[[nodiscard]] bool replaceFiles(const std::string& directory,
                                const std::vector<std::pair<std::string, std::string>>& files,
                                Diagnostics& diagnostics);

}  // namespace nnc::report
