// Names and sizes of element types.
#include "nnc/array.h"

namespace nnc::runtime {

std::int64_t elementBytes(Element element) {
  switch (element) {
    case Element::F64:
    case Element::I64:
      return 8;
    case Element::F32:
    case Element::I32:
      return 4;
    case Element::BF16:
      return 2;
    case Element::I8:
    case Element::U8:
    case Element::Bool:
      return 1;
  }
  return 1;
}

const char* elementName(Element element) {
  switch (element) {
    case Element::F32:
      return "F32";
    case Element::F64:
      return "F64";
    case Element::BF16:
      return "BF16";
    case Element::I8:
      return "I8";
    case Element::U8:
      return "U8";
    case Element::I32:
      return "I32";
    case Element::I64:
      return "I64";
    case Element::Bool:
      return "BOOL";
  }
  return "?";
}

}  // namespace nnc::runtime
