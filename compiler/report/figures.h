// The figures F0 to F12 of a report, one function and one file each.
#pragma once
#include <vector>

#include "report/figure.h"
#include "report/view.h"

namespace nnc::report {

/// Makes the figures of one kind. `show` says what is asked for; null: whatever the data support. A figure whose data
/// are missing comes back with the reason in `absent`.
using FigureMaker = std::vector<Figure> (*)(const View& view, const study::Show* show);

#define NNC_FIGURE(ID, KIND, MAKER, TITLE) std::vector<Figure> MAKER(const View& view, const study::Show* show);
#include "report/figures.def"
#undef NNC_FIGURE

struct FigureKind {
  std::string_view id, kind, title;
  FigureMaker make;
};
/// In the order of figures.def.
const std::vector<FigureKind>& figureKinds();
/// What a `show` may ask for: the kinds of the table, and `shapley` for effects. Each once.
std::vector<std::string> showKinds();

}  // namespace nnc::report
