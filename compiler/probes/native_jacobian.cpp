// jac_sv: singular values of the Jacobian from one weight layer's output to the next one's.
#include <algorithm>
#include <cmath>

#include "probes/bench.h"

namespace nnc::probes {

namespace {

constexpr std::int64_t kProducts = 8;     // of the estimate of |J|_F^2
constexpr std::int64_t kIterations = 10;  // of the power method

void fill(training::Buffer& buffer, const ir::Type& type, const Numbers& numbers, double factor) {
  for (std::int64_t i = 0; i < numbers.count; ++i)
    setReal(type.dtype, buffer.data() + i * ir::dtypeBytes(type.dtype), factor * numbers[i]);
}

}  // namespace

/// J is that of all outputs of one layer by all outputs of the one in front, over the probe set. |J|_F^2 is the mean of
/// |J^T v|^2 over vectors v of random signs (Hutchinson 1989); divided by the number of singular values it is their
/// mean square. The greatest one comes from the power method on J^T J: a lower bound that grows with each iteration.
bool measureJacSv(Bench& bench, const Moment& moment, Rows& rows) {
  const Examples* const examples = bench.probeSet();
  Program* const program = examples ? bench.program(elaborate::ProbeKind::LayerJacobians, examples->count()) : nullptr;
  if (program == nullptr) return false;
  const std::size_t pairs = program->inputCount() / 2;
  std::vector<double> squares(pairs, 0.0), greatest(pairs, 0.0);
  for (std::int64_t iteration = 0; iteration < kIterations; ++iteration) {
    for (std::size_t l = 0; l < pairs; ++l) {
      training::Buffer &v = program->input(2 * l), &u = program->input(2 * l + 1);
      const ir::Type &vType = program->inputType(2 * l), &uType = program->inputType(2 * l + 1);
      for (std::int64_t i = 0; i < vType.elementCount(); ++i)
        setReal(vType.dtype, v.data() + i * ir::dtypeBytes(vType.dtype), signAt("jac_sv/v", iteration, i));
      if (iteration > 0) {
        const Numbers last = program->result(2 * l + 1);
        const double size = length(last);
        if (size > 0.0) fill(u, uType, last, 1.0 / size);
        continue;
      }
      for (std::int64_t i = 0; i < uType.elementCount(); ++i)
        setReal(uType.dtype, u.data() + i * ir::dtypeBytes(uType.dtype), normalAt("jac_sv/u", 0, i));
      const Numbers start{uType.dtype, uType.elementCount(), u.data()};
      fill(u, uType, start, 1.0 / length(start));
    }
    program->run(bench.train(), moment.slots, *examples, 0, moment.step + 1);
    for (std::size_t l = 0; l < pairs; ++l) {
      const Numbers back = program->result(2 * l);
      if (iteration < kProducts) squares[l] += dot(back, back) / static_cast<double>(kProducts);
      greatest[l] = std::sqrt(length(program->result(2 * l + 1)));
    }
  }
  Row mean{"jac_sv.rms", {}, {}}, most{"jac_sv.max", {}, greatest};
  for (std::size_t l = 0; l < pairs; ++l) {
    const std::int64_t count =
        std::min(program->inputType(2 * l).elementCount(), program->inputType(2 * l + 1).elementCount());
    mean.paths.push_back(program->name(2 * l));
    mean.values.push_back(std::sqrt(squares[l] / static_cast<double>(count)));
  }
  most.paths = mean.paths;
  rows.push_back(std::move(mean));
  rows.push_back(std::move(most));
  return true;
}

}  // namespace nnc::probes
