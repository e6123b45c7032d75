// A small classifier with its own IDX files in a temporary folder, and runs of it.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "elaborate/elaborate.h"
#include "training/run.h"

namespace nnc::training {

namespace fs = std::filesystem;

/// Dropout, momentum and a shuffle: everything whose state could get lost between two halves of a run.
inline constexpr const char* kProgram = R"(data points {
  source: idx("x.idx", "y.idx")
  test:   idx("tx.idx", "ty.idx")
  fields: (pixels: u8[6], label: u8)
  let x = cast(pixels, f32) / 255.0
  let y = cast(label, i32)
  split:  (train: 0..70, valid: 70..100)
}

network net(hidden: dim = 8)(x: f32[B, 6]) -> f32[B, 3] = x |> dense(hidden) |> relu |> dropout(0.2) |> dense(3)

train classify(hidden: dim = 8, lr: real = 0.1, epochs: int = 4) {
  network:   net(hidden)
  data:      points
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(lr, momentum: 0.9)
  batch:     16
  epochs:    epochs
}
)";

class TrainTest : public testing::Test {
 protected:
  TrainTest() {
    const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) /
              ("nnc-" + std::to_string(::getpid()) + "-" + info->test_suite_name() + "-" + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    writeData("x.idx", "y.idx", 100, 1);
    writeData("tx.idx", "ty.idx", 37, 2);
    program_ = kProgram;
  }
  ~TrainTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }

  static std::string idxHeader(const std::vector<std::uint32_t>& sizes) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
    for (const std::uint32_t size : sizes)
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xFF);
    return bytes;
  }
  /// Three blobs of six bytes: the label says which pair of bytes is bright.
  void writeData(const std::string& images, const std::string& labels, std::uint32_t rows, unsigned seed) const {
    std::mt19937 engine(seed);
    std::string x = idxHeader({rows, 6}), y = idxHeader({rows});
    for (std::uint32_t row = 0; row < rows; ++row) {
      const unsigned label = engine() % 3;
      y += static_cast<char>(label);
      for (unsigned i = 0; i < 6; ++i) x += static_cast<char>(engine() % 100 + (i / 2 == label ? 100 : 0));
    }
    write(images, x);
    write(labels, y);
  }

  /// Replaces text of the program. Fails the test when it is not there.
  void edit(const std::string& from, const std::string& to) {
    const std::size_t at = program_.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    program_.replace(at, from.size(), to);
  }

  struct Attempt {
    std::optional<RunResult> result;
    Diagnostics diagnostics;
    std::string messages;  // one a line: code, text; then notes and help, indented
    std::string blamed;    // the source text that the first message points at
  };

  /// Loads the program, elaborates its train and calls `use(project, train, diagnostics)`.
  template <typename Use>
  Attempt with(const std::vector<elaborate::Override>& overrides, Use use) const {
    write("main.nn", program_);
    Attempt outcome;
    SourceManager sources;
    const std::unique_ptr<elaborate::Project> project =
        elaborate::Project::load(path("main.nn"), sources, outcome.diagnostics);
    std::optional<elaborate::TrainProgram> train;
    if (project != nullptr) train = project->train("", overrides);
    if (train) use(*project, *train, outcome);
    for (const Diagnostic& diagnostic : outcome.diagnostics.all()) {
      outcome.messages += std::string(diagnostic.code) + " " + diagnostic.message + "\n";
      for (const std::string& note : diagnostic.notes) outcome.messages += "  note " + note + "\n";
      for (const std::string& help : diagnostic.help) outcome.messages += "  help " + help + "\n";
    }
    // The scratch folder has another name each time.
    for (std::size_t at; (at = outcome.messages.find(folder_.string() + "/")) != std::string::npos;)
      outcome.messages.erase(at, folder_.string().size() + 1);
    if (!outcome.diagnostics.all().empty() && outcome.diagnostics.all()[0].primary)
      outcome.blamed = sources.text(outcome.diagnostics.all()[0].primary);
    return outcome;
  }

  RunOptions options(const std::string& out) const {
    RunOptions options;
    options.out = path(out);
    options.progress = Progress::None;
    return options;
  }
  Attempt train(const RunOptions& options, const std::vector<elaborate::Override>& overrides = {}) const {
    return with(overrides, [&](elaborate::Project& project, const elaborate::TrainProgram& program, Attempt& outcome) {
      outcome.result = run(project, program, options, outcome.diagnostics);
    });
  }
  /// Trains in a new folder and expects it to work.
  RunResult trained(const std::string& out, const std::vector<elaborate::Override>& overrides = {}) const {
    const Attempt outcome = train(options(out), overrides);
    EXPECT_TRUE(outcome.result) << outcome.messages;
    return outcome.result.value_or(RunResult{});
  }

  std::vector<nlohmann::json> lines(const std::string& name) const {
    std::vector<nlohmann::json> result;
    std::ifstream in(path(name));
    for (std::string line; std::getline(in, line);) result.push_back(nlohmann::json::parse(line));
    return result;
  }
  std::vector<std::string> names(const std::string& folder) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path(folder))) found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder_;
  std::string program_;
};

}  // namespace nnc::training
