// A project of one train with made-up data, its slots, and a bench to measure them on.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elaborate/elaborate.h"
#include "probes/bench.h"
#include "training/source_store.h"
#include "training/weights.h"

namespace nnc::probes {

class BenchTest : public testing::Test {
 protected:
  BenchTest() {
    const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nnc_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" + info->name());
    std::filesystem::create_directories(folder_);
  }
  ~BenchTest() override { std::filesystem::remove_all(folder_); }

  /// Loads the text, its only train and the data; slots are the initial ones of `seed`.
  void open(const std::string& text, std::int64_t seed = 1) {
    std::ofstream(folder_ / "main.nn") << text;
    project_ = elaborate::Project::load((folder_ / "main.nn").string(), sources_, diagnostics_);
    ASSERT_NE(project_, nullptr) << messages();
    train_ = project_->train("", {});
    ASSERT_TRUE(train_) << messages();
    data_ = training::DataSet::locate(train_->data, store_, diagnostics_);
    ASSERT_TRUE(data_ && data_->read(diagnostics_)) << messages();
    source_ = std::make_unique<ProjectProbes>(*project_, *train_);
    bench_.emplace(engine::Options{});
    bench_->attend(*source_, *train_, *data_, diagnostics_);
    tensors_ = training::initialTensors(train_->initModule, train_->init, seed);
    keepSlots();
  }

  void keepSlots() {
    std::vector<const std::byte*> pointers;
    for (const ir::Tensor& tensor : tensors_) pointers.push_back(tensor.bytes.data());
    slots_.emplace(*train_, pointers);
  }

  /// Sets the elements of one slot, by path.
  void set(const std::string& path, const std::vector<double>& values) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (train_->slots[i].path != path) continue;
      ASSERT_EQ(static_cast<std::int64_t>(values.size()), tensors_[i].type.elementCount());
      for (std::size_t k = 0; k < values.size(); ++k) tensors_[i].setReal(static_cast<std::int64_t>(k), values[k]);
      keepSlots();
      return;
    }
    FAIL() << "no slot " << path;
  }

  Rows measured(const std::string& name, const SlotCopy* before = nullptr, std::int64_t step = 0) {
    Rows rows;
    EXPECT_TRUE(measureNative(name, *bench_, {slots_->view(), step, before}, rows)) << messages();
    return rows;
  }

  std::string messages() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics_.all())
      text += std::string(diagnostic.code) + " " + diagnostic.message + "\n";
    return text;
  }

  std::filesystem::path folder_;
  SourceManager sources_;
  Diagnostics diagnostics_;
  std::unique_ptr<elaborate::Project> project_;
  std::optional<elaborate::TrainProgram> train_;
  training::SourceStore store_;
  std::optional<training::DataSet> data_;
  std::unique_ptr<ProjectProbes> source_;
  std::optional<Bench> bench_;
  std::vector<ir::Tensor> tensors_;
  std::optional<SlotCopy> slots_;
};

/// A train of `network` on x = 1, 2, 3, 4 and y = `y`, squared error, learning rate 1/8.
inline std::string scalarTrain(const std::string& network, const std::string& y) {
  return "network net(x: f32[B, 1]) -> f32[B, 1] = " + network +
         "\ntrain fit {\n  network: net\n"
         "  data: generate(4, fn (i, key) => (x: full([1], 1.0) * cast(i + 1, f32), y: " +
         y + "))\n  loss: mse\n  optimizer: sgd(0.125)\n  batch: 4\n  steps: 1\n}\n";
}

}  // namespace nnc::probes
