#include "elaborate/data.h"

#include <algorithm>
#include <string>

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

namespace {

struct ExampleField {
  std::string_view name;
  const Traced* tensor = nullptr;
};

}  // namespace

/// The fields: the tensors among the `let`s of the block, the last one of each name, in the order of their definition,
/// then the fields of the source that no `let` has replaced.
static std::vector<ExampleField> collectFields(const Scope& scope) {
  std::vector<ExampleField> fields;
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
      fields.push_back({name.text, tensor});
    }
  }
  return fields;
}

/// The statements of the block as a function of the raw fields. Empty: reported.
static std::optional<std::vector<ExampleField>> traceRow(Elaborator& elaborator, const DataUse& use,
                                                         const std::vector<Span>& rawPlaces,
                                                         const std::vector<Field>& raw, Trace& trace) {
  Scope& scope = elaborator.newScope(*use.scope);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const ir::Value value = trace.builder.addParameter(raw[i].type, raw[i].name);
    scope.add(elaborator.arena().text(raw[i].name), NameKind::Field, elaborator.traced(value, rawPlaces[i]),
              rawPlaces[i]);
  }
  if (use.block != nullptr) {
    for (const syntax::BlockItem& item : use.block->items) {
      const auto* statement = std::get_if<syntax::StmtPtr>(&item);
      if (statement != nullptr && !elaborator.execute(**statement, scope)) return std::nullopt;
    }
  }
  return collectFields(scope);
}

static bool buildMap(Elaborator& elaborator, const DataUse& use, const std::vector<Span>& rawPlaces,
                     DataProgram& data) {
  data.map = data.module.addFunction("map");
  Trace trace(data.module, data.map, Mode::Eval);
  trace.stream = "data";
  const Elaborator::Tracing tracing(elaborator, trace);
  const std::optional<std::vector<ExampleField>> fields = traceRow(elaborator, use, rawPlaces, data.raw, trace);
  if (!fields) return false;
  for (const ExampleField& field : *fields) {
    data.fields.push_back({std::string(field.name), field.tensor->type});
    trace.builder.addResult(field.tensor->value, std::string(field.name));
  }
  return true;
}

// --------------------------------------------------------------------------- augmentations

/// Applies one augmentation: it takes fields by the names of its arguments, and its result replaces the first of them.
static bool augmentField(Elaborator& elaborator, const Value& augmentation, const std::string& path, Span where,
                         std::string_view data, std::vector<ExampleField>& fields) {
  std::vector<Argument> arguments;
  ExampleField* replaced = nullptr;
  for (const syntax::ParamDecl& parameter : elaborator.dataParameters(augmentation)) {
    const auto* named = std::get_if<syntax::NamedType>(&parameter.type->node);
    if (named != nullptr && named->name.text == "key") {
      RandomKey* const key = elaborator.arena().make(RandomKey{.stream = "data", .path = path});
      arguments.push_back({parameter.name.text, key, where});
      continue;
    }
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const ExampleField& f) { return f.name == parameter.name.text; });
    if (field == fields.end()) {
      std::string known;
      for (const ExampleField& f : fields) known += (known.empty() ? "" : ", ") + std::string(f.name);
      elaborator.error<diag::Augmentation>(where, "takes", parameter.name.text, "which is no field of the data")
          .also(parameter.span, "the argument")
          .note("data `" + std::string(data) + "` has the fields " + known);
      return false;
    }
    if (replaced == nullptr) replaced = &*field;
    arguments.push_back({parameter.name.text, field->tensor, where});
  }
  const Callable* const callable = asCallable(augmentation);
  const auto* lambda = callable != nullptr ? std::get_if<LambdaCallable>(&callable->node) : nullptr;
  if (lambda != nullptr && !lambda->lambda->parameters.empty()) {
    const std::string& name = lambda->lambda->parameters[0].text;
    elaborator.error<diag::Augmentation>(where, "takes", name, "whose type a function without a name does not say")
        .help(fmt::format("write it as a fn with a name:  fn augmented({0}: f32[..s]) -> f32[..s] = ..", name));
    return false;
  }
  if (replaced == nullptr) {
    elaborator.error<diag::Augmentation>(where, "has no argument that is a field of the data", "x",
                                         "as `layer f(x: f32[c, h, w]) -> f32[c, h, w]` has");
    return false;
  }
  const std::optional<Value> result = elaborator.instantiate(augmentation, path, '.', std::move(arguments), where);
  if (!result) return false;
  const Traced* const tensor = asTraced(*result);
  if (tensor != nullptr && tensor->labels.empty() && tensor->type == replaced->tensor->type) {
    replaced->tensor = tensor;
    return true;
  }
  elaborator.error<diag::Augmentation>(
      where, "turns", replaced->name,
      "a field of " + ir::toString(replaced->tensor->type) + ", into " + describe(*result));
  return false;
}

/// The map of training rows, when the block has augmentations.
static bool buildAugmentedMap(Elaborator& elaborator, const DataUse& use, const std::vector<Span>& rawPlaces,
                              const syntax::Setting& setting, DataProgram& data) {
  const std::optional<Value> value = elaborator.evaluate(*setting.value, *use.scope);
  if (!value) return false;
  const auto* list = std::get_if<const List*>(&*value);
  if (list == nullptr) {
    elaborator.error<diag::SettingValue>(setting.value->span, "augment", settingTakes(BlockKind::Data, "augment"),
                                         describe(*value));
    return false;
  }
  data.augmentedMap = data.module.addFunction("augmented_map");
  Trace trace(data.module, *data.augmentedMap, Mode::Train);
  trace.stream = "data";
  const Elaborator::Tracing tracing(elaborator, trace);
  std::optional<std::vector<ExampleField>> fields = traceRow(elaborator, use, rawPlaces, data.raw, trace);
  if (!fields) return false;
  trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
  trace.step = trace.builder.addParameter({ir::DType::I64, {}}, "counter");
  const auto* written = std::get_if<syntax::ListExpr>(&setting.value->node);
  for (std::size_t i = 0; i < (*list)->items.size(); ++i) {
    const Span where =
        written != nullptr && i < written->entries.size() ? written->entries[i].value->span : setting.value->span;
    if (asCallable((*list)->items[i]) == nullptr) {
      elaborator.error<diag::SettingValue>(where, "augment", settingTakes(BlockKind::Data, "augment"),
                                           describe((*list)->items[i]));
      return false;
    }
    if (!augmentField(elaborator, (*list)->items[i], "augment[" + std::to_string(i) + "]", where, data.name, *fields))
      return false;
    if (trace.slots.empty()) continue;
    elaborator.error<diag::Augmentation>(where, "has", trace.slots.front().slot.path, "which would never be trained")
        .also(trace.slots.front().slot.declared, "declared here");
    return false;
  }
  for (const ExampleField& field : *fields) trace.builder.addResult(field.tensor->value, std::string(field.name));
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
    for (const Field& field : fields) list += (list.empty() ? "" : ", ") + field.name + ": " + ir::toString(field.type);
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
  std::optional<ReadSource> source = readSource(elaborator, *settings.get("source").value, "source", use, fields);
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
  const syntax::Setting* const augment = settings->find("augment");
  if (augment != nullptr && !buildAugmentedMap(elaborator, use, rawPlaces, *augment, data)) return std::nullopt;
  return data;
}

}  // namespace nnc::elaborate
