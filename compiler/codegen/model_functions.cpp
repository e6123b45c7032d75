// NAME_predict and the small functions next to it.
#include "codegen/model_functions.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "codegen/c_header.h"
#include "codegen/program.h"
#include "ir/tensor.h"

namespace nnc::codegen {

namespace {

/// The sizes of one call.
struct SizeArguments {
  llvm::Value* batch = nullptr;  // null: no batch dim
  Values dims;
};

/// Arguments of NAME_predict.
struct PredictArguments {
  llvm::Value *session = nullptr, *weights = nullptr;
  Values inputs, outputs;
  llvm::Value* seed = nullptr;  // a number; null: no entry reads it
  SizeArguments sizes;
  llvm::Value *workspace = nullptr, *workspaceBytes = nullptr;
};

/// The machine code of one entry.
struct EntryFunctions {
  llvm::Function *predict = nullptr, *overrun = nullptr;
};

class ModelEmitter {
 public:
  ModelEmitter(llvm::Module& module, const Target& target, const ModelApi& api)
      : module_(module),
        target_(target),
        api_(api),
        builder_(module.getContext()),
        emitter_{builder_, module, target},
        workspaces_(entryWorkspaces(api)) {}

  bool run(std::string& error);

 private:
  llvm::Function* beginFunction(const std::string& name, llvm::Type* result, std::vector<llvm::Type*> parameters);
  void emitText(const std::string& name, const std::string& text);
  void emitStrerror();
  void emitWorkspaceBytes();
  bool emitEntries(std::vector<EntryFunctions>& entries, std::string& error);
  void emitPredict(const std::vector<EntryFunctions>& entries);
  void emitSession();
  void emitFill(llvm::Value* to, const ApiState& state);
  PredictArguments beginPredict();
  void emitChecks(const PredictArguments& arguments);
  void checkAlignment(llvm::Value* pointer, std::int64_t alignment);
  void emitEntryCall(std::size_t entry, const EntryFunctions& functions, const PredictArguments& arguments);
  void emitOverrunCheck(llvm::Function* overrun, llvm::Value* pointers, llvm::Value* workspace);
  llvm::Value* arrayOf(const Values& values);
  void returnIf(llvm::Value* condition, ApiStatus status);
  void when(llvm::Value* condition, const std::function<void()>& body);
  SizeArguments readSizes(llvm::Function* function, unsigned& next);
  std::size_t sizeCount() const { return (api_.hasBatch ? 1 : 0) + api_.dims.size(); }
  /// Whether the entry serves a call of these sizes; null: every call.
  llvm::Value* serves(const ApiEntry& entry, const SizeArguments& sizes);
  llvm::Value* bytesNeeded(const SizeArguments& sizes);
  /// Copies `count` bytes from `from` to `to` and sets the bytes up to `total` to 0.
  void emitMove(llvm::Value* to, llvm::Value* from, llvm::Value* count, llvm::Value* total);
  void emitSteps(llvm::Value* begin, llvm::Value* end, std::int64_t bytes,
                 const std::function<void(llvm::Value* at)>& body);
  llvm::Value* status(ApiStatus value) { return builder_.getInt32(static_cast<std::uint32_t>(value)); }
  llvm::Value* bytePointer(llvm::Value* base, std::int64_t offset) {
    return builder_.CreateGEP(builder_.getInt8Ty(), base, builder_.getInt64(static_cast<std::uint64_t>(offset)));
  }

  llvm::Module& module_;
  const Target& target_;
  const ModelApi& api_;
  llvm::IRBuilder<> builder_;
  Emitter emitter_;
  std::vector<EntryWorkspace> workspaces_;
  SharedCode shared_;
};

}  // namespace

llvm::Function* ModelEmitter::beginFunction(const std::string& name, llvm::Type* result,
                                            std::vector<llvm::Type*> parameters) {
  auto* function = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                                          llvm::GlobalValue::ExternalLinkage, api_.prefix + "_" + name, module_);
  setFunctionAttributes(target_, *function);
  builder_.SetInsertPoint(llvm::BasicBlock::Create(module_.getContext(), "entry", function));
  return function;
}

