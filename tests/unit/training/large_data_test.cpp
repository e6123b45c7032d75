// Data larger than what is held in memory: bounded memory for every reader, the same training, damage that shows late.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <span>

#include "../runtime/archives.h"
#include "../runtime/images.h"
#include "../runtime/scratch.h"
#include "fixture.h"
#include "nnc/npz.h"
#include "nnc/tokenizer.h"
#include "support/hash.h"
#include "training/batches.h"
#include "training/in_memory_run.h"
#include "training/project_source.h"

namespace nnc::training {
namespace {

/// Sanitizers take memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsMemory = false;
#else
constexpr bool kCountsMemory = true;
#endif

class LargeData : public TrainTest {
 protected:
  LargeData() {
    // Large blocks are the system's again as soon as they are freed: what a test wrote leaves no room behind.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  }
  void data(const std::string& block, int width, int classes) {
    program_ = "data d {\n" + block + "\n}\nnetwork net(x: f32[B, " + std::to_string(width) + "]) -> f32[B, " +
               std::to_string(classes) + "] = x |> dense(" + std::to_string(classes) + ")\n" +
               "train fit { network: net  data: d  loss: cross_entropy  optimizer: sgd(0.1)  batch: 2  epochs: 2 }\n";
  }

  /// What all rows of a source are hashed to, read at a limit. Empty: reported.
  static std::optional<std::uint64_t> hashRows(const elaborate::DataProgram& program, std::int64_t mostHeld,
                                               Diagnostics& diagnostics) {
    SourceStore store(mostHeld);
    const RowSource* const rows = store.open(program.source, program.raw, {}, diagnostics);
    if (rows == nullptr || !store.read(*rows, diagnostics)) return std::nullopt;
    std::uint64_t hash = 0;
    for (std::size_t field = 0; field < program.raw.size(); ++field) {
      std::string bytes(static_cast<std::size_t>(program.raw[field].type.byteCount()), '\0');
      for (std::int64_t row = 0; row < rows->rows(); ++row) {
        if (!rows->copy(field, row, reinterpret_cast<std::byte*>(bytes.data()), diagnostics)) return std::nullopt;
        hash = hashBytes(bytes, hash);
      }
    }
    return hash;
  }

  /// Bytes of private memory that can be written, of this process: what RLIMIT_DATA limits.
  static rlim_t writableBytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmData:")) return std::strtoull(line.c_str() + 7, nullptr, 10) << 10;
    return 0;
  }

  static std::optional<std::uint64_t> hashInChild(const elaborate::DataProgram& program, std::int64_t decodedBytes) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const rlim_t most = writableBytes() + static_cast<rlim_t>(decodedBytes) / 3;
      const rlimit limit{most, most};
      if (::setrlimit(RLIMIT_DATA, &limit) != 0) std::_Exit(2);
      void* volatile const whole = std::malloc(static_cast<std::size_t>(decodedBytes));
      if (whole != nullptr) std::_Exit(3);  // the limit limits nothing
      Diagnostics diagnostics;
      const std::optional<std::uint64_t> hash = hashRows(program, std::int64_t{1} << 20, diagnostics);
      if (!hash) std::_Exit(4);
      std::_Exit(::write(ends[1], &*hash, sizeof *hash) == sizeof *hash ? 0 : 5);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    std::uint64_t hash = 0;
    ::close(ends[1]);
    const bool isSent = ::read(ends[0], &hash, sizeof hash) == sizeof hash;
    ::close(ends[0]);
    return isSent ? std::optional(hash) : std::nullopt;
  }

  /// Reads the source, whose rows have `decodedBytes` or more, in a process that may take a third of that.
  void readsWithLittleMemory(std::int64_t decodedBytes) {
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& program, Attempt& out) {
      // First, for what this process frees would count as memory that is there.
      const std::optional<std::uint64_t> small = kCountsMemory ? hashInChild(program.data, decodedBytes) : std::nullopt;
      const std::optional<std::uint64_t> expected = hashRows(program.data, runtime::kMostHeldBytes, out.diagnostics);
      ASSERT_TRUE(expected);
      if (kCountsMemory) {
        EXPECT_EQ(small, expected);
      }
    });
    EXPECT_EQ(attempt.messages, "");
  }
};

