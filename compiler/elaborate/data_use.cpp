// What the setting `data` of a train says: a data block, its arguments, how much of it.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/data.h"
#include "elaborate/readers.h"
#include "elaborate/settings.h"

namespace nnc::elaborate {

using syntax::BlockKind;

static std::optional<DataUse> bindUse(Elaborator& elaborator, const BlockRef& ref, std::vector<Argument> arguments,
                                      Span where) {
  Scope& scope = elaborator.newScope(*ref.home);
  if (!elaborator.bindParameters(ref.block->parameters, std::move(arguments), scope, where,
                                 fmt::format("data `{}`", ref.block->name.text)))
    return std::nullopt;
  return DataUse{ref.block, nullptr, {}, ref.home, &scope, std::nullopt, where};
}

static std::optional<std::vector<Argument>> evaluateArguments(Elaborator& elaborator,
                                                              const std::vector<syntax::Arg>& written, Scope& scope) {
  std::vector<Argument> arguments;
  for (const syntax::Arg& argument : written) {
    const std::optional<Value> value = elaborator.evaluate(*argument.value, scope);
    if (!value) return std::nullopt;
    arguments.push_back(
        {argument.name ? std::string_view(argument.name->text) : std::string_view(), *value, argument.span});
  }
  return arguments;
}

static std::optional<DataUse> readTake(Elaborator& elaborator, const syntax::CallExpr& call, const syntax::Expr& base,
                                       Span where, Scope& scope) {
  std::optional<DataUse> use = readDataUse(elaborator, base, scope);
  if (!use) return std::nullopt;
  const std::optional<std::vector<Argument>> arguments = evaluateArguments(elaborator, call.arguments, scope);
  if (!arguments) return std::nullopt;
  const auto* count = arguments->size() == 1 ? std::get_if<std::int64_t>(&(*arguments)[0].value) : nullptr;
  if (count == nullptr || *count < 1) {
    elaborator.error<diag::SettingValue>(where, "take", "one whole number from 1",
                                         arguments->size() != 1 ? fmt::format("{} arguments", arguments->size())
                                         : count != nullptr     ? fmt::format("{}", *count)
                                                                : describe((*arguments)[0].value));
    return std::nullopt;
  }
  use->take = use->take ? std::min(*use->take, *count) : *count;
  use->span = where;
  return use;
}

static void reportNoData(Elaborator& elaborator, Span where, const Value& value) {
  elaborator.error<diag::SettingValue>(where, "data", settingTakes(BlockKind::Train, "data"), describe(value));
}

static std::optional<DataUse> readDataCall(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope) {
  const auto& call = std::get<syntax::CallExpr>(expr.node);
  const Span where = expr.span;
  const auto* field = std::get_if<syntax::FieldExpr>(&call.callee->node);
  if (field != nullptr && field->field.text == "take") return readTake(elaborator, call, *field->base, where, scope);
  std::string_view reader;
  if (readerOf(elaborator.modules(), expr, scope.home(), reader) != nullptr)
    return DataUse{nullptr, &expr, reader, &scope.home(), &scope, std::nullopt, where};
  const std::optional<Value> callee = elaborator.evaluate(*call.callee, scope);
  if (!callee) return std::nullopt;
  const auto* ref = std::get_if<BlockRef>(&*callee);
  if (ref == nullptr || ref->block->kind != BlockKind::Data) {
    reportNoData(elaborator, where, *callee);
    return std::nullopt;
  }
  std::optional<std::vector<Argument>> arguments = evaluateArguments(elaborator, call.arguments, scope);
  if (!arguments) return std::nullopt;
  return bindUse(elaborator, *ref, std::move(*arguments), where);
}

std::optional<DataUse> readDataUse(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope) {
  if (const auto* paren = std::get_if<syntax::ParenExpr>(&expr.node))
    return readDataUse(elaborator, *paren->inner, scope);
  if (std::holds_alternative<syntax::CallExpr>(expr.node)) return readDataCall(elaborator, expr, scope);
  if (const auto* choice = std::get_if<syntax::CondExpr>(&expr.node)) {
    const std::optional<Value> condition = elaborator.evaluate(*choice->condition, scope);
    if (!condition) return std::nullopt;
    const bool* const isThen = std::get_if<bool>(&*condition);
    if (isThen != nullptr) return readDataUse(elaborator, *isThen ? *choice->thenValue : *choice->elseValue, scope);
    elaborator.error<diag::SettingValue>(choice->condition->span, "data",
                                         "a choice that is known when the program is compiled", describe(*condition));
    return std::nullopt;
  }
  const std::optional<Value> value = elaborator.evaluate(expr, scope);
  if (!value) return std::nullopt;
  const auto* ref = std::get_if<BlockRef>(&*value);
  if (ref != nullptr && ref->block->kind == BlockKind::Data) return bindUse(elaborator, *ref, {}, expr.span);
  reportNoData(elaborator, expr.span, *value);
  return std::nullopt;
}

std::optional<DataUse> defaultDataUse(Elaborator& elaborator, const syntax::BlockDecl& block,
                                      const SourceModule& home) {
  return bindUse(elaborator, BlockRef{&block, &home}, {}, block.name.span);
}

}  // namespace nnc::elaborate
