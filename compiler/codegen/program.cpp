// Functions, storage, and the nodes that are kernels.
#include "codegen/program.h"

#include <algorithm>
#include <cassert>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include "codegen/contract.h"
#include "codegen/nest.h"
#include "ir/tensor.h"
#include "support/hash.h"

namespace nnc::codegen {

bool ProgramEmitter::fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

/// A function of so many pointers.
static llvm::FunctionType* pointerFunction(llvm::LLVMContext& context, std::size_t pointers) {
  const std::vector<llvm::Type*> types(pointers, llvm::PointerType::get(context, 0));
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), types, false);
}

llvm::Function* ProgramEmitter::emitFunction(ir::FunctionId id) {
  const auto known = functions_.find(id.index);
  if (known != functions_.end()) return known->second;
  const ir::Function& function = module_.function(id);
  if (!function.plan) {
    fail("function @" + function.name + " has no memory plan");
    return nullptr;
  }
  llvm::LLVMContext& context = output_.getContext();
  auto* result = llvm::Function::Create(pointerFunction(context, 4), llvm::GlobalValue::InternalLinkage,
                                        "fn." + function.name, output_);
  setFunctionAttributes(target_, *result);
  result->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", result));
  const Emitter emitter{builder, output_, target_};
  Frame frame;
  frame.id = id;
  frame.function = &function;
  frame.plan = &*function.plan;
  frame.arena = result->getArg(2);
  frame.numbers = result->getArg(3);
  const auto loadPointer = [&](llvm::Value* array, std::size_t i) {
    return builder.CreateLoad(builder.getPtrTy(), builder.CreateConstGEP1_64(builder.getPtrTy(), array, i));
  };
  for (std::size_t i = 0; i < function.parameters.size(); ++i)
    frame.arguments.push_back(loadPointer(result->getArg(0), i));
  std::vector<bool> isAliased(function.results.size(), false);
  for (const ir::Alias& alias : function.aliases) isAliased[static_cast<std::size_t>(alias.result)] = true;
  // The entry of an aliased result is ignored: it may be anything.
  for (std::size_t i = 0; i < function.results.size(); ++i)
    frame.results.push_back(isAliased[i] ? nullptr : loadPointer(result->getArg(1), i));
  for (const ir::NodeId node : function.body)
    if (!emitNode(emitter, frame, node)) return nullptr;
  if (!copyStrayResults(emitter, frame)) return nullptr;
  builder.CreateRetVoid();
  functions_[id.index] = result;
  return result;
}

// Denormals are slow on some machines and mean nothing in training; the caller's mode comes back at the end.
llvm::Function* ProgramEmitter::emitEntry(ir::FunctionId id, const std::string& symbol, bool isExternal) {
  llvm::Function* body = emitFunction(id);
  if (body == nullptr) return nullptr;
  llvm::LLVMContext& context = output_.getContext();
  auto* entry = llvm::Function::Create(
      pointerFunction(context, 3), isExternal ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage,
      symbol, output_);
  setFunctionAttributes(target_, *entry);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", entry));
  const bool hasMode = target_.machine->getTargetTriple().isX86();
  llvm::Value *before = nullptr, *inside = nullptr;
  if (hasMode) {
    constexpr std::uint32_t kFlushAndDenormalsAreZero = 0x8040;
    before = builder.CreateAlloca(builder.getInt32Ty());
    inside = builder.CreateAlloca(builder.getInt32Ty());
    builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {}, {before});
    llvm::Value* mode = builder.CreateLoad(builder.getInt32Ty(), before);
    builder.CreateStore(builder.CreateOr(mode, builder.getInt32(kFlushAndDenormalsAreZero)), inside);
    builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {inside});
  }
  llvm::Value* numbers = numbersOfEntry({builder, output_, target_}, id, entry->getArg(2));
  builder.CreateCall(body, {entry->getArg(0), entry->getArg(1), entry->getArg(2), numbers});
  if (hasMode) builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {before});
  builder.CreateRetVoid();
  return entry;
}

// ---- storage

