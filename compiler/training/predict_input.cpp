#include "training/predict_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "diagnostics/kinds/data.h"
#include "ir/tensor.h"
#include "nnc/csv.h"
#include "nnc/files.h"
#include "nnc/image.h"
#include "nnc/npz.h"
#include "training/buffer.h"

namespace nnc::training {

namespace {

using elaborate::Field;

std::string typeText(const runtime::Array& array, std::size_t firstAxis) {
  return ir::toString(ir::Type{dtypeOf(array.element),
                               {array.shape.begin() + static_cast<std::ptrdiff_t>(firstAxis), array.shape.end()}});
}

std::string fieldsText(const std::vector<Field>& fields) {
  std::string out;
  for (const Field& field : fields)
    out += fmt::format("{}`{}: {}`", out.empty() ? "" : ", ", field.name, ir::toString(field.type));
  return out;
}

/// Makes an array of one row into an array of rows. False: its rows are not of this type.
bool asRows(runtime::Array& array, const ir::Type& row) {
  if (dtypeOf(array.element) != row.dtype) return false;
  const std::size_t rank = row.shape.size();
  if (array.shape.size() == rank && std::equal(row.shape.begin(), row.shape.end(), array.shape.begin())) {
    array.shape.insert(array.shape.begin(), 1);
    return true;
  }
  return array.shape.size() == rank + 1 && std::equal(row.shape.begin(), row.shape.end(), array.shape.begin() + 1);
}

class InputReader {
 public:
  InputReader(const std::string& path, const std::vector<Field>& raw, const std::vector<Field>& direct,
              const std::string& labelColumn, Diagnostics& diagnostics)
      : path_(path), raw_(raw), direct_(direct), labelColumn_(labelColumn), diagnostics_(diagnostics) {}

  std::optional<InputRows> run() {
    if (path_.ends_with(".npy")) return npy();
    if (path_.ends_with(".npz")) return npz();
    if (path_.ends_with(".csv")) return csv();
    for (const char* ending : {".png", ".jpg", ".jpeg"})
      if (path_.ends_with(ending)) return image();
    bad("its name ends with none of .npy, .npz, .csv, .png, .jpg, .jpeg");
    return std::nullopt;
  }

 private:
  DiagnosticBuilder bad(const std::string& why) { return diagnostics_.emit<diag::InputBad>({}, path_, why); }

  std::optional<InputRows> npy() {
    runtime::Failure failure;
    std::optional<runtime::Array> array = runtime::readNpy(path_, failure);
    if (!array) {
      bad(failure.message);
      return std::nullopt;
    }
    if (raw_.size() != 1 && direct_.size() != 1) {
      bad(fmt::format("one array, and the network needs {}", fieldsText(direct_)))
          .help("write an .npz with an array for each, under these names");
      return std::nullopt;
    }
    std::vector<runtime::NamedArray> arrays(1);
    arrays[0].array = std::move(*array);
    return choose(std::move(arrays), /*byName=*/false);
  }

  std::optional<InputRows> npz() {
    runtime::Failure failure;
    std::optional<std::vector<runtime::NamedArray>> arrays = runtime::readNpz(path_, failure);
    if (!arrays) {
      bad(failure.message);
      return std::nullopt;
    }
    return choose(std::move(*arrays), /*byName=*/true);
  }

  /// The arrays as rows of the raw fields, or else of what the network takes.
  std::optional<InputRows> choose(std::vector<runtime::NamedArray> arrays, bool byName) {
    if (std::optional<InputRows> rows = take(arrays, raw_, byName)) {
      rows->isRaw = true;
      return checked(std::move(*rows));
    }
    if (std::optional<InputRows> rows = take(arrays, direct_, byName)) return checked(std::move(*rows));
    if (byName && reportNames(arrays)) return std::nullopt;
    reportTypes(arrays, byName);
    return std::nullopt;
  }

  static std::optional<InputRows> take(std::vector<runtime::NamedArray>& arrays, const std::vector<Field>& fields,
                                       bool byName) {
    InputRows rows;
    if (!byName && fields.size() != 1) return std::nullopt;
    for (const Field& field : fields) {
      const auto found = byName ? std::find_if(arrays.begin(), arrays.end(),
                                               [&](const runtime::NamedArray& each) { return each.name == field.name; })
                                : arrays.begin();
      if (found == arrays.end() || !asRows(found->array, field.type)) return std::nullopt;
      rows.arrays.push_back(found->array);
    }
    return rows;
  }

