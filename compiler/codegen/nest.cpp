// Emission of a kernel. State is the set of open loops; every expression is emitted once per opening of its level.
#include "codegen/nest.h"

#include <algorithm>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "codegen/elementwise.h"
#include "codegen/loop.h"
#include "codegen/nest_state.h"
#include "codegen/pull.h"
#include "codegen/schedule.h"
#include "codegen/tile.h"

namespace nnc::codegen {

/// Which loop an expression belongs to: how many loops of the order are open around it.
static std::size_t levelOf(const Schedule& schedule, std::uint64_t dependsOn) {
  std::size_t level = 0;
  for (std::size_t i = 0; i < schedule.order.size(); ++i)
    if (dependsOn >> schedule.order[i] & 1) level = i + 1;
  return level;
}

namespace {

/// Opens the loops of one kernel and puts the expressions into them.
class Nest {
 public:
  Nest(const Emitter& emitter, const Kernel& kernel, const Schedule& schedule, Values buffers, Values numbers)
      : e_(emitter),
        kernel_(kernel),
        schedule_(schedule),
        state_(emitter, kernel, schedule, std::move(buffers), std::move(numbers)) {
    sortIntoLevels();
  }
  void run() {
    emitExprs(0);
    emitLevel(0, {});
  }

 private:
  void sortIntoLevels();
  void emitExprs(std::size_t level);
  Values emitLevel(std::size_t level, Values carried);
  Values emitSteps(std::size_t level, Values carried);
  Values openLevel(std::size_t level, llvm::Value* iv, int copies, std::int64_t tail, Values carried);
  Values emitReduction(std::size_t level);
  Values accumulate(Values carried);
  void finish(const Values& accumulators);
  void storeResults();

  ir::DType accumulatorType(const Store& store) const { return kernel_.body.at(store.value).dtype; }
  llvm::Value* identity(const Store& store) const;
  llvm::Value* combine(const Store& store, llvm::Value* a, llvm::Value* b) const;
  bool laneIsReduced() const;

