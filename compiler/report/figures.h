// The figures F0 to F12 of a report, one function and one file each.
#pragma once
#include <optional>
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
/// What a `show` gets wrong.
struct ShowProblem {
  std::string what;                // follows its text: `the study has no factor `akt``
  std::string name;                // the word at fault
  std::vector<std::string> known;  // what could stand in its place
};
/// A kind, an argument, a measure, a probe, a factor that there is not. `metrics`: results of the runs, `valid.loss`;
/// where there are none they are not known, and figures say what they lack. Empty: it is fine.
std::optional<ShowProblem> showProblem(const study::Study& study, const study::Show& show,
                                       const std::vector<std::string>& metrics = {});

}  // namespace nnc::report
