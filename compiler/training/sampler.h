// Choosing the next token from logits.
#pragma once
#include <cstdint>
#include <span>

namespace nnc::training {

struct SamplerOptions {
  double temperature = 1.0;  // divides the logits; 0: always the most likely token
  std::int64_t topK = 0;     // only the k most likely tokens; 0: all
  double topP = 1.0;         // only the fewest tokens whose probabilities sum to at least p
  std::int64_t seed = 0;
};

/// The token at `position` of the text that is generated: a pure function of its arguments, so that a text does not
/// depend on what was drawn before. Of equal logits the lower token counts as the more likely one. NaN is never chosen.
///
/// Sources  top-k, Fan, Lewis and Dauphin 2018; top-p, Holtzman et al. 2020.
std::int32_t sampleToken(std::span<const double> logits, const SamplerOptions& options, std::int64_t position);

}  // namespace nnc::training
