// The network as a table: one row per instance, with shapes, parameters and work.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/real_parameters.h"
#include "elaborate/program.h"
#include "ir/module.h"

namespace nnc::driver {

struct ModelRow {
  std::string path;       // net.h2.block[0].f.conv2d_2
  std::string operation;  // conv2d
  std::optional<ir::Shape> input, output;
  std::int64_t parameters = 0;    // elements of the parameters that this instance itself declares
  std::int64_t multiplyAdds = 0;  // of contractions in this instance itself, for the whole batch
};

struct ModelTable {
  std::vector<ModelRow> rows;  // in order of execution, an instance before what it contains
  std::int64_t parameters = 0, trained = 0, stateElements = 0;
  std::int64_t multiplyAdds = 0;
  std::int64_t parameterBytes = 0;
  std::int64_t batch = 0;
  std::vector<RealParameter> reals;  // of the train
};

/// Reads the table off a forward function whose nodes carry instance paths. Its parameters beyond the slots are data.
ModelTable describe(const elaborate::BatchProgram& forward, const std::vector<elaborate::Slot>& slots);

/// The table as aligned text. `arenaBytes` is what the planned step needs besides parameters and states; empty: not
/// planned.
std::string renderTable(const ModelTable& table, std::optional<std::int64_t> arenaBytes);
std::string renderTableJson(const ModelTable& table, std::optional<std::int64_t> arenaBytes);

}  // namespace nnc::driver
