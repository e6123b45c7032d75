// What a study takes, from what some of its cells were seen to take: arithmetic alone, no clock.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiment/plan.h"

namespace nnc::experiment {

/// What one cell takes, in seconds of a processor.
struct CellCost {
  double code = 0.0;     // machine code: once for all cells with its program
  double writing = 0.0;  // its programs written out and lowered: once for each value of the tuned parameter
  double probing = 0.0;  // the same for what its probes compute: once
  double start = 0.0;    // of a run: data found, initial values
  double pass = 0.0;     // the order of the rows: at the start of an epoch, and after an evaluation
  double step = 0.0;
  double evaluatedRow = 0.0;
  double looking = 0.0;  // of the probes, over a whole run, for each of its steps
  double lasting = 1.0;  // no time: the share of the steps that are made; less where a run diverged
};

struct CellSample {
  std::size_t cell = 0;
  CellCost cost;
};

/// Evaluations of every part but `test` in a run of so many steps, one each `every` steps and one at the end.
std::int64_t evaluationsIn(std::int64_t steps, std::int64_t every);
/// How often such a run opens the training part anew: at the start of each epoch and after each evaluation.
std::int64_t passesIn(std::int64_t steps, std::int64_t every, std::int64_t perEpoch);
/// Steps of an epoch. Of a cell whose rows are not known: all of its steps.
std::int64_t stepsPerEpoch(const study::Cell& cell, const CellRows& rows);

/// What every cell takes, from samples of some.
///
/// A cell whose program and rows were sampled costs what the sample did. Of another one a step is that of the samples
/// with which it has most levels in common, in proportion to a line through all samples, seconds over FLOPs, that has
/// the least sum of squares of relative errors: small steps cost overhead and not FLOPs.
class CostModel {
 public:
  /// Needs: one sample or more, in the order in which they were compiled. Refers to the plan.
  CostModel(const Plan& plan, std::vector<CellSample> samples);

  CellCost of(std::size_t cell) const;

 private:
  /// Seconds of something, over FLOPs of a step.
  struct Line {
    double base = 0.0, slope = 0.0;
    double at(double flops) const { return base + slope * flops; }
  };
  Line fit(double CellCost::* quantity) const;

  const Plan& plan_;
  std::vector<CellSample> samples_;
  Line step_, evaluatedRow_, looking_;
  std::map<std::string, double> code_;  // by program
  double otherCode_ = 0.0;              // of a program that was not sampled
};

/// Seconds until the last run has ended: every worker takes the next training of the plan when it is free. Limits of a
/// run and of the study hold; that a run reaches its target and stops, or diverges late, is not foreseen.
double studySeconds(const Plan& plan, const CostModel& costs, int workers);

}  // namespace nnc::experiment
