#include "db/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "db/helpers.h"
#include "ir/attribute_fields.h"
#include "ir/builder.h"
#include "ir/print.h"
#include "support/hash.h"
#include "support/philox.h"

namespace nnc::ops {

Fill uniform(double low, double high) { return {Fill::Kind::Uniform, low, high, {}}; }
Fill distinct(double moved) { return {Fill::Kind::Distinct, moved, moved, {}}; }
Fill fraction(double low, double high) { return {Fill::Kind::Fraction, low, high, {}}; }
Fill listed(std::vector<double> values) { return {Fill::Kind::Listed, 0, 0, std::move(values)}; }

Sample sampleOf(std::vector<Operand> operands, Attributes attributes, const std::string& note) {
  Sample sample;
  for (const Operand& operand : operands) sample.name += (sample.name.empty() ? "" : ", ") + toString(operand.type);
  if (!note.empty()) sample.name += (sample.name.empty() ? "" : "; ") + note;
  sample.operands = std::move(operands);
  sample.attributes = std::move(attributes);
  return sample;
}

std::vector<double> specialReals(DType dtype) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values = {0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.1, infinity, -infinity, nan};
  if (dtype == DType::F64) {
    using D = std::numeric_limits<double>;
    values.insert(values.end(), {D::min(), -D::min(), D::denorm_min(), 1e-310, D::max(), D::lowest()});
  } else {
    using F = std::numeric_limits<float>;
    values.insert(values.end(), {F::min(), -F::min(), F::denorm_min(), 1e-40, F::max(), F::lowest()});
  }
  return values;
}

std::vector<double> specialIntegers(DType dtype) {
  switch (dtype) {
    case DType::I8:
      return {-128, -127, -7, -2, -1, 0, 1, 2, 3, 7, 126, 127};
    case DType::U8:
      return {0, 1, 2, 3, 7, 100, 127, 128, 129, 200, 254, 255};
    case DType::I32:
      return {-2147483648.0, -2147483647.0, -7, -2, -1, 0, 1, 2, 3, 7, 65536, 2147483647.0};
    case DType::I64:
      return {-0x1p63, -0x1p62, -7, -2, -1, 0, 1, 2, 3, 7, 0x1p32, 0x1p62};
    case DType::Bool:
      return {0, 1};
    case DType::F32:
    case DType::F64:
    case DType::BF16:
      break;
  }
  assert(false && "no integer dtype");
  return {};
}

std::vector<double> specials(DType dtype) { return ir::isFloat(dtype) ? specialReals(dtype) : specialIntegers(dtype); }

std::pair<std::vector<double>, std::vector<double>> allPairs(const std::vector<double>& values) {
  std::pair<std::vector<double>, std::vector<double>> pairs;
  for (const double a : values) {
    for (const double b : values) {
      pairs.first.push_back(a);
      pairs.second.push_back(b);
    }
  }
  return pairs;
}

const std::vector<Row>& allRows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> all;
#define NNC_OP(NAME, ...)      \
  all.push_back(rows::NAME()); \
  all.back().op = ir::Op::NAME;
#include "ir/ops.def"
#undef NNC_OP
    return all;
  }();
  return kRows;
}

std::string idOf(const Row& row, const Sample& sample) {
  return fmt::format("{}/{}", opInfo(row.op).name, sample.name);
}

ir::Module makeModule(const Row& row, const Sample& sample) {
  ir::Module module;
  if (!sample.functions.empty()) {
    SourceManager sources;
    Diagnostics diagnostics;
    std::optional<ir::Module> parsed =
        ir::parse(sources.add(idOf(row, sample), sample.functions), sources, diagnostics);
    if (!parsed) {
      std::fprintf(stderr, "%s: %s\n", idOf(row, sample).c_str(), diagnostics.all()[0].message.c_str());
      std::abort();
    }
    module = std::move(*parsed);
  }
  ir::Builder b(module, module.addFunction("f"));
  std::vector<ir::Value> operands;
  for (const Operand& operand : sample.operands) operands.push_back(b.addParameter(operand.type, ""));
  for (const ir::Value result : b.append(row.op, operands, sample.attributes)) b.addResult(result, "");
  return module;
}

ir::FunctionId entryOf(const ir::Module& module) { return ir::FunctionId(module.functions.size() - 1); }

namespace {

/// A stream of numbers that the name of an operand determines.
class Draws {
 public:
  explicit Draws(const std::string& name) : key_(hashBytes(name)) {}
  std::uint32_t bits() { return randomBits(key_, 0, next_++); }
  double unit() { return static_cast<double>(bits()) * 0x1p-32; }
  std::int64_t below(std::int64_t count) { return static_cast<std::int64_t>(bits()) % count; }

