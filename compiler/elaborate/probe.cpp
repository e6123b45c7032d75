// From the clauses of probes to one program that computes their values.
#include "elaborate/probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/probes.h"
#include "elaborate/native_probes.h"
#include "elaborate/probe_network.h"
#include "elaborate/probe_ranges.h"
#include "elaborate/scope.h"
#include "elaborate/tensor_ops.h"
#include "ir/convert_precision.h"
#include "support/suggest.h"

namespace nnc::elaborate {

// --------------------------------------------------------------------------- finding

std::optional<ProbeDefinition> findProbe(std::string_view name, Span where, const SourceModule& home,
                                         const Modules& modules, Diagnostics& diagnostics) {
  ProbeDefinition found;
  found.name = name;
  found.span = where;
  if (isNativeProbe(name)) return found;
  const auto [probe, module] = modules.findProbe(home, name);
  if (probe != nullptr) {
    found.value = probe->value.get();
    found.home = found.rangeHome = module;
    found.variable = probe->variable ? &*probe->variable : nullptr;
    found.range = probe->range.get();
    return found;
  }
  std::vector<std::string> known = modules.probeNames(home);
  for (const NativeProbe& native : nativeProbes()) known.emplace_back(native.name);
  DiagnosticBuilder message = diagnostics.emit<diag::UnknownProbe>(where, name);
  message.note(fmt::format("probes: {}", fmt::join(known, ", ")));
  if (const auto close = closestName(std::string(name), known)) message.help(fmt::format("did you mean `{}`?", *close));
  return std::nullopt;
}

std::optional<ProbeDefinition> resolveProbe(const syntax::ProbeClause& clause, const SourceModule& home,
                                            const Modules& modules, Diagnostics& diagnostics) {
  ProbeDefinition probe;
  if (clause.value != nullptr) {
    probe.name = clause.name.text;
    probe.span = clause.name.span;
    probe.value = clause.value.get();
    probe.home = &home;
    probe.variable = clause.variable ? &*clause.variable : nullptr;
  } else {
    std::optional<ProbeDefinition> found = findProbe(clause.name.text, clause.name.span, home, modules, diagnostics);
    if (!found) return std::nullopt;
    probe = std::move(*found);
    if (clause.range != nullptr && probe.isNative()) {
      diagnostics.emit<diag::NativeProbeRange>(clause.range->span, probe.name);
      return std::nullopt;
    }
  }
  if (clause.range == nullptr) return probe;
  if (probe.variable == nullptr) probe.variable = &*clause.variable;
  probe.range = clause.range.get();
  probe.rangeHome = &home;
  return probe;
}

std::optional<ProbePeriod> readPeriod(Elaborator& elaborator, const syntax::ProbeClause& clause, const Scope& names) {
  if (clause.every == nullptr) return ProbePeriod{};
  const auto* const call = std::get_if<syntax::CallExpr>(&clause.every->node);
  const auto* const name = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  if (name != nullptr && call->arguments.size() == 1 && (name->name == "steps" || name->name == "epochs")) {
    const std::optional<Value> value = elaborator.evaluate(*call->arguments[0].value, elaborator.newScope(names));
    if (!value) return std::nullopt;
    const auto* const count = std::get_if<std::int64_t>(&*value);
    if (count != nullptr && *count >= 1) return ProbePeriod{*count, name->name == "epochs"};
  }
  elaborator.error<diag::ProbePeriod>(clause.every->span, clause.name.text, elaborator.text(clause.every->span));
  return std::nullopt;
}

// --------------------------------------------------------------------------- values

namespace {

/// A tensor or parameter that a probe looks at: its value, its derivative and where it comes from.
struct Element {
  std::string path;
  std::int64_t size = 0;     // elements
  std::size_t argument = 0;  // its number among the arguments of the function of the values
  const SlotRecord* record = nullptr;
};

/// Traces the network, then the values in a function of their own, which is turned into f64, then a caller of both.
class SeriesBuilder {
 public:
  SeriesBuilder(Elaborator& elaborator, const ProbedTrain& train, const std::vector<ProbeDefinition>& probes)
      : elaborator_(elaborator), train_(train), probes_(probes), network_(elaborator, train) {}

  std::optional<ProbeProgram> run() {
    if (!readRanges() || !network_.trace(watches_)) return std::nullopt;
    network_.builder().addResult(network_.loss(), "loss");
    for (const Observed& tensor : network_.observation().tensors())
      network_.builder().addResult(tensor.value, tensor.path);
    ir::Module& module = network_.module();
    const std::size_t first = module.functions.size();
    if (!traceValues()) return std::nullopt;
    for (std::size_t i = first; i < module.functions.size(); ++i)
      ir::convertPrecision(module.functions[i], ir::DType::F32, ir::DType::F64);
    const ir::FunctionId entry = module.addFunction("probe");
    callAll(entry);
    ProbeProgram program = network_.finish(entry);
    program.series = std::move(series_);
    return program;
  }