  std::optional<InputRows> checked(InputRows rows) {
    rows.count = rows.arrays[0].shape[0];
    for (const runtime::Array& array : rows.arrays) {
      if (array.shape[0] == rows.count) continue;
      bad(fmt::format("its arrays have {} and {} rows", rows.count, array.shape[0]));
      return std::nullopt;
    }
    if (rows.count > 0) return rows;
    bad("it has no rows");
    return std::nullopt;
  }

  /// Says which array is missing, when it is that.
  bool reportNames(const std::vector<runtime::NamedArray>& arrays) {
    const auto has = [&](const Field& field) {
      return std::any_of(arrays.begin(), arrays.end(),
                         [&](const runtime::NamedArray& each) { return each.name == field.name; });
    };
    const auto hasAll = [&](const std::vector<Field>& fields) {
      return std::all_of(fields.begin(), fields.end(), has);
    };
    if (hasAll(raw_) || hasAll(direct_)) return false;
    std::string names;
    for (const runtime::NamedArray& each : arrays) names += (names.empty() ? "" : ", ") + each.name;
    diagnostics_.emit<diag::InputArrays>({}, path_, fieldsText(direct_))
        .note(fmt::format("arrays of the file: {}", names))
        .note(fmt::format("raw fields of the data, which go through its map: {}", fieldsText(raw_)));
    return true;
  }

  void reportTypes(const std::vector<runtime::NamedArray>& arrays, bool byName) {
    std::string held;
    for (const runtime::NamedArray& each : arrays)
      held += fmt::format("{}{}{}", held.empty() ? "" : ", ", byName ? each.name + ": " : "", typeText(each.array, 0));
    DiagnosticBuilder message = diagnostics_.emit<diag::InputTypes>({}, path_, held, fieldsText(direct_));
    message.note(fmt::format("raw fields of the data, which go through its map: {}", fieldsText(raw_)));
    if (byName || raw_.size() != 1) return;
    const runtime::Array& array = arrays[0].array;
    for (const std::vector<Field>* fields : {&raw_, &direct_}) {
      const ir::Type& wanted = (*fields)[0].type;
      if (typeText(array, 0) == ir::toString(wanted) || array.shape.size() < wanted.shape.size()) continue;
      const bool fits = std::equal(wanted.shape.rbegin(), wanted.shape.rend(), array.shape.rbegin()) &&
                        array.shape.size() <= wanted.shape.size() + 1;
      if (!fits) continue;
      message.help(fmt::format("the shape fits and the dtype does not: convert the array to {}",
                               ir::toString(ir::Type{wanted.dtype, {}})));
      return;
    }
    message.help("axis 0 counts the rows; the other axes and the dtype are those of one row");
  }

  // ------------------------------------------------------------------ images

  /// One image as one row of a raw field u8[3, h, w], or as grey for u8[h, w] and u8[1, h, w], in the size of the
  /// field.
  std::optional<InputRows> image() {
    const ir::Type type = raw_.size() == 1 ? raw_[0].type : ir::Type{};
    const std::size_t rank = type.shape.size();
    const bool isColour = rank == 3 && type.shape[0] == 3;
    const bool isGrey = rank == 2 || (rank == 3 && type.shape[0] == 1);
    if (type.dtype != ir::DType::U8 || !(isColour || isGrey)) {
      bad(fmt::format("an image is u8[3, h, w], or grey u8[h, w], and the raw fields are {}", fieldsText(raw_)));
      return std::nullopt;
    }
    runtime::Failure failure;
    const std::optional<runtime::Image> read = runtime::readImage(path_, failure);
    if (!read) {
      bad(failure.message);
      return std::nullopt;
    }
    const std::vector<std::uint8_t> pixels = runtime::resized(*read, type.shape[rank - 2], type.shape[rank - 1]).pixels;
    InputRows rows;
    rows.isRaw = true;
    rows.count = 1;
    runtime::Array& array = rows.arrays.emplace_back();
    array.element = runtime::Element::U8;
    array.shape = type.shape;
    array.shape.insert(array.shape.begin(), 1);
    for (std::size_t channel = 0; channel < (isColour ? 3 : 1); ++channel)
      for (std::size_t i = 0; i < pixels.size(); i += 3)
        array.bytes.push_back(static_cast<std::byte>(isColour ? pixels[i + channel] : luma(&pixels[i])));
    return rows;
  }

