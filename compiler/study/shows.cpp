#include "study/shows.h"

namespace nnc::study {

const std::vector<ShowKind>& showKinds() {
  static const std::vector<ShowKind> kinds = {
#define NNC_SHOW(KIND, ARGUMENTS, NAMED, SUMMARY) {KIND, ShowArguments::ARGUMENTS, NAMED, SUMMARY},
#include "study/shows.def"
#undef NNC_SHOW
  };
  return kinds;
}

}  // namespace nnc::study
