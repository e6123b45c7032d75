// A CSV file: one pass over the text finds the header, the kind of each column and the words of text columns; a second
// one, once the memory is known to be there, makes the elements. Cells are turned into numbers once, not in each epoch.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>

#include "diagnostics/kinds/data.h"
#include "nnc/csv.h"
#include "nnc/file_bytes.h"
#include "support/suggest.h"
#include "training/decoded_rows.h"
#include "training/meanings.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

constexpr std::size_t kMaxWords = 1024;  // of a text column; more are no classes

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Where a column's cells go.
struct Column {
  std::size_t field = 0;
  std::int64_t element = 0;  // of the field
  ir::DType dtype = ir::DType::F32;
  bool isText = false;  // classes: words, numbered in order of first appearance
  bool hasWords = false;
  std::vector<std::string> words;
  std::map<std::string, std::int64_t, std::less<>> numbers;
};

class CsvRows final : public RowSource {
 public:
  CsvRows(const elaborate::CsvSource& csv, std::span<const elaborate::Field> fields, std::int64_t mostHeld)
      : csv_(csv), mostHeld_(mostHeld) {
    for (const elaborate::Field& field : fields) {
      fields_.push_back(field);
      rowBytes_.push_back(field.type.byteCount());
      columnCount_ += field.type.elementCount();
    }
  }

  bool locate(const std::string& baseDirectory, const Meanings& known, Diagnostics& diagnostics) {
    std::optional<DataFile> found = findData(csv_.file, baseDirectory, diagnostics);
    if (!found) return false;
    DataFile& file = files_.emplace_back(std::move(*found));
    runtime::Failure failure;
    std::optional<runtime::FileBytes> bytes = runtime::FileBytes::open(file.path, failure, mostHeld_);
    if (!bytes) {
      reportBadFile(failure, file.span, diagnostics);
      return false;
    }
    textBytes_ = text_.emplace(std::move(*bytes)).residentBytes();
    std::string help;
    if (measure(known, failure, help)) {
      file.rows = rows_;
      return true;
    }
    reportBadFile(failure, file.span, diagnostics, help);
    return false;
  }

  bool read(Diagnostics& diagnostics) override {
    DecodedRows& values = values_.emplace(rowBytes_, files_[0].path, mostHeld_);
    values.expect(rows_);
    runtime::Failure failure;
    runtime::CsvReader reader(text_->view(), files_[0].path);
    std::vector<runtime::CsvCell> cells;
    if (hasHeader_) reader.next(cells, failure);
    std::string help;
    bool isFine = true;
    std::int64_t made = 0;
    while (isFine && reader.next(cells, failure)) {
      for (std::size_t i = 0; isFine && i < cells.size(); ++i)
        isFine = setCell(reader, cells[i], columns_[i], values, failure, help);
      isFine = isFine && values.endRow(failure);
      ++made;
    }
    if (isFine && made != rows_) {
      failure = {files_[0].path, -1, 0, "was changed while it was read"};
      isFine = false;
    }
    if (!isFine || !values.finish(failure)) {
      reportBadFile(failure, files_[0].span, diagnostics, help);
      return false;
    }
    text_.reset();
    files_[0].checksum = values.checksum();
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics&) const override {
    values_->copy(field, row, destination);
    return true;
  }
  std::int64_t bytes() const override { return textBytes_ + DecodedRows::residentBytes(rowBytes_, rows_, mostHeld_); }
  std::size_t fileOf(std::size_t, std::int64_t) const override { return 0; }
  Meanings meanings() const override {
    Meanings all;
    for (const Column& column : columns_)
      if (column.isText) all.push_back(classMeaning(meaningName(column), column.words));
    return all;
  }

 private:
  std::string meaningName(const Column& column) const {
    const elaborate::Field& field = fields_[column.field];
    return field.type.shape.empty() ? field.name : fmt::format("{}[{}]", field.name, column.element);
  }

  /// Columns to fields: consecutive, the label's column last.
  void placeColumns(std::int64_t label) {
    columns_.assign(static_cast<std::size_t>(columnCount_), {});
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (static_cast<std::int64_t>(i) != label) order.push_back(i);
    if (label >= 0) order.push_back(static_cast<std::size_t>(label));
    std::size_t next = 0;
    for (std::size_t field = 0; field < fields_.size(); ++field) {
      for (std::int64_t element = 0; element < fields_[field].type.elementCount(); ++element) {
        Column& column = columns_[order[next++]];
        column.field = field;
        column.element = element;
        column.dtype = fields_[field].type.dtype;
      }
    }
  }

