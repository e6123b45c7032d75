// --emit: a file or a program as text, at any stage of its compilation.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "elaborate/elaborate.h"

namespace nnc::driver {

/// One function to show, and the tensors that it works on.
struct StageSubject {
  elaborate::BatchProgram program;  // a train's step, or an export's largest entry
  elaborate::BatchProgram forward;  // what the table of `nnc show` describes
  std::vector<elaborate::Slot> slots;
  bool isExport = false;
};

/// The train or export that the command line names; without a name the only train, or the only export of a file without
/// trains. Empty: reported.
std::optional<StageSubject> openStageSubject(elaborate::Project& project, Context& context);

/// Prints the syntax tree of the file on the command line, which need not mean anything. Returns the exit code.
int printTree(Context& context);

/// Prints `program` after `stage` (a word of --emit, not `ast`), which changes it. Returns the exit code.
int printStage(Context& context, elaborate::BatchProgram& program, const std::string& stage);

}  // namespace nnc::driver
