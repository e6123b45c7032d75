// What a study has cost so far.
#include <set>

#include "study/study.h"

namespace nnc::study {

Spent& Spent::operator+=(const Spent& other) {
  wallSeconds += other.wallSeconds;
  processorSeconds += other.processorSeconds;
  codeSeconds += other.codeSeconds;
  return *this;
}

Spent spentOn(const Study& study, const std::vector<Run>& runs) {
  std::set<std::string> cells;
  for (const Cell& cell : study.cells) cells.insert(cell.id);
  Spent spent;
  for (const Run& run : runs)
    if (cells.contains(run.cell)) spent += run.spent;
  return spent;
}

}  // namespace nnc::study
