// Network, loss and metrics of a train as one traced function: where data fields meet arguments.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/train.h"

namespace nnc::elaborate {

namespace {

/// An argument that a data field is looked up for.
struct Wanted {
  std::string_view name;
  const syntax::ParamDecl* decl = nullptr;  // null: of a lambda, or not declared
};

/// What a callable takes as data, in order. `role` is for messages.
class Matcher {
 public:
  Matcher(Elaborator& elaborator, const DataProgram& data, const Role& role, std::string_view roleName,
          bool takesOutput)
      : elaborator_(elaborator), data_(data), role_(role), roleName_(roleName), takesOutput_(takesOutput) {
    collect(role.function);
    if (takesOutput_ && !wanted_.empty()) wanted_.erase(wanted_.begin());
  }

  /// The fields that the callable takes, as indices into the data's. Empty: reported.
  std::optional<std::vector<std::pair<std::string_view, std::size_t>>> match() const {
    std::vector<std::pair<std::string_view, std::size_t>> matched;
    bool isFine = true;
    for (const Wanted& wanted : wanted_) {
      const auto field =
          std::find_if(data_.fields.begin(), data_.fields.end(), [&](const Field& f) { return f.name == wanted.name; });
      if (field == data_.fields.end()) {
        if (wanted.decl != nullptr && wanted.decl->defaultValue != nullptr) continue;
        reportUnmatched(wanted);
        isFine = false;
        continue;
      }
      isFine = fits(*field, wanted) && isFine;
      matched.emplace_back(wanted.name, static_cast<std::size_t>(field - data_.fields.begin()));
    }
    if (!isFine) return std::nullopt;
    return matched;
  }

  std::string who() const { return fmt::format("{} `{}`", roleName_, role_.name); }

 private:
  /// The names of the data list. A chain takes what its first stage takes; what declares no names takes `x`.
  void collect(const Value& value) {
    const Callable* const callable = asCallable(value);
    if (const auto* lambda = std::get_if<LambdaCallable>(&callable->node)) {
      for (const syntax::Ident& parameter : lambda->lambda->parameters) wanted_.push_back({parameter.text, nullptr});
      return;
    }
    if (const auto* chain = std::get_if<CompositionCallable>(&callable->node)) {
      collect(chain->stages.front().callable);
      return;
    }
    for (const syntax::ParamDecl& parameter : elaborator_.dataParameters(value))
      wanted_.push_back({parameter.name.text, &parameter});
    if (wanted_.empty()) wanted_.push_back({"x", nullptr});
  }

  void reportUnmatched(const Wanted& wanted) const {
    std::vector<std::string> takes, fields;
    if (takesOutput_) takes.emplace_back("the network's output");
    for (const Wanted& w : wanted_) takes.push_back(text(w));
    for (const Field& field : data_.fields)
      fields.push_back(fmt::format("{}: {}", field.name, ir::toString(field.type)));
    Report report = elaborator_.error<diag::UnmatchedField>(role_.span, wanted.name, who(), data_.name);
    if (wanted.decl != nullptr) report.also(wanted.decl->span, "the argument");
    report.also(data_.span, fmt::format("defines, for each example: {}", fmt::join(fields, ", ")));
    report.note(fmt::format("{} takes {}", who(), fmt::join(takes, ", ")));
    report.help(fmt::format("define `let {} = ..` in data `{}`", wanted.name, data_.name));
  }

  std::string text(const Wanted& wanted) const {
    return wanted.decl != nullptr ? std::string(elaborator_.sources().text(wanted.decl->span))
                                  : std::string(wanted.name);
  }