ir::Storage ProgramEmitter::storageOf(const Frame& frame, ir::Value value) const {
  return frame.plan->storage[static_cast<std::size_t>(value.index)];
}

llvm::GlobalVariable* constantBytes(llvm::Module& module, SharedCode& shared, const std::string& bytes) {
  llvm::GlobalVariable*& global = shared.constants[bytes];
  if (global != nullptr) return global;
  llvm::Constant* data = llvm::ConstantDataArray::getString(module.getContext(), bytes, /*AddNull=*/false);
  global = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true, llvm::GlobalValue::PrivateLinkage,
                                    data, "constant." + hexDigits(hashBytes(bytes)));
  global->setAlignment(llvm::Align(64));
  return global;
}

static std::string textOf(const std::vector<std::byte>& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

static std::string bytesOf(const ir::ConstAttributes& constant) { return textOf(ir::materialise(constant).bytes); }

llvm::Value* ProgramEmitter::numbersOfEntry(const Emitter& emitter, ir::FunctionId id, llvm::Value* arena) {
  if (numbers_.bytes().empty()) return llvm::Constant::getNullValue(emitter.builder.getPtrTy());
  if (numbersPlace_ == NumbersPlace::Constant) return constantBytes(output_, shared_, textOf(numbers_.bytes()));
  const std::int64_t arenaBytes = module_.function(id).plan->arenaBytes;
  return emitter.builder.CreateGEP(emitter.builder.getInt8Ty(), arena, emitter.i64(arenaBytes));
}

llvm::Value* ProgramEmitter::numberOf(const Emitter& emitter, const Frame& frame, ir::FunctionId owner,
                                      const NumberArgument& number) {
  llvm::IRBuilderBase& builder = emitter.builder;
  llvm::Value* offset = emitter.i64(numbers_.offsetOf(owner, number.node));
  llvm::Value* at = builder.CreateGEP(builder.getInt8Ty(), frame.numbers, offset);
  llvm::LoadInst* load =
      builder.CreateAlignedLoad(emitter.registerType(number.dtype), at, llvm::Align(ir::NumberTable::kBytesPerNumber));
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder.getContext(), {}));
  return load;
}

llvm::Value* ProgramEmitter::pointerOf(const Emitter& emitter, Frame& frame, ir::Value value) {
  const ir::Storage storage = storageOf(frame, value);
  const auto index = static_cast<std::size_t>(storage.index);
  switch (storage.kind) {
    case ir::StorageKind::Argument:
      return frame.arguments[index];
    case ir::StorageKind::Result:
      return frame.results[index];
    case ir::StorageKind::Arena:
      return emitter.builder.CreateGEP(emitter.builder.getInt8Ty(), frame.arena, emitter.i64(storage.offset));
    case ir::StorageKind::Constant: {
      const ir::Node* node = frame.function->definition(ir::Value(index));
      if (node != nullptr && node->op == ir::Op::Const)
        return constantBytes(output_, shared_, bytesOf(std::get<ir::ConstAttributes>(node->attributes)));
      break;
    }
    case ir::StorageKind::None:
      break;
  }
  fail("value %" + std::to_string(value.index) + " of @" + frame.function->name + " has no storage");
  return nullptr;
}

/// A tensor moved as bytes of its dtype: as a kernel, so that it is vector code and never a call of memcpy.
void ProgramEmitter::emitCopy(const Emitter& emitter, const ir::Type& type, llvm::Value* from, llvm::Value* to) {
  if (type.elementCount() == 0) return;
  Kernel kernel;
  kernel.buffers = {type.dtype, type.dtype};
  kernel.operandCount = kernel.resultCount = 1;
  kernel.name = "copy";
  const std::int64_t count = type.elementCount();
  const int variable = kernel.body.space.addVariable(count);
  const IndexId index = kernel.body.space.variable(variable);
  if (count > 1) kernel.kept = {variable};
  kernel.stores.push_back({kernel.body.load(type.dtype, 0, index, {}), 1, index});
  callKernel(emitter, kernel, {from, to}, {true, true});
}