void ModelEmitter::emitText(const std::string& name, const std::string& text) {
  beginFunction(name, builder_.getPtrTy(), {});
  builder_.CreateRet(constantBytes(module_, shared_, text + '\0'));
}

void ModelEmitter::emitStrerror() {
  llvm::Function* function = beginFunction("strerror", builder_.getPtrTy(), {builder_.getInt32Ty()});
  // Comparisons rather than a table: a table of pointers would have to be relocated, hence writable.
  llvm::Value* text = constantBytes(module_, shared_, std::string("unknown status") + '\0');
  for (const ApiStatusText& entry : apiStatusTexts(api_))
    text = builder_.CreateSelect(builder_.CreateICmpEQ(function->getArg(0), status(entry.status)),
                                 constantBytes(module_, shared_, std::string(entry.text) + '\0'), text);
  builder_.CreateRet(text);
}

SizeArguments ModelEmitter::readSizes(llvm::Function* function, unsigned& next) {
  SizeArguments sizes;
  if (api_.hasBatch) sizes.batch = function->getArg(next++);
  for (std::size_t i = 0; i < api_.dims.size(); ++i) sizes.dims.push_back(function->getArg(next++));
  return sizes;
}

llvm::Value* ModelEmitter::serves(const ApiEntry& entry, const SizeArguments& sizes) {
  llvm::Value* all = nullptr;
  const auto require = [&](llvm::Value* condition) {
    all = all == nullptr ? condition : builder_.CreateAnd(all, condition);
  };
  const auto number = [&](std::int64_t value) { return builder_.getInt64(static_cast<std::uint64_t>(value)); };
  for (std::size_t i = 0; i < sizes.dims.size(); ++i)
    require(builder_.CreateICmpEQ(sizes.dims[i], number(entry.sizes[i])));
  // Unsigned, so that a batch below 1 is a very large one.
  if (sizes.batch != nullptr)
    require(builder_.CreateICmpULT(builder_.CreateSub(sizes.batch, number(1)), number(entry.batch)));
  return all;
}

llvm::Value* ModelEmitter::bytesNeeded(const SizeArguments& sizes) {
  llvm::Value* bytes = builder_.getInt64(0);
  for (std::size_t i = api_.entries.size(); i-- > 0;) {
    llvm::Value* needed = builder_.getInt64(static_cast<std::uint64_t>(workspaces_[i].bytes));
    llvm::Value* condition = serves(api_.entries[i], sizes);
    bytes = condition == nullptr ? needed : builder_.CreateSelect(condition, needed, bytes);
  }
  return bytes;
}

void ModelEmitter::emitWorkspaceBytes() {
  llvm::Function* function = beginFunction("workspace_bytes", builder_.getInt64Ty(),
                                           std::vector<llvm::Type*>(sizeCount(), builder_.getInt64Ty()));
  unsigned next = 0;
  builder_.CreateRet(bytesNeeded(readSizes(function, next)));
}

void ModelEmitter::when(llvm::Value* condition, const std::function<void()>& body) {
  llvm::Function* function = builder_.GetInsertBlock()->getParent();
  auto* yes = llvm::BasicBlock::Create(module_.getContext(), "then", function);
  auto* after = llvm::BasicBlock::Create(module_.getContext(), "after", function);
  builder_.CreateCondBr(condition, yes, after);
  builder_.SetInsertPoint(yes);
  body();
  if (builder_.GetInsertBlock()->getTerminator() == nullptr) builder_.CreateBr(after);
  builder_.SetInsertPoint(after);
}

void ModelEmitter::returnIf(llvm::Value* condition, ApiStatus value) {
  when(condition, [&] { builder_.CreateRet(status(value)); });
}