  /// Whether a field can be the argument, as far as dtype, rank and written sizes tell. The rest shows in the call.
  bool fits(const Field& field, const Wanted& wanted) const {
    const auto* named = wanted.decl != nullptr ? std::get_if<syntax::NamedType>(&wanted.decl->type->node) : nullptr;
    const std::optional<ir::DType> dtype = named != nullptr ? ir::parseDType(named->name.text) : std::nullopt;
    if (!dtype) return true;
    const std::vector<syntax::DimExpr> none;
    const std::vector<syntax::DimExpr>& dims = named->shape ? *named->shape : none;
    const bool hasPack = std::any_of(dims.begin(), dims.end(), [](const syntax::DimExpr& dim) { return dim.isPack; });
    const bool hasRank = hasPack || dims.size() == field.type.shape.size() + 1;
    bool hasSizes = true;
    if (hasRank && !hasPack) {
      for (std::size_t i = 1; i < dims.size(); ++i) {
        const auto* size = std::get_if<syntax::IntLiteral>(&dims[i].value->node);
        hasSizes = hasSizes && (size == nullptr || size->value == field.type.shape[i - 1]);
      }
    }
    if (*dtype == field.type.dtype && hasRank && hasSizes) return true;
    Report report = elaborator_.error<diag::FieldMismatch>(role_.span, field.name, data_.name, ir::toString(field.type),
                                                           who(), text(wanted));
    report.also(wanted.decl->span, "the argument").also(data_.span, "the data");
    if (*dtype != field.type.dtype)
      report.help(fmt::format("convert it: `let {} = cast(.., {})`", field.name, named->name.text));
    else
      report.help(fmt::format("reshape it in the data block: `let {} = reshape(.., [..])`", field.name));
    return false;
  }

