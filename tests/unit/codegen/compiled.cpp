#include "compiled.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "ir/evaluate.h"
#include "ir/numbers.h"
#include "support/philox.h"

extern "C" nnc::codegen::Backend* nnc_create_backend();

namespace nnc::codegen::test {

namespace {

/// Memory of exactly a size between two pages that nobody may touch, filled with a pattern that shows reads of what was
/// never written. It ends where the page behind begins, so it is aligned to its elements only, as in a scan body.
class Buffer {
 public:
  explicit Buffer(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    mapped_ = (bytes_ + kPage - 1) / kPage * kPage + 2 * kPage;
    void* memory = ::mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    base_ = static_cast<std::byte*>(memory);
    EXPECT_EQ(::mprotect(base_ + kPage, mapped_ - 2 * kPage, PROT_READ | PROT_WRITE), 0);
    std::memset(data(), 0xAB, bytes_);
  }
  Buffer(Buffer&& other) noexcept
      : bytes_(other.bytes_), mapped_(other.mapped_), base_(std::exchange(other.base_, nullptr)) {}
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() {
    if (base_ != nullptr) ::munmap(base_, mapped_);
  }
  void* data() { return base_ + mapped_ - kPage - bytes_; }

 private:
  static constexpr std::size_t kPage = 4096;
  std::size_t bytes_, mapped_ = 0;
  std::byte* base_ = nullptr;
};

std::int64_t align64(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

Backend& backend() {
  static const std::unique_ptr<Backend> instance(nnc_create_backend());
  return *instance;
}

void planTrivially(ir::Module& module, ir::FunctionId id) {
  ir::MemoryPlan plan;
  plan.storage.resize(module.function(id).values.size());
  const ir::Function& function = module.function(id);
  const auto place = [&](ir::Value value) {
    ir::Storage& storage = plan.storage[static_cast<std::size_t>(value.index)];
    storage = {ir::StorageKind::Arena, 0, plan.arenaBytes};
    plan.arenaBytes += align64(function.type(value).byteCount());
  };
  for (std::size_t i = 0; i < function.parameters.size(); ++i)
    plan.storage[static_cast<std::size_t>(function.parameters[i].index)] = {ir::StorageKind::Argument,
                                                                            static_cast<int>(i), 0};
  for (const ir::NodeId nodeId : function.body) {
    const ir::Node& node = function.node(nodeId);
    for (const ir::Value result : node.results) place(result);
    if (node.op == ir::Op::Const && !std::get<ir::ConstAttributes>(node.attributes).isSplat)
      plan.storage[static_cast<std::size_t>(node.results[0].index)] = {ir::StorageKind::Constant, node.results[0].index,
                                                                       0};
    if (node.op != ir::Op::Scan) continue;
    const auto& scan = std::get<ir::ScanAttributes>(node.attributes);
    planTrivially(module, scan.body);
    ir::ScanScratch scratch;
    scratch.node = nodeId.index;
    for (int c = 0; c < scan.carries; ++c) {
      scratch.carryOffsets.push_back(plan.arenaBytes);
      plan.arenaBytes += align64(function.type(node.results[static_cast<std::size_t>(c)]).byteCount());
    }
    scratch.offset = plan.arenaBytes;
    plan.arenaBytes += module.function(scan.body).plan->arenaBytes;
    plan.scans.push_back(scratch);
  }
  module.function(id).plan = std::move(plan);
}

std::vector<ir::Tensor> runCompiled(const ir::Module& module, ir::FunctionId id,
                                    const std::vector<ir::Tensor>& arguments, const Options& options) {
  std::string error;
  const std::unique_ptr<Code> code = backend().compile(module, {id}, options, nullptr, error);
  EXPECT_NE(code, nullptr) << error;
  if (code == nullptr) return {};
  const ir::Function& function = module.function(id);
  const Entry entry = code->entry(function.name);
  EXPECT_NE(entry, nullptr);
  std::vector<Buffer> inputs, outputs;
  std::vector<void*> inputPointers, outputPointers;
  for (const ir::Tensor& argument : arguments) {
    inputs.emplace_back(argument.type.byteCount());
    inputPointers.push_back(inputs.back().data());
    if (!argument.bytes.empty()) std::memcpy(inputPointers.back(), argument.bytes.data(), argument.bytes.size());
  }
  for (const ir::Value result : function.results) {
    outputs.emplace_back(function.type(result).byteCount());
    outputPointers.push_back(outputs.back().data());
  }
  const ir::NumberTable numbers(module, {id});
  const auto numberBytes = static_cast<std::int64_t>(numbers.bytes().size());
  Buffer arena(function.plan->arenaBytes + align64(numberBytes));
  if (numberBytes > 0)
    std::memcpy(static_cast<std::byte*>(arena.data()) + function.plan->arenaBytes, numbers.bytes().data(),
                numbers.bytes().size());
  entry(inputPointers.data(), outputPointers.data(), arena.data());
  std::vector<ir::Tensor> results;
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    const void* from = outputPointers[i];
    for (const ir::Alias& alias : function.aliases)
      if (alias.result == static_cast<int>(i)) from = inputPointers[static_cast<std::size_t>(alias.parameter)];
    ir::Tensor tensor(function.type(function.results[i]));
    if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), from, tensor.bytes.size());
    results.push_back(std::move(tensor));
  }
  return results;
}

