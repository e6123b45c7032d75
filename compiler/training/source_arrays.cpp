// Sources of arrays, one for each field, whose first axis is the row: idx, npy and npz.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "diagnostics/kinds/data.h"
#include "nnc/file_bytes.h"
#include "nnc/idx.h"
#include "nnc/npz.h"
#include "support/hash.h"
#include "support/suggest.h"
#include "training/buffer.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

/// An array of rows: decoded, or where its file is mapped.
struct Rows {
  std::optional<runtime::DecodedBytes> decoded;
  std::string_view bytes;
  std::int64_t rowBytes = 0;
};

class ArraySource : public RowSource {
 public:
  explicit ArraySource(std::int64_t mostHeld) : mostHeld_(mostHeld) {}
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    const Rows& rows = arrays_[field];
    std::memcpy(destination, rows.bytes.data() + row * rows.rowBytes, static_cast<std::size_t>(rows.rowBytes));
    return true;
  }
  std::size_t fileOf(std::size_t field, std::int64_t) const override { return field; }

 protected:
  /// Notes the array of the next field. False: it is not what the field declares (E1203).
  bool add(DataFile file, runtime::Element element, const std::vector<std::int64_t>& shape,
           const elaborate::Field& field, Diagnostics& diagnostics) {
    ir::Type row{dtypeOf(element), {}};
    row.shape.assign(shape.begin() + (shape.empty() ? 0 : 1), shape.end());
    if (shape.empty()) {
      reportBadFile({file.path, -1, 0, "holds a single number, no rows"}, file.span, diagnostics);
      return false;
    }
    file.rows = shape[0];
    if (!checkField(file, row, field, diagnostics)) return false;
    files_.push_back(std::move(file));
    arrays_.emplace_back().rowBytes = field.type.byteCount();
    return true;
  }
  bool checkRows(Diagnostics& diagnostics) {
    for (const DataFile& file : files_) {
      if (file.rows == files_[0].rows) continue;
      diagnostics.emit<diag::RowCountsDiffer>(file.span, file.path, file.rows, files_[0].path, files_[0].rows);
      return false;
    }
    rows_ = files_.empty() ? 0 : files_[0].rows;
    return true;
  }
  /// What the elements of a field take of the memory when they are decoded.
  std::int64_t residentBytes(std::size_t field) const {
    return runtime::DecodedBytes::residentBytes(declaredBytes(field), mostHeld_);
  }
  void own(std::size_t field, runtime::DecodedBytes bytes) {
    view(field, arrays_[field].decoded.emplace(std::move(bytes)).view());
  }
  void view(std::size_t field, std::string_view bytes) { arrays_[field].bytes = bytes; }
  void hash() {
    for (std::size_t i = 0; i < files_.size(); ++i) files_[i].checksum = hashBytes(arrays_[i].bytes);
  }
  std::int64_t declaredBytes(std::size_t field) const { return files_[field].rows * arrays_[field].rowBytes; }
  std::int64_t mostHeld() const { return mostHeld_; }

 private:
  std::int64_t mostHeld_;
  std::vector<Rows> arrays_;
};

/// A file for each field.
class FilePerField : public ArraySource {
 public:
  using ArraySource::ArraySource;
  bool locate(std::span<const elaborate::SourceFile> written, const std::string& baseDirectory,
              std::span<const elaborate::Field> fields, Diagnostics& diagnostics) {
    bool isFine = true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      std::optional<DataFile> file = findData(written[i], baseDirectory, diagnostics);
      isFine = file && locateFile(std::move(*file), fields[i], diagnostics) && isFine;
    }
    return isFine && checkRows(diagnostics);
  }

 private:
  /// Measures and adds one file; reports what is wrong with it.
  virtual bool locateFile(DataFile file, const elaborate::Field& field, Diagnostics& diagnostics) = 0;
};

class IdxRows final : public FilePerField {
 public:
  using FilePerField::FilePerField;
  bool read(Diagnostics& diagnostics) override {
    bool isFine = true;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      runtime::Failure failure;
      std::optional<runtime::DecodedArray> array = runtime::readIdx(files_[i].path, failure, mostHeld());
      const bool isSame = array && array->bytes.size() == declaredBytes(i);
      if (array && !isSame) failure = {files_[i].path, -1, 0, "was changed while it was read"};
      if (!isSame) {
        reportBadFile(failure, files_[i].span, diagnostics);
        isFine = false;
        continue;
      }
      own(i, std::move(array->bytes));
    }
    if (isFine) hash();
    return isFine;
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) total += residentBytes(i);
    return total;
  }

 private:
  bool locateFile(DataFile file, const elaborate::Field& field, Diagnostics& diagnostics) override {
    runtime::Failure failure;
    const std::optional<runtime::Array> header = runtime::readIdxHeader(file.path, failure);
    if (!header) {
      reportBadFile(failure, file.span, diagnostics);
      return false;
    }
    return add(std::move(file), header->element, header->shape, field, diagnostics);
  }
};

