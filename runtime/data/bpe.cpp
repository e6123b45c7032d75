// Byte pair encoding on bytes: the 256 bytes are tokens, and every merge of two tokens is another one. Source:
// Sennrich, Haddow and Birch 2016; on bytes: Radford et al. 2019.
//
// Text is cut into chunks first, and no token crosses a chunk: with a space before it, a run of letters (ASCII letters
// and bytes of other characters), of digits, or of anything else; runs of white space; at most 64 bytes each.
#include "data/bpe.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <queue>
#include <set>
#include <unordered_map>

#include "data/token_pieces.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

using Json = nlohmann::json;
using Token = std::int32_t;
using Pair = std::pair<Token, Token>;

constexpr std::size_t kMaxChunk = 64;
constexpr Token kBytes = 256;
constexpr std::size_t kMostSeen = 1 << 16;  // different chunks whose tokens are remembered

enum class Kind : std::uint8_t { Space, Letter, Digit, Other };

Kind kindOf(char c) {
  if (c == ' ' || (c >= '\t' && c <= '\r')) return Kind::Space;
  if (c >= '0' && c <= '9') return Kind::Digit;
  const bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0x80) != 0;
  return isLetter ? Kind::Letter : Kind::Other;
}

/// The length of the chunk that `text` begins with. Needs: it is not empty.
std::size_t chunkLength(std::string_view text) {
  std::size_t at = text[0] == ' ' && text.size() > 1 && kindOf(text[1]) != Kind::Space ? 1 : 0;
  const Kind kind = kindOf(text[at]);
  const std::size_t most = std::min(text.size(), kMaxChunk);
  while (at < most && kindOf(text[at]) == kind) ++at;
  // The last space of several belongs to the word behind it.
  const bool leavesSpace =
      kind == Kind::Space && at > 1 && at < text.size() && text[at - 1] == ' ' && kindOf(text[at]) != Kind::Space;
  return leavesSpace ? at - 1 : at;
}

std::uint64_t keyOf(Token left, Token right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

class BytePairs final : public Tokenizer {
 public:
  /// False: a merge names no earlier token, stands twice, or makes a token of more than a chunk.
  bool add(Token left, Token right) {
    const auto count = static_cast<Token>(tokens_.size());
    if (left < 0 || right < 0 || left >= count || right >= count) return false;
    std::string bytes = tokens_[static_cast<std::size_t>(left)] + tokens_[static_cast<std::size_t>(right)];
    if (bytes.size() > kMaxChunk || !ranks_.emplace(keyOf(left, right), count).second) return false;
    tokens_.push_back(std::move(bytes));
    merges_.emplace_back(left, right);
    return true;
  }
  BytePairs() {
    for (int byte = 0; byte < kBytes; ++byte) tokens_.emplace_back(1, static_cast<char>(byte));
  }

  Token size() const override { return static_cast<Token>(tokens_.size()); }
  bool encode(std::string_view text, const Take& take, Failure&) const override {
    TokenPieces pieces(take);
    // What chunks were encoded to. A text that goes on forever has ever new ones.
    std::unordered_map<std::string_view, std::vector<Token>> seen;
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view chunk = text.substr(at, chunkLength(text.substr(at)));
      at += chunk.size();
      auto known = seen.find(chunk);
      if (known == seen.end()) {
        if (seen.size() == kMostSeen) seen.clear();
        known = seen.emplace(chunk, encodeChunk(chunk)).first;
      }
      for (const Token token : known->second)
        if (!pieces.add(token)) return false;
    }
    return pieces.finish();
  }
  std::string decode(Token token) const override {
    return token >= 0 && token < size() ? tokens_[static_cast<std::size_t>(token)] : std::string();
  }
  std::string toJson() const override {
    Json merges = Json::array();
    for (const auto& [left, right] : merges_) merges.push_back({left, right});
    return Json{{"type", "byte_pairs"}, {"merges", merges}}.dump();
  }

 private:
  /// Merges the pair that was learnt first, again and again.
  std::vector<Token> encodeChunk(std::string_view chunk) const {
    std::vector<Token> parts;
    for (const char c : chunk) parts.push_back(static_cast<unsigned char>(c));
    while (parts.size() > 1) {
      Token best = size();
      for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const auto found = ranks_.find(keyOf(parts[i], parts[i + 1]));
        if (found != ranks_.end()) best = std::min(best, found->second);
      }
      if (best == size()) break;
      const Pair& merge = merges_[static_cast<std::size_t>(best - kBytes)];
      std::size_t out = 0;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool isPair = i + 1 < parts.size() && parts[i] == merge.first && parts[i + 1] == merge.second;
        parts[out++] = isPair ? best : parts[i];
        i += isPair;
      }
      parts.resize(out);
    }
    return parts;
  }

  std::vector<std::string> tokens_;  // the bytes of each
  std::vector<Pair> merges_;         // of the tokens from 256 on
  std::unordered_map<std::uint64_t, Token> ranks_;
};

