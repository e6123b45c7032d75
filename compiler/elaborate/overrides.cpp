#include "elaborate/overrides.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "support/suggest.h"
#include "syntax/parse.h"

namespace nnc::elaborate {

static std::string_view typeName(const syntax::TypeExpr& type) {
  const auto* named = std::get_if<syntax::NamedType>(&type.node);
  return named != nullptr && !named->shape ? std::string_view(named->name.text) : std::string_view();
}

/// What a parameter of this type takes on the command line.
static std::string expectation(const syntax::ParamDecl& parameter, const SourceManager& sources) {
  if (const auto* symbols = std::get_if<syntax::EnumType>(&parameter.type->node)) {
    std::vector<std::string_view> names;
    for (const syntax::Ident& symbol : symbols->values) names.push_back(symbol.text);
    return fmt::format("one of {}", fmt::join(names, ", "));
  }
  if (std::holds_alternative<syntax::LayerType>(parameter.type->node))
    return "the name of a layer, or a recipe such as `dropout(0.2)`";
  if (std::holds_alternative<syntax::FnType>(parameter.type->node)) return "the name of a function";
  const std::string_view type = typeName(*parameter.type);
  if (type == "int") return "a whole number";
  if (type == "dim") return "a whole number from 1";
  if (type == "real") return "a number";
  if (type == "bool") return "true or false";
  if (type == "init") return "the name of an initialiser, or one such as `normal(0.1)`";
  if (type == "schedule") return "a number, or a schedule such as `cosine(0.1, 100, 2000)`";
  return fmt::format("a value of type {}", sources.text(parameter.type->span));
}

std::string parameterText(const syntax::ParamDecl& parameter, const SourceManager& sources) {
  return sources.lineText(parameter.span);
}

static bool isIdentifier(std::string_view text) {
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && isLetter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return isLetter(c) || (c >= '0' && c <= '9'); });
}