 private:
  /// What a probe's text sees: the names of the experiment and the parameters of the train, unless it is the stdlib's.
  Scope& scopeOf(const ProbeDefinition& probe, const SourceModule& home) {
    if (home.isStdlib) return elaborator_.newScope(home);
    const Scope* const outer = probe.environment != nullptr ? probe.environment->open(elaborator_) : nullptr;
    Scope& scope = outer != nullptr ? elaborator_.newScope(*outer) : elaborator_.newScope(home);
    for (const Name& name : train_.spec.parameters->names()) scope.add(name.text, name.kind, name.value, name.span);
    return scope;
  }

  bool readRanges() {
    bool isFine = true;
    for (const ProbeDefinition& probe : probes_) {
      ranges_.emplace_back();
      if (probe.range == nullptr) continue;
      ranges_.back() = readRange(elaborator_, probe, scopeOf(probe, *probe.rangeHome), watches_);
      isFine = isFine && ranges_.back();
    }
    return isFine;
  }

  const std::deque<Observed>& tensors() const { return network_.observation().tensors(); }

  /// values(loss, trained parameters and tensors.., the derivatives by them..) -> one tensor per series.
  bool traceValues() {
    trained_ = network_.trained();
    values_ = network_.module().addFunction("values");
    Trace trace(network_.module(), values_, Mode::Train);
    ir::Builder& builder = trace.builder;
    std::vector<ir::Type> types;
    for (const ProbeNetwork::Trained& each : trained_) types.push_back(each.slot->type);
    for (const Observed& tensor : tensors()) types.push_back(tensor.type);
    arguments_.push_back(builder.addParameter({ir::DType::F32, {}}, "loss"));
    for (const ir::Type& type : types) arguments_.push_back(builder.addParameter(type, ""));
    for (std::size_t i = 0; i < types.size(); ++i) {
      const ir::Value gradient = builder.addParameter(types[i], "");
      trace.knownGradients.push_back({arguments_[0], arguments_[1 + i], gradient});
    }
    const Elaborator::Tracing tracing(elaborator_, trace);
    for (std::size_t i = 0; i < probes_.size(); ++i)
      if (!traceProbe(probes_[i], ranges_[i])) return false;
    return true;
  }

  std::vector<Element> elementsOf(const ProbeRange& range) const {
    std::vector<Element> elements;
    for (std::size_t i = 0; i < trained_.size() && range.kind != ProbeRange::Kind::Tensors; ++i) {
      const Slot& slot = *trained_[i].slot;
      if (!isInside(slot.path, range.inside)) continue;
      if (range.kind == ProbeRange::Kind::Weights && slot.type.rank() < 2) continue;
      elements.push_back({slot.path, slot.type.elementCount(), 1 + i, trained_[i].record});
    }
    for (std::size_t i = 0; i < tensors().size() && range.kind == ProbeRange::Kind::Tensors; ++i) {
      const Observed& tensor = tensors()[i];
      if (std::find(tensor.watches.begin(), tensor.watches.end(), *range.watch) != tensor.watches.end())
        elements.push_back({tensor.path, tensor.type.elementCount(), 1 + trained_.size() + i, nullptr});
    }
    if (elements.size() > 1 && range.part == ProbeRange::Part::First) elements.resize(1);
    if (elements.size() > 1 && range.part == ProbeRange::Part::Last) elements = {elements.back()};
    return elements;
  }

  /// A network without activations has none to look at; what was named must be there.
  bool requireElements(const ProbeDefinition& probe, const ProbeRange& range, const std::vector<Element>& elements) {
    if (!elements.empty()) return true;
    const Watch* const watch = range.watch ? &watches_[*range.watch] : nullptr;
    if (watch != nullptr && watch->kind != Watch::Kind::Callable && watch->inside == "net") return true;
    const bool isInScan = watch != nullptr && network_.observation().isInScan(*range.watch);
    elaborator_
        .error<diag::ProbeRange>(probe.range->span, probe.name,
                                 isInScan ? "what it looks at stands in a scan, where each step has a tensor of its own"
                                          : "the network of the train has nothing like that")
        .also(train_.spec.network.span, "the network");
    return false;
  }

  bool traceProbe(const ProbeDefinition& probe, const std::optional<ProbeRange>& range) {
    const std::size_t first = series_.size();
    if (!range) return traceElement(probe, {}, first) && finishSeries(first);
    const std::vector<Element> elements = elementsOf(*range);
    if (!requireElements(probe, *range, elements)) return false;
    for (const Element& element : elements)
      if (!traceElement(probe, element, first)) return false;
    return finishSeries(first);
  }

