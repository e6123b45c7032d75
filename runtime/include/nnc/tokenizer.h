// Text as numbers and back: bytes, characters, byte pairs.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nnc/failure.h"

namespace nnc::runtime {

/// Tokens are numbers from 0 to size() - 1. Immutable; any number of threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual std::int32_t size() const = 0;
  /// The tokens of `text`. The bytes of all tokens, one after the other, are `text` again.
  ///
  /// Errors  characters: no UTF-8, or a character that the vocabulary lacks: `failure` has the offset in `text`.
  std::optional<std::vector<std::int32_t>> encode(std::string_view text, Failure& failure) const;
  /// The same tokens handed to `take` piece by piece, so that a large text needs no memory of its size. False: an error
  /// as above, or `take` gave false.
  using Take = std::function<bool(std::span<const std::int32_t>)>;
  [[nodiscard]] virtual bool encode(std::string_view text, const Take& take, Failure& failure) const = 0;
  /// The bytes of one token: part of a character, when tokens are bytes. Empty for a number that is no token.
  virtual std::string decode(std::int32_t token) const = 0;
  /// As JSON that parseTokenizer reads: the file of `nnc bpe train`, the entry `tokenizer` in the metadata of weights.
  virtual std::string toJson() const = 0;
};

/// 256 tokens: the bytes.
std::unique_ptr<Tokenizer> byteTokenizer();
/// A token for each Unicode code point of `characters`, in this order, each once.
std::unique_ptr<Tokenizer> characterTokenizer(const std::vector<char32_t>& characters);
/// The code points of a text, each once, ascending. Empty: no UTF-8, `failure` has the offset.
std::optional<std::vector<char32_t>> charactersOf(std::string_view text, Failure& failure);

/// The largest vocabulary of byte pairs.
inline constexpr std::int32_t kMostTokens = 65'536;
/// Learns byte pairs from a text: the 256 bytes, then the most frequent pair of neighbouring tokens again and again,
/// until there are `vocabulary` tokens or no pair stands twice. No token crosses from one word to the next (a space
/// goes with the word behind it). The same text gives the same tokens.
///
/// Needs   256 <= vocabulary <= kMostTokens.
/// Source  Sennrich, Haddow and Birch 2016; on bytes: Radford et al. 2019.
std::unique_ptr<Tokenizer> trainBytePairs(std::string_view text, std::int32_t vocabulary);

/// What toJson gave. Null: `failure` says what is wrong with it.
std::unique_ptr<Tokenizer> parseTokenizer(std::string_view json, Failure& failure);

}  // namespace nnc::runtime
