// The verifier against modules that were broken on purpose.
#include "ir/verify.h"

#include <gtest/gtest.h>

#include <functional>

#include "text_module.h"

namespace nnc::ir {
namespace {

using testing::moduleOf;

constexpr const char* kText = R"(
func @f(%a: f32[2], %b: f32[2]) -> (f32[2] alias %a, f32[2]) {
  %c = add(%a, %b) : f32[2]
  %d = const 0.5 : f32[2]
  %e = mul(%c, %d) : f32[2]
  return %c, %e
}
)";

struct Breakage {
  const char* name;
  std::function<void(Function&)> apply;
  const char* problem;
};

TEST(Verify, SeesEachBrokenRule) {
  const std::vector<Breakage> breakages = {
      {"use before definition", [](Function& f) { std::swap(f.body[0], f.body[2]); },
       "@f: mul uses %4 before its definition"},
      {"unknown operand", [](Function& f) { f.nodes[0].operands[0].index = 50; },
       "@f: add uses %undefined50 before its definition"},
      {"invalid operand", [](Function& f) { f.nodes[0].operands[0].index = -1; },
       "@f: add uses %undefined-1 before its definition"},
      {"operand count", [](Function& f) { f.nodes[0].operands.pop_back(); }, "@f: add: 1 operands"},
      {"stated type", [](Function& f) { f.values[2].type.shape = {3}; },
       "@f: add: %2 is f32[3], and its rule gives f32[2]"},
      {"twice in the body", [](Function& f) { f.body.push_back(f.body[0]); }, "@f: %2 is defined twice"},
      {"unknown node", [](Function& f) { f.body.emplace_back(9); }, "@f: the body names no node"},
      {"foreign attributes", [](Function& f) { f.nodes[0].attributes = ConcatAttributes{}; },
       "@f: add: foreign attributes"},
      {"wrong definition", [](Function& f) { f.values[2].definition = NodeId(1); }, "@f: %2 names another definition"},
      {"result of no node", [](Function& f) { f.results[1].index = 77; }, "@f: result %undefined77 is not defined"},
      {"parameter twice", [](Function& f) { f.parameters[1] = f.parameters[0]; }, "@f: parameter 1 appears twice"},
      {"names of parameters", [](Function& f) { f.parameterNames.pop_back(); },
       "@f: parameters and their names differ in number"},
      {"names of results", [](Function& f) { f.resultNames.emplace_back(); },
       "@f: results and their names differ in number"},
      {"alias of nothing", [](Function& f) { f.aliases[0].parameter = 2; }, "@f: an alias of no result or parameter"},
      {"alias twice", [](Function& f) { f.aliases.push_back({0, 1}); }, "@f: result 0 aliases two parameters"},
      {"constant beyond its dtype",
       [](Function& f) { std::get<ConstAttributes>(f.nodes[1].attributes).reals[0] = 0.1; },
       "@f: const: 0.1 is no f32"},
      {"unknown path", [](Function& f) { f.nodes[0].scope = ScopeId(4); }, "@f: add has an unknown path"},
      {"stale plan", [](Function& f) { f.plan.emplace(); }, "@f: the memory plan is of another state of the function"},
  };
  EXPECT_TRUE(verify(moduleOf(kText)).empty());
  for (const Breakage& breakage : breakages) {
    Module module = moduleOf(kText);
    breakage.apply(module.functions[0]);
    const std::vector<std::string> problems = verify(module);
    ASSERT_FALSE(problems.empty()) << breakage.name;
    EXPECT_NE(std::find(problems.begin(), problems.end(), breakage.problem), problems.end())
        << breakage.name << ": " << problems[0];
  }
}

TEST(Verify, SeesCyclesThroughScansAndVjps) {
  Module module = moduleOf(R"(
func @a(%x: f32) -> (f32) {
  %y = call(%x) {kind = composite, name = "", body = @b} : f32
  return %y
}
func @b(%x: f32) -> (f32) {
  %y = scan(%x) {body = @c, carries = 1, xs = 0, length = 3} : f32
  return %y
}
func @c(%x: f32) -> (f32) {
  return %x
}
func @v(%x: f32, %g: f32) -> (f32) {
  return %g
}
)");
  EXPECT_TRUE(verify(module).empty());
  Module throughScan = module;
  std::get<ScanAttributes>(throughScan.functions[1].nodes[0].attributes).body = FunctionId(0);
  EXPECT_EQ(verify(throughScan), std::vector<std::string>{"@a: runs itself"});
  // The vjp of a call in @a runs @a.
  std::get<CallAttributes>(module.functions[0].nodes[0].attributes).vjp = FunctionId(3);
  EXPECT_TRUE(verify(module).empty());
  Node call = module.functions[0].nodes[0];
  call.operands = {module.functions[3].parameters[0]};
  call.results = {Value(2)};
  module.functions[3].values.push_back({Type{DType::F32, {}}, NodeId(0), 0});
  std::get<CallAttributes>(call.attributes) = {"", FunctionId(0), CallKind::Composite, {}, std::nullopt};
  module.functions[3].nodes.push_back(call);
  module.functions[3].body.emplace_back(0);
  EXPECT_EQ(verify(module), std::vector<std::string>{"@a: runs itself"});
}

}  // namespace
}  // namespace nnc::ir
