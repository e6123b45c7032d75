#include "passes/print_plan.h"

#include <gtest/gtest.h>

#include "ir/builder.h"
#include "passes/plan_memory.h"

namespace nnc::passes {

TEST(PrintPlan, OneLinePerValueWithMemory) {
  ir::Module module;
  const ir::FunctionId id = module.addFunction("main");
  ir::Builder b(module, id);
  const ir::Value x = b.addParameter({ir::DType::F32, {16, 16}}, "net.w");
  b.setLocation({}, module.scope("net.h"));
  const ir::Value y = b.contract(x, x, "ab", "bc", "ac");
  const ir::Value z = b.contract(b.reshape(y, {16, 16, 1}), x, "abz", "bc", "ac" + std::string("z"));
  b.addResult(b.exp(z), "out");
  Diagnostics diagnostics;
  ASSERT_TRUE(planMemory(module, diagnostics));
  EXPECT_EQ(printPlans(module),
            "plan of @main: arena 1024 bytes, at most 1024 live, 4 nodes\n"
            "  value  storage                bytes   from     to  type                  origin\n"
            "     %0  argument 0              1024      -      2  f32[16, 16]           net.w\n"
            "     %1  arena +0                1024      0      2  f32[16, 16]           contract  net.h\n"
            "     %3  result 0                1024      2      3  f32[16, 16, 1]        contract  net.h\n"
            "     %4  result 0                1024      3    end  f32[16, 16, 1]        exp  net.h\n");
}

}  // namespace nnc::passes
