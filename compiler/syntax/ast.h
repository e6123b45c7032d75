// The abstract syntax tree of a .nn file: what was written, with exact places. No meaning yet.
//
// A tree owns its children; nodes never change after parsing. Names follow the rules of grammar/NN.g4.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "support/source.h"

namespace nnc::syntax {

/// An identifier where it stands.
struct Ident {
  std::string text;
  Span span;
};

struct Expr;
struct Stmt;
struct TypeExpr;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using TypePtr = std::unique_ptr<TypeExpr>;

struct Block {
  std::vector<StmtPtr> statements;
  Span span;
};

// ------------------------------------------------------------------ types

/// One entry of a shape: `..s`, `..`, or an expression (`_` is a Name).
struct DimExpr {
  bool isPack = false;
  std::optional<Ident> packName;  // of `..s`
  ExprPtr value;                  // null for a pack
  Span span;
};

struct ParamDecl {
  Ident name;
  TypePtr type;
  ExprPtr defaultValue;  // may be null
  Span span;
};

/// `f32[B, ..s, n]`, `dim`, `int`: a name and perhaps a shape.
struct NamedType {
  Ident name;
  std::optional<std::vector<DimExpr>> shape;  // absent: none was written; `f32[]` is present and empty
};
/// `fn` alone or `fn(A, B) -> C`.
struct FnType {
  std::vector<TypePtr> parameters;
  TypePtr result;  // null: bare `fn`
};
struct LayerType {};
struct EnumType {
  std::vector<Ident> values;
};
/// `(a: f32[..], b: i32)`
struct RecordType {
  std::vector<ParamDecl> fields;
};
struct TypeExpr {
  Span span;
  std::variant<NamedType, FnType, LayerType, EnumType, RecordType> node;
};

// ------------------------------------------------------------ expressions

/// `value` or `name: value`.
struct Arg {
  std::optional<Ident> name;
  ExprPtr value;
  Span span;
};
/// `value` or `"label": value` in a list.
struct ListEntry {
  std::optional<std::string> label;
  Span labelSpan;
  ExprPtr value;
};
/// One entry of `x[...]`: `..s`, `..`, `i: extent` (name and value), or an expression.
struct Subscript {
  bool isPack = false;
  std::optional<Ident> name;  // of `..s`, or before the colon
  ExprPtr value;              // null for a pack
  Span span;
};
struct Binding {
  Ident name;
  ExprPtr value;
};

enum class UnaryOp : std::uint8_t { Neg, Not };
enum class BinaryOp : std::uint8_t {
  Pow,
  Mul,
  Div,
  Mod,
  MatMul,
  Add,
  Sub,
  Range,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  And,
  Or,
  Pipe
};

struct NameExpr {
  std::string name;
};
struct IntLiteral {
  std::int64_t value = 0;
};
struct RealLiteral {
  double value = 0.0;
};
struct StringLiteral {
  std::string value;
};  // escapes resolved
struct BoolLiteral {
  bool value = false;
};
struct SymbolExpr {
  std::string name;
};  // `.post`, without the dot
struct FieldExpr {
  ExprPtr base;
  Ident field;
};
struct CallExpr {
  ExprPtr callee;
  std::vector<Arg> arguments;
};
struct IndexExpr {
  ExprPtr base;
  std::vector<Subscript> subscripts;
};
struct UnaryExpr {
  UnaryOp op;
  ExprPtr operand;
};
struct BinaryExpr {
  BinaryOp op;
  ExprPtr left, right;
  Span opSpan;
};
struct CondExpr {
  ExprPtr condition, thenValue, elseValue;
};
struct RepeatExpr {
  std::optional<Ident> variable;
  ExprPtr count;
  ExprPtr body;
};
struct ScanExpr {
  Ident variable;
  ExprPtr range;
  std::vector<Binding> carries;
  Block body;
};
struct LambdaExpr {
  std::vector<Ident> parameters;
  ExprPtr body;
};
/// `()`, `(a: 1, b: 2)`, `(x, y)`. One unnamed entry without a trailing comma is a parenthesis: ParenExpr.
struct TupleExpr {
  std::vector<Arg> entries;
};
struct ParenExpr {
  ExprPtr inner;
};
struct ListExpr {
  std::vector<ListEntry> entries;
};

/// Chains nest to the left (`a + b + c`) or, for `else if`, to the right, up to 10,000 deep: walk those in a loop.
/// Everything else nests at most about 1,000 deep.
struct Expr {
  ~Expr();
  Span span;
  std::variant<NameExpr, IntLiteral, RealLiteral, StringLiteral, BoolLiteral, SymbolExpr, FieldExpr, CallExpr,
               IndexExpr, UnaryExpr, BinaryExpr, CondExpr, RepeatExpr, ScanExpr, LambdaExpr, TupleExpr, ParenExpr,
               ListExpr>
      node;
};

// ------------------------------------------------------------- statements

/// One entry of the left-hand side `y[b, ..s, i: extent]`.
struct Binder {
  bool isPack = false;
  Ident name;
  ExprPtr extent;  // may be null
  Span span;
};
/// `y`, `y[b, o]` or `(a, b)`.
struct Pattern {
  std::vector<Ident> names;  // one, or several for `(a, b)`
  bool isTuple = false;
  std::optional<std::vector<Binder>> binders;  // present with brackets; `y[]` is present and empty
  Span span;
};

struct LetStmt {
  Pattern pattern;
  TypePtr type;
  ExprPtr value;
};
/// `param(decay: false) w: f32[in, out] = init` and `state(scope: .session) pos: i32 = 0`.
struct ParamStmt {
  std::vector<Arg> attributes;
  Ident name;
  TypePtr type;
  ExprPtr init;
};
struct StateStmt {
  std::vector<Arg> attributes;
  Ident name;
  TypePtr type;
  ExprPtr init;
};
struct SubStmt {
  Ident name;
  ExprPtr value;
};
struct UpdateStmt {
  Ident name;
  ExprPtr value;
};
struct NextStmt {
  std::vector<Binding> bindings;
};
struct YieldStmt {
  ExprPtr value;
};
struct ReturnStmt {
  ExprPtr value;
};
struct RequireStmt {
  ExprPtr condition;
  std::optional<std::string> message;
};
/// `else if` is an otherwise-block that holds one IfStmt.
struct IfStmt {
  ExprPtr condition;
  Block thenBlock;
  std::optional<Block> otherwise;
};

struct Stmt {
  ~Stmt();
  Span span;
  std::variant<LetStmt, ParamStmt, StateStmt, SubStmt, UpdateStmt, NextStmt, YieldStmt, ReturnStmt, RequireStmt, IfStmt>
      node;
};

// ----------------------------------------------------------- declarations

/// `import std.data (idx)`, `import "blocks.nn" as b`.
struct ImportDecl {
  bool isFile = false;  // a string, not a dotted path
  std::string target;   // "blocks.nn" or "std.data"
  Span targetSpan;
  std::optional<Ident> alias;
  std::vector<Ident> names;  // empty: none were listed
};
struct ConstantDecl {
  bool isExported = false;
  Ident name;
  TypePtr type;
  ExprPtr value;
};
enum class CallableKind : std::uint8_t { Fn, Layer, Network, Optimizer };
struct VjpClause {
  std::vector<Ident> parameters;
  Block body;
};
struct CallableDecl {
  bool isExported = false;
  CallableKind kind = CallableKind::Fn;
  Ident name;
  std::vector<ParamDecl> first;                  // the only list, or the static one
  std::optional<std::vector<ParamDecl>> second;  // the data list
  TypePtr result;                                // may be null
  std::optional<Block> body;                     // exactly one of body and expression
  ExprPtr expression;
  std::optional<VjpClause> vjp;
};
/// `export mlp1986(30) as mnist_mlp(B: [1, 32])`
struct ExportDecl {
  ExprPtr value;
  Ident name;
  std::vector<Arg> dims;
};
struct Setting {
  Ident name;
  ExprPtr value;
  Span span;
};
using BlockItem = std::variant<Setting, StmtPtr>;
/// What has settings. A BlockDecl is one of the first two; the settings of an experiment are among its clauses, and its
/// report has settings too.
enum class BlockKind : std::uint8_t { Data, Train, Experiment, Report };
struct BlockDecl {
  BlockKind kind = BlockKind::Data;
  Ident name;
  std::vector<ParamDecl> parameters;
  std::vector<BlockItem> items;
};

struct VaryClause {
  std::vector<std::vector<Ident>> targets;
  ExprPtr levels;
  ExprPtr from, to;  // the old and the new level; null: the first and the last
  ExprPtr when;
  bool isPaired = false;
};
struct BindClause {
  std::vector<std::vector<Ident>> targets;
  ExprPtr value;
};
struct ExcludeClause {
  ExprPtr when;
};
/// `probe g = l2(grad(loss, w)) for w in weights(net) every steps(50)`, or a declaration, which has no period.
struct ProbeClause {
  Ident name;
  ExprPtr value;  // null: that of the declaration of this name
  std::optional<Ident> variable;
  ExprPtr range;
  ExprPtr every;
};
struct MeasureClause {
  Ident name;
  ExprPtr value;
};
struct ExpectClause {
  ExprPtr condition;
  std::optional<std::string> message;
};
struct ReportClause {
  std::optional<std::string> title;
  std::vector<Setting> settings;
  std::vector<ExprPtr> shows;
};
struct Clause {
  Span span;
  std::variant<Setting, ConstantDecl, VaryClause, BindClause, ExcludeClause, ProbeClause, MeasureClause, ExpectClause,
               ReportClause>
      node;
};
struct ExperimentDecl {
  Ident name;
  std::vector<ParamDecl> parameters;
  std::vector<Clause> clauses;
};

struct Decl {
  Span span;
  std::string doc;  // text of the `///` lines right above, without the slashes
  std::variant<ImportDecl, ConstantDecl, CallableDecl, ExportDecl, BlockDecl, ProbeClause, ExperimentDecl> node;
};

struct File {
  // Out of line, with all that it takes to destroy a tree.
  File();
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  FileId id;
  std::vector<Decl> declarations;
};

}  // namespace nnc::syntax
