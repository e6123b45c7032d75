// Settings of an experiment: seeds, budget, evaluate, target, stop.
#include <fmt/format.h>

#include "diagnostics/kinds/experiment.h"
#include "experiment/reader.h"

namespace nnc::experiment {

namespace {

using elaborate::Value;

constexpr std::int64_t kMostBlocks = 10'000;

class SettingsReader {
 public:
  SettingsReader(Reading& reading, const elaborate::Settings& settings) : reading_(reading), settings_(settings) {}

  bool run() {
    const syntax::Setting* const design = settings_.find("design");
    if (design != nullptr && !readDesign(reading_, *design)) return false;
    return readSeeds() && readBudget() && readEvaluate() && readTarget() && readStop();
  }

 private:
  std::optional<std::int64_t> count(const syntax::Setting& setting, const syntax::Expr& expr, std::int64_t most) {
    const std::optional<Value> value = reading_.elaborator.evaluate(expr, reading_.scope);
    if (!value) return std::nullopt;
    const auto* number = std::get_if<std::int64_t>(&*value);
    if (number != nullptr && *number >= 1 && *number <= most) return *number;
    reading_.refuse(setting, expr.span, number != nullptr ? fmt::format("{}", *number) : elaborate::describe(*value));
    return std::nullopt;
  }

  std::optional<double> positive(const syntax::Setting& setting, const syntax::Expr& expr) {
    const std::optional<Value> value = reading_.elaborator.evaluate(expr, reading_.scope);
    if (!value) return std::nullopt;
    const std::optional<double> number = elaborate::asReal(*value);
    if (number && *number > 0.0) return number;
    reading_.refuse(setting, expr.span, elaborate::describe(*value));
    return std::nullopt;
  }

  /// `5`, or numbers of seeds for each stream, which are crossed.
  bool readSeeds() {
    constexpr std::int64_t kDefault = 3;
    Spec& spec = reading_.spec;
    const syntax::Setting* const setting = settings_.find("seeds");
    std::int64_t init = kDefault, data = 0, noise = 0;
    if (setting != nullptr) {
      spec.seeds = reading_.text(setting->value->span);
      if (const auto* tuple = std::get_if<syntax::TupleExpr>(&bare(*setting->value).node)) {
        init = data = noise = 1;
        spec.isCrossed = true;
        for (const syntax::Arg& entry : tuple->entries) {
          const std::string name = entry.name ? entry.name->text : "";
          std::int64_t* const target = name == "init"    ? &init
                                       : name == "data"  ? &data
                                       : name == "noise" ? &noise
                                                         : nullptr;
          if (target == nullptr) return reading_.refuse(*setting, entry.span, "something besides init, data and noise");
          const std::optional<std::int64_t> number = count(*setting, *entry.value, 100);
          if (!number) return false;
          *target = *number;
        }
      } else {
        const std::optional<std::int64_t> number = count(*setting, *setting->value, kMostBlocks);
        if (!number) return false;
        init = *number;
      }
    } else {
      spec.seeds = std::to_string(kDefault);
    }
    if (data == 0) {
      for (std::int64_t seed = 0; seed < init; ++seed) spec.blocks.push_back({seed, seed, seed});
      return true;
    }
    for (std::int64_t n = 0; n < noise; ++n)
      for (std::int64_t d = 0; d < data; ++d)
        for (std::int64_t i = 0; i < init; ++i) spec.blocks.push_back({i, d, n});
    return true;
  }

  /// One limit, `minutes(60)`, or a list of limits on different things.
  bool readLimits(const syntax::Setting& setting, const syntax::Expr& wrapped, Budget& budget) {
    const syntax::Expr& expr = bare(wrapped);
    if (const auto* list = std::get_if<syntax::ListExpr>(&expr.node); list != nullptr && !list->entries.empty()) {
      for (const syntax::ListEntry& entry : list->entries)
        if (!readLimit(setting, *entry.value, budget)) return false;
      return true;
    }
    return readLimit(setting, expr, budget);
  }

