// Studies with a known answer, and the sentences of their conclusion.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "statistics/verdict.h"
#include "statistics/verdict_text.h"
#include "studies.h"

namespace nnc::statistics {

/// A study of act, norm and skip with a little noise, so that intervals have a width.
inline Responses studyOf(const std::vector<double>& table, int blocks = 5, double noise = 0.002,
                         std::int64_t seed = 1) {
  Normals normals(seed);
  int factors = 0;
  while (std::size_t{1} << factors < table.size()) ++factors;
  return fullStudy(factors, blocks,
                   [&](Coalition coalition, int) { return table[coalition] + noise * normals.next(); });
}

inline Facts factsOf(const Responses& responses, const AnalysisOptions& options = {}) {
  Facts facts;
  facts.scope = {"Fashion-MNIST", "21-layer MLP of width 64",
                 "400 steps",     "lr tuned over 4 values with 8 trials per cell",
                 "test accuracy", "one dataset, 28x28 grey images"};
  facts.factors = responses.factors();
  facts.analysis = analyse(responses, options);
  return facts;
}

inline Texts textsOf(const Facts& facts, Rule rule) {
  Texts texts;
  for (const Sentence& sentence : verdict(facts))
    if (sentence.rule == rule) texts.push_back(sentence.text);
  return texts;
}

inline bool speaks(const Facts& facts, Rule rule) { return !textsOf(facts, rule).empty(); }

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The only text of a rule.
inline std::string textOf(const Facts& facts, Rule rule) {
  const Texts texts = textsOf(facts, rule);
  EXPECT_EQ(texts.size(), 1u);
  return texts.empty() ? "" : texts[0];
}

// Bit 0 act, 1 norm, 2 skip.
inline const std::vector<double> kEither = {0.10, 0.10, 0.80, 0.81, 0.81, 0.82, 0.84, 0.85};  // norm or skip
inline const std::vector<double> kSingle = {0.10, 0.11, 0.80, 0.81,
                                            0.12, 0.13, 0.82, 0.83};  // norm alone, and nothing without it
inline const std::vector<double> kTogether = {0.10, 0.11, 0.12, 0.80,
                                              0.11, 0.12, 0.13, 0.81};  // act and norm need each other
inline const std::vector<double> kAdditive = {0.10, 0.30, 0.30, 0.50, 0.30, 0.50, 0.50, 0.70};  // each a third
inline const std::vector<double> kNothing = std::vector<double>(8, 0.10);

}  // namespace nnc::statistics
