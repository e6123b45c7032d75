// The readers of std.data, which are built in: the rows of readers.def.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "elaborate/modules.h"

namespace nnc::elaborate {

struct ReaderInfo {
  std::string_view name;
  std::string_view doc;
};
const std::vector<ReaderInfo>& allReaders();

/// The reader that an expression calls, by name or as `module.name`; null: none. `name` becomes what it calls.
const ReaderInfo* readerOf(const Modules& modules, const syntax::Expr& expr, const SourceModule& home,
                           std::string_view& name);

}  // namespace nnc::elaborate