/// Results that the plan left elsewhere.
bool ProgramEmitter::copyStrayResults(const Emitter& emitter, Frame& frame) {
  const ir::Function& function = *frame.function;
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    ir::Storage wanted{ir::StorageKind::Result, static_cast<int>(i), 0};
    for (const ir::Alias& alias : function.aliases)
      if (alias.result == static_cast<int>(i)) wanted = {ir::StorageKind::Argument, alias.parameter, 0};
    const ir::Storage storage = storageOf(frame, function.results[i]);
    if (storage == wanted) continue;
    llvm::Value* from = pointerOf(emitter, frame, function.results[i]);
    if (from == nullptr) return false;
    const auto& home = wanted.kind == ir::StorageKind::Result ? frame.results : frame.arguments;
    emitCopy(emitter, function.type(function.results[i]), from, home[static_cast<std::size_t>(wanted.index)]);
  }
  return true;
}

// ---- nodes

bool ProgramEmitter::emitNode(const Emitter& emitter, Frame& frame, ir::NodeId id) {
  const ir::Node& node = frame.function->node(id);
  switch (node.op) {
    case ir::Op::Call:
      return emitCall(emitter, frame, node);
    case ir::Op::Scan:
      return emitScan(emitter, frame, id);
    case ir::Op::Scatter:
      return emitScatter(emitter, frame, node);
    case ir::Op::Contract:
      return emitContract(emitter, frame, node);
    case ir::Op::Const:
      return emitConst(emitter, frame, node);
    case ir::Op::Reshape:
    case ir::Op::StopGradient:
      if (storageOf(frame, node.results[0]) == storageOf(frame, node.operands[0])) return true;
      break;
    default:
      break;
  }
  return emitNodeKernel(emitter, frame, node);
}

bool ProgramEmitter::emitNodeKernel(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  std::string error;
  const std::optional<Kernel> kernel = kernelOfNode(*frame.function, node, error);
  return kernel ? emitKernelCall(emitter, frame, node, *kernel, frame.id) : fail(error);
}

bool ProgramEmitter::emitConst(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto& constant = std::get<ir::ConstAttributes>(node.attributes);
  const ir::Storage storage = storageOf(frame, node.results[0]);
  if (storage.kind == ir::StorageKind::Constant || storage.kind == ir::StorageKind::None) return true;
  llvm::Value* to = pointerOf(emitter, frame, node.results[0]);
  if (to == nullptr) return false;
  if (!constant.isSplat) {
    emitCopy(emitter, constant.type, constantBytes(output_, shared_, bytesOf(constant)), to);
    return true;
  }
  return emitNodeKernel(emitter, frame, node);
}

bool ProgramEmitter::emitCall(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto& call = std::get<ir::CallAttributes>(node.attributes);
  if (call.kind != ir::CallKind::Kernel)
    return fail("call of `" + call.name + "` in @" + frame.function->name + " was not inlined");
  std::string error;
  const std::optional<Kernel> kernel = kernelOfBody(module_.function(call.body), error);
  return kernel ? emitKernelCall(emitter, frame, node, *kernel, call.body) : fail(error);
}

/// `constantsOf` is the function whose nodes hold the kernel's constants and numbers.
bool ProgramEmitter::emitKernelCall(const Emitter& emitter, Frame& frame, const ir::Node& node, const Kernel& kernel,
                                    ir::FunctionId constantsOf) {
  Values arguments;
  std::vector<ir::Storage> storages;
  std::vector<ir::Value> values = node.operands;
  values.insert(values.end(), node.results.begin(), node.results.end());
  for (const ir::Value value : values) {
    arguments.push_back(pointerOf(emitter, frame, value));
    if (arguments.back() == nullptr) return false;
    storages.push_back(storageOf(frame, value));
  }
  for (const ir::Value constant : kernel.constants) {
    const ir::Node& holder = *module_.function(constantsOf).definition(constant);
    arguments.push_back(constantBytes(output_, shared_, bytesOf(std::get<ir::ConstAttributes>(holder.attributes))));
  }
  std::vector<bool> isAlone(arguments.size(), false);
  // Results are written in place of an operand or apart from everything else.
  for (std::size_t i = node.operands.size(); i < values.size(); ++i)
    isAlone[i] = std::count(storages.begin(), storages.end(), storages[i]) == 1;
  for (const NumberArgument& number : kernel.numbers)
    arguments.push_back(numberOf(emitter, frame, constantsOf, number));
  callKernel(emitter, kernel, arguments, isAlone);
  return true;
}

