// Examples that a function of the program makes: compiled once, called once for each example, kept in memory.
#include <fmt/format.h>

#include <cstring>

#include "engine/engine.h"
#include "ir/print.h"
#include "support/hash.h"
#include "training/buffer.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

class GeneratedRows final : public RowSource {
 public:
  GeneratedRows(const elaborate::GenerateSource& generated, Span where, std::span<const elaborate::Field> fields)
      : generated_(generated) {
    DataFile& file = files_.emplace_back();
    file.path = fmt::format("generate({})", generated.count);
    file.span = where;
    file.rows = rows_ = generated.count;
    file.maker =
        hexDigits(hashBytes(fmt::format("{} {} {}", generated.count, generated.seed, ir::print(generated.module))));
    for (const elaborate::Field& field : fields) rowBytes_.push_back(field.type.byteCount());
    values_.resize(fields.size());
  }

  bool read(Diagnostics& diagnostics) override {
    ir::Module module = generated_.module;
    const engine::Options options;
    if (!engine::lower(module, generated_.function, options, diagnostics)) return false;
    const std::optional<engine::Executable> example =
        engine::Executable::compile(std::move(module), generated_.function, options, diagnostics);
    if (!example) return false;
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i].resize(static_cast<std::size_t>(rows_ * rowBytes_[i]));
    run(*example);
    for (const std::vector<std::byte>& values : values_)
      files_[0].checksum = hashBytes({reinterpret_cast<const char*>(values.data()), values.size()}, files_[0].checksum);
    return true;
  }
  void copy(std::size_t field, std::int64_t row, std::byte* destination) const override {
    std::memcpy(destination, values_[field].data() + row * rowBytes_[field],
                static_cast<std::size_t>(rowBytes_[field]));
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (const std::int64_t bytes : rowBytes_) total += rows_ * bytes;
    return total;
  }
  std::size_t fileOf(std::size_t, std::int64_t) const override { return 0; }

 private:
  void run(const engine::Executable& example) {
    Buffer i(8), seed(8);
    std::memcpy(seed.data(), &generated_.seed, sizeof generated_.seed);
    void* const arguments[] = {i.data(), seed.data()};
    std::vector<Buffer> fields;
    std::vector<void*> results;
    for (const std::int64_t bytes : rowBytes_) {
      fields.emplace_back(bytes);
      results.push_back(fields.back().data());
    }
    for (std::int64_t row = 0; row < rows_; ++row) {
      std::memcpy(i.data(), &row, sizeof row);
      example.run(arguments, results.data());
      for (std::size_t field = 0; field < fields.size(); ++field)
        std::memcpy(values_[field].data() + row * rowBytes_[field], fields[field].data(),
                    static_cast<std::size_t>(rowBytes_[field]));
    }
  }

  const elaborate::GenerateSource& generated_;
  std::vector<std::int64_t> rowBytes_;
  std::vector<std::vector<std::byte>> values_;  // of each field
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::GenerateSource& generated, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const Meanings&, Diagnostics&) {
  return std::make_unique<GeneratedRows>(generated, source.span, fields);
}

}  // namespace nnc::training
