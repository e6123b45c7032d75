// The fields of the study's structs under the names that they have in files: one list for writing and for reading.
#pragma once
#include <array>
#include <string_view>
#include <tuple>

#include "study/study.h"

namespace nnc::study {

template <typename Struct, typename Member>
struct Field {
  const char* name;
  Member Struct::* member;
};

/// The words of an enum in the order of its values.
constexpr auto wordsOf(const Measure::Better*) { return std::array{"higher", "lower", "unknown"}; }
constexpr auto wordsOf(const Measure::Scale*) { return std::array{"plain", "fraction", "seconds"}; }
constexpr auto wordsOf(const Verdict::Outcome*) { return std::array{"held", "failed", "undecided"}; }
constexpr auto wordsOf(const Status*) { return std::array{"ok", "diverged", "failed", "timed out"}; }
constexpr auto wordsOf(const Run::Role*) { return std::array{"run", "trial"}; }

constexpr auto fieldsOf(const Level*) {
  return std::tuple{Field{"label", &Level::label}, Field{"values", &Level::values}, Field{"number", &Level::number}};
}

constexpr auto fieldsOf(const Factor*) {
  return std::tuple{Field{"name", &Factor::name},     Field{"targets", &Factor::targets},
                    Field{"levels", &Factor::levels}, Field{"old", &Factor::oldLevel},
                    Field{"new", &Factor::newLevel},  Field{"ordered", &Factor::isOrdered},
                    Field{"when", &Factor::when}};
}

constexpr auto fieldsOf(const StepCost*) {
  return std::tuple{Field{"forward_flops", &StepCost::forward}, Field{"backward_flops", &StepCost::backward},
                    Field{"update_flops", &StepCost::update}, Field{"transcendentals", &StepCost::transcendental},
                    Field{"bytes", &StepCost::bytes}};
}

constexpr auto fieldsOf(const Cell*) {
  return std::tuple{Field{"id", &Cell::id},
                    Field{"levels", &Cell::levels},
                    Field{"values", &Cell::values},
                    Field{"program", &Cell::program},
                    Field{"parameters", &Cell::parameters},
                    Field{"steps", &Cell::steps},
                    Field{"trial_steps", &Cell::trialSteps},
                    Field{"evaluate_every", &Cell::evaluateEvery},
                    Field{"flops_per_step", &Cell::flopsPerStep},
                    Field{"step_cost", &Cell::stepCost},
                    Field{"examples_per_step", &Cell::examplesPerStep}};
}

constexpr auto fieldsOf(const RemovedCell*) {
  return std::tuple{Field{"levels", &RemovedCell::levels}, Field{"reason", &RemovedCell::reason}};
}

constexpr auto fieldsOf(const Block*) {
  return std::tuple{Field{"init", &Block::init}, Field{"data", &Block::data}, Field{"noise", &Block::noise}};
}

constexpr auto fieldsOf(const Tuning*) {
  return std::tuple{Field{"parameter", &Tuning::parameter}, Field{"grid", &Tuning::grid},
                    Field{"metric", &Tuning::metric},       Field{"lower_is_better", &Tuning::isLowerBetter},
                    Field{"length", &Tuning::length},       Field{"blocks", &Tuning::blocks}};
}

constexpr auto fieldsOf(const Measure*) {
  return std::tuple{Field{"name", &Measure::name},     Field{"text", &Measure::text},
                    Field{"better", &Measure::better}, Field{"time_to_target", &Measure::isTimeToTarget},
                    Field{"chance", &Measure::chance}, Field{"scale", &Measure::scale},
                    Field{"part", &Measure::part},     Field{"examples", &Measure::examples}};
}

constexpr auto fieldsOf(const Probe*) {
  return std::tuple{Field{"name", &Probe::name}, Field{"text", &Probe::text}, Field{"unit", &Probe::unit}};
}

constexpr auto fieldsOf(const Show*) {
  return std::tuple{Field{"kind", &Show::kind}, Field{"arguments", &Show::arguments}, Field{"named", &Show::named}};
}

constexpr auto fieldsOf(const Verdict*) {
  return std::tuple{Field{"text", &Verdict::text}, Field{"message", &Verdict::message}, Field{"place", &Verdict::place},
                    Field{"outcome", &Verdict::outcome}, Field{"detail", &Verdict::detail}};
}

constexpr auto fieldsOf(const Study*) {
  return std::tuple{
      Field{"name", &Study::name},       Field{"title", &Study::title},           Field{"doc", &Study::doc},
      Field{"file", &Study::file},       Field{"report", &Study::reportFile},     Field{"train", &Study::train},
      Field{"data", &Study::data},       Field{"scope", &Study::scope},           Field{"source", &Study::source},
      Field{"factors", &Study::factors}, Field{"bound", &Study::bound},           Field{"design", &Study::design},
      Field{"orders", &Study::orders},   Field{"aliases", &Study::aliases},       Field{"cells", &Study::cells},
      Field{"removed", &Study::removed}, Field{"blocks", &Study::blocks},         Field{"seeds", &Study::seeds},
      Field{"tuning", &Study::tuning},   Field{"measures", &Study::measures},     Field{"probes", &Study::probes},
      Field{"shows", &Study::shows},     Field{"provenance", &Study::provenance}, Field{"caveats", &Study::caveats}};
}

constexpr auto fieldsOf(const Curve*) {
  return std::tuple{Field{"metric", &Curve::metric}, Field{"steps", &Curve::steps}, Field{"values", &Curve::values}};
}

constexpr auto fieldsOf(const ProbeSeries*) {
  return std::tuple{Field{"probe", &ProbeSeries::probe}, Field{"paths", &ProbeSeries::paths},
                    Field{"steps", &ProbeSeries::steps}, Field{"values", &ProbeSeries::values}};
}

/// Whether a clock made the value is not a field: those values have a place of their own.
constexpr auto fieldsOf(const MeasuredValue*) {
  return std::tuple{Field{"value", &MeasuredValue::value}, Field{"censored", &MeasuredValue::isCensored}};
}

/// All but what a clock said.
constexpr auto fieldsOf(const Run*) {
  return std::tuple{Field{"id", &Run::id},         Field{"role", &Run::role},         Field{"cell", &Run::cell},
                    Field{"block", &Run::block},   Field{"tuned", &Run::tuned},       Field{"status", &Run::status},
                    Field{"reason", &Run::reason}, Field{"steps", &Run::steps},       Field{"examples", &Run::examples},
                    Field{"flops", &Run::flops},   Field{"measures", &Run::measures}, Field{"curves", &Run::curves},
                    Field{"probes", &Run::probes}};
}

constexpr auto fieldsOf(const Spent*) {
  return std::tuple{Field{"wall_seconds", &Spent::wallSeconds}, Field{"processor_seconds", &Spent::processorSeconds},
                    Field{"code_seconds", &Spent::codeSeconds}};
}

/// The part of a run that is never the same twice.
struct Clocks {
  double trainSeconds = 0.0, wallSeconds = 0.0;
  std::vector<double> curveSeconds;
  std::map<std::string, MeasuredValue> measures;
  std::optional<Spent> spent;  // empty, as what follows: in files of versions that did not keep it
  std::optional<double> limitSeconds;
  std::optional<std::string> origin;
};

constexpr auto fieldsOf(const Clocks*) {
  return std::tuple{Field{"train_seconds", &Clocks::trainSeconds},
                    Field{"wall_seconds", &Clocks::wallSeconds},
                    Field{"curve_seconds", &Clocks::curveSeconds},
                    Field{"measures", &Clocks::measures},
                    Field{"spent", &Clocks::spent},
                    Field{"limit_seconds", &Clocks::limitSeconds},
                    Field{"origin", &Clocks::origin}};
}

}  // namespace nnc::study
