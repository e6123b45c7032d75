// Long chains (`a + b + ..`, `else if`) are deep trees: they are taken apart in a loop, not by recursion.
#include "syntax/ast.h"

namespace nnc::syntax {

namespace {

/// Moves the children of a node to `out`. Statements inside a scan stay: braces bound their depth.
struct Detach {
  std::vector<ExprPtr>& out;

  void take(ExprPtr& child) const {
    if (child) out.push_back(std::move(child));
  }

  template <typename Leaf>
  void operator()(Leaf&) const {}
  void operator()(FieldExpr& e) const { take(e.base); }
  void operator()(CallExpr& e) const {
    take(e.callee);
    for (Arg& argument : e.arguments) take(argument.value);
  }
  void operator()(IndexExpr& e) const {
    take(e.base);
    for (Subscript& subscript : e.subscripts) take(subscript.value);
  }
  void operator()(UnaryExpr& e) const { take(e.operand); }
  void operator()(BinaryExpr& e) const {
    take(e.left);
    take(e.right);
  }
  void operator()(CondExpr& e) const {
    take(e.condition);
    take(e.thenValue);
    take(e.elseValue);
  }
  void operator()(RepeatExpr& e) const {
    take(e.count);
    take(e.body);
  }
  void operator()(LambdaExpr& e) const { take(e.body); }
  void operator()(TupleExpr& e) const {
    for (Arg& entry : e.entries) take(entry.value);
  }
  void operator()(ParenExpr& e) const { take(e.inner); }
  void operator()(ListExpr& e) const {
    for (ListEntry& entry : e.entries) take(entry.value);
  }
};

}  // namespace

File::File() = default;
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Expr::~Expr() {
  std::vector<ExprPtr> pending;
  std::visit(Detach{pending}, node);
  while (!pending.empty()) {
    const ExprPtr next = std::move(pending.back());
    pending.pop_back();
    std::visit(Detach{pending}, next->node);  // `next` dies without children
  }
}

Stmt::~Stmt() {
  std::vector<StmtPtr> pending;
  const auto detach = [&pending](Stmt& statement) {
    auto* choice = std::get_if<IfStmt>(&statement.node);
    if (choice == nullptr || !choice->otherwise) return;
    for (StmtPtr& child : choice->otherwise->statements) pending.push_back(std::move(child));
    choice->otherwise.reset();
  };
  detach(*this);
  while (!pending.empty()) {
    const StmtPtr next = std::move(pending.back());
    pending.pop_back();
    if (next) detach(*next);
  }
}

}  // namespace nnc::syntax
