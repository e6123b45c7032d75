#include "elaborate/suggest_name.h"

#include <fmt/format.h>

#include <array>

#include "support/suggest.h"

namespace nnc::elaborate {

namespace {
struct ForeignName {
  std::string_view there, here;
};
}  // namespace

/// Names of PyTorch, Keras and NumPy that stand for something of the stdlib under another name.
static constexpr std::array kForeignNames = {
    ForeignName{"Linear", "dense"},
    ForeignName{"Dense", "dense"},
    ForeignName{"Conv2d", "conv2d"},
    ForeignName{"Conv2D", "conv2d"},
    ForeignName{"MaxPool2d", "max_pool"},
    ForeignName{"MaxPooling2D", "max_pool"},
    ForeignName{"AvgPool2d", "avg_pool"},
    ForeignName{"AdaptiveAvgPool2d", "global_avg_pool"},
    ForeignName{"BatchNorm1d", "batch_norm"},
    ForeignName{"BatchNorm2d", "batch_norm"},
    ForeignName{"BatchNormalization", "batch_norm"},
    ForeignName{"LayerNorm", "layer_norm"},
    ForeignName{"GroupNorm", "group_norm"},
    ForeignName{"RMSNorm", "rms_norm"},
    ForeignName{"Dropout", "dropout"},
    ForeignName{"Embedding", "embedding"},
    ForeignName{"Flatten", "flatten"},
    ForeignName{"ReLU", "relu"},
    ForeignName{"Sigmoid", "sigmoid"},
    ForeignName{"Tanh", "tanh"},
    ForeignName{"GELU", "gelu"},
    ForeignName{"SiLU", "silu"},
    ForeignName{"Softmax", "softmax"},
    ForeignName{"Sequential", "a |> b |> c"},
    ForeignName{"CrossEntropyLoss", "cross_entropy"},
    ForeignName{"MSELoss", "mse"},
    ForeignName{"SGD", "sgd"},
    ForeignName{"Adam", "adam"},
    ForeignName{"AdamW", "adam(.., decay: 0.01)"},
    ForeignName{"RMSprop", "rmsprop"},
    ForeignName{"matmul", "a @ b"},
    ForeignName{"dot", "a @ b"},
    ForeignName{"einsum", "sum[i](a[b, i] * w[i, o])"},
    ForeignName{"permute", "let y[c, a, b] = x[a, b, c]"},
    ForeignName{"transpose", "let y[j, i] = x[i, j]"},
    ForeignName{"view", "reshape"},
    ForeignName{"cat", "concat"},
    ForeignName{"concatenate", "concat"},
    ForeignName{"where", "select"},
    ForeignName{"maximum", "max"},
    ForeignName{"minimum", "min"},
    ForeignName{"pow", "x ** n"},
    ForeignName{"len", "shape"},
    ForeignName{"range", "0..n"},
    ForeignName{"float", "cast(.., f32)"},
};

std::optional<std::string> suggestName(std::string_view name, const std::vector<std::string>& candidates) {
  for (const ForeignName& foreign : kForeignNames)
    if (foreign.there == name) return fmt::format("what others call `{}` is `{}` here", name, foreign.here);
  if (const std::optional<std::string> closest = closestName(name, candidates))
    return fmt::format("did you mean `{}`?", *closest);
  return std::nullopt;
}

}  // namespace nnc::elaborate
