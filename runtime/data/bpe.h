// Byte pairs for tokenizer.cpp.
#pragma once
#include <memory>
#include <string_view>

#include "nnc/tokenizer.h"

namespace nnc::runtime {

std::unique_ptr<Tokenizer> parseBytePairs(std::string_view json, Failure& failure);

}  // namespace nnc::runtime
