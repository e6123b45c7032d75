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
enum class ApiStatus : int { Ok = 0, Null = -1, Shape = -2, Workspace = -3, Align = -4 };
struct ApiStatusText {
  ApiStatus status;
  std::string_view name;  // FASHION_E_<name>
  std::string_view text;  // of NAME_strerror
};
const std::vector<ApiStatusText>& apiStatusTexts();

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
  std::int64_t bytes = 0;                     // for any B up to this entry's
};
std::vector<EntryWorkspace> entryWorkspaces(const ModelApi& api);

/// {"abi": 1, "name": ..., "inputs": [{"name", "dtype", "shape"}], ...}
std::string signatureJson(const ModelApi& api);
/// `externals` are the symbols that the object needs.
std::string cHeader(const ModelApi& api, const std::vector<std::string>& externals);

}  // namespace nnc::codegen
