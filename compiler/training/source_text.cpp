// Windows of a text: `length` tokens from every multiple of `length`, and the token after each of them.
//
// No two windows predict the same token, so that no split lets one part see what another is measured on.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "diagnostics/kinds/data.h"
#include "nnc/file_bytes.h"
#include "nnc/tokenizer.h"
#include "support/hash.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

constexpr std::size_t kNext = 1;  // the field `y`, behind `tokens`

class TextRows : public RowSource {
 public:
  TextRows(runtime::FileBytes text, DataFile file, std::int64_t length, std::int64_t mostHeld)
      : text_(std::move(text)), index_(file.path, mostHeld), length_(length) {
    files_.push_back(std::move(file));
  }
  bool read(Diagnostics&) override {
    files_[0].checksum = hashBytes(text_.view());
    return true;
  }
  std::int64_t bytes() const override { return text_.residentBytes() + index_.residentBytes(); }
  std::size_t fileOf(std::size_t, std::int64_t) const override { return 0; }

 protected:
  /// The last token of a text predicts nothing.
  void setTokens(std::int64_t tokens) { files_[0].rows = rows_ = tokens > 0 ? (tokens - 1) / length_ : 0; }
  std::string_view text() const { return text_.view(); }
  std::int64_t length() const { return length_; }
  /// What a window is found by: where it begins, or its tokens.
  runtime::DecodedBytes& index() { return index_; }
  const char* indexAt(std::int64_t byte) const { return index_.view().data() + byte; }

 private:
  runtime::FileBytes text_;
  runtime::DecodedBytes index_;
  std::int64_t length_;
};

class ByteRows final : public TextRows {
 public:
  using TextRows::TextRows;
  bool measure(const Meanings&, runtime::Failure&) {
    setTokens(static_cast<std::int64_t>(text().size()));
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text().data()) + row * length() + (field == kNext);
    for (std::int64_t i = 0; i < length(); ++i) {
      const std::int32_t token = bytes[i];
      std::memcpy(destination + i * 4, &token, 4);
    }
    return true;
  }
  Meanings meanings() const override { return {{"tokenizer", runtime::byteTokenizer()->toJson()}}; }
};

class CharacterRows final : public TextRows {
 public:
  using TextRows::TextRows;
  bool measure(const Meanings& known, runtime::Failure& failure) {
    const auto vocabulary =
        std::find_if(known.begin(), known.end(), [](const auto& entry) { return entry.first == "tokenizer"; });
    if (vocabulary == known.end()) {
      const std::optional<std::vector<char32_t>> characters = runtime::charactersOf(text(), failure);
      if (!characters) return false;
      tokenizer_ = runtime::characterTokenizer(*characters);
    } else {
      tokenizer_ = runtime::parseTokenizer(vocabulary->second, failure);
      const auto ignore = [](std::span<const std::int32_t>) { return true; };
      if (tokenizer_ == nullptr || !tokenizer_->encode(text(), ignore, failure)) return false;
    }
    std::int64_t count = 0;
    for (std::size_t at = 0; at < text().size(); ++at) {
      if (!isStart(at) || count++ % length() != 0) continue;
      const auto start = static_cast<std::int64_t>(at);
      if (!index().append({reinterpret_cast<const char*>(&start), sizeof start}, failure)) return false;
    }
    setTokens(count);
    return index().finish(failure);
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    // A row has a successor, for it is followed by at least one character.
    auto begin = startOf(row), end = startOf(row + 1);
    if (field == kNext) {
      begin = next(begin);
      end = next(end);
    }
    runtime::Failure failure;
    const auto tokens = tokenizer_->encode(text().substr(begin, end - begin), failure);
    if (tokens) std::memcpy(destination, tokens->data(), tokens->size() * sizeof(std::int32_t));
    return true;
  }
  Meanings meanings() const override { return {{"tokenizer", tokenizer_->toJson()}}; }

 private:
  /// Whether a byte of valid UTF-8 begins a character.
  bool isStart(std::size_t at) const { return (static_cast<unsigned char>(text()[at]) & 0xC0) != 0x80; }
  std::size_t next(std::size_t at) const {
    do {
      ++at;
    } while (at < text().size() && !isStart(at));
    return at;
  }

