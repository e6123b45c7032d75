#include "elaborate/data.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/readers.h"
#include "elaborate/settings.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::BlockKind;

// --------------------------------------------------------------------------- sources

/// The same for a setting that takes a reader; reports what is none.
static const ReaderInfo* requireReader(Elaborator& elaborator, const syntax::Setting& setting,
                                       const SourceModule& home) {
  std::string_view name;
  const ReaderInfo* const reader = readerOf(elaborator.modules(), *setting.value, home, name);
  if (reader != nullptr && reader->isImplemented) return reader;
  if (reader != nullptr) {
    elaborator.notSupported(setting.value->span, fmt::format("the reader `{}`", reader->name));
    return nullptr;
  }
  std::vector<std::string> known;
  for (const ReaderInfo& info : allReaders()) known.emplace_back(info.name);
  Report report = elaborator.error<diag::NoReader>(setting.value->span, setting.name.text);
  report.note(fmt::format("`{}:` takes {}", setting.name.text, settingTakes(BlockKind::Data, setting.name.text)));
  if (const auto close = closestName(name, known)) report.help(fmt::format("did you mean `{}`?", *close));
  return nullptr;
}

/// `idx("a", "b")`.
static std::optional<Source> readSource(Elaborator& elaborator, const syntax::Setting& setting, const DataUse& use) {
  const ReaderInfo* const reader = requireReader(elaborator, setting, *use.home);
  if (reader == nullptr) return std::nullopt;
  IdxSource files;
  for (const syntax::Arg& argument : std::get<syntax::CallExpr>(setting.value->node).arguments) {
    const std::optional<Value> value = elaborator.evaluate(*argument.value, *use.scope);
    if (!value) return std::nullopt;
    const auto* name = std::get_if<Text>(&*value);
    if (name == nullptr || argument.name || name->text.empty()) {
      elaborator.error<diag::ReaderArguments>(argument.span, reader->name, "names of files, one for each field")
          .label(argument.name ? fmt::format("`{}`", argument.name->text) : describe(*value));
      return std::nullopt;
    }
    files.files.emplace_back(name->text);
    files.spans.push_back(argument.value->span);
  }
  return Source{std::move(files), setting.value->span, use.home->directory};
}

// --------------------------------------------------------------------------- fields of the files

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

static std::optional<std::vector<Field>> readRawFields(Elaborator& elaborator, const syntax::Setting& setting,
                                                       Scope& scope, std::vector<Span>& places) {
  std::vector<const syntax::Arg*> entries;
  if (const auto* tuple = std::get_if<syntax::TupleExpr>(&setting.value->node))
    for (const syntax::Arg& entry : tuple->entries) entries.push_back(&entry);
  const bool isNamed =
      std::all_of(entries.begin(), entries.end(), [](const syntax::Arg* entry) { return entry->name.has_value(); });
  if (entries.empty() || !isNamed) {
    elaborator.error<diag::SettingValue>(setting.value->span, "fields", settingTakes(BlockKind::Data, "fields"),
                                         "something else");
    return std::nullopt;
  }
  std::vector<Field> fields;
  bool isFine = true;
  for (const syntax::Arg* entry : entries) {
    const bool isTaken =
        std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == entry->name->text; });
    if (isTaken) elaborator.error<diag::FieldType>(entry->name->span, entry->name->text, "named twice");
    std::optional<ir::Type> type = isTaken ? std::nullopt : readFieldType(elaborator, *entry, scope);
    isFine = isFine && type.has_value();
    if (type) fields.push_back({entry->name->text, std::move(*type)});
    places.push_back(entry->name->span);
  }
  if (!isFine) return std::nullopt;
  return fields;
}

static bool checkFieldCount(Elaborator& elaborator, const DataProgram& data, const Source& source,
                            std::string_view setting) {
  const std::size_t files = std::get<IdxSource>(source.node).files.size();
  if (files == data.raw.size()) return true;
  elaborator.error<diag::FieldCount>(source.span,
                                     data.raw.size() == 1 ? "one field" : fmt::format("{} fields", data.raw.size()),
                                     setting, files == 1 ? "one file" : fmt::format("{} files", files));
  return false;
}

// --------------------------------------------------------------------------- split

