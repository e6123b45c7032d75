// Which train a command line means, and the values that it gives to the parameters of that train.
#pragma once
#include <optional>

#include "driver/driver.h"
#include "elaborate/elaborate.h"

namespace nnc::driver {

/// The train that the command line names, or the only one. Empty: there is none such, which is reported where it is
/// opened.
std::optional<elaborate::TrainSummary> namedTrain(const elaborate::Project& project, const CommandLine& line);

/// Whether every `--name` of the command line is a parameter of the train; what is not, is reported (E1512), and so is
/// an option that is a parameter, too (W1518).
[[nodiscard]] bool checkOverrides(Context& context, const elaborate::Project& project);

}  // namespace nnc::driver
