// Which train a command line means, and the values that it gives to the parameters of that train.
#pragma once
#include <optional>

#include "driver/driver.h"
#include "elaborate/elaborate.h"

namespace nnc::driver {

/// The train that the command line names, or the only one. Empty: there is none such, which is reported where it is
/// opened.
std::optional<elaborate::TrainSummary> namedTrain(const elaborate::Project& project, const CommandLine& line);

/// Takes from the weights of the command line, or from the run that is resumed, the parameters that their run was given
/// and this line is not, and checks all (checkOverrides). Weights of another train have none to give, nor those of
/// which only a part is wanted. Without --json a line on stderr says what was taken.
[[nodiscard]] bool settleParameters(Context& context, const elaborate::Project& project);

/// Whether every `--name` of the command line is a parameter of the train; what is not, is reported (E1512), and so is
/// an option that is a parameter, too (W1518).
[[nodiscard]] bool checkOverrides(Context& context, const elaborate::Project& project);

}  // namespace nnc::driver
