// `run: recipe(..)` and `bind`: what the cells of an experiment have in common, and what follows from their levels.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "diagnostics/kinds/experiment.h"
#include "experiment/dependency_order.h"
#include "experiment/reader.h"

namespace nnc::experiment {

bool readRun(Reading& reading, const elaborate::Settings& settings) {
  const syntax::Setting& setting = settings.get("run");
  const syntax::Expr& value = bare(*setting.value);
  const auto* call = std::get_if<syntax::CallExpr>(&value.node);
  const syntax::Expr& recipe = call != nullptr ? *call->callee : value;
  const std::optional<elaborate::Value> named = reading.elaborator.evaluate(recipe, reading.scope);
  if (!named) return false;
  const auto* ref = std::get_if<elaborate::BlockRef>(&*named);
  if (ref == nullptr || ref->block->kind != syntax::BlockKind::Train) {
    reading.elaborator.error<diag::RunIsNoTrain>(recipe.span, elaborate::describe(*named));
    return false;
  }
  reading.spec.train = ref->block;
  reading.spec.trainHome = ref->home;
  if (call == nullptr) return true;
  for (const syntax::Arg& argument : call->arguments) {
    if (!argument.name) return reading.refuse(setting, argument.span, "a value without the name of its parameter");
    const syntax::ParamDecl* const parameter = reading.parameter(*argument.name, "run");
    if (parameter == nullptr) return false;
    reading.spec.base.push_back({parameter, argument.value.get()});
  }
  return true;
}

bool readBind(Reading& reading, const syntax::BindClause& clause, Span span) {
  const syntax::Expr& value = bare(*clause.value);
  const std::vector<syntax::Arg>* const tuned = callOf(value, "tuned");
  const auto* tuple = std::get_if<syntax::TupleExpr>(&value.node);
  const bool isPaired = clause.targets.size() > 1;
  if (isPaired && (tuple == nullptr || tuple->entries.size() != clause.targets.size())) {
    reading.elaborator.error<diag::BadLevels>(value.span, "bind",
                                              fmt::format("are a tuple of {} values", clause.targets.size()));
    return false;
  }
  for (std::size_t i = 0; i < clause.targets.size(); ++i) {
    const syntax::ParamDecl* const parameter = reading.parameter(clause.targets[i][0], "bind");
    if (parameter == nullptr) return false;
    if (tuned != nullptr) return readTuning(reading, *parameter, *tuned, span);
    reading.spec.binds.push_back({parameter, isPaired ? tuple->entries[i].value.get() : clause.value.get()});
  }
  return true;
}

bool orderBinds(Reading& reading) {
  std::vector<BindSpec>& binds = reading.spec.binds;
  std::vector<DependencyOrder::Item> items;
  for (const BindSpec& bind : binds) {
    DependencyOrder::Item& item = items.emplace_back();
    item.names = {bind.parameter->name.text};
    collectNames(*bind.value, item.uses);
  }
  DependencyOrder order(std::move(items));
  if (!order.find()) {
    const BindSpec& culprit = binds[order.culprit()];
    reading.elaborator.error<diag::BindCycle>(culprit.value->span, culprit.parameter->name.text, order.path());
    return false;
  }
  std::vector<BindSpec> sorted;
  for (const std::size_t i : order.order()) sorted.push_back(binds[i]);
  binds = std::move(sorted);
  return true;
}

}  // namespace nnc::experiment
