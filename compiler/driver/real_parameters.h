// Which real parameters of a train are built into its code, and which are numbers that it reads when it runs.
#pragma once
#include <string>
#include <vector>

#include "driver/driver.h"
#include "elaborate/elaborate.h"

namespace nnc::driver {

struct RealParameter {
  std::string name, value;  // as text
  bool specialises = false;
};

/// The parameters of type `real` of the train that the command line names; empty when it names none. Each is tried with
/// a value close by: its step and its evaluation are lowered again, and code of another text is code of its own.
///
/// Needs: the train elaborates and lowers with the values of the command line.
std::vector<RealParameter> realParameters(elaborate::Project& project, Context& context);

}  // namespace nnc::driver
