// Text from a trained language model.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/elaborate.h"
#include "engine/engine.h"
#include "training/sampler.h"

namespace nnc::training {

struct GenerateOptions {
  std::string weights;                // a run folder (its `last`) or a .safetensors file
  std::optional<std::string> prompt;  // absent: a line end, which is not part of the text
  std::int64_t length = 400;          // tokens at most
  SamplerOptions sampler;
  std::string stop;  // generation ends before the first of these; empty: never
  engine::Options engine;
};

struct GenerateResult {
  std::string name;         // of the train
  std::string weightsFile;  // the file that was read
  std::string prompt, text;
  std::vector<std::int32_t> tokens;  // of the text; with a stop text, also those that made it
  std::int64_t promptTokens = 0;
  bool isStopped = false;      // by the stop text
  double promptSeconds = 0.0;  // reading the prompt
  double seconds = 0.0;        // of the tokens after the first
  double tokensPerSecond = 0.0;
  double secondsToFirstToken = 0.0;  // from the call on: elaboration and compilation included
};

/// Reads the prompt and draws tokens one by one; `show` gets the bytes of the text as soon as they cannot be part of
/// the stop text any more, the prompt first. When the model has read as much as it can hold, it goes on from the last
/// half.
///
/// Errors  E0130 no language model; E1215 the prompt is not in the vocabulary; E13xx weights: emitted, result is empty.
std::optional<GenerateResult> generate(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const GenerateOptions& options,
                                       const std::function<void(std::string_view)>& show, Diagnostics& diagnostics);

/// One object with a line end.
std::string resultJson(const GenerateResult& result);
/// `400 tokens, 5,230 tokens/s (prompt: 12 tokens in 3.1 ms)`
std::string resultLine(const GenerateResult& result);

}  // namespace nnc::training
