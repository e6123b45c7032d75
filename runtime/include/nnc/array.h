// A dense row-major array read from or written to a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nnc::runtime {

/// Element types by their safetensors names.
enum class Element : std::uint8_t { F32, F64, BF16, I8, U8, I32, I64, Bool };
std::int64_t elementBytes(Element element);
const char* elementName(Element element);  // "F32", "BOOL", ...

struct Array {
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;  // little endian
};
struct NamedArray {
  std::string name;
  Array array;
};

}  // namespace nnc::runtime
