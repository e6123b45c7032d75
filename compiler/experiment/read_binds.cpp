// `run: recipe(..)` and `bind`: what the cells of an experiment have in common, and what follows from their levels.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "diagnostics/kinds/experiment.h"
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

namespace {

/// Depth first: a bind comes behind those that it uses.
class BindOrder {
 public:
  explicit BindOrder(const std::vector<BindSpec>& binds) : binds_(binds), states_(binds.size(), State::New) {
    for (const BindSpec& bind : binds) collectNames(*bind.value, uses_.emplace_back());
  }

  /// False: there is a circle, `path()` says which.
  bool visit(std::size_t i) {
    if (states_[i] == State::Done) return true;
    path_.push_back(i);
    if (states_[i] == State::Open) return false;
    states_[i] = State::Open;
    for (std::size_t j = 0; j < binds_.size(); ++j)
      if (uses_[i].contains(binds_[j].parameter->name.text) && !visit(j)) return false;
    states_[i] = State::Done;
    path_.pop_back();
    order_.push_back(i);
    return true;
  }
  const std::vector<std::size_t>& order() const { return order_; }
  std::string path() const {
    const auto begin = std::find(path_.begin(), path_.end(), path_.back());
    std::vector<std::string> names;
    for (auto at = begin; at != path_.end(); ++at) names.push_back(binds_[*at].parameter->name.text);
    return fmt::format("{}", fmt::join(names, " -> "));
  }
  std::size_t culprit() const { return path_.back(); }

 private:
  enum class State : std::uint8_t { New, Open, Done };
  const std::vector<BindSpec>& binds_;
  std::vector<State> states_;
  std::vector<std::set<std::string>> uses_;
  std::vector<std::size_t> path_, order_;
};

}  // namespace

bool orderBinds(Reading& reading) {
  std::vector<BindSpec>& binds = reading.spec.binds;
  BindOrder order(binds);
  for (std::size_t i = 0; i < binds.size(); ++i) {
    if (order.visit(i)) continue;
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
