// What differs between two runs, or two studies, and what came of it.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"

namespace nnc::report {

struct ComparisonText {
  std::string terminal, json;
};

/// Compares two run folders of `nnc run` (manifest.json, metrics.jsonl, the last checkpoint) or two study folders.
///
/// Errors  E1415 when a folder is neither, or the two are not of one kind; what reading them reports.
[[nodiscard]] std::optional<ComparisonText> compareFolders(const std::string& first, const std::string& second,
                                                           Diagnostics& diagnostics);

/// The two kinds.
[[nodiscard]] std::optional<ComparisonText> compareRuns(const std::string& first, const std::string& second,
                                                        Diagnostics& diagnostics);
[[nodiscard]] std::optional<ComparisonText> compareStudies(const std::string& first, const std::string& second,
                                                           Diagnostics& diagnostics);

}  // namespace nnc::report
