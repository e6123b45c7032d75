#include "training/not_finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nnc::training {

namespace {

struct NotFinite {
  std::int64_t element = 0;
  double value = 0.0;

  std::string text() const { return std::isnan(value) ? "NaN" : value > 0.0 ? "infinity" : "minus infinity"; }
};

/// In one example of a field of this type.
std::optional<NotFinite> firstIn(const ir::Type& type, const std::byte* bytes) {
  if (!ir::isFloat(type.dtype)) return std::nullopt;
  const std::int64_t width = ir::dtypeBytes(type.dtype), count = type.elementCount();
  for (std::int64_t i = 0; i < count; ++i)
    if (const double value = realAt(type.dtype, bytes + i * width); !std::isfinite(value)) return NotFinite{i, value};
  return std::nullopt;
}

/// `field` or `field[2, 0]`.
std::string elementName(const elaborate::Field& field, std::int64_t element) {
  std::vector<std::int64_t> index(field.type.shape.size());
  for (std::size_t axis = index.size(); axis-- > 0; element /= field.type.shape[axis])
    index[axis] = element % field.type.shape[axis];
  return index.empty() ? fmt::format("`{}`", field.name) : fmt::format("`{}[{}]`", field.name, fmt::join(index, ", "));
}

/// In the fields of a row as the file has them.
std::optional<std::string> inFile(const DataSet& data, int source, std::int64_t row) {
  const RowSource& rows = data.source(source);
  const std::vector<elaborate::Field>& raw = data.program().raw;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(raw[i].type.byteCount()));
    Diagnostics unread;
    if (!rows.copy(i, row, bytes.data(), unread)) continue;
    if (const std::optional<NotFinite> found = firstIn(raw[i].type, bytes.data()))
      return fmt::format("{} of row {} of `{}` is {}", elementName(raw[i], found->element), row,
                         rows.files()[rows.fileOf(i, row)].path, found->text());
  }
  return std::nullopt;
}

/// In the fields that the data block makes of a row.
std::optional<std::string> inExample(const Batch& batch, std::int64_t example, std::span<const std::string> names,
                                     const DataSet& data) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<elaborate::Field>& fields = data.program().fields;
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const elaborate::Field& each) { return each.name == names[i]; });
    if (field == fields.end()) continue;
    const std::byte* const bytes = batch.fields[i].data() + example * field->type.byteCount();
    if (const std::optional<NotFinite> found = firstIn(field->type, bytes))
      return fmt::format("{} is {} for row {}, whose numbers in the file are finite",
                         elementName(*field, found->element), found->text(),
                         batch.rows[static_cast<std::size_t>(example)]);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> notFiniteIn(const Batch& batch, std::span<const std::string> fields, const DataSet& data) {
  for (std::int64_t i = 0; i < batch.count; ++i) {
    if (auto found = inFile(data, batch.source, batch.rows[static_cast<std::size_t>(i)])) return found;
    if (auto found = inExample(batch, i, fields, data)) return found;
  }
  return std::nullopt;
}

}  // namespace nnc::training
