// nnc bpe: a tokenizer from a text.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "diagnostics/kinds/driver.h"
#include "driver/driver.h"
#include "nnc/file_bytes.h"
#include "nnc/tokenizer.h"
#include "training/row_source.h"
#include "training/run_folder.h"

namespace nnc::driver {

int bpeCommand(Context& context) {
  const Options& options = context.line.options;
  if (!options.out) {
    context.diagnostics.emit<diag::MissingOption>({}, "bpe", "--out")
        .help(fmt::format("for example: {}", commandInfo(Command::Bpe).example));
    return 2;
  }
  constexpr std::int64_t kDefault = 1000, kBytes = 256;
  const std::int64_t vocabulary = options.vocab.value_or(kDefault);
  if (vocabulary < kBytes || vocabulary > runtime::kMostTokens) {
    context.diagnostics.emit<diag::OptionNeedsNumber>({}, "--vocab", "256 to 65536", std::to_string(vocabulary));
    return 2;
  }
  runtime::Failure failure;
  const std::optional<runtime::FileBytes> text = runtime::FileBytes::open(context.line.file(), failure);
  if (!text) {
    training::reportBadFile(failure, {}, context.diagnostics);
    return 3;
  }
  const std::unique_ptr<runtime::Tokenizer> tokenizer =
      runtime::trainBytePairs(text->view(), static_cast<std::int32_t>(vocabulary));
  if (!training::writeOutput(*options.out, tokenizer->toJson() + "\n", context.diagnostics)) return 3;
  std::size_t count = 0;
  const auto add = [&](std::span<const std::int32_t> tokens) {
    count += tokens.size();
    return true;
  };
  static_cast<void>(tokenizer->encode(text->view(), add, failure));  // bytes are never refused
  const std::size_t bytes = text->view().size();
  if (options.json)
    writeResult(
        nlohmann::ordered_json{{"tokens", tokenizer->size()}, {"text_bytes", bytes}, {"text_tokens", count}}.dump() +
        "\n");
  else
    writeResult(fmt::format("{} tokens; {} bytes of text become {} tokens ({:.2f} bytes each)\n", tokenizer->size(),
                            bytes, count, count > 0 ? static_cast<double>(bytes) / static_cast<double>(count) : 0.0));
  return 0;
}

}  // namespace nnc::driver
