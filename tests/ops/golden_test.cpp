// The reference evaluator against NumPy: golden.txt holds what make_golden.py computed for every sample.
//
// Each line of golden.txt: id, tab, CRC-32 of the sample as JSON, tab, and for each result either `crc HEX`, the CRC-32
// of its bytes (NaN as the canonical one), or `values HEX...`, the correctly rounded values of a function that is not
// rounded correctly everywhere.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "db/sample.h"
#include "ir/evaluate.h"

namespace nnc::ops {
namespace {

struct Golden {
  std::string fingerprint;
  std::vector<std::string> results;
};

std::map<std::string, Golden> readGolden() {
  std::map<std::string, Golden> all;
  std::ifstream in(NNC_GOLDEN);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string id, result;
    Golden golden;
    std::getline(fields, id, '\t');
    std::getline(fields, golden.fingerprint, '\t');
    while (std::getline(fields, result, '\t')) golden.results.push_back(result);
    all.emplace(id, golden);
  }
  return all;
}

std::string crcOf(const void* bytes, std::size_t count) {
  return fmt::format("{:08x}", crc32(0, static_cast<const Bytef*>(bytes), static_cast<uInt>(count)));
}

/// NaNs are one: sign and payload are not part of what an op promises.
ir::Tensor withCanonicalNaN(ir::Tensor tensor) {
  if (!ir::isFloat(tensor.type.dtype)) return tensor;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
    if (std::isnan(tensor.real(i))) tensor.setReal(i, std::numeric_limits<double>::quiet_NaN());
  return tensor;
}

/// How many representable numbers lie between two floats of a dtype.
double ulpsApart(double a, double b, ir::DType dtype) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
  const auto ladder = [](double x, ir::DType of) {
    if (of == ir::DType::F64) {
      const auto bits = std::bit_cast<std::int64_t>(x);
      return static_cast<double>(bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits);
    }
    const auto bits = std::bit_cast<std::int32_t>(static_cast<float>(x));
    const double position =
        static_cast<double>(bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : bits);
    return of == ir::DType::BF16 ? position / 65536 : position;
  };
  return std::fabs(ladder(a, dtype) - ladder(b, dtype));
}

std::vector<double> parseValues(const std::string& hex, ir::DType dtype) {
  std::istringstream words(hex);
  std::string word;
  std::vector<double> values;
  words >> word;  // `values`
  while (words >> word) {
    const std::uint64_t bits = std::strtoull(word.c_str(), nullptr, 16);
    if (dtype == ir::DType::F64)
      values.push_back(std::bit_cast<double>(bits));
    else if (dtype == ir::DType::F32)
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    else
      values.push_back(ir::bf16ToFloat(static_cast<std::uint16_t>(bits)));
  }
  return values;
}

void expectAgrees(const ir::Tensor& result, const std::string& golden, const std::string& id) {
  if (golden.starts_with("crc ")) {
    const ir::Tensor canonical = withCanonicalNaN(result);
    EXPECT_EQ("crc " + crcOf(canonical.bytes.data(), canonical.bytes.size()), golden) << id;
    return;
  }
  // The evaluator calls the C library, whose exp, log, sin and tanh are documented to err by at most 1 ulp in float and
  // double on this architecture, tanh by 2; the golden value is the correctly rounded one. A bf16 is rounded once more.
  constexpr double kMostUlps = 2;
  const std::vector<double> values = parseValues(golden, result.type.dtype);
  ASSERT_EQ(static_cast<std::int64_t>(values.size()), result.type.elementCount()) << id;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_LE(ulpsApart(result.real(static_cast<std::int64_t>(i)), values[i], result.type.dtype), kMostUlps)
        << id << " element " << i << ": " << result.real(static_cast<std::int64_t>(i)) << " and NumPy " << values[i];
}

TEST(Golden, EvaluatorAgreesWithNumPy) {
  const std::map<std::string, Golden> golden = readGolden();
  for (const Row& row : allRows()) {
    for (const Sample& sample : row.samples) {
      const std::string id = idOf(row, sample), json = toJson(row, sample);
      const auto at = golden.find(id);
      ASSERT_NE(at, golden.end()) << id << ": no golden values; run tests/ops/make_golden.py";
      ASSERT_EQ(at->second.fingerprint, crcOf(json.data(), json.size()))
          << id << ": the sample changed; run tests/ops/make_golden.py";
      const ir::Module module = makeModule(row, sample);
      const std::vector<ir::Tensor> results = ir::evaluate(module, entryOf(module), makeInputs(row, sample));
      ASSERT_EQ(results.size(), at->second.results.size()) << id;
      for (std::size_t i = 0; i < results.size(); ++i) expectAgrees(results[i], at->second.results[i], id);
    }
  }
}

TEST(Golden, HoldsNothingElse) {
  std::set<std::string> ids;
  std::size_t count = 0;
  for (const Row& row : allRows()) {
    for (const Sample& sample : row.samples) {
      EXPECT_TRUE(ids.insert(idOf(row, sample)).second) << "two samples " << idOf(row, sample);
      ++count;
    }
  }
  EXPECT_EQ(readGolden().size(), count);
}

TEST(Samples, AreEnough) {
  for (const Row& row : allRows()) EXPECT_GE(row.samples.size(), 20u) << opInfo(row.op).name;
}

}  // namespace
}  // namespace nnc::ops
