// Tokens one by one in, pieces of thousands out.
#pragma once
#include <cstddef>
#include <vector>

#include "nnc/tokenizer.h"

namespace nnc::runtime {

/// Collects tokens for a Tokenizer::Take. False from a function: it gave false.
class TokenPieces {
 public:
  explicit TokenPieces(const Tokenizer::Take& take) : take_(take) {}

  [[nodiscard]] bool add(std::int32_t token) {
    tokens_.push_back(token);
    return tokens_.size() < kPiece || finish();
  }
  /// Hands over what is left.
  [[nodiscard]] bool finish() {
    const bool goesOn = tokens_.empty() || take_(tokens_);
    tokens_.clear();
    return goesOn;
  }

 private:
  static constexpr std::size_t kPiece = 16'384;
  const Tokenizer::Take& take_;
  std::vector<std::int32_t> tokens_;
};

}  // namespace nnc::runtime
