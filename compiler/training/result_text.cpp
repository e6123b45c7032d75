// Results for stdout: a table for people, one JSON object for programs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "training/evaluate.h"
#include "training/progress.h"

namespace nnc::training {

namespace {

using Json = nlohmann::ordered_json;

std::string_view outcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::Finished:
      return "finished";
    case Outcome::StoppedEarly:
      return "stopped early";
    case Outcome::Interrupted:
      return "interrupted";
    case Outcome::Diverged:
      return "diverged";
    case Outcome::TimedOut:
      return "timed out";
  }
  return "";
}

void addOnce(std::vector<std::string>& names, std::string name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

/// Metrics in rows, parts in columns.
std::string metricTable(const std::vector<Metric>& metrics) {
  std::vector<std::string> parts, rows;
  for (const Metric& metric : metrics) {
    const std::size_t dot = metric.name.find('.');
    addOnce(parts, metric.name.substr(0, dot));
    addOnce(rows, metric.name.substr(dot + 1));
  }
  if (rows.empty()) return "";
  // Four decimals of what is below a million; a larger number would run into the column before it.
  const auto number = [](double value) {
    return std::abs(value) < 1e6 ? fmt::format("{:>12.4f}", value) : fmt::format("{:>12.4e}", value);
  };
  std::string text = fmt::format("{:<16}", "");
  for (const std::string& part : parts) text += fmt::format("{:>12}", part);
  text += '\n';
  for (const std::string& row : rows) {
    text += fmt::format("{:<16}", row);
    for (const std::string& part : parts) {
      const auto found =
          std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == part + "." + row; });
      text += found == metrics.end() ? fmt::format("{:>12}", "") : number(found->value);
    }
    text += '\n';
  }
  return text;
}

Json metricsJson(const std::vector<Metric>& metrics) {
  Json json = Json::object();
  for (const Metric& metric : metrics) json[metric.name] = metric.value;
  return json;
}

std::string plural(std::int64_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string conditionText(const elaborate::Target& target) {
  return fmt::format("{} {} {}", target.metric, target.isAtMost ? "<=" : ">=", target.value);
}

std::string targetText(const TargetResult& result) {
  if (result.step == 0) return fmt::format("target {} was not reached\n", conditionText(result.target));
  const std::string seconds = result.seconds ? fmt::format(", {} of training", durationText(*result.seconds)) : "";
  return fmt::format("target {} after {}, in epoch {}{}\n", conditionText(result.target), plural(result.step, "step"),
                     result.epoch, seconds);
}

Json targetJson(const TargetResult& result) {
  Json json = {
      {"condition", conditionText(result.target)}, {"step", nullptr}, {"epoch", nullptr}, {"seconds", nullptr}};
  if (result.step == 0) return json;
  json["step"] = result.step;
  json["epoch"] = result.epoch;
  if (result.seconds) json["seconds"] = *result.seconds;
  return json;
}

}  // namespace

std::string resultTable(const RunResult& result) {
  // Steps may end within the first epoch.
  const std::string epochs = result.epochs > 0 ? plural(result.epochs, "epoch") + ", " : "";
  std::string text =
      fmt::format("{}, seed {}: {} after {}{} in {}", result.name, result.seed, outcomeName(result.outcome), epochs,
                  plural(result.steps, "step"), durationText(result.seconds));
  text += result.stepsPerSecond > 0.0 ? fmt::format(" ({:.0f} steps/s)\n", result.stepsPerSecond) : "\n";
  text += metricTable(result.metrics);
  if (result.bestEpoch > 0)
    text += fmt::format("best {} {:.4f} {}\n", result.bestMetric, result.bestValue,
                        result.epochs > 0 ? fmt::format("in epoch {}", result.bestEpoch) : "at the end");
  if (result.target) text += targetText(*result.target);
  return text + fmt::format("run folder {}\n", result.directory);
}

std::string resultJson(const RunResult& result) {
  Json json = {{"name", result.name},
               {"outcome", outcomeName(result.outcome)},
               {"seed", result.seed},
               {"epochs", result.epochs},
               {"steps", result.steps},
               {"examples", result.examples},
               {"metrics", metricsJson(result.metrics)},
               {"best", nullptr},
               {"parameters", result.parameters},
               {"planned_bytes", result.plannedBytes},
               {"seconds", result.seconds},
               {"first_step_seconds", result.secondsToFirstStep},
               {"train_seconds", result.trainSeconds},
               {"process_steps", result.processSteps},
               {"steps_per_second", result.stepsPerSecond},
               {"run_dir", result.directory}};
  if (result.bestEpoch > 0)
    json["best"] = {{"metric", result.bestMetric}, {"value", result.bestValue}, {"epoch", result.bestEpoch}};
  if (result.target) json["target"] = targetJson(*result.target);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string resultTable(const EvaluateResult& result) {
  return fmt::format("{} on {} ({}), weights {}\n", result.name, result.split, plural(result.examples, "example"),
                     result.weightsFile) +
         metricTable(result.metrics);
}

std::string resultJson(const EvaluateResult& result) {
  const Json json = {{"name", result.name},
                     {"split", result.split},
                     {"weights", result.weightsFile},
                     {"examples", result.examples},
                     {"metrics", metricsJson(result.metrics)},
                     {"seconds", result.seconds}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nnc::training