/// `random(valid: 0.1, seed: 0)`
static bool readRandomSplit(Elaborator& elaborator, const syntax::CallExpr& call, Scope& scope, DataProgram& data) {
  double total = 0.0;
  for (const syntax::Arg& argument : call.arguments) {
    const std::optional<Value> value = elaborator.evaluate(*argument.value, scope);
    if (!value) return false;
    const std::string_view name = argument.name ? std::string_view(argument.name->text) : std::string_view();
    if (name == "seed") {
      const auto* seed = std::get_if<std::int64_t>(&*value);
      if (seed == nullptr || *seed < 0) {
        elaborator.error<diag::BadSplit>(
            argument.span,
            fmt::format("the seed of a split is a whole number from 0, and this is {}", describe(*value)));
        return false;
      }
      data.splitSeed = *seed;
      continue;
    }
    const std::optional<double> fraction = asReal(*value);
    if (name.empty() || !fraction || !(*fraction > 0.0) || !(*fraction < 1.0)) {
      elaborator.error<diag::BadSplit>(argument.span,
                                       "a random part is a name with a fraction between 0 and 1: `valid: 0.1`");
      return false;
    }
    total += *fraction;
    data.split.push_back({std::string(name), {}, *fraction, argument.span});
  }
  if (!data.split.empty() && total < 1.0) return true;
  elaborator.error<diag::BadSplit>(call.callee->span, data.split.empty()
                                                          ? "this split names no part"
                                                          : "the parts of this split leave nothing for `train`");
  return false;
}

static bool readRanges(Elaborator& elaborator, const syntax::TupleExpr& tuple, Scope& scope, DataProgram& data) {
  for (const syntax::Arg& entry : tuple.entries) {
    const std::optional<Value> value = elaborator.evaluate(*entry.value, scope);
    if (!value) return false;
    const auto* rows = std::get_if<Range>(&*value);
    if (!entry.name || rows == nullptr || rows->begin < 0 || rows->begin >= rows->end) {
      elaborator.error<diag::BadSplit>(
          entry.span, "a part is a name with a range of rows that is not empty: `valid: 50000..60000`");
      return false;
    }
    data.split.push_back({entry.name->text, {rows->begin, rows->end}, std::nullopt, entry.span});
  }
  return true;
}

static bool checkParts(Elaborator& elaborator, const DataProgram& data) {
  constexpr std::string_view kNames[] = {"train", "valid", "test"};
  for (std::size_t i = 0; i < data.split.size(); ++i) {
    const SplitPart& part = data.split[i];
    const auto refuse = [&](std::string text) {
      elaborator.error<diag::BadSplit>(part.span, text);
      return false;
    };
    if (std::find(std::begin(kNames), std::end(kNames), part.name) == std::end(kNames))
      return refuse(fmt::format("`{}` is no part of the data: parts are train, valid and test", part.name));
    if (part.name == "test" && data.test) return refuse("the part `test` is already the source of `test:`");
    for (std::size_t k = 0; k < i; ++k) {
      const SplitPart& other = data.split[k];
      if (other.name == part.name) return refuse(fmt::format("the part `{}` stands twice", part.name));
      const std::int64_t begin = std::max(part.rows.begin, other.rows.begin),
                         end = std::min(part.rows.end, other.rows.end);
      if (!part.randomFraction && !other.randomFraction && begin < end)
        return refuse(fmt::format("the parts `{}` and `{}` overlap: both have the rows {}..{}", other.name, part.name,
                                  begin, end));
    }
  }
  const bool isRandom = !data.split.empty() && data.split[0].randomFraction;
  const bool hasTrain =
      std::any_of(data.split.begin(), data.split.end(), [](const SplitPart& part) { return part.name == "train"; });
  if (hasTrain || isRandom || data.split.empty()) return true;
  elaborator.error<diag::BadSplit>(data.split[0].span, "this split has no part `train`");
  return false;
}

static bool readSplit(Elaborator& elaborator, const syntax::Setting& setting, Scope& scope, DataProgram& data) {
  const auto* tuple = std::get_if<syntax::TupleExpr>(&setting.value->node);
  const auto* call = std::get_if<syntax::CallExpr>(&setting.value->node);
  const auto* callee = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  const bool isRandom = callee != nullptr && callee->name == "random";
  if ((tuple == nullptr || tuple->entries.empty()) && !isRandom) {
    elaborator.error<diag::SettingValue>(setting.value->span, "split", settingTakes(BlockKind::Data, "split"),
                                         "something else");
    return false;
  }
  const bool isRead =
      isRandom ? readRandomSplit(elaborator, *call, scope, data) : readRanges(elaborator, *tuple, scope, data);
  return isRead && checkParts(elaborator, data);
}