/// Files stay where they are: rows are copied out of the mapping.
class NpyRows final : public FilePerField {
 public:
  using FilePerField::FilePerField;
  bool read(Diagnostics&) override {
    hash();
    return true;
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (const runtime::FileBytes& file : mapped_) total += file.residentBytes();
    return total;
  }

 private:
  bool locateFile(DataFile file, const elaborate::Field& field, Diagnostics& diagnostics) override {
    runtime::Failure failure;
    std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(file.path, failure, mostHeld());
    std::optional<runtime::ArrayView> array;
    if (bytes) array = runtime::viewNpy(bytes->view(), file.path, 0, failure);
    if (!array) {
      reportBadFile(failure, file.span, diagnostics);
      return false;
    }
    if (!add(std::move(file), array->element, array->shape, field, diagnostics)) return false;
    mapped_.push_back(std::move(*bytes));
    view(files_.size() - 1, array->bytes);
    return true;
  }

  std::vector<runtime::FileBytes> mapped_;
};

/// Stored members stay where they are in the file; compressed ones are decoded.
class NpzRows final : public ArraySource {
 public:
  using ArraySource::ArraySource;
  bool locate(const elaborate::NpzSource& npz, const std::string& baseDirectory,
              std::span<const elaborate::Field> fields, Diagnostics& diagnostics) {
    const std::optional<DataFile> file = findData(npz.file, baseDirectory, diagnostics);
    if (!file) return false;
    runtime::Failure failure;
    std::optional<runtime::NpzArchive> archive = runtime::NpzArchive::open(file->path, failure);
    if (!archive) {
      reportBadFile(failure, file->span, diagnostics);
      return false;
    }
    archive_.emplace(std::move(*archive));
    for (const elaborate::Field& field : fields)
      if (!takeField(field, *file, diagnostics)) return false;
    return checkRows(diagnostics);
  }
  bool read(Diagnostics& diagnostics) override {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      runtime::Failure failure;
      std::optional<runtime::MemberArray> array = archive_->read(members_[i], failure, mostHeld());
      const bool isSame = array && static_cast<std::int64_t>(array->view.bytes.size()) == declaredBytes(i);
      if (array && !isSame) failure = {files_[i].path, -1, 0, "was changed while it was read"};
      if (!isSame) {
        reportBadFile(failure, files_[i].span, diagnostics);
        return false;
      }
      // The elements are behind a header.
      const std::string_view bytes = array->view.bytes;
      if (array->decoded) own(i, std::move(*array->decoded));
      view(i, bytes);
    }
    hash();
    return true;
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (archive_->isCompressed(members_[i])) total += residentBytes(i);
    return total;
  }

 private:
  bool takeField(const elaborate::Field& field, const DataFile& file, Diagnostics& diagnostics) {
    const std::vector<std::string>& names = archive_->names();
    const auto found = std::find(names.begin(), names.end(), field.name);
    if (found == names.end()) {
      DiagnosticBuilder message =
          diagnostics.emit<diag::DataFileBad>(file.span, file.path, fmt::format("holds no array `{}`", field.name));
      message.note(fmt::format("it holds {}", fmt::join(names, ", ")));
      if (const auto close = closestName(field.name, names)) message.help(fmt::format("did you mean `{}`?", *close));
      return false;
    }
    members_.push_back(static_cast<std::size_t>(found - names.begin()));
    runtime::Failure failure;
    const std::optional<runtime::Array> header = archive_->header(members_.back(), failure);
    if (!header) {
      reportBadFile(failure, file.span, diagnostics);
      return false;
    }
    DataFile member = file;
    if (!add(std::move(member), header->element, header->shape, field, diagnostics)) return false;
    files_.back().path += ":" + field.name;
    return true;
  }

  std::optional<runtime::NpzArchive> archive_;
  std::vector<std::size_t> members_;  // of each field
};

template <typename Located>
std::unique_ptr<RowSource> filePerField(const std::vector<elaborate::SourceFile>& files,
                                        const elaborate::Source& source, std::span<const elaborate::Field> fields,
                                        std::int64_t mostHeld, Diagnostics& diagnostics) {
  if (files.size() != fields.size()) {
    diagnostics.emit<diag::FieldCountDiffers>(source.span, files.size(), fields.size());
    return nullptr;
  }
  auto rows = std::make_unique<Located>(mostHeld);
  return rows->locate(files, source.baseDirectory, fields, diagnostics) ? std::move(rows) : nullptr;
}

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::IdxSource& idx, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  return filePerField<IdxRows>(idx.files, source, fields, options.mostHeld, diagnostics);
}

std::unique_ptr<RowSource> open(const elaborate::NpySource& npy, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  return filePerField<NpyRows>(npy.files, source, fields, options.mostHeld, diagnostics);
}

std::unique_ptr<RowSource> open(const elaborate::NpzSource& npz, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  auto rows = std::make_unique<NpzRows>(options.mostHeld);
  return rows->locate(npz, source.baseDirectory, fields, diagnostics) ? std::move(rows) : nullptr;
}

}  // namespace nnc::training
