#include "experiment/clauses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "diagnostics/kinds/experiment.h"
#include "diagnostics/kinds/project.h"
#include "experiment/expect.h"
#include "experiment/measure.h"
#include "experiment/reader.h"
#include "report/figures.h"
#include "support/suggest.h"
#include "syntax/children.h"

namespace nnc::experiment {

namespace {

class ClauseReader {
 public:
  ClauseReader(elaborate::ProjectState& state, const Spec& spec, const CellList& cells,
               std::optional<std::int64_t> classes, const std::vector<std::string>& metrics, study::Study& study)
      : state_(state), spec_(spec), cells_(cells), classes_(classes), metrics_(metrics), study_(study) {}

  bool run() {
    bool isFine = checkMetric(spec_.tuning ? spec_.tuning->metric : "") && checkMetric(spec_.rules.targetMetric);
    for (const syntax::MeasureClause* clause : spec_.measures) isFine &= readMeasure(*clause);
    if (!isFine) return false;
    const ExpectContext context{state_.sources, spec_, cells_, study_};
    for (const auto& [clause, span] : spec_.expects)
      isFine &= checkExpect(context, *clause->condition, state_.diagnostics);
    return readReport() && isFine;
  }

 private:
  bool checkMetric(const std::string& metric) {
    if (metric.empty() || std::find(metrics_.begin(), metrics_.end(), metric) != metrics_.end()) return true;
    DiagnosticBuilder message = state_.diagnostics.emit<diag::BadMeasure>(
        spec_.decl->name.span, fmt::format("there is no result `{}`", metric));
    message.note(fmt::format("results: {}", fmt::join(metrics_, ", ")));
    if (const auto close = closestName(metric, metrics_)) message.help(fmt::format("did you mean `{}`?", *close));
    return false;
  }

  /// A run that has everything that runs have, and nothing to be read from it. `layers`: of each probe.
  study::Run sample(std::size_t layers) const {
    study::Run run;
    run.cell = study_.cells[0].id;
    run.steps = 1;
    for (const std::string& metric : metrics_) run.curves.push_back({metric, {1}, {0.5}});
    for (const study::Probe& probe : study_.probes) {
      study::ProbeSeries series{probe.name, {"first", "final"}, {1}, {{0.5, 0.5}}};
      series.paths.resize(layers);
      series.values[0].resize(layers);
      run.probes.push_back(std::move(series));
    }
    return run;
  }

  /// A result of the test part in a time to a target: there is none before a run is over.
  static const syntax::Expr* testTarget(const syntax::Expr& expr, bool isInTarget) {
    const auto* call = std::get_if<syntax::CallExpr>(&bare(expr).node);
    const auto* name = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
    isInTarget |= name != nullptr && name->name.ends_with("_to");
    if (isInTarget && metricName(expr).starts_with("test.")) return &expr;
    const syntax::Expr* found = nullptr;
    syntax::forEachChild(expr, [&](const syntax::Expr& child) {
      if (found == nullptr) found = testTarget(child, isInTarget);
    });
    return found;
  }

  bool readMeasure(const syntax::MeasureClause& clause) {
    if (const syntax::Expr* const wrong = testTarget(*clause.value, /*isInTarget=*/false)) {
      state_.diagnostics
          .emit<diag::BadMeasure>(wrong->span,
                                  fmt::format("`{}` is looked at once, when a run is over, so that it is never "
                                              "reached before",
                                              metricName(*wrong)))
          .help("use a result of the part `valid`");
      return false;
    }
    const MeasureContext context{study_.cells[0], spec_.constants, known_, classes_};
    // How many layers a probe has is known when it is computed: one or several, and each has its functions.
    auto result = measureRun(*clause.value, sample(2), context);
    if (std::holds_alternative<MeasureError>(result)) {
      auto other = measureRun(*clause.value, sample(1), context);
      if (!std::holds_alternative<MeasureError>(other)) result = std::move(other);
    }
    if (const auto* error = std::get_if<MeasureError>(&result)) {
      state_.diagnostics.emit<diag::BadMeasure>(error->span, error->what);
      return false;
    }
    known_[clause.name.text] = std::get<study::MeasuredValue>(result);
    study::Measure measure = describeMeasure(clause.name.text, state_.sources.lineText(clause.value->span),
                                             *clause.value, study_.measures, spec_.constants);
    if (measure.better != study::Measure::Better::Unknown) measure.chance = chanceOf(*clause.value, context);
    study_.measures.push_back(std::move(measure));
    return true;
  }

