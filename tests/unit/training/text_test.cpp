// Texts as data: windows, their next tokens, what is kept with the weights, and what is refused.
#include <zlib.h>

#include "fixture.h"
#include "nnc/safetensors.h"
#include "nnc/tokenizer.h"
#include "support/hash.h"
#include "training/data_set.h"

namespace nnc::training {
namespace {

constexpr const char* kText = R"(data text {
  source: text_windows("book.txt", length: 4)
  split:  (train: 0..10, valid: 10..14)
}

network model(vocab: dim = 256)(tokens: i32[B, T]) -> f32[B, T, vocab] = embedding(vocab, 6)(tokens) |> dense(vocab)

fn next_token_loss(z: f32[B, T, V], y: i32[B, T]) -> f32[B] {
  let l[b] = mean[t](logsumexp[v](z[b, t, v]) - z[b, t, y[b, t]])
  return l
}

train fit(epochs: int = 30) {
  network:   model()
  data:      text
  loss:      next_token_loss
  optimizer: adam(0.05)
  batch:     4
  epochs:    epochs
}
)";

class TextData : public TrainTest {
 protected:
  TextData() { program_ = kText; }

  std::optional<DataSet> data_;

  /// The rows of a field of the raw data, each as text of its numbers.
  std::vector<std::string> rows(std::size_t field, int source = 0) {
    std::vector<std::string> held = rows(field, source, runtime::kMostHeldBytes);
    EXPECT_EQ(rows(field, source, /*mostHeld=*/0), held);
    return held;
  }
  std::vector<std::string> rows(std::size_t field, int source, std::int64_t mostHeld) {
    std::vector<std::string> result;
    const Attempt attempt =
        with({}, [&](elaborate::Project&, const elaborate::TrainProgram& program, Attempt& outcome) {
          SourceStore store(mostHeld);
          std::optional<DataSet> data = DataSet::locate(program.data, store, outcome.diagnostics);
          if (!data || !data->read(outcome.diagnostics)) return;
          const std::int64_t length = program.data.raw[field].type.shape[0];
          for (std::int64_t row = 0; row < data->source(source).rows(); ++row) {
            std::vector<std::int32_t> tokens(static_cast<std::size_t>(length));
            auto* const to = reinterpret_cast<std::byte*>(tokens.data());
            EXPECT_TRUE(data->source(source).copy(field, row, to, outcome.diagnostics));
            std::string text;
            for (const std::int32_t token : tokens) text += (text.empty() ? "" : " ") + std::to_string(token);
            result.push_back(text);
          }
        });
    EXPECT_EQ(attempt.messages, "");
    return result;
  }
};

TEST_F(TextData, windows_lie_side_by_side_and_predict_the_next_byte) {
  edit("split:  (train: 0..10, valid: 10..14)", "");
  write("book.txt", "abcdefgh\xFF");
  EXPECT_EQ(rows(0), (std::vector<std::string>{"97 98 99 100", "101 102 103 104"}));
  EXPECT_EQ(rows(1), (std::vector<std::string>{"98 99 100 101", "102 103 104 255"}));
  write("book.txt", "abcdefgh");  // the last window would have no next byte
  EXPECT_EQ(rows(0), (std::vector<std::string>{"97 98 99 100"}));
}

TEST_F(TextData, characters_of_the_test_text_have_the_numbers_of_the_training_text) {
  edit("length: 4)\n  split:  (train: 0..10, valid: 10..14)",
       "length: 2, vocab: .chars)\n  test: text_windows(\"test.txt\", length: 2, vocab: .chars)");
  write("book.txt",
        "b\xC3\xA4\xE2\x82\xAC"
        "ab\xC3\xA4");
  write("test.txt",
        "\xE2\x82\xAC"
        "aa");
  EXPECT_EQ(rows(0), (std::vector<std::string>{"1 2", "3 0"}));
  EXPECT_EQ(rows(1), (std::vector<std::string>{"2 3", "0 1"}));
  EXPECT_EQ(rows(0, 1), (std::vector<std::string>{"3 0"}));
  EXPECT_EQ(rows(1, 1), (std::vector<std::string>{"0 0"}));
  write("test.txt", "abz");
  const Attempt attempt = train(options("run"));
  EXPECT_EQ(attempt.messages,
            "E1202 bad data file `test.txt`: has a character that the vocabulary lacks: `z`\n"
            "  note at byte 2 of test.txt\n");
  EXPECT_EQ(attempt.blamed, "\"test.txt\"");
}

TEST_F(TextData, a_random_split_puts_no_token_into_two_parts) {
  edit("(train: 0..10, valid: 10..14)", "random(valid: 0.25, seed: 3)");
  std::string text;
  for (int i = 0; i < 4 * 40 + 1; ++i) text += static_cast<char>(i + 32);  // every byte once
  write("book.txt", text);
  const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& program, Attempt& outcome) {
    SourceStore store;
    std::optional<DataSet> data = DataSet::locate(program.data, store, outcome.diagnostics);
    ASSERT_TRUE(data);
    std::vector<int> part(256, -1);
    for (std::size_t p = 0; p < data->parts().size(); ++p) {
      for (const std::int64_t row : data->parts()[p].rows) {
        std::int32_t y[4];
        EXPECT_TRUE(data->source(0).copy(1, row, reinterpret_cast<std::byte*>(y), outcome.diagnostics));
        for (const std::int32_t token : y) {
          EXPECT_EQ(part[static_cast<std::size_t>(token)], -1) << "predicted by two windows";
          part[static_cast<std::size_t>(token)] = static_cast<int>(p);
        }
      }
    }
    EXPECT_EQ(data->parts()[0].size(), 30);
    EXPECT_EQ(data->parts()[1].size(), 10);
    EXPECT_EQ(data->bytes(), 0) << "the file is mapped";
  });
  EXPECT_EQ(attempt.messages, "");
}

