#include "nnc/tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "data/bpe.h"
#include "data/token_pieces.h"
#include "data/utf8.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

using Json = nlohmann::json;

class Bytes final : public Tokenizer {
 public:
  std::int32_t size() const override { return 256; }
  bool encode(std::string_view text, const Take& take, Failure&) const override {
    TokenPieces pieces(take);
    for (const char c : text)
      if (!pieces.add(static_cast<unsigned char>(c))) return false;
    return pieces.finish();
  }
  std::string decode(std::int32_t token) const override {
    return token >= 0 && token < 256 ? std::string(1, static_cast<char>(token)) : std::string();
  }
  std::string toJson() const override { return Json{{"type", "bytes"}}.dump(); }
};

class Characters final : public Tokenizer {
 public:
  explicit Characters(const std::vector<char32_t>& characters) : characters_(characters) {
    for (std::size_t i = 0; i < characters.size(); ++i) tokens_.emplace(characters[i], static_cast<std::int32_t>(i));
  }
  /// False when a character stands twice.
  bool isValid() const { return tokens_.size() == characters_.size(); }

  std::int32_t size() const override { return static_cast<std::int32_t>(characters_.size()); }
  bool encode(std::string_view text, const Take& take, Failure& failure) const override {
    TokenPieces pieces(take);
    char32_t character = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const bool isCharacter = nextCharacter(text, at, character);
      const auto found = isCharacter ? tokens_.find(character) : tokens_.end();
      if (found == tokens_.end())
        return fail(failure, "", static_cast<std::int64_t>(begin),
                    isCharacter ? "has a character that the vocabulary lacks: `" +
                                      std::string(text.substr(begin, at - begin)) + "`"
                                : "is not UTF-8");
      if (!pieces.add(found->second)) return false;
    }
    return pieces.finish();
  }
  std::string decode(std::int32_t token) const override {
    std::string bytes;
    if (token >= 0 && token < size()) appendCharacter(bytes, characters_[static_cast<std::size_t>(token)]);
    return bytes;
  }
  std::string toJson() const override {
    std::string all;
    for (const char32_t character : characters_) appendCharacter(all, character);
    return Json{{"type", "characters"}, {"characters", all}}.dump();
  }

 private:
  std::vector<char32_t> characters_;
  std::unordered_map<char32_t, std::int32_t> tokens_;
};

std::unique_ptr<Tokenizer> parseCharacters(const Json& json, Failure& failure) {
  const auto entry = json.find("characters");
  if (entry == json.end() || !entry->is_string()) {
    fail(failure, "", -1, "has no text `characters`");
    return nullptr;
  }
  const auto& text = entry->get_ref<const std::string&>();
  std::vector<char32_t> characters;
  for (std::size_t at = 0; at < text.size();) {
    char32_t character = 0;
    if (!nextCharacter(text, at, character)) {
      fail(failure, "", -1, "has `characters` that are not UTF-8");
      return nullptr;
    }
    characters.push_back(character);
  }
  auto tokenizer = std::make_unique<Characters>(characters);
  if (tokenizer->isValid()) return tokenizer;
  fail(failure, "", -1, "names a character twice");
  return nullptr;
}

}  // namespace

std::optional<std::vector<std::int32_t>> Tokenizer::encode(std::string_view text, Failure& failure) const {
  std::vector<std::int32_t> tokens;
  const auto take = [&](std::span<const std::int32_t> piece) {
    tokens.insert(tokens.end(), piece.begin(), piece.end());
    return true;
  };
  if (!encode(text, take, failure)) return std::nullopt;
  return tokens;
}

std::unique_ptr<Tokenizer> byteTokenizer() { return std::make_unique<Bytes>(); }

std::unique_ptr<Tokenizer> characterTokenizer(const std::vector<char32_t>& characters) {
  return std::make_unique<Characters>(characters);
}

std::optional<std::vector<char32_t>> charactersOf(std::string_view text, Failure& failure) {
  std::vector<bool> isUsed(0x110000, false);
  for (std::size_t at = 0; at < text.size();) {
    char32_t character = 0;
    if (!nextCharacter(text, at, character)) {
      fail(failure, "", static_cast<std::int64_t>(at), "is not UTF-8; `vocab: .bytes` reads any file");
      return std::nullopt;
    }
    isUsed[character] = true;
  }
  std::vector<char32_t> characters;
  for (std::size_t c = 0; c < isUsed.size(); ++c)
    if (isUsed[c]) characters.push_back(static_cast<char32_t>(c));
  return characters;
}

std::unique_ptr<Tokenizer> parseTokenizer(std::string_view text, Failure& failure) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto type = json.is_object() ? json.find("type") : json.end();
  const std::string name = json.is_object() && type != json.end() && type->is_string() ? type->get<std::string>() : "";
  if (name == "bytes") return byteTokenizer();
  if (name == "characters") return parseCharacters(json, failure);
  if (name == "byte_pairs") return parseBytePairs(text, failure);
  fail(failure, "", -1,
       name.empty() ? "is not the JSON of a tokenizer" : "is a tokenizer of unknown type `" + name + "`");
  return nullptr;
}

}  // namespace nnc::runtime
