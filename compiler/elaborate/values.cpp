// Values as text and for comparison.
#include <fmt/format.h>

#include <algorithm>

#include "elaborate/builtins.h"
#include "elaborate/scope.h"
#include "elaborate/trace.h"
#include "elaborate/value.h"

namespace nnc::elaborate {

namespace {
template <typename... F>
struct Cases : F... {
  using F::operator()...;
};
}  // namespace

const Value* Record::find(std::string_view name) const {
  for (const auto& [field, value] : fields)
    if (!name.empty() && field == name) return &value;
  return nullptr;
}

std::string Callable::name() const {
  return std::visit(Cases{[](const DeclaredCallable& c) { return c.decl->name.text; },
                          [](const LambdaCallable&) { return std::string("fn (..) => .."); },
                          [](const CompositionCallable& c) {
                            std::string text;
                            for (const auto& stage : c.stages)
                              text += (text.empty() ? "" : " |> ") + toText(stage.callable);
                            return text;
                          },
                          [](const RepeatCallable& c) { return fmt::format("repeat {} {{ .. }}", c.count); },
                          [](const BuiltinCallable& c) { return std::string(c.builtin->name); },
                          [](const FrozenCallable& c) { return fmt::format("frozen({})", toText(c.callable)); }},
                    node);
}

std::optional<double> asReal(const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* r = std::get_if<double>(&value)) return *r;
  return std::nullopt;
}

std::optional<ir::Shape> asDims(const Value& value) {
  const auto* list = std::get_if<const List*>(&value);
  if (!list) return std::nullopt;
  ir::Shape dims;
  for (const Value& item : (*list)->items) {
    const auto* dim = std::get_if<std::int64_t>(&item);
    if (!dim || *dim < 0) return std::nullopt;
    dims.push_back(*dim);
  }
  return dims;
}

const Callable* asCallable(const Value& value) {
  if (const auto* callable = std::get_if<const Callable*>(&value)) return *callable;
  if (const auto* instance = std::get_if<Instance*>(&value)) return (*instance)->recipe;
  return nullptr;
}

static std::string_view kindName(syntax::CallableKind kind) {
  switch (kind) {
    case syntax::CallableKind::Fn:
      return "fn";
    case syntax::CallableKind::Layer:
      return "layer";
    case syntax::CallableKind::Network:
      return "network";
    case syntax::CallableKind::Optimizer:
      return "optimizer";
  }
  return "";
}

std::string describe(const Value& value) {
  return std::visit(
      Cases{[](Unit) { return std::string("nothing"); }, [](bool b) { return fmt::format("the bool {}", b); },
            [](std::int64_t i) { return fmt::format("the int {}", i); },
            [&](double) { return "the real " + toText(value); },
            [](const Text& t) { return fmt::format("the text \"{}\"", t.text); },
            [](const Symbol& s) { return fmt::format("the symbol .{}", s.name); },
            [&](const Range&) { return "the range " + toText(value); },
            [](ir::DType d) { return fmt::format("the type {}", ir::dtypeName(d)); },
            [](const List* l) { return fmt::format("a list of {}", l->items.size()); },
            [](const Record* r) {
              return fmt::format("a {} of {}", r->fields.empty() || r->fields[0].first.empty() ? "tuple" : "record",
                                 r->fields.size());
            },
            [](const Callable* c) {
              const DeclaredCallable* declared = c->declared();
              return fmt::format("the {} {}", declared ? kindName(declared->decl->kind) : "function", c->name());
            },
            [](const Traced* t) { return "a tensor " + ir::toString(t->ownType()); },
            [](const Instance* i) { return fmt::format("the shared instance {}", i->path); },
            [](const RandomKey*) { return std::string("a random key"); },
            [](const BlockRef& b) {
              return fmt::format("the {} block {}", b.block->kind == syntax::BlockKind::Data ? "data" : "train",
                                 b.block->name.text);
            }},
      value);
}

static std::string realText(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".ein") == std::string::npos) text += ".0";
  return text;
}

static std::string boundText(const Scope& bound) {
  std::string text;
  for (const Name& name : bound.names())
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", name.text, toText(name.value));
  return "(" + text + ")";
}