PredictArguments ModelEmitter::beginPredict() {
  llvm::Type *pointer = builder_.getPtrTy(), *i64 = builder_.getInt64Ty();
  std::vector<llvm::Type*> types;
  if (!api_.session.empty()) types.push_back(pointer);
  if (!api_.weightsEmbedded) types.push_back(pointer);
  types.insert(types.end(), api_.inputs.size(), pointer);
  if (api_.drawsRandom) types.push_back(i64);
  types.insert(types.end(), sizeCount(), i64);
  types.insert(types.end(), api_.outputs.size(), pointer);
  types.insert(types.end(), {pointer, i64});
  llvm::Function* function = beginFunction("predict", builder_.getInt32Ty(), types);
  unsigned next = 0;
  PredictArguments arguments;
  if (!api_.session.empty()) arguments.session = function->getArg(next++);
  if (!api_.weightsEmbedded) arguments.weights = function->getArg(next++);
  for (std::size_t i = 0; i < api_.inputs.size(); ++i) arguments.inputs.push_back(function->getArg(next++));
  if (api_.drawsRandom) arguments.seed = function->getArg(next++);
  arguments.sizes = readSizes(function, next);
  for (std::size_t i = 0; i < api_.outputs.size(); ++i) arguments.outputs.push_back(function->getArg(next++));
  arguments.workspace = function->getArg(next++);
  arguments.workspaceBytes = function->getArg(next);
  return arguments;
}

void ModelEmitter::checkAlignment(llvm::Value* pointer, std::int64_t alignment) {
  llvm::Value* address = builder_.CreatePtrToInt(pointer, builder_.getInt64Ty());
  llvm::Value* rest = builder_.CreateAnd(address, builder_.getInt64(static_cast<std::uint64_t>(alignment - 1)));
  returnIf(builder_.CreateICmpNE(rest, builder_.getInt64(0)), ApiStatus::Align);
}

void ModelEmitter::emitChecks(const PredictArguments& arguments) {
  const bool usesWorkspace = std::any_of(workspaces_.begin(), workspaces_.end(),
                                         [](const EntryWorkspace& workspace) { return workspace.bytes > 0; });
  Values pointers = arguments.inputs;
  pointers.insert(pointers.end(), arguments.outputs.begin(), arguments.outputs.end());
  if (arguments.weights != nullptr) pointers.push_back(arguments.weights);
  if (arguments.session != nullptr) pointers.push_back(arguments.session);
  if (usesWorkspace) pointers.push_back(arguments.workspace);
  for (llvm::Value* pointer : pointers) returnIf(builder_.CreateIsNull(pointer), ApiStatus::Null);
  if (sizeCount() > 0) {
    llvm::Value* isServed = builder_.getFalse();
    for (const ApiEntry& entry : api_.entries) isServed = builder_.CreateOr(isServed, serves(entry, arguments.sizes));
    returnIf(builder_.CreateNot(isServed), ApiStatus::Shape);
  }
  returnIf(builder_.CreateICmpULT(arguments.workspaceBytes, bytesNeeded(arguments.sizes)), ApiStatus::Workspace);
  if (usesWorkspace) checkAlignment(arguments.workspace, kApiAlignment);
  if (arguments.weights != nullptr) checkAlignment(arguments.weights, 8);
  for (std::size_t i = 0; i < api_.inputs.size(); ++i)
    checkAlignment(arguments.inputs[i], ir::dtypeBytes(api_.inputs[i].types[0].dtype));
  for (std::size_t i = 0; i < api_.outputs.size(); ++i)
    checkAlignment(arguments.outputs[i], ir::dtypeBytes(api_.outputs[i].types[0].dtype));
  if (arguments.session == nullptr) return;
  checkAlignment(arguments.session, kApiAlignment);
  llvm::Value* mark = builder_.CreateAlignedLoad(builder_.getInt64Ty(), arguments.session, llvm::Align(8));
  returnIf(builder_.CreateICmpNE(mark, builder_.getInt64(sessionLayout(api_).mark)), ApiStatus::Session);
}

