// Text of the header. It has to compile as C99 and as C++ by itself.
#include "codegen/c_header.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace nnc::codegen {

const std::vector<ApiStatusText>& apiStatusTexts() {
  static const std::vector<ApiStatusText> texts{
      {ApiStatus::Ok, "OK", "no error"},
      {ApiStatus::Null, "E_NULL", "a pointer is null"},
      {ApiStatus::Shape, "E_SHAPE", "the batch size is below 1 or above the largest compiled one"},
      {ApiStatus::Workspace, "E_WORKSPACE", "the workspace is too small"},
      {ApiStatus::Align, "E_ALIGN", "the workspace is not aligned to 64 bytes, or a tensor not to its elements"},
  };
  return texts;
}

static std::string_view cType(ir::DType dtype) {
  switch (dtype) {
    case ir::DType::F32:
      return "float";
    case ir::DType::F64:
      return "double";
    case ir::DType::BF16:
      return "uint16_t";
    case ir::DType::I8:
      return "int8_t";
    case ir::DType::U8:
    case ir::DType::Bool:
      return "uint8_t";
    case ir::DType::I32:
      return "int32_t";
    case ir::DType::I64:
      return "int64_t";
  }
  return "void";
}

static bool isIdentifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_'); });
}

static std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Argument names: those of the program, but for what C, C++ or the other arguments use.
static std::vector<std::string> argumentNames(const ModelApi& api) {
  static const std::set<std::string, std::less<>> kTaken{
      "B",         "ws",       "ws_bytes", "weights", "alignas",  "alignof",  "and",     "asm",       "auto",
      "bool",      "break",    "case",     "catch",   "char",     "class",    "const",   "continue",  "default",
      "delete",    "do",       "double",   "else",    "enum",     "explicit", "export",  "extern",    "false",
      "float",     "for",      "friend",   "goto",    "if",       "inline",   "int",     "long",      "mutable",
      "namespace", "new",      "not",      "nullptr", "operator", "or",       "private", "protected", "public",
      "register",  "requires", "restrict", "return",  "short",    "signed",   "sizeof",  "static",    "struct",
      "switch",    "template", "this",     "throw",   "true",     "try",      "typedef", "typename",  "union",
      "unsigned",  "using",    "virtual",  "void",    "volatile", "while",    "xor"};
  std::set<std::string> used;
  std::vector<std::string> names;
  for (const auto* tensors : {&api.inputs, &api.outputs})
    for (const ApiTensor& tensor : *tensors) {
      std::string name = tensor.name;
      for (char& c : name)
        if (static_cast<unsigned char>(c) >= 0x80 || (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_'))
          c = '_';
      if (!isIdentifier(name)) name.insert(0, "_");
      while (kTaken.contains(name) || !used.insert(name).second) name += '_';
      names.push_back(std::move(name));
    }
  return names;
}

static std::string checkTypes(const ModelApi& api, const ApiEntry& entry) {
  const ir::Function& function = entry.module->function(entry.function);
  if (!function.plan) return "an entry without a memory plan";
  if (function.parameters.size() != api.weights.size() + api.inputs.size() ||
      function.results.size() != api.outputs.size())
    return "an entry with other inputs or outputs than the model";
  if (!function.aliases.empty()) return "an entry that writes to its inputs";
  const auto whole = [&](ir::Type type) {
    if (api.hasBatch) type.shape.insert(type.shape.begin(), entry.batch);
    return type;
  };
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    if (function.type(function.parameters[i]) != api.weights[i].type)
      return "weight `" + api.weights[i].path + "` has another type";
  for (std::size_t i = 0; i < api.inputs.size(); ++i)
    if (function.type(function.parameters[api.weights.size() + i]) != whole(api.inputs[i].type))
      return "input `" + api.inputs[i].name + "` has another type";
  for (std::size_t i = 0; i < api.outputs.size(); ++i)
    if (function.type(function.results[i]) != whole(api.outputs[i].type))
      return "output `" + api.outputs[i].name + "` has another type";
  return {};
}

std::string checkModelApi(const ModelApi& api) {
  if (!isIdentifier(api.prefix)) return "`" + api.prefix + "` is not a C identifier";
  if (api.entries.empty()) return "a model without entries";
  if (!api.hasBatch && api.entries.size() != 1) return "several entries without a batch dim";
  std::int64_t last = 0;
  for (const ApiEntry& entry : api.entries) {
    if (entry.batch <= last) return "batches that do not ascend from 1";
    last = entry.batch;
    if (std::string problem = checkTypes(api, entry); !problem.empty()) return problem;
  }
  if (!api.weightsEmbedded) return {};
  for (const ApiWeight& weight : api.weights)
    if (static_cast<std::int64_t>(weight.bytes.size()) != weight.type.byteCount())
      return "weight `" + weight.path + "` has not the bytes of its type";
  return {};
}

static std::int64_t aligned(std::int64_t bytes) { return (bytes + kApiAlignment - 1) / kApiAlignment * kApiAlignment; }

WeightLayout weightLayout(const ModelApi& api) {
  WeightLayout layout;
  for (const ApiWeight& weight : api.weights) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += aligned(weight.type.byteCount());
  }
  return layout;
}

std::string weightBytes(const ModelApi& api) {
  const WeightLayout layout = weightLayout(api);
  std::string bytes(static_cast<std::size_t>(layout.bytes), '\0');
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    bytes.replace(static_cast<std::size_t>(layout.offsets[i]), api.weights[i].bytes.size(), api.weights[i].bytes);
  return bytes;
}

std::vector<EntryWorkspace> entryWorkspaces(const ModelApi& api) {
  std::vector<EntryWorkspace> result;
  std::int64_t most = 0;
  for (const ApiEntry& entry : api.entries) {
    EntryWorkspace workspace;
    std::int64_t bytes = aligned(entry.module->function(entry.function).plan->arenaBytes);
    // With batch 1 no call is padded.
    const auto place = [&](const std::vector<ApiTensor>& tensors, std::vector<std::int64_t>& offsets) {
      for (const ApiTensor& tensor : tensors) {
        offsets.push_back(bytes);
        if (api.hasBatch && entry.batch > 1) bytes += aligned(tensor.type.byteCount() * entry.batch);
      }
    };
    place(api.inputs, workspace.inputs);
    place(api.outputs, workspace.outputs);
    // A workspace for a large batch serves smaller ones too.
    most = std::max(most, bytes);
    workspace.bytes = most;
    result.push_back(std::move(workspace));
  }
  return result;
}

// ---- text

static std::string typeText(const ModelApi& api, const ir::Type& type) {
  std::string shape = api.hasBatch ? "B" : "";
  for (const std::int64_t dim : type.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(dim);
  return std::string(ir::dtypeName(type.dtype)) + (shape.empty() ? "" : "[" + shape + "]");
}

static std::string tensorList(const ModelApi& api, const std::vector<ApiTensor>& tensors) {
  std::string text;
  for (const ApiTensor& tensor : tensors)
    text += (text.empty() ? "" : ", ") + tensor.name + ": " + typeText(api, tensor.type);
  return text;
}

static std::string batchList(const ModelApi& api) {
  std::string text;
  for (const ApiEntry& entry : api.entries) text += (text.empty() ? "" : ", ") + std::to_string(entry.batch);
  return text;
}

std::string signatureJson(const ModelApi& api) {
  using nlohmann::ordered_json;
  const auto tensors = [&](const std::vector<ApiTensor>& list) {
    ordered_json result = ordered_json::array();
    for (const ApiTensor& tensor : list) {
      ordered_json shape = ordered_json::array();
      if (api.hasBatch) shape.push_back("B");
      for (const std::int64_t dim : tensor.type.shape) shape.push_back(dim);
      result.push_back({{"name", tensor.name}, {"dtype", ir::dtypeName(tensor.type.dtype)}, {"shape", shape}});
    }
    return result;
  };
  const WeightLayout layout = weightLayout(api);
  ordered_json weights = ordered_json::array();
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    weights.push_back({{"path", api.weights[i].path},
                       {"dtype", ir::dtypeName(api.weights[i].type.dtype)},
                       {"shape", api.weights[i].type.shape},
                       {"offset", layout.offsets[i]}});
  ordered_json batches = ordered_json::array();
  if (api.hasBatch)
    for (const ApiEntry& entry : api.entries) batches.push_back(entry.batch);
  const ordered_json signature{{"abi", kApiVersion},
                               {"name", api.prefix},
                               {"source", api.sourceName},
                               {"source_hash", api.sourceHash},
                               {"compiler", api.compiler},
                               {"inputs", tensors(api.inputs)},
                               {"outputs", tensors(api.outputs)},
                               {"batches", batches},
                               {"weights_embedded", api.weightsEmbedded},
                               {"weights_bytes", layout.bytes},
                               {"weights", weights}};
  return signature.dump();
}

/// Text of the program inside a comment: it must neither end it nor look like the start of another.
static std::string inComment(std::string text) {
  for (const char* mark : {"*/", "/*"})
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++at) text.insert(at + 1, " ");
  return text;
}

static std::string introduction(const ModelApi& api, const std::vector<std::string>& externals) {
  std::string text =
      fmt::format("/* Generated by {} from {} ({}). Do not edit.\n\n   {}_predict: ({}) -> ({})",
                  inComment(api.compiler), inComment(api.sourceName), inComment(api.sourceHash), api.prefix,
                  inComment(tensorList(api, api.inputs)), inComment(tensorList(api, api.outputs)));
  if (api.hasBatch)
    text +=
        fmt::format(", 1 <= B <= {}\n   Compiled for B = {}; a smaller B is padded with zeros to the next of these.\n",
                    api.entries.back().batch, batchList(api));
  else
    text += "\n";
  text +=
      fmt::format("   Weights: {} bytes, {}. Workspace: {} bytes at most.\n", weightLayout(api).bytes,
                  api.weightsEmbedded ? "in the object" : "passed by the caller", entryWorkspaces(api).back().bytes);
  std::string needs;
  for (const std::string& symbol : externals) needs += (needs.empty() ? "" : ", ") + symbol;
  text +=
      fmt::format("   Needs: {}.\n\n", needs.empty() ? "nothing, not even libc" : needs + " (for example -lopenblas)");
  return text +
         "   The functions allocate nothing, keep no state and touch no globals: any number of threads may call them, "
         "each with\n"
         "   a workspace of its own. Tensors are dense, row-major, and must not overlap one another or the workspace. "
         "*/\n";
}

static std::string weightTable(const ModelApi& api) {
  const WeightLayout layout = weightLayout(api);
  std::string text = "   Offset and tensor:\n";
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    text += fmt::format("     {:>10}  {}: {}\n", layout.offsets[i], inComment(api.weights[i].path),
                        ir::toString(api.weights[i].type));
  return text;
}

static std::string predictDeclaration(const ModelApi& api) {
  const std::string& name = api.prefix;
  const std::vector<std::string> names = argumentNames(api);
  std::string arguments = api.weightsEmbedded ? "" : "const void *weights, ";
  std::size_t next = 0;
  for (const ApiTensor& tensor : api.inputs)
    arguments += fmt::format("const {} *{}, ", cType(tensor.type.dtype), names[next++]);
  if (api.hasBatch) arguments += "int64_t B, ";
  for (const ApiTensor& tensor : api.outputs)
    arguments += fmt::format("{} *{}, ", cType(tensor.type.dtype), names[next++]);
  return fmt::format("{}_NODISCARD {}_status {}_predict({}void *ws, size_t ws_bytes);\n", upper(name), name, name,
                     arguments);
}

std::string cHeader(const ModelApi& api, const std::vector<std::string>& externals) {
  const std::string &name = api.prefix, big = upper(api.prefix);
  std::string text = introduction(api, externals);
  text += fmt::format("#ifndef {0}_NNC_H\n#define {0}_NNC_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n", big);
  text +=
      fmt::format("#define {}_ABI_VERSION {}\n#define {}_WORKSPACE_ALIGN {}\n", big, kApiVersion, big, kApiAlignment);
  if (api.hasBatch) text += fmt::format("#define {}_MAX_BATCH {}\n", big, api.entries.back().batch);
  text += fmt::format(
      "\n#if defined(__cplusplus) && __cplusplus >= 201703L\n#define {0}_NODISCARD [[nodiscard]]\n"
      "#elif defined(__GNUC__)\n#define {0}_NODISCARD __attribute__((warn_unused_result))\n"
      "#else\n#define {0}_NODISCARD\n#endif\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n",
      big);
  text += "typedef enum {\n";
  for (const ApiStatusText& status : apiStatusTexts())
    text += fmt::format("  {}_{} = {}{} /* {} */\n", big, status.name, static_cast<int>(status.status),
                        &status == &apiStatusTexts().back() ? "" : ",", status.text);
  text += fmt::format(
      "}} {}_status;\n\n/* Runs the network on {}. `ws` has `ws_bytes` bytes, aligned {}; nothing is kept there "
      "between calls.\n"
      "   On an error nothing is written. */\n",
      name, api.hasBatch ? "B examples" : "one input", kApiAlignment);
  text += predictDeclaration(api);
  if (api.hasBatch)
    text += fmt::format(
        "\n/* Bytes that {0}_predict needs for B examples or fewer; 0 for a B that it refuses. */\n"
        "size_t {0}_workspace_bytes(int64_t B);\n",
        name);
  else
    text += fmt::format("\n/* Bytes that {0}_predict needs. */\nsize_t {0}_workspace_bytes(void);\n", name);
  if (!api.weightsEmbedded)
    text += fmt::format(
        "\n/* Bytes that `weights` has, aligned 8: every tensor at its offset, the gaps between them are not "
        "read.\n{}*/\n"
        "size_t {}_weights_bytes(void);\n",
        weightTable(api), name);
  text += fmt::format(
      "\n/* Names, types, batches and weights as JSON. Not to be freed. */\nconst char *{0}_signature_json(void);\n\n"
      "/* What a status means. Not to be freed. */\nconst char *{0}_strerror(int status);\n\n"
      "#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
      name);
  return text;
}

}  // namespace nnc::codegen
