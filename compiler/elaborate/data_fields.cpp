// Lists of fields in a data block: `fields: (pixels: u8[28, 28], label: u8)`, `record: (..)`.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/data_parts.h"

namespace nnc::elaborate {

/// A dtype with sizes, `u8[28, 28]`; empty: reported.
static std::optional<ir::Type> readFieldType(Elaborator& elaborator, const syntax::Arg& entry, Scope& scope) {
  const auto refuse = [&](Span where, const std::string& what) {
    elaborator.error<diag::FieldType>(where, entry.name->text, what)
        .help("write a dtype with sizes: `u8[28, 28]`, or a dtype alone: `u8`");
    return std::nullopt;
  };
  const auto* indexed = std::get_if<syntax::IndexExpr>(&entry.value->node);
  const syntax::Expr& base = indexed != nullptr ? *indexed->base : *entry.value;
  const auto* name = std::get_if<syntax::NameExpr>(&base.node);
  const std::optional<ir::DType> dtype = name != nullptr ? ir::parseDType(name->name) : std::nullopt;
  if (!dtype) return refuse(base.span, fmt::format("`{}`, which is no dtype", elaborator.sources().text(base.span)));
  ir::Type type{*dtype, {}};
  if (indexed == nullptr) return type;
  for (const syntax::Subscript& dim : indexed->subscripts) {
    if (dim.isPack || dim.name) return refuse(dim.span, "of no fixed size");
    const std::optional<Value> value = elaborator.evaluate(*dim.value, scope);
    if (!value) return std::nullopt;
    const auto* size = std::get_if<std::int64_t>(&*value);
    if (size == nullptr || *size < 1)
      return refuse(dim.span, fmt::format("of a size that is {}", size ? fmt::format("{}", *size) : describe(*value)));
    type.shape.push_back(*size);
  }
  return type;
}

std::optional<FieldList> readFieldList(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope,
                                       std::string_view setting, std::string_view takes) {
  std::vector<const syntax::Arg*> entries;
  if (const auto* tuple = std::get_if<syntax::TupleExpr>(&expr.node))
    for (const syntax::Arg& entry : tuple->entries) entries.push_back(&entry);
  const bool isNamed =
      std::all_of(entries.begin(), entries.end(), [](const syntax::Arg* entry) { return entry->name.has_value(); });
  if (entries.empty() || !isNamed) {
    elaborator.error<diag::SettingValue>(expr.span, setting, takes, "something else");
    return std::nullopt;
  }
  FieldList list;
  bool isFine = true;
  for (const syntax::Arg* entry : entries) {
    const bool isTaken = std::any_of(list.fields.begin(), list.fields.end(),
                                     [&](const Field& field) { return field.name == entry->name->text; });
    if (isTaken) elaborator.error<diag::FieldType>(entry->name->span, entry->name->text, "named twice");
    std::optional<ir::Type> type = isTaken ? std::nullopt : readFieldType(elaborator, *entry, scope);
    isFine = isFine && type.has_value();
    if (type) list.fields.push_back({entry->name->text, std::move(*type)});
    list.places.push_back(entry->name->span);
  }
  if (!isFine) return std::nullopt;
  return list;
}

}  // namespace nnc::elaborate