/// A loop over [begin, end) in steps of `bytes`, as far as whole steps go; leaves the rest.
void ModelEmitter::emitSteps(llvm::Value* begin, llvm::Value* end, std::int64_t bytes,
                             const std::function<void(llvm::Value* at)>& body) {
  llvm::Function* function = builder_.GetInsertBlock()->getParent();
  auto* before = builder_.GetInsertBlock();
  auto* header = llvm::BasicBlock::Create(module_.getContext(), "bytes", function);
  auto* inside = llvm::BasicBlock::Create(module_.getContext(), "byte", function);
  auto* after = llvm::BasicBlock::Create(module_.getContext(), "after", function);
  builder_.CreateBr(header);
  builder_.SetInsertPoint(header);
  llvm::PHINode* i = builder_.CreatePHI(builder_.getInt64Ty(), 2);
  i->addIncoming(begin, before);
  llvm::Value* next = builder_.CreateAdd(i, builder_.getInt64(static_cast<std::uint64_t>(bytes)));
  builder_.CreateCondBr(builder_.CreateICmpULE(next, end), inside, after);
  builder_.SetInsertPoint(inside);
  body(i);
  i->addIncoming(next, inside);
  builder_.CreateBr(header);
  builder_.SetInsertPoint(after);
}

// Loops rather than memcpy and memset: the object needs no libc.
void ModelEmitter::emitMove(llvm::Value* to, llvm::Value* from, llvm::Value* count, llvm::Value* total) {
  const auto at = [&](llvm::Value* base, llvm::Value* i) { return builder_.CreateGEP(builder_.getInt8Ty(), base, i); };
  const auto copy = [&](llvm::Type* type) {
    return [&, type](llvm::Value* i) {
      builder_.CreateAlignedStore(builder_.CreateAlignedLoad(type, at(from, i), llvm::Align(1)), at(to, i),
                                  llvm::Align(1));
    };
  };
  const auto clear = [&](llvm::Type* type) {
    return [&, type](llvm::Value* i) {
      builder_.CreateAlignedStore(llvm::Constant::getNullValue(type), at(to, i), llvm::Align(1));
    };
  };
  const std::int64_t lanes = target_.vectorBytes;
  llvm::Type* byte = builder_.getInt8Ty();
  llvm::Type* vector = llvm::FixedVectorType::get(byte, static_cast<unsigned>(lanes));
  llvm::Value* mask = builder_.getInt64(static_cast<std::uint64_t>(~(lanes - 1)));
  emitSteps(builder_.getInt64(0), count, lanes, copy(vector));
  emitSteps(builder_.CreateAnd(count, mask), count, 1, copy(byte));
  llvm::Value* rest = builder_.CreateSub(total, count);
  emitSteps(count, total, lanes, clear(vector));
  emitSteps(builder_.CreateAdd(count, builder_.CreateAnd(rest, mask)), total, 1, clear(byte));
}

llvm::Value* ModelEmitter::arrayOf(const Values& values) {
  llvm::Value* array =
      builder_.CreateAlloca(builder_.getPtrTy(), builder_.getInt64(std::max<std::size_t>(values.size(), 1)));
  for (std::size_t i = 0; i < values.size(); ++i)
    builder_.CreateStore(values[i], builder_.CreateConstGEP1_64(builder_.getPtrTy(), array, i));
  return array;
}

/// Asked before the entry runs, so that a call which does not fit leaves the session as it was.
void ModelEmitter::emitOverrunCheck(llvm::Function* overrun, llvm::Value* pointers, llvm::Value* workspace) {
  if (overrun == nullptr) return;
  llvm::Value* answer = builder_.CreateAlloca(builder_.getInt8Ty());
  builder_.CreateCall(overrun, {pointers, arrayOf({answer}), workspace});
  llvm::Value* byte = builder_.CreateLoad(builder_.getInt8Ty(), answer);
  returnIf(builder_.CreateICmpNE(byte, builder_.getInt8(0)), ApiStatus::Full);
}

