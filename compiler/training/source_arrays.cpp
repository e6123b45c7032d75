// Sources of arrays, one for each field, whose first axis is the row: idx, npy and npz.
#include <fmt/format.h>

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

/// An array of rows: in memory, or where its file is mapped.
struct Rows {
  std::vector<std::byte> owned;
  std::string_view bytes;
  std::int64_t rowBytes = 0;
};

class ArraySource : public RowSource {
 public:
  void copy(std::size_t field, std::int64_t row, std::byte* destination) const override {
    const Rows& rows = arrays_[field];
    std::memcpy(destination, rows.bytes.data() + row * rows.rowBytes, static_cast<std::size_t>(rows.rowBytes));
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
  std::int64_t elementBytes() const {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) total += files_[i].rows * arrays_[i].rowBytes;
    return total;
  }
  void own(std::size_t field, std::vector<std::byte> bytes) {
    arrays_[field].owned = std::move(bytes);
    view(field, {reinterpret_cast<const char*>(arrays_[field].owned.data()), arrays_[field].owned.size()});
  }
  void view(std::size_t field, std::string_view bytes) { arrays_[field].bytes = bytes; }
  void hash() {
    for (std::size_t i = 0; i < files_.size(); ++i) files_[i].checksum = hashBytes(arrays_[i].bytes);
  }
  std::int64_t declaredBytes(std::size_t field) const { return files_[field].rows * arrays_[field].rowBytes; }

 private:
  std::vector<Rows> arrays_;
};

/// A file for each field.
class FilePerField : public ArraySource {
 public:
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
  bool read(Diagnostics& diagnostics) override {
    bool isFine = true;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      runtime::Failure failure;
      std::optional<runtime::Array> array = runtime::readIdx(files_[i].path, failure);
      const bool isSame = array && static_cast<std::int64_t>(array->bytes.size()) == declaredBytes(i);
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
  std::int64_t bytes() const override { return elementBytes(); }

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
    std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(file.path, failure);
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

class NpzRows final : public ArraySource {
 public:
  bool locate(const elaborate::NpzSource& npz, const std::string& baseDirectory,
              std::span<const elaborate::Field> fields, Diagnostics& diagnostics) {
    const std::optional<DataFile> file = findData(npz.file, baseDirectory, diagnostics);
    if (!file) return false;
    runtime::Failure failure;
    std::optional<std::vector<runtime::NamedArray>> arrays = runtime::readNpz(file->path, failure);
    if (!arrays) {
      reportBadFile(failure, file->span, diagnostics);
      return false;
    }
    for (const elaborate::Field& field : fields)
      if (!takeField(*arrays, field, *file, diagnostics)) return false;
    return checkRows(diagnostics);
  }
  bool read(Diagnostics&) override {
    hash();
    return true;
  }
  std::int64_t bytes() const override { return elementBytes(); }

 private:
  bool takeField(std::vector<runtime::NamedArray>& arrays, const elaborate::Field& field, const DataFile& file,
                 Diagnostics& diagnostics) {
    std::vector<std::string> names;
    for (runtime::NamedArray& entry : arrays) {
      names.push_back(entry.name);
      if (entry.name != field.name) continue;
      DataFile member = file;
      if (!add(std::move(member), entry.array.element, entry.array.shape, field, diagnostics)) return false;
      files_.back().path += ":" + entry.name;
      own(files_.size() - 1, std::move(entry.array.bytes));
      return true;
    }
    DiagnosticBuilder message =
        diagnostics.emit<diag::DataFileBad>(file.span, file.path, fmt::format("holds no array `{}`", field.name));
    message.note(fmt::format("it holds {}", fmt::join(names, ", ")));
    if (const auto close = closestName(field.name, names)) message.help(fmt::format("did you mean `{}`?", *close));
    return false;
  }
};

template <typename Located>
std::unique_ptr<RowSource> filePerField(const std::vector<elaborate::SourceFile>& files,
                                        const elaborate::Source& source, std::span<const elaborate::Field> fields,
                                        Diagnostics& diagnostics) {
  if (files.size() != fields.size()) {
    diagnostics.emit<diag::FieldCountDiffers>(source.span, files.size(), fields.size());
    return nullptr;
  }
  auto rows = std::make_unique<Located>();
  return rows->locate(files, source.baseDirectory, fields, diagnostics) ? std::move(rows) : nullptr;
}

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::IdxSource& idx, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const Meanings&, Diagnostics& diagnostics) {
  return filePerField<IdxRows>(idx.files, source, fields, diagnostics);
}

std::unique_ptr<RowSource> open(const elaborate::NpySource& npy, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const Meanings&, Diagnostics& diagnostics) {
  return filePerField<NpyRows>(npy.files, source, fields, diagnostics);
}

std::unique_ptr<RowSource> open(const elaborate::NpzSource& npz, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const Meanings&, Diagnostics& diagnostics) {
  auto rows = std::make_unique<NpzRows>();
  return rows->locate(npz, source.baseDirectory, fields, diagnostics) ? std::move(rows) : nullptr;
}

}  // namespace nnc::training
