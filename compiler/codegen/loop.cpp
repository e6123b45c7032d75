#include "codegen/loop.h"

#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/IRBuilder.h>

namespace nnc::codegen {

Values emitLoop(const Emitter& emitter, std::int64_t trips, std::int64_t step, Values carried,
                const std::function<Values(llvm::Value* i, Values carried)>& body) {
  if (trips == 0) return carried;
  if (trips == 1) return body(emitter.i64(0), std::move(carried));
  llvm::IRBuilderBase& b = emitter.builder;
  llvm::BasicBlock* before = b.GetInsertBlock();
  llvm::Function* function = before->getParent();
  llvm::BasicBlock* header = llvm::BasicBlock::Create(b.getContext(), "loop", function);
  b.CreateBr(header);
  b.SetInsertPoint(header);
  llvm::PHINode* i = b.CreatePHI(b.getInt64Ty(), 2);
  i->addIncoming(emitter.i64(0), before);
  std::vector<llvm::PHINode*> phis;
  Values inside;
  for (llvm::Value* value : carried) {
    phis.push_back(b.CreatePHI(value->getType(), 2));
    phis.back()->addIncoming(value, before);
    inside.push_back(phis.back());
  }
  Values after = body(i, std::move(inside));
  llvm::BasicBlock* latch = b.GetInsertBlock();
  llvm::Value* next = b.CreateAdd(i, emitter.i64(step), "", /*HasNUW=*/true, /*HasNSW=*/true);
  i->addIncoming(next, latch);
  for (std::size_t k = 0; k < phis.size(); ++k) phis[k]->addIncoming(after[k], latch);
  llvm::BasicBlock* exit = llvm::BasicBlock::Create(b.getContext(), "after", function);
  b.CreateCondBr(b.CreateICmpULT(next, emitter.i64(trips * step)), header, exit);
  b.SetInsertPoint(exit);
  return after;
}

}  // namespace nnc::codegen
