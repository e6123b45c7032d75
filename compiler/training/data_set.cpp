#include "training/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "diagnostics/kinds/data.h"
#include "nnc/data_path.h"
#include "nnc/idx.h"
#include "support/hash.h"
#include "support/suggest.h"
#include "training/buffer.h"
#include "training/parts.h"

namespace nnc::training {

namespace {

void reportBadFile(const runtime::Failure& failure, Span where, Diagnostics& diagnostics) {
  DiagnosticBuilder message = diagnostics.emit<diag::DataFileBad>(where, failure.path, failure.message);
  if (failure.offset >= 0) message.note(fmt::format("at byte {} of {}", failure.offset, failure.path));
}

std::optional<std::string> find(const std::string& name, const std::string& baseDirectory, Span where,
                                Diagnostics& diagnostics) {
  std::vector<std::string> tried;
  std::optional<std::string> path = runtime::findDataFile(name, baseDirectory, tried);
  if (path) return path;
  DiagnosticBuilder message = diagnostics.emit<diag::DataFileMissing>(where, name);
  message.note(fmt::format("looked for {}", fmt::join(tried, ", ")));
  if (name.starts_with("fashion-mnist/"))
    message.help("on Debian: apt-get install dataset-fashion-mnist");
  else
    message.help("put the file beside the .nn file, or set NNC_DATA_PATH to the folder that holds it");
  return std::nullopt;
}

/// Whether one row of the file is what the field declares.
bool checkField(const DataFile& file, const elaborate::Field& field, Diagnostics& diagnostics) {
  ir::Type row{dtypeOf(file.array.element), {}};
  row.shape.assign(file.array.shape.begin() + 1, file.array.shape.end());
  if (row == field.type) return true;
  diagnostics
      .emit<diag::DataFieldMismatch>(file.span, file.path, ir::toString(row), field.name, ir::toString(field.type))
      .help(fmt::format("declare `fields: ({}: {})`, or list the files in the order of the fields", field.name,
                        ir::toString(row)));
  return false;
}

std::optional<DataFile> locateFile(const elaborate::IdxSource& source, std::size_t index,
                                   const std::string& baseDirectory, const elaborate::Field& field,
                                   Diagnostics& diagnostics) {
  DataFile file;
  file.span = index < source.spans.size() ? source.spans[index] : Span{};
  const std::optional<std::string> path = find(source.files[index], baseDirectory, file.span, diagnostics);
  if (!path) return std::nullopt;
  file.path = *path;
  runtime::Failure failure;
  std::optional<runtime::Array> header = runtime::readIdxHeader(*path, failure);
  if (!header) {
    reportBadFile(failure, file.span, diagnostics);
    return std::nullopt;
  }
  file.array = std::move(*header);
  file.rows = file.array.shape[0];
  if (!checkField(file, field, diagnostics)) return std::nullopt;
  file.rowBytes = field.type.byteCount();
  return file;
}

std::optional<std::vector<DataFile>> locateSource(const elaborate::Source& source,
                                                  const std::vector<elaborate::Field>& raw, Diagnostics& diagnostics) {
  const auto& idx = std::get<elaborate::IdxSource>(source.node);
  if (idx.files.size() != raw.size()) {
    diagnostics.emit<diag::FieldCountDiffers>(source.span, idx.files.size(), raw.size());
    return std::nullopt;
  }
  std::vector<DataFile> files;
  bool isFine = true;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    std::optional<DataFile> file = locateFile(idx, i, source.baseDirectory, raw[i], diagnostics);
    isFine = isFine && file.has_value();
    if (file) files.push_back(std::move(*file));
  }
  if (!isFine) return std::nullopt;
  for (const DataFile& file : files) {
    if (file.rows == files[0].rows) continue;
    diagnostics.emit<diag::RowCountsDiffer>(file.span, file.path, file.rows, files[0].path, files[0].rows);
    return std::nullopt;
  }
  return files;
}

}  // namespace

std::optional<DataSet> DataSet::locate(const elaborate::DataProgram& program, Diagnostics& diagnostics) {
  DataSet data;
  data.program_ = &program;
  std::vector<std::int64_t> rowCounts;
  bool isFine = true;
  for (const elaborate::Source* const source : {&program.source, program.test ? &*program.test : nullptr}) {
    if (source == nullptr) continue;
    std::optional<std::vector<DataFile>> files = locateSource(*source, program.raw, diagnostics);
    isFine = isFine && files.has_value();
    if (!files) continue;
    rowCounts.push_back(files->empty() ? 0 : files->front().rows);
    data.sources_.push_back(std::move(*files));
  }
  if (!isFine) return std::nullopt;
  std::optional<std::vector<Part>> parts = cutParts(program, rowCounts, diagnostics);
  if (!parts) return std::nullopt;
  data.parts_ = std::move(*parts);
  return data;
}

bool DataSet::read(Diagnostics& diagnostics) {
  bool isFine = true;
  for (std::vector<DataFile>& files : sources_) {
    for (DataFile& file : files) {
      runtime::Failure failure;
      std::optional<runtime::Array> array = runtime::readIdx(file.path, failure);
      if (!array) {
        reportBadFile(failure, file.span, diagnostics);
        isFine = false;
        continue;
      }
      file.array = std::move(*array);
      file.checksum = hashBytes({reinterpret_cast<const char*>(file.array.bytes.data()), file.array.bytes.size()});
    }
  }
  return isFine;
}

std::int64_t DataSet::bytes() const {
  std::int64_t total = 0;
  for (const std::vector<DataFile>& files : sources_)
    for (const DataFile& file : files) total += file.rows * file.rowBytes;
  return total;
}

int DataSet::findPart(const std::string& name) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].name == name) return static_cast<int>(i);
  return -1;
}

int DataSet::requirePart(const std::string& name, Diagnostics& diagnostics) const {
  const int found = findPart(name);
  if (found >= 0) return found;
  std::vector<std::string> names;
  for (const Part& part : parts_) names.push_back(part.name);
  DiagnosticBuilder message = diagnostics.emit<diag::UnknownPart>(program_->span, name);
  message.note(fmt::format("its parts are {}", fmt::join(names, ", ")));
  if (const std::optional<std::string> close = closestName(name, names))
    message.help(fmt::format("did you mean `{}`?", *close));
  return -1;
}

}  // namespace nnc::training
