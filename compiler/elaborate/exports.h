// Networks that leave the compiler on their own: what `export .. as name(..)` and a train's network become.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "elaborate/train.h"

namespace nnc::elaborate {

/// A network, its inputs for one example, and the batch sizes that it is specialised for.
struct ExportSpec {
  std::string name;
  Role network;
  std::vector<Field> inputs;
  std::vector<std::int64_t> batches;  // ascending
  Span span;
};

/// `export mlp(30) as name(B: [1, 32])`.
///
/// Errors  E0123 name, E0124 dims, and those of the expressions.
[[nodiscard]] std::optional<ExportSpec> readExport(Elaborator& elaborator, const syntax::ExportDecl& decl,
                                                   const SourceModule& home);

/// The entries, mode eval. `slots` null: those that the network declares, with their initial values. Otherwise exactly
/// those, and `initModule` stays empty.
[[nodiscard]] std::optional<ExportProgram> buildExport(Elaborator& elaborator, const ExportSpec& spec,
                                                       const std::vector<Slot>* slots);

}  // namespace nnc::elaborate
