// An exported network as a C library: what `nnc build` hands to Backend::object, and what the header is written from.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::codegen {

/// A tensor that the caller passes. With a batch dim, `type` is that of one example.
struct ApiTensor {
  std::string name;
  ir::Type type;
};

/// A parameter or network state of the model.
struct ApiWeight {
  std::string path;
  ir::Type type;
  std::string bytes;  // its elements; ignored when the caller passes the weights
};

/// The planned function of one batch size: (weights.., inputs..) -> (outputs..), whole batches, no aliases.
struct ApiEntry {
  const ir::Module* module = nullptr;
  ir::FunctionId function;
  std::int64_t batch = 1;
};

struct ModelApi {
  std::string prefix;      // of every C name: `fashion`
  std::string sourceName;  // `fashion.nn`, without a folder
  std::string sourceHash;  // hexadecimal digits
  std::string compiler;    // `nnc 0.1.0`
  std::vector<ApiTensor> inputs, outputs;
  std::vector<ApiWeight> weights;
  bool weightsEmbedded = true;    // false: an untrained export; the caller passes them to every call
  bool hasBatch = true;           // false: one entry, and no argument B
  std::vector<ApiEntry> entries;  // ascending batches, at least one
};

/// Written next to each other as NAME.o and NAME.h.
struct ModelObject {
  std::string object;
  std::string header;
};

}  // namespace nnc::codegen
