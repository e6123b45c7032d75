// What an experiment asked and what its runs gave: plain data, and all that attribution and report know of a study.
//
// study.json holds a Study, results.jsonl a line per Run. A report is a function of these files alone.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nnc::study {

/// One setting of a factor.
struct Level {
  std::string label;                // as shown: `ReLU`, `0.1`
  std::vector<std::string> values;  // the value of each target, as text
  std::optional<double> number;     // of an ordered factor
};

/// `vary act in ["sigmoid": sigmoid, "ReLU": relu]`
struct Factor {
  std::string name;                  // the targets: `act`, `depth, lr`
  std::vector<std::string> targets;  // parameters of the train
  std::vector<Level> levels;
  int oldLevel = 0, newLevel = 1;  // attribution is defined between these two
  bool isOrdered = false;          // levels are numbers: shown as a curve, not as an effect
  std::string when;                // the condition under which it varies, as text; empty: always
};

/// What one training step costs, by its parts.
struct StepCost {
  double forward = 0.0, backward = 0.0, update = 0.0;  // flops; their sum is Cell::flopsPerStep
  double transcendental = 0.0;                         // of them: exp, log, sin and tanh
  double bytes = 0.0;                                  // read and written, after fusion
};

/// One combination of levels.
struct Cell {
  std::string id;           // 16 hex digits: hash of the programs, the run-time values, the data and the budget
  std::vector<int> levels;  // of each factor; -1: the factor's `when` does not hold here
  std::vector<std::pair<std::string, std::string>> values;  // every parameter of the train but the tuned ones, as text
  std::string program;             // 16 hex digits: what is compiled; cells with run-time numbers of their own share it
  std::int64_t parameters = 0;     // trained numbers
  std::int64_t steps = 0;          // of a whole run
  std::int64_t trialSteps = 0;     // of a trial of its tuning; 0: nothing is tuned
  std::int64_t evaluateEvery = 0;  // steps between evaluations of every part but `test`; 0: at the end of each epoch
  double flopsPerStep = 0.0;       // forward, backward and update, from the IR
  std::optional<StepCost> stepCost;       // where a measure asks for it
  std::optional<double> examplesPerStep;  // on average over an epoch; empty: in files of versions that did not keep it
};

/// Combinations that are not run.
struct RemovedCell {
  std::vector<int> levels;
  std::string reason;  // `exclude when order == .pre and not residual`
};

/// One replicate: the same seeds in every cell, so that effects are differences within a block.
struct Block {
  std::int64_t init = 0, data = 0, noise = 0;  // seeds of the streams: parameters, order and split, masks
};

/// `bind lr = tuned(log_grid(1e-4, 1.0, 5), by: valid.loss, steps: 150)`
struct Tuning {
  std::string parameter;
  std::vector<double> grid;  // ascending
  std::string metric;        // `valid.loss`
  bool isLowerBetter = true;
  std::string length;  // of a trial: `150 steps`, `2 epochs`; Cell::trialSteps has the number
  int blocks = 1;      // trials per value, on the first blocks: at most as many as the study has
};

/// `measure test = valid.accuracy.at(.best)`: one number per run.
struct Measure {
  std::string name;
  std::string text;  // the expression
  /// Unknown: the expression does not say which values are better (a probe, a difference of two accuracies).
  enum class Better { Higher, Lower, Unknown } better = Better::Higher;
  bool isTimeToTarget = false;   // may be censored at the budget
  std::optional<double> chance;  // what guessing gives; runs that diverged count as this
  enum class Scale { Plain, Fraction, Seconds } scale = Scale::Plain;  // Fraction: shown in percent
  std::string part;                      // `test`, where it is the share of its examples; else empty
  std::optional<std::int64_t> examples;  // of that part, in the cell with the fewest
};

/// `probe dead = .. every steps(50)`
struct Probe {
  std::string name;
  std::string text;
  std::string unit;  // of built-in probes; empty: none
};

/// `show effects(test, order: 2)`: a figure or a table of the report.
struct Show {
  std::string kind;                                                     // `effects`
  std::vector<std::string> arguments;                                   // `test`
  std::vector<std::pair<std::string, std::vector<std::string>>> named;  // order: [2], rows: [act, norm]
};

