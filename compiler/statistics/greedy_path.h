// The greedy path from the old recipe to the new: at each step the factor that helps most.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "statistics/factors.h"

namespace nnc::statistics {

/// Asks for cells step by step; at most k(k+1)/2 + 1 of them. Source: Fawcett and Hoos, "Analysing differences between
/// algorithm configurations through ablation", J. Heuristics 22:431-458, 2016.
///
///     GreedyPath path(factors, {});
///     while (!path.isDone()) path.give(responsesOf(path.nextCells()));
class GreedyPath {
 public:
  GreedyPath(std::vector<Factor> factors, std::vector<Precedence> precedences);

  bool isDone() const { return candidates_.empty(); }

  /// The cells whose responses are needed for the next step: first the old cell alone, then one for each candidate.
  std::vector<Cell> nextCells() const;

  /// The responses (larger is better) of `nextCells()`, in that order; NaN for a cell that could not be run. Takes the
  /// best step, the first one of equals. The path ends early when no candidate could be run.
  void give(std::span<const double> responses);

  /// The factors taken so far, and the response before and after each of them (one more than factors).
  const std::vector<int>& order() const { return order_; }
  const std::vector<double>& responses() const { return responses_; }

 private:
  void findCandidates();

  std::vector<Factor> factors_;
  std::vector<Precedence> precedences_;
  Coalition taken_ = 0;
  std::vector<Coalition> candidates_;
  std::vector<int> order_;
  std::vector<double> responses_;
};

}  // namespace nnc::statistics
