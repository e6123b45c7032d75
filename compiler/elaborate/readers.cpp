#include "elaborate/readers.h"

#include "elaborate/program.h"

namespace nnc::elaborate {

Source::Source() = default;
Source::Source(const Source&) = default;
Source::Source(Source&&) noexcept = default;
Source& Source::operator=(const Source&) = default;
Source& Source::operator=(Source&&) noexcept = default;
Source::~Source() = default;

const std::vector<ReaderInfo>& allReaders() {
  static const std::vector<ReaderInfo> readers = {
#define NNC_READER(NAME, DOC) {#NAME, DOC},
#include "elaborate/readers.def"
#undef NNC_READER
  };
  return readers;
}

const ReaderInfo* readerOf(const Modules& modules, const syntax::Expr& expr, const SourceModule& home,
                           std::string_view& name) {
  const auto* call = std::get_if<syntax::CallExpr>(&expr.node);
  if (call == nullptr) return nullptr;
  Named named;
  if (const auto* plain = std::get_if<syntax::NameExpr>(&call->callee->node)) {
    name = plain->name;
    named = modules.find(home, name);
  } else if (const auto* field = std::get_if<syntax::FieldExpr>(&call->callee->node)) {
    const auto* alias = std::get_if<syntax::NameExpr>(&field->base->node);
    name = field->field.text;
    if (alias != nullptr) named = modules.find(home, alias->name, name);
  }
  if (!named || named.decl != nullptr) return nullptr;
  for (const ReaderInfo& reader : allReaders())
    if (reader.name == name) return &reader;
  return nullptr;
}

}  // namespace nnc::elaborate
