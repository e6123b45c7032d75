#include "training/row_source.h"

#include <fmt/format.h>

#include "diagnostics/kinds/data.h"
#include "nnc/data_path.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

struct Opener {
  const elaborate::Source& source;
  std::span<const elaborate::Field> fields;
  const OpenOptions& options;
  Diagnostics& diagnostics;

  template <typename Node>
  std::unique_ptr<RowSource> operator()(const Node& node) const {
    return open(node, source, fields, options, diagnostics);
  }
};

}  // namespace

std::unique_ptr<RowSource> openSource(const elaborate::Source& source, std::span<const elaborate::Field> fields,
                                      const OpenOptions& options, Diagnostics& diagnostics) {
  return std::visit(Opener{source, fields, options, diagnostics}, source.node);
}

std::optional<DataFile> findData(const elaborate::SourceFile& file, const std::string& baseDirectory,
                                 Diagnostics& diagnostics) {
  std::vector<std::string> tried;
  std::optional<std::string> path = runtime::findDataFile(file.name, baseDirectory, tried);
  if (path) {
    DataFile found;
    found.path = std::move(*path);
    found.span = file.span;
    return found;
  }
  DiagnosticBuilder message = diagnostics.emit<diag::DataFileMissing>(file.span, file.name);
  message.note(fmt::format("looked for {}", fmt::join(tried, ", ")));
  if (file.name.starts_with("fashion-mnist/"))
    message.help("on Debian: apt-get install dataset-fashion-mnist");
  else
    message.help("put the file beside the .nn file, or set NNC_DATA_PATH to the folder that holds it");
  return std::nullopt;
}

void reportBadFile(const runtime::Failure& failure, Span where, Diagnostics& diagnostics, const std::string& help) {
  DiagnosticBuilder message = diagnostics.emit<diag::DataFileBad>(where, failure.path, failure.message);
  const std::string column = failure.column > 0 ? fmt::format(":{}", failure.column) : "";
  if (failure.line > 0) message.note(fmt::format("at {}:{}{}", failure.path, failure.line, column));
  if (failure.offset >= 0) message.note(fmt::format("at byte {} of {}", failure.offset, failure.path));
  if (!help.empty()) message.help(help);
}

bool checkField(const DataFile& file, const ir::Type& row, const elaborate::Field& field, Diagnostics& diagnostics) {
  if (row == field.type) return true;
  diagnostics
      .emit<diag::DataFieldMismatch>(file.span, file.path, ir::toString(row), field.name, ir::toString(field.type))
      .help(fmt::format("declare `fields: ({}: {})`, or list the files in the order of the fields", field.name,
                        ir::toString(row)));
  return false;
}

}  // namespace nnc::training
