#include "experiment/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "diagnostics/kinds/experiment.h"
#include "diagnostics/kinds/project.h"
#include "experiment/reader.h"
#include "support/suggest.h"
#include "syntax/children.h"

namespace nnc::experiment {

using elaborate::ParsedOverride;

const syntax::Expr& bare(const syntax::Expr& expr) {
  const syntax::Expr* at = &expr;
  while (const auto* paren = std::get_if<syntax::ParenExpr>(&at->node)) at = paren->inner.get();
  return *at;
}

const std::vector<syntax::Arg>* callOf(const syntax::Expr& expr, std::string_view function) {
  const auto* call = std::get_if<syntax::CallExpr>(&bare(expr).node);
  const auto* name = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  return name != nullptr && name->name == function ? &call->arguments : nullptr;
}

bool isOrder(syntax::BinaryOp op) {
  return op == syntax::BinaryOp::Lt || op == syntax::BinaryOp::Le || op == syntax::BinaryOp::Gt ||
         op == syntax::BinaryOp::Ge;
}

bool holds(double value, syntax::BinaryOp op, double limit) {
  switch (op) {
    case syntax::BinaryOp::Ge:
      return value >= limit;
    case syntax::BinaryOp::Gt:
      return value > limit;
    case syntax::BinaryOp::Le:
      return value <= limit;
    default:
      return value < limit;
  }
}

void collectNames(const syntax::Expr& expr, std::set<std::string>& names) {
  if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) names.insert(name->name);
  syntax::forEachChild(expr, [&](const syntax::Expr& child) { collectNames(child, names); });
}

std::string metricName(const syntax::Expr& expr) {
  const auto* field = std::get_if<syntax::FieldExpr>(&bare(expr).node);
  const auto* part = field != nullptr ? std::get_if<syntax::NameExpr>(&field->base->node) : nullptr;
  return part != nullptr ? part->name + "." + field->field.text : "";
}

// --------------------------------------------------------------------------- Reading

const syntax::ParamDecl* Reading::parameter(const syntax::Ident& name, std::string_view clause) const {
  std::vector<std::string> names, texts;
  for (const syntax::ParamDecl& parameter : spec.train->parameters) {
    if (parameter.name.text == name.text) return &parameter;
    names.push_back(parameter.name.text);
    texts.push_back(elaborate::parameterText(parameter, elaborator.sources()));
  }
  elaborate::Report message = elaborator.error<diag::NoSuchTarget>(name.span, fmt::format("{} {}", clause, name.text),
                                                                   spec.train->name.text, name.text);
  message.note(texts.empty() ? "it has none" : fmt::format("parameters: {}", fmt::join(texts, ", ")));
  if (const auto close = closestName(name.text, names)) message.help(fmt::format("did you mean `{}`?", *close));
  return nullptr;
}

bool Reading::refuse(const syntax::Setting& setting, Span where, const std::string& what,
                     syntax::BlockKind block) const {
  elaborator.error<diag::SettingValue>(where, setting.name.text, elaborate::settingTakes(block, setting.name.text),
                                       what);
  return false;
}

// --------------------------------------------------------------------------- the environment

const elaborate::Scope* ExperimentEnvironment::open(elaborate::Elaborator& elaborator) const {
  elaborate::Scope* const scope =
      elaborate::openParameters(elaborator, {"experiment", decl_.name, decl_.parameters}, home_, overrides_);
  if (scope == nullptr) return nullptr;
  for (const syntax::Clause& clause : decl_.clauses) {
    const auto* constant = std::get_if<syntax::ConstantDecl>(&clause.node);
    if (constant == nullptr) continue;
    const std::optional<elaborate::Value> value = constant->type
                                                      ? elaborator.evaluateAs(*constant->value, *constant->type, *scope)
                                                      : elaborator.evaluate(*constant->value, *scope);
    if (!value || !elaborator.introduce(constant->name, elaborate::NameKind::Let, *value, *scope)) return nullptr;
  }
  return scope;
}

// --------------------------------------------------------------------------- finding

