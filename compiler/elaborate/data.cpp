#include "elaborate/data.h"

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/data_parts.h"
#include "elaborate/settings.h"

namespace nnc::elaborate {

using syntax::BlockKind;

std::vector<std::string> partNames(const DataProgram& data) {
  std::vector<std::string> names = {"train"};
  for (const SplitPart& part : data.split)
    if (part.name != "train") names.push_back(part.name);
  if (data.test) names.push_back("test");
  return names;
}

// --------------------------------------------------------------------------- the program of one row

/// The fields: the tensors among the `let`s of the block, the last one of each name, in the order of their definition,
/// then the fields of the source that no `let` has replaced.
static void collectFields(const Scope& scope, ir::Builder& builder, DataProgram& data) {
  const std::vector<Name>& names = scope.names();
  for (const NameKind kind : {NameKind::Let, NameKind::Field}) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Name& name = names[i];
      const auto isReplacement = [&](const Name& later) {
        return later.text == name.text && later.kind == NameKind::Let;
      };
      const bool isShadowed =
          std::any_of(names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end(), isReplacement);
      const Traced* const tensor = name.kind == kind && !isShadowed ? asTraced(name.value) : nullptr;
      if (tensor == nullptr) continue;
      data.fields.push_back({std::string(name.text), tensor->type});
      builder.addResult(tensor->value, std::string(name.text));
    }
  }
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
  if (use.block != nullptr) {
    for (const syntax::BlockItem& item : use.block->items) {
      const auto* statement = std::get_if<syntax::StmtPtr>(&item);
      if (statement != nullptr && !elaborator.execute(**statement, scope)) return false;
    }
  }
  collectFields(scope, trace.builder, data);
  return true;
}

// --------------------------------------------------------------------------- the block

static bool readShuffle(Elaborator& elaborator, const syntax::Setting& setting, Scope& scope, DataProgram& data) {
  const std::optional<Value> value = elaborator.evaluate(*setting.value, scope);
  if (!value) return false;
  const bool* const isShuffled = std::get_if<bool>(&*value);
  if (isShuffled == nullptr) {
    elaborator.error<diag::SettingValue>(setting.value->span, "shuffle", settingTakes(BlockKind::Data, "shuffle"),
                                         describe(*value));
    return false;
  }
  data.shuffle = *isShuffled;
  return true;
}

/// The second source delivers what the first one does.
static bool checkSameFields(Elaborator& elaborator, const ReadSource& test, const DataProgram& data) {
  const auto isSame = [](const Field& a, const Field& b) { return a.name == b.name && a.type == b.type; };
  if (std::equal(test.raw.fields.begin(), test.raw.fields.end(), data.raw.begin(), data.raw.end(), isSame)) return true;
  const auto text = [](const std::vector<Field>& fields) {
    std::string list;
    for (const Field& field : fields)
      list += (list.empty() ? "" : ", ") + field.name + ": " + ir::toString(field.type);
    return list;
  };
  elaborator.error<diag::SourcesDiffer>(test.source.span, text(test.raw.fields), text(data.raw))
      .also(data.source.span, "the source");
  return false;
}

static bool readSources(Elaborator& elaborator, const Settings& settings, const DataUse& use, DataProgram& data,
                        std::vector<Span>& rawPlaces) {
  std::optional<FieldList> declared;
  if (const syntax::Setting* const fields = settings.find("fields")) {
    declared = readFieldList(elaborator, *fields->value, *use.scope, "fields", settingTakes(BlockKind::Data, "fields"));
    if (!declared) return false;
  }
  const FieldList* const fields = declared ? &*declared : nullptr;
  std::optional<ReadSource> source =
      readSource(elaborator, *settings.get("source").value, "source", use, fields);
  if (!source) return false;
  data.source = std::move(source->source);
  data.raw = std::move(source->raw.fields);
  rawPlaces = std::move(source->raw.places);
  const syntax::Setting* const setting = settings.find("test");
  if (setting == nullptr) return true;
  std::optional<ReadSource> test = readSource(elaborator, *setting->value, "test", use, fields);
  if (!test || !checkSameFields(elaborator, *test, data)) return false;
  data.test = std::move(test->source);
  return true;
}

/// A reader without a block: all rows are for training, its fields are the fields of an example.
static std::optional<DataProgram> buildReader(Elaborator& elaborator, const DataUse& use) {
  DataProgram data;
  data.name = use.name();
  data.span = use.reader->span;
  data.take = use.take;
  std::optional<ReadSource> source = readSource(elaborator, *use.reader, "data", use, nullptr);
  if (!source) return std::nullopt;
  data.source = std::move(source->source);
  data.raw = std::move(source->raw.fields);
  if (!buildMap(elaborator, use, source->raw.places, data)) return std::nullopt;
  return data;
}

std::optional<DataProgram> buildData(Elaborator& elaborator, const DataUse& use) {
  if (use.block == nullptr) return buildReader(elaborator, use);
  const std::optional<Settings> settings = Settings::read(*use.block, elaborator.diagnostics());
  if (!settings) return std::nullopt;
  DataProgram data;
  data.name = use.name();
  data.span = use.block->name.span;
  data.take = use.take;
  std::vector<Span> rawPlaces;
  if (!readSources(elaborator, *settings, use, data, rawPlaces)) return std::nullopt;
  if (const syntax::Setting* const split = settings->find("split"))
    if (!readSplit(elaborator, *split, *use.scope, data)) return std::nullopt;
  if (const syntax::Setting* const shuffle = settings->find("shuffle"))
    if (!readShuffle(elaborator, *shuffle, *use.scope, data)) return std::nullopt;
  if (!buildMap(elaborator, use, rawPlaces, data)) return std::nullopt;
  return data;
}

}  // namespace nnc::elaborate
