// Declarations and experiments: the upper part of the tree.
#include <algorithm>

#include "diagnostics/kinds/syntax.h"
#include "syntax/build.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

class FileBuilder : public Builder {
 public:
  FileBuilder(FileId file, const std::vector<Span>& docs, const SourceManager& sources, const Limits& limits,
              Diagnostics& diagnostics)
      : Builder(file, sources, limits, diagnostics), docs_(docs) {}

  File run(Parser::FileContext& tree) {
    File result;
    result.id = file_;
    for (Tree* child : tree.children) {
      if (tokenOf(child) != nullptr) continue;  // EOF
      Decl decl;
      decl.span = span(rule(child));
      decl.doc = docAbove(decl.span.begin);
      if (rule(child).getRuleIndex() == NNParser::RuleImportDecl)
        decl.node = import(static_cast<Parser::ImportDeclContext*>(child));
      else
        declaration(decl, rule(child));
      result.declarations.push_back(std::move(decl));
    }
    return result;
  }

 private:
  // ------------------------------------------------------------ doc comments

  /// Whether exactly one line end and nothing but space lies between two offsets.
  bool isNextLine(std::uint32_t end, std::uint32_t begin) const {
    const std::string_view between = sources_.text(Span{file_, end, begin});
    if (between.find_first_not_of(" \t\r\n") != std::string_view::npos) return false;
    int lineEnds = 0;
    for (std::size_t i = 0; i < between.size(); ++i)
      if (between[i] == '\n' || (between[i] == '\r' && (i + 1 == between.size() || between[i + 1] != '\n'))) ++lineEnds;
    return lineEnds == 1;
  }

  std::string docAbove(std::uint32_t begin) const {
    auto at = std::lower_bound(docs_.begin(), docs_.end(), begin,
                               [](Span doc, std::uint32_t offset) { return doc.begin < offset; });
    std::vector<std::string_view> lines;
    while (at != docs_.begin() && isNextLine(std::prev(at)->end, begin)) {
      --at;
      begin = at->begin;
      std::string_view line = sources_.text(*at).substr(3);
      if (line.starts_with(' ')) line.remove_prefix(1);
      lines.push_back(line);
    }
    std::reverse(lines.begin(), lines.end());
    return fmt::format("{}", fmt::join(lines, "\n"));
  }

  // ------------------------------------------------------------ declarations

  ImportDecl import(Parser::ImportDeclContext* context) {
    ImportDecl result;
    const antlr4::Token* string = context->STRING() == nullptr ? nullptr : context->STRING()->getSymbol();
    result.isFile = string != nullptr;
    result.targetSpan = string != nullptr ? span(*string) : span(*context->path());
    result.target = string != nullptr ? *stringOf(*context) : joined(path(*context->path()));
    if (context->ident() != nullptr) result.alias = ident(*context->ident());
    if (context->nameList() != nullptr) result.names = nameList(*context->nameList());
    return result;
  }

  /// `std . data` with any space in it is `std.data`.
  static std::string joined(const std::vector<Ident>& parts) {
    std::string all;
    for (const Ident& part : parts) all += (all.empty() ? "" : ".") + part.text;
    return all;
  }

  void declaration(Decl& out, Context& context) {
    const bool isExported = has(context, NNLexer::EXPORT);
    Tree* inner = context.children.back();
    switch (rule(inner).getRuleIndex()) {
      case NNParser::RuleCallable:
        out.node = callable(static_cast<Parser::CallableContext*>(inner), isExported);
        break;
      case NNParser::RuleConstant:
        out.node = constant(static_cast<Parser::ConstantContext*>(inner), isExported);
        break;
      case NNParser::RuleExportEntry:
        out.node = exportEntry(static_cast<Parser::ExportEntryContext*>(inner));
        break;
      case NNParser::RuleBlockDecl:
        out.node = blockDecl(static_cast<Parser::BlockDeclContext*>(inner));
        break;
      case NNParser::RuleProbeDecl:
        out.node = probe(static_cast<Parser::ProbeDeclContext*>(inner));
        break;
      default:
        out.node = experiment(static_cast<Parser::ExperimentContext*>(inner));
        break;
    }
  }

