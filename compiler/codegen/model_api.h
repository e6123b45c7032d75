// An exported network as a C library: what `nnc build` hands to Backend::object, and what the header is written from.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ir/module.h"

namespace nnc::codegen {

/// A tensor that the caller passes. With a batch dim, `types` are those of one example.
struct ApiTensor {
  std::string name;
  std::vector<ir::Type> types;  // one per entry
};

/// A parameter or network state of the model.
struct ApiWeight {
  std::string path;
  ir::Type type;
  std::string bytes;  // its elements; ignored when the caller passes the weights
};

/// A tensor of a session, and the number that all its elements begin with.
struct ApiState {
  std::string path;
  ir::Type type;
  double initial = 0.0;
};

/// The planned function of one shape: (weights.., inputs.., seed: i64, states..) -> (outputs.., states'..), whole
/// batches. The aliases are those of the states.
struct ApiEntry {
  const ir::Module* module = nullptr;
  ir::FunctionId function;
  std::int64_t batch = 1;
  std::vector<std::int64_t> sizes;  // of ModelApi::dims
  /// Planned, of the same parameters -> bool[]: whether the call would overrun a state.
  const ir::Module* overrunModule = nullptr;
  ir::FunctionId overrun;
};

/// `#define FASHION_CLASSES 10`.
struct ApiConstant {
  std::string name;
  std::variant<bool, std::int64_t, double, std::string> value;
};

struct ModelApi {
  std::string prefix;      // of every C name: `fashion`
  std::string sourceName;  // `fashion.nn`, without a folder
  std::string sourceHash;  // hexadecimal digits
  std::string compiler;    // `nnc 0.1.0`
  std::vector<ApiTensor> inputs, outputs;
  std::vector<ApiWeight> weights;
  std::vector<ApiState> session;  // empty: calls are independent of each other
  std::vector<std::string> dims;  // listed dims but the batch: arguments that take exactly the sizes of the entries
  bool drawsRandom = false;       // an argument `seed`; false: no entry reads the seed
  bool weightsEmbedded = true;    // or there are none; false: the caller passes them to every call
  bool hasBatch = true;           // false, and always with a session: no argument B, tensors are whole
  std::vector<ApiEntry> entries;  // ascending by sizes, then by batch; at least one
  std::vector<ApiConstant> constants;
};

/// Written next to each other as NAME.o and NAME.h.
struct ModelObject {
  std::string object;
  std::string header;
};

}  // namespace nnc::codegen
