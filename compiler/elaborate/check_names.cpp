#include "elaborate/check_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "diagnostics/kinds/elaborate.h"
#include "diagnostics/kinds/project.h"
#include "elaborate/builtins.h"
#include "elaborate/convert.h"
#include "elaborate/suggest_name.h"
#include "support/suggest.h"

namespace nnc::elaborate {

namespace {

/// Walks one callable with the names that are visible at each place. Where a name may come from a value (fields,
/// parameters of instances), nothing is known and nothing is said.
class NameChecker {
 public:
  NameChecker(const SourceModule& home, const Modules& modules, Diagnostics& diagnostics)
      : home_(home), modules_(modules), diagnostics_(diagnostics) {}

  void run(const syntax::CallableDecl& callable) {
    const Block outermost(*this);
    bindParameters(callable.first);
    if (callable.second) {
      bindParameters(*callable.second);
      checkRepeated(callable.first, *callable.second);
    }
    if (callable.result) countDims(*callable.result);
    if (callable.body) walk(*callable.body);
    if (callable.expression) walk(*callable.expression);
    if (callable.vjp) {
      const Block inner(*this);
      for (const syntax::Ident& parameter : callable.vjp->parameters) bind(parameter.text);
      walk(callable.vjp->body);
    }
    warnAboutDims(callable);
  }
  const std::vector<Reference>& references() const { return references_; }

 private:
  /// Names that end with a block.
  class Block {
   public:
    explicit Block(NameChecker& checker) : checker_(checker), size_(checker.names_.size()) {}
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { checker_.names_.resize(size_); }

   private:
    NameChecker& checker_;
    std::size_t size_;
  };

  struct Dim {
    int occurrences = 0;
    Span span;
  };

  void bind(std::string_view name) { names_.emplace_back(name); }

  bool isKnown(const std::string& name) const {
    static const std::set<std::string_view> predeclared = {"_", "mode", "step"};
    return std::find(names_.begin(), names_.end(), name) != names_.end() || modules_.find(home_, name) ||
           home_.aliases.contains(name) || predeclared.contains(name) || findBuiltin(name) != nullptr ||
           ir::parseDType(name);
  }

  void use(const std::string& name, Span where) {
    used_.insert(name);
    const bool isLocal = std::find(names_.begin(), names_.end(), name) != names_.end();
    if (const Named named = isLocal ? Named() : modules_.find(home_, name); named.decl != nullptr)
      if (const auto* callable = std::get_if<syntax::CallableDecl>(&named.decl->node))
        references_.push_back({callable, where});
    if (isKnown(name)) return;
    if (name == kTuned) {
      diagnostics_.emit<diag::Tuned>(where);
      return;
    }
    std::vector<std::string> candidates(names_.rbegin(), names_.rend());
    for (const std::vector<std::string>& more : {modules_.visibleNames(home_), builtinNames()})
      candidates.insert(candidates.end(), more.begin(), more.end());
    DiagnosticBuilder message = diagnostics_.emit<diag::UnknownName>(where, name);
    if (isIntroducedLater(name))
      message.help(fmt::format("`{}` is introduced further down: a value is defined before it is used", name));
    else if (ended_.contains(name))
      message.help(fmt::format(
          "`{0}` ends with the block around it; to choose a value, write `let {0} = if .. then .. else ..`", name));
    else if (std::optional<std::string> help = suggestName(name, candidates))
      message.help(std::move(*help));
    bind(name);  // once is enough
  }

  bool isIntroducedLater(const std::string& name) const {
    for (const syntax::Block* block : blocks_)
      for (const syntax::StmtPtr& statement : block->statements)
        if (const auto* let = std::get_if<syntax::LetStmt>(&statement->node))
          for (const syntax::Ident& introduced : let->pattern.names)
            if (introduced.text == name) return true;
    return false;
  }

  /// A name where an index stands.
  void useIndex(const std::string& name, Span where) {
    if (isKnown(name)) return use(name, where);
    diagnostics_.emit<diag::UnboundIndex>(where, name).help(fmt::format("did you mean `sum[{}](..)`?", name));
    bind(name);
  }

  // ------------------------------------------------------------------ signatures

  void bindParameters(const std::vector<syntax::ParamDecl>& parameters) {
    for (const syntax::ParamDecl& parameter : parameters) {
      if (parameter.defaultValue) walk(*parameter.defaultValue);
      bind(parameter.name.text);
      countDims(*parameter.type);
      if (const auto* symbols = std::get_if<syntax::EnumType>(&parameter.type->node))
        for (const syntax::Ident& value : symbols->values) symbols_[parameter.name.text].push_back(value.text);
    }
  }

