// `nnc run` of experiments.
#pragma once
#include <optional>
#include <string>

#include "driver/driver.h"

namespace nnc::driver {

/// The experiment that the command line means: the one that it names, or, without a name, the only one of the file.
/// Empty: it means a train.
std::optional<std::string> namedExperiment(const elaborate::Project& project, const std::string& name);

/// Plans (`--plan`), or runs what the study folder lacks, decides the expectations and writes the report.
int runExperiment(Context& context, elaborate::Project& project, const std::string& name);

/// Looks at the initial values of every cell and decides the expectations; trains nothing and keeps nothing.
int probeExperiment(Context& context, elaborate::Project& project, const std::string& name);

/// Every experiment of the .nn files of a folder, file by file.
int runFolder(Context& context);

}  // namespace nnc::driver
