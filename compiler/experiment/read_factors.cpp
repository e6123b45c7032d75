// `vary`: factors and their levels.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/experiment.h"
#include "experiment/dependency_order.h"
#include "experiment/reader.h"
#include "support/suggest.h"

namespace nnc::experiment {

using elaborate::Value;

namespace {

/// The list as it stands in the text, behind parentheses and an `if` of known outcome; null: it is computed.
const syntax::ListExpr* writtenList(Reading& reading, const syntax::Expr& expr) {
  const syntax::Expr* at = &bare(expr);
  while (const auto* cond = std::get_if<syntax::CondExpr>(&at->node)) {
    const std::optional<Value> condition = reading.elaborator.evaluate(*cond->condition, reading.scope);
    const bool* const isTrue = condition ? std::get_if<bool>(&*condition) : nullptr;
    if (isTrue == nullptr) return nullptr;
    at = &bare(*isTrue ? *cond->thenValue : *cond->elseValue);
  }
  return std::get_if<syntax::ListExpr>(&at->node);
}

class FactorReader {
 public:
  FactorReader(Reading& reading, const syntax::VaryClause& clause, Span span) : reading_(reading), clause_(clause) {
    factor_.when = clause.when.get();
    factor_.span = span;
  }

  bool run() {
    if (!readTargets()) return false;
    const syntax::ListExpr* const written = writtenList(reading_, *clause_.levels);
    if (!(written != nullptr ? readWritten(*written) : readComputed())) return false;
    if (!checkLevels() || !readEnds()) return false;
    study::Factor& factor = factor_.factor;
    // Two numbers are an old and a new recipe, and so are those that are named; from three on they are an axis.
    factor.isOrdered = !clause_.from && !clause_.to && factor.levels.size() > 2 && factor.targets.size() == 1 &&
                       std::all_of(factor.levels.begin(), factor.levels.end(),
                                   [](const study::Level& level) { return level.number.has_value(); });
    if (clause_.when) factor.when = reading_.text(clause_.when->span);
    reading_.spec.factors.push_back(std::move(factor_));
    return true;
  }

 private:
  bool refuse(Span where, const std::string& what) {
    reading_.elaborator.error<diag::BadLevels>(where, factor_.factor.name, what);
    return false;
  }

  bool readTargets() {
    for (const std::vector<syntax::Ident>& path : clause_.targets) {
      const syntax::ParamDecl* const parameter = reading_.parameter(path[0], "vary");
      if (parameter == nullptr) return false;
      if (path.size() > 1) return refuse(path[1].span, "belong to a parameter of the train, not to a part of it");
      factor_.parameters.push_back(parameter);
      factor_.factor.targets.push_back(parameter->name.text);
      factor_.factor.name += (factor_.factor.name.empty() ? "" : ", ") + parameter->name.text;
    }
    return true;
  }

  /// The value of a target, for labels and to see whether levels are numbers. The expression is kept: each cell
  /// evaluates it anew.
  std::optional<Value> valueOf(const syntax::Expr& expr, std::size_t target) {
    return reading_.elaborator.evaluateAs(expr, *factor_.parameters[target]->type, reading_.scope);
  }

  /// A level that depends on other parameters has its value in a cell alone. Names of the experiment come first.
  bool usesParameters(const syntax::Expr& expr) const {
    std::set<std::string> names;
    collectNames(expr, names);
    return std::any_of(reading_.spec.train->parameters.begin(), reading_.spec.train->parameters.end(),
                       [&](const syntax::ParamDecl& parameter) {
                         return names.contains(parameter.name.text) && !reading_.scope.find(parameter.name.text);
                       });
  }

  /// A level as it is written, without a label: a value for each target.
  struct WrittenLevel {
    study::Level level;
    std::vector<ValueSource> sources;
  };
  std::optional<WrittenLevel> readLevel(const syntax::Expr& expr) {
    std::vector<const syntax::Expr*> parts;
    const syntax::Expr& value = bare(expr);
    if (factor_.parameters.size() == 1) {
      parts.push_back(&value);
    } else if (const auto* tuple = std::get_if<syntax::TupleExpr>(&value.node)) {
      for (const syntax::Arg& part : tuple->entries) parts.push_back(part.value.get());
    }
    if (parts.size() != factor_.parameters.size()) {
      (void)refuse(value.span,
                   fmt::format("are tuples of {} values, one for each parameter", factor_.parameters.size()));
      return std::nullopt;
    }
    WrittenLevel read;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool isDerived = usesParameters(*parts[i]);
      const std::optional<Value> part = isDerived ? std::nullopt : valueOf(*parts[i], i);
      if (!part && !isDerived) return std::nullopt;
      read.level.values.push_back(part ? elaborate::toText(*part) : reading_.text(parts[i]->span));
      if (parts.size() == 1 && part) read.level.number = elaborate::asReal(*part);
      read.sources.push_back({parts[i], isDerived});
    }
    return read;
  }

  bool readWritten(const syntax::ListExpr& list) {
    for (const syntax::ListEntry& entry : list.entries) {
      std::optional<WrittenLevel> read = readLevel(*entry.value);
      if (!read) return false;
      read->level.label = entry.label ? *entry.label : fmt::format("{}", fmt::join(read->level.values, ", "));
      add(std::move(read->level), std::move(read->sources));
    }
    return true;
  }