std::vector<std::string> partNames(const DataProgram& data) {
  std::vector<std::string> names = {"train"};
  for (const SplitPart& part : data.split)
    if (part.name != "train") names.push_back(part.name);
  if (data.test) names.push_back("test");
  return names;
}

// --------------------------------------------------------------------------- the program of one row

/// The fields: the tensors among the `let`s of the block, the last one of each name, in the order of their definition.
static bool collectFields(Elaborator& elaborator, const syntax::BlockDecl& block, const Scope& scope,
                          ir::Builder& builder, DataProgram& data) {
  const std::vector<Name>& names = scope.names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Name& name = names[i];
    if (name.kind != NameKind::Let) continue;
    const bool isShadowed =
        std::any_of(names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end(),
                    [&](const Name& later) { return later.text == name.text && later.kind == NameKind::Let; });
    const Traced* const tensor = asTraced(name.value);
    if (isShadowed || tensor == nullptr) continue;
    data.fields.push_back({std::string(name.text), tensor->type});
    builder.addResult(tensor->value, std::string(name.text));
  }
  if (!data.fields.empty()) return true;
  elaborator.error<diag::NoFields>(block.name.span, block.name.text);
  return false;
}

static bool buildMap(Elaborator& elaborator, const DataUse& use, const std::vector<Span>& rawPlaces,
                     DataProgram& data) {
  data.map = data.module.addFunction("map");
  Trace trace(data.module, data.map, Mode::Eval);
  trace.stream = "data";
  const Elaborator::Tracing tracing(elaborator, trace);
  Scope& scope = elaborator.newScope(*use.scope);
  for (std::size_t i = 0; i < data.raw.size(); ++i) {
    const Field& field = data.raw[i];
    const ir::Value value = trace.builder.addParameter(field.type, field.name);
    scope.add(elaborator.arena().text(field.name), NameKind::Field, elaborator.traced(value, rawPlaces[i]),
              rawPlaces[i]);
  }
  for (const syntax::BlockItem& item : use.block->items) {
    const auto* statement = std::get_if<syntax::StmtPtr>(&item);
    if (statement != nullptr && !elaborator.execute(**statement, scope)) return false;
  }
  return collectFields(elaborator, *use.block, scope, trace.builder, data);
}

std::optional<DataProgram> buildData(Elaborator& elaborator, const DataUse& use) {
  const std::optional<Settings> settings = Settings::read(*use.block, elaborator.diagnostics());
  if (!settings) return std::nullopt;
  DataProgram data;
  data.name = use.block->name.text;
  data.span = use.block->name.span;
  data.take = use.take;
  const syntax::Setting* const fields = settings->find("fields");
  if (fields == nullptr) {
    elaborator.error<diag::MissingSetting>(use.block->name.span, "data", data.name, "fields")
        .help("name the fields of the files with their types: `fields: (pixels: u8[28, 28], label: u8)`");
    return std::nullopt;
  }
  std::vector<Span> rawPlaces;
  std::optional<std::vector<Field>> raw = readRawFields(elaborator, *fields, *use.scope, rawPlaces);
  std::optional<Source> source = readSource(elaborator, settings->get("source"), use);
  if (!raw || !source) return std::nullopt;
  data.raw = std::move(*raw);
  data.source = std::move(*source);
  if (!checkFieldCount(elaborator, data, data.source, "source")) return std::nullopt;
  if (const syntax::Setting* const test = settings->find("test")) {
    data.test = readSource(elaborator, *test, use);
    if (!data.test || !checkFieldCount(elaborator, data, *data.test, "test")) return std::nullopt;
  }
  if (const syntax::Setting* const split = settings->find("split"))
    if (!readSplit(elaborator, *split, *use.scope, data)) return std::nullopt;
  if (const syntax::Setting* const shuffle = settings->find("shuffle")) {
    const std::optional<Value> value = elaborator.evaluate(*shuffle->value, *use.scope);
    if (!value) return std::nullopt;
    const bool* const isShuffled = std::get_if<bool>(&*value);
    if (isShuffled == nullptr) {
      elaborator.error<diag::SettingValue>(shuffle->value->span, "shuffle", settingTakes(BlockKind::Data, "shuffle"),
                                           describe(*value));
      return std::nullopt;
    }
    data.shuffle = *isShuffled;
  }
  if (!buildMap(elaborator, use, rawPlaces, data)) return std::nullopt;
  return data;
}

}  // namespace nnc::elaborate
