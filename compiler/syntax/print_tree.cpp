// The tree as indented text, one node a line, with line:column where a node starts.
#include <fmt/format.h>

#include <iterator>

#include "syntax/parse.h"

namespace nnc::syntax {

namespace {

constexpr std::string_view kBinaryNames[] = {
#define NNC_INFIX(OP, TOKEN, TEXT, PRECEDENCE, SIDE) TEXT,
#define NNC_PREFIX(...)
#include "syntax/operators.def"
#undef NNC_INFIX
#undef NNC_PREFIX
};
static_assert(std::size(kBinaryNames) == static_cast<std::size_t>(BinaryOp::Pipe) + 1,
              "operators.def follows the order of BinaryOp");

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

class Printer {
 public:
  explicit Printer(const SourceManager& sources) : sources_(sources) {}

  std::string run(const File& file) {
    for (const Decl& decl : file.declarations) {
      if (!decl.doc.empty()) line(decl.span, "doc " + quoted(decl.doc));
      std::visit([&](const auto& node) { declaration(decl.span, node); }, decl.node);
    }
    return std::move(out_);
  }

 private:
  // ------------------------------------------------------------ lines

  void line(Span span, std::string_view text) {
    const Place place = span ? sources_.place(span.file, span.begin) : Place{};
    out_ += fmt::format("{:{}}{} @{}:{}\n", "", 2 * depth_, text, place.line, place.column);
  }
  /// A line that groups what follows.
  void group(std::string_view text) { out_ += fmt::format("{:{}}{}\n", "", 2 * depth_, text); }

  template <typename Body>
  void nested(Body body) {
    ++depth_;
    body();
    --depth_;
  }

  /// A named part of a node; nothing when it is absent.
  void part(std::string_view name, const ExprPtr& value) {
    if (!value) return;
    group(name);
    nested([&] { expr(*value); });
  }
  void part(std::string_view name, const TypePtr& value) {
    if (!value) return;
    group(name);
    nested([&] { type(*value); });
  }

  static std::string names(const std::vector<Ident>& idents, std::string_view separator = ", ") {
    std::string all;
    for (const Ident& ident : idents) all += (all.empty() ? "" : std::string(separator)) + ident.text;
    return all;
  }

  // ------------------------------------------------------------ declarations

  void declaration(Span span, const ImportDecl& d) {
    std::string text = "import " + (d.isFile ? quoted(d.target) : d.target);
    if (d.alias) text += " as " + d.alias->text;
    if (!d.names.empty()) text += " (" + names(d.names) + ")";
    line(span, text);
  }
  void declaration(Span span, const ConstantDecl& d) {
    line(span, fmt::format("{}let {}", d.isExported ? "export " : "", d.name.text));
    nested([&] {
      part("type", d.type);
      expr(*d.value);
    });
  }
  void declaration(Span span, const CallableDecl& d) {
    constexpr std::string_view kKinds[] = {"fn", "layer", "network", "optimizer"};
    line(span,
         fmt::format("{}{} {}", d.isExported ? "export " : "", kKinds[static_cast<std::size_t>(d.kind)], d.name.text));
    nested([&] {
      parameters("parameters", d.first);
      if (d.second) parameters("data parameters", *d.second);
      part("result", d.result);
      part("value", d.expression);
      if (d.body) block("body", *d.body);
      if (!d.vjp) return;
      group("vjp (" + names(d.vjp->parameters) + ")");
      nested([&] { block("body", d.vjp->body); });
    });
  }
  void declaration(Span span, const ExportDecl& d) {
    line(span, "export as " + d.name.text);
    nested([&] {
      expr(*d.value);
      arguments("dims", d.dims);
    });
  }
  void declaration(Span span, const BlockDecl& d) {
    line(span, fmt::format("{} {}", d.kind == BlockKind::Data ? "data" : "train", d.name.text));
    nested([&] {
      if (!d.parameters.empty()) parameters("parameters", d.parameters);
      for (const BlockItem& item : d.items) {
        if (const auto* own = std::get_if<Setting>(&item))
          setting(*own);
        else
          statement(*std::get<StmtPtr>(item));
      }
    });
  }
  void declaration(Span span, const ProbeClause& d) { clause(span, d); }
  void declaration(Span span, const ExperimentDecl& d) {
    line(span, "experiment " + d.name.text);
    nested([&] {
      if (!d.parameters.empty()) parameters("parameters", d.parameters);
      for (const Clause& each : d.clauses) std::visit([&](const auto& node) { clause(each.span, node); }, each.node);
    });
  }