  /// One name in both lists; within one list a call reports it.
  void checkRepeated(const std::vector<syntax::ParamDecl>& first, const std::vector<syntax::ParamDecl>& second) {
    for (const syntax::ParamDecl& parameter : second)
      for (const syntax::ParamDecl& known : first)
        if (known.name.text == parameter.name.text)
          diagnostics_.emit<diag::RepeatedArgument>(parameter.name.span, parameter.name.text)
              .also(known.name.span, "a hyper-parameter of that name stands here")
              .help("the body could use one of them alone: choose another name");
  }

  /// Where a second pack of one shape would begin, nothing says.
  void checkPacks(const std::vector<syntax::DimExpr>& shape) {
    const syntax::DimExpr* first = nullptr;
    for (const syntax::DimExpr& dim : shape) {
      if (!dim.isPack) continue;
      if (first != nullptr) {
        const std::string text = dim.packName ? ".." + dim.packName->text : std::string("..");
        diagnostics_.emit<diag::BadDimPattern>(dim.span, text, "a shape that has a pack before it")
            .also(first->span, "this pack stands for any number of dims")
            .help("a shape has one pack at most; name the other dims one by one");
      }
      first = &dim;
    }
  }

  /// The dims of a signature bind their names.
  void countDims(const syntax::TypeExpr& type) {
    if (const auto* record = std::get_if<syntax::RecordType>(&type.node))
      for (const syntax::ParamDecl& field : record->fields) countDims(*field.type);
    const auto* named = std::get_if<syntax::NamedType>(&type.node);
    if (named != nullptr && !isTypeName(named->name.text)) {
      DiagnosticBuilder message = diagnostics_.emit<diag::UnknownType>(named->name.span, named->name.text);
      if (const auto close = closestType(named->name.text)) message.help(fmt::format("did you mean `{}`?", *close));
    }
    if (named == nullptr || !named->shape) return;
    checkPacks(*named->shape);
    for (const syntax::DimExpr& dim : *named->shape)
      if (dim.value) countNames(*dim.value);
  }

