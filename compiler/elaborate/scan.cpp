#include "elaborate/scan.h"

#include <algorithm>
#include <map>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/outline.h"
#include "elaborate/tensor_ops.h"
#include "ir/call_graph.h"
#include "ir/edit.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using Result = std::optional<Value>;

Carry* Loop::find(std::string_view name) {
  const auto found = std::find_if(carries.begin(), carries.end(),
                                  [&](const Carry& carry) { return carry.binding->name.text == name; });
  return found == carries.end() ? nullptr : &*found;
}

bool executeNext(Elaborator& elaborator, const syntax::NextStmt& statement, Scope& scope) {
  for (const syntax::Binding& binding : statement.bindings) {
    Carry* carry = elaborator.frame().loop->find(binding.name.text);
    if (!carry) {
      std::vector<std::string> names;
      for (const Carry& known : elaborator.frame().loop->carries) names.push_back(known.binding->name.text);
      auto report = elaborator.error<diag::NotACarry>(binding.name.span, binding.name.text);
      report.also(elaborator.frame().loop->span, fmt::format("it carries {}", fmt::join(names, ", ")));
      if (const auto closest = closestName(binding.name.text, names))
        report.help(fmt::format("did you mean `{}`?", *closest));
      return false;
    }
    if (carry->next) {
      elaborator.error<diag::TwoNexts>(binding.name.span, binding.name.text).also(carry->nextSpan, "the first one");
      return false;
    }
    const Result value = elaborator.evaluate(*binding.value, scope);
    if (!value) return false;
    // The evaluation may have run another scan, but carries of this one stay where they are.
    carry->next = *value;
    carry->nextSpan = binding.value->span;
  }
  return true;
}

bool executeYield(Elaborator& elaborator, const syntax::YieldStmt& statement, Span span, Scope& scope) {
  Loop& loop = *elaborator.frame().loop;
  if (loop.yielded) {
    elaborator.error<diag::TwoYields>(span)
        .also(loop.yieldSpan, "the first one")
        .help("one `yield` may give several values: `yield (a: x, b: y)`");
    return false;
  }
  const Result value = elaborator.evaluate(*statement.value, scope);
  if (!value) return false;
  loop.yielded = *value;
  loop.yieldSpan = statement.value->span;
  return true;
}

namespace {

/// A tensor of the outside that is read at `t` alone: it is handed in slice by slice.
struct Scanned {
  ir::Value base;
  int axis = 0;
  ir::Value slice;  // in the body
};

/// One tensor that a step yields, and its field; no name: the whole of `ys`.
struct Yielded {
  std::string_view name;
  const Traced* value = nullptr;
};

class ScanBuilder {
 public:
  ScanBuilder(Elaborator& elaborator, const syntax::ScanExpr& scan, Span span, Scope& scope)
      : elaborator_(elaborator), scan_(scan), span_(span), scope_(scope) {}

  Result run() {
    if (!elaborator_.requireTrace(span_) || !readRange() || !readCarries()) return std::nullopt;
    // A carry may turn out to be one element per index of a caller's index notation: it is widened and traced again.
    do {
      isWidened_ = false;
      if (!traceBody() || !checkNexts()) return std::nullopt;
    } while (isWidened_);
    if (!readYields()) return std::nullopt;
    return build();
  }

 private:
  bool readRange();
  bool readCarries();
  bool traceBody();
  bool checkNexts();
  bool checkNext(Carry& carry);
  bool readYields();
  bool addYield(std::string_view name, const Value& value);
  Result build();
  void takeOut();
  std::vector<Scanned> scannedInputs(const std::vector<bool>& depends, std::vector<ir::NodeId>& region);
  ir::Value wholeInput(const Scanned& input);
  Value finished(ir::Value value, const Traced& like, bool isStacked);

  /// A value that stands for another one until the body is cut out: no constant, which would be made again inside.
  ir::Value placeholder(const ir::Type& type) { return builder().stopGradient(builder().constant(type, 0.0)); }
  ir::Builder& builder() { return elaborator_.at(span_); }
  std::int64_t length() const { return end_ - begin_; }

