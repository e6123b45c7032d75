// Texts back into runs and studies; the other direction is in results.h.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "study/study.h"

namespace nnc::study {

/// The run of a line without its line end. Empty: `problem` says why, as the end of "line 3 of `results.jsonl` ..".
std::optional<Run> parseRun(std::string_view line, std::string& problem);
/// Empty: `problem` says what and where. A study that comes back is sound: every index is in range.
std::optional<Study> parseStudy(std::string_view text, std::string& problem);
/// A text of a study under one name, such as `file`, whatever else is missing. Empty: there is none.
std::optional<std::string> studyField(std::string_view text, const char* name);
std::optional<std::vector<Verdict>> parseVerdicts(std::string_view text, std::string& problem);

}  // namespace nnc::study