  bool readLimit(const syntax::Setting& setting, const syntax::Expr& expr, Budget& budget) {
    struct Unit {
      const char* name;
      double factor;
      std::optional<double> Budget::* limit;
    };
    static constexpr Unit kUnits[] = {{"seconds", 1.0, &Budget::seconds},   {"minutes", 60.0, &Budget::seconds},
                                      {"hours", 3600.0, &Budget::seconds},  {"steps", 1.0, &Budget::steps},
                                      {"examples", 1.0, &Budget::examples}, {"flops", 1.0, &Budget::flops}};
    std::vector<std::string> names;
    for (const Unit& unit : kUnits) {
      names.push_back(fmt::format("`{}(n)`", unit.name));
      const std::vector<syntax::Arg>* const arguments = callOf(expr, unit.name);
      if (arguments == nullptr || arguments->size() != 1 || (*arguments)[0].name) continue;
      const std::optional<double> number = positive(setting, *(*arguments)[0].value);
      if (!number) return false;
      if (budget.*unit.limit) return reading_.refuse(setting, expr.span, "a second limit on the same thing");
      budget.*unit.limit = *number * unit.factor;
      return true;
    }
    return reading_.refuse(setting, expr.span, fmt::format("none of {}", fmt::join(names, ", ")));
  }

  /// Of the whole study, or of it and of each run.
  bool readBudget() {
    const syntax::Setting* const setting = settings_.find("budget");
    if (setting == nullptr) return true;
    Rules& rules = reading_.spec.rules;
    const auto* tuple = std::get_if<syntax::TupleExpr>(&bare(*setting->value).node);
    if (tuple == nullptr) return readLimits(*setting, *setting->value, rules.study);
    for (const syntax::Arg& entry : tuple->entries) {
      const std::string name = entry.name ? entry.name->text : "";
      if (name == "flops") {  // of each run
        if (rules.run.flops) return reading_.refuse(*setting, entry.span, "a second limit on the same thing");
        if (!(rules.run.flops = positive(*setting, *entry.value))) return false;
      } else if (name == "study" || name == "run") {
        if (!readLimits(*setting, *entry.value, name == "run" ? rules.run : rules.study)) return false;
      } else {
        return reading_.refuse(*setting, entry.span, "something besides study, run and flops");
      }
    }
    return true;
  }

  bool readEvaluate() {
    const syntax::Setting* const setting = settings_.find("evaluate");
    if (setting == nullptr) return true;
    const std::vector<syntax::Arg>* const every = callOf(*setting->value, "every");
    const syntax::Expr* const period = every != nullptr && every->size() == 1 ? (*every)[0].value.get() : nullptr;
    for (const char* const unit : {"steps", "epochs"}) {
      const std::vector<syntax::Arg>* const arguments = period != nullptr ? callOf(*period, unit) : nullptr;
      if (arguments == nullptr || arguments->size() != 1) continue;
      const std::optional<std::int64_t> number = count(*setting, *(*arguments)[0].value, 1'000'000'000);
      if (!number) return false;
      reading_.spec.evaluateEvery = Length{*number, /*isEpochs=*/std::string_view(unit) == "epochs"};
      return true;
    }
    return reading_.refuse(*setting, setting->value->span, "something else");
  }

  bool readTarget() {
    const syntax::Setting* const setting = settings_.find("target");
    if (setting == nullptr) return true;
    const auto* comparison = std::get_if<syntax::BinaryExpr>(&bare(*setting->value).node);
    const bool isOrder =
        comparison != nullptr && (comparison->op == syntax::BinaryOp::Ge || comparison->op == syntax::BinaryOp::Le);
    const std::string metric = isOrder ? metricName(*comparison->left) : "";
    if (metric.empty()) return reading_.refuse(*setting, setting->value->span, "something else");
    if (metric.starts_with("test."))
      return reading_.refuse(*setting, comparison->left->span,
                             fmt::format("`{}`, which is looked at once, when a run is over", metric));
    const std::optional<Value> value = reading_.elaborator.evaluate(*comparison->right, reading_.scope);
    if (!value) return false;
    const std::optional<double> number = elaborate::asReal(*value);
    if (!number) return reading_.refuse(*setting, comparison->right->span, elaborate::describe(*value));
    reading_.spec.rules.targetMetric = metric;
    reading_.spec.rules.target = *number;
    return true;
  }

  bool readStop() {
    const syntax::Setting* const setting = settings_.find("stop");
    if (setting == nullptr) return true;
    const auto* symbol = std::get_if<syntax::SymbolExpr>(&bare(*setting->value).node);
    if (symbol == nullptr || symbol->name != "target")
      return reading_.refuse(*setting, setting->value->span, "something else");
    if (reading_.spec.rules.targetMetric.empty())
      return reading_.refuse(*setting, setting->value->span, "an end at a target that no setting `target` names");
    reading_.spec.rules.stopAtTarget = true;
    return true;
  }

  Reading& reading_;
  const elaborate::Settings& settings_;
};

}  // namespace

bool readSettings(Reading& reading, const elaborate::Settings& settings) {
  return SettingsReader(reading, settings).run();
}

}  // namespace nnc::experiment