  Elaborator& elaborator_;
  const syntax::ScanExpr& scan_;
  Span span_;
  Scope& scope_;
  std::int64_t begin_ = 0, end_ = 0;  // t runs over [begin, end)
  bool isReverse_ = false;
  Loop loop_;
  bool isWidened_ = false;
  std::size_t mark_ = 0;  // of the function's body: what comes behind belongs to a step
  ir::Value time_;        // stands for t in the body
  std::vector<ir::Value> nexts_;
  std::vector<Yielded> yields_;
};

bool ScanBuilder::readRange() {
  const auto refuse = [&](std::string reason) {
    elaborator_.error<diag::ScanRange>(scan_.range->span, scan_.variable.text, elaborator_.text(scan_.range->span),
                                       reason);
    return false;
  };
  if (scope_.indices) {
    elaborator_.error<diag::ScanInIndexNotation>(span_).help("give it a `let` of its own in front, and read that");
    return false;
  }
  const Result range = elaborator_.evaluate(*scan_.range, scope_);
  if (!range) return false;
  const auto* both = std::get_if<Range>(&*range);
  if (!both) return refuse("it is " + describe(*range));
  isReverse_ = both->begin > both->end;
  begin_ = std::min(both->begin, both->end);
  end_ = std::max(both->begin, both->end);
  if (begin_ < 0) return refuse("steps count from 0");
  if (end_ > INT32_MAX) return refuse("it has too many steps");
  return true;
}

bool ScanBuilder::readCarries() {
  loop_.span = scan_.range->span;
  for (const syntax::Binding& binding : scan_.carries) {
    if (loop_.find(binding.name.text) || binding.name.text == "ys") {
      elaborator_.error<diag::RepeatedArgument>(binding.name.span, binding.name.text)
          .note("the result of a scan has a field for each carry, and `ys`");
      return false;
    }
    const Result value = elaborator_.evaluate(*binding.value, scope_);
    const Traced* first = value ? asTensor(elaborator_, *value, std::nullopt, binding.value->span) : nullptr;
    if (!first) return false;
    loop_.carries.push_back({&binding, binding.value->span, first, {}, {}, {}});
  }
  return true;
}

/// Restores what a frame says about the loop around when a body ends.
class InLoop {
 public:
  InLoop(Frame& frame, Trace& trace, Loop& loop, Span span, ir::Value time, std::int64_t last)
      : frame_(frame),
        trace_(trace),
        loop_(std::exchange(frame.loop, &loop)),
        insideScan_(std::exchange(frame.insideScan, span)),
        isUnderShared_(std::exchange(frame.isUnderShared, false)),
        binding_(frame.binding),
        bindings_(frame.bindings),
        callees_(frame.callees) {
    trace.times.emplace_back(time, last);
  }
  InLoop(const InLoop&) = delete;
  InLoop& operator=(const InLoop&) = delete;
  ~InLoop() {
    trace_.times.pop_back();
    frame_.loop = loop_;
    frame_.insideScan = insideScan_;
    frame_.isUnderShared = isUnderShared_;
    // No instance is made in a loop, so names in it do not count.
    frame_.binding = binding_;
    frame_.bindings = bindings_;
    frame_.callees = callees_;
  }