TEST_F(LargeData, csv_takes_little_memory) {
  data("  source: csv(\"t.csv\")\n  fields: (x: f32[40], label: i32)\n  let y = label", 40, 3);
  std::string text;
  for (int row = 0; row < 100'000; ++row) {
    for (int i = 0; i < 40; ++i) text += std::to_string(row * i % 977) + ",";
    text += std::to_string(row % 3) + "\n";
  }
  write("t.csv", text);
  readsWithLittleMemory(100'000 * 41 * 4);
  write("t.csv", runtime::gzip(text));
  readsWithLittleMemory(100'000 * 41 * 4);
}

TEST_F(LargeData, arrays_take_little_memory) {
  data(
      "  source: idx(\"x.idx\", \"y.idx\")\n  fields: (pixels: u8[1000], label: u8)\n"
      "  let x = cast(pixels, f32)  let y = cast(label, i32)",
      1000, 3);
  constexpr std::uint32_t kRows = 30'000;
  std::string pixels(kRows * 1000, '\0'), labels(kRows, '\0');
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i / 1000 + i % 7);
  write("x.idx", runtime::gzip(idxHeader({kRows, 1000}) + pixels));
  write("y.idx", idxHeader({kRows}) + labels);
  readsWithLittleMemory(kRows * 1000);

  const auto array = [](std::vector<std::int64_t> shape, const std::string& bytes) {
    runtime::Array made{runtime::Element::U8, std::move(shape), {}};
    const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
    made.bytes.assign(begin, begin + bytes.size());
    return made;
  };
  const runtime::Array x = array({kRows, 1000}, pixels), y = array({kRows}, labels);
  edit("idx(\"x.idx\", \"y.idx\")", "npz(\"z.npz\")");
  write("z.npz", runtime::encodeNpz({{"pixels", x}, {"label", y}}));
  readsWithLittleMemory(kRows * 1000);
  write("z.npz", runtime::deflatedZip({{"pixels.npy", runtime::encodeNpy(x)}, {"label.npy", runtime::encodeNpy(y)}}));
  readsWithLittleMemory(kRows * 1000);
}

TEST_F(LargeData, images_take_little_memory) {
  data("  source: images(\"pets\", size: (64, 64))\n  let x = reshape(cast(image, f32), [12288])  let y = label", 12288,
       2);
  std::vector<std::uint8_t> pixels(std::size_t{3} * 64 * 64);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i % 251);
  for (const char* const word : {"cat", "dog"}) {
    fs::create_directories(path(std::string("pets/") + word));
    write(std::string("pets/") + word + "/0.png", runtime::encodePng(64, 64, PNG_FORMAT_RGB, pixels.data()));
    for (int i = 1; i < 1200; ++i)
      fs::create_hard_link(path(std::string("pets/") + word + "/0.png"),
                           path(std::string("pets/") + word + "/" + std::to_string(i) + ".png"));
  }
  readsWithLittleMemory(2400 * 3 * 64 * 64);
}

