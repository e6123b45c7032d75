#include "engine/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/engine.h"
#include "mlp_step.h"

namespace nnc::engine {

TEST(Memory, BytesAsPeopleReadThem) {
  EXPECT_EQ(formatBytes(0), "0 bytes");
  EXPECT_EQ(formatBytes(1023), "1023 bytes");
  EXPECT_EQ(formatBytes(1024), "1.0 KiB");
  EXPECT_EQ(formatBytes(1536), "1.5 KiB");
  EXPECT_EQ(formatBytes((std::int64_t{1} << 20) - 1), "1.0 MiB");
  EXPECT_EQ(formatBytes(std::int64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(formatBytes(std::numeric_limits<std::int64_t>::max()), "8.0 EiB");
}

TEST(Memory, ReadsWhatTheKernelSays) {
  EXPECT_EQ(memAvailableBytes("MemTotal:  100 kB\nMemAvailable:    1234 kB\n"), 1234 * 1024);
  EXPECT_EQ(memAvailableBytes("MemTotal:  100 kB\n"), std::nullopt);
  EXPECT_GT(availableMemoryBytes(), 0);
}

/// A folder with the files of control groups.
class Cgroups : public testing::Test {
 protected:
  void SetUp() override {
    // Tests run side by side, each in a process of its own.
    root_ = std::filesystem::path(testing::TempDir()) / ("nnc_cgroups_" + std::to_string(::getpid()));
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::filesystem::path root_;
};

TEST_F(Cgroups, Version2TakesTheTightestLimitOnTheWayUp) {
  write("memory.max", "max\n");
  write("user/memory.max", "1000\n");
  write("user/memory.current", "700\n");
  write("user/memory.stat", "anon 1\ninactive_file 100\nfile 1\n");
  write("user/job/memory.max", "5000\n");
  write("user/job/memory.current", "10\n");
  EXPECT_EQ(cgroupAvailableBytes(root_.string(), "0::/user/job\n"), 400);
  EXPECT_EQ(cgroupAvailableBytes(root_.string(), "0::/\n"), std::nullopt);
}

TEST_F(Cgroups, InsideAContainerThePathMayBeMissing) {
  write("memory.max", "2000\n");
  write("memory.current", "500\n");
  EXPECT_EQ(cgroupAvailableBytes(root_.string(), "0::/system.slice/docker-1.scope\n"), 1500);
}

TEST_F(Cgroups, Version1) {
  write("memory/box/memory.limit_in_bytes", "3000\n");
  write("memory/box/memory.usage_in_bytes", "1000\n");
  write("memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(cgroupAvailableBytes(root_.string(), "5:cpu,cpuacct:/box\n4:memory:/box\n"), 2000);
}

TEST_F(Cgroups, MoreUsedThanAllowedLeavesNothing) {
  write("memory.max", "100\n");
  write("memory.current", "500\n");
  EXPECT_EQ(cgroupAvailableBytes(root_.string(), "0::/\n"), 0);
}

TEST(Memory, PagesAreZeroAndAligned) {
  std::string error;
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{100}, std::int64_t{5} << 20}) {
    const std::optional<Pages> pages = Pages::map(bytes, error);
    ASSERT_TRUE(pages.has_value()) << error;
    EXPECT_EQ(pages->size(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages->data()) % 64, 0u);
    const auto* data = static_cast<const unsigned char*>(pages->data());
    EXPECT_TRUE(std::all_of(data, data + bytes, [](unsigned char byte) { return byte == 0; }));
  }
}

TEST(Memory, PrefaultedPagesDoNotFaultAgain) {
  std::string error;
  const std::int64_t bytes = std::int64_t{4} << 20;
  const std::optional<Pages> pages = Pages::map(bytes, error);
  ASSERT_TRUE(pages.has_value()) << error;
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  std::memset(pages->data(), 1, static_cast<std::size_t>(bytes));
  getrusage(RUSAGE_SELF, &after);
  // 1024 pages were written; a handful of faults may come from elsewhere in the process.
  EXPECT_LT(after.ru_minflt - before.ru_minflt, 16);
}

TEST(Memory, ImpossibleSizesAreRefused) {
  std::string error;
  EXPECT_FALSE(Pages::map(std::int64_t{1} << 60, error).has_value());
  EXPECT_FALSE(error.empty());
}

static tests::MlpStep lowered(std::int64_t width, std::int64_t batch) {
  tests::MlpStep mlp = tests::mlpStep({784, width, 10}, batch);
  Diagnostics diagnostics;
  EXPECT_TRUE(lower(mlp.module, mlp.step, {}, diagnostics));
  return mlp;
}

TEST(Memory, TooLargeIsRefusedWithTheLargestTensors) {
  const tests::MlpStep mlp = lowered(std::int64_t{1} << 30, 128);
  Diagnostics diagnostics;
  EXPECT_FALSE(checkMemory(mlp.module, mlp.step, 0, diagnostics));
  ASSERT_EQ(diagnostics.errorCount(), 1);
  const Diagnostic& message = diagnostics.all()[0];
  EXPECT_EQ(message.code, "E1101");
  EXPECT_TRUE(message.message.starts_with("the program needs ")) << message.message;
  ASSERT_EQ(message.notes.size(), 3u);
  EXPECT_EQ(message.notes[0], "3.1 TiB for f32[784, 1073741824] (`net.h1.w`)");
  EXPECT_EQ(message.notes[1], "3.1 TiB for f32[784, 1073741824] (`net.h1.w/m`)");
  EXPECT_EQ(message.help[0], "use a smaller batch or a smaller network");
}

TEST(Memory, TheLimitOfTheCommandLineHolds) {
  const tests::MlpStep mlp = lowered(256, 128);
  const std::int64_t needed = neededMemoryBytes(mlp.module, mlp.step);
  Diagnostics diagnostics;
  EXPECT_TRUE(checkMemory(mlp.module, mlp.step, needed, diagnostics));
  EXPECT_FALSE(checkMemory(mlp.module, mlp.step, needed - 1, diagnostics));
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_EQ(diagnostics.all()[0].help[0], "the limit was set by --max-memory");
}

TEST(Memory, NeededBytesCountEveryBuffer) {
  const tests::MlpStep mlp = lowered(256, 128);
  const ir::Function& step = mlp.module.function(mlp.step);
  const std::int64_t parameters = 3 * 4 * (784 * 256 + 256 + 256 * 10 + 10);
  const std::int64_t batch = 128 * 784 * 4 + 128 * 4 + 8, loss = 4;
  EXPECT_EQ(neededMemoryBytes(mlp.module, mlp.step), step.plan->arenaBytes + parameters + batch + loss);
}

}  // namespace nnc::engine