  /// The first pass.
  bool measure(const Meanings& known, runtime::Failure& failure, std::string& help) {
    runtime::CsvReader reader(text_->view(), files_[0].path);
    std::vector<runtime::CsvCell> cells;
    if (!reader.next(cells, failure)) {
      if (failure.message.empty()) failure = {files_[0].path, -1, 0, "has no lines"};
      return false;
    }
    std::vector<std::string> names;
    for (const runtime::CsvCell& cell : cells) names.emplace_back(trimmed(cell.text));
    if (!checkCount(reader, cells, failure, help)) return false;
    // The column of the label is known by its name, before it is known whether there is a header.
    std::int64_t label = -1;
    if (csv_.label && !findLabel(names, label, failure, help)) return false;
    placeColumns(label);
    for (Column& column : columns_) {
      const std::optional<std::vector<std::string>> words = classWords(known, meaningName(column));
      if (!words) continue;
      column.hasWords = true;
      for (const std::string& word : *words) number(column, word);
    }
    const bool hasNumber = std::any_of(cells.begin(), cells.end(),
                                       [](const auto& cell) { return runtime::csvNumber(cell.text).has_value(); });
    // Whether the first line is a header shows in the columns that hold numbers below it; until then it is kept apart.
    std::vector<bool> isNumericBelow(cells.size(), true);
    const bool mayBeHeader = csv_.header == elaborate::CsvHeader::Yes || csv_.label ||
                             (csv_.header == elaborate::CsvHeader::Auto && !hasNumber);
    if (!mayBeHeader) {
      rows_ = 1;
      if (!noteWords(cells, reader, failure, help)) return false;
    }
    while (reader.next(cells, failure)) {
      if (!checkCount(reader, cells, failure, help)) return false;
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (!trimmed(cells[i].text).empty() && !runtime::csvNumber(cells[i].text)) isNumericBelow[i] = false;
      if (!noteWords(cells, reader, failure, help)) return false;
      ++rows_;
    }
    if (!failure.message.empty()) return false;
    hasHeader_ = mayBeHeader;
    const bool hasNumbersBelow =
        rows_ > 0 && std::any_of(isNumericBelow.begin(), isNumericBelow.end(), [](bool is) { return is; });
    if (mayBeHeader && csv_.header == elaborate::CsvHeader::Auto && !csv_.label && !hasNumbersBelow)
      return restart(failure, help);
    return !hasHeader_ || checkNames(names, failure, help);
  }

  /// All columns are text, and nothing tells the first line from the others: it is a row. Words are counted again, for
  /// its own come first.
  bool restart(runtime::Failure& failure, std::string& help) {
    hasHeader_ = false;
    rows_ = 0;
    for (Column& column : columns_) {
      if (column.hasWords) continue;
      column.words.clear();
      column.numbers.clear();
    }
    runtime::CsvReader reader(text_->view(), files_[0].path);
    std::vector<runtime::CsvCell> cells;
    while (reader.next(cells, failure)) {
      if (!noteWords(cells, reader, failure, help)) return false;
      ++rows_;
    }
    return failure.message.empty();
  }

  bool checkCount(const runtime::CsvReader& reader, const std::vector<runtime::CsvCell>& cells,
                  runtime::Failure& failure, std::string& help) const {
    if (static_cast<std::int64_t>(cells.size()) == columnCount_) return true;
    help = "`fields` takes consecutive columns: `x: f32[4]` takes four, `y: i32` one";
    return reader.refuse(cells.back().offset,
                         fmt::format("has a line of {} columns, and `fields` declares {}", cells.size(), columnCount_),
                         failure);
  }

  bool findLabel(const std::vector<std::string>& names, std::int64_t& label, runtime::Failure& failure,
                 std::string& help) const {
    const auto found = std::find(names.begin(), names.end(), csv_.label->name);
    label = found - names.begin();
    if (found != names.end() && csv_.header != elaborate::CsvHeader::No && fields_.back().type.shape.empty())
      return true;
    failure = {files_[0].path, -1, 1, fmt::format("has no column `{}` in its first line", csv_.label->name)};
    if (found != names.end()) failure.message = "has a label, so that the last field must be one number: `y: i32`";
    if (csv_.header == elaborate::CsvHeader::No)
      failure.message = "has no header (`header: false`), in which a label could be looked up";
    if (const auto close = closestName(csv_.label->name, names)) help = fmt::format("did you mean `{}`?", *close);
    return false;
  }