  /// Evaluates the value for one element; its numbers become columns of the series from `first` on.
  bool traceElement(const ProbeDefinition& probe, const Element& element, std::size_t first) {
    Scope& scope = elaborator_.newScope(static_cast<const Scope&>(scopeOf(probe, *probe.home)));
    scope.add("loss", NameKind::Let, elaborator_.traced(arguments_[0], probe.span), probe.span);
    if (probe.variable != nullptr && probe.range != nullptr)
      scope.add(probe.variable->text, NameKind::Let,
                elaborator_.traced(arguments_[element.argument], probe.span, element.record), probe.variable->span);
    elaborator_.trace().applied = appliedAt(element);
    const std::optional<Value> value = elaborator_.evaluate(*probe.value, scope);
    if (!value) return false;
    const auto* const list = std::get_if<const List*>(&*value);
    if (list == nullptr) return addNumber(probe, first, 0, probe.name, *value, element);
    for (std::size_t i = 0; i < (*list)->items.size(); ++i) {
      const std::string label = (*list)->labels.empty() ? "" : (*list)->labels[i];
      const std::string name = fmt::format("{}.{}", probe.name, label.empty() ? fmt::format("v{}", i) : label);
      if (!addNumber(probe, first, i, name, (*list)->items[i], element)) return false;
    }
    return true;
  }

  Trace::Applied appliedAt(const Element& element) const {
    if (element.argument <= trained_.size()) return {};
    const Observed& tensor = tensors()[element.argument - 1 - trained_.size()];
    return {arguments_[element.argument], tensor.callable};
  }

  bool addNumber(const ProbeDefinition& probe, std::size_t first, std::size_t at, const std::string& name,
                 const Value& value, const Element& element) {
    const Traced* const tensor = asTraced(value);
    const std::optional<double> number = asReal(value);
    const bool isFine = number || (tensor != nullptr && tensor->labels.empty());
    if (!isFine) {
      elaborator_.error<diag::ProbeValue>(probe.value->span, probe.name, describe(value));
      return false;
    }
    ir::Builder& builder = elaborator_.at(probe.value->span);
    ir::Value single =
        number ? builder.constant({ir::DType::F32, {}}, *number) : builder.cast(tensor->value, ir::DType::F32);
    if (const ir::Type type = builder.type(single); type.rank() > 0) {
      std::vector<int> axes;
      for (int axis = 0; axis < type.rank(); ++axis) axes.push_back(axis);
      single = builder.reduceSum(single, axes);
      single = builder.div(single, builder.constantLike(single, static_cast<double>(type.elementCount())));
    }
    if (first + at == series_.size()) {
      series_.push_back({name, {}, {}});
      columns_.emplace_back();
    }
    series_[first + at].paths.push_back(element.path);
    series_[first + at].sizes.push_back(element.size);
    columns_[first + at].push_back(builder.reshape(single, {1}));
    return true;
  }

  bool finishSeries(std::size_t first) {
    ir::Builder& builder = elaborator_.trace().builder;
    for (std::size_t i = first; i < series_.size(); ++i)
      builder.addResult(columns_[i].size() == 1 ? columns_[i][0] : builder.concat(columns_[i], 0), series_[i].name);
    return true;
  }

  void callAll(ir::FunctionId entry) {
    ir::Builder builder(network_.module(), entry);
    const ProbeNetwork::Gradients made = network_.callGradients(builder);
    std::vector<ir::Value> arguments = {made.results[0]};
    for (const ProbeNetwork::Trained& each : trained_)
      arguments.push_back(builder.function().parameters[static_cast<std::size_t>(each.parameter)]);
    arguments.insert(arguments.end(), made.results.begin() + 1, made.results.end());
    arguments.insert(arguments.end(), made.trained.begin(), made.trained.end());
    arguments.insert(arguments.end(), made.tensors.begin(), made.tensors.end());
    for (ir::Value& argument : arguments) argument = builder.cast(argument, ir::DType::F64);
    const std::vector<ir::Value> results = builder.inlineCall(values_, arguments);
    for (std::size_t i = 0; i < results.size(); ++i) builder.addResult(results[i], series_[i].name);
  }

  Elaborator& elaborator_;
  const ProbedTrain& train_;
  const std::vector<ProbeDefinition>& probes_;
  std::vector<Watch> watches_;
  std::vector<std::optional<ProbeRange>> ranges_;  // one per probe
  ProbeNetwork network_;
  std::vector<ProbeNetwork::Trained> trained_;
  ir::FunctionId values_;
  std::vector<ir::Value> arguments_;
  std::vector<ProbeColumns> series_;
  std::vector<std::vector<ir::Value>> columns_;  // of each series
};

}  // namespace

std::optional<ProbeProgram> buildProbe(Elaborator& elaborator, const ProbedTrain& train, const ProbeRequest& request) {
  switch (request.kind) {
    case ProbeKind::Series:
      return buildSeries(elaborator, train, request.probes);
    case ProbeKind::Loss:
      return buildLoss(elaborator, train);
    case ProbeKind::Gradients:
      return buildGradients(elaborator, train);
    case ProbeKind::InputGradient:
      return buildInputGradient(elaborator, train);
    case ProbeKind::LayerJacobians:
      return buildLayerJacobians(elaborator, train);
    case ProbeKind::LayerChain:
      return buildLayerChain(elaborator, train);
  }
  return std::nullopt;
}

std::optional<ProbeProgram> buildSeries(Elaborator& elaborator, const ProbedTrain& train,
                                        const std::vector<ProbeDefinition>& probes) {
  return SeriesBuilder(elaborator, train, probes).run();
}

}  // namespace nnc::elaborate
