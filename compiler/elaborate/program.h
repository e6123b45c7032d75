// What elaboration hands on: fully specialised programs. Every size is a number, every choice is made.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ir/module.h"
#include "support/source.h"

namespace nnc::elaborate {

/// A tensor that lives from step to step, keyed by its path (`net.h.dense.w`).
enum class SlotKind : std::uint8_t {
  Parameter,       // trained, unless frozen
  NetworkState,    // `state` of a layer: running statistics
  OptimizerState,  // `state` of the optimizer: `net.h.dense.w/m`
  SessionState,    // `state(scope: .session)` of a layer: a KV cache; in mode .serve only
};
struct Slot {
  std::string path;
  ir::Type type;
  SlotKind kind = SlotKind::Parameter;
  bool isTrained = true;  // parameters only
  bool decay = true;      // attribute `decay`
  std::string layer;      // of the stdlib that declares it; empty: the user's own
  Span declared;
};

/// A tensor of one example: what the reader delivers or what the map code defines.
struct Field {
  std::string name;
  ir::Type type;  // of ONE example
};

/// A file, a pattern or a folder as a reader names it. Paths as written; the loader resolves them.
struct SourceFile {
  std::string name;
  Span span;  // of the string, for messages
};

/// `idx("images", "labels")`: one file per field, rows along the first axis.
struct IdxSource {
  std::vector<SourceFile> files;
};

/// `npy("x.npy", "y.npy")`: one file per field, rows along the first axis.
struct NpySource {
  std::vector<SourceFile> files;
};
/// `npz("file.npz")`: the arrays have the names of the fields.
struct NpzSource {
  SourceFile file;
};
/// `bin("data_*.bin", record: (..))`: records without gaps, little endian, in all files of the pattern by name.
struct BinSource {
  SourceFile pattern;
};

/// `csv("file", header: .auto, label: "column", missing: 0.0)`: fields take consecutive columns, the label comes last.
enum class CsvHeader : std::uint8_t { Auto, Yes, No };
struct CsvSource {
  SourceFile file;
  CsvHeader header = CsvHeader::Auto;
  std::optional<SourceFile> label;  // the name of a column
  std::optional<double> missing;    // the value of an empty cell
};

/// `images("folder", size: (h, w))`: a folder for each class.
struct ImagesSource {
  SourceFile folder;
  std::int64_t height = 0, width = 0;
};

/// What the tokens of a text are.
enum class Vocabulary : std::uint8_t { Bytes, Characters, BytePairs };
/// `text_windows("file", 128, vocab: .bytes)`: windows of `length` tokens one after the other, and the next tokens.
struct TextSource {
  SourceFile file;
  std::int64_t length = 0;
  Vocabulary vocabulary = Vocabulary::Bytes;
  SourceFile tokenizer;  // BytePairs: what `nnc bpe train` wrote
};

/// `generate(n, fn (i, key) => (x: .., y: ..), seed: 0)`: examples that a function makes.
struct GenerateSource {
  std::int64_t count = 0, seed = 0;
  ir::Module module;
  ir::FunctionId function;  // (i: i64, seed: i64) -> the fields of example i
};

struct Source;
/// `zip(idx(..), npy(..))`: rows side by side; the fields of the sources one after the other.
struct ZipSource {
  std::vector<Source> sources;
  std::vector<std::size_t> fieldCounts;  // of each source
};

/// Where rows come from: a reader with its arguments.
struct Source {
  // Out of line, with all that it takes to copy and destroy the readers.
  Source();
  Source(const Source&);
  Source(Source&&) noexcept;
  Source& operator=(const Source&);
  Source& operator=(Source&&) noexcept;
  ~Source();

