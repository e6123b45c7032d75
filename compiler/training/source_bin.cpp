// Fixed-size records, one after the other in one or several files (the binary version of CIFAR-10).
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "diagnostics/kinds/data.h"
#include "nnc/data_path.h"
#include "nnc/file_bytes.h"
#include "support/hash.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

/// Files stay where they are: records are copied out of the mappings.
class BinRows final : public RowSource {
 public:
  bool locate(const elaborate::BinSource& bin, const std::string& baseDirectory,
              std::span<const elaborate::Field> fields, std::int64_t mostHeld, Diagnostics& diagnostics) {
    for (const elaborate::Field& field : fields) {
      offsets_.push_back(recordBytes_);
      sizes_.push_back(field.type.byteCount());
      recordBytes_ += sizes_.back();
    }
    std::vector<std::string> tried;
    const std::vector<std::string> paths = runtime::findDataFiles(bin.pattern.name, baseDirectory, tried);
    if (paths.empty()) {
      diagnostics.emit<diag::DataFileMissing>(bin.pattern.span, bin.pattern.name)
          .note(fmt::format("looked for {}", fmt::join(tried, ", ")))
          .help("put the files beside the .nn file, or set NNC_DATA_PATH to the folder that holds them");
      return false;
    }
    for (const std::string& path : paths)
      if (!add(path, bin.pattern.span, mostHeld, diagnostics)) return false;
    return true;
  }
  bool read(Diagnostics&) override {
    for (std::size_t i = 0; i < files_.size(); ++i) files_[i].checksum = hashBytes(mapped_[i].view());
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    const std::size_t file = fileOf(field, row);
    const std::int64_t record = row - firstRows_[file];
    std::memcpy(destination, mapped_[file].view().data() + record * recordBytes_ + offsets_[field],
                static_cast<std::size_t>(sizes_[field]));
    return true;
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (const runtime::FileBytes& file : mapped_) total += file.residentBytes();
    return total;
  }
  std::size_t fileOf(std::size_t, std::int64_t row) const override {
    return static_cast<std::size_t>(std::upper_bound(firstRows_.begin(), firstRows_.end(), row) - firstRows_.begin()) -
           1;
  }

 private:
  bool add(const std::string& path, Span where, std::int64_t mostHeld, Diagnostics& diagnostics) {
    runtime::Failure failure;
    std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(path, failure, mostHeld);
    const std::int64_t size = bytes ? static_cast<std::int64_t>(bytes->view().size()) : 0;
    if (bytes && size % recordBytes_ != 0) {
      failure = {path, size - size % recordBytes_, 0,
                 fmt::format("has {} bytes, and records of {} do not fill them: {} bytes are left over", size,
                             recordBytes_, size % recordBytes_)};
      bytes.reset();
    }
    if (!bytes) {
      reportBadFile(failure, where, diagnostics);
      return false;
    }
    firstRows_.push_back(rows_);
    DataFile& file = files_.emplace_back();
    file.path = path;
    file.span = where;
    file.rows = size / recordBytes_;
    rows_ += file.rows;
    mapped_.push_back(std::move(*bytes));
    return true;
  }

  std::vector<runtime::FileBytes> mapped_;
  std::vector<std::int64_t> firstRows_;        // of each file
  std::vector<std::int64_t> offsets_, sizes_;  // of each field, in bytes
  std::int64_t recordBytes_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::BinSource& bin, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  auto rows = std::make_unique<BinRows>();
  if (!rows->locate(bin, source.baseDirectory, fields, options.mostHeld, diagnostics)) return nullptr;
  return rows;
}

}  // namespace nnc::training