/// The outcome of an `expect`.
struct Verdict {
  std::string text;     // the condition
  std::string message;  // of the author; empty: none
  std::string place;    // file:line:column
  enum class Outcome { Held, Failed, Undecided } outcome = Outcome::Undecided;
  std::string detail;  // what was compared: `effect(test, act) = 0.031 [0.012, 0.050]`
};

struct Study {
  std::string name;        // of the experiment
  std::string title;       // of its report, or the name
  std::string doc;         // its doc comment
  std::string file;        // the .nn file as it was named
  std::string reportFile;  // name of the page in the study folder; empty: report.html
  std::string train;       // the recipe that is varied
  std::string data;        // name of the data block
  std::string scope;       // one line: `mlp on fashion, batch 128, 400 steps`
  std::string source;      // text of the experiment, for the report
  std::vector<Factor> factors;
  std::vector<std::pair<std::string, std::string>> bound;  // `init`: text of its expression
  std::string design;                                      // `factorial`, `fractional(resolution: 5)`
  std::vector<std::vector<int>> orders;                    // of `shapley(n)`: how factors enter, as indices
  std::vector<std::string> aliases;                        // of a fractional design: `act = norm*skip*drop*init`
  std::vector<Cell> cells;                                 // in the order of the design
  std::vector<RemovedCell> removed;
  std::vector<Block> blocks;
  std::string seeds;  // as written
  std::optional<Tuning> tuning;
  std::vector<Measure> measures;
  std::vector<Probe> probes;
  std::vector<Show> shows;
  std::vector<std::pair<std::string, std::string>> provenance;  // compiler, processor, BLAS core, data hashes
  std::vector<std::string> caveats;                             // what the plan already knows to be unbalanced
};

enum class Status { Ok, Diverged, Failed, TimedOut };

/// Values of one metric at some steps.
struct Curve {
  std::string metric;  // `valid.accuracy`
  std::vector<std::int64_t> steps;
  std::vector<double> values;
};

/// Values of one probe: a row for each step, a column for each path (`net.h.0.dense.w`), or one column without a name.
struct ProbeSeries {
  std::string probe;
  std::vector<std::string> paths;
  std::vector<std::int64_t> steps;
  std::vector<std::vector<double>> values;  // [step][path]
};

struct MeasuredValue {
  double value = 0.0;       // NaN: undefined for this run
  bool isCensored = false;  // the target was not reached: `value` is the budget
  bool isClock = false;     // of seconds: never the same twice, kept with the times of the run
};

/// What a study costs, or a part of it.
struct Spent {
  double wallSeconds = 0.0;
  double processorSeconds = 0.0;  // of all threads
  double codeSeconds = 0.0;       // those of them that generated code
  Spent& operator+=(const Spent& other);
};

/// One training. `role`: a run of the study, or a trial of its tuning.
struct Run {
  enum class Role { Run, Trial } role = Role::Run;
  std::string id;    // 16 hex digits: cell, block, tuned values and budget
  std::string cell;  // Cell::id
  int block = 0;
  std::optional<double> tuned;  // the value of the tuned parameter
  Status status = Status::Ok;
  std::string reason;  // of Failed
  std::int64_t steps = 0, examples = 0;
  double flops = 0.0;
  std::vector<Curve> curves;
  std::vector<ProbeSeries> probes;
  std::map<std::string, MeasuredValue> measures;
  // What a clock said: never the same twice, and left out where bytes are compared.
  double trainSeconds = 0.0;           // processor seconds in steps
  double wallSeconds = 0.0;            // of the whole run
  std::vector<double> curveSeconds;    // train seconds at the steps of the first curve
  std::optional<double> limitSeconds;  // of TimedOut: what its steps were allowed to take
  std::string origin;                  // the compiler and the machine that made it; empty: of a version that kept none
  Spent spent;  // by the process of the study, with all its threads, since the result before: sums are of the study
};

/// Whether a file of this name can be the page of a report: it stands in the study folder itself and ends with `.html`.
bool isPageName(std::string_view name);

/// What all processes that ran the study have spent on it, apart from what was under way when one of them was ended:
/// the sum over the runs of its cells.
Spent spentOn(const Study& study, const std::vector<Run>& runs);

}  // namespace nnc::study