  std::variant<IdxSource, NpySource, NpzSource, BinSource, CsvSource, ImagesSource, TextSource, GenerateSource,
               ZipSource>
      node;
  Span span;
  std::string baseDirectory;  // of the file that wrote the data block
};

/// Rows [begin, end) of the main source.
struct RowRange {
  std::int64_t begin = 0, end = 0;
};
struct SplitPart {
  std::string name;                      // "train", "valid"
  RowRange rows;                         // explicit ranges
  std::optional<double> randomFraction;  // of split: random(valid: 0.1); `rows` is then unused
  Span span;
};

/// A `data` block. `map` computes the fields of one example from the raw fields of one row.
struct DataProgram {
  std::string name;
  Source source;
  std::optional<Source> test;    // a second source, its rows are the part "test"
  std::vector<Field> raw;        // what the source delivers, in its order
  std::vector<Field> fields;     // results of `map`, in order of definition
  std::vector<SplitPart> split;  // empty: all rows of `source` are "train"
  std::optional<std::int64_t> splitSeed;
  std::optional<std::int64_t> take;  // `mnist.take(n)`: at most n rows of the training part
  bool shuffle = true;
  ir::Module module;
  ir::FunctionId map;  // (raw fields of one row) -> (fields of one example)
  /// The same for training, with the augmentations: (raw fields.., seed: i64, counter: i64) -> fields. Random numbers
  /// are functions of seed and counter, see augmentationCounter.
  std::optional<ir::FunctionId> augmentedMap;
  /// How many classes an integer field may name, when the loss or a metric indexes with it: labels are checked
  /// against it when data is loaded (field name, exclusive upper bound).
  std::vector<std::pair<std::string, std::int64_t>> labelBounds;
  Span span;
};

/// The counter of the random numbers of one row in one epoch. Rows are below 2^40.
constexpr std::int64_t augmentationCounter(std::int64_t epoch, std::int64_t row) { return (epoch << 40) + row; }

/// `target: valid.accuracy >= 0.9`: what a run is to reach.
struct Target {
  std::string metric;  // `valid.accuracy`
  double value = 0.0;
  bool isAtMost = false;  // `<=`
};

/// How often a run saves itself within an epoch; every epoch ends with a checkpoint anyway. At most one is set.
struct CheckpointPeriod {
  std::optional<double> seconds;
  std::optional<std::int64_t> steps;
};

/// Everything about a `train` that does not depend on the batch size.
struct TrainProgram {
  std::string name;
  std::size_t session = 0;                                  // of the Project that made it
  std::vector<std::pair<std::string, std::string>> values;  // its parameters as text, defaults included
  std::vector<std::string> setOnCommandLine;
  DataProgram data;
  std::vector<Slot> slots;  // parameters, then network states, then optimizer states, each in order of elaboration
  std::vector<std::string> metrics;
  std::vector<ir::Type> totals;  // what metrics sum over the batches of an evaluation
  std::int64_t batch = 0;
  std::optional<std::int64_t> epochs;
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> patience;  // stop: patience(valid.loss, n)
  std::string patienceMetric;
  CheckpointPeriod checkpoint;
  std::optional<Target> target;
  ir::DType precision = ir::DType::F32;
  /// (seed: i64) -> one tensor per slot, in order. Random numbers are keyed by the slot's path.
  ir::Module initModule;
  ir::FunctionId init;
  Span span;
};

/// The step of one batch size: a module of its own, so that the passes may specialise it.
///
/// `function`: (slots.., data fields used.., seed: i64, step: i64) -> (slots'.., loss, metric..)
///   Every result slot aliases its parameter. loss and metrics are f32 (f64) means over the batch. `step` counts
///   from 1. It holds a gradient call until the pass differentiate has run.
/// For evaluation: (parameters and network states.., totals.., data fields.., seed: i64, number of the first row: i64)
///   -> (loss: f32[B], metric: f32[B] or f32.., outputs.., totals'..): one number per example, so that a ragged batch
///   stays exact, or one number of all batches so far. A total's result aliases its parameter, which begins as zeros.
struct BatchProgram {
  ir::Module module;
  ir::FunctionId function;
  std::int64_t batch = 0;
  std::vector<std::string> fields;   // names of the data fields it takes, in order
  std::vector<std::string> outputs;  // evaluation: names of the network's outputs, in order
};

/// One series of a probe, and the columns of its values.
struct ProbeColumns {
  std::string name;                 // `grad_norm`; of a list: `act_stats.mean`, `act_stats.v0`
  std::vector<std::string> paths;   // `net.h.dense.w`; one empty name for a probe without a range
  std::vector<std::int64_t> sizes;  // of the tensor behind each column, in elements
};

/// Hidden layers of one width, each with nothing but an activation, and batch norm in front of it or not, between it
/// and the next one. What closed forms of signal propagation are about.
struct LayerChain {
  std::string activation;  // `relu`: of the stdlib
  bool isNormed = false;
  std::vector<std::string> weights;  // paths, of all layers but the first one
};

/// A program that looks at a network: it changes no slot and takes none of the optimizer. The network is in mode
/// .train with its noise off: layers that draw random numbers are in mode .eval.
///
/// `function`: (parameters and network states.., data fields.., seed: i64, step: i64, inputs..) -> results, named by
/// `outputs`.
struct ProbeProgram : BatchProgram {
  std::vector<ProbeColumns> series;  // of buildSeries: one for each result, f64[columns]
  std::optional<LayerChain> chain;   // of buildLayerChain
};

/// A tensor of a session, and the number that all its elements begin with.
struct SessionState {
  std::string path;
  ir::Type type;
  double initial = 0.0;
};

/// One specialised entry of an export.
struct ExportEntry : BatchProgram {
  std::vector<std::int64_t> sizes;     // of ExportProgram::dims
  std::vector<Field> inputs, results;  // with these sizes, per example if there is a batch; `outputs` names the results
  /// With session states that are written at a traced position: the same parameters -> bool[], whether a write would go
  /// outside. To be asked first, for the entry itself clamps.
  ir::Module overrunModule;
  std::optional<ir::FunctionId> overrun;
};

/// `export let images = 55000`: what a header tells besides its functions.
struct ExportedConstant {
  std::string name;
  std::variant<bool, std::int64_t, double, std::string> value;
};

/// `export llama() as name(B: 1, T: [1, 64])` or a train's network for `nnc build` and `nnc generate`.
struct ExportProgram {
  std::string name;                   // C prefix
  bool hasBatch = true;               // false: a function; sizes and types are those of whole tensors
  std::vector<std::int64_t> batches;  // sizes of the batch dim, ascending; one when there are session states
  std::vector<std::string> dims;      // the other listed dims
  std::vector<Slot> slots;            // parameters and network states, paths rooted at `net`
  ir::Module initModule;
  ir::FunctionId init;
  /// One per combination of sizes: (slots.., inputs.., seed: i64, session states..) -> (outputs.., session states'..),
  /// mode serve (eval for a train's network). A session state's result aliases its parameter.
  std::vector<ExportEntry> entries;
  bool drawsRandom = false;  // some entry reads the seed
  std::vector<SessionState> session;
  Span span;
};

}  // namespace nnc::elaborate
