// The figures F0 to F12 of a report, one function and one file each.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "report/figure.h"
#include "report/view.h"

namespace nnc::report {

/// Makes the figures of one kind. `show` says what is asked for; null: whatever the data support. A figure whose data
/// are missing comes back with the reason in `absent`.
using FigureMaker = std::vector<Figure> (*)(const View& view, const study::Show* show);

#define NNC_FIGURE(ID, KIND, MAKER, ...) std::vector<Figure> MAKER(const View& view, const study::Show* show);
#include "report/figures.def"
#undef NNC_FIGURE

/// What the arguments of a `show` name.
enum class ShowArguments { None, Measures, Metrics, Probes };

struct FigureKind {
  std::string_view id, kind, title;
  FigureMaker make;
  ShowArguments arguments;
  std::string_view named;  // arguments with names, separated by spaces
};
/// In the order of figures.def.
const std::vector<FigureKind>& figureKinds();
/// What a `show` may ask for: the kinds of the table, and `shapley` for effects. Each once.
std::vector<std::string> showKinds();
/// What a `show` gets wrong, to follow its text: a kind, an argument, a measure, a factor that there is not. Empty: it
/// is fine. Metrics and probes are known to the runs alone, so that figures say what they lack.
std::string showProblem(const study::Study& study, const study::Show& show);

}  // namespace nnc::report