 private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

ir::Tensor fillTensor(const Operand& operand, const std::string& name) {
  ir::Tensor tensor(operand.type);
  const std::int64_t count = operand.type.elementCount();
  const Fill& fill = operand.fill;
  const bool isReal = ir::isFloat(operand.type.dtype);
  Draws draws(name);
  std::vector<std::int64_t> ladder(static_cast<std::size_t>(count));
  std::iota(ladder.begin(), ladder.end(), -count / 2);
  for (std::int64_t i = count - 1; i > 0; --i) std::swap(ladder[i], ladder[draws.below(i + 1)]);
  for (std::int64_t i = 0; i < count; ++i) {
    switch (fill.kind) {
      case Fill::Kind::Uniform:
        if (isReal)
          tensor.setReal(i, fill.low + (fill.high - fill.low) * draws.unit());
        else if (operand.type.dtype == DType::Bool)
          tensor.setInteger(i, draws.below(2));
        else
          tensor.setInteger(i, static_cast<std::int64_t>(fill.low) +
                                   draws.below(static_cast<std::int64_t>(fill.high - fill.low) + 1));
        break;
      case Fill::Kind::Distinct:
        tensor.setReal(i, static_cast<double>(ladder[i]) / (isReal ? 16 : 1) + fill.low);
        break;
      case Fill::Kind::Fraction:
        tensor.setReal(i, fill.low +
                              static_cast<double>(draws.below(static_cast<std::int64_t>(fill.high - fill.low) + 1)) +
                              0.3 + 0.4 * draws.unit());
        break;
      case Fill::Kind::Listed:
        tensor.setReal(i, fill.values[static_cast<std::size_t>(i) % fill.values.size()]);
        break;
    }
  }
  return tensor;
}

std::string jsonShape(const Type& type) {
  return fmt::format("{{\"dtype\": \"{}\", \"shape\": [{}]", dtypeName(type.dtype), fmt::join(type.shape, ", "));
}

std::string jsonField(int value) { return fmt::format("{}", value); }
std::string jsonField(std::int64_t value) { return fmt::format("{}", value); }
std::string jsonField(std::uint64_t value) { return fmt::format("{}", value); }
std::string jsonField(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";  // as Python reads them
  if (value == 0.0 && std::signbit(value)) return "-0.0";              // -0 would be a whole number
  return std::isnan(value) ? "NaN" : fmt::format("{}", value);
}
std::string jsonField(bool value) { return value ? "true" : "false"; }
std::string jsonField(const std::string& value) { return fmt::format("\"{}\"", value); }
std::string jsonField(const Shape& value) { return fmt::format("[{}]", fmt::join(value, ", ")); }
std::string jsonField(const std::vector<int>& value) { return fmt::format("[{}]", fmt::join(value, ", ")); }
std::string jsonField(ir::Predicate value) {
  return fmt::format("\"{}\"", ir::text::kPredicates[static_cast<int>(value)]);
}
std::string jsonField(ir::ScatterMode value) {
  return fmt::format("\"{}\"", ir::text::kScatterModes[static_cast<int>(value)]);
}
std::string jsonField(ir::CallKind value) {
  return fmt::format("\"{}\"", ir::text::kCallKinds[static_cast<int>(value)]);
}
std::string jsonField(ir::FunctionId value) { return fmt::format("{}", value.index); }
std::string jsonField(const std::optional<ir::FunctionId>& value) { return value ? jsonField(*value) : "null"; }
std::string jsonField(const std::vector<ir::WindowDim>& dims) {
  std::vector<std::string> parts;
  for (const ir::WindowDim& d : dims)
    parts.push_back(fmt::format("[{}, {}, {}, {}]", d.axis, d.size, d.stride, d.dilation));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string hexOf(const ir::Tensor& tensor) {
  std::string hex;
  for (const std::byte byte : tensor.bytes) hex += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return hex;
}

}  // namespace

std::vector<ir::Tensor> makeInputs(const Row& row, const Sample& sample) {
  std::vector<ir::Tensor> inputs;
  for (std::size_t i = 0; i < sample.operands.size(); ++i)
    inputs.push_back(fillTensor(sample.operands[i], fmt::format("{}#{}", idOf(row, sample), i)));
  return inputs;
}

std::string toJson(const Row& row, const Sample& sample) {
  const ir::Module module = makeModule(row, sample);
  const ir::Function& f = module.function(entryOf(module));
  std::vector<std::string> operands, results, attributes;
  const std::vector<ir::Tensor> inputs = makeInputs(row, sample);
  for (const ir::Tensor& input : inputs)
    operands.push_back(fmt::format("{}, \"hex\": \"{}\"}}", jsonShape(input.type), hexOf(input)));
  for (const ir::Value result : f.results) results.push_back(jsonShape(f.type(result)) + "}");
  Attributes copy = sample.attributes;
  std::visit(
      [&](auto& a) {
        ir::text::eachField(a, [&](const char* name, const auto& field, ir::text::Presence) {
          attributes.push_back(fmt::format("\"{}\": {}", name, jsonField(field)));
        });
      },
      copy);
  if (const auto* constant = std::get_if<ir::ConstAttributes>(&sample.attributes)) {
    std::vector<std::string> reals;
    for (const double real : constant->reals) reals.push_back(jsonField(real));
    attributes.push_back(fmt::format("\"splat\": {}, \"reals\": [{}], \"integers\": [{}]", constant->isSplat,
                                     fmt::join(reals, ", "), fmt::join(constant->integers, ", ")));
  }
  return fmt::format(
      "{{\"id\": \"{}\", \"op\": \"{}\", \"region\": \"{}\", \"function\": {}, \"operands\": [{}], \"attributes\": "
      "{{{}}}, \"results\": [{}]}}",
      idOf(row, sample), opInfo(row.op).name, sample.region, row.agreement == Agreement::Function,
      fmt::join(operands, ", "), fmt::join(attributes, ", "), fmt::join(results, ", "));
}

}  // namespace nnc::ops
