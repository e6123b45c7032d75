#include "training/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "nnc/safetensors.h"
#include "nnc/tokenizer.h"
#include "training/language_model.h"
#include "training/weights.h"

namespace nnc::training {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Holds back what may become the stop text.
class Output {
 public:
  Output(std::string stop, const std::function<void(std::string_view)>& show) : stop_(std::move(stop)), show_(show) {}

  /// True: the stop text is complete.
  bool add(std::string_view bytes) {
    text_ += bytes;
    if (!stop_.empty())
      if (const std::size_t at = text_.find(stop_, searched_); at != std::string::npos) {
        text_.resize(at);
        flush(text_.size());
        return true;
      }
    searched_ = text_.size() - std::min(text_.size(), stop_.empty() ? 0 : stop_.size() - 1);
    flush(text_.size() - heldBack());
    return false;
  }
  void finish() { flush(text_.size()); }
  const std::string& text() const { return text_; }

 private:
  /// The longest end of the text that begins the stop text.
  std::size_t heldBack() const {
    for (std::size_t n = std::min(text_.size(), stop_.size()); n > 0; --n)
      if (text_.compare(text_.size() - n, n, stop_, 0, n) == 0) return n;
    return 0;
  }
  void flush(std::size_t end) {
    if (end > shown_) show_(std::string_view(text_).substr(shown_, end - shown_));
    shown_ = std::max(shown_, end);
  }

  std::string stop_, text_;
  const std::function<void(std::string_view)>& show_;
  std::size_t shown_ = 0, searched_ = 0;
};

/// The model with all that it has read. When it is full, it begins anew with the last half.
class Reader {
 public:
  explicit Reader(LanguageModel& model) : model_(model) {}

  void read(std::span<const std::int32_t> tokens) {
    history_.insert(history_.end(), tokens.begin(), tokens.end());
    if (model_.feed(tokens)) return;
    for (std::size_t keep = std::max<std::size_t>(history_.size() / 2, 1);; keep = std::max<std::size_t>(keep / 2, 1)) {
      model_.reset();
      if (model_.feed(std::span(history_).last(keep)) || keep == 1) {
        history_.erase(history_.begin(), history_.end() - static_cast<std::ptrdiff_t>(keep));
        return;
      }
    }
  }

 private:
  LanguageModel& model_;
  std::vector<std::int32_t> history_;  // since the model's last reset
};

}  // namespace

/// That of the training data, which the weights bring along; bytes for a model of 256 tokens from elsewhere.
static std::unique_ptr<runtime::Tokenizer> openTokenizer(const std::string& path, std::int64_t vocabulary,
                                                         Diagnostics& diagnostics) {
  runtime::Failure failure;
  const std::optional<runtime::TensorFile> file = runtime::readSafetensors(path, failure);
  std::unique_ptr<runtime::Tokenizer> tokenizer;
  const auto entry = file ? file->metadata.find("tokenizer") : decltype(file->metadata.end()){};
  if (file && entry != file->metadata.end()) {
    tokenizer = runtime::parseTokenizer(entry->second, failure);
    if (!tokenizer) {
      diagnostics.emit<diag::WeightsBad>({}, path, fmt::format("its tokenizer cannot be read: {}", failure.message));
      return nullptr;
    }
  } else {
    tokenizer = runtime::byteTokenizer();
  }
  if (tokenizer->size() == vocabulary) return tokenizer;
  diagnostics.emit<diag::VocabularyMismatch>({}, path, tokenizer->size(), vocabulary)
      .help(file && entry != file->metadata.end() ? "give the network the vocabulary of its text"
                                                  : "weights that `nnc run` wrote know the vocabulary of their text");
  return nullptr;
}

static std::optional<std::vector<std::int32_t>> encodePrompt(const runtime::Tokenizer& tokenizer,
                                                             const std::optional<std::string>& prompt,
                                                             Diagnostics& diagnostics) {
  runtime::Failure failure;
  std::optional<std::vector<std::int32_t>> tokens = tokenizer.encode(prompt.value_or("\n"), failure);
  if (tokens && !tokens->empty()) return tokens;
  // A text begins with something; where there is no line end, with the first token.
  if (!prompt || tokens) return std::vector<std::int32_t>{0};
  DiagnosticBuilder message = diagnostics.emit<diag::PromptNotInVocabulary>({}, failure.message);
  if (failure.offset >= 0) message.note(fmt::format("at byte {} of the prompt", failure.offset));
  return std::nullopt;
}

std::optional<GenerateResult> generate(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const GenerateOptions& options,
                                       const std::function<void(std::string_view)>& show, Diagnostics& diagnostics) {
  const Clock::time_point start = Clock::now();
  const std::optional<std::string> file = findWeights(options.weights, diagnostics);
  if (!file) return std::nullopt;
  std::optional<LanguageModel> model =
      LanguageModel::open(project, train, *file, options.sampler.seed, options.engine, diagnostics);
  if (!model) return std::nullopt;
  const std::unique_ptr<runtime::Tokenizer> tokenizer = openTokenizer(*file, model->vocabulary(), diagnostics);
  if (!tokenizer) return std::nullopt;
  const std::optional<std::vector<std::int32_t>> prompt = encodePrompt(*tokenizer, options.prompt, diagnostics);
  if (!prompt) return std::nullopt;

  GenerateResult result;
  result.name = train.name;
  result.weightsFile = *file;
  result.prompt = options.prompt.value_or("");
  result.promptTokens = static_cast<std::int64_t>(prompt->size());
  show(result.prompt);
  Reader reader(*model);
  const Clock::time_point reading = Clock::now();
  reader.read(*prompt);
  result.promptSeconds = secondsSince(reading);

  Output output(options.stop, show);
  Clock::time_point first = Clock::now();
  for (std::int64_t i = 0; i < options.length && !result.isStopped; ++i) {
    const std::int32_t token = sampleToken(model->logits(), options.sampler, i);
    result.tokens.push_back(token);
    result.isStopped = output.add(tokenizer->decode(token));
    if (i == 0) {
      result.secondsToFirstToken = secondsSince(start);
      first = Clock::now();
    }
    if (!result.isStopped && i + 1 < options.length) reader.read(std::span(&token, 1));
  }
  output.finish();
  result.seconds = secondsSince(first);
  result.text = output.text();
  const auto timed = static_cast<double>(result.tokens.size()) - 1.0;
  result.tokensPerSecond = timed > 0.0 && result.seconds > 0.0 ? timed / result.seconds : 0.0;
  return result;
}

std::string resultJson(const GenerateResult& result) {
  const nlohmann::ordered_json object = {{"train", result.name},
                                         {"weights", result.weightsFile},
                                         {"prompt", result.prompt},
                                         {"text", result.text},
                                         {"tokens", result.tokens},
                                         {"prompt_tokens", result.promptTokens},
                                         {"stopped", result.isStopped},
                                         {"seconds_to_first_token", result.secondsToFirstToken},
                                         {"prompt_seconds", result.promptSeconds},
                                         {"seconds", result.seconds},
                                         {"tokens_per_second", result.tokensPerSecond}};
  // A text of bytes may end within a character; `tokens` has them all.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string resultLine(const GenerateResult& result) {
  return fmt::format("{} tokens, {:.0f} tokens/s; prompt of {} in {:.1f} ms, first token after {:.2f} s",
                     result.tokens.size(), result.tokensPerSecond, result.promptTokens, 1e3 * result.promptSeconds,
                     result.secondsToFirstToken);
}

}  // namespace nnc::training