  void parameters(std::string_view title, const std::vector<ParamDecl>& list) {
    group(title);
    nested([&] {
      for (const ParamDecl& parameter : list) {
        line(parameter.span, parameter.name.text);
        nested([&] {
          type(*parameter.type);
          part("default", parameter.defaultValue);
        });
      }
    });
  }

  // ------------------------------------------------------------ experiments

  void setting(const Setting& s) {
    line(s.span, "setting " + s.name.text);
    nested([&] { expr(*s.value); });
  }
  static std::string targets(const std::vector<std::vector<Ident>>& paths) {
    std::string all;
    for (const std::vector<Ident>& path : paths) all += (all.empty() ? "" : ", ") + names(path, ".");
    return all;
  }

  void clause(Span, const Setting& c) { setting(c); }
  void clause(Span span, const ConstantDecl& c) { declaration(span, c); }
  void clause(Span span, const VaryClause& c) {
    line(span, c.isPaired ? "vary (" + targets(c.targets) + ")" : "vary " + targets(c.targets));
    nested([&] {
      expr(*c.levels);
      part("from", c.from);
      part("to", c.to);
      part("when", c.when);
    });
  }
  void clause(Span span, const BindClause& c) {
    line(span, "bind " + targets(c.targets));
    nested([&] { expr(*c.value); });
  }
  void clause(Span span, const ExcludeClause& c) {
    line(span, "exclude");
    nested([&] { expr(*c.when); });
  }
  void clause(Span span, const ProbeClause& c) {
    line(span, "probe " + c.name.text);
    nested([&] {
      if (c.value) expr(*c.value);
      if (c.variable) part("for " + c.variable->text, c.range);
      part("every", c.every);
    });
  }
  void clause(Span span, const MeasureClause& c) {
    line(span, "measure " + c.name.text);
    nested([&] { expr(*c.value); });
  }
  void clause(Span span, const ExpectClause& c) {
    line(span, c.message ? "expect " + quoted(*c.message) : "expect");
    nested([&] { expr(*c.condition); });
  }
  void clause(Span span, const ReportClause& c) {
    line(span, c.title ? "report " + quoted(*c.title) : "report");
    nested([&] {
      for (const Setting& s : c.settings) setting(s);
      for (const ExprPtr& show : c.shows) part("show", show);
    });
  }

  // ------------------------------------------------------------ types

  void type(const TypeExpr& t) {
    std::visit([&](const auto& node) { typeNode(t.span, node); }, t.node);
  }
  void typeNode(Span span, const NamedType& t) {
    line(span, fmt::format("type {}{}", t.name.text, t.shape && t.shape->empty() ? "[]" : ""));
    if (!t.shape) return;
    nested([&] {
      for (const DimExpr& dim : *t.shape) {
        if (dim.isPack)
          line(dim.span, "pack .." + (dim.packName ? dim.packName->text : ""));
        else
          expr(*dim.value);
      }
    });
  }
  void typeNode(Span span, const FnType& t) {
    line(span, "type fn");
    nested([&] {
      for (const TypePtr& parameter : t.parameters) type(*parameter);
      part("result", t.result);
    });
  }
  void typeNode(Span span, const LayerType&) { line(span, "type layer"); }
  void typeNode(Span span, const EnumType& t) { line(span, "type enum (" + names(t.values) + ")"); }
  void typeNode(Span span, const RecordType& t) {
    line(span, "type record");
    nested([&] { parameters("fields", t.fields); });
  }

  // ------------------------------------------------------------ statements

  void block(std::string_view title, const Block& b) {
    group(title);
    nested([&] {
      for (const StmtPtr& each : b.statements) statement(*each);
    });
  }

