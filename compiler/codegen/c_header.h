// The C side of an exported model: names, sizes, the header's text and the signature as JSON. No LLVM.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/model_api.h"

namespace nnc::codegen {

inline constexpr int kApiVersion = 1;
inline constexpr std::int64_t kApiAlignment = 64;  // of the workspace, and of each weight within all of them

/// What the functions of the header return.
enum class ApiStatus : int { Ok = 0, Null = -1, Shape = -2, Workspace = -3, Align = -4, Session = -5, Full = -6 };
struct ApiStatusText {
  ApiStatus status;
  std::string_view name;  // FASHION_E_<name>
  std::string_view text;  // of NAME_strerror
};
/// Those that the functions of this model return.
std::vector<ApiStatusText> apiStatusTexts(const ModelApi& api);

bool isCIdentifier(std::string_view name);

/// What is wrong with `api` (a prefix that is no C identifier, types that do not fit the entries); empty: nothing.
std::string checkModelApi(const ModelApi& api);

/// Where each weight begins within all of them, and their size.
struct WeightLayout {
  std::vector<std::int64_t> offsets;
  std::int64_t bytes = 0;
};
WeightLayout weightLayout(const ModelApi& api);
/// All weights, laid out.
std::string weightBytes(const ModelApi& api);

/// The workspace of one entry: its arena, then room for padded inputs and outputs.
struct EntryWorkspace {
  std::vector<std::int64_t> inputs, outputs;  // offsets of the padded tensors
  std::int64_t bytes = 0;                     // for any B up to this entry's, with the same sizes
};
std::vector<EntryWorkspace> entryWorkspaces(const ModelApi& api);

/// A session in the caller's memory: the mark that it was initialised by this model, then the states.
struct SessionLayout {
  std::vector<std::int64_t> offsets;
  std::int64_t bytes = 0;
  std::uint64_t mark = 0;
};
SessionLayout sessionLayout(const ModelApi& api);

/// Sizes that entries were compiled for, ascending.
std::vector<std::int64_t> listedBatches(const ModelApi& api);
std::vector<std::int64_t> listedSizes(const ModelApi& api, std::size_t dim);
/// The shape of a tensor in words, one per axis: `B`, `28`, the name of a listed dim, or `_` where it follows from
/// them.
std::vector<std::string> sizeTexts(const ModelApi& api, const ApiTensor& tensor);

/// {"abi": 1, "name": ..., "inputs": [{"name", "dtype", "shape"}], ...}
std::string signatureJson(const ModelApi& api);
/// `externals` are the symbols that the object needs.
std::string cHeader(const ModelApi& api, const std::vector<std::string>& externals);

}  // namespace nnc::codegen
