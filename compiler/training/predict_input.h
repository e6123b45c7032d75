// Rows of a user's file, with the types that a program wants.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "nnc/array.h"

namespace nnc::training {

struct InputRows {
  bool isRaw = false;                  // the fields are `raw`, else `direct`
  std::int64_t count = 0;              // of rows, at least 1
  std::vector<runtime::Array> arrays;  // one per field, axis 0 the row
};

/// Reads a file whose rows are either `raw` or `direct`. A column of a .csv file with the name `labelColumn` is
/// skipped; empty: there is none. Errors  E1230-E1232.
std::optional<InputRows> readInput(const std::string& path, const std::vector<elaborate::Field>& raw,
                                   const std::vector<elaborate::Field>& direct, const std::string& labelColumn,
                                   Diagnostics& diagnostics);

}  // namespace nnc::training
