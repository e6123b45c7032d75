// The parts of a data block's settings that have a reader of their own: fields, sources, split.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "elaborate/data.h"

namespace nnc::elaborate {

/// Fields with the places that name them.
struct FieldList {
  std::vector<Field> fields;
  std::vector<Span> places;
};

/// `(pixels: u8[28, 28], label: u8)`: names with dtypes and fixed sizes. `takes` is what the message says when it is
/// something else.
///
/// Errors  E0109 no such tuple, E0802.
[[nodiscard]] std::optional<FieldList> readFieldList(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope,
                                                     std::string_view setting, std::string_view takes);

/// A source with the fields that it delivers.
struct ReadSource {
  Source source;
  FieldList raw;
};

/// What `source: idx(..)` says. `declared`: the setting `fields`, null when it is not written; readers that cannot know
/// their fields (idx, csv, npy, npz) take them from there, the others refuse it.
///
/// Errors  E0107 `fields` is missing, E0801 another number of fields, E0804 no reader, E0805 its arguments.
[[nodiscard]] std::optional<ReadSource> readSource(Elaborator& elaborator, const syntax::Expr& reader,
                                                   std::string_view setting, const DataUse& use,
                                                   const FieldList* declared);

/// `(train: 0..50000, valid: 50000..60000)` or `random(valid: 0.1, seed: 0)`. Errors  E0109, E0803.
[[nodiscard]] bool readSplit(Elaborator& elaborator, const syntax::Setting& setting, Scope& scope, DataProgram& data);

}  // namespace nnc::elaborate
