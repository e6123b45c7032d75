// nnc compare: what differs between two run folders or two studies, and what came of it.
#include "report/compare.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "nnc/files.h"
#include "nnc/safetensors.h"
#include "study/results.h"
#include "synthetic.h"

namespace nnc::report {
namespace {

namespace fs = std::filesystem;

class CompareTest : public testing::Test {
 protected:
  CompareTest() {
    const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        (fs::path(testing::TempDir()) / ("nnc-compare-" + std::to_string(::getpid()) + "-" + info->name())).string();
    fs::remove_all(folder_);
    for (const char* const name : {"a", "b"}) fs::create_directories(folder_ + "/" + name);
  }
  ~CompareTest() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  /// A run folder as `nnc run` writes it, with one tensor.
  void putRun(const std::string& name, int seed, const std::string& rate, const std::vector<double>& losses,
              char weight) const {
    put(name + "/manifest.json",
        R"({"nnc":"0.1.0","train":"classify","program":"b8","values":{"lr":")" + rate + R"("},"seed":)" +
            std::to_string(seed) +
            R"(,"data":[{"path":"x.idx","rows":100,"xxh3":"8be0"}],"sessions":[{"started":"then","threads":2,"blas":"Zen"}]})");
    std::string lines;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      lines += nlohmann::json{{"step", 5 * i + 1}, {"epoch", i + 1}, {"loss", 9.0}}.dump() + "\n";
      lines +=
          nlohmann::ordered_json{
              {"epoch", i + 1}, {"step", 5 * (i + 1)}, {"valid.loss", losses[i]}, {"valid.accuracy", 1 - losses[i] / 4}}
              .dump() +
          "\n";
    }
    put(name + "/metrics.jsonl", lines);
    runtime::TensorFile file;
    file.tensors = {{"net.w", {runtime::Element::U8, {1}, {static_cast<std::byte>(weight)}}}};
    put(name + "/last", runtime::encodeSafetensors(file));
  }
  std::optional<ComparisonText> compare(const std::string& first = "a", const std::string& second = "b") {
    return compareFolders(folder_ + "/" + first, folder_ + "/" + second, diagnostics_);
  }
  std::string codes() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics_.all()) text += std::string(diagnostic.code) + " ";
    return text;
  }
  void putStudy(const std::string& name, const SyntheticStudy& made) {
    const auto file = study::ResultsFile::open(folder_ + "/" + name, diagnostics_);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("study.json", study::studyText(made.study), diagnostics_));
    std::string lines;
    for (const study::Run& run : made.runs) lines += study::runText(run);
    put(name + "/results.jsonl", lines);
  }

  std::string folder_;
  Diagnostics diagnostics_;
};