static const syntax::Decl* findExperiment(elaborate::ProjectState& state, const std::string& name) {
  const std::string& path = state.modules->root().path;
  std::vector<const syntax::Decl*> all;
  std::vector<std::string> names;
  for (const syntax::Decl& decl : state.file().declarations)
    if (const auto* experiment = std::get_if<syntax::ExperimentDecl>(&decl.node)) {
      if (experiment->name.text == name) return &decl;
      all.push_back(&decl);
      names.push_back(experiment->name.text);
    }
  if (name.empty() && all.size() == 1) return all[0];
  DiagnosticBuilder message = name.empty() && !all.empty()
                                  ? state.diagnostics.emit<diag::SeveralExperiments>({}, path, all.size())
                                  : state.diagnostics.emit<diag::UnknownExperiment>({}, path, name);
  message.note(names.empty() ? "it has none" : fmt::format("experiments: {}", fmt::join(names, ", ")));
  if (const auto close = closestName(name, names); close && !name.empty())
    message.help(fmt::format("did you mean `{}`?", *close));
  return nullptr;
}

// --------------------------------------------------------------------------- reading

namespace {

/// Reads the clauses of one experiment in an order in which each knows what it needs.
class SpecReader {
 public:
  explicit SpecReader(Reading& reading) : reading_(reading), decl_(*reading.spec.decl) {}

  bool run() {
    std::vector<const syntax::Setting*> written;
    for (const syntax::Clause& clause : decl_.clauses)
      if (const auto* setting = std::get_if<syntax::Setting>(&clause.node)) written.push_back(setting);
    const std::optional<elaborate::Settings> settings =
        elaborate::Settings::read({syntax::BlockKind::Experiment, decl_.name}, written, reading_.diagnostics());
    if (!settings || !readRun(reading_, *settings)) return false;
    bool isFine = true;
    for (const syntax::Clause& clause : decl_.clauses) isFine &= readClause(clause);
    if (!isFine) return false;
    if (reading_.spec.measures.empty()) {
      reading_.elaborator.error<diag::NoMeasure>(decl_.name.span, decl_.name.text)
          .help("`measure test = test.accuracy`");
      return false;
    }
    return checkTargets() && checkNames() && orderConditions(reading_) && orderBinds(reading_) &&
           readSettings(reading_, *settings);
  }

 private:
  bool readClause(const syntax::Clause& clause) {
    Spec& spec = reading_.spec;
    if (const auto* vary = std::get_if<syntax::VaryClause>(&clause.node))
      return readFactor(reading_, *vary, clause.span);
    if (const auto* bind = std::get_if<syntax::BindClause>(&clause.node)) return readBind(reading_, *bind, clause.span);
    if (const auto* exclude = std::get_if<syntax::ExcludeClause>(&clause.node))
      spec.excludes.push_back(exclude->when.get());
    if (const auto* probe = std::get_if<syntax::ProbeClause>(&clause.node)) spec.probes.push_back(probe);
    if (const auto* measure = std::get_if<syntax::MeasureClause>(&clause.node)) spec.measures.push_back(measure);
    if (const auto* expect = std::get_if<syntax::ExpectClause>(&clause.node))
      spec.expects.emplace_back(expect, clause.span);
    const auto* report = std::get_if<syntax::ReportClause>(&clause.node);
    if (report == nullptr) return true;
    if (spec.report != nullptr) {
      reading_.elaborator.error<diag::ReportTwice>(clause.span, decl_.name.text).also(reportSpan_, "first here");
      return false;
    }
    spec.report = report;
    reportSpan_ = clause.span;
    return true;
  }

  /// Each parameter is set in one place.
  bool checkTargets() {
    std::map<const syntax::ParamDecl*, Span> set;
    bool isFine = true;
    const auto add = [&](const syntax::ParamDecl* parameter, Span where) {
      const auto [other, isNew] = set.emplace(parameter, where);
      if (isNew) return;
      isFine = false;
      reading_.elaborator.error<diag::TargetTwice>(where, parameter->name.text).also(other->second, "first here");
    };
    const Spec& spec = reading_.spec;
    for (const BindSpec& base : spec.base) add(base.parameter, base.value->span);
    for (const FactorSpec& factor : spec.factors)
      for (const syntax::ParamDecl* parameter : factor.parameters) add(parameter, factor.span);
    for (const BindSpec& bind : spec.binds) add(bind.parameter, bind.value->span);
    if (spec.tunedParameter != nullptr) add(spec.tunedParameter, decl_.name.span);
    return isFine;
  }

