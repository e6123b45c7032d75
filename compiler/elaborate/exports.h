// What leaves the compiler on its own: networks and functions of `export .. as name(..)` and `export fn`, the network
// of a train, and exported constants.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "elaborate/train.h"

namespace nnc::elaborate {

/// What one entry is specialised for.
struct ExportShape {
  std::int64_t batch = 1;
  std::vector<std::int64_t> sizes;  // of ExportSpec::dims
  std::vector<Field> inputs;        // for one example, or whole without a batch
};

/// A network or function and all the shapes that it is specialised for.
struct ExportSpec {
  std::string name;
  Role network;
  bool hasBatch = true;             // false: a function, which may do anything along its first axis
  std::vector<std::string> dims;    // listed dims that are not the batch
  std::vector<ExportShape> shapes;  // by sizes, then by batch; at least one
  Mode mode = Mode::Serve;
  Span span;
};

/// `export mlp(30) as name(B: [1, 32])`, or `export fn name(..)`, whose sizes are all written.
struct ExportedName {
  const syntax::Ident* name = nullptr;
  const syntax::ExportDecl* entry = nullptr;  // exactly one of the two
  const syntax::CallableDecl* callable = nullptr;
};
/// Those of a file, in order.
std::vector<ExportedName> exportsOf(const syntax::File& file);

/// Errors  E0123 name, E0124 dims, and those of the expressions.
[[nodiscard]] std::optional<ExportSpec> readExport(Elaborator& elaborator, const ExportedName& exported,
                                                   const SourceModule& home);

/// The values of `export let`, in order.
///
/// Errors  E0123 a name that the header has already; E0124 a value that is no number, truth value or text.
[[nodiscard]] std::optional<std::vector<ExportedConstant>> readExportedConstants(Elaborator& elaborator,
                                                                                 const SourceModule& home);

/// Fills `dims` and `shapes` from the network's data arguments and the dims of an export.
[[nodiscard]] bool readExportShapes(Elaborator& elaborator, const std::vector<syntax::Arg>& dims,
                                    const SourceModule& home, ExportSpec& spec);

/// The entries. `slots` null: those that the network declares, with their initial values. Otherwise exactly
/// those, and `initModule` stays empty.
[[nodiscard]] std::optional<ExportProgram> buildExport(Elaborator& elaborator, const ExportSpec& spec,
                                                       const std::vector<Slot>* slots);

}  // namespace nnc::elaborate
