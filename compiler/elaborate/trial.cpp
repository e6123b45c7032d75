#include "elaborate/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "elaborate/dims.h"
#include "elaborate/tensor_ops.h"
#include "elaborate/trees.h"

namespace nnc::elaborate {

using syntax::CallableDecl;
using syntax::CallableKind;
using syntax::ParamDecl;

// ------------------------------------------------------------------------- subject

static const syntax::NamedType* asNamed(const syntax::TypeExpr& type) {
  return std::get_if<syntax::NamedType>(&type.node);
}

/// Whether a trial knows what to pass for a parameter without a default.
static bool readParameter(const ParamDecl& parameter, TrialSubject& subject) {
  if (const auto* symbols = std::get_if<syntax::EnumType>(&parameter.type->node)) {
    TrialSubject::Choice choice{parameter.name.text, {}};
    for (const syntax::Ident& symbol : symbols->values) choice.values.emplace_back(Symbol{symbol.text});
    subject.choices.push_back(std::move(choice));
    return true;
  }
  const syntax::NamedType* named = asNamed(*parameter.type);
  if (named == nullptr) return false;
  if (tensorDType(*parameter.type)) {
    if (named->shape)
      subject.hasPack |= std::any_of(named->shape->begin(), named->shape->end(),
                                     [](const syntax::DimExpr& dim) { return dim.isPack; });
    return true;
  }
  if (named->name.text == "bool") {
    subject.choices.push_back({parameter.name.text, {true, false}});
    return true;
  }
  static constexpr std::array<std::string_view, 7> kKnown = {"dim", "int", "real", "dims", "key", "init", "schedule"};
  return std::find(kKnown.begin(), kKnown.end(), named->name.text) != kKnown.end();
}

std::optional<TrialSubject> trialSubject(const CallableDecl& callable, const SourceModule& home) {
  TrialSubject subject{&callable, &home, {}, false};
  for (const ParamDecl& parameter : callable.first)
    if (parameter.defaultValue == nullptr && !readParameter(parameter, subject)) return std::nullopt;
  if (callable.second)
    for (const ParamDecl& parameter : *callable.second)
      if (parameter.defaultValue == nullptr && !readParameter(parameter, subject)) return std::nullopt;
  return subject;
}

// --------------------------------------------------------------------------- sizes

std::int64_t TrialSizes::add(const std::string& name, std::int64_t value) {
  for (const auto& [known, size] : values_)
    if (known == name) return size;
  values_.emplace_back(name, value);
  return value;
}

/// The k-th dim, k from 1. Small enough for tensors of six dims.
static std::int64_t nthDim(SizeSeries series, std::int64_t k) {
  constexpr std::int64_t kStep = 24, kFalling = 13;  // divisible by 1, 2, 3, 4, 6, 8 and 12
  switch (series) {
    case SizeSeries::Rising:
      return kStep * k;
    case SizeSeries::Falling:
      return kStep * (k < kFalling ? kFalling - k : kFalling + k);
    case SizeSeries::Wide:
      return kStep * (3 * k + 1);
    case SizeSeries::Few:
      return k + 1;
    case SizeSeries::FewEven:
      return 2 * k + 2;
    case SizeSeries::FewEqual:
      return 4;
  }
  return 1;
}

/// The k-th int, k from 1: a kernel size, a stride, a number of layers.
static std::int64_t nthInteger(SizeSeries series, std::int64_t k) {
  switch (series) {
    case SizeSeries::Rising:
      return 2 * k;
    case SizeSeries::Falling:
      return 2 * k + 1;
    case SizeSeries::Wide:
      return 4 * k;
    case SizeSeries::Few:
    case SizeSeries::FewEven:
    case SizeSeries::FewEqual:
      return 1 + k % 2;
  }
  return 1;
}

std::int64_t TrialSizes::dim(const std::string& name) {
  const std::int64_t size = add(name, nthDim(series_, dims_ + 1));
  dims_ = static_cast<std::int64_t>(values_.size()) - integers_;
  return size;
}

std::int64_t TrialSizes::integer(const std::string& name) {
  const std::size_t before = values_.size();
  const std::int64_t size = add(name, nthInteger(series_, integers_ + 1));
  if (values_.size() != before) ++integers_;
  return size;
}

bool TrialSizes::makeEqual(std::int64_t have, std::int64_t want) {
  const auto only = [&](std::int64_t value) {
    std::pair<std::string, std::int64_t>* found = nullptr;
    for (auto& size : values_) {
      if (size.second != value) continue;
      if (found != nullptr) return static_cast<std::pair<std::string, std::int64_t>*>(nullptr);
      found = &size;
    }
    return found;
  };
  if (have < 0 || want < 0) return false;
  if (auto* const size = only(have)) {
    size->second = want;
    return true;
  }
  if (auto* const size = only(want)) {
    size->second = have;
    return true;
  }
  return false;
}

std::vector<std::int64_t> TrialSizes::values() const {
  std::vector<std::int64_t> values;
  for (const auto& [name, size] : values_) values.push_back(size);
  return values;
}

std::string TrialSizes::text() const {
  std::string text;
  for (const auto& [name, size] : values_) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, size);
  return text;
}