  ConstantDecl constant(Parser::ConstantContext* context, bool isExported) {
    TypePtr declared = context->type() == nullptr ? nullptr : type(context->type());
    return {isExported, ident(*context->ident()), std::move(declared), expr(context->expr())};
  }

  CallableDecl callable(Parser::CallableContext* context, bool isExported) {
    CallableDecl result;
    result.isExported = isExported;
    switch (context->getStart()->getType()) {
      case NNLexer::LAYER:
        result.kind = CallableKind::Layer;
        break;
      case NNLexer::NETWORK:
        result.kind = CallableKind::Network;
        break;
      case NNLexer::OPTIMIZER:
        result.kind = CallableKind::Optimizer;
        break;
      default:
        result.kind = CallableKind::Fn;
        break;
    }
    result.name = ident(*context->ident());
    result.first = parameters(*context->parameters(0));
    if (context->parameters(1) != nullptr) result.second = parameters(*context->parameters(1));
    if (context->type() != nullptr) result.result = type(context->type());
    if (context->block() != nullptr) result.body = block(context->block());
    if (context->expr() != nullptr) result.expression = expr(context->expr());
    if (Parser::VjpClauseContext* vjp = context->vjpClause())
      result.vjp = VjpClause{nameList(*vjp->nameList()), block(vjp->block())};
    return result;
  }

  ExportDecl exportEntry(Parser::ExportEntryContext* context) {
    ExprPtr value = expr(context->expr());
    std::vector<Arg> dims;
    if (context->attributes() != nullptr) dims = arguments(*context->attributes());
    return {std::move(value), ident(*context->ident()), std::move(dims)};
  }

  Setting setting(Parser::SettingContext* context) {
    return {ident(*context->ident()), expr(context->expr()), span(*context)};
  }

  BlockDecl blockDecl(Parser::BlockDeclContext* context) {
    BlockDecl result;
    result.kind = context->getStart()->getType() == NNLexer::TRAIN ? BlockKind::Train : BlockKind::Data;
    result.name = ident(*context->ident());
    if (context->parameters() != nullptr) result.parameters = parameters(*context->parameters());
    for (Tree* child : context->children) {
      if (!isRule(child, NNParser::RuleItem)) continue;
      auto* item = static_cast<Parser::ItemContext*>(child);
      if (item->setting() != nullptr)
        result.items.emplace_back(setting(item->setting()));
      else
        result.items.emplace_back(statement(item->statement()));
    }
    return result;
  }

  // ------------------------------------------------------------ experiments

  ExperimentDecl experiment(Parser::ExperimentContext* context) {
    ExperimentDecl result;
    result.name = ident(*context->ident());
    if (context->parameters() != nullptr) result.parameters = parameters(*context->parameters());
    for (Tree* child : context->children)
      if (isRule(child, NNParser::RuleClause))
        result.clauses.push_back(clause(static_cast<Parser::ClauseContext*>(child)));
    return result;
  }

  /// A setting of an experiment, which must not be a clause that was written with a colon.
  Setting experimentSetting(Parser::SettingContext* context) {
    const std::size_t first = context->getStart()->getType();
    std::string_view form;
    switch (first) {
      case NNLexer::VARY:
        form = "vary name in [a, b]";
        break;
      case NNLexer::BIND:
        form = "bind name = value";
        break;
      case NNLexer::EXCLUDE:
        form = "exclude when condition";
        break;
      case NNLexer::PROBE:
        form = "probe name = value every steps(50)";
        break;
      case NNLexer::MEASURE:
        form = "measure name = valid.loss";
        break;
      case NNLexer::EXPECT:
        form = "expect condition";
        break;
      case NNLexer::REPORT:
        form = "report \"title\" { .. }";
        break;
      case NNLexer::SHOW:
        form = "show effects(name)";
        break;
      default:
        return setting(context);
    }
    const Span place = span(*context->ident());
    diagnostics_.emit<diag::ClauseWithColon>(place, sources_.text(place)).help(fmt::format("write `{}`", form));
    return setting(context);
  }

