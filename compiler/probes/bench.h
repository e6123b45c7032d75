// What native probes work with: a train, its programs, the examples, and one setting of the slots.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/program.h"

namespace nnc::probes {

/// The values of one series at one step.
struct Row {
  std::string series;
  std::vector<std::string> paths;
  std::vector<double> values;
};
using Rows = std::vector<Row>;

/// A run between two steps.
struct Moment {
  Slots slots;
  std::int64_t step = 0;             // completed steps
  const SlotCopy* before = nullptr;  // the slots one step earlier, for probes that look at a step
};

/// Keeps what was compiled and loaded; one thread at a time.
class Bench {
 public:
  explicit Bench(engine::Options options) : options_(std::move(options)) {}

  /// Before each moment: where programs come from, the train, its data, which was read, and where to report. Lent until
  /// the next call.
  void attend(ProbeSource& source, const elaborate::TrainProgram& train, const training::DataSet& data,
              Diagnostics& diagnostics) {
    source_ = &source;
    train_ = &train;
    data_ = &data;
    diagnostics_ = &diagnostics;
  }
  /// Before a run of the same train on other data, or on another split of it: programs stay.
  void forgetExamples() {
    probeSet_.reset();
    trainingSet_.reset();
  }

  const elaborate::TrainProgram& train() const { return *train_; }
  const training::DataSet& data() const { return *data_; }
  Diagnostics& diagnostics() { return *diagnostics_; }

  /// The first 500 examples of `valid`, or of `train`: fewer if there are fewer. Null: reported.
  const Examples* probeSet();
  /// The first 2000 examples of `train`.
  const Examples* trainingSet();
  /// A program for a batch size. Null: reported.
  Program* program(elaborate::ProbeKind kind, std::int64_t batch);
  /// A program of series over the probe set. Null: reported.
  Program* series(const std::vector<elaborate::ProbeDefinition>& probes);
  /// One series of the stdlib at this moment. Empty: reported.
  std::optional<Row> standard(const std::string& name, const Moment& moment, std::vector<std::int64_t>& sizes);
  /// The chain of the train's hidden layers, if they are one; looked for once. Empty: reported.
  std::optional<std::optional<elaborate::LayerChain>> layerChain();
  /// E1806 unless there are `needed` examples.
  [[nodiscard]] bool requireExamples(const Examples& examples, std::int64_t needed, std::string_view probe);

 private:
  Program* keptSeries(const std::string& key, const std::vector<elaborate::ProbeDefinition>& probes);

  engine::Options options_;
  ProbeSource* source_ = nullptr;
  const elaborate::TrainProgram* train_ = nullptr;
  const training::DataSet* data_ = nullptr;
  Diagnostics* diagnostics_ = nullptr;
  std::optional<Examples> probeSet_, trainingSet_;
  std::map<std::pair<elaborate::ProbeKind, std::int64_t>, Program> programs_;
  std::map<std::string, Program> series_;
  std::optional<std::optional<elaborate::LayerChain>> chain_;
};

/// The rows of a series program that has run.
Rows rowsOf(const Program& program);

// The native probes, one function for each row of native_probes.def. False: reported.
#define NNC_NATIVE_PROBE(NAME, SPELLING, ...) \
  [[nodiscard]] bool measure##NAME(Bench& bench, const Moment& moment, Rows& rows);
#include "elaborate/native_probes.def"
#undef NNC_NATIVE_PROBE

/// Calls the function of a native probe.
[[nodiscard]] bool measureNative(std::string_view name, Bench& bench, const Moment& moment, Rows& rows);
/// Whether it looks at a step, Moment::before and what came of it, and not at one setting of the slots.
bool looksAtStep(std::string_view name);

/// Numbers that are the same for the same name and counter: standard normal, and 1 or -1 with equal chances.
double normalAt(std::string_view name, std::int64_t counter, std::int64_t element);
double signAt(std::string_view name, std::int64_t counter, std::int64_t element);

}  // namespace nnc::probes