// --------------------------------------------------------------------------- trial

namespace {

class Trial {
 public:
  Trial(Elaborator& elaborator, const TrialSubject& subject, const std::map<std::string, Value>& choices,
        TrialSizes& sizes)
      : elaborator_(elaborator),
        subject_(subject),
        choices_(choices),
        sizes_(sizes),
        scope_(elaborator.newScope(*subject.home)),
        trace_(module_, module_.addFunction("trial"), Mode::Train) {
    trace_.seed = trace_.builder.addParameter({ir::DType::I64, {}}, "seed");
    trace_.step = trace_.builder.addParameter({ir::DType::I64, {}}, "step");
  }

  /// The results of a fn as those of the function. Needs: run().
  bool finish() {
    const Elaborator::Tracing tracing(elaborator_, trace_);
    std::vector<Value> values = {*result_};
    if (const auto* record = std::get_if<const Record*>(&*result_)) {
      values.clear();
      for (const auto& [name, value] : (*record)->fields) values.push_back(value);
    }
    for (const Value& value : values) {
      const std::optional<ir::Value> tensor = elaborator_.toTensor(value, {});
      if (!tensor) return false;
      trace_.builder.addResult(*tensor, "");
    }
    return true;
  }
  ir::Module takeModule() { return std::move(module_); }
  ir::FunctionId function() const { return ir::FunctionId(0); }

  bool run() {
    const Elaborator::Tracing tracing(elaborator_, trace_);
    const CallableDecl& callable = *subject_.callable;
    const Named named = elaborator_.modules().find(*subject_.home, callable.name.text);
    std::optional<Value> callee = elaborator_.valueOf(named, callable.name.span);
    std::vector<Argument> first, second;
    if (!callee || !makeAll(callable.first, first)) return false;
    if (callable.second) {
      // The data list may name what the static list binds, defaults included.
      callee = elaborator_.call(*callee, std::move(first), site());
      if (callee && !callable.first.empty()) readBound(*callee);
      if (!callee || !makeAll(*callable.second, second)) return false;
    } else {
      second = std::move(first);
    }
    elaborator_.assume(
        {sizes_.values(), fmt::format("no sizes make it right: these are of a trial with {}", sizes_.text())});
    if (callable.kind == CallableKind::Fn) {
      result_ = elaborator_.apply(*callee, std::move(second), site());
      return result_.has_value();
    }
    const bool isOptimizer = callable.kind == CallableKind::Optimizer;
    if (isOptimizer) trace_.across.emplace();
    return elaborator_
        .instantiate(*callee, isOptimizer ? "p" : "net", isOptimizer ? '/' : '.', std::move(second), site().span)
        .has_value();
  }

 private:
  /// No place: the trail of a message ends with the definition.
  CallSite site() const { return {{}, subject_.callable->name.text}; }

  void readBound(const Value& callee) {
    const Callable* const callable = asCallable(callee);
    const DeclaredCallable* const declared = callable != nullptr ? callable->declared() : nullptr;
    if (declared == nullptr || declared->bound == nullptr) return;
    for (const Name& name : declared->bound->names())
      if (scope_.find(name.text) == nullptr) scope_.add(name.text, name.kind, name.value, name.span);
  }

  bool makeAll(const std::vector<ParamDecl>& parameters, std::vector<Argument>& arguments) {
    for (const ParamDecl& parameter : parameters) {
      if (parameter.defaultValue != nullptr) continue;
      const std::optional<Value> value = make(parameter);
      if (!value) return false;
      arguments.push_back({parameter.name.text, *value, parameter.span});
      if (asTraced(*value) == nullptr)
        scope_.add(parameter.name.text, NameKind::Parameter, *value, parameter.name.span);
    }
    return true;
  }

