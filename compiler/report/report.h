// The report of a study: a page, its figures as files, tables. A pure function of the files of the study folder.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "study/study.h"

namespace nnc::report {

struct Report {
  std::string pageName;                                    // of the page in the study folder
  std::vector<std::pair<std::string, std::string>> files;  // path in the study folder and text; the page comes first
  std::string terminal;
};

/// The same arguments give the same bytes.
Report makeReport(const study::Study& study, std::span<const study::Run> runs,
                  std::span<const study::Verdict> verdicts);

/// Reads a study folder and writes its report there: the page, figures/*.svg, runs.csv, cells.csv. Those
/// of an earlier report that this one lacks are removed; files of the user stay.
/// Errors  E1401, E1405, E1410, E1412; W1413, W1414. Empty: reported.
[[nodiscard]] std::optional<Report> writeReport(const std::string& directory, Diagnostics& diagnostics);

}  // namespace nnc::report