  /// A field that has the name of a column takes that one.
  bool checkNames(const std::vector<std::string>& names, runtime::Failure& failure, std::string& help) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const elaborate::Field& field = fields_[columns_[i].field];
      const auto named = std::find(names.begin(), names.end(), field.name);
      if (!field.type.shape.empty() || named == names.end() || names[i] == field.name) continue;
      failure = {files_[0].path, -1, 1,
                 fmt::format("has the column `{}` where `fields` has `{}`", names[i], field.name)};
      help = "list the fields in the order of the columns";
      return false;
    }
    return true;
  }

  /// Integer columns with text are classes.
  bool noteWords(const std::vector<runtime::CsvCell>& cells, const runtime::CsvReader& reader,
                 runtime::Failure& failure, std::string& help) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      Column& column = columns_[i];
      if (ir::isFloat(column.dtype)) continue;
      const std::string_view word = trimmed(cells[i].text);
      if (word.empty()) continue;
      if (!column.isText && runtime::csvNumber(word)) continue;
      column.isText = true;
      if (column.numbers.contains(word)) continue;
      if (column.hasWords) {
        help = fmt::format("the data that is trained on have {}", fmt::join(column.words, ", "));
        return reader.refuse(cells[i].offset, fmt::format("`{}` is no class of the data that is trained on", word),
                             failure);
      }
      if (column.words.size() == kMaxWords)
        return reader.refuse(cells[i].offset,
                             fmt::format("a column of more than {} different words has no classes", kMaxWords),
                             failure);
      number(column, std::string(word));
    }
    return true;
  }
  static void number(Column& column, const std::string& word) {
    if (column.numbers.emplace(word, static_cast<std::int64_t>(column.words.size())).second)
      column.words.push_back(word);
  }

  bool setCell(const runtime::CsvReader& reader, const runtime::CsvCell& cell, const Column& column,
               DecodedRows& values, runtime::Failure& failure, std::string& help) {
    const std::string_view text = trimmed(cell.text);
    std::optional<double> value = column.isText ? std::nullopt : runtime::csvNumber(text);
    if (text.empty()) {
      value = csv_.missing;
      if (!value) help = "`csv(.., missing: 0.0)` gives empty cells a value";
      if (!value) return reader.refuse(cell.offset, "an empty cell", failure);
    } else if (column.isText) {
      const auto found = column.numbers.find(text);
      if (found == column.numbers.end())
        return reader.refuse(cell.offset, fmt::format("`{}` is a number in a column of words", text), failure);
      value = static_cast<double>(found->second);
    }
    const elaborate::Field& field = fields_[column.field];
    if (!value && runtime::isNotFinite(text)) {
      help = "leave such cells empty: `csv(.., missing: 0.0)` gives them a value";
      return reader.refuse(cell.offset, fmt::format("`{}` is no finite f64", text), failure);
    }
    if (!value) {
      help = fmt::format("a column of words is a class: declare `{}: i32`", field.name);
      return reader.refuse(cell.offset, fmt::format("`{}` is no number", text), failure);
    }
    const std::int64_t width = ir::dtypeBytes(column.dtype);
    if (storeNumber(column.dtype, *value, values.next(column.field) + column.element * width)) return true;
    return reader.refuse(cell.offset, fmt::format("`{}` is no {}", text, ir::dtypeName(column.dtype)), failure);
  }

  /// False: the dtype cannot hold the number.
  static bool storeNumber(ir::DType dtype, double value, std::byte* destination) {
    const auto store = [&]<typename T>(T) {
      if constexpr (std::is_integral_v<T>) {
        // 2^63 itself is no i64, and is a double.
        const double low = static_cast<double>(std::numeric_limits<T>::min()),
                     end = std::ldexp(1.0, std::numeric_limits<T>::digits);
        if (value != std::floor(value) || value < low || value >= end) return false;
      }
      const T element = static_cast<T>(value);
      std::memcpy(destination, &element, sizeof element);
      return true;
    };
    switch (dtype) {
      case ir::DType::F32:
        return std::isfinite(static_cast<float>(value)) && store(float{});
      case ir::DType::F64:
        return store(double{});
      case ir::DType::I8:
        return store(std::int8_t{});
      case ir::DType::U8:
        return store(std::uint8_t{});
      case ir::DType::I32:
        return store(std::int32_t{});
      case ir::DType::I64:
        return store(std::int64_t{});
      case ir::DType::Bool:
        return (value == 0.0 || value == 1.0) && store(std::uint8_t{});
      case ir::DType::BF16:
        return false;
    }
    return false;
  }

  const elaborate::CsvSource csv_;
  std::int64_t mostHeld_;
  std::vector<elaborate::Field> fields_;
  std::vector<std::int64_t> rowBytes_;
  std::int64_t columnCount_ = 0;
  std::vector<Column> columns_;  // in the order of the file
  bool hasHeader_ = false;
  std::optional<runtime::FileBytes> text_;  // until it is read
  std::int64_t textBytes_ = 0;
  std::optional<DecodedRows> values_;
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::CsvSource& csv, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  auto rows = std::make_unique<CsvRows>(csv, fields, options.mostHeld);
  if (!rows->locate(source.baseDirectory, options.known, diagnostics)) return nullptr;
  return rows;
}

}  // namespace nnc::training