  std::vector<std::vector<Ident>> targets(Parser::TargetsContext* context) {
    std::vector<std::vector<Ident>> result;
    for (Tree* child : context->children)
      if (isRule(child, NNParser::RulePath)) result.push_back(path(*static_cast<Parser::PathContext*>(child)));
    return result;
  }

  Clause clause(Parser::ClauseContext* context) {
    Context& inner = rule(context->children[0]);
    Clause result;
    result.span = span(inner);
    switch (inner.getRuleIndex()) {
      case NNParser::RuleSetting:
        result.node = experimentSetting(context->setting());
        break;
      case NNParser::RuleConstant:
        result.node = constant(context->constant(), /*isExported=*/false);
        break;
      case NNParser::RuleVaryClause:
        result.node = vary(context->varyClause());
        break;
      case NNParser::RuleBindClause:
        result.node = BindClause{targets(context->bindClause()->targets()), expr(context->bindClause()->expr())};
        break;
      case NNParser::RuleExcludeClause:
        result.node = ExcludeClause{expr(context->excludeClause()->expr())};
        break;
      case NNParser::RuleProbeClause:
        result.node = probe(context->probeClause());
        break;
      case NNParser::RuleMeasureClause:
        result.node = MeasureClause{ident(*context->measureClause()->ident()), expr(context->measureClause()->expr())};
        break;
      case NNParser::RuleExpectClause:
        result.node = ExpectClause{expr(context->expectClause()->expr()), stringOf(inner)};
        break;
      default:
        result.node = report(context->reportClause());
        break;
    }
    return result;
  }

  VaryClause vary(Parser::VaryClauseContext* context) {
    VaryClause result;
    result.targets = targets(context->targets());
    result.isPaired = has(*context->targets(), NNLexer::LPAREN);
    std::size_t next = 0;
    result.levels = expr(context->expr(next++));
    if (has(*context, NNLexer::FROM)) result.from = expr(context->expr(next++));
    if (has(*context, NNLexer::TO)) result.to = expr(context->expr(next++));
    if (has(*context, NNLexer::WHEN)) result.when = expr(context->expr(next++));
    return result;
  }

  /// A clause, or a declaration, which is a clause with a value and without a period.
  template <typename Context>
  ProbeClause probe(Context* context) {
    ProbeClause result;
    result.name = ident(*context->ident(0));
    std::size_t next = 0;
    if (has(*context, NNLexer::ASSIGN)) result.value = expr(context->expr(next++));
    if (context->ident(1) != nullptr) {
      result.variable = ident(*context->ident(1));
      result.range = expr(context->expr(next++));
    }
    if (context->expr(next) != nullptr) result.every = expr(context->expr(next));
    return result;
  }

  ReportClause report(Parser::ReportClauseContext* context) {
    ReportClause result;
    result.title = stringOf(*context);
    for (Tree* child : context->children) {
      if (isRule(child, NNParser::RuleSetting))
        result.settings.push_back(experimentSetting(static_cast<Parser::SettingContext*>(child)));
      if (isRule(child, NNParser::RuleShow))
        result.shows.push_back(expr(static_cast<Parser::ShowContext*>(child)->expr()));
    }
    return result;
  }

  const std::vector<Span>& docs_;
};

}  // namespace

std::optional<File> build(generated::NNParser::FileContext& tree, FileId file, const std::vector<Span>& docs,
                          const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics) {
  const int errorsBefore = diagnostics.errorCount();
  File result = FileBuilder(file, docs, sources, limits, diagnostics).run(tree);
  if (diagnostics.errorCount() > errorsBefore) return std::nullopt;
  return result;
}

}  // namespace nnc::syntax
