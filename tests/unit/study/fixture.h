// A study folder of its own for each test, and runs with everything in them.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "study/codec.h"
#include "study/results.h"

namespace nnc::study {

namespace fs = std::filesystem;

class StudyTest : public testing::Test {
 protected:
  StudyTest() {
    const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        (fs::path(testing::TempDir()) / ("nnc-study-" + std::to_string(::getpid()) + "-" + info->name())).string();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~StudyTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string contents(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
  }
  /// Codes of the messages in the order of emission.
  static std::string codes(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.all())
      text += (text.empty() ? "" : " ") + std::string(diagnostic.code);
    return text;
  }

  std::string folder_;
};

/// A run with every kind of value; numbers differ from index to index.
inline Run sampleRun(int index) {
  Run run;
  run.id = "00000000000000" + std::to_string(10 + index);
  run.cell = "cell" + std::to_string(index);
  run.block = index;
  run.tuned = 0.1 / (index + 1);
  run.status = Status::Diverged;
  run.reason = "a \"reason\" with\nlines \xC3\xA9";
  run.steps = 1000000007 + index;
  run.examples = 1LL << 60;
  run.spent = {1.5, 2.5, 0.25};
  run.limitSeconds = 20.0;
  run.origin = "nnc 0, x86-64, Haswell";
  run.flops = 1e300 / 3.0;
  run.curves = {{"valid.loss", {0, 100, 200}, {2.302585092994046, 5e-324, std::numeric_limits<double>::infinity()}}};
  run.probes = {{"grad", {"net.h[0].w", "net.h[1].w"}, {0, 50}, {{1e-40, -0.0}, {0.1, 1.0 / 3.0}}}};
  run.measures = {
      {"test", {0.8612, false, false}}, {"speed", {400.0, true, false}}, {"cost", {0.25 + index, false, true}}};
  run.trainSeconds = 1.5 + index;
  run.wallSeconds = 1.75;
  run.curveSeconds = {0.0, 0.7, 1.5};
  return run;
}

}  // namespace nnc::study