/// A different chunk of the text, with how often it stands there.
struct Word {
  std::vector<Token> tokens;
  std::int64_t count = 0;
};

/// Counts of pairs, kept up to date while words change.
class Learner {
 public:
  explicit Learner(std::string_view text) {
    std::unordered_map<std::string_view, std::int64_t> counts;
    std::vector<std::string_view> order;  // of first appearance: the result must not depend on the hash
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view chunk = text.substr(at, chunkLength(text.substr(at)));
      at += chunk.size();
      if (counts[chunk]++ == 0) order.push_back(chunk);
    }
    for (const std::string_view chunk : order) {
      Word& word = words_.emplace_back();
      word.count = counts[chunk];
      for (const char c : chunk) word.tokens.push_back(static_cast<unsigned char>(c));
      note(words_.size() - 1, +1);
    }
    for (const auto& [key, pair] : pairs_) candidates_.push({pair.count, key});
  }

  /// The most frequent pair, the one of smaller tokens among equals. Empty: no pair stands twice.
  std::optional<Pair> best() {
    while (!candidates_.empty()) {
      const Candidate top = candidates_.top();
      candidates_.pop();
      const auto found = pairs_.find(top.key);
      if (found == pairs_.end() || found->second.count != top.count) continue;  // outdated
      if (top.count < 2) return std::nullopt;
      return Pair{static_cast<Token>(top.key >> 32), static_cast<Token>(top.key & 0xFFFFFFFF)};
    }
    return std::nullopt;
  }

  void merge(const Pair& pair, Token token) {
    const auto found = pairs_.find(keyOf(pair.first, pair.second));
    const std::set<std::size_t> places = std::move(found->second.words);
    changed_.clear();
    for (const std::size_t index : places) {
      note(index, -1);
      std::vector<Token>& tokens = words_[index].tokens;
      std::size_t out = 0;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool isPair = i + 1 < tokens.size() && tokens[i] == pair.first && tokens[i + 1] == pair.second;
        tokens[out++] = isPair ? token : tokens[i];
        i += isPair;
      }
      tokens.resize(out);
      note(index, +1);
    }
    for (const std::uint64_t key : changed_) {
      const auto entry = pairs_.find(key);
      if (entry != pairs_.end() && entry->second.count > 0) candidates_.push({entry->second.count, key});
    }
    pairs_.erase(keyOf(pair.first, pair.second));
  }

 private:
  struct PairCount {
    std::int64_t count = 0;
    std::set<std::size_t> words;
  };
  struct Candidate {
    std::int64_t count = 0;
    std::uint64_t key = 0;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  /// Adds the pairs of a word to the counts, or takes them away.
  void note(std::size_t index, std::int64_t sign) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.tokens.size(); ++i) {
      const std::uint64_t key = keyOf(word.tokens[i], word.tokens[i + 1]);
      PairCount& pair = pairs_[key];
      pair.count += sign * word.count;
      if (sign > 0)
        pair.words.insert(index);
      else
        pair.words.erase(index);
      changed_.insert(key);
    }
  }

  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, PairCount> pairs_;
  std::priority_queue<Candidate> candidates_;
  std::set<std::uint64_t> changed_;
};

}  // namespace

std::unique_ptr<Tokenizer> parseBytePairs(std::string_view text, Failure& failure) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto merges = json.is_object() ? json.find("merges") : json.end();
  if (!json.is_object() || merges == json.end() || !merges->is_array()) {
    fail(failure, "", -1, "has no list `merges`");
    return nullptr;
  }
  auto tokenizer = std::make_unique<BytePairs>();
  for (const Json& merge : *merges) {
    const bool isPair = merge.is_array() && merge.size() == 2 && merge[0].is_number_integer() &&
                        merge[1].is_number_integer() && tokenizer->size() < kMostTokens;
    const std::int64_t left = isPair ? merge[0].get<std::int64_t>() : -1,
                       right = isPair ? merge[1].get<std::int64_t>() : -1;
    const bool isKnown = left >= 0 && right >= 0 && left < tokenizer->size() && right < tokenizer->size();
    if (isKnown && tokenizer->add(static_cast<Token>(left), static_cast<Token>(right))) continue;
    fail(failure, "", -1,
         "has a merge that is none: number " + std::to_string(tokenizer->size() - kBytes) + " of `merges`");
    return nullptr;
  }
  return tokenizer;
}

std::unique_ptr<Tokenizer> trainBytePairs(std::string_view text, std::int32_t vocabulary) {
  auto tokenizer = std::make_unique<BytePairs>();
  Learner learner(text);
  while (tokenizer->size() < std::min(vocabulary, kMostTokens)) {
    const std::optional<Pair> pair = learner.best();
    if (!pair || !tokenizer->add(pair->first, pair->second)) break;
    learner.merge(*pair, tokenizer->size() - 1);
  }
  return tokenizer;
}

}  // namespace nnc::runtime
