// The kinds of `show`, for those who check an experiment and for those who draw it.
#pragma once
#include <string_view>
#include <vector>

namespace nnc::study {

enum class ShowArguments { None, Measures, Metrics, Probes };

struct ShowKind {
  std::string_view name;
  ShowArguments arguments;
  std::string_view named;  // separated by spaces
  std::string_view summary;
};
/// In the order of shows.def.
const std::vector<ShowKind>& showKinds();

}  // namespace nnc::study
