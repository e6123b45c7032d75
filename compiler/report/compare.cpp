#include "report/compare.h"

#include <filesystem>

#include "diagnostics/kinds/study.h"

namespace nnc::report {

namespace {

enum class FolderKind { Neither, Run, Study };

FolderKind kindOf(const std::string& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory + "/study.json", error)) return FolderKind::Study;
  if (std::filesystem::exists(directory + "/manifest.json", error)) return FolderKind::Run;
  return FolderKind::Neither;
}

const char* nameOf(FolderKind kind) {
  switch (kind) {
    case FolderKind::Neither:
      break;
    case FolderKind::Run:
      return "a run";
    case FolderKind::Study:
      return "a study";
  }
  return "neither a run nor a study";
}

}  // namespace

std::optional<ComparisonText> compareFolders(const std::string& first, const std::string& second,
                                             Diagnostics& diagnostics) {
  const FolderKind a = kindOf(first), b = kindOf(second);
  if (a == b && a == FolderKind::Run) return compareRuns(first, second, diagnostics);
  if (a == b && a == FolderKind::Study) return compareStudies(first, second, diagnostics);
  diagnostics.emit<diag::CannotCompare>({}, first, nameOf(a), second, nameOf(b))
      .help("name two folders of `nnc run`, of two trains or of two experiments");
  return std::nullopt;
}

}  // namespace nnc::report