  bool readComputed() {
    const std::optional<Value> value = reading_.elaborator.evaluate(*clause_.levels, reading_.scope);
    if (!value) return false;
    const auto* list = std::get_if<const elaborate::List*>(&*value);
    if (list == nullptr || factor_.parameters.size() != 1)
      return refuse(clause_.levels->span, fmt::format("are a list, and this is {}", elaborate::describe(*value)));
    for (const Value& item : (*list)->items) {
      const auto* whole = std::get_if<std::int64_t>(&item);
      const auto* real = std::get_if<double>(&item);
      if (whole == nullptr && real == nullptr)
        return refuse(clause_.levels->span, "are written out where they are not numbers: `[a, b]`");
      study::Level level;
      level.label = elaborate::toText(item);
      level.values = {level.label};
      level.number = elaborate::asReal(item);
      add(std::move(level), {whole != nullptr ? ValueSource{*whole} : ValueSource{*real}});
    }
    return true;
  }

  void add(study::Level level, std::vector<ValueSource> sources) {
    factor_.factor.levels.push_back(std::move(level));
    factor_.levels.push_back(std::move(sources));
  }

  bool checkLevels() {
    const std::vector<study::Level>& levels = factor_.factor.levels;
    if (levels.size() < 2) return refuse(clause_.levels->span, "are fewer than two");
    for (std::size_t i = 0; i < levels.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        if (levels[i].values == levels[j].values)
          return refuse(clause_.levels->span, fmt::format("contain {} twice", fmt::join(levels[i].values, ", ")));
        if (levels[i].label == levels[j].label)
          return refuse(clause_.levels->span, fmt::format("contain the label \"{}\" twice", levels[i].label));
      }
    return true;
  }

  /// `from X to Y`; else the first level is the old one, the last the new one.
  bool readEnds() {
    study::Factor& factor = factor_.factor;
    factor.oldLevel = 0;
    factor.newLevel = static_cast<int>(factor.levels.size()) - 1;
    if (clause_.from && !findEnd(*clause_.from, factor.oldLevel)) return false;
    if (clause_.to && !findEnd(*clause_.to, factor.newLevel)) return false;
    if (factor.oldLevel != factor.newLevel) return true;
    const std::string& label = factor.levels[static_cast<std::size_t>(factor.oldLevel)].label;
    elaborate::Report message =
        reading_.elaborator.error<diag::OldIsNew>((clause_.to ? *clause_.to : *clause_.from).span, factor.name, label);
    if (!clause_.from) message.note("without `from` the first level is the old one");
    if (!clause_.to) message.note("without `to` the last level is the new one");
    std::vector<std::string> others;
    for (const study::Level& level : factor.levels)
      if (level.label != label) others.push_back(level.label);
    message.help(fmt::format("other levels: {}", fmt::join(others, ", ")));
    return false;
  }

  /// A level by its label, or by its value as in the list.
  bool findEnd(const syntax::Expr& expr, int& found) {
    const study::Factor& factor = factor_.factor;
    const std::string text = levelText(expr, reading_.elaborator.sources());
    std::optional<int> level = findLevel(factor, text);
    if (!level && !std::holds_alternative<syntax::StringLiteral>(bare(expr).node)) {
      const std::optional<WrittenLevel> read = readLevel(expr);
      if (!read) return false;
      for (std::size_t i = 0; i < factor.levels.size(); ++i)
        if (factor.levels[i].values == read->level.values) level = static_cast<int>(i);
    }
    if (level) {
      found = *level;
      return true;
    }
    std::vector<std::string> labels;
    for (const study::Level& known : factor.levels) labels.push_back(known.label);
    elaborate::Report message = reading_.elaborator.error<diag::UnknownLevel>(expr.span, factor.name, text);
    message.note(fmt::format("levels: {}", fmt::join(labels, ", ")));
    if (const auto close = closestName(text, labels)) message.help(fmt::format("did you mean \"{}\"?", *close));
    return false;
  }

  Reading& reading_;
  const syntax::VaryClause& clause_;
  FactorSpec factor_;
};

}  // namespace

std::string levelText(const syntax::Expr& expr, const SourceManager& sources) {
  const auto* label = std::get_if<syntax::StringLiteral>(&bare(expr).node);
  return label != nullptr ? label->value : sources.lineText(bare(expr).span);
}

std::optional<int> findLevel(const study::Factor& factor, const std::string& text) {
  for (std::size_t i = 0; i < factor.levels.size(); ++i) {
    const study::Level& level = factor.levels[i];
    if (level.label == text || (level.values.size() == 1 && level.values[0] == text)) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool readFactor(Reading& reading, const syntax::VaryClause& clause, Span span) {
  return FactorReader(reading, clause, span).run();
}

bool orderConditions(Reading& reading) {
  std::vector<DependencyOrder::Item> items;
  for (const FactorSpec& factor : reading.spec.factors) {
    DependencyOrder::Item& item = items.emplace_back();
    item.names = factor.factor.targets;
    if (factor.when == nullptr) continue;
    collectNames(*factor.when, item.uses);
    // A condition sees the parameters that it guards at their defaults.
    for (const std::string& own : item.names) item.uses.erase(own);
  }
  DependencyOrder order(std::move(items));
  if (order.find()) {
    reading.spec.conditionOrder = order.order();
    return true;
  }
  const FactorSpec& culprit = reading.spec.factors[order.culprit()];
  reading.elaborator.error<diag::WhenCycle>(culprit.when->span, culprit.factor.name, order.path());
  return false;
}

}  // namespace nnc::experiment
