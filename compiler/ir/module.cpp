#include "ir/module.h"

namespace nnc::ir {

namespace {

constexpr OpInfo kOps[] = {
#define NNC_OP(NAME, TEXT, LEAST, MOST, CLASS, ATTRIBUTES, DOC) {TEXT, LEAST, MOST, OpClass::CLASS, DOC},
#include "ir/ops.def"
#undef NNC_OP
};

}  // namespace

Module::Module() = default;
Module::Module(const Module&) = default;
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(const Module&) = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

const OpInfo& opInfo(Op op) { return kOps[static_cast<int>(op)]; }

std::optional<Op> findOp(std::string_view name) {
  for (int i = 0; i < kOpCount; ++i)
    if (kOps[i].name == name) return static_cast<Op>(i);
  return std::nullopt;
}

FunctionId Module::addFunction(std::string name) {
  functions.emplace_back();
  functions.back().name = std::move(name);
  return FunctionId(functions.size() - 1);
}

std::optional<FunctionId> Module::findFunction(std::string_view name) const {
  for (std::size_t i = 0; i < functions.size(); ++i)
    if (functions[i].name == name) return FunctionId(i);
  return std::nullopt;
}

ScopeId Module::scope(std::string_view path) {
  for (std::size_t i = 0; i < scopes.size(); ++i)
    if (scopes[i] == path) return ScopeId(i);
  scopes.emplace_back(path);
  return ScopeId(scopes.size() - 1);
}

}  // namespace nnc::ir