/// The value as source text of the language.
static std::string sourceText(const Override& override, const syntax::ParamDecl& parameter) {
  if (std::holds_alternative<syntax::EnumType>(parameter.type->node) && isIdentifier(override.value))
    return "." + override.value;
  if (typeName(*parameter.type) != "str" || override.value.starts_with('"')) return override.value;
  std::string quoted = "\"";
  for (const char c : override.value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// The value as a tree; empty when it is not exactly one expression.
static std::optional<syntax::File> parseValue(const Override& override, const syntax::ParamDecl& parameter,
                                              SourceManager& sources, Diagnostics& diagnostics) {
  const std::string text = sourceText(override, parameter);
  // The parenthesis keeps a value from going on as something else: `1 let b = 2`.
  const FileId file = sources.add(fmt::format("--{}", override.name), fmt::format("let value = ({})", text));
  std::optional<syntax::File> tree = syntax::parse(file, sources, diagnostics);
  if (!tree || tree->declarations.size() != 1) return std::nullopt;
  const auto* constant = std::get_if<syntax::ConstantDecl>(&tree->declarations[0].node);
  if (constant == nullptr || !std::holds_alternative<syntax::ParenExpr>(constant->value->node)) return std::nullopt;
  return tree;
}

/// The value of an override, converted to the parameter's type. `outer`: the names that its expression sees; null:
/// those of its environment.
static std::optional<Value> valueOf(Elaborator& elaborator, const SourceModule& home, const ParsedOverride& override,
                                    const Scope* outer = nullptr) {
  const syntax::TypeExpr& type = *override.parameter->type;
  if (outer == nullptr && override.environment != nullptr) {
    outer = override.environment->open(elaborator);
    if (outer == nullptr) return std::nullopt;
  }
  Scope& scope = outer != nullptr ? elaborator.newScope(*outer) : elaborator.newScope(home);
  const auto number = [&](Value value) {
    return elaborator.convert(value, type, scope, override.parameter->span,
                              fmt::format("parameter `{}`", override.parameter->name.text));
  };
  if (const auto* whole = std::get_if<std::int64_t>(&override.source)) return number(*whole);
  if (const auto* real = std::get_if<double>(&override.source)) return number(*real);
  if (const auto* written = std::get_if<const syntax::Expr*>(&override.source))
    return elaborator.evaluateAs(**written, type, scope);
  const syntax::File& option = std::get<syntax::File>(override.source);
  const syntax::Expr& expr = *std::get<syntax::ConstantDecl>(option.declarations[0].node).value;
  const std::optional<Value> value = elaborator.evaluateAs(expr, type, scope);
  if (!value) return std::nullopt;
  const auto* size = std::get_if<std::int64_t>(&*value);
  if (typeName(type) == "dim" && (size == nullptr || *size < 1)) return std::nullopt;
  return value;
}

static std::string missingHelp(const syntax::ParamDecl& parameter, const SourceManager& sources) {
  return fmt::format("write `--{} VALUE`: {}", parameter.name.text, expectation(parameter, sources));
}

static void reportValue(const ParameterOwner& owner, const Override& override, const syntax::ParamDecl& parameter,
                        const SourceManager& sources, const Diagnostics& reasons, Diagnostics& diagnostics) {
  DiagnosticBuilder message = diagnostics.emit<diag::ParameterValue>(parameter.span, override.name, override.value,
                                                                     parameterText(parameter, sources), owner.kind,
                                                                     owner.name.text, expectation(parameter, sources));
  // Syntax errors speak of the text that was put around the value; errors of meaning speak of the value.
  for (const Diagnostic& reason : reasons.all()) {
    if (reason.severity != Severity::Error || reason.code.starts_with("E00")) continue;
    message.note(reason.message);
    for (const std::string& help : reason.help) message.help(help);
    return;
  }
}

static void reportUnknown(const ParameterOwner& owner, const Override& override, const SourceManager& sources,
                          Diagnostics& diagnostics) {
  std::vector<std::string> names, texts;
  for (const syntax::ParamDecl& parameter : owner.parameters) {
    names.push_back(parameter.name.text);
    texts.push_back(parameterText(parameter, sources));
  }
  DiagnosticBuilder message =
      diagnostics.emit<diag::NoParameter>(owner.name.span, owner.kind, owner.name.text, override.name);
  message.note(texts.empty() ? "it has none" : fmt::format("parameters: {}", fmt::join(texts, ", ")));
  if (const auto close = closestName(override.name, names)) message.help(fmt::format("did you mean `--{}`?", *close));
}

static bool checkMissing(const ParameterOwner& owner, const std::vector<ParsedOverride>& parsed,
                         const SourceManager& sources, Diagnostics& diagnostics) {
  bool isFine = true;
  for (const syntax::ParamDecl& parameter : owner.parameters) {
    const bool isSet =
        std::any_of(parsed.begin(), parsed.end(), [&](const ParsedOverride& p) { return p.parameter == &parameter; });
    if (isSet || parameter.defaultValue != nullptr) continue;
    diagnostics
        .emit<diag::ParameterMissing>(parameter.span, owner.kind, owner.name.text, parameterText(parameter, sources))
        .help(missingHelp(parameter, sources));
    isFine = false;
  }
  return isFine;
}

std::optional<std::vector<ParsedOverride>> parseOverrides(const ParameterOwner& owner, const SourceModule& home,
                                                          const std::vector<Override>& overrides,
                                                          const Modules& modules, SourceManager& sources,
                                                          Diagnostics& diagnostics) {
  std::vector<ParsedOverride> parsed;
  bool isFine = true;
  for (const Override& override : overrides) {
    const auto parameter = std::find_if(owner.parameters.begin(), owner.parameters.end(),
                                        [&](const syntax::ParamDecl& p) { return p.name.text == override.name; });
    if (parameter == owner.parameters.end()) {
      reportUnknown(owner, override, sources, diagnostics);
      isFine = false;
      continue;
    }
    if (std::any_of(parsed.begin(), parsed.end(),
                    [&](const ParsedOverride& p) { return p.parameter == &*parameter; })) {
      diagnostics.emit<diag::ParameterTwice>(parameter->span, override.name);
      isFine = false;
      continue;
    }
    if (override.isAlone && typeName(*parameter->type) != "bool") {
      diagnostics
          .emit<diag::ParameterMissing>(parameter->span, owner.kind, owner.name.text,
                                        parameterText(*parameter, sources))
          .note(fmt::format("`--{}` has nothing behind it", override.name))
          .help(missingHelp(*parameter, sources));
      isFine = false;
      continue;
    }
    // A trial elaboration of its own: what goes wrong in it is a reason, not a message.
    Diagnostics reasons;
    Elaborator trial(modules, sources, reasons);
    ParsedOverride candidate;
    candidate.parameter = &*parameter;
    std::optional<syntax::File> tree = parseValue(override, *parameter, sources, reasons);
    if (tree) candidate.source = std::move(*tree);
    if (!tree || !valueOf(trial, home, candidate)) {
      reportValue(owner, override, *parameter, sources, reasons, diagnostics);
      isFine = false;
      continue;
    }
    parsed.push_back(std::move(candidate));
  }
  if (!isFine || !checkMissing(owner, parsed, sources, diagnostics)) return std::nullopt;
  return parsed;
}

/// The names of `parameters` inside the names of an environment.
static Scope* inside(Elaborator& elaborator, const Environment* environment, Scope* parameters) {
  if (environment == nullptr || parameters == nullptr) return parameters;
  const Scope* const outer = environment->open(elaborator);
  if (outer == nullptr) return nullptr;
  Scope& scope = elaborator.newScope(*outer);
  for (const Name& name : parameters->names()) scope.add(name);
  return &scope;
}

Scope* openParameters(Elaborator& elaborator, const ParameterOwner& owner, const SourceModule& home,
                      const std::vector<ParsedOverride>& overrides, const Environment* environment) {
  const std::string what = fmt::format("{} `{}`", owner.kind, owner.name.text);
  std::vector<Argument> arguments;
  const auto set = [&](const ParsedOverride& override, const Scope* outer) {
    const std::optional<Value> value = valueOf(elaborator, home, override, outer);
    if (value) arguments.push_back({override.parameter->name.text, *value, override.parameter->span});
    return value.has_value();
  };
  const auto bind = [&]() -> Scope* {
    Scope& scope = elaborator.newScope(home);
    return elaborator.bindParameters(owner.parameters, arguments, scope, owner.name.span, what) ? &scope : nullptr;
  };
  for (const ParsedOverride& override : overrides)
    if (!override.isDerived && !set(override, nullptr)) return nullptr;
  // Each derived value sees those before it, so that the parameters are bound anew for each.
  for (const ParsedOverride& override : overrides) {
    if (!override.isDerived) continue;
    const Scope* const scope = inside(elaborator, override.environment, bind());
    if (scope == nullptr || !set(override, scope)) return nullptr;
  }
  return inside(elaborator, environment, bind());
}

}  // namespace nnc::elaborate