TEST_F(TextData, a_model_learns_a_text_and_keeps_its_tokenizer) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "abcd";
  write("book.txt", text);
  const RunResult result = trained("run");
  EXPECT_EQ(result.metrics[0].name, "train.loss");
  EXPECT_LT(result.metrics[0].value, 0.1) << "each byte determines the next";
  EXPECT_LT(result.metrics[1].value, 0.1);
  runtime::Failure failure;
  const auto file = runtime::readSafetensors(path("run/last"), failure);
  ASSERT_TRUE(file) << failure.message;
  EXPECT_EQ(file->metadata.at("tokenizer"), R"({"type":"bytes"})");
  const nlohmann::json manifest = nlohmann::json::parse(read("run/manifest.json"));
  EXPECT_EQ(manifest["data"][0]["rows"], 19);
  EXPECT_EQ(manifest["data"][0]["xxh3"], hexDigits(hashBytes(text)));
}

TEST_F(TextData, a_reader_needs_no_data_block) {
  edit("data:      text", "data:      text_windows(\"book.txt\", 4)");
  write("book.txt", std::string(4 * 9 + 1, 'x'));
  const RunResult result = trained("run");
  EXPECT_EQ(result.examples, 9 * 30);
  edit("text_windows(\"book.txt\", 4)", "text_windows(\"book.txt\", 4).take(5)");
  EXPECT_EQ(trained("run2").examples, 5 * 30);
}

TEST_F(TextData, gzip_gives_the_same_run) {
  std::string text;
  for (int i = 0; i < 70; ++i) text += static_cast<char>('a' + i * i % 17);
  write("book.txt", text);
  const RunResult plain = trained("run");
  fs::remove(path("book.txt"));
  const gzFile file = gzopen(path("book.txt.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const RunResult packed = trained("run2");
  EXPECT_EQ(plain.metrics[0].value, packed.metrics[0].value);
}

TEST_F(TextData, a_token_that_the_network_lacks_is_named) {
  write("book.txt", "aaaabaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  edit("network:   model()", "network:   model(98)");
  const Attempt attempt = train(options("run"));
  EXPECT_EQ(attempt.messages,
            "E1208 row 0 of `book.txt`: `y` is 98, and what it selects from has entries 0 to 97\n"
            "  note rows count from 0; the row is in part `train`\n"
            "  note the vocabulary of the text has 256 tokens\n"
            "E1208 row 1 of `book.txt`: `tokens` is 98, and what it selects from has entries 0 to 97\n"
            "  note rows count from 0; the row is in part `train`\n"
            "  note the vocabulary of the text has 256 tokens\n");
}

TEST_F(TextData, byte_pairs_of_a_file) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "the cat and the dog ";
  write("book.txt", text);
  const auto tokenizer = runtime::trainBytePairs(text, 300);
  write("bpe.json", tokenizer->toJson() + "\n");
  edit("length: 4)\n  split:  (train: 0..10, valid: 10..14)", "length: 3, vocab: bpe(\"bpe.json\"))");
  edit("vocab: dim = 256", "vocab: dim = 300");
  runtime::Failure failure;
  const auto tokens = *tokenizer->encode(text, failure);
  const std::vector<std::string> windows = rows(0), targets = rows(1);
  ASSERT_EQ(windows.size(), (tokens.size() - 1) / 3);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto join = [&](std::size_t at) {
      return std::to_string(tokens[at]) + " " + std::to_string(tokens[at + 1]) + " " + std::to_string(tokens[at + 2]);
    };
    EXPECT_EQ(windows[i], join(3 * i));
    EXPECT_EQ(targets[i], join(3 * i + 1));
  }
  trained("run");
  const auto file = runtime::readSafetensors(path("run/last"), failure);
  ASSERT_TRUE(file) << failure.message;
  EXPECT_EQ(file->metadata.at("tokenizer"), tokenizer->toJson());
  write("bpe.json", "{}");
  const Attempt attempt = train(options("run2"));
  EXPECT_EQ(attempt.messages,
            "E1202 bad data file `bpe.json`: is not the JSON of a tokenizer\n"
            "  help `nnc bpe TEXT --vocab 1000 --out bpe.json` writes such a file\n");
  EXPECT_EQ(attempt.blamed, "\"bpe.json\"");
}

TEST_F(TextData, a_text_without_a_window_and_one_that_is_no_utf8) {
  edit("split:  (train: 0..10, valid: 10..14)", "");
  for (const std::size_t size : {0, 1, 4}) {
    write("book.txt", std::string(size, 'a'));
    EXPECT_EQ(train(options("run")).messages, "E1206 part `train` has no rows\n");
  }
  edit("length: 4)", "length: 4, vocab: .chars)");
  write("book.txt", "abc\xC0zzzzzzzz");
  EXPECT_EQ(train(options("run")).messages,
            "E1202 bad data file `book.txt`: is not UTF-8; `vocab: .bytes` reads any file\n"
            "  note at byte 3 of book.txt\n");
}

}  // namespace
}  // namespace nnc::training