  void statement(const Stmt& s) {
    std::visit([&](const auto& node) { statementNode(s.span, node); }, s.node);
  }
  void pattern(const Pattern& p) {
    line(p.span, p.isTuple ? "pattern (" + names(p.names) + ")"
                           : "pattern " + names(p.names) + (p.binders && p.binders->empty() ? "[]" : ""));
    if (!p.binders) return;
    nested([&] {
      for (const Binder& binder : *p.binders) {
        line(binder.span, fmt::format("binder {}{}", binder.isPack ? ".." : "", binder.name.text));
        nested([&] { part("extent", binder.extent); });
      }
    });
  }
  void statementNode(Span span, const LetStmt& s) {
    line(span, "let");
    nested([&] {
      pattern(s.pattern);
      part("type", s.type);
      expr(*s.value);
    });
  }
  template <typename Declared>
  void declared(Span span, std::string_view word, const Declared& s) {
    line(span, fmt::format("{} {}", word, s.name.text));
    nested([&] {
      if (!s.attributes.empty()) arguments("attributes", s.attributes);
      type(*s.type);
      part("initial", s.init);
    });
  }
  void statementNode(Span span, const ParamStmt& s) { declared(span, "param", s); }
  void statementNode(Span span, const StateStmt& s) { declared(span, "state", s); }
  void statementNode(Span span, const SubStmt& s) { named(span, "sub", s.name, *s.value); }
  void statementNode(Span span, const UpdateStmt& s) { named(span, "update", s.name, *s.value); }
  void named(Span span, std::string_view word, const Ident& name, const Expr& value) {
    line(span, fmt::format("{} {}", word, name.text));
    nested([&] { expr(value); });
  }
  void statementNode(Span span, const NextStmt& s) {
    line(span, "next");
    nested([&] { bindings(s.bindings); });
  }
  void statementNode(Span span, const YieldStmt& s) { withValue(span, "yield", *s.value); }
  void statementNode(Span span, const ReturnStmt& s) { withValue(span, "return", *s.value); }
  void withValue(Span span, std::string_view word, const Expr& value) {
    line(span, word);
    nested([&] { expr(value); });
  }
  void statementNode(Span span, const RequireStmt& s) {
    line(span, s.message ? "require " + quoted(*s.message) : "require");
    nested([&] { expr(*s.condition); });
  }
  void statementNode(Span span, const IfStmt& first) {
    line(span, "if");
    ++depth_;
    const IfStmt* choice = &first;
    while (true) {  // `else if` chains are long: they are printed side by side
      expr(*choice->condition);
      block("then", choice->thenBlock);
      if (!choice->otherwise) break;
      const std::vector<StmtPtr>& rest = choice->otherwise->statements;
      const IfStmt* next = rest.size() == 1 ? std::get_if<IfStmt>(&rest[0]->node) : nullptr;
      const bool isElseIf = next != nullptr && rest[0]->span == choice->otherwise->span;
      if (!isElseIf) {
        block("else", *choice->otherwise);
        break;
      }
      group("else if");
      choice = next;
    }
    --depth_;
  }

  void bindings(const std::vector<Binding>& list) {
    for (const Binding& binding : list) named(binding.name.span, "binding", binding.name, *binding.value);
  }

  // ------------------------------------------------------------ expressions

  void arguments(std::string_view title, const std::vector<Arg>& list) {
    group(title);
    nested([&] { entries(list); });
  }
  void entries(const std::vector<Arg>& list) {
    for (const Arg& argument : list) {
      if (!argument.name) {
        expr(*argument.value);
        continue;
      }
      line(argument.span, "argument " + argument.name->text);
      nested([&] { expr(*argument.value); });
    }
  }