 private:
  Frame& frame_;
  Trace& trace_;
  Loop* loop_;
  Span insideScan_;
  bool isUnderShared_;
  std::string binding_;
  std::map<std::string, int, std::less<>> bindings_, callees_;
};

bool ScanBuilder::traceBody() {
  Trace& trace = elaborator_.trace();
  mark_ = trace.builder.function().body.size();
  Scope& scope = elaborator_.newScope(scope_);
  time_ = placeholder({ir::DType::I32, {}});
  const IndexVariable* range = elaborator_.arena().make(IndexVariable{.name = scan_.variable.text,
                                                                      .extent = length(),
                                                                      .isScan = true,
                                                                      .first = begin_,
                                                                      .bound = scan_.variable.span,
                                                                      .extentFrom = scan_.range->span,
                                                                      .affineUse = {}});
  const Value time = elaborator_.keep(
      Traced{.value = time_, .type = {ir::DType::I32, {}}, .labels = {}, .isIndex = true, .origin = span_});
  if (!elaborator_.introduce(scan_.variable, NameKind::ScanVariable, time, scope)) return false;
  scope.last().scan = range;
  for (Carry& carry : loop_.carries) {
    carry.next.reset();
    carry.entering = placeholder(carry.first->type);
    Traced entering = *carry.first;
    entering.value = carry.entering;
    entering.isIndex = false;
    entering.slot = nullptr;
    if (!elaborator_.introduce(carry.binding->name, NameKind::Let, elaborator_.keep(entering), scope)) return false;
  }
  loop_.yielded.reset();
  const InLoop inLoop(elaborator_.frame(), trace, loop_, span_, time_, end_);
  return elaborator_.executeBlock(scan_.body, scope) == Elaborator::Flow::Next;
}

bool ScanBuilder::checkNexts() {
  nexts_.clear();
  for (Carry& carry : loop_.carries)
    if (!checkNext(carry)) return false;
  if (isWidened_) takeOut();
  return true;
}

bool ScanBuilder::checkNext(Carry& carry) {
  const syntax::Ident& name = carry.binding->name;
  if (!carry.next) {
    elaborator_.error<diag::CarryWithoutNext>(name.span, name.text)
        .help(fmt::format("every step says what the next one gets: `next {0} = ..`; `next {0} = {0}` keeps it",
                          name.text));
    return false;
  }
  const ir::Type own = carry.first->ownType();
  const Traced* next = asTensor(elaborator_, *carry.next, own.dtype, carry.nextSpan);
  if (!next) return false;
  if (next->isIndex) next = castTo(elaborator_, *next, own.dtype, carry.nextSpan);
  const bool isNumber = !asTraced(*carry.next);
  if (next->type.dtype != own.dtype || (next->ownShape() != own.shape && !isNumber)) {
    elaborator_.error<diag::CarryChanges>(carry.nextSpan, name.text, ir::toString(next->ownType()), ir::toString(own))
        .also(carry.start, fmt::format("it starts as {}", ir::toString(own)));
    return false;
  }
  const Labels all = mergeLabels(carry.first->labels, next->labels);
  if (all.size() != carry.first->labels.size()) {
    const std::optional<ir::Value> wide = spread(elaborator_, *carry.first, all, own.shape, carry.start);
    if (!wide) return false;
    Traced first = *carry.first;
    first.value = *wide;
    first.type = elaborator_.trace().builder.type(*wide);
    first.labels = all;
    carry.first = elaborator_.keep(std::move(first));
    isWidened_ = true;
    return true;
  }
  const std::optional<ir::Value> value = spread(elaborator_, *next, carry.first->labels, own.shape, carry.nextSpan);
  if (!value) return false;
  nexts_.push_back(*value);
  return true;
}

/// Takes a body that is traced once more out of the function; the wider first values stay.
void ScanBuilder::takeOut() {
  ir::Function& function = elaborator_.trace().builder.function();
  std::vector<ir::Value> sources = {time_};
  for (const Carry& carry : loop_.carries) sources.push_back(carry.entering);
  const std::vector<bool> depends = dependsOn(function, sources, mark_);
  std::erase_if(function.body,
                [&](ir::NodeId id) { return depends[static_cast<std::size_t>(function.node(id).results[0].index)]; });
}

bool ScanBuilder::addYield(std::string_view name, const Value& value) {
  const Traced* tensor = asTensor(elaborator_, value, std::nullopt, loop_.yieldSpan);
  if (!tensor) return false;
  ir::Shape stacked = tensor->type.shape;
  stacked.insert(stacked.begin(), length());
  if (!checkLimits(elaborator_, stacked, loop_.yieldSpan)) return false;
  yields_.push_back({name, tensor});
  return true;
}

bool ScanBuilder::readYields() {
  if (!loop_.yielded) return true;
  const auto* record = std::get_if<const Record*>(&*loop_.yielded);
  if (!record) return addYield({}, *loop_.yielded);
  return std::all_of((*record)->fields.begin(), (*record)->fields.end(),
                     [&](const auto& field) { return addYield(field.first, field.second); });
}

/// Finds the reads at `t`, and takes their nodes out of the region: the loop hands the slices in.
std::vector<Scanned> ScanBuilder::scannedInputs(const std::vector<bool>& depends, std::vector<ir::NodeId>& region) {
  ir::Function& function = elaborator_.trace().builder.function();
  std::vector<Scanned> inputs;
  std::map<std::pair<ir::Value, int>, ir::Value> known;
  ir::Replacements replacements(function);
  std::vector<ir::NodeId> rest;
  for (const ir::NodeId id : region) {
    ir::Node& node = function.node(id);
    replacements.applyTo(node.operands);
    const bool isRead = node.op == ir::Op::Gather && node.operands[1] == time_ &&
                        !depends[static_cast<std::size_t>(node.operands[0].index)];
    if (!isRead) {
      rest.push_back(id);
      continue;
    }
    const int axis = std::get<ir::GatherAttributes>(node.attributes).axis;
    const auto [same, isNew] = known.emplace(std::pair(node.operands[0], axis), node.results[0]);
    if (isNew)
      inputs.push_back({node.operands[0], axis, node.results[0]});
    else
      replacements.replace(node.results[0], same->second);
  }
  region = std::move(rest);
  replacements.applyTo(nexts_);
  for (Yielded& yield : yields_) {
    Traced replaced = *yield.value;
    replaced.value = replacements[replaced.value];
    yield.value = elaborator_.keep(std::move(replaced));
  }
  return inputs;
}

/// The steps that the loop makes, along axis 0.
ir::Value ScanBuilder::wholeInput(const Scanned& input) {
  ir::Builder& build = builder();
  const ir::Shape full = build.type(input.base).shape;
  std::vector<int> perm = {input.axis};
  for (int i = 0; i < static_cast<int>(full.size()); ++i)
    if (i != input.axis) perm.push_back(i);
  ir::Value value = build.transpose(input.base, std::move(perm));
  ir::Shape hi = build.type(value).shape;
  if (begin_ == 0 && end_ == hi[0]) return value;
  ir::Shape lo(hi.size(), 0);
  lo[0] = begin_;
  hi[0] = end_;
  return build.slice(value, lo, hi, ir::Shape(hi.size(), 1));
}

/// A result of the loop as a value of the language: labels first, then time.
Value ScanBuilder::finished(ir::Value value, const Traced& like, bool isStacked) {
  const int labels = static_cast<int>(like.labels.size());
  if (isStacked && labels > 0) {
    std::vector<int> perm;
    for (int i = 1; i <= labels; ++i) perm.push_back(i);
    perm.push_back(0);
    for (int i = labels + 1; i < elaborator_.trace().builder.type(value).rank(); ++i) perm.push_back(i);
    value = builder().transpose(value, std::move(perm));
  }
  return elaborator_.keep(
      Traced{.value = value, .type = elaborator_.trace().builder.type(value), .labels = like.labels, .origin = span_});
}

Result ScanBuilder::build() {
  ir::Builder& build = builder();
  std::vector<ir::Value> inputs, operands;
  for (const Carry& carry : loop_.carries) {
    inputs.push_back(carry.entering);
    operands.push_back(carry.first->value);
  }
  std::vector<ir::Value> sources = inputs;
  sources.push_back(time_);
  const std::vector<bool> depends = dependsOn(build.function(), sources, mark_);
  std::vector<ir::NodeId> outside, region;
  for (std::size_t i = mark_; i < build.function().body.size(); ++i) {
    const ir::NodeId id = build.function().body[i];
    const ir::Value value = build.function().node(id).results[0];
    if (std::find(sources.begin(), sources.end(), value) != sources.end()) continue;
    (depends[static_cast<std::size_t>(value.index)] ? region : outside).push_back(id);
  }
  build.function().body.resize(mark_);
  build.function().body.insert(build.function().body.end(), outside.begin(), outside.end());

  const std::vector<Scanned> scanned = scannedInputs(depends, region);
  for (const Scanned& input : scanned) {
    inputs.push_back(input.slice);
    operands.push_back(wholeInput(input));
  }
  inputs.push_back(time_);
  const ir::Value numbers = build.iota({ir::DType::I32, {length()}}, 0);
  operands.push_back(begin_ == 0 ? numbers
                                 : build.add(numbers, build.constantInt({ir::DType::I32, {length()}}, begin_)));

  std::vector<ir::Value> outputs = nexts_;
  for (const Yielded& yield : yields_) outputs.push_back(yield.value->value);
  Outline region_ = outline(build.module(), build.functionId(), ir::freshFunctionName(build.module(), "scan"), region,
                            inputs, outputs);
  operands.insert(operands.end(), region_.captured.begin(), region_.captured.end());
  const std::vector<ir::Value> results = builder().scan({.body = region_.body,
                                                         .carries = static_cast<int>(loop_.carries.size()),
                                                         .xs = static_cast<int>(scanned.size()) + 1,
                                                         .length = length(),
                                                         .reverse = isReverse_},
                                                        operands);
  Record record;
  for (std::size_t i = 0; i < loop_.carries.size(); ++i)
    record.fields.emplace_back(loop_.carries[i].binding->name.text,
                               finished(results[i], *loop_.carries[i].first, /*isStacked=*/false));
  Record ys;
  for (std::size_t i = 0; i < yields_.size(); ++i)
    ys.fields.emplace_back(yields_[i].name,
                           finished(results[nexts_.size() + i], *yields_[i].value, /*isStacked=*/true));
  const bool isWhole = ys.fields.size() == 1 && !std::holds_alternative<const Record*>(*loop_.yielded);
  if (isWhole)
    record.fields.emplace_back("ys", ys.fields[0].second);
  else if (loop_.yielded)
    record.fields.emplace_back("ys", static_cast<const Record*>(elaborator_.arena().make(std::move(ys))));
  return static_cast<const Record*>(elaborator_.arena().make(std::move(record)));
}

}  // namespace

Result evaluateScan(Elaborator& elaborator, const syntax::ScanExpr& scan, Span span, Scope& scope) {
  return ScanBuilder(elaborator, scan, span, scope).run();
}

}  // namespace nnc::elaborate
