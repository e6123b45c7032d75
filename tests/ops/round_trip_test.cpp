// Every sample as text and back: the same text again, and bit-identical results.
#include <gtest/gtest.h>

#include "db/sample.h"
#include "ir/evaluate.h"
#include "ir/print.h"
#include "ir/verify.h"

namespace nnc::ops {
namespace {

TEST(RoundTrip, EverySampleSurvivesText) {
  for (const Row& row : allRows()) {
    for (const Sample& sample : row.samples) {
      const std::string id = idOf(row, sample);
      const ir::Module module = makeModule(row, sample);
      ASSERT_EQ(ir::verify(module), std::vector<std::string>{}) << id;
      const std::string text = ir::print(module);
      SourceManager sources;
      Diagnostics diagnostics;
      const std::optional<ir::Module> again = ir::parse(sources.add(id, text), sources, diagnostics);
      ASSERT_TRUE(again.has_value()) << id << ": " << diagnostics.all()[0].message << "\n" << text;
      EXPECT_EQ(ir::print(*again), text) << id;
      const std::vector<ir::Tensor> inputs = makeInputs(row, sample);
      const std::vector<ir::Tensor> results = ir::evaluate(module, entryOf(module), inputs);
      const std::vector<ir::Tensor> resultsAgain = ir::evaluate(*again, entryOf(*again), inputs);
      ASSERT_EQ(results.size(), resultsAgain.size()) << id;
      for (std::size_t i = 0; i < results.size(); ++i) {
        EXPECT_EQ(results[i].type, resultsAgain[i].type) << id;
        EXPECT_EQ(results[i].bytes, resultsAgain[i].bytes) << id;
      }
    }
  }
}

}  // namespace
}  // namespace nnc::ops