  Elaborator& elaborator_;
  const DataProgram& data_;
  const Role& role_;
  std::string_view roleName_;
  bool takesOutput_;
  std::vector<Wanted> wanted_;
};

using Matches = std::vector<std::pair<std::string_view, std::size_t>>;

/// The first dims of the network's data arguments are one name: the batch.
bool checkBatchNames(Elaborator& elaborator, const Role& network) {
  const syntax::ParamDecl* first = nullptr;
  std::string_view batchName;
  for (const syntax::ParamDecl& parameter : elaborator.dataParameters(network.function)) {
    const auto* named = std::get_if<syntax::NamedType>(&parameter.type->node);
    if (named == nullptr || !ir::parseDType(named->name.text)) continue;
    const auto refuse = [&](std::string text) {
      Report report = elaborator.error<diag::BatchDim>(parameter.span, text);
      report.also(network.span, "the network of the train");
      return false;
    };
    if (!named->shape || named->shape->empty())
      return refuse(fmt::format("`{}` has no dims, and the first one is the batch", parameter.name.text));
    const syntax::DimExpr& dim = named->shape->front();
    if (dim.isPack) continue;
    const auto* name = std::get_if<syntax::NameExpr>(&dim.value->node);
    if (name == nullptr)
      return refuse(
          fmt::format("the first dim of `{}` is the batch, and must be a name such as `B`", parameter.name.text));
    if (first != nullptr && name->name != batchName)
      return refuse(fmt::format("the batch is `{}` in `{}` and `{}` in `{}`", batchName, first->name.text, name->name,
                                parameter.name.text));
    first = &parameter;
    batchName = name->name;
  }
  return true;
}

std::vector<Argument> argumentsFor(Elaborator& elaborator, const Matches& matches,
                                   const std::vector<ir::Value>& byField, const DataProgram& data) {
  std::vector<Argument> arguments;
  for (const auto& [name, field] : matches)
    arguments.push_back({name, elaborator.traced(byField[field], data.span), data.span});
  return arguments;
}

/// One number per example, or one for the batch.
std::optional<ir::Value> perExample(Elaborator& elaborator, const Value& value, const Role& role,
                                    std::string_view roleName, std::int64_t batch) {
  const Traced* const tensor = asTraced(value);
  const bool isFloat = tensor != nullptr && tensor->labels.empty() && tensor->type.dtype == ir::DType::F32;
  if (isFloat && (tensor->type.shape.empty() || tensor->type.shape == ir::Shape{batch})) return tensor->value;
  auto report = elaborator.error<diag::PerExample>(role.span, roleName, role.name, describe(value));
  const bool isTable = tensor != nullptr && tensor->type.shape.size() == 2 &&
                       tensor->type.shape[0] == tensor->type.shape[1] && roleName == "metric";
  if (isTable)
    report.help(
        "numbers that are made of a table of counts: precision, recall, f1_score; one of your own is a fn with "
        "`over_batches(confusion(z, y))` in it");
  return std::nullopt;
}

/// A metric that sums over batches says something of all of them, hence is one number.
bool isTotalOneNumber(Elaborator& elaborator, Trace& trace, std::size_t firstTotal, ir::Value result) {
  if (trace.totals.size() == firstTotal || trace.builder.type(result).shape.empty()) return true;
  const BatchTotal& total = trace.totals[firstTotal];
  elaborator.error<diag::BatchTotal>(
      total.span,
      fmt::format("the metric `{}` gives one number per example, and here sums over batches", total.metric));
  return false;
}

bool readOutputs(Elaborator& elaborator, const Role& network, const Value& output, Forward& forward) {
  if (const auto* record = std::get_if<const Record*>(&output)) {
    for (const auto& [name, value] : (*record)->fields) {
      const std::optional<ir::Value> tensor = elaborator.toTensor(value, network.span);
      if (!tensor) return false;
      forward.outputs.emplace_back(name.empty() ? fmt::format("output{}", forward.outputs.size()) : std::string(name),
                                   *tensor);
    }
    return true;
  }
  const std::optional<ir::Value> tensor = elaborator.toTensor(output, network.span);
  if (!tensor) return false;
  forward.outputs.emplace_back("output", *tensor);
  return true;
}

}  // namespace

std::optional<std::vector<Field>> networkInputs(Elaborator& elaborator, const TrainSpec& spec,
                                                const DataProgram& data) {
  const std::optional<Matches> matches = Matcher(elaborator, data, spec.network, "network", false).match();
  if (!matches) return std::nullopt;
  std::vector<Field> inputs;
  for (const auto& [name, field] : *matches) inputs.push_back({std::string(name), data.fields[field].type});
  return inputs;
}

bool traceForward(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data, std::int64_t batch,
                  Forward& forward) {
  if (!checkBatchNames(elaborator, spec.network)) return false;
  std::vector<Matcher> matchers = {{elaborator, data, spec.network, "network", false},
                                   {elaborator, data, spec.loss, "loss", true}};
  for (const Role& metric : spec.metrics) matchers.emplace_back(elaborator, data, metric, "metric", true);
  std::vector<Matches> matches;
  for (const Matcher& matcher : matchers) {
    std::optional<Matches> matched = matcher.match();
    if (!matched) return false;
    matches.push_back(std::move(*matched));
  }

  std::vector<ir::Value> byField(data.fields.size());
  for (std::size_t i = 0; i < data.fields.size(); ++i) {
    const bool isUsed = std::any_of(matches.begin(), matches.end(), [&](const Matches& list) {
      return std::any_of(list.begin(), list.end(), [&](const auto& match) { return match.second == i; });
    });
    if (!isUsed) continue;
    ir::Type type = data.fields[i].type;
    type.shape.insert(type.shape.begin(), batch);
    byField[i] = forward.trace.builder.addParameter(std::move(type), data.fields[i].name);
    forward.fields.push_back(data.fields[i].name);
    forward.fieldValues.push_back(byField[i]);
  }
  forward.trace.seed = forward.trace.builder.addParameter({ir::DType::I64, {}}, "seed");
  forward.trace.step = forward.trace.builder.addParameter({ir::DType::I64, {}}, "step");

  const Elaborator::Tracing tracing(elaborator, forward.trace);
  const std::optional<Value> output = elaborator.instantiate(
      spec.network.function, "net", '.', argumentsFor(elaborator, matches[0], byField, data), spec.network.span);
  forward.trace.observation = nullptr;  // the network alone is observed
  if (!output || !readOutputs(elaborator, spec.network, *output, forward)) return false;

  for (std::size_t i = 1; i < matches.size(); ++i) {
    const Role& role = i == 1 ? spec.loss : spec.metrics[i - 2];
    std::vector<Argument> arguments = argumentsFor(elaborator, matches[i], byField, data);
    arguments.insert(arguments.begin(), Argument{"", *output, spec.network.span});
    const std::size_t totals = forward.trace.totals.size();
    forward.trace.metric = i == 1 ? "" : role.name;
    const std::optional<Value> value =
        elaborator.apply(role.function, std::move(arguments), CallSite{role.span, role.name});
    forward.trace.metric.clear();
    if (!value) return false;
    const std::optional<ir::Value> numbers = perExample(elaborator, *value, role, i == 1 ? "loss" : "metric", batch);
    if (!numbers || !isTotalOneNumber(elaborator, forward.trace, totals, *numbers)) return false;
    if (i == 1)
      forward.loss = *numbers;
    else
      forward.metrics.push_back(*numbers);
  }
  return true;
}

}  // namespace nnc::elaborate
