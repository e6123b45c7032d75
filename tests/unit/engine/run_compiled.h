// Runs a planned function on memory that the test owns, to see what compiled code does with it.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/memory.h"
#include "ir/module.h"
#include "ir/numbers.h"
#include "ir/tensor.h"

namespace nnc::tests {

class Compiled {
 public:
  Compiled(const ir::Module& module, ir::FunctionId function)
      : function_(module.function(function)), numbers_(module, {function}) {
    Diagnostics diagnostics;
    codegen::Backend* backend = engine::backend(diagnostics);
    if (backend == nullptr) {
      error_ = diagnostics.all()[0].message;
      return;
    }
    code_ = backend->compile(module, {function}, {}, nullptr, error_);
    if (code_ != nullptr) entry_ = code_->entry(function_.name);
  }
  /// Why it did not compile; empty: it did.
  const std::string& error() const { return error_; }

  /// The results of a run whose arena and results are filled with `fill` before; the arena stays in `arena` after it.
  std::vector<ir::Tensor> run(const std::vector<ir::Tensor>& arguments, unsigned char fill) {
    std::string refused;
    std::vector<engine::Pages> pages;
    std::vector<void*> argumentPointers, resultPointers;
    const auto map = [&](std::int64_t bytes) {
      pages.push_back(std::move(*engine::Pages::map(bytes, refused)));
      std::memset(pages.back().data(), fill, static_cast<std::size_t>(bytes));
      return pages.back().data();
    };
    for (const ir::Tensor& argument : arguments) {
      argumentPointers.push_back(map(argument.type.byteCount()));
      if (!argument.bytes.empty()) std::memcpy(argumentPointers.back(), argument.bytes.data(), argument.bytes.size());
    }
    for (const ir::Value result : function_.results) resultPointers.push_back(map(function_.type(result).byteCount()));
    const std::int64_t arenaBytes = function_.plan->arenaBytes;
    void* memory = map(arenaBytes + static_cast<std::int64_t>(numbers_.bytes().size()));
    if (!numbers_.bytes().empty())
      std::memcpy(static_cast<std::byte*>(memory) + arenaBytes, numbers_.bytes().data(), numbers_.bytes().size());
    entry_(argumentPointers.data(), resultPointers.data(), memory);
    const auto* bytes = static_cast<const unsigned char*>(memory);
    arena.assign(bytes, bytes + arenaBytes);
    for (const ir::Alias& alias : function_.aliases) resultPointers[alias.result] = argumentPointers[alias.parameter];
    std::vector<ir::Tensor> results;
    for (std::size_t i = 0; i < function_.results.size(); ++i) {
      ir::Tensor tensor(function_.type(function_.results[i]));
      if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), resultPointers[i], tensor.bytes.size());
      results.push_back(std::move(tensor));
    }
    return results;
  }

  std::vector<unsigned char> arena;

 private:
  ir::Function function_;
  ir::NumberTable numbers_;
  std::unique_ptr<codegen::Code> code_;
  codegen::Entry entry_ = nullptr;
  std::string error_;
};

}  // namespace nnc::tests
