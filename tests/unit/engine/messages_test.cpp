// What the engine says when it cannot go on.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "engine/engine.h"
#include "ir/builder.h"

namespace nnc::tests {

using engine::Executable;

/// Sums of exp(x y) over rows and over columns: rows * columns numbers have to be in memory between the two.
static ir::Module rowsAndColumns(std::int64_t rows, std::int64_t columns) {
  ir::Module module;
  const ir::FunctionId id = module.addFunction("main");
  ir::Builder b(module, id);
  const ir::Value x = b.addParameter({ir::DType::F32, {rows}}, "x");
  const ir::Value y = b.addParameter({ir::DType::F32, {columns}}, "y");
  b.setLocation({}, module.scope("net.wide"));
  const ir::Value products = b.exp(b.contract(x, y, "r", "c", "rc"));
  b.setLocation({}, module.scope("net.sums"));
  b.addResult(b.reduceSum(products, {0}), "columns");
  b.addResult(b.reduceSum(products, {1}), "rows");
  return module;
}
constexpr std::int64_t kRows = 10240, kColumns = 20480;  // 800 MiB between them

static std::string messageOf(const Diagnostics& diagnostics) {
  return diagnostics.all().empty() ? "" : std::string(diagnostics.all()[0].code) + ": " + diagnostics.all()[0].message;
}

/// Compiles `module` and says on stderr what came of it: for tests that change limits of the process.
[[noreturn]] static void compileAndExit(ir::Module module) {
  Diagnostics diagnostics;
  const ir::FunctionId id(0);
  const bool isCompiled = engine::lower(module, id, {}, diagnostics) &&
                          Executable::compile(std::move(module), id, {}, diagnostics).has_value();
  std::fprintf(stderr, "%s\n", messageOf(diagnostics).c_str());
  std::exit(isCompiled ? 0 : 4);
}

class MessagesDeathTest : public testing::Test {
 protected:
  // The plug-in is loaded once per process: each of these tests needs one of its own.
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(MessagesDeathTest, E1102NoCodeGenerator) {
  EXPECT_EXIT(
      {
        setenv("NNC_CODEGEN", "/nowhere/libnnc_codegen.so", 1);
        compileAndExit(rowsAndColumns(4, 4));
      },
      testing::ExitedWithCode(4), "E1102: the code generator could not be loaded: /nowhere/libnnc_codegen.so: ");
}

TEST_F(MessagesDeathTest, E1102NotACodeGenerator) {
  EXPECT_EXIT(
      {
        setenv("NNC_CODEGEN", "libm.so.6", 1);
        compileAndExit(rowsAndColumns(4, 4));
      },
      testing::ExitedWithCode(4), "E1102: the code generator could not be loaded: .*nnc_create_backend");
}

// The shadow memory of a sanitizer is beyond any limit of the address space.
#if !defined(__SANITIZE_ADDRESS__)
TEST_F(MessagesDeathTest, E1104TheSystemRefuses) {
  EXPECT_EXIT(
      {
        rlimit limit{};
        getrlimit(RLIMIT_DATA, &limit);
        limit.rlim_cur = rlim_t{600} << 20;
        setrlimit(RLIMIT_DATA, &limit);
        compileAndExit(rowsAndColumns(kRows, kColumns));
      },
      testing::ExitedWithCode(4), "E1104: the system did not give 800.0 MiB of memory: ");
}

TEST_F(MessagesDeathTest, E1101AddressSpaceCounts) {
  EXPECT_EXIT(
      {
        rlimit limit{};
        getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = rlim_t{512} << 20;
        setrlimit(RLIMIT_AS, &limit);
        compileAndExit(rowsAndColumns(kRows, kColumns));
      },
      testing::ExitedWithCode(4), "E1101: the program needs 800.2 MiB of memory and [0-9.]+ MiB is available");
}

#endif

TEST(Messages, E1103CodeIsRefused) {
  ir::Module module = rowsAndColumns(4, 4);
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(module, ir::FunctionId(0), {}, diagnostics));
  engine::Options options;
  options.codegen.cpu = "abacus";
  EXPECT_FALSE(Executable::compile(module, ir::FunctionId(0), options, diagnostics).has_value());
  EXPECT_EQ(messageOf(diagnostics), "E1103: no code could be generated for @main: unknown CPU `abacus`");
}

TEST(Messages, E1101PointsAtTheLargestTensor) {
  ir::Module module = rowsAndColumns(1 << 20, 1 << 20);
  SourceManager sources;
  const FileId file = sources.add("wide.nn", "exp(x)");
  for (ir::Node& node : module.functions[0].nodes) node.span = {file, 0, 3};
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(module, ir::FunctionId(0), {}, diagnostics));
  EXPECT_FALSE(Executable::compile(module, ir::FunctionId(0), {}, diagnostics).has_value());
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_TRUE(diagnostics.all()[0].message.starts_with("the program needs 4.0 TiB of memory and "));
  EXPECT_EQ(diagnostics.all()[0].primary, (Span{file, 0, 3}));
  EXPECT_NE(diagnostics.all()[0].notes[0].find("net.wide"), std::string::npos) << diagnostics.all()[0].notes[0];
}

}  // namespace nnc::tests