  std::optional<Value> make(const ParamDecl& parameter) {
    if (const auto chosen = choices_.find(parameter.name.text); chosen != choices_.end()) return chosen->second;
    if (const std::optional<ir::DType> dtype = tensorDType(*parameter.type)) return makeTensor(parameter, *dtype);
    const std::string& type = asNamed(*parameter.type)->name.text;
    if (type == "dim") return Value(sizes_.dim(parameter.name.text));
    if (type == "int") return Value(sizes_.integer(parameter.name.text));
    if (type == "key") return Value(elaborator_.arena().make(RandomKey{.stream = "trial", .path = "trial"}));
    if (type == "dims") {
      List dims;
      for (std::size_t i = 0; i < sizes_.packRank(); ++i)
        dims.items.emplace_back(sizes_.dim(fmt::format("{}[{}]", parameter.name.text, i)));
      return elaborator_.keepList(std::move(dims));
    }
    return Value(0.5);  // a real, or the number that an init or a schedule may be
  }

  std::optional<Value> makeTensor(const ParamDecl& parameter, ir::DType dtype) {
    ir::Type type{dtype, {}};
    const auto& dims = asNamed(*parameter.type)->shape;
    if (dims)
      for (const syntax::DimExpr& dim : *dims)
        if (!addDim(parameter, dim, type.shape)) return std::nullopt;
    // Of many dims: then the definition is left to its callers.
    if (!checkLimits(elaborator_, type.shape, parameter.span)) return std::nullopt;
    const ir::Value value = trace_.builder.addParameter(type, parameter.name.text);
    const bool isParameter = subject_.callable->kind == CallableKind::Optimizer && trace_.slots.empty();
    if (!isParameter) return elaborator_.traced(value, parameter.span);
    SlotRecord& record = trace_.slots.emplace_back();
    record.slot.path = std::string("p");
    record.slot.type = type;
    record.slot.kind = SlotKind::Parameter;
    record.slot.declared = parameter.span;
    record.current = value;
    return elaborator_.traced(value, parameter.span, &record);
  }

  bool addDim(const ParamDecl& parameter, const syntax::DimExpr& dim, ir::Shape& shape) {
    if (dim.isPack) {
      const std::string name = dim.packName ? dim.packName->text : parameter.name.text;
      for (std::size_t i = 0; i < sizes_.packRank(); ++i) shape.push_back(sizes_.dim(fmt::format("{}[{}]", name, i)));
      return true;
    }
    bindNames(*dim.value);
    if (const auto* name = std::get_if<syntax::NameExpr>(&stripped(*dim.value).node); name && name->name == "_") {
      shape.push_back(sizes_.dim(fmt::format("{}.{}", parameter.name.text, shape.size())));
      return true;
    }
    const std::optional<Value> value = elaborator_.evaluate(*dim.value, scope_);
    if (!value) return false;
    const auto* size = std::get_if<std::int64_t>(&*value);
    shape.push_back(size != nullptr && *size > 0 ? *size : 1);
    return true;
  }

  /// Dims that this is the first to name.
  void bindNames(const syntax::Expr& given) {
    const syntax::Expr& expr = stripped(given);
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) {
      if (name->name == "_" || scope_.find(name->name) || elaborator_.modules().find(*subject_.home, name->name))
        return;
      scope_.add(name->name, NameKind::Dim, sizes_.dim(name->name), expr.span);
    } else if (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node)) {
      bindNames(*binary->left);
      bindNames(*binary->right);
    } else if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) {
      for (const syntax::Arg& argument : call->arguments) bindNames(*argument.value);
    }
  }

  Elaborator& elaborator_;
  const TrialSubject& subject_;
  const std::map<std::string, Value>& choices_;
  TrialSizes& sizes_;
  Scope& scope_;
  std::optional<Value> result_;  // of a fn
  ir::Module module_;
  Trace trace_;
};

}  // namespace

std::optional<ir::FunctionId> traceTrial(ProjectState& state, const TrialSubject& subject, TrialSizes& sizes,
                                         ir::Module& module) {
  Elaboration elaboration(state);
  std::map<std::string, Value> choices;
  for (const TrialSubject::Choice& choice : subject.choices) choices.emplace(choice.name, choice.values.front());
  Trial trial(*elaboration, subject, choices, sizes);
  const bool works = trial.run() && trial.finish();
  elaboration.setMessages({});
  if (!works) return std::nullopt;
  module = trial.takeModule();
  return trial.function();
}

std::optional<TrialFault> runTrial(ProjectState& state, const TrialSubject& subject,
                                   const std::map<std::string, Value>& choices, TrialSizes& sizes, bool keepsMessages) {
  Elaboration elaboration(state);
  const bool works = Trial(*elaboration, subject, choices, sizes).run();
  std::optional<TrialFault> fault;
  for (const Diagnostic& message : elaboration.messages().all()) {
    if (works || message.severity != Severity::Error) continue;
    fault = TrialFault{message.code, message.primary, elaboration->clash(), sizes};
    break;
  }
  if (!keepsMessages) elaboration.setMessages({});
  return fault;
}

}  // namespace nnc::elaborate
