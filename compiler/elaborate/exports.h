// Networks that leave the compiler on their own: what `export .. as name(..)` and a train's network become.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "elaborate/train.h"

namespace nnc::elaborate {

/// What one entry is specialised for.
struct ExportShape {
  std::int64_t batch = 0;
  std::vector<std::int64_t> sizes;  // of ExportSpec::dims
  std::vector<Field> inputs;        // for one example
};

/// A network and all the shapes that it is specialised for.
struct ExportSpec {
  std::string name;
  Role network;
  std::vector<std::string> dims;    // listed dims that are not the batch
  std::vector<ExportShape> shapes;  // by sizes, then by batch; at least one
  Mode mode = Mode::Serve;
  Span span;
};

/// `export mlp(30) as name(B: [1, 32])`.
///
/// Errors  E0123 name, E0124 dims, and those of the expressions.
[[nodiscard]] std::optional<ExportSpec> readExport(Elaborator& elaborator, const syntax::ExportDecl& decl,
                                                   const SourceModule& home);

/// Fills `dims` and `shapes` from the network's data arguments and the dims of an export.
[[nodiscard]] bool readExportShapes(Elaborator& elaborator, const std::vector<syntax::Arg>& dims,
                                    const SourceModule& home, ExportSpec& spec);

/// The entries. `slots` null: those that the network declares, with their initial values. Otherwise exactly
/// those, and `initModule` stays empty.
[[nodiscard]] std::optional<ExportProgram> buildExport(Elaborator& elaborator, const ExportSpec& spec,
                                                       const std::vector<Slot>* slots);

}  // namespace nnc::elaborate