  const Emitter& e_;
  const Kernel& kernel_;
  const Schedule& schedule_;
  NestState state_;
  std::vector<std::vector<ExprId>> levels_;
};

}  // namespace

void Nest::sortIntoLevels() {
  levels_.resize(schedule_.order.size() + 1);
  std::uint64_t loops = 0;
  for (const int variable : schedule_.order) loops |= std::uint64_t{1} << variable;
  const Reachable marks = reachable(kernel_);
  for (int i = 0; i < kernel_.body.exprCount(); ++i) {
    const ExprId id(static_cast<std::size_t>(i));
    // What depends on the variable of a fold is emitted by the fold.
    const std::uint64_t dependsOn = state_.loopsOf(kernel_.body.at(id).dependsOn);
    if (!marks.exprs[static_cast<std::size_t>(i)] || (dependsOn & ~loops) != 0) continue;
    levels_[levelOf(schedule_, dependsOn)].push_back(id);
  }
}

void Nest::emitExprs(std::size_t level) {
  for (const ExprId id : levels_[level]) state_.emit(id);
}

Values Nest::emitLevel(std::size_t level, Values carried) {
  if (kernel_.isReduce() && level == schedule_.firstReduced) return emitReduction(level);
  if (level < schedule_.order.size()) return emitSteps(level, std::move(carried));
  storeResults();
  return carried;
}

Values Nest::emitSteps(std::size_t level, Values carried) {
  if (level == schedule_.order.size()) return accumulate(std::move(carried));
  const auto next = [&](Values values) {
    return level < schedule_.firstReduced ? emitLevel(level + 1, std::move(values))
                                          : emitSteps(level + 1, std::move(values));
  };
  const int variable = schedule_.order[level];
  const std::int64_t step = variable == schedule_.lane ? schedule_.lanes : 1;
  const int copies = variable == schedule_.unrolled ? schedule_.copies : 1;
  const std::int64_t block = step * copies, extent = kernel_.body.space.extent(variable);
  const auto open = [&](llvm::Value* iv, int count, std::int64_t tail, Values values) {
    const NestState::Scope scope = state_.open(variable, iv, variable == schedule_.unrolled ? count : 0, tail);
    emitExprs(level + 1);
    values = next(std::move(values));
    state_.close(scope);
    return values;
  };
  carried = emitLoop(e_, extent / block, block, std::move(carried),
                     [&](llvm::Value* iv, Values values) { return open(iv, copies, 0, std::move(values)); });
  const std::int64_t rest = extent % block;
  if (rest == 0) return carried;
  // The last block: fewer copies, the last of them under a mask.
  return open(e_.i64(extent - rest), static_cast<int>((rest + step - 1) / step), rest % step, std::move(carried));
}

bool Nest::laneIsReduced() const {
  return std::find(kernel_.reduced.begin(), kernel_.reduced.end(), schedule_.lane) != kernel_.reduced.end();
}

llvm::Value* Nest::identity(const Store& store) const {
  llvm::Type* type = e_.registerType(accumulatorType(store), schedule_.lanes);
  if (store.combine == ir::Op::Add) return llvm::Constant::getNullValue(type);
  if (ir::isFloat(accumulatorType(store))) return e_.real(type, lowestReal());
  return e_.integer(type, lowestInteger(accumulatorType(store)));
}

llvm::Value* Nest::combine(const Store& store, llvm::Value* a, llvm::Value* b) const {
  // Sums of bf16 stay f32 until the end.
  return store.combine == ir::Op::Add ? emitAdd(e_, accumulatorType(store), a, b)
                                      : emitMax(e_, accumulatorType(store), a, b);
}

Values Nest::emitReduction(std::size_t level) {
  Values accumulators;
  for (const Store& store : kernel_.stores)
    for (int copy = 0; copy < schedule_.copies; ++copy) accumulators.push_back(identity(store));
  accumulators = emitSteps(level, std::move(accumulators));
  finish(accumulators);
  return {};
}

Values Nest::accumulate(Values carried) {
  for (std::size_t s = 0; s < kernel_.stores.size(); ++s) {
    const Store& store = kernel_.stores[s];
    for (int copy = 0; copy < state_.copies(); ++copy) {
      llvm::Value* value = state_.vectorOf(store.value, copy);
      llvm::Value* mask = laneIsReduced() ? state_.mask(copy) : nullptr;
      if (mask != nullptr) value = e_.builder.CreateSelect(mask, value, identity(store));
      llvm::Value*& accumulator =
          carried[s * static_cast<std::size_t>(schedule_.copies) + static_cast<std::size_t>(copy)];
      accumulator = combine(store, accumulator, value);
    }
  }
  return carried;
}

void Nest::finish(const Values& accumulators) {
  for (std::size_t s = 0; s < kernel_.stores.size(); ++s) {
    const Store& store = kernel_.stores[s];
    const auto begin = accumulators.begin() + static_cast<std::ptrdiff_t>(s) * schedule_.copies;
    Values parts(begin, begin + schedule_.copies);
    if (schedule_.unrolled == schedule_.lane && !laneIsReduced()) {
      for (int copy = 0; copy < state_.copies(); ++copy)
        state_.storeVector(store, parts[static_cast<std::size_t>(copy)], copy);
      continue;
    }
    // Neighbours first: a fixed tree, whatever the number of copies.
    while (parts.size() > 1) {
      Values halves;
      for (std::size_t i = 0; i + 1 < parts.size(); i += 2) halves.push_back(combine(store, parts[i], parts[i + 1]));
      if (parts.size() % 2 == 1) halves.push_back(parts.back());
      parts = std::move(halves);
    }
    if (!laneIsReduced()) {
      state_.storeVector(store, parts[0], 0);
      continue;
    }
    llvm::Value* vector = parts[0];
    for (int width = schedule_.lanes / 2; width >= 1; width /= 2) {
      std::vector<int> low, high;
      for (int i = 0; i < width; ++i) low.push_back(i), high.push_back(i + width);
      vector =
          combine(store, e_.builder.CreateShuffleVector(vector, low), e_.builder.CreateShuffleVector(vector, high));
    }
    state_.storeScalar(store, e_.builder.CreateExtractElement(vector, std::uint64_t{0}));
  }
}

void Nest::storeResults() {
  for (const Store& store : kernel_.stores) {
    if (schedule_.lane < 0) {
      state_.storeScalar(store, state_.scalarOf(store.value));
      continue;
    }
    if (schedule_.isInterleaving) {
      Values copies;
      for (int copy = 0; copy < state_.copies(); ++copy) copies.push_back(state_.vectorOf(store.value, copy));
      state_.storeInterleaved(store, std::move(copies));
      continue;
    }
    for (int copy = 0; copy < state_.copies(); ++copy)
      state_.storeVector(store, state_.vectorOf(store.value, copy), copy);
  }
}

static Values addBufferAttributes(llvm::Function& function, const Kernel& kernel, const std::vector<bool>& isAlone) {
  Values buffers;
  for (std::size_t i = 0; i < kernel.buffers.size(); ++i) {
    const auto index = static_cast<unsigned>(i);
    const bool isResult =
        static_cast<int>(i) >= kernel.operandCount && static_cast<int>(i) < kernel.operandCount + kernel.resultCount;
    function.addParamAttr(index, llvm::Attribute::NoCapture);
    function.addParamAttr(index, isResult ? llvm::Attribute::WriteOnly : llvm::Attribute::ReadOnly);
    if (isAlone[i]) function.addParamAttr(index, llvm::Attribute::NoAlias);
    buffers.push_back(function.getArg(index));
  }
  return buffers;
}

static Values addNumberAttributes(llvm::Function& function, const Kernel& kernel) {
  Values numbers;
  for (std::size_t i = 0; i < kernel.numbers.size(); ++i) {
    const auto index = static_cast<unsigned>(kernel.buffers.size() + i);
    // Tables hold normal floats: a maximum with one needs no question whether it is NaN.
    if (ir::isFloat(kernel.numbers[i].dtype))
      function.addParamAttr(
          index, llvm::Attribute::getWithNoFPClass(function.getContext(), llvm::fcAllFlags & ~llvm::fcNormal));
    numbers.push_back(function.getArg(index));
  }
  return numbers;
}

void defineKernel(llvm::Function& function, const Target& target, const Kernel& kernel,
                  const std::vector<bool>& isAlone) {
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(function.getContext(), "entry", &function));
  const Emitter emitter{builder, *function.getParent(), target};
  Values buffers = addBufferAttributes(function, kernel, isAlone);
  Values numbers = addNumberAttributes(function, kernel);
  if (const std::optional<TilePlan> plan = planTiles(kernel, target)) {
    // A long sum comes back to what it has written.
    function.removeParamAttr(static_cast<unsigned>(plan->product.y), llvm::Attribute::WriteOnly);
    emitTiles(emitter, *plan, buffers);
  } else if (!kernel.stores.empty()) {
    const Schedule schedule = scheduleKernel(kernel, target);
    Nest(emitter, kernel, schedule, std::move(buffers), std::move(numbers)).run();
  }
  builder.CreateRetVoid();
}

}  // namespace nnc::codegen