void ModelEmitter::emitEntryCall(std::size_t index, const EntryFunctions& functions,
                                 const PredictArguments& arguments) {
  const ApiEntry& entry = api_.entries[index];
  const EntryWorkspace& workspace = workspaces_[index];
  const bool mayPad = api_.hasBatch && entry.batch > 1;
  llvm::Value* batch = arguments.sizes.batch;
  llvm::Value* isShort =
      mayPad ? builder_.CreateICmpSLT(batch, builder_.getInt64(static_cast<std::uint64_t>(entry.batch))) : nullptr;
  const auto rowBytes = [&](const ApiTensor& tensor) {
    return builder_.getInt64(static_cast<std::uint64_t>(tensor.types[index].byteCount()));
  };
  Values inputs = arguments.inputs, outputs = arguments.outputs;
  if (mayPad) {
    when(isShort, [&] {
      for (std::size_t i = 0; i < inputs.size(); ++i)
        emitMove(bytePointer(arguments.workspace, workspace.inputs[i]), arguments.inputs[i],
                 builder_.CreateMul(batch, rowBytes(api_.inputs[i])),
                 builder_.getInt64(static_cast<std::uint64_t>(api_.inputs[i].types[index].byteCount() * entry.batch)));
    });
    for (std::size_t i = 0; i < inputs.size(); ++i)
      inputs[i] = builder_.CreateSelect(isShort, bytePointer(arguments.workspace, workspace.inputs[i]), inputs[i]);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = builder_.CreateSelect(isShort, bytePointer(arguments.workspace, workspace.outputs[i]), outputs[i]);
  }
  llvm::Value* weights = arguments.weights;
  if (api_.weightsEmbedded && !api_.weights.empty()) weights = constantBytes(module_, shared_, weightBytes(api_));
  const WeightLayout layout = weightLayout(api_);
  Values pointers, results = outputs;
  for (const std::int64_t offset : layout.offsets) pointers.push_back(bytePointer(weights, offset));
  pointers.insert(pointers.end(), inputs.begin(), inputs.end());
  llvm::Value* seed = llvm::Constant::getNullValue(builder_.getPtrTy());  // not read
  if (arguments.seed != nullptr) {
    seed = builder_.CreateAlloca(builder_.getInt64Ty());
    builder_.CreateStore(arguments.seed, seed);
  }
  pointers.push_back(seed);
  if (arguments.session != nullptr)
    for (const std::int64_t offset : sessionLayout(api_).offsets) {
      pointers.push_back(bytePointer(arguments.session, offset));
      results.push_back(pointers.back());
    }
  llvm::Value* array = arrayOf(pointers);
  emitOverrunCheck(functions.overrun, array, arguments.workspace);
  builder_.CreateCall(functions.predict, {array, arrayOf(results), arguments.workspace});
  if (mayPad)
    when(isShort, [&] {
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        llvm::Value* count = builder_.CreateMul(batch, rowBytes(api_.outputs[i]));
        emitMove(arguments.outputs[i], outputs[i], count, count);
      }
    });
  builder_.CreateRet(status(ApiStatus::Ok));
}

void ModelEmitter::emitPredict(const std::vector<EntryFunctions>& entries) {
  const PredictArguments arguments = beginPredict();
  emitChecks(arguments);
  // The checks left only sizes that some entry serves: the last one needs no question.
  for (std::size_t i = 0; i + 1 < entries.size(); ++i)
    when(serves(api_.entries[i], arguments.sizes), [&] { emitEntryCall(i, entries[i], arguments); });
  emitEntryCall(entries.size() - 1, entries.back(), arguments);
}

