// Examples that a function of the program makes: compiled once, called once for each example.
#include <fmt/format.h>

#include <cstring>

#include "engine/engine.h"
#include "ir/print.h"
#include "support/hash.h"
#include "training/buffer.h"
#include "training/decoded_rows.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

class GeneratedRows final : public RowSource {
 public:
  GeneratedRows(const elaborate::GenerateSource& generated, Span where, std::span<const elaborate::Field> fields,
                std::int64_t mostHeld)
      : generated_(generated), mostHeld_(mostHeld) {
    DataFile& file = files_.emplace_back();
    file.path = fmt::format("generate({})", generated.count);
    file.span = where;
    file.rows = rows_ = generated.count;
    file.maker =
        hexDigits(hashBytes(fmt::format("{} {} {}", generated.count, generated.seed, ir::print(generated.module))));
    for (const elaborate::Field& field : fields) rowBytes_.push_back(field.type.byteCount());
  }

  bool read(Diagnostics& diagnostics) override {
    ir::Module module = generated_.module;
    const engine::Options options;
    if (!engine::lower(module, generated_.function, options, diagnostics)) return false;
    const std::optional<engine::Executable> example =
        engine::Executable::compile(std::move(module), generated_.function, options, diagnostics);
    if (!example) return false;
    DecodedRows& values = values_.emplace(rowBytes_, files_[0].path, mostHeld_);
    values.expect(rows_);
    runtime::Failure failure;
    if (!run(*example, values, failure)) {
      reportBadFile(failure, files_[0].span, diagnostics);
      return false;
    }
    files_[0].checksum = values.checksum();
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    values_->copy(field, row, destination);
    return true;
  }
  std::int64_t bytes() const override { return DecodedRows::residentBytes(rowBytes_, rows_, mostHeld_); }
  std::size_t fileOf(std::size_t, std::int64_t) const override { return 0; }

 private:
  bool run(const engine::Executable& example, DecodedRows& values, runtime::Failure& failure) {
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
        std::memcpy(values.next(field), fields[field].data(), static_cast<std::size_t>(rowBytes_[field]));
      if (!values.endRow(failure)) return false;
    }
    return values.finish(failure);
  }

  const elaborate::GenerateSource& generated_;
  std::int64_t mostHeld_;
  std::vector<std::int64_t> rowBytes_;
  std::optional<DecodedRows> values_;
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::GenerateSource& generated, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options, Diagnostics&) {
  return std::make_unique<GeneratedRows>(generated, source.span, fields, options.mostHeld);
}

}  // namespace nnc::training