  /// Where a window begins in the text.
  std::size_t startOf(std::int64_t row) const {
    std::int64_t start = 0;
    std::memcpy(&start, indexAt(row * 8), sizeof start);
    return static_cast<std::size_t>(start);
  }

  std::unique_ptr<runtime::Tokenizer> tokenizer_;
};

/// All tokens are kept: where a token begins shows only when everything before it is encoded.
class BytePairRows final : public TextRows {
 public:
  using TextRows::TextRows;
  void setTokenizer(std::unique_ptr<runtime::Tokenizer> tokenizer) { tokenizer_ = std::move(tokenizer); }
  bool measure(const Meanings&, runtime::Failure& failure) {
    const auto take = [&](std::span<const std::int32_t> tokens) {
      return index().append({reinterpret_cast<const char*>(tokens.data()), tokens.size_bytes()}, failure);
    };
    if (!tokenizer_->encode(text(), take, failure) || !index().finish(failure)) return false;
    setTokens(index().size() / 4);
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    std::memcpy(destination, indexAt((row * length() + (field == kNext)) * 4), static_cast<std::size_t>(length()) * 4);
    return true;
  }
  Meanings meanings() const override { return {{"tokenizer", tokenizer_->toJson()}}; }

 private:
  std::unique_ptr<runtime::Tokenizer> tokenizer_;
};

/// What `nnc bpe` wrote. Null: reported.
std::unique_ptr<runtime::Tokenizer> readTokenizer(const elaborate::SourceFile& file, const std::string& baseDirectory,
                                                  Diagnostics& diagnostics) {
  const std::optional<DataFile> found = findData(file, baseDirectory, diagnostics);
  if (!found) return nullptr;
  const std::string& path = found->path;
  runtime::Failure failure;
  const std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(path, failure);
  std::unique_ptr<runtime::Tokenizer> tokenizer = bytes ? runtime::parseTokenizer(bytes->view(), failure) : nullptr;
  if (tokenizer != nullptr) return tokenizer;
  failure.path = path;
  reportBadFile(failure, file.span, diagnostics,
                bytes ? "`nnc bpe TEXT --vocab 1000 --out bpe.json` writes such a file" : "");
  return nullptr;
}

template <typename Rows>
std::unique_ptr<RowSource> measured(runtime::FileBytes text, DataFile file, std::int64_t length,
                                    const OpenOptions& options, Diagnostics& diagnostics,
                                    std::unique_ptr<runtime::Tokenizer> tokenizer = nullptr) {
  const Span where = file.span;
  const std::string path = file.path;
  auto rows = std::make_unique<Rows>(std::move(text), std::move(file), length, options.mostHeld);
  if constexpr (std::is_same_v<Rows, BytePairRows>) rows->setTokenizer(std::move(tokenizer));
  runtime::Failure failure;
  if (rows->measure(options.known, failure)) return rows;
  failure.path = path;
  reportBadFile(failure, where, diagnostics);
  return nullptr;
}

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::TextSource& text, const elaborate::Source& source,
                                std::span<const elaborate::Field>, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  std::optional<DataFile> found = findData(text.file, source.baseDirectory, diagnostics);
  if (!found) return nullptr;
  DataFile& file = *found;
  runtime::Failure failure;
  std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(file.path, failure, options.mostHeld);
  if (!bytes) {
    reportBadFile(failure, file.span, diagnostics);
    return nullptr;
  }
  switch (text.vocabulary) {
    case elaborate::Vocabulary::Bytes:
      return measured<ByteRows>(std::move(*bytes), std::move(file), text.length, options, diagnostics);
    case elaborate::Vocabulary::Characters:
      return measured<CharacterRows>(std::move(*bytes), std::move(file), text.length, options, diagnostics);
    case elaborate::Vocabulary::BytePairs: {
      std::unique_ptr<runtime::Tokenizer> tokenizer = readTokenizer(text.tokenizer, source.baseDirectory, diagnostics);
      if (tokenizer == nullptr) return nullptr;
      return measured<BytePairRows>(std::move(*bytes), std::move(file), text.length, options, diagnostics,
                                    std::move(tokenizer));
    }
  }
  return nullptr;
}

}  // namespace nnc::training
