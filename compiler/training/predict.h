// A trained network applied to rows of the user's own: what `nnc predict --input` does.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/elaborate.h"
#include "engine/engine.h"
#include "nnc/array.h"

namespace nnc::training {

struct PredictOptions {
  std::string weights;  // a run folder (its `last`), a link or a .safetensors file
  std::string input;    // see predictRows
  engine::Options engine;
  std::int64_t seed = 0;  // of the random numbers of a network that draws some
};

/// What a network says of rows.
struct Predictions {
  std::vector<runtime::NamedArray> arrays;  // one per output, axis 0 the row
  std::vector<std::string> words;           // of each row's class, when the weights have words for classes; else empty
};

/// The network's outputs for every row of a file, in mode eval.
///
/// The class of a row is the place of the largest element of the first output, when that has as many elements as the
/// weights have words (`classes:..` in their metadata, from a reader whose labels are words).
///
/// Rows that have the type of the raw fields go through the map of the data block, as in training; rows that have the
/// type of what the network takes go to it as they are. Where both have one type, they are raw.
///   .npy  one array, axis 0 the row; an array of the shape of one row is one row
///   .npz  one array per raw field, or one per argument of the network, by name
///   .csv  numbers, the elements of a row in row-major order, field after field; a first line without numbers is a
///         header
///   .png .jpg  one image, in the size of the raw field, which is u8[3, h, w] or grey u8[h, w]
/// Errors  E1230-E1233 the input; E13xx weights; E11xx memory: emitted, result is empty.
std::optional<Predictions> predictRows(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const PredictOptions& options, Diagnostics& diagnostics);

/// Writes outputs as the name of the file says: .npy (one array), .npz, .csv (a line for each row) or .json.
///
/// Needs   one of these endings.
/// Errors  E1233 .npy for several outputs; E1401.
bool writeOutputs(const std::string& path, const Predictions& outputs, Diagnostics& diagnostics);

/// A header, and a line for each row with the elements of all outputs, the word of its class last.
std::string outputsAsCsv(const Predictions& outputs);
/// `[{"logits": [..], "class": "coat"}, ..]`, a line for each row.
std::string outputsAsJson(const Predictions& outputs);

}  // namespace nnc::training