  /// Probes and measures have names of their own.
  bool checkNames() {
    std::map<std::string, Span> names;
    bool isFine = true;
    const auto add = [&](const syntax::Ident& name) {
      const auto [other, isNew] = names.emplace(name.text, name.span);
      if (isNew) return;
      isFine = false;
      reading_.elaborator.error<diag::NameTwice>(name.span, name.text, decl_.name.text)
          .also(other->second, "first here");
    };
    for (const syntax::ProbeClause* probe : reading_.spec.probes) add(probe->name);
    for (const syntax::MeasureClause* measure : reading_.spec.measures) add(measure->name);
    return isFine;
  }

  Reading& reading_;
  const syntax::ExperimentDecl& decl_;
  Span reportSpan_;
};

}  // namespace

std::optional<Spec> readExperiment(elaborate::ProjectState& state, const std::string& name,
                                   const std::vector<elaborate::Override>& overrides) {
  const syntax::Decl* const decl = findExperiment(state, name);
  if (decl == nullptr) return std::nullopt;
  Spec spec;
  spec.decl = &std::get<syntax::ExperimentDecl>(decl->node);
  spec.doc = decl->doc;
  spec.span = decl->span;
  spec.home = &state.modules->root();
  std::optional<std::vector<ParsedOverride>> parsed =
      elaborate::parseOverrides({"experiment", spec.decl->name, spec.decl->parameters}, *spec.home, overrides,
                                *state.modules, state.sources, state.diagnostics);
  if (!parsed) return std::nullopt;
  spec.environment = std::make_unique<ExperimentEnvironment>(*spec.decl, *spec.home, std::move(*parsed));
  elaborate::Elaboration elaboration(state);
  const elaborate::Scope* const names = spec.environment->open(*elaboration);
  if (names == nullptr) return std::nullopt;
  for (const elaborate::Name& constant : names->names()) {
    if (const std::optional<double> number = elaborate::asReal(constant.value))
      spec.constants[std::string(constant.text)] = *number;
    if (const auto* flag = std::get_if<bool>(&constant.value)) spec.flags[std::string(constant.text)] = *flag;
  }
  Reading reading{state, *elaboration, elaboration->newScope(*names), spec};
  if (!SpecReader(reading).run()) return std::nullopt;
  return spec;
}

bool isWholeNumber(const syntax::ParamDecl& parameter) {
  const auto* type = parameter.type ? std::get_if<syntax::NamedType>(&parameter.type->node) : nullptr;
  return type != nullptr && (type->name.text == "int" || type->name.text == "dim");
}

std::vector<ParsedOverride> Spec::overrides(const std::vector<int>& levels, std::optional<double> tuned) const {
  std::vector<ParsedOverride> all;
  const auto add = [&](const syntax::ParamDecl* parameter, const ValueSource& source) {
    ParsedOverride override;
    override.parameter = parameter;
    std::visit([&](auto value) { override.source = value; }, source.value);
    override.environment = environment.get();
    override.isDerived = source.isDerived;
    all.push_back(std::move(override));
  };
  for (const BindSpec& given : base) add(given.parameter, {given.value});
  for (std::size_t f = 0; f < factors.size(); ++f) {
    if (levels[f] < 0) continue;
    const std::vector<ValueSource>& values = factors[f].levels[static_cast<std::size_t>(levels[f])];
    for (std::size_t t = 0; t < values.size(); ++t) add(factors[f].parameters[t], values[t]);
  }
  for (const BindSpec& bind : binds) add(bind.parameter, {bind.value, true});
  if (tunedParameter != nullptr) {
    const double value = tuned.value_or(tuning->grid[tuning->grid.size() / 2]);
    if (isWholeNumber(*tunedParameter))
      add(tunedParameter, {static_cast<std::int64_t>(value)});
    else
      add(tunedParameter, {value});
  }
  return all;
}

}  // namespace nnc::experiment