TEST_F(CompareTest, EqualRunsAreBitIdentical) {
  putRun("a", 0, "0.1", {0.8, 0.5}, 7);
  putRun("b", 0, "0.1", {0.8, 0.5}, 7);
  const auto text = compare();
  ASSERT_TRUE(text);
  EXPECT_NE(text->terminal.find("Nothing that the manifests record differs."), std::string::npos);
  EXPECT_NE(text->terminal.find("Every metric of 2 epochs has the same bits."), std::string::npos);
  EXPECT_NE(text->terminal.find("the same bits in all 1 tensor"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(text->json)["bit_identical"]);
}

TEST_F(CompareTest, SaysWhatDiffersAndWhereTheyPart) {
  putRun("a", 0, "0.1", {0.8, 0.5, 0.6}, 7);
  putRun("b", 1, "0.2", {0.8, 0.4, 0.3}, 8);
  const auto text = compare();
  ASSERT_TRUE(text);
  const nlohmann::json json = nlohmann::json::parse(text->json);
  EXPECT_EQ(json["differences"].dump(),
            R"([{"a":"0.1","b":"0.2","what":"values.lr"},{"a":"0","b":"1","what":"seed"}])");
  EXPECT_EQ(json["parts_in_epoch"], 2);
  EXPECT_FALSE(json["bit_identical"]);
  for (const nlohmann::json& metric : json["metrics"]) {
    if (metric["name"] == "valid.loss") {
      EXPECT_EQ(metric["best_a"], 0.5);  // lower is better
      EXPECT_EQ(metric["best_epoch_a"], 2);
      EXPECT_EQ(metric["last_b"], 0.3);
    } else {
      EXPECT_EQ(metric["best_a"], 1 - 0.5 / 4);  // higher is better
    }
  }
  EXPECT_NE(text->terminal.find("They part in epoch 2: valid.accuracy is 0.875 in A and 0.9 in B."), std::string::npos)
      << text->terminal;
  EXPECT_NE(text->terminal.find("The last checkpoints differ in 1 of 1 common tensor."), std::string::npos);
}

TEST_F(CompareTest, ALongerRunGoesOn) {
  putRun("a", 0, "0.1", {0.8, 0.5}, 7);
  putRun("b", 0, "0.1", {0.8, 0.5, 0.4}, 8);
  const auto text = compare();
  ASSERT_TRUE(text);
  EXPECT_NE(text->terminal.find("Every metric of 2 epochs has the same bits; B then goes on."), std::string::npos);
  EXPECT_FALSE(nlohmann::json::parse(text->json)["bit_identical"]);
}

TEST_F(CompareTest, DamagedFilesAreNamed) {
  putRun("a", 0, "0.1", {0.8}, 7);
  putRun("b", 0, "0.1", {0.8}, 7);
  put("a/manifest.json", "[]");
  put("b/metrics.jsonl", "{\"epoch\": 1\n");
  EXPECT_FALSE(compare());
  EXPECT_EQ(codes(), "E1412 E1412 ");
  put("a/manifest.json", R"({"train": "x"})");
  put("b/metrics.jsonl", "");
  put("b/last", "no tensors");
  EXPECT_FALSE(compare());
  EXPECT_EQ(codes(), "E1412 E1412 E1302 ");
}

TEST_F(CompareTest, FoldersOfOneKindOnly) {
  putRun("a", 0, "0.1", {0.8}, 7);
  EXPECT_FALSE(compare());
  ASSERT_EQ(codes(), "E1415 ");
  EXPECT_EQ(diagnostics_.all()[0].message,
            "cannot compare: `" + folder_ + "/a` is a run and `" + folder_ + "/b` is neither a run nor a study");
}

TEST_F(CompareTest, EqualStudiesHaveTheSameBits) {
  SyntheticStudy made = syntheticFactorial(2);
  putStudy("a", made);
  for (study::Run& run : made.runs) run.trainSeconds *= 2;  // clocks do not count
  putStudy("b", made);
  const auto text = compare();
  ASSERT_TRUE(text);
  const nlohmann::json json = nlohmann::json::parse(text->json);
  EXPECT_EQ(json["common_cells"], 32);
  EXPECT_EQ(json["common_runs"], made.runs.size());
  EXPECT_EQ(json["equal_runs"], made.runs.size());
  EXPECT_EQ(json["measures"][0]["differing"], 0);
}

TEST_F(CompareTest, StudiesWithOtherProgramsAreMatchedByLevels) {
  SyntheticStudy made = syntheticFactorial(2);
  putStudy("a", made);
  study::Cell& cell = made.study.cells[3];
  for (study::Run& run : made.runs) {
    if (run.cell != cell.id) continue;
    run.cell = "00000000000000ff";
    run.id[0] = run.id[0] == 'x' ? 'y' : 'x';
    if (run.measures.contains("test")) run.measures["test"].value += 0.05;
  }
  cell.id = "00000000000000ff";
  putStudy("b", made);
  const auto text = compare();
  ASSERT_TRUE(text);
  EXPECT_NE(text->terminal.find("32 cells in common: 31 with the same program, 1 with the same levels alone"),
            std::string::npos)
      << text->terminal;
  EXPECT_NE(text->terminal.find("+5.0 pt"), std::string::npos) << text->terminal;
  const nlohmann::json json = nlohmann::json::parse(text->json);
  EXPECT_EQ(json["measures"][0]["differing"], 1);
  // One of 32 cells moved by 0.05, up to the rounding of sums of 32 numbers below 1.
  EXPECT_NEAR(json["measures"][0]["mean_difference"].get<double>(), 0.05 / 32, 1e-15);
}

}  // namespace
}  // namespace nnc::report
