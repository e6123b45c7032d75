// What a study says of the machine that ran it, and what is said of results from another one.
#include "experiment/machine.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/engine.h"

namespace nnc::experiment {
namespace {

const Machine kMachine{"nnc 1, LLVM 19", "A Processor", "znver5", "avx2 fma", "SkylakeX"};

TEST(Machine, its_origin_changes_with_what_bits_depend_on_and_with_nothing_else) {
  const auto with = [](auto change) {
    Machine machine = kMachine;
    change(machine);
    return machine.origin();
  };
  EXPECT_NE(with([](Machine& m) { m.compiler = "nnc 2, LLVM 19"; }), kMachine.origin());
  EXPECT_NE(with([](Machine& m) { m.processor = "znver4"; }), kMachine.origin());
  EXPECT_NE(with([](Machine& m) { m.features = "avx2"; }), kMachine.origin());
  EXPECT_NE(with([](Machine& m) { m.blas = "Haswell"; }), kMachine.origin());
  EXPECT_EQ(with([](Machine& m) { m.model = "The same under another name"; }), kMachine.origin());
}

TEST(Machine, this_one_has_a_compiler_and_a_processor) {
  Diagnostics diagnostics;
  codegen::Backend* const backend = engine::backend(diagnostics);
  ASSERT_NE(backend, nullptr);
  const Machine machine = thisMachine("nnc 1.2.3", *backend);
  EXPECT_EQ(machine.compiler, "nnc 1.2.3");
  EXPECT_FALSE(machine.processor.empty());
  EXPECT_NE((" " + machine.features + " ").find(" sse2 "), std::string::npos) << machine.features;
  EXPECT_EQ(machine.origin(), thisMachine("nnc 1.2.3", *backend).origin());
}

TEST(Machine, features_are_the_instructions_that_compute) {
  EXPECT_EQ(instructionSets("fpu vme sse2 md_clear avx512f avx2 sse2 fma constant_tsc"), "avx2 avx512f fma sse2");
  EXPECT_EQ(instructionSets(""), "");
}

TEST(Machine, a_study_says_what_its_bits_depend_on) {
  study::Study study;
  study.provenance = {{"data x.idx", "1234"}};
  describeMachine(kMachine, 2, study);
  const std::map<std::string, std::string> said(study.provenance.begin(), study.provenance.end());
  EXPECT_EQ(study.provenance[0].first, "data x.idx");
  EXPECT_EQ(said.at("compiler"), "nnc 1, LLVM 19");
  EXPECT_EQ(said.at("processor"), "A Processor, code for znver5");
  EXPECT_EQ(said.at("features"), "avx2 fma");
  EXPECT_EQ(said.at("BLAS"), "OpenBLAS, SkylakeX kernels, one thread");
  EXPECT_EQ(said.at("threads"), "2 runs at a time, each in one thread");
  EXPECT_NE(said.at("bits").find("same bits"), std::string::npos);
}

TEST(Machine, results_from_elsewhere_are_named_once_for_each_place) {
  study::Study study;
  study.cells.resize(1);
  study.cells[0].id = "mine";
  std::vector<study::Run> runs(6);
  for (study::Run& run : runs) run.cell = "mine";
  runs[0].origin = runs[1].origin = "here";
  runs[2].origin = runs[3].origin = "there";
  runs[4].origin = "there";
  runs[4].cell = "of another study";
  Diagnostics diagnostics;  // the last one is of a version that kept no origin
  reportOrigins(study, runs, "here", diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].code, "W1416");
  EXPECT_EQ(diagnostics.all()[0].message, "2 results were made by another compiler or machine, `there`");
  EXPECT_FALSE(diagnostics.hasErrors());
}

}  // namespace
}  // namespace nnc::experiment
