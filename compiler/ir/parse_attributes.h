// Reads `{name = value, ...}` of IR text into the attributes of an op. Internal to ir/.
#pragma once
#include <string>
#include <unordered_map>

#include "ir/module.h"
#include "ir/text_reader.h"

namespace nnc::ir::text {

using FunctionIds = std::unordered_map<std::string, FunctionId>;

/// The attributes of `op` as they are before anything is read.
Attributes emptyAttributes(Op op);

/// Reads the braces if there are any, and reports what is unknown, given twice or missing. `opSpan` is where the op's
/// name stands.
[[nodiscard]] bool readAttributes(Reader& reader, const FunctionIds& functions, Op op, Span opSpan,
                                  Attributes& attributes);

/// Fills in what the type of the result says: see attribute_fields.h.
void takeFromResult(Attributes& attributes, const Type& result);

}  // namespace nnc::ir::text
