#include "report/figures.h"

namespace nnc::report {

const std::vector<FigureKind>& figureKinds() {
  static const std::vector<FigureKind> kinds = {
#define NNC_FIGURE(ID, KIND, MAKER, TITLE) {ID, KIND, TITLE, MAKER},
#include "report/figures.def"
#undef NNC_FIGURE
  };
  return kinds;
}

std::vector<std::string> showKinds() {
  std::vector<std::string> kinds = {"shapley"};
  for (const FigureKind& row : figureKinds()) kinds.emplace_back(row.kind);
  return kinds;
}

}  // namespace nnc::report