std::string toText(const Value& value) {
  return std::visit(
      Cases{[](Unit) { return std::string("()"); }, [](bool b) { return std::string(b ? "true" : "false"); },
            [](std::int64_t i) { return fmt::format("{}", i); }, [](double r) { return realText(r); },
            [](const Text& t) { return fmt::format("\"{}\"", t.text); },
            [](const Symbol& s) { return fmt::format(".{}", s.name); },
            [](const Range& r) { return fmt::format("{}..{}", r.begin, r.end); },
            [](ir::DType d) { return std::string(ir::dtypeName(d)); },
            [](const List* l) {
              std::string text;
              for (const Value& item : l->items) text += (text.empty() ? "" : ", ") + toText(item);
              return "[" + text + "]";
            },
            [](const Record* r) {
              std::string text;
              for (const auto& [name, field] : r->fields)
                text +=
                    fmt::format("{}{}{}{}", text.empty() ? "" : ", ", name, name.empty() ? "" : ": ", toText(field));
              return "(" + text + ")";
            },
            [](const Callable* c) {
              const DeclaredCallable* declared = c->declared();
              return declared && declared->bound ? c->name() + boundText(*declared->bound) : c->name();
            },
            [](const Traced* t) { return ir::toString(t->ownType()); }, [](const Instance* i) { return i->path; },
            [](const RandomKey* k) { return fmt::format("key({})", k->path); },
            [](const BlockRef& b) { return b.block->name.text; }},
      value);
}

static bool equalScopes(const Scope* a, const Scope* b) {
  if (a == b) return true;
  if (!a || !b || a->names().size() != b->names().size()) return false;
  for (std::size_t i = 0; i < a->names().size(); ++i)
    if (a->names()[i].text != b->names()[i].text || !equalValues(a->names()[i].value, b->names()[i].value))
      return false;
  return true;
}

static bool equalCallables(const Callable& a, const Callable& b) {
  if (a.node.index() != b.node.index()) return false;
  return std::visit(
      Cases{
          [&](const DeclaredCallable& x) {
            const auto& y = std::get<DeclaredCallable>(b.node);
            return x.decl == y.decl && equalScopes(x.bound, y.bound);
          },
          [&](const LambdaCallable& x) {
            const auto& y = std::get<LambdaCallable>(b.node);
            return x.lambda == y.lambda && x.scope == y.scope;
          },
          [&](const CompositionCallable& x) {
            const auto& y = std::get<CompositionCallable>(b.node);
            return std::equal(x.stages.begin(), x.stages.end(), y.stages.begin(), y.stages.end(),
                              [](const auto& s, const auto& t) { return equalValues(s.callable, t.callable); });
          },
          [&](const RepeatCallable& x) {
            const auto& y = std::get<RepeatCallable>(b.node);
            return x.repeat == y.repeat && x.scope == y.scope && x.count == y.count;
          },
          [&](const BuiltinCallable& x) { return x.builtin == std::get<BuiltinCallable>(b.node).builtin; },
          [&](const FrozenCallable& x) { return equalValues(x.callable, std::get<FrozenCallable>(b.node).callable); }},
      a.node);
}

bool equalValues(const Value& a, const Value& b) {
  if (a.index() != b.index()) {
    const std::optional<double> x = asReal(a), y = asReal(b);
    return x && y && *x == *y;
  }
  if (const auto* list = std::get_if<const List*>(&a))
    return std::equal((*list)->items.begin(), (*list)->items.end(), std::get<const List*>(b)->items.begin(),
                      std::get<const List*>(b)->items.end(), equalValues);
  if (const auto* record = std::get_if<const Record*>(&a)) {
    const auto& x = (*record)->fields;
    const auto& y = std::get<const Record*>(b)->fields;
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& s, const auto& t) {
      return s.first == t.first && equalValues(s.second, t.second);
    });
  }
  if (const auto* callable = std::get_if<const Callable*>(&a))
    return equalCallables(**callable, *std::get<const Callable*>(b));
  return a == b;
}

}  // namespace nnc::elaborate