/// Fills a state with its first value.
void ModelEmitter::emitFill(llvm::Value* to, const ApiState& state) {
  ir::Tensor one(ir::Type{state.type.dtype, {}});
  if (ir::isFloat(state.type.dtype))
    one.setReal(0, state.initial);
  else
    one.setInteger(0, static_cast<std::int64_t>(state.initial));
  const std::string element(reinterpret_cast<const char*>(one.bytes.data()), one.bytes.size());
  llvm::Value* from = constantBytes(module_, shared_, element);
  const auto width = static_cast<std::int64_t>(element.size());
  llvm::Value* bytes = builder_.getInt64(static_cast<std::uint64_t>(state.type.byteCount()));
  auto* type = builder_.getIntNTy(static_cast<unsigned>(8 * width));
  llvm::Value* value = builder_.CreateAlignedLoad(type, from, llvm::Align(1));
  emitSteps(builder_.getInt64(0), bytes, width, [&](llvm::Value* at) {
    builder_.CreateAlignedStore(value, builder_.CreateGEP(builder_.getInt8Ty(), to, at),
                                llvm::Align(static_cast<std::uint64_t>(width)));
  });
}

void ModelEmitter::emitSession() {
  const SessionLayout layout = sessionLayout(api_);
  const auto size = static_cast<std::uint64_t>(layout.bytes);
  beginFunction("session_bytes", builder_.getInt64Ty(), {});
  builder_.CreateRet(builder_.getInt64(size));
  llvm::Function* function =
      beginFunction("session_init", builder_.getInt32Ty(), {builder_.getPtrTy(), builder_.getInt64Ty()});
  llvm::Value* session = function->getArg(0);
  returnIf(builder_.CreateIsNull(session), ApiStatus::Null);
  returnIf(builder_.CreateICmpULT(function->getArg(1), builder_.getInt64(size)), ApiStatus::Workspace);
  checkAlignment(session, kApiAlignment);
  for (std::size_t i = 0; i < api_.session.size(); ++i)
    emitFill(bytePointer(session, layout.offsets[i]), api_.session[i]);
  builder_.CreateAlignedStore(builder_.getInt64(layout.mark), session, llvm::Align(8));
  builder_.CreateRet(status(ApiStatus::Ok));
}

bool ModelEmitter::emitEntries(std::vector<EntryFunctions>& entries, std::string& error) {
  const auto emit = [&](const ir::Module& module, ir::FunctionId id, const std::string& name) {
    ProgramEmitter program(module, {id}, NumbersPlace::Constant, module_, target_, shared_);
    llvm::Function* function = program.emitEntry(id, name, /*isExternal=*/false);
    if (function == nullptr) error = program.error();
    return function;
  };
  for (std::size_t i = 0; i < api_.entries.size(); ++i) {
    const ApiEntry& entry = api_.entries[i];
    EntryFunctions functions;
    functions.predict = emit(*entry.module, entry.function, "entry." + std::to_string(i));
    if (functions.predict == nullptr) return false;
    if (entry.overrunModule != nullptr) {
      functions.overrun = emit(*entry.overrunModule, entry.overrun, "overrun." + std::to_string(i));
      if (functions.overrun == nullptr) return false;
    }
    entries.push_back(functions);
  }
  return true;
}

bool ModelEmitter::run(std::string& error) {
  std::vector<EntryFunctions> entries;
  if (!emitEntries(entries, error)) return false;
  emitPredict(entries);
  emitWorkspaceBytes();
  if (!api_.session.empty()) emitSession();
  emitStrerror();
  emitText("signature_json", signatureJson(api_));
  if (!api_.weightsEmbedded) {
    beginFunction("weights_bytes", builder_.getInt64Ty(), {});
    builder_.CreateRet(builder_.getInt64(static_cast<std::uint64_t>(weightLayout(api_).bytes)));
  }
  return true;
}

bool emitModelFunctions(llvm::Module& module, const Target& target, const ModelApi& api, std::string& error) {
  return ModelEmitter(module, target, api).run(error);
}

}  // namespace nnc::codegen