  /// The weights of ITU-R BT.601, rounded.
  static std::uint8_t luma(const std::uint8_t* pixel) {
    return static_cast<std::uint8_t>((299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000);
  }

  // ------------------------------------------------------------------ csv

  static std::int64_t elements(const std::vector<Field>& fields) {
    std::int64_t count = 0;
    for (const Field& field : fields) count += field.type.elementCount();
    return count;
  }

  std::optional<InputRows> csv() {
    runtime::Failure failure;
    const std::optional<std::string> text = runtime::readFile(path_, failure);
    if (!text) {
      bad(failure.message);
      return std::nullopt;
    }
    std::vector<std::vector<double>> lines;
    if (!readLines(*text, lines)) return std::nullopt;
    if (lines.empty()) {
      bad("it has no rows");
      return std::nullopt;
    }
    const auto columns = static_cast<std::int64_t>(lines[0].size());
    InputRows rows;
    rows.isRaw = columns == elements(raw_);
    if (!rows.isRaw && columns != elements(direct_)) {
      diagnostics_.emit<diag::InputTypes>({}, path_, fmt::format("{} numbers a line", columns), fieldsText(direct_))
          .note(fmt::format("raw fields of the data, which go through its map: {}", fieldsText(raw_)))
          .help("a line has the elements of one row, field after field");
      return std::nullopt;
    }
    rows.count = static_cast<std::int64_t>(lines.size());
    std::size_t column = 0;
    for (const Field& field : rows.isRaw ? raw_ : direct_) {
      if (!addField(rows, field, lines, column)) return std::nullopt;
      column += static_cast<std::size_t>(field.type.elementCount());
    }
    return rows;
  }

  bool addField(InputRows& rows, const Field& field, const std::vector<std::vector<double>>& lines,
                std::size_t column) {
    const std::int64_t width = field.type.elementCount();
    ir::Shape shape = field.type.shape;
    shape.insert(shape.begin(), rows.count);
    ir::Tensor tensor(ir::Type{field.type.dtype, shape});
    for (std::size_t line = 0; line < lines.size(); ++line) {
      for (std::int64_t i = 0; i < width; ++i) {
        const double value = lines[line][column + static_cast<std::size_t>(i)];
        const std::int64_t at = static_cast<std::int64_t>(line) * width + i;
        tensor.setReal(at, value);
        // An integer field must hold the number exactly; a float field rounds it.
        if (ir::isFloat(field.type.dtype) || tensor.real(at) == value) continue;
        bad(fmt::format("row {}: {} is no value of field `{}: {}`", line + 1, value, field.name,
                        ir::toString(field.type)));
        return false;
      }
    }
    runtime::Array& array = rows.arrays.emplace_back();
    array.element = elementOf(field.type.dtype);
    array.shape = std::move(shape);
    array.bytes = std::move(tensor.bytes);
    return true;
  }

  /// The place of the column with the labels, which nobody predicts from; the number of cells when there is none.
  std::size_t labelIn(const std::vector<runtime::CsvCell>& header) const {
    const auto found = std::find_if(header.begin(), header.end(), [&](const runtime::CsvCell& cell) {
      return !labelColumn_.empty() && cell.text == labelColumn_;
    });
    return static_cast<std::size_t>(found - header.begin());
  }

  bool readLines(std::string_view text, std::vector<std::vector<double>>& lines) {
    runtime::CsvReader reader(text, path_);
    runtime::Failure failure;
    std::vector<runtime::CsvCell> cells;
    std::size_t skipped = std::string_view::npos;  // a column
    for (std::int64_t record = 1; reader.next(cells, failure); ++record) {
      const bool hasNumber = std::any_of(cells.begin(), cells.end(), [](const runtime::CsvCell& cell) {
        return runtime::csvNumber(cell.text).has_value();
      });
      if (record == 1 && !hasNumber) {
        skipped = labelIn(cells);
        continue;
      }
      std::vector<double> values;
      for (std::size_t column = 0; column < cells.size(); ++column) {
        if (column == skipped) continue;
        const std::optional<double> value = runtime::csvNumber(cells[column].text);
        if (!value) {
          bad(fmt::format("record {}: `{}` is no number", record, cells[column].text));
          return false;
        }
        values.push_back(*value);
      }
      if (!lines.empty() && lines[0].size() != values.size()) {
        bad(fmt::format("record {} has {} numbers, those before have {}", record, values.size(), lines[0].size()));
        return false;
      }
      lines.push_back(std::move(values));
    }
    if (failure.message.empty()) return true;
    bad(failure.message);
    return false;
  }

  const std::string& path_;
  const std::vector<Field>&raw_, &direct_;
  const std::string& labelColumn_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<InputRows> readInput(const std::string& path, const std::vector<elaborate::Field>& raw,
                                   const std::vector<elaborate::Field>& direct, const std::string& labelColumn,
                                   Diagnostics& diagnostics) {
  return InputReader(path, raw, direct, labelColumn, diagnostics).run();
}

}  // namespace nnc::training