TEST_F(LargeData, tokens_take_little_memory) {
  data(
      "  source: text_windows(\"t.txt\", 64, vocab: bpe(\"bpe.json\"))\n  let x = cast(tokens, f32)  let y = "
      "sum[t](tokens[t])",
      64, 260);
  // Words that come once, more than are remembered, and then a few again and again: those that come once cost the time.
  std::string text;
  for (unsigned i = 0; text.size() < 5'000'000; ++i) text += std::to_string(i * 2'654'435'761U) + " ";
  while (text.size() < 20'000'000) text += "1234567 7654321 1122334 ";
  const std::unique_ptr<runtime::Tokenizer> tokenizer = runtime::trainBytePairs(text.substr(0, 10'000), 260);
  write("bpe.json", tokenizer->toJson());
  std::int64_t tokens = 0;
  const auto count = [&](std::span<const std::int32_t> piece) {
    tokens += static_cast<std::int64_t>(piece.size());
    return true;
  };
  runtime::Failure failure;
  ASSERT_TRUE(tokenizer->encode(text, count, failure));
  write("t.txt", runtime::gzip(text));
  readsWithLittleMemory(tokens * 4);
}

TEST_F(LargeData, characters_take_little_memory) {
  // Windows of one character: a place in the text for each of them.
  data("  source: text_windows(\"t.txt\", 1, vocab: .chars)\n  let x = cast(tokens, f32)  let y = sum[t](tokens[t])", 1,
       11);
  std::string text;
  for (unsigned i = 0; text.size() < 1'500'000; ++i) text += std::to_string(i * 2'654'435'761U) + " ";
  write("t.txt", text);
  readsWithLittleMemory(static_cast<std::int64_t>(text.size()) * 8);
}

TEST_F(LargeData, generated_examples_take_little_memory) {
  data("  source: generate(100000, fn (i, key) => (x: zeros([100]) + cast(i, f32), y: i % 3))", 100, 3);
  readsWithLittleMemory(100'000 * 101 * 4);
}

/// Folders of three images each, of which one has a damaged second half.
class LateDamage : public LargeData {
 protected:
  LateDamage() {
    data(
        "  source: images(\"pets\", size: (4, 4))\n  split: (train: 0..5, valid: 5..6)\n"
        "  let x = reshape(cast(image, f32) / 255.0, [48])  let y = label",
        48, 2);
    for (int i = 0; i < 6; ++i) {
      std::vector<std::uint8_t> pixels(std::size_t{3} * 16 * 16);
      for (std::size_t k = 0; k < pixels.size(); ++k)
        pixels[k] = static_cast<std::uint8_t>(k * k * static_cast<std::size_t>(i + 1) % 251);
      const std::string folder = i < 3 ? "pets/cat" : "pets/dog";
      fs::create_directories(path(folder));
      write(folder + "/" + std::to_string(i) + ".png", runtime::encodePng(16, 16, PNG_FORMAT_RGB, pixels.data()));
    }
  }
  void damage(const std::string& name) {
    std::string bytes = read(name);
    bytes[bytes.size() * 3 / 4] ^= 1;
    write(name, bytes);
  }

  std::string trainAt(std::int64_t mostHeld) {
    std::string text;
    const Attempt attempt =
        with({}, [&](elaborate::Project& project, const elaborate::TrainProgram& train, Attempt& out) {
          RunCache cache(std::int64_t{1} << 30, mostHeld);
          ProjectSource source(project, train);
          InMemoryOptions options;
          options.seeds = {0, 0, 0};
          const InterruptGuard interrupt;
          const std::optional<InMemoryRun> run =
              trainInMemory(source, train, options, cache, interrupt, nullptr, out.diagnostics);
          if (!run) return;
          for (const Evaluation& evaluation : run->evaluations)
            for (const Metric& metric : evaluation.metrics) text += fmt::format("{}={:a} ", metric.name, metric.value);
        });
    return attempt.messages + text;
  }
  static constexpr const char* kMessage =
      "E1202 bad data file `pets/dog/4.png`: is a damaged PNG image: IDAT: incorrect data check\n";
};

TEST_F(LateDamage, training_is_the_same_whether_images_are_held_or_not) {
  const std::string held = trainAt(runtime::kMostHeldBytes);
  EXPECT_NE(held.find("train.loss="), std::string::npos) << held;
  EXPECT_EQ(trainAt(0), held);
}

TEST_F(LateDamage, is_named_at_the_beginning_or_when_a_batch_asks) {
  damage("pets/dog/4.png");
  EXPECT_EQ(trainAt(runtime::kMostHeldBytes), kMessage);
  EXPECT_EQ(trainAt(0), kMessage);
  write("pets/dog/5.png", "no image");
  EXPECT_EQ(trainAt(0),
            "E1202 bad data file `pets/dog/5.png`: is neither a PNG nor a JPEG image\n"
            "  note at byte 0 of pets/dog/5.png\n")
      << "a header is looked at before anything is trained";
}

TEST_F(LateDamage, batches_before_it_come_and_none_after) {
  damage("pets/dog/4.png");
  for (const bool isThreaded : {false, true}) {
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& train, Attempt& out) {
      SourceStore store(0);
      std::optional<DataSet> data = DataSet::locate(train.data, store, out.diagnostics);
      ASSERT_TRUE(data && data->read(out.diagnostics));
      std::optional<RowMap> map = RowMap::compile(train.data, {"x"}, /*withAugmentation=*/false, {}, out.diagnostics);
      ASSERT_TRUE(map);
      const SinglePass plan(Pass{0, 0, false, false, 0, 5});
      BatchStream stream(*data, *map, plan, 2, 0, isThreaded);
      EXPECT_NE(stream.next(out.diagnostics), nullptr);
      EXPECT_NE(stream.next(out.diagnostics), nullptr);
      EXPECT_FALSE(out.diagnostics.hasErrors());
      EXPECT_EQ(stream.next(out.diagnostics), nullptr);
    });
    EXPECT_EQ(attempt.messages, kMessage) << isThreaded;
    EXPECT_EQ(attempt.blamed, "\"pets\"");
  }
}

}  // namespace
}  // namespace nnc::training
