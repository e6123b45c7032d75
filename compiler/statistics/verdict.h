// The conclusion in words: templates, each filled only where its condition holds.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "statistics/analysis.h"
#include "statistics/factors.h"
#include "statistics/response_layers.h"

namespace nnc::statistics {

/// Which rule made a sentence, in the order of the text.
enum class Rule {
  Scope,           // what was studied, before anything is said of it
  Unbalanced,      // removed cells make averages run over different settings
  Screening,       // a fraction: effects are sums with their aliases
  Resolution,      // the minimum detectable effect
  TestError,       // sampling error of the test set, apart from that of the seeds
  NothingLearned,  // no cell is shown to be better than guessing; then nothing is attributed
  Gap,             // between the old and the new recipe, or that none is resolved
  EitherSuffices,  // several factors suffice, none of them is necessary
  Sufficient,      // a factor, or a group of them, on its own
  Necessary,       // a factor, or one of a group of them
  NeitherShown,    // no factor is shown to be either
  Together,        // a pair whose interaction replaces what is said of its members alone
  Account,         // the share of the gap: never a cause
  NotResolved,     // the interval includes 0 and a relevant effect could have gone unseen
  NoEffect,        // the interval includes 0 and a relevant effect would have been seen
  Order,           // of the factors, as far as the seeds decide it
  Tied,            // what they do not decide
  Caveat,          // EDGE, missing seeds, removed cells, diverged runs, estimators that are not defined
  Validity,        // always
};

struct Sentence {
  Rule rule = Rule::Scope;
  std::string text;
};

/// What sets the scene, as text of the study's program. Empty ones are left out.
struct StudyScope {
  std::string data;     // "Fashion-MNIST"
  std::string network;  // "21-layer MLP of width 64"
  std::string budget;   // "400 steps"
  std::string tuning;  // "lr tuned over 0.001 .. 1 with 8 trials per cell"; empty: the text says that nothing was tuned
  std::string response;  // "test accuracy"
  std::string validity;  // "one dataset, 28x28 grey images; He 2016 (CIFAR-10, conv) found .."
};

struct EdgeFlag {
  std::string cell, parameter, value;
};

struct UnfinishedCell {
  std::string cell;
  int finished = 0;
  int planned = 0;
};

struct RemovedCells {
  std::string constraint;  // as written: "order == .pre and not residual"
  int count = 0;
};

/// How a number is written: accuracies are stored as shares and said in points.
struct Unit {
  double scale = 100;
  std::string difference = "points";
  std::string level = "%";
  double relevant = 0.5;  // scaled: the effect that a study should be able to see
};

/// What a share of examples is uncertain by because they are a sample; the same for all seeds, and so in no interval
/// over seeds.
struct ExampleError {
  std::string part;  // "test"
  std::int64_t examples = 0;
  double share = 0;                          // the value that is looked at, of the best cell
  std::optional<double> oldShare, newShare;  // of the old and the new recipe, where both were run
  std::optional<double> seedError = {};      // standard error of the best cell's mean over seeds
};

/// The facts that sentences are made of.
struct Facts {
  StudyScope scope;
  Unit unit;
  std::vector<Factor> factors;
  Analysis analysis;
  std::vector<EdgeFlag> edges;
  std::vector<UnfinishedCell> unfinished;
  std::vector<RemovedCells> removed;
  int divergedRuns = 0;
  std::optional<double> chance;        // what guessing gives
  std::optional<ChanceTest> bestCell;  // of bestAgainstChance
  std::optional<ExampleError> exampleError;
  std::vector<std::string> aliases;  // of a fraction: "act = norm:skip"
  std::vector<std::string> notes;    // further caveats, as sentences
};

/// The sentences that hold, in the order of the rules.
std::vector<Sentence> verdict(const Facts& facts);

/// The same as paragraphs: scope and limits; findings; order; caveats and validity.
std::vector<std::string> paragraphs(std::span<const Sentence> sentences);

}  // namespace nnc::statistics
