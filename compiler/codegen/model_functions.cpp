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

namespace nnc::codegen {

namespace {

/// Arguments of NAME_predict.
struct PredictArguments {
  llvm::Value* weights = nullptr;
  Values inputs, outputs;
  llvm::Value *batch = nullptr, *workspace = nullptr, *workspaceBytes = nullptr;
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
  void emitPredict(const std::vector<llvm::Function*>& entries);
  PredictArguments beginPredict();
  void emitChecks(const PredictArguments& arguments);
  void emitEntryCall(std::size_t entry, llvm::Function* function, const PredictArguments& arguments);
  void returnIf(llvm::Value* condition, ApiStatus status);
  void when(llvm::Value* condition, const std::function<void()>& body);
  llvm::Value* bytesNeeded(llvm::Value* batch);
  /// Copies `count` bytes from `from` to `to` and sets the bytes up to `total` to 0.
  void emitMove(llvm::Value* to, llvm::Value* from, llvm::Value* count, llvm::Value* total);
  void emitBytes(llvm::Value* begin, llvm::Value* end, int lanes,
                 const std::function<void(llvm::Value* at, llvm::Type* type)>& body);
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
  for (const ApiStatusText& entry : apiStatusTexts())
    text = builder_.CreateSelect(builder_.CreateICmpEQ(function->getArg(0), status(entry.status)),
                                 constantBytes(module_, shared_, std::string(entry.text) + '\0'), text);
  builder_.CreateRet(text);
}

llvm::Value* ModelEmitter::bytesNeeded(llvm::Value* batch) {
  if (batch == nullptr) return builder_.getInt64(static_cast<std::uint64_t>(workspaces_.back().bytes));
  llvm::Value* bytes = builder_.getInt64(0);
  for (std::size_t i = api_.entries.size(); i-- > 0;)
    bytes = builder_.CreateSelect(
        builder_.CreateICmpSLE(batch, builder_.getInt64(static_cast<std::uint64_t>(api_.entries[i].batch))),
        builder_.getInt64(static_cast<std::uint64_t>(workspaces_[i].bytes)), bytes);
  return builder_.CreateSelect(builder_.CreateICmpSLT(batch, builder_.getInt64(1)), builder_.getInt64(0), bytes);
}

void ModelEmitter::emitWorkspaceBytes() {
  std::vector<llvm::Type*> parameters;
  if (api_.hasBatch) parameters.push_back(builder_.getInt64Ty());
  llvm::Function* function = beginFunction("workspace_bytes", builder_.getInt64Ty(), parameters);
  builder_.CreateRet(bytesNeeded(api_.hasBatch ? function->getArg(0) : nullptr));
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
  if (!api_.weightsEmbedded) types.push_back(pointer);
  types.insert(types.end(), api_.inputs.size(), pointer);
  if (api_.hasBatch) types.push_back(i64);
  types.insert(types.end(), api_.outputs.size(), pointer);
  types.insert(types.end(), {pointer, i64});
  llvm::Function* function = beginFunction("predict", builder_.getInt32Ty(), types);
  unsigned next = 0;
  PredictArguments arguments;
  if (!api_.weightsEmbedded) arguments.weights = function->getArg(next++);
  for (std::size_t i = 0; i < api_.inputs.size(); ++i) arguments.inputs.push_back(function->getArg(next++));
  if (api_.hasBatch) arguments.batch = function->getArg(next++);
  for (std::size_t i = 0; i < api_.outputs.size(); ++i) arguments.outputs.push_back(function->getArg(next++));
  arguments.workspace = function->getArg(next++);
  arguments.workspaceBytes = function->getArg(next);
  return arguments;
}

void ModelEmitter::emitChecks(const PredictArguments& arguments) {
  const bool usesWorkspace = workspaces_.back().bytes > 0;
  Values pointers = arguments.inputs;
  pointers.insert(pointers.end(), arguments.outputs.begin(), arguments.outputs.end());
  if (arguments.weights != nullptr) pointers.push_back(arguments.weights);
  if (usesWorkspace) pointers.push_back(arguments.workspace);
  for (llvm::Value* pointer : pointers) returnIf(builder_.CreateIsNull(pointer), ApiStatus::Null);
  if (arguments.batch != nullptr) {
    const auto most = static_cast<std::uint64_t>(api_.entries.back().batch);
    llvm::Value* below = builder_.CreateSub(arguments.batch, builder_.getInt64(1));
    returnIf(builder_.CreateICmpUGE(below, builder_.getInt64(most)), ApiStatus::Shape);
  }
  returnIf(builder_.CreateICmpULT(arguments.workspaceBytes, bytesNeeded(arguments.batch)), ApiStatus::Workspace);
  const auto checkAlignment = [&](llvm::Value* pointer, std::int64_t alignment) {
    llvm::Value* address = builder_.CreatePtrToInt(pointer, builder_.getInt64Ty());
    llvm::Value* rest = builder_.CreateAnd(address, builder_.getInt64(static_cast<std::uint64_t>(alignment - 1)));
    returnIf(builder_.CreateICmpNE(rest, builder_.getInt64(0)), ApiStatus::Align);
  };
  if (usesWorkspace) checkAlignment(arguments.workspace, kApiAlignment);
  if (arguments.weights != nullptr) checkAlignment(arguments.weights, 8);
  for (std::size_t i = 0; i < api_.inputs.size(); ++i)
    checkAlignment(arguments.inputs[i], ir::dtypeBytes(api_.inputs[i].type.dtype));
  for (std::size_t i = 0; i < api_.outputs.size(); ++i)
    checkAlignment(arguments.outputs[i], ir::dtypeBytes(api_.outputs[i].type.dtype));
}

/// A loop over [begin, end) in steps of `lanes` bytes, as far as whole steps go; leaves the rest.
void ModelEmitter::emitBytes(llvm::Value* begin, llvm::Value* end, int lanes,
                             const std::function<void(llvm::Value* at, llvm::Type* type)>& body) {
  llvm::Function* function = builder_.GetInsertBlock()->getParent();
  auto* before = builder_.GetInsertBlock();
  auto* header = llvm::BasicBlock::Create(module_.getContext(), "bytes", function);
  auto* inside = llvm::BasicBlock::Create(module_.getContext(), "byte", function);
  auto* after = llvm::BasicBlock::Create(module_.getContext(), "after", function);
  builder_.CreateBr(header);
  builder_.SetInsertPoint(header);
  llvm::PHINode* i = builder_.CreatePHI(builder_.getInt64Ty(), 2);
  i->addIncoming(begin, before);
  llvm::Value* next = builder_.CreateAdd(i, builder_.getInt64(static_cast<std::uint64_t>(lanes)));
  builder_.CreateCondBr(builder_.CreateICmpULE(next, end), inside, after);
  builder_.SetInsertPoint(inside);
  body(i, lanes == 1 ? builder_.getInt8Ty()
                     : static_cast<llvm::Type*>(
                           llvm::FixedVectorType::get(builder_.getInt8Ty(), static_cast<unsigned>(lanes))));
  i->addIncoming(next, inside);
  builder_.CreateBr(header);
  builder_.SetInsertPoint(after);
}

// Loops rather than memcpy and memset: the object needs no libc.
void ModelEmitter::emitMove(llvm::Value* to, llvm::Value* from, llvm::Value* count, llvm::Value* total) {
  const auto at = [&](llvm::Value* base, llvm::Value* i) { return builder_.CreateGEP(builder_.getInt8Ty(), base, i); };
  const auto copy = [&](llvm::Value* i, llvm::Type* type) {
    builder_.CreateAlignedStore(builder_.CreateAlignedLoad(type, at(from, i), llvm::Align(1)), at(to, i),
                                llvm::Align(1));
  };
  const auto clear = [&](llvm::Value* i, llvm::Type* type) {
    builder_.CreateAlignedStore(llvm::Constant::getNullValue(type), at(to, i), llvm::Align(1));
  };
  const std::int64_t lanes = target_.vectorBytes;
  llvm::Value* mask = builder_.getInt64(static_cast<std::uint64_t>(~(lanes - 1)));
  emitBytes(builder_.getInt64(0), count, static_cast<int>(lanes), copy);
  emitBytes(builder_.CreateAnd(count, mask), count, 1, copy);
  llvm::Value* rest = builder_.CreateSub(total, count);
  emitBytes(count, total, static_cast<int>(lanes), clear);
  emitBytes(builder_.CreateAdd(count, builder_.CreateAnd(rest, mask)), total, 1, clear);
}

void ModelEmitter::emitEntryCall(std::size_t index, llvm::Function* function, const PredictArguments& arguments) {
  const ApiEntry& entry = api_.entries[index];
  const EntryWorkspace& workspace = workspaces_[index];
  const bool mayPad = api_.hasBatch && entry.batch > 1;
  llvm::Value* isShort =
      mayPad ? builder_.CreateICmpSLT(arguments.batch, builder_.getInt64(static_cast<std::uint64_t>(entry.batch)))
             : nullptr;
  const auto rowBytes = [&](const ApiTensor& tensor) {
    return builder_.getInt64(static_cast<std::uint64_t>(tensor.type.byteCount()));
  };
  Values inputs = arguments.inputs, outputs = arguments.outputs;
  if (mayPad) {
    when(isShort, [&] {
      for (std::size_t i = 0; i < inputs.size(); ++i)
        emitMove(bytePointer(arguments.workspace, workspace.inputs[i]), arguments.inputs[i],
                 builder_.CreateMul(arguments.batch, rowBytes(api_.inputs[i])),
                 builder_.getInt64(static_cast<std::uint64_t>(api_.inputs[i].type.byteCount() * entry.batch)));
    });
    for (std::size_t i = 0; i < inputs.size(); ++i)
      inputs[i] = builder_.CreateSelect(isShort, bytePointer(arguments.workspace, workspace.inputs[i]), inputs[i]);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = builder_.CreateSelect(isShort, bytePointer(arguments.workspace, workspace.outputs[i]), outputs[i]);
  }
  llvm::Value* weights = arguments.weights;
  if (api_.weightsEmbedded && !api_.weights.empty()) weights = constantBytes(module_, shared_, weightBytes(api_));
  const WeightLayout layout = weightLayout(api_);
  Values pointers;
  for (const std::int64_t offset : layout.offsets) pointers.push_back(bytePointer(weights, offset));
  pointers.insert(pointers.end(), inputs.begin(), inputs.end());
  const auto arrayOf = [&](const Values& values) {
    llvm::Value* array =
        builder_.CreateAlloca(builder_.getPtrTy(), builder_.getInt64(std::max<std::size_t>(values.size(), 1)));
    for (std::size_t i = 0; i < values.size(); ++i)
      builder_.CreateStore(values[i], builder_.CreateConstGEP1_64(builder_.getPtrTy(), array, i));
    return array;
  };
  builder_.CreateCall(function, {arrayOf(pointers), arrayOf(outputs), arguments.workspace});
  if (mayPad)
    when(isShort, [&] {
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        llvm::Value* count = builder_.CreateMul(arguments.batch, rowBytes(api_.outputs[i]));
        emitMove(arguments.outputs[i], outputs[i], count, count);
      }
    });
  builder_.CreateRet(status(ApiStatus::Ok));
}

void ModelEmitter::emitPredict(const std::vector<llvm::Function*>& entries) {
  const PredictArguments arguments = beginPredict();
  emitChecks(arguments);
  for (std::size_t i = 0; i + 1 < entries.size(); ++i)
    when(builder_.CreateICmpSLE(arguments.batch, builder_.getInt64(static_cast<std::uint64_t>(api_.entries[i].batch))),
         [&] { emitEntryCall(i, entries[i], arguments); });
  emitEntryCall(entries.size() - 1, entries.back(), arguments);
}

bool ModelEmitter::run(std::string& error) {
  std::vector<llvm::Function*> entries;
  for (const ApiEntry& entry : api_.entries) {
    ProgramEmitter program(*entry.module, module_, target_, shared_);
    entries.push_back(program.emitEntry(entry.function, "batch." + std::to_string(entry.batch), /*isExternal=*/false));
    if (entries.back() == nullptr) {
      error = program.error();
      return false;
    }
  }
  emitPredict(entries);
  emitWorkspaceBytes();
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