  void expr(const Expr& e) {
    std::visit([&](const auto& node) { exprNode(e, node); }, e.node);
  }
  void exprNode(const Expr& e, const NameExpr& n) { line(e.span, "name " + n.name); }
  void exprNode(const Expr& e, const IntLiteral& n) { line(e.span, fmt::format("int {}", n.value)); }
  void exprNode(const Expr& e, const RealLiteral& n) { line(e.span, fmt::format("real {}", n.value)); }
  void exprNode(const Expr& e, const StringLiteral& n) { line(e.span, "string " + quoted(n.value)); }
  void exprNode(const Expr& e, const BoolLiteral& n) { line(e.span, n.value ? "bool true" : "bool false"); }
  void exprNode(const Expr& e, const SymbolExpr& n) { line(e.span, "symbol ." + n.name); }
  void exprNode(const Expr& e, const FieldExpr& n) {
    line(e.span, "field " + n.field.text);
    nested([&] { expr(*n.base); });
  }
  void exprNode(const Expr& e, const CallExpr& n) {
    line(e.span, "call");
    nested([&] {
      expr(*n.callee);
      arguments("arguments", n.arguments);
    });
  }
  void exprNode(const Expr& e, const IndexExpr& n) {
    line(e.span, "index");
    nested([&] {
      expr(*n.base);
      group("subscripts");
      nested([&] { subscripts(n.subscripts); });
    });
  }
  void subscripts(const std::vector<Subscript>& list) {
    for (const Subscript& s : list) {
      if (s.isPack) {
        line(s.span, "pack .." + (s.name ? s.name->text : ""));
      } else if (s.name) {
        line(s.span, "index " + s.name->text);
        nested([&] { part("extent", s.value); });
      } else {
        expr(*s.value);
      }
    }
  }
  void exprNode(const Expr& e, const UnaryExpr& n) {
    withValue(e.span, n.op == UnaryOp::Neg ? "negate" : "not", *n.operand);
  }
  void exprNode(const Expr& e, const BinaryExpr& n) {
    // Left operands nest up to 10,000 deep: the chain is printed flat, to be read from left to right.
    std::vector<const BinaryExpr*> chain = {&n};
    while (const auto* left = std::get_if<BinaryExpr>(&chain.back()->left->node)) chain.push_back(left);
    line(e.span, chain.size() == 1 ? fmt::format("binary {}", kBinaryNames[static_cast<std::size_t>(n.op)]) : "chain");
    nested([&] {
      expr(*chain.back()->left);
      for (std::size_t i = chain.size(); i-- > 0;) {
        if (chain.size() > 1)
          line(chain[i]->opSpan, fmt::format("{}", kBinaryNames[static_cast<std::size_t>(chain[i]->op)]));
        expr(*chain[i]->right);
      }
    });
  }
  void exprNode(const Expr& e, const CondExpr& n) {
    line(e.span, "if");
    ++depth_;
    const CondExpr* choice = &n;
    while (true) {
      expr(*choice->condition);
      part("then", choice->thenValue);
      const auto* next = std::get_if<CondExpr>(&choice->elseValue->node);
      if (next == nullptr) break;
      group("else if");
      choice = next;
    }
    part("else", choice->elseValue);
    --depth_;
  }
  void exprNode(const Expr& e, const RepeatExpr& n) {
    line(e.span, n.variable ? "repeat " + n.variable->text : "repeat");
    nested([&] {
      part("count", n.count);
      part("body", n.body);
    });
  }
  void exprNode(const Expr& e, const ScanExpr& n) {
    line(e.span, "scan " + n.variable.text);
    nested([&] {
      part("range", n.range);
      group("carry");
      nested([&] { bindings(n.carries); });
      block("body", n.body);
    });
  }
  void exprNode(const Expr& e, const LambdaExpr& n) { withValue(e.span, "fn (" + names(n.parameters) + ")", *n.body); }
  void exprNode(const Expr& e, const TupleExpr& n) {
    line(e.span, "tuple");
    nested([&] { entries(n.entries); });
  }
  void exprNode(const Expr& e, const ParenExpr& n) { withValue(e.span, "parenthesis", *n.inner); }
  void exprNode(const Expr& e, const ListExpr& n) {
    line(e.span, "list");
    nested([&] {
      for (const ListEntry& entry : n.entries) {
        if (!entry.label) {
          expr(*entry.value);
          continue;
        }
        line(entry.labelSpan, "label " + quoted(*entry.label));
        nested([&] { expr(*entry.value); });
      }
    });
  }

  const SourceManager& sources_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string printTree(const File& file, const SourceManager& sources) { return Printer(sources).run(file); }

}  // namespace nnc::syntax
