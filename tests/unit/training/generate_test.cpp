// Data that a program makes, and augmentations: the same bits for any number of threads and after a resume.
#include <cmath>
#include <set>

#include "fixture.h"
#include "support/philox.h"
#include "training/batches.h"
#include "training/data_set.h"

namespace nnc::training {
namespace {

constexpr const char* kTrain = R"(
train fit(epochs: int = 3) {
  network:   net()
  data:      d
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(0.1, momentum: 0.9)
  batch:     16
  epochs:    epochs
}
)";

class Generated : public TrainTest {
 protected:
  void program(const std::string& text) { program_ = text + kTrain; }

  /// One raw field of all rows.
  template <typename T>
  std::vector<T> field(std::size_t index) {
    std::vector<T> values;
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& train, Attempt& out) {
      SourceStore store;
      std::optional<DataSet> data = DataSet::locate(train.data, store, out.diagnostics);
      if (!data || !data->read(out.diagnostics)) return;
      const auto count = static_cast<std::size_t>(train.data.raw[index].type.elementCount());
      for (std::int64_t row = 0; row < data->source(0).rows(); ++row) {
        values.resize(values.size() + count);
        auto* const to = reinterpret_cast<std::byte*>(values.data() + values.size() - count);
        EXPECT_TRUE(data->source(0).copy(index, row, to, out.diagnostics));
      }
    });
    EXPECT_EQ(attempt.messages, "");
    return values;
  }
};