Program program(const std::function<void(ir::Builder&)>& build) {
  Program result;
  result.function = result.module.addFunction("main");
  ir::Builder builder(result.module, result.function);
  build(builder);
  return result;
}

static double special(std::uint32_t bits) {
  switch (bits % 6) {
    case 0:
      return 0.0;
    case 1:
      return -0.0;
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return -std::numeric_limits<double>::infinity();
    case 4:
      return std::numeric_limits<double>::quiet_NaN();
    default:
      return 1.0;
  }
}

std::vector<ir::Tensor> inputs(const Program& program, std::uint64_t seed, int specialOf8) {
  const ir::Function& function = program.module.function(program.function);
  std::vector<ir::Tensor> result;
  for (std::size_t p = 0; p < function.parameters.size(); ++p) {
    ir::Tensor tensor(function.type(function.parameters[p]));
    const std::int64_t count = tensor.type.elementCount();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint32_t bits = randomBits(seed, static_cast<std::int64_t>(p), static_cast<std::uint64_t>(i));
      const std::uint32_t more = randomBits(seed, static_cast<std::int64_t>(p) + 1000, static_cast<std::uint64_t>(i));
      if (!ir::isFloat(tensor.type.dtype)) {
        // Half of them small, so that equal ones, zeros and indices occur.
        tensor.setInteger(i, more % 2 == 0 ? static_cast<std::int64_t>(bits % 7) - 3
                                           : static_cast<std::int64_t>(static_cast<std::uint64_t>(bits) << 32 | more));
        if (tensor.type.dtype == ir::DType::Bool) tensor.setInteger(i, bits & 1);
      } else if (static_cast<int>(more % 8) < specialOf8) {
        tensor.setReal(i, special(bits));
      } else {
        tensor.setReal(i, static_cast<double>(uniformFromBits(bits)) * 8.0 - 4.0);
      }
    }
    result.push_back(std::move(tensor));
  }
  return result;
}

void expectSame(const ir::Tensor& actual, const ir::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.type, expected.type) << what;
  const auto width = static_cast<std::size_t>(ir::dtypeBytes(actual.type.dtype));
  const bool isReal = ir::isFloat(actual.type.dtype);
  for (std::int64_t i = 0; i < actual.type.elementCount(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * width;
    if (std::memcmp(actual.bytes.data() + at, expected.bytes.data() + at, width) == 0) continue;
    if (isReal && std::isnan(actual.real(i)) && std::isnan(expected.real(i))) continue;
    FAIL() << what << ": element " << i << " of " << ir::toString(actual.type) << " is " << actual.real(i)
           << " and not " << expected.real(i);
  }
}

void expectExact(Program program, std::uint64_t seed, int specialOf8, const Options& options) {
  const std::vector<ir::Tensor> arguments = inputs(program, seed, specialOf8);
  const std::vector<ir::Tensor> expected = ir::evaluate(program.module, program.function, arguments);
  planTrivially(program.module, program.function);
  const std::vector<ir::Tensor> actual = runCompiled(program.module, program.function, arguments, options);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) expectSame(actual[i], expected[i], "result " + std::to_string(i));
}

void expectClose(Program program, double relative, double absolute, std::uint64_t seed, const Options& options) {
  const std::vector<ir::Tensor> arguments = inputs(program, seed);
  const std::vector<ir::Tensor> expected = ir::evaluate(program.module, program.function, arguments);
  planTrivially(program.module, program.function);
  const std::vector<ir::Tensor> actual = runCompiled(program.module, program.function, arguments, options);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t r = 0; r < expected.size(); ++r) {
    ASSERT_EQ(actual[r].type, expected[r].type);
    for (std::int64_t i = 0; i < expected[r].type.elementCount(); ++i) {
      const double a = actual[r].real(i), b = expected[r].real(i);
      if (std::isnan(a) && std::isnan(b)) continue;
      ASSERT_LE(std::abs(a - b), absolute + relative * std::abs(b))
          << "result " << r << ", element " << i << ": " << a << ", " << b;
    }
  }
}

}  // namespace nnc::codegen::test
