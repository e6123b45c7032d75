// The JSON header of a safetensors file, read strictly.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

struct TensorEntry {
  std::string name;
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, end = 0;  // in the data part
  std::int64_t headerOffset = 0;    // in the file, near its entry: for messages
};

struct TensorHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> tensors;  // sorted by place; they cover [0, dataBytes) without holes or overlaps
};

/// Parses and checks `json`, which starts at byte 8 of the file `path`, against `dataBytes` bytes of data.
bool parseTensorHeader(std::string_view json, std::int64_t dataBytes, const std::string& path, TensorHeader& header,
                       Failure& failure);

}  // namespace nnc::runtime
