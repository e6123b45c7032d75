// The reference pages that come from tables and doc comments (docs/reference/).
#pragma once
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"

namespace nnc::driver {

struct ReferencePage {
  std::string name;  // `ops.md`
  std::string text;
};

/// All pages. The same build gives the same bytes.
std::vector<ReferencePage> referencePages();

/// The format of a kind of message as people read it: each argument is `..`, doubled braces are single ones.
std::string messageText(std::string_view format);

/// All kinds of messages in the order of their numbers; the list of the table follows the phases.
std::vector<KindInfo> sortedKinds();

}  // namespace nnc::driver