TEST_F(Generated, examples_are_functions_of_their_number) {
  program(R"(
fn bits_of(i: i32) -> i32[3] {
  let bit[k: 3] = div(i, [1, 2, 4][k]) % 2
  return bit
}
data d { source: generate(8, fn (i, key) => (x: cast(bits_of(i), f32), y: (i + div(i, 2) + div(i, 4)) % 2)) }
network net()(x: f32[B, 3]) -> f32[B, 2] = x |> dense(8) |> tanh |> dense(2)
)");
  EXPECT_EQ(field<float>(0),
            (std::vector<float>{0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(field<std::int32_t>(1), (std::vector<std::int32_t>{0, 1, 1, 0, 1, 0, 0, 1})) << "the parity of three bits";
}

TEST_F(Generated, spirals_of_the_stdlib_do_not_depend_on_the_seed_of_the_run) {
  program(R"(
data d(turns: real = 1.0) {
  source: generate(200, spiral(turns), seed: 4)
  split:  random(valid: 0.2)
}
network net()(x: f32[B, 2]) -> f32[B, 2] = x |> dense(16) |> tanh |> dense(2)
)");
  const std::vector<float> points = field<float>(0);
  const std::vector<std::int32_t> arms = field<std::int32_t>(1);
  std::set<float> radii;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    EXPECT_EQ(arms[i], static_cast<std::int32_t>(i % 2));
    const double radius = std::hypot(points[2 * i], points[2 * i + 1]);
    const double angle = 2 * std::acos(-1.0) * radius + std::acos(-1.0) * arms[i];
    // Sine and angle in f32 over seven units: a few times 7 * 2^-24.
    EXPECT_NEAR(points[2 * i], std::cos(angle) * radius, 1e-5);
    EXPECT_NEAR(points[2 * i + 1], std::sin(angle) * radius, 1e-5);
    radii.insert(static_cast<float>(radius));
  }
  EXPECT_GT(radii.size(), 150u);
  const RunResult result = trained("run");
  EXPECT_EQ(result.examples, 160 * 3);
  edit("seed: 4", "seed: 5");
  EXPECT_NE(field<float>(0), points);
}

TEST_F(Generated, parity_of_random_bits) {
  program(R"(
data d { source: generate(400, parity(3)) }
network net()(x: f32[B, 3]) -> f32[B, 2] = x |> dense(8) |> tanh |> dense(2)
)");
  const std::vector<float> x = field<float>(0);
  const std::vector<std::int32_t> y = field<std::int32_t>(1);
  std::set<float> seen;
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_EQ(y[i], static_cast<std::int32_t>(x[3 * i] + x[3 * i + 1] + x[3 * i + 2]) % 2);
    seen.insert(4 * x[3 * i] + 2 * x[3 * i + 1] + x[3 * i + 2]);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST_F(Generated, a_teacher_names_the_classes) {
  program(R"(
fn teacher(x: f32[2]) -> i32 = cast(sin(3.0 * x[0]) + x[1] > 0.0, i32)
fn example(i: i32, key: key) -> (x: f32[2], y: i32) {
  let x = random_normal(key, [2])
  return (x: x, y: teacher(x))
}
data d { source: generate(500, example) }
network net()(x: f32[B, 2]) -> f32[B, 2] = x |> dense(16) |> tanh |> dense(2)
)");
  const std::vector<float> x = field<float>(0);
  const std::vector<std::int32_t> y = field<std::int32_t>(1);
  for (std::size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(y[i], std::sin(3.0 * x[2 * i]) + x[2 * i + 1] > 0.0 ? 1 : 0) << i;
  EXPECT_GT(trained("run", {{"epochs", "40"}}).metrics[1].value, 0.9);
}

constexpr const char* kImages = R"(
data d {
  source: bin("x.bin", record: (pixels: u8[2, 5, 4], label: u8))
  split:  (train: 0..40, valid: 40..50)
  let x = cast(pixels, f32)
  let y = cast(label, i32)
  augment: [random_crop(pad: 2), random_flip()]
}
network net()(x: f32[B, 2, 5, 4]) -> f32[B, 2] = reshape(x, [B, 40]) |> dense(2)
)";

class Augmented : public Generated {
 protected:
  Augmented() {
    program(kImages);
    std::string bytes;
    std::mt19937 engine(3);
    for (int row = 0; row < 50; ++row) {
      // No zero: what the padding brings in shows.
      for (int i = 0; i < 40; ++i) bytes += static_cast<char>(1 + (row * 40 + i) % 200);
      bytes += static_cast<char>(row % 2);
    }
    write("x.bin", bytes);
  }

  /// The field x of every example of the passes, `[row in the order of the part][element]` one after the other.
  std::vector<float> batches(bool isAugmented, std::int64_t epoch, std::int64_t seed, bool isThreaded,
                             std::int64_t begin = 0) {
    std::vector<float> values;
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& train, Attempt& out) {
      SourceStore store;
      std::optional<DataSet> data = DataSet::locate(train.data, store, out.diagnostics);
      if (!data || !data->read(out.diagnostics)) return;
      std::optional<RowMap> map = RowMap::compile(train.data, {"x"}, /*withAugmentation=*/true, {}, out.diagnostics);
      ASSERT_TRUE(map);
      const SinglePass plan(Pass{0, epoch, false, isAugmented, begin, data->parts()[0].size()});
      BatchStream stream(*data, *map, plan, 16, seed, isThreaded);
      for (std::int64_t done = begin; done < data->parts()[0].size();) {
        const Batch* const next = stream.next(out.diagnostics);
        if (next == nullptr) return;
        const Batch& batch = *next;
        const auto* const x = reinterpret_cast<const float*>(batch.fields[0].data());
        values.insert(values.end(), x, x + batch.count * 40);
        done += batch.count;
      }
    });
    EXPECT_EQ(attempt.messages, "");
    return values;
  }

 private:
};

/// Whether `image` is `original` at the offset (down, right) of its frame, mirrored or not.
bool isCrop(const float* image, const float* original, int down, int right, bool isMirrored) {
  for (int c = 0; c < 2; ++c)
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 4; ++j) {
        const int y = i + down - 2, x = (isMirrored ? 3 - j : j) + right - 2;
        const bool isInside = y >= 0 && y < 5 && x >= 0 && x < 4;
        const float expected = isInside ? original[(c * 5 + y) * 4 + x] : 0.0F;
        if (image[(c * 5 + i) * 4 + j] != expected) return false;
      }
  return true;
}

