// Evaluation and prediction with trained weights.
#include "training/evaluate.h"

#include <cmath>
#include <cstring>

#include "fixture.h"
#include "nnc/npz.h"
#include "nnc/safetensors.h"
#include "training/predict.h"

namespace nnc::training {
namespace {

class Evaluate : public TrainTest {
 protected:
  struct Evaluation {
    std::optional<EvaluateResult> result;
    std::string messages;
  };
  Evaluation evaluated(const std::string& weights, const std::string& split, const std::string& out = "",
                       int threads = 1) const {
    Evaluation evaluation;
    EvaluateOptions options;
    options.weights = path(weights);
    options.split = split;
    options.threads = threads;
    evaluation.messages =
        with({}, [&](elaborate::Project& project, const elaborate::TrainProgram& program, Attempt& attempt) {
          evaluation.result = out.empty() ? evaluate(project, program, options, attempt.diagnostics)
                                          : predict(project, program, options, path(out), attempt.diagnostics);
        }).messages;
    return evaluation;
  }
};

TEST_F(Evaluate, gives_the_numbers_of_the_last_epoch) {
  const RunResult run = trained("run");
  for (const int threads : {1, 2}) {
    const Evaluation test = evaluated("run", "", "", threads);
    ASSERT_TRUE(test.result) << test.messages;
    EXPECT_EQ(test.result->split, "test");
    EXPECT_EQ(test.result->examples, 37);
    ASSERT_EQ(test.result->metrics.size(), 2u);
    EXPECT_EQ(test.result->metrics[0].name, "test.loss");
    EXPECT_EQ(test.result->metrics[0].value, run.metrics[4].value);
    EXPECT_EQ(test.result->metrics[1].value, run.metrics[5].value);
  }
  const Evaluation valid = evaluated("run/last", "valid");
  ASSERT_TRUE(valid.result) << valid.messages;
  EXPECT_EQ(valid.result->metrics[0].value, run.metrics[2].value);
  EXPECT_NE(resultTable(*valid.result).find("valid (30 examples)"), std::string::npos) << resultTable(*valid.result);
  EXPECT_EQ(nlohmann::json::parse(resultJson(*valid.result))["metrics"]["valid.loss"].get<double>(),
            run.metrics[2].value);
}

// What is computed of counts does not depend on how a part is cut into batches: whole, with a ragged last one, one by
// one.
TEST_F(Evaluate, counts_of_metrics_run_over_all_batches) {
  edit("metrics:   [accuracy]", "metrics:   [accuracy, precision, recall, f1_score]");
  edit("dropout(0.2)", "dropout(0.0)");
  edit("batch:     16", "batch:     37");
  trained("run");
  ASSERT_TRUE(evaluated("run", "test", "o.npz").result);
  runtime::Failure failure;
  const auto arrays = runtime::readNpz(path("o.npz"), failure);
  ASSERT_TRUE(arrays) << failure.message;
  const auto* const logits = reinterpret_cast<const float*>((*arrays)[0].array.bytes.data());
  const std::string labels = read("ty.idx").substr(8);
  double counts[3][3] = {};
  for (std::size_t row = 0; row < 37; ++row) {
    const float* const z = logits + 3 * row;
    ++counts[static_cast<int>(labels[row])][std::max_element(z, z + 3) - z];
  }
  double precision = 0.0, recall = 0.0, f1 = 0.0;
  for (int c = 0; c < 3; ++c) {
    const double taken = counts[0][c] + counts[1][c] + counts[2][c], are = counts[c][0] + counts[c][1] + counts[c][2];
    precision += counts[c][c] / std::max(taken, 1.0) / 3.0;
    recall += counts[c][c] / std::max(are, 1.0) / 3.0;
    f1 += 2.0 * counts[c][c] / std::max(taken + are, 1.0) / 3.0;
  }
  std::string before = "batch:     37";
  for (const char* const batch : {"batch:     37", "batch:     16", "batch:     5", "batch:     1"}) {
    SCOPED_TRACE(batch);
    edit(before, batch);
    before = batch;
    const Evaluation test = evaluated("run", "test");
    ASSERT_TRUE(test.result) << test.messages;
    ASSERT_EQ(test.result->metrics.size(), 5u);
    EXPECT_EQ(test.result->metrics[3].name, "test.recall");
    // Quotients and sums of three of them in f32.
    EXPECT_NEAR(test.result->metrics[2].value, precision, 1e-6);
    EXPECT_NEAR(test.result->metrics[3].value, recall, 1e-6);
    EXPECT_NEAR(test.result->metrics[4].value, f1, 1e-6);
  }
}

TEST_F(Evaluate, writes_outputs_that_have_the_loss) {
  trained("run");
  const Evaluation test = evaluated("run", "test", "o.npz");
  ASSERT_TRUE(test.result) << test.messages;
  runtime::Failure failure;
  const auto arrays = runtime::readNpz(path("o.npz"), failure);
  ASSERT_TRUE(arrays) << failure.message;
  ASSERT_EQ(arrays->size(), 1u);
  EXPECT_EQ((*arrays)[0].array.shape, (std::vector<std::int64_t>{37, 3}));
  std::vector<float> logits(37 * 3);
  std::memcpy(logits.data(), (*arrays)[0].array.bytes.data(), logits.size() * 4);
  const std::string labels = read("ty.idx").substr(8);
  double loss = 0.0;
  int right = 0;
  for (std::size_t row = 0; row < 37; ++row) {
    const float* const z = &logits[row * 3];
    const auto label = static_cast<std::size_t>(labels[row]);
    loss += std::log(std::exp(z[0] - z[label]) + std::exp(z[1] - z[label]) + std::exp(z[2] - z[label]));
    right += std::max_element(z, z + 3) - z == static_cast<std::ptrdiff_t>(label) ? 1 : 0;
  }
  // The compiled loss is f32: a few units in the last place of numbers around 1.
  EXPECT_NEAR(loss / 37, test.result->metrics[0].value, 1e-6);
  EXPECT_EQ(right / 37.0, test.result->metrics[1].value);
}

TEST_F(Evaluate, square_weights_of_another_writer_are_pointed_out) {
  edit("hidden: dim = 8)(x", "hidden: dim = 6)(x");
  edit("classify(hidden: dim = 8", "classify(hidden: dim = 6");
  trained("run");
  runtime::Failure failure;
  std::optional<runtime::TensorFile> file = runtime::readSafetensors(path("run/last"), failure);
  ASSERT_TRUE(file) << failure.message;
  file->metadata.clear();
  std::erase_if(file->tensors,
                [](const runtime::NamedArray& tensor) { return tensor.name.find('/') != std::string::npos; });
  write("plain.safetensors", runtime::encodeSafetensors(*file));
  const Evaluation plain = evaluated("plain.safetensors", "test");
  ASSERT_TRUE(plain.result) << plain.messages;
  EXPECT_EQ(plain.messages,
            "W1309 `plain.safetensors` was not written by nnc, and `net.dense.w` is square: its shape does not tell "
            "which way round it is\n");
  EXPECT_EQ(evaluated("run", "test").result->metrics[0].value, plain.result->metrics[0].value);
  EXPECT_EQ(evaluated("run", "test").messages, "");
}

TEST_F(Evaluate, an_npy_file_holds_one_output) {
  const runtime::NamedArray array{"a", {runtime::Element::U8, {1}, std::vector<std::byte>(1)}};
  const auto messages = [&](const Predictions& outputs) {
    Diagnostics diagnostics;
    const bool isWritten = writeOutputs(path("o.npy"), outputs, diagnostics);
    EXPECT_EQ(isWritten, diagnostics.all().empty());
    return diagnostics.all().empty() ? std::string() : std::string(diagnostics.all()[0].code);
  };
  EXPECT_EQ(messages({{array, array}, {}}), "E1233");
  EXPECT_EQ(messages({{array}, {}}), "");
}

TEST_F(Evaluate, names_what_is_missing) {
  trained("run");
  EXPECT_EQ(
      evaluated("run", "tets").messages,
      "E1204 the data have no part `tets`\n  note its parts are train, valid, test\n  help did you mean `test`?\n");
  fs::create_directory(path("empty"));
  EXPECT_EQ(evaluated("empty", "").messages,
            "E1301 no weights at `empty`: the folder has no checkpoint `last`\n  help a run folder has one after its "
            "first epoch\n");
  write("w.safetensors", "short");
  EXPECT_EQ(evaluated("w.safetensors", "").messages,
            "E1302 bad weights file `w.safetensors`: ends after 5 bytes; the length of the header needs 8\n  note at "
            "byte 5 of w.safetensors\n");
  const Evaluation unwritable = evaluated("run", "test", "none/o.npz");
  EXPECT_FALSE(unwritable.result);
  EXPECT_EQ(unwritable.messages,
            "E1401 cannot write `none/o.npz`: cannot create the file: No such file or directory\n");
}

}  // namespace
}  // namespace nnc::training