llvm::Function* declareKernel(llvm::Module& module, const Target& target, const KernelCode& kernel,
                              const std::string& symbol) {
  llvm::IRBuilder<> builder(module.getContext());
  const Emitter emitter{builder, module, target};
  std::vector<llvm::Type*> types(kernel.pointers, builder.getPtrTy());
  for (const ir::DType number : kernel.numbers) types.push_back(emitter.registerType(number));
  auto* function = llvm::Function::Create(llvm::FunctionType::get(builder.getVoidTy(), types, false),
                                          llvm::GlobalValue::ExternalLinkage, symbol, module);
  setFunctionAttributes(target, *function);
  function->addFnAttr(llvm::Attribute::NoInline);
  return function;
}

KernelRequests::KernelRequests(const Options& options)
    : options_(options.cpu + " " + std::to_string(options.optLevel) + "\n") {}

std::string KernelRequests::add(KernelCode kernel) {
  const Hash128 hash = hashBytes128(options_ + kernel.description);
  all_.push_back({"nnc_kernel_" + hexDigits(hash.high) + hexDigits(hash.low), std::move(kernel)});
  return all_.back().symbol;
}

llvm::Function* ProgramEmitter::findKernel(const std::string& description) const {
  const auto known = shared_.kernels.find(description);
  return known == shared_.kernels.end() ? nullptr : known->second;
}

/// A kernel that is not there yet: defined here, or declared and asked for.
llvm::Function* ProgramEmitter::addKernel(KernelCode kernel) {
  llvm::Function*& function = shared_.kernels[kernel.description];
  if (shared_.requests != nullptr) {
    const std::string symbol = shared_.requests->add(kernel);
    return function = declareKernel(output_, target_, kernel, symbol);
  }
  function =
      declareKernel(output_, target_, kernel, "kernel." + kernel.name + "." + hexDigits(hashBytes(kernel.description)));
  function->setLinkage(llvm::GlobalValue::InternalLinkage);
  kernel.define(*function, target_);
  return function;
}

void ProgramEmitter::callKernel(const Emitter& emitter, const Kernel& kernel, const Values& arguments,
                                const std::vector<bool>& isAlone) {
  if (kernel.stores.empty()) return;
  std::string description = describe(kernel) + "alone";
  for (const bool alone : isAlone) description += alone ? '1' : '0';
  llvm::Function* function = findKernel(description);
  if (function == nullptr) {
    KernelCode code{std::move(description), kernel.name, kernel.buffers.size(), {}, {}};
    for (const NumberArgument& number : kernel.numbers) code.numbers.push_back(number.dtype);
    code.define = [kernel, isAlone](llvm::Function& body, const Target& target) {
      defineKernel(body, target, kernel, isAlone);
    };
    function = addKernel(std::move(code));
  }
  emitter.builder.CreateCall(function, arguments);
}

bool ProgramEmitter::emitContract(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto product = matrixProduct(*frame.function, node);
  if (!product || !isForLibrary(*product)) return emitNodeKernel(emitter, frame, node);
  llvm::Value* left = pointerOf(emitter, frame, node.operands[product->isSwapped ? 1 : 0]);
  llvm::Value* right = pointerOf(emitter, frame, node.operands[product->isSwapped ? 0 : 1]);
  llvm::Value* y = pointerOf(emitter, frame, node.results[0]);
  if (left == nullptr || right == nullptr || y == nullptr) return false;
  const ir::DType dtype = frame.function->type(node.results[0]).dtype;
  emitMatrixProduct(emitter, *product, dtype, left, right, y);
  return true;
}

}  // namespace nnc::codegen
