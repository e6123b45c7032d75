// Exports: specialised entries, their slots and initial values, and what they refuse.
#include "fixture.h"

namespace nnc::elaborate {

using ExportTest = ProjectTest;

static const char* const kNetwork =
    "network net(hidden: dim = 3, size: dim = 4)(x: f32[B, size], shift: f32[B]) -> f32[B, 2] {\n"
    "  let z[b, i] = x[b, i] + shift[b]\n"
    "  return z |> dense(hidden) |> batch_norm() |> relu |> dense(2)\n}\n";

TEST_F(ExportTest, OneEntryPerBatchWithOneSetOfSlots) {
  Project* const project = loadText(std::string(kNetwork) + "export net(5) as tiny(B: [32, 1])\n");
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_EQ(project->exports(), std::vector<std::string>{"tiny"});
  const std::optional<ExportProgram> program = project->exported("tiny");
  ASSERT_TRUE(program.has_value()) << messages();
  EXPECT_EQ(program->batches, (std::vector<std::int64_t>{1, 32}));
  ASSERT_EQ(program->entries[0].inputs.size(), 2u);
  EXPECT_EQ(program->entries[0].inputs[0].name, "x");
  EXPECT_EQ(program->entries[0].inputs[0].type.shape, (ir::Shape{4}));
  EXPECT_EQ(program->entries[0].inputs[1].type.shape, ir::Shape{});
  ASSERT_EQ(program->entries[0].results.size(), 1u);
  EXPECT_EQ(program->entries[0].results[0].type.shape, (ir::Shape{2}));
  ASSERT_EQ(program->entries.size(), 2u);
  for (const BatchProgram& entry : program->entries) {
    const ir::Function& function = entry.module.function(entry.function);
    EXPECT_EQ(function.parameterNames,
              (std::vector<std::string>{"net.dense.w", "net.dense.b", "net.batch_norm.gamma", "net.batch_norm.beta",
                                        "net.dense_2.w", "net.dense_2.b", "net.batch_norm.mu", "net.batch_norm.var",
                                        "x", "shift", "seed"}));
    EXPECT_EQ(function.type(function.results[0]).shape, (ir::Shape{entry.batch, 2}));
  }
  std::vector<ir::Tensor> arguments = run(program->initModule, program->init, {number(0)});
  ASSERT_EQ(arguments.size(), program->slots.size());
  arguments.push_back(tensor({ir::DType::F32, {1, 4}}, {1, 2, 3, 4}));
  arguments.push_back(tensor({ir::DType::F32, {1}}, {0.5}));
  arguments.push_back(number(0));
  EXPECT_FALSE(program->drawsRandom);
  EXPECT_EQ(run(program->entries[0].module, program->entries[0].function, arguments)[0].type.shape, (ir::Shape{1, 2}));
}

TEST_F(ExportTest, ATrainsNetworkHasTheSlotsOfTheTrain) {
  Project* const project = loadText(std::string(kNetwork) + R"nn(
data d { source: idx("a", "b", "c")  fields: (a: f32[4], s: f32, label: u8)  let shift = s  let x = a  let y = cast(label, i32) }
train fit { network: net()  data: d  loss: cross_entropy  optimizer: adam  batch: 8  steps: 1 }
)nn");
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<TrainProgram> train = project->train("fit", {});
  ASSERT_TRUE(train.has_value()) << messages();
  const std::optional<ExportProgram> program = project->network(*train, {8, 1});
  ASSERT_TRUE(program.has_value()) << messages();
  EXPECT_EQ(program->name, "fit");
  EXPECT_EQ(program->batches, (std::vector<std::int64_t>{1, 8}));
  ASSERT_EQ(program->slots.size(), 8u) << "without the moments of adam";
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(program->slots[i].path, train->slots[i].path);
  EXPECT_EQ(program->entries[0].inputs[0].name, "x");
  EXPECT_EQ(program->entries[0].inputs[1].name, "shift");
  const std::vector<ir::Tensor> trained = run(train->initModule, train->init, {number(5)});
  const std::vector<ir::Tensor> exported = run(program->initModule, program->init, {number(5)});
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(reals(exported[i]), reals(trained[i])) << program->slots[i].path;
}

struct ExportCase {
  const char* name;
  const char* text;
  const char* message;
};
class ExportErrors : public ProjectTest, public testing::WithParamInterface<ExportCase> {};

TEST_P(ExportErrors, AreReported) {
  Project* const project = loadText(std::string(kNetwork) + GetParam().text);
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
}

INSTANTIATE_TEST_SUITE_P(
    All, ExportErrors,
    testing::Values(
        ExportCase{"NoBatch", "export net() as n",
                   "E0124 export `n`: its batch `B` has no size; write `as n(B: [1, 32])`"},
        ExportCase{"UnknownDim", "export net() as n(B: 1, T: 2)", "E0124 export `n`: it has no free dim `T`"},
        ExportCase{"Zero", "export net() as n(B: 0)",
                   "E0124 export `n`: `B` takes whole numbers from 1, and this is 0"},
        ExportCase{"NotANetwork", "export 3 as n(B: 1)", "E0124 export `n`: it takes a network, and this is"},
        ExportCase{"Keyword", "export net() as double(B: 1)",
                   "E0123 `double` cannot be the name of an export: it is a word of C"},
        ExportCase{"Underscore", "export net() as _n(B: 1)", "E0123 `_n` cannot be the name of an export: C reserves"},
        ExportCase{"Twice", "export net() as n(B: 1)\nexport net(4) as n(B: 1)",
                   "E0123 `n` cannot be the name of an export: it is the name of another export"},
        ExportCase{"Pack", "export dense(3) as n(B: 1)",
                   "E0124 export `n`: the first dim of `x` is the batch, and must be a name"},
        ExportCase{"FreeDim", "layer l(x: f32[B, n]) -> f32[B, n] = x\nexport l as e(B: 1)",
                   "E0124 export `e`: dim `n` of `x` has no size"},
        ExportCase{
            "FunctionWithFreeDim", "export fn f(x: f32[k]) -> f32[k] = x",
            "E0124 export `f`: dim `k` of `x` has no size; write `export f as f(k: [8, 64])` instead of `export` on "
            "its declaration"},
        ExportCase{"SizeTwice", "export net() as n(B: [4, 4, 2])", "E0124 export `n`: `B` has the size 4 twice"},
        ExportCase{"FunctionOfNothing", "export fn f() -> f32 = 1.0",
                   "E0124 export `f`: it declares no data arguments"},
        ExportCase{"ConstantOfNoCType", "export let sizes = [1, 2]",
                   "E0124 export `sizes`: a constant of C is a finite number, a truth value or a text, and this is"},
        ExportCase{"ConstantOfTheHeader", "export let max_batch = 3",
                   "E0123 `max_batch` cannot be the name of an export: every header defines that name"}),
    [](const testing::TestParamInfo<ExportCase>& one) { return one.param.name; });

TEST_F(ExportTest, AnotherFreeDimTakesOneSize) {
  Project* const project =
      loadText("layer l(x: f32[B, n]) -> f32[B, n] = x |> dense(n)\nexport l as e(B: [1, 2], n: 3)\n");
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<ExportProgram> program = project->exported("e");
  ASSERT_TRUE(program.has_value()) << messages();
  EXPECT_EQ(program->entries[0].inputs[0].type.shape, (ir::Shape{3}));
  EXPECT_EQ(program->slots[0].type.shape, (ir::Shape{3, 3}));
}

// Padding would be seen by a function of all rows: it has no batch, and takes the sizes that are listed.
TEST_F(ExportTest, AFunctionTakesWholeTensors) {
  Project* const project = loadText(
      "fn shift(x: f32[n, m], by: f32) -> f32[m] {\n  let s[j] = sum[i](x[i, j]) + by\n  return s\n}\n"
      "export shift as shift(n: [1, 8], m: 3)\n");
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<ExportProgram> program = project->exported("shift");
  ASSERT_TRUE(program.has_value()) << messages();
  EXPECT_FALSE(program->hasBatch);
  EXPECT_EQ(program->dims, std::vector<std::string>{"n"});
  ASSERT_EQ(program->entries.size(), 2u);
  EXPECT_EQ(program->entries[1].sizes, std::vector<std::int64_t>{8});
  EXPECT_EQ(program->entries[1].inputs[0].type.shape, (ir::Shape{8, 3}));
  EXPECT_EQ(program->entries[1].inputs[1].type.shape, ir::Shape{});
  EXPECT_EQ(program->entries[1].results[0].type.shape, ir::Shape{3});
}

TEST_F(ExportTest, ConstantsKeepTheirValues) {
  Project* const project = loadText(
      "export let count = 55000\nexport let rate = 0.5\nexport let is_on = true\nexport let title = \"a\"\n"
      "let hidden = 1\n");
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<std::vector<ExportedConstant>> constants = project->exportedConstants();
  ASSERT_TRUE(constants.has_value()) << messages();
  ASSERT_EQ(constants->size(), 4u);
  EXPECT_EQ(std::get<std::int64_t>((*constants)[0].value), 55000);
  EXPECT_EQ(std::get<double>((*constants)[1].value), 0.5);
  EXPECT_EQ(std::get<bool>((*constants)[2].value), true);
  EXPECT_EQ(std::get<std::string>((*constants)[3].value), "a");
  EXPECT_EQ((*constants)[3].name, "title");
}

TEST_F(ExportTest, AnUnknownExportIsListed) {
  Project* const project = loadText(std::string(kNetwork) + "export net() as tiny(B: 1)");
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->exported("tinny").has_value());
  EXPECT_NE(messages().find("has no export `tinny`\n  note exports: tiny\n  help did you mean `tiny`?"),
            std::string::npos)
      << messages();
}

}  // namespace nnc::elaborate
