// The conclusion in words: templates, each filled only where its condition holds.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "statistics/analysis.h"
#include "statistics/factors.h"

namespace nnc::statistics {

/// Which rule made a sentence.
enum class Rule {
  Scope,           // 1: what was studied, before anything is said of it
  Unbalanced,      // a constraint removed cells such that averages are over different settings
  NothingLearned,  // no cell is better than chance
  Gap,             // the gap between the recipes, or that there is none
  Sufficient,      // 2
  Necessary,       // 2
  EitherSuffices,  // 2: several are sufficient, none is necessary
  Together,        // 3: a pair whose interaction replaces the single sentences
  Account,         // 4: share of the gap, never a cause
  NotResolved,     // 5: the interval includes 0 and the study could not have seen a relevant effect
  NoEffect,        // 5: the interval includes 0 and the study could have seen one
  Caveat,          // 6: EDGE, missing blocks, removed cells
  Validity,        // 7: external validity, always
  Order,           // 8: X > Y
  Tied,            // 8
};

struct Sentence {
  Rule rule = Rule::Scope;
  std::string text;
};

/// What sets the scene, as text of the study's program. Empty ones are left out.
struct StudyScope {
  std::string data;      // "Fashion-MNIST"
  std::string network;   // "21-layer MLP of width 64"
  std::string budget;    // "400 steps"
  std::string tuning;    // "lr tuned over {0.001, .., 1} with 8 trials per cell"; empty: says that nothing was tuned
  std::string response;  // "test accuracy"
  std::string validity;  // "one dataset, 28x28 grey images; He 2016 (CIFAR-10, conv) found ..": rule 7
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
  std::string name = "points";
  double relevant = 0.5;  // in points: what an effect must reach to be worth resolving (rule 5)
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
  int cellCount = 0;                 // run
  int divergedRuns = 0;              // counted at their imputed value
  std::optional<double> chance;      // accuracy of guessing: with it, `bestCell` is held against it
  std::optional<Interval> bestCell;  // over blocks, of the best cell
};

/// The sentences, in the order of the text: scope, what limits it, gap, factors, pairs, order, caveats, validity.
std::vector<Sentence> verdict(const Facts& facts);

/// The sentences as one paragraph for each group of rules; the first holds scope and limits.
std::vector<std::string> paragraphs(std::span<const Sentence> sentences);

}  // namespace nnc::statistics