  void countNames(const syntax::Expr& expr) {
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) {
      const bool isOther = name->name == "_" || modules_.find(home_, name->name) || findBuiltin(name->name) != nullptr;
      if (isOther) return;
      Dim& dim = dims_[name->name];
      ++dim.occurrences;
      dim.span = expr.span;
      bind(name->name);
    } else if (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node)) {
      countNames(*binary->left);
      countNames(*binary->right);
    } else if (const auto* paren = std::get_if<syntax::ParenExpr>(&expr.node)) {
      countNames(*paren->inner);
    } else if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) {
      for (const syntax::Arg& argument : call->arguments) countNames(*argument.value);
    }
  }

  /// A dim that occurs once constrains nothing. That is common (`C` in a loss); a long name next to one that is almost
  /// the same is a slip.
  void warnAboutDims(const syntax::CallableDecl& callable) {
    constexpr std::size_t kShortest = 3;
    for (const auto& [name, dim] : dims_) {
      if (dim.occurrences > 1 || used_.contains(name) || name.size() < kShortest || isParameter(callable, name))
        continue;
      std::vector<std::string> others;
      for (const auto& [other, unused] : dims_)
        if (other != name && other.size() >= kShortest) others.push_back(other);
      for (const syntax::ParamDecl& parameter : callable.first)
        if (parameter.name.text.size() >= kShortest) others.push_back(parameter.name.text);
      const auto close = closestName(name, others);
      if (!close) continue;
      diagnostics_.emit<diag::DimUsedOnce>(dim.span, name, callable.name.text)
          .help(fmt::format("did you mean `{}`?", *close));
    }
  }

  static bool isParameter(const syntax::CallableDecl& callable, const std::string& name) {
    return std::any_of(callable.first.begin(), callable.first.end(),
                       [&](const syntax::ParamDecl& parameter) { return parameter.name.text == name; });
  }

  // ------------------------------------------------------------------ statements

  void walk(const syntax::Block& block) {
    const Block inner(*this);
    const std::size_t before = names_.size();
    blocks_.push_back(&block);
    const syntax::Stmt* returned = nullptr;
    for (const syntax::StmtPtr& statement : block.statements) {
      if (returned != nullptr) {
        diagnostics_.emit<diag::Unreachable>(statement->span).also(returned->span, "the body ends here");
        break;
      }
      std::visit([&](const auto& node) { walkNode(node); }, statement->node);
      if (std::holds_alternative<syntax::ReturnStmt>(statement->node)) returned = statement.get();
    }
    blocks_.pop_back();
    ended_.insert(names_.begin() + static_cast<std::ptrdiff_t>(before), names_.end());
  }

  void walkNode(const syntax::LetStmt& let) {
    {
      const Block inner(*this);
      if (let.pattern.binders) {
        for (const syntax::Binder& binder : *let.pattern.binders)
          if (binder.extent) walk(*binder.extent);
        for (const syntax::Binder& binder : *let.pattern.binders)
          if (!binder.isPack) bind(binder.name.text);
      }
      walk(*let.value);
    }
    for (const syntax::Ident& name : let.pattern.names) bind(name.text);
  }

  void walkDeclared(const std::vector<syntax::Arg>& attributes, const syntax::TypeExpr& type,
                    const syntax::ExprPtr& init, const syntax::Ident& name) {
    for (const syntax::Arg& attribute : attributes) walk(*attribute.value);
    if (const auto* named = std::get_if<syntax::NamedType>(&type.node); named != nullptr && named->shape)
      for (const syntax::DimExpr& dim : *named->shape)
        if (dim.value) walk(*dim.value);
    if (init) walk(*init);
    bind(name.text);
  }
  void walkNode(const syntax::ParamStmt& param) { walkDeclared(param.attributes, *param.type, param.init, param.name); }
  void walkNode(const syntax::StateStmt& state) { walkDeclared(state.attributes, *state.type, state.init, state.name); }
  void walkNode(const syntax::SubStmt& sub) {
    walk(*sub.value);
    bind(sub.name.text);
  }
  void walkNode(const syntax::UpdateStmt& update) { walk(*update.value); }
  void walkNode(const syntax::NextStmt& next) {
    for (const syntax::Binding& binding : next.bindings) walk(*binding.value);
  }
  void walkNode(const syntax::YieldStmt& yield) { walk(*yield.value); }
  void walkNode(const syntax::ReturnStmt& value) { walk(*value.value); }
  void walkNode(const syntax::RequireStmt& require) { walk(*require.condition); }
  void walkNode(const syntax::IfStmt& first) {
    const syntax::IfStmt* choice = &first;
    while (true) {
      walk(*choice->condition);
      walk(choice->thenBlock);
      if (!choice->otherwise) return;
      // `else if` chains are long, not deep.
      const std::vector<syntax::StmtPtr>& rest = choice->otherwise->statements;
      const syntax::IfStmt* const next = rest.size() == 1 ? std::get_if<syntax::IfStmt>(&rest[0]->node) : nullptr;
      if (next == nullptr) return walk(*choice->otherwise);
      choice = next;
    }
  }

  // ------------------------------------------------------------------ expressions

  void walk(const syntax::Expr& expr) {
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) return use(name->name, expr.span);
    // Deeper than the evaluator goes: there it is refused.
    constexpr int kDeepest = 2500;
    if (depth_ >= kDeepest) return;
    ++depth_;
    std::visit([&](const auto& node) { walkNode(node); }, expr.node);
    --depth_;
  }

  void walkNode(const syntax::NameExpr&) {}
  void walkNode(const syntax::IntLiteral&) {}
  void walkNode(const syntax::RealLiteral&) {}
  void walkNode(const syntax::StringLiteral&) {}
  void walkNode(const syntax::BoolLiteral&) {}
  void walkNode(const syntax::SymbolExpr&) {}
  void walkNode(const syntax::FieldExpr& field) { walk(*field.base); }

  /// `f[i](e)` binds its indices inside `e`.
  void walkNode(const syntax::CallExpr& call) {
    const Block inner(*this);
    const auto* index = std::get_if<syntax::IndexExpr>(&call.callee->node);
    if (index == nullptr) {
      walk(*call.callee);
    } else {
      walk(*index->base);
      for (const syntax::Subscript& subscript : index->subscripts) bindIndex(subscript);
    }
    for (const syntax::Arg& argument : call.arguments) walk(*argument.value);
  }
  void bindIndex(const syntax::Subscript& subscript) {
    if (subscript.isPack) return;
    if (subscript.name) {
      walk(*subscript.value);
      bind(subscript.name->text);
    } else if (const auto* name = std::get_if<syntax::NameExpr>(&subscript.value->node)) {
      used_.insert(name->name);
      bind(name->name);
    } else {
      walk(*subscript.value);
    }
  }
  void walkNode(const syntax::IndexExpr& index) {
    walk(*index.base);
    for (const syntax::Subscript& subscript : index.subscripts) {
      const auto* name = subscript.value ? std::get_if<syntax::NameExpr>(&subscript.value->node) : nullptr;
      if (name != nullptr)
        useIndex(name->name, subscript.value->span);
      else if (subscript.value)
        walk(*subscript.value);
    }
  }
  void walkNode(const syntax::UnaryExpr& unary) { walk(*unary.operand); }
  void walkNode(const syntax::BinaryExpr& binary) {
    // Chains of operators are long, not deep: the left side is a loop.
    std::vector<const syntax::Expr*> rights = {binary.right.get()};
    const syntax::Expr* left = binary.left.get();
    while (const auto* inner = std::get_if<syntax::BinaryExpr>(&left->node)) {
      rights.push_back(inner->right.get());
      left = inner->left.get();
    }
    walk(*left);
    for (auto right = rights.rbegin(); right != rights.rend(); ++right) walk(**right);
    const bool isEquality = binary.op == syntax::BinaryOp::Eq || binary.op == syntax::BinaryOp::Ne;
    if (isEquality) checkSymbol(*binary.left, *binary.right);
    if (isEquality) checkSymbol(*binary.right, *binary.left);
  }

  /// `order == .prae`, when `order` is an enum without this symbol, would be false for ever.
  void checkSymbol(const syntax::Expr& side, const syntax::Expr& other) {
    const auto* name = std::get_if<syntax::NameExpr>(&side.node);
    const auto* symbol = std::get_if<syntax::SymbolExpr>(&other.node);
    if (name == nullptr || symbol == nullptr) return;
    const auto known = symbols_.find(name->name);
    if (known == symbols_.end()) return;
    const std::vector<std::string>& values = known->second;
    if (std::find(values.begin(), values.end(), symbol->name) != values.end()) return;
    DiagnosticBuilder message = diagnostics_.emit<diag::UnknownSymbol>(other.span, name->name, symbol->name);
    if (const auto close = closestName(symbol->name, values)) message.help(fmt::format("did you mean `.{}`?", *close));
    message.note(fmt::format("values of `{}`: .{}", name->name, fmt::join(values, ", .")));
  }
  void walkNode(const syntax::CondExpr& choice) {
    walk(*choice.condition);
    walk(*choice.thenValue);
    walk(*choice.elseValue);
  }
  void walkNode(const syntax::RepeatExpr& repeat) {
    walk(*repeat.count);
    const Block inner(*this);
    if (repeat.variable) bind(repeat.variable->text);
    walk(*repeat.body);
  }
  void walkNode(const syntax::ScanExpr& scan) {
    walk(*scan.range);
    for (const syntax::Binding& carry : scan.carries) walk(*carry.value);
    const Block inner(*this);
    bind(scan.variable.text);
    for (const syntax::Binding& carry : scan.carries) bind(carry.name.text);
    walk(scan.body);
  }
  void walkNode(const syntax::LambdaExpr& lambda) {
    const Block inner(*this);
    for (const syntax::Ident& parameter : lambda.parameters) bind(parameter.text);
    walk(*lambda.body);
  }
  void walkNode(const syntax::TupleExpr& tuple) {
    for (const syntax::Arg& entry : tuple.entries) walk(*entry.value);
  }
  void walkNode(const syntax::ParenExpr& paren) { walk(*paren.inner); }
  void walkNode(const syntax::ListExpr& list) {
    for (const syntax::ListEntry& entry : list.entries) walk(*entry.value);
  }

  const SourceModule& home_;
  const Modules& modules_;
  Diagnostics& diagnostics_;
  std::vector<std::string> names_;  // innermost last
  std::vector<Reference> references_;
  std::set<std::string> used_;                // in bodies
  std::set<std::string> ended_;               // by the end of their block
  std::vector<const syntax::Block*> blocks_;  // around the current place, outermost first
  std::map<std::string, Dim> dims_;
  std::map<std::string, std::vector<std::string>> symbols_ = {{"mode", {"train", "eval", "serve"}}};  // of enums
  int depth_ = 0;
};

}  // namespace

std::vector<Reference> checkNames(const syntax::CallableDecl& callable, const SourceModule& home,
                                  const Modules& modules, Diagnostics& diagnostics) {
  NameChecker checker(home, modules, diagnostics);
  checker.run(callable);
  return checker.references();
}

}  // namespace nnc::elaborate
