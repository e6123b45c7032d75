// A small study: a plan made by hand over a real program, whose runs take milliseconds.
#pragma once
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "../training/fixture.h"
#include "diagnostics/kinds/data.h"
#include "experiment/run_study.h"
#include "study/codec.h"
#include "study/tuning.h"
#include "support/hash.h"
#include "training/project_source.h"

namespace nnc::experiment {

namespace fs = std::filesystem;

inline constexpr const char* kStudyProgram = R"(data points {
  source: idx("x.idx", "y.idx")
  test:   idx("tx.idx", "ty.idx")
  fields: (pixels: u8[6], label: u8)
  let x = cast(pixels, f32) / 255.0
  let y = cast(label, i32)
  split:  (train: 0..64, valid: 64..96)
}

network net(hidden: dim, drop: real, late: real)(x: f32[B, 6]) -> f32[B, 3] =
  x |> dense(hidden) |> relu |> dropout(drop) |> dense(3) |> dropout(late)

train classify(hidden: dim = 8, drop: real = 0.2, late: real = 0.0, lr: real = 0.1) {
  network:   net(hidden, drop, late)
  data:      points
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(lr, momentum: 0.9)
  batch:     16
  steps:     12
}
)";

/// One cell's train, from a project of its own.
class LoadedPrograms final : public CellPrograms {
 public:
  LoadedPrograms(std::mutex& mutex, const std::string& file, const std::vector<elaborate::Override>& overrides)
      : mutex_(mutex), project_(elaborate::Project::load(file, sources_, diagnostics_)) {
    train_ = project_->train("", overrides);
    source_ = std::make_unique<training::ProjectSource>(*project_, *train_);
  }
  const elaborate::TrainProgram& train() const override { return *train_; }
  std::optional<elaborate::BatchProgram> step(std::int64_t batch) override {
    const std::lock_guard lock(mutex_);
    return source_->step(batch);
  }
  std::optional<elaborate::BatchProgram> evaluation(std::int64_t batch) override {
    const std::lock_guard lock(mutex_);
    return source_->evaluation(batch);
  }
  std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) override {
    const std::lock_guard lock(mutex_);
    return project_->probe(*train_, request);
  }
  elaborate::ProbeDefinition standardProbe(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    return project_->standardProbe(name);
  }

 private:
  std::mutex& mutex_;
  SourceManager sources_;
  Diagnostics diagnostics_;
  std::unique_ptr<elaborate::Project> project_;
  std::optional<elaborate::TrainProgram> train_;
  std::unique_ptr<training::ProjectSource> source_;
};

/// Cells are what `addCell` says; everything else is open to the test.
class HandMadePlan : public Plan {
 public:
  explicit HandMadePlan(std::string file) : file_(std::move(file)) {
    study_.name = "small";
    study_.measures = {{"test", "test.accuracy", study::Measure::Better::Higher, false, 1.0 / 3.0,
                        study::Measure::Scale::Fraction, "", std::nullopt}};
    study_.blocks = {{1, 1, 1}, {2, 2, 2}};
  }

  void addCell(std::vector<std::pair<std::string, std::string>> values) {
    study::Cell cell;
    std::string text;
    for (const auto& [name, value] : values) text += name + "=" + value + " ";
    cell.id = hexDigits(hashBytes(text));
    cell.values = std::move(values);
    cell.steps = 12;
    cell.trialSteps = 4;
    cell.flopsPerStep = 1000.0;
    study_.cells.push_back(std::move(cell));
  }

  const study::Study& study() const override { return study_; }
  const Rules& rules() const override { return rules_; }
  std::shared_ptr<CellPrograms> programs(std::size_t cell, std::optional<double> tuned,
                                         Diagnostics& diagnostics) override {
    const std::lock_guard lock(mutex_);
    ++programsMade;
    if (refusedCell == cell) {
      diagnostics.emit<diag::PartEmpty>({}, "refused");
      return nullptr;
    }
    std::vector<elaborate::Override> overrides;
    for (const auto& [name, value] : study_.cells[cell].values) overrides.push_back({name, value});
    if (tuned) overrides.push_back({"lr", fmt::format("{}", *tuned)});
    return std::make_shared<LoadedPrograms>(mutex_, file_, overrides);
  }
  CellRows rows(std::size_t cell) const override { return cell < rows_.size() ? rows_[cell] : CellRows{64, 32, 32}; }
  std::map<std::string, study::MeasuredValue> measure(const study::Run& run) const override {
    if (run.status == study::Status::Diverged || run.status == study::Status::Failed)
      return {{"test", {1.0 / 3.0, false, false}}};
    return {{"test", {study::lastValue(run, "test.accuracy"), false, false}}};
  }

  study::Study study_;
  Rules rules_;
  std::vector<CellRows> rows_;
  std::optional<std::size_t> refusedCell;
  int programsMade = 0;

 private:
  std::string file_;
  std::mutex mutex_;
};

class StudyTest : public training::TrainTest {
 protected:
  StudyTest() {
    program_ = kStudyProgram;
    writeData("tx.idx", "ty.idx", 32, 2);  // every batch is whole: two programs for each cell
    write("main.nn", program_);
    // Cells differ in numbers alone, and tests make the same ones: compiled once for all.
    static engine::CodeCache code;
    options_.engine.cache = &code;
    options_.workers = 1;
    options_.progress = training::Progress::None;
  }

  /// Two by two cells in two blocks; `withTuning`: three rates, one trial block of five steps.
  std::unique_ptr<HandMadePlan> plan(bool withTuning = false) const {
    auto plan = std::make_unique<HandMadePlan>(path("main.nn"));
    for (const char* const hidden : {"4", "8"})
      for (const char* const drop : {"0.0", "0.5"}) plan->addCell({{"hidden", hidden}, {"drop", drop}});
    if (withTuning) plan->study_.tuning = study::Tuning{"lr", {0.01, 0.1, 0.5}, "valid.loss", true, "4 steps", 1};
    return plan;
  }

  struct Ran {
    std::optional<StudyOutcome> outcome;
    std::string messages;  // codes and texts, one a line
  };
  Ran run(Plan& plan, const std::string& folder) const {
    Ran ran;
    Diagnostics diagnostics;
    const std::unique_ptr<study::ResultsFile> file = study::ResultsFile::open(path(folder), diagnostics);
    if (file != nullptr) ran.outcome = runStudy(plan, *file, options_, diagnostics);
    for (const Diagnostic& message : diagnostics.all())
      ran.messages += std::string(message.code) + " " + message.message + "\n";
    return ran;
  }
  /// Runs and expects that it works.
  StudyOutcome finished(Plan& plan, const std::string& folder) const {
    const Ran ran = run(plan, folder);
    EXPECT_TRUE(ran.outcome) << ran.messages;
    return ran.outcome.value_or(StudyOutcome{});
  }
  std::vector<study::Run> runs(const std::string& folder) const {
    Diagnostics diagnostics;
    return study::readRuns(path(folder), diagnostics).value_or(std::vector<study::Run>());
  }
  /// The results without what clocks said.
  std::string timeless(const std::string& folder) const {
    std::string text;
    for (study::Run& run : runs(folder)) {
      run.trainSeconds = run.wallSeconds = 0.0;
      run.curveSeconds.clear();
      run.spent = {};
      run.limitSeconds.reset();
      text += study::runText(run) + "\n";
    }
    return text;
  }

  StudyOptions options_;
};

}  // namespace nnc::experiment