TEST_F(Augmented, each_training_image_is_a_crop_mirrored_or_not) {
  const std::vector<float> plain = batches(false, 1, 0, false), changed = batches(true, 1, 0, false);
  ASSERT_EQ(plain.size(), 40u * 40u);
  ASSERT_EQ(changed.size(), plain.size());
  std::set<int> places;
  int mirrored = 0;
  for (std::size_t row = 0; row < 40; ++row) {
    int found = -1;
    for (int place = 0; place < 50; ++place) {
      const bool isMirrored = place >= 25;
      if (isCrop(&changed[row * 40], &plain[row * 40], place % 25 / 5, place % 5, isMirrored)) found = place;
    }
    ASSERT_GE(found, 0) << "row " << row;
    places.insert(found % 25);
    mirrored += found >= 25;
  }
  // 40 draws of 25 places miss 5 on average; of 40 coins, 8 to 32 show heads but once in 10,000.
  EXPECT_GT(places.size(), 12u);
  EXPECT_GT(mirrored, 7);
  EXPECT_LT(mirrored, 33);
}

TEST_F(Augmented, depends_on_seed_epoch_and_row_alone) {
  const std::vector<float> first = batches(true, 1, 0, false);
  EXPECT_EQ(batches(true, 1, 0, true), first) << "a second thread changes nothing";
  EXPECT_NE(batches(true, 2, 0, false), first);
  EXPECT_NE(batches(true, 1, 1, false), first);
  const std::vector<float> rest = batches(true, 1, 0, false, 16);
  EXPECT_EQ(rest, std::vector<float>(first.begin() + 16 * 40, first.end())) << "a run that goes on within an epoch";
}

TEST_F(Augmented, evaluation_sees_the_images_as_they_are_and_runs_repeat) {
  const RunResult one = trained("run");
  RunOptions threaded = options("run2");
  threaded.threads = 3;
  const Attempt two = train(threaded);
  ASSERT_TRUE(two.result) << two.messages;
  for (std::size_t i = 0; i < one.metrics.size(); ++i) EXPECT_EQ(one.metrics[i].value, two.result->metrics[i].value);
  EXPECT_EQ(read("run/last"), read("run2/last"));
  edit("augment: [random_crop(pad: 2), random_flip()]", "");
  EXPECT_NE(trained("run3").metrics[0].value, one.metrics[0].value);
}

TEST_F(Augmented, a_resumed_run_has_the_same_bits) {
  const RunResult whole = trained("run");
  RunOptions part = options("run2");
  ASSERT_TRUE(train(part, {{"epochs", "1"}}).result);
  part.resume = true;
  const Attempt resumed = train(part);
  ASSERT_TRUE(resumed.result) << resumed.messages;
  EXPECT_EQ(resumed.result->processSteps, 6) << "of 9: three batches an epoch";
  for (std::size_t i = 0; i < whole.metrics.size(); ++i)
    EXPECT_EQ(resumed.result->metrics[i].value, whole.metrics[i].value) << whole.metrics[i].name;
}

TEST_F(Augmented, in_f64_too) {
  edit("batch:     16", "batch:     16\n  precision: .f64");
  EXPECT_EQ(trained("run").examples, 120);
}

TEST_F(Augmented, mistakes) {
  const auto message = [&](const std::string& augmentations, const std::string& code) {
    program(std::string(kImages) + code);
    edit("[random_crop(pad: 2), random_flip()]", augmentations);
    return train(options("run")).messages;
  };
  EXPECT_EQ(message("random_flip()", "").substr(0, 42), "E0109 setting `augment` takes a list of fu");
  EXPECT_EQ(message("[3]", "").substr(0, 42), "E0109 setting `augment` takes a list of fu");
  EXPECT_EQ(message("[f]", "\nfn f(image: f32[2, 5, 4]) -> f32[2, 5, 4] = image\n"),
            "E0818 this augmentation takes `image`, which is no field of the data\n"
            "  note data `d` has the fields x, y, pixels, label\n");
  EXPECT_EQ(message("[f]", "\nfn f(x: f32[2, 5, 4]) -> f32[40] = reshape(x, [40])\n"),
            "E0818 this augmentation turns `x`, a field of f32[2, 5, 4], into a tensor f32[40]\n");
  EXPECT_EQ(message("[f()]",
                    "\nlayer f()(x: f32[2, 5, 4]) -> f32[2, 5, 4] { param w: f32[4] = 0.0\n let z[c, i, j] = x[c, "
                    "i, j] * w[j]\n return z }\n"),
            "E0818 this augmentation has `augment[0].w`, which would never be trained\n");
}

}  // namespace
}  // namespace nnc::training
