// The compiled map of a data block: raw fields of a row in, fields of an example out.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "engine/engine.h"
#include "training/buffer.h"
#include "training/data_set.h"

namespace nnc::training {

/// One thread at a time: it owns the scratch memory of a call.
class RowMap {
 public:
  /// Compiles the part of the map that `fields` need, in their order, and that of the augmented map when
  /// `withAugmentation` and the data block has one. Errors  E11xx: reported.
  static std::optional<RowMap> compile(const elaborate::DataProgram& program, const std::vector<std::string>& fields,
                                       bool withAugmentation, const engine::Options& options, Diagnostics& diagnostics);

  const std::vector<ir::Type>& types() const { return types_; }
  std::int64_t rowBytes(std::size_t field) const { return types_[field].byteCount(); }
  /// Writes the fields of a row to `destinations`, one per field. Errors  as RowSource::copy.
  [[nodiscard]] bool map(const DataSet& data, int source, std::int64_t row, std::byte* const* destinations,
                         Diagnostics& diagnostics);
  /// The same with the augmentations of the data block, if it has any. They depend on seed, epoch and row alone.
  [[nodiscard]] bool mapAugmented(const DataSet& data, int source, std::int64_t row, std::int64_t seed,
                                  std::int64_t epoch, std::byte* const* destinations, Diagnostics& diagnostics);

 private:
  RowMap() = default;
  bool run(const engine::Executable& executable, const DataSet& data, int source, std::int64_t row,
           std::byte* const* destinations, Diagnostics& diagnostics);

  std::optional<engine::Executable> executable_;  // empty: no fields
  std::optional<engine::Executable> augmented_;   // empty: no augmentations
  std::vector<ir::Type> types_;
  std::vector<Buffer> inputs_, outputs_;
  std::vector<bool> isUsed_;  // per raw field
  Buffer seed_{8}, counter_{8};
  std::vector<void*> arguments_, results_;  // the arguments of augmented_; executable_ takes the first ones of them
};

/// The raw fields that a field of an example is computed from, by index, ascending.
std::vector<std::size_t> rawFieldsOf(const elaborate::DataProgram& program, const std::string& field);

/// The fields that the loss or a metric uses as class numbers: those of DataProgram::labelBounds, in its order.
std::vector<std::string> labelFields(const elaborate::DataProgram& program);

/// Checks the class numbers of every row of every part. `labels` maps labelFields.
///
/// Errors  E1208 with file, row, value and bound: reported (the first bad row of each field and part), false; as
///         RowSource::copy.
bool checkLabels(const DataSet& data, RowMap& labels, Diagnostics& diagnostics);

}  // namespace nnc::training
