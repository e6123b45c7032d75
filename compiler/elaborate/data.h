// Data blocks: what `data: mnist.take(1000)` means, and the program that computes the fields of one example.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elaborate/elaborator.h"
#include "elaborate/program.h"

namespace nnc::elaborate {

/// A data block as a train uses it.
struct DataUse {
  const syntax::BlockDecl* block = nullptr;
  const syntax::Expr* reader = nullptr;  // without a block: `data: text_windows("file", 128)`
  std::string_view readerName{};
  const SourceModule* home = nullptr;
  Scope* scope = nullptr;  // the block's parameters
  std::optional<std::int64_t> take;
  Span span;

  std::string name() const { return block != nullptr ? block->name.text : std::string(readerName); }
};

/// `mnist`, `mnist.take(n)`, `spirals(turns: 3)`, a reader, or a static choice between such.
///
/// Errors  E0109 something else; those of arguments.
[[nodiscard]] std::optional<DataUse> readDataUse(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope);

/// The block with its defaults, as `nnc check` sees it when no train uses it.
[[nodiscard]] std::optional<DataUse> defaultDataUse(Elaborator& elaborator, const syntax::BlockDecl& block,
                                                    const SourceModule& home);

/// The fields of one example as a function of one row. `labelBounds` stay empty: the network knows them.
///
/// Errors  E08xx, settings E01xx, and those of the statements.
[[nodiscard]] std::optional<DataProgram> buildData(Elaborator& elaborator, const DataUse& use);

/// The parts that the data has: "train", those of the split, "test".
std::vector<std::string> partNames(const DataProgram& data);

}  // namespace nnc::elaborate