  /// The measure of a run that guesses: what a diverged run counts as. Of a gap between two parts it would be 0, which
  /// is no value to be better than, and of a condition it is a number of runs.
  std::optional<double> chanceOf(const syntax::Expr& expr, const MeasureContext& context) const {
    const auto* binary = std::get_if<syntax::BinaryExpr>(&bare(expr).node);
    if (binary != nullptr && isOrder(binary->op)) return std::nullopt;
    study::Run guessing = sample(1);
    guessing.status = study::Status::Diverged;
    guessing.probes.clear();
    const auto result = measureRun(expr, guessing, context);
    const auto* value = std::get_if<study::MeasuredValue>(&result);
    return value != nullptr && !value->isCensored && std::isfinite(value->value) ? std::optional(value->value)
                                                                                 : std::nullopt;
  }

  // ------------------------------------------------------------------ the report

  std::string entryText(const syntax::Expr& expr) const {
    if (const auto* text = std::get_if<syntax::StringLiteral>(&bare(expr).node)) return text->value;
    if (const auto* symbol = std::get_if<syntax::SymbolExpr>(&bare(expr).node)) return symbol->name;
    return state_.sources.lineText(expr.span);
  }
  std::vector<std::string> entries(const syntax::Expr& expr) const {
    std::vector<std::string> texts;
    if (const auto* list = std::get_if<syntax::ListExpr>(&bare(expr).node))
      for (const syntax::ListEntry& entry : list->entries) texts.push_back(entryText(*entry.value));
    else
      texts.push_back(entryText(expr));
    return texts;
  }

  bool readReport() {
    if (spec_.report == nullptr) return true;
    if (spec_.report->title) study_.title = *spec_.report->title;
    for (const syntax::Setting& setting : spec_.report->settings)
      if (!readSetting(setting)) return false;
    bool isFine = true;
    for (const syntax::ExprPtr& show : spec_.report->shows) isFine &= readShow(*show);
    return isFine;
  }

  bool readSetting(const syntax::Setting& setting) {
    std::vector<const syntax::Setting*> written{&setting};
    if (!elaborate::Settings::read({syntax::BlockKind::Report, spec_.decl->name}, written, state_.diagnostics))
      return false;
    const auto* text = std::get_if<syntax::StringLiteral>(&bare(*setting.value).node);
    const bool isName = text != nullptr && study::isPageName(text->value);
    if (isName) study_.reportFile = text->value;
    if (!isName)
      state_.diagnostics.emit<diag::SettingValue>(setting.value->span, setting.name.text,
                                                  elaborate::settingTakes(syntax::BlockKind::Report, setting.name.text),
                                                  state_.sources.lineText(setting.value->span));
    return isName;
  }

  void readArguments(const syntax::CallExpr& call, study::Show& show) const {
    for (const syntax::Arg& argument : call.arguments) {
      std::vector<std::string> texts = entries(*argument.value);
      if (argument.name)
        show.named.emplace_back(argument.name->text, std::move(texts));
      else
        show.arguments.insert(show.arguments.end(), texts.begin(), texts.end());
    }
  }

  bool readShow(const syntax::Expr& expr) {
    const auto* call = std::get_if<syntax::CallExpr>(&bare(expr).node);
    const auto* name = std::get_if<syntax::NameExpr>(&(call != nullptr ? *call->callee : bare(expr)).node);
    study::Show show;
    show.kind = name != nullptr ? name->name : state_.sources.lineText(expr.span);
    const std::vector<std::string> kinds = report::showKinds();
    if (std::find(kinds.begin(), kinds.end(), show.kind) == kinds.end()) {
      DiagnosticBuilder message = state_.diagnostics.emit<diag::UnknownShow>(expr.span, show.kind);
      message.note(fmt::format("there are {}", fmt::join(kinds, ", ")));
      if (const auto close = closestName(show.kind, kinds)) message.help(fmt::format("did you mean `{}`?", *close));
      return false;
    }
    if (call != nullptr) readArguments(*call, show);
    if (const std::optional<report::ShowProblem> problem = report::showProblem(study_, show, metrics_)) {
      DiagnosticBuilder message =
          state_.diagnostics.emit<diag::BadShow>(expr.span, state_.sources.lineText(expr.span), problem->what);
      if (!problem->known.empty()) message.note(fmt::format("there are {}", fmt::join(problem->known, ", ")));
      if (const auto close = closestName(problem->name, problem->known))
        message.help(fmt::format("did you mean `{}`?", *close));
      return false;
    }
    study_.shows.push_back(std::move(show));
    return true;
  }

  elaborate::ProjectState& state_;
  const Spec& spec_;
  const CellList& cells_;
  std::optional<std::int64_t> classes_;
  const std::vector<std::string>& metrics_;
  study::Study& study_;
  std::map<std::string, study::MeasuredValue> known_;
};

}  // namespace

bool readClauses(elaborate::ProjectState& state, const Spec& spec, const CellList& cells,
                 std::optional<std::int64_t> classes, const std::vector<std::string>& metrics, study::Study& study) {
  study.source = std::string(state.sources.text(spec.span));
  return ClauseReader(state, spec, cells, classes, metrics, study).run();
}

}  // namespace nnc::experiment
