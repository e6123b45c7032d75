// Tables of cells and runs: on the page, in the terminal and as CSV.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "report/view.h"

namespace nnc::report {

/// Every cell with its levels, what it was tuned to and its measures; the runs that a mean comes from unfold in its
/// row.
std::string cellTable(const View& view, const std::vector<const study::Measure*>& measures);
/// Every run and trial. Studies with thousands of them get a line that names runs.csv instead.
std::string runTable(const View& view, std::span<const study::Run> runs);

/// Comma-separated, with a header; text with commas or quotes is quoted. Numbers read back to the same bits.
std::string cellsCsv(const View& view);
std::string runsCsv(const View& view, std::span<const study::Run> runs);

/// Verdicts, conclusion, effects and cells as text of at most 100 columns.
std::string terminalText(const View& view, std::span<const study::Verdict> verdicts);

/// `held`, `failed`, `undecided`; `ok`, `diverged`, `failed`, `timed out`.
std::string_view outcomeWord(study::Verdict::Outcome outcome);
std::string_view statusWord(study::Status status);

}  // namespace nnc::report
