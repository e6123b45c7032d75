// The readers of std.data: what rows they deliver, what they keep with the weights, and which files they refuse.
#include "../runtime/images.h"
#include "fixture.h"
#include "nnc/npz.h"
#include "nnc/safetensors.h"
#include "support/hash.h"
#include "training/buffer.h"
#include "training/data_set.h"

namespace nnc::training {
namespace {

class Readers : public TrainTest {
 protected:
  /// A program with this data block; its network takes `x: f32[B, width]` and `y: i32[B]`.
  void data(const std::string& block, int width, int classes) {
    program_ = "data d {\n" + block + "\n}\n" + "network net(x: f32[B, " + std::to_string(width) + "]) -> f32[B, " +
               std::to_string(classes) + "] = x |> dense(" + std::to_string(classes) + ")\n" +
               "train fit(epochs: int = 2) { network: net  data: d  loss: cross_entropy  metrics: [accuracy]\n"
               "  optimizer: sgd(0.1)  batch: 2  epochs: epochs }\n";
  }

  /// The raw rows of a source, fields separated by `;`; or the messages. Whether decoded bytes are held in memory or
  /// not makes no difference, to checksums neither.
  std::string rows(int source = 0) {
    std::string held = rows(source, runtime::kMostHeldBytes);
    EXPECT_EQ(rows(source, /*mostHeld=*/0), held);
    return held.substr(held.find('|') + 1);
  }
  std::string rows(int source, std::int64_t mostHeld) {
    std::string text, checksums;
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& program, Attempt& out) {
      SourceStore store(mostHeld);
      std::optional<DataSet> set = DataSet::locate(program.data, store, out.diagnostics);
      if (!set || !set->read(out.diagnostics)) return;
      for (const DataFile& file : set->source(source).files()) checksums += hexDigits(file.checksum) + " ";
      for (std::int64_t row = 0; row < set->source(source).rows(); ++row) {
        for (std::size_t field = 0; field < program.data.raw.size(); ++field) {
          const ir::Type& type = program.data.raw[field].type;
          std::vector<std::byte> bytes(static_cast<std::size_t>(type.byteCount()));
          EXPECT_TRUE(set->source(source).copy(field, row, bytes.data(), out.diagnostics));
          text += field > 0 ? ";" : "";
          for (std::int64_t i = 0; i < type.elementCount(); ++i)
            text += (i > 0 ? " " : "") + fmtNumber(realAt(type.dtype, bytes.data() + i * ir::dtypeBytes(type.dtype)));
        }
        text += "\n";
      }
    });
    return checksums + "|" + attempt.messages + text;
  }
  static std::string fmtNumber(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
  }
  /// Every cut and 1,000 changes of a file end in rows or a message.
  void survives(const std::string& name) {
    const std::string bytes = read(name);
    const Attempt attempt = with({}, [&](elaborate::Project&, const elaborate::TrainProgram& program, Attempt&) {
      const auto attemptWith = [&](const std::string& changed) {
        write(name, changed);
        bool isHeldFine = false;
        for (const std::int64_t mostHeld : {runtime::kMostHeldBytes, std::int64_t{0}}) {
          Diagnostics diagnostics;
          SourceStore store(mostHeld);
          std::optional<DataSet> set = DataSet::locate(program.data, store, diagnostics);
          const bool isFine = set && set->read(diagnostics) && canCopy(*set, diagnostics);
          EXPECT_TRUE(isFine != diagnostics.hasErrors());
          if (mostHeld > 0) isHeldFine = isFine;
          EXPECT_EQ(isFine, isHeldFine) << mostHeld;
        }
      };
      for (std::size_t size = 0; size < std::min<std::size_t>(bytes.size(), 300); ++size)
        attemptWith(bytes.substr(0, size));
      std::mt19937 engine(7);
      for (int i = 0; i < 1000; ++i) {
        std::string changed = bytes;
        for (unsigned flips = 1 + engine() % 4; flips > 0; --flips)
          changed[engine() % changed.size()] ^= static_cast<char>(1 + engine() % 255);
        attemptWith(changed);
      }
    });
    EXPECT_EQ(attempt.messages, "");
    write(name, bytes);
  }

  static bool canCopy(const DataSet& set, Diagnostics& diagnostics) {
    for (int source = 0; source < set.sourceCount(); ++source) {
      for (std::size_t field = 0; field < set.program().raw.size(); ++field) {
        std::vector<std::byte> bytes(static_cast<std::size_t>(set.program().raw[field].type.byteCount()));
        for (std::int64_t row = 0; row < set.source(source).rows(); ++row)
          if (!set.source(source).copy(field, row, bytes.data(), diagnostics)) return false;
      }
    }
    return true;
  }

  std::map<std::string, std::string> savedMeanings(const std::string& run) const {
    runtime::Failure failure;
    const auto file = runtime::readSafetensors(path(run + "/last"), failure);
    EXPECT_TRUE(file) << failure.message;
    return file ? file->metadata : std::map<std::string, std::string>();
  }
};

TEST_F(Readers, bin_reads_records_of_all_files_by_name) {
  data(
      "  source: bin(\"batch_*.bin\", record: (label: u8, pixels: u8[2], weight: i32))\n"
      "  test: bin(\"test.bin\", record: (label: u8, pixels: u8[2], weight: i32))\n"
      "  let x = cast(pixels, f32)  let y = cast(label, i32)",
      2, 3);
  const std::string minusTwo("\xFE\xFF\xFF\xFF", 4), one("\x01\0\0\0", 4);
  write("batch_2.bin", "\x02\x07\x08" + one);
  write("batch_1.bin", std::string("\0\x03\x04", 3) + minusTwo + "\x01\x05\x06" + one);
  write("test.bin", "\x01\xFF\xFE" + one);
  write("batch_3.txt", "no data");
  EXPECT_EQ(rows(), "0;3 4;-2\n1;5 6;1\n2;7 8;1\n");
  EXPECT_EQ(rows(1), "1;255 254;1\n");
  EXPECT_EQ(trained("run").examples, 6);
  survives("batch_1.bin");

  write("batch_2.bin", "\x05\x07\x08" + one);
  const Attempt bad = train(options("run2"));
  EXPECT_EQ(bad.messages,
            "E1208 row 2 of `batch_2.bin`: `y` is 5, and what it selects from has entries 0 to 2\n"
            "  note rows count from 0; the row is in part `train`\n");
  write("batch_2.bin", "\x05\x07\x08");
  EXPECT_EQ(rows(),
            "E1202 bad data file `batch_2.bin`: has 3 bytes, and records of 7 do not fill them: 3 bytes are left over\n"
            "  note at byte 0 of batch_2.bin\n");
  fs::remove(path("batch_1.bin"));
  fs::remove(path("batch_2.bin"));
  EXPECT_EQ(rows(),
            "E1201 data file `batch_*.bin` was not found\n"
            "  note looked for batch_*.bin, /usr/share/datasets/batch_*.bin\n"
            "  help put the files beside the .nn file, or set NNC_DATA_PATH to the folder that holds them\n");
}

TEST_F(Readers, csv_takes_consecutive_columns_and_numbers_words) {
  data(
      "  source: csv(\"t.csv\", label: \"kind\")\n  test: csv(\"u.csv\", label: \"kind\")\n"
      "  fields: (x: f32[2], y: i32)",
      2, 3);
  write("t.csv", "width,kind,height\n1,dog,2\n3.5, cat ,-4\n\"5\",dog,6e1\r\n");
  write("u.csv", "width,kind,height\n7,cat,8\n");
  EXPECT_EQ(rows(), "1 2;0\n3.5 -4;1\n5 60;0\n");
  EXPECT_EQ(rows(1), "7 8;1\n") << "the numbers of the training data";
  trained("run");
  EXPECT_EQ(savedMeanings("run").at("classes:y"), R"(["dog","cat"])");
  survives("t.csv");

  write("u.csv", "width,kind,height\n7,cow,8\n");
  EXPECT_EQ(rows(),
            "E1202 bad data file `u.csv`: `cow` is no class of the data that is trained on\n"
            "  note at u.csv:2:3\n  help the data that is trained on have dog, cat\n");
  write("u.csv", "width,sort,height\n7,cat,8\n");
  EXPECT_EQ(rows(), "E1202 bad data file `u.csv`: has no column `kind` in its first line\n  note at u.csv:1\n");
}

TEST_F(Readers, csv_finds_its_header) {
  data("  source: csv(\"t.csv\")\n  fields: (a: f32, b: i32)\n  let x = reshape(a, [1])  let y = b", 1, 9);
  write("t.csv", "a,b\n1,2\n");
  EXPECT_EQ(rows(), "1;2\n");
  write("t.csv", "1,2\n3,4\n");
  EXPECT_EQ(rows(), "1;2\n3;4\n");
  write("t.csv", "1,red\n3,green\n");
  EXPECT_EQ(rows(), "1;0\n3;1\n") << "a number in a numeric column: no header";
  write("t.csv", "b,a\n1,2\n");
  EXPECT_EQ(rows(),
            "E1202 bad data file `t.csv`: has the column `b` where `fields` has `a`\n  note at t.csv:1\n"
            "  help list the fields in the order of the columns\n");
  edit("csv(\"t.csv\")", "csv(\"t.csv\", header: false)");
  EXPECT_EQ(rows(),
            "E1202 bad data file `t.csv`: `b` is no number\n  note at t.csv:1:1\n"
            "  help a column of words is a class: declare `a: i32`\n");
  edit("header: false", "header: true");
  write("t.csv", "8,8\n1,2\n");
  EXPECT_EQ(rows(), "1;2\n");
  edit("(a: f32, b: i32)", "(a: i32, b: i32)");
  edit("reshape(a, [1])", "reshape(cast(a, f32), [1])");
  edit(", header: true", "");
  write("t.csv", "no,red\nyes,green\nno,red\n");
  EXPECT_EQ(rows(), "0;0\n1;1\n0;0\n") << "nothing but words: no line is a header";
}

TEST_F(Readers, csv_refuses_cells_by_line_and_column) {
  data("  source: csv(\"t.csv\")\n  fields: (x: f32[2], label: u8)\n  let y = cast(label, i32)", 2, 9);
  write("t.csv", "1,2,3\n4,,6\n");
  EXPECT_EQ(rows(),
            "E1202 bad data file `t.csv`: an empty cell\n  note at t.csv:2:3\n"
            "  help `csv(.., missing: 0.0)` gives empty cells a value\n");
  write("t.csv", "1,2,3\n4,abc,6\n");
  EXPECT_EQ(rows(),
            "E1202 bad data file `t.csv`: `abc` is no number\n  note at t.csv:2:3\n"
            "  help a column of words is a class: declare `x: i32`\n");
  write("t.csv", "1,2,3\n4,5,256\n");
  EXPECT_EQ(rows(), "E1202 bad data file `t.csv`: `256` is no u8\n  note at t.csv:2:5\n");
  write("t.csv", "1,2,3\n4,5,0.5\n");
  EXPECT_EQ(rows(), "E1202 bad data file `t.csv`: `0.5` is no u8\n  note at t.csv:2:5\n");
  write("t.csv", "1,2,3\n4,5\n");
  EXPECT_EQ(rows(),
            "E1202 bad data file `t.csv`: has a line of 2 columns, and `fields` declares 3\n  note at t.csv:2:3\n"
            "  help `fields` takes consecutive columns: `x: f32[4]` takes four, `y: i32` one\n");
  write("t.csv", "");
  EXPECT_EQ(rows(), "E1202 bad data file `t.csv`: has no lines\n");
  edit("csv(\"t.csv\")", "csv(\"t.csv\", missing: -1.0)");
  write("t.csv", "1,,3\n");
  EXPECT_EQ(rows(), "1 -1;3\n");
}

runtime::Array array(runtime::Element element, std::vector<std::int64_t> shape, const std::string& bytes) {
  runtime::Array result{element, std::move(shape), {}};
  for (const char c : bytes) result.bytes.push_back(static_cast<std::byte>(c));
  return result;
}

TEST_F(Readers, npy_and_npz) {
  data("  source: npy(\"a.npy\", \"b.npy\")\n  fields: (pixels: u8[2], y: i32)\n  let x = cast(pixels, f32)", 2, 9);
  const runtime::Array pixels = array(runtime::Element::U8, {3, 2}, "\1\2\3\4\5\6"),
                       labels = array(runtime::Element::I32, {3}, std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12));
  write("a.npy", runtime::encodeNpy(pixels));
  write("b.npy", runtime::encodeNpy(labels));
  EXPECT_EQ(rows(), "1 2;1\n3 4;2\n5 6;3\n");
  const RunResult result = trained("run");
  survives("a.npy");
  write("z.npz", runtime::encodeNpz({{"y", labels}, {"other", labels}, {"pixels", pixels}}));
  edit("npy(\"a.npy\", \"b.npy\")", "npz(\"z.npz\")");
  EXPECT_EQ(rows(), "1 2;1\n3 4;2\n5 6;3\n");
  EXPECT_EQ(trained("run2").metrics[0].value, result.metrics[0].value);
  survives("z.npz");

  write("z.npz", runtime::encodeNpz({{"y", labels}, {"pixel", pixels}}));
  EXPECT_EQ(rows(),
            "E1202 bad data file `z.npz`: holds no array `pixels`\n  note it holds y, pixel\n"
            "  help did you mean `pixel`?\n");
  write("z.npz", runtime::encodeNpz({{"y", pixels}, {"pixels", pixels}}));
  EXPECT_EQ(rows(),
            "E1203 data file `z.npz` holds u8[2] per row, and field `y` is i32\n"
            "  help declare `fields: (y: u8[2])`, or list the files in the order of the fields\n");
}

TEST_F(Readers, images_of_a_folder_for_each_class) {
  data("  source: images(\"pets\", size: (1, 2))\n  let x = reshape(cast(image, f32) / 255.0, [6])  let y = label", 6,
       2);
  fs::create_directories(path("pets/dog"));
  fs::create_directories(path("pets/cat"));
  const std::uint8_t red[] = {255, 0, 0, 255, 0, 0}, grey[] = {1, 1, 3, 3};
  write("pets/dog/a.png", runtime::encodePng(2, 1, PNG_FORMAT_RGB, red));
  write("pets/cat/b.PNG", runtime::encodePng(4, 1, PNG_FORMAT_GRAY, grey));
  write("pets/cat/a.jpg", runtime::encodeJpeg(2, 1, 3, red));
  write("pets/cat/notes.txt", "no image");
  // a.jpg is rounded by its colour space; b.PNG is halved: (0.75 * 1 + 0.75 * 1 + 0.25 * 3) / 1.75 rounds to 1.
  const std::string text = rows();
  EXPECT_EQ(text.substr(text.find('\n') + 1), "1 3 1 3 1 3;0\n255 255 0 0 0 0;1\n");
  trained("run");
  EXPECT_EQ(savedMeanings("run").at("classes:label"), R"(["cat","dog"])");
  survives("pets/dog/a.png");
  survives("pets/cat/a.jpg");
  write("pets/cat/a.jpg", "GIF89a");
  EXPECT_EQ(rows(),
            "E1202 bad data file `pets/cat/a.jpg`: is neither a PNG nor a JPEG image\n"
            "  note at byte 0 of pets/cat/a.jpg\n");
  fs::remove_all(path("pets/cat"));
  fs::remove_all(path("pets/dog"));
  EXPECT_EQ(rows(), "E1202 bad data file `pets`: has no folder for a class\n");
  fs::create_directories(path("pets/dog"));
  EXPECT_EQ(rows(), "E1202 bad data file `pets/dog`: is the folder of a class and has no .png, .jpg or .jpeg file\n");
  write("pets/dog/a.GIF", "GIF89a");
  EXPECT_EQ(rows(),
            "E1202 bad data file `pets/dog/a.GIF`: is an image that is neither PNG nor JPEG\n"
            "  help convert it, or move it away\n");
  fs::remove_all(path("pets"));
  EXPECT_NE(rows().find("E1201 data file `pets` was not found"), std::string::npos);
}

TEST_F(Readers, what_is_read_where_it_lies_may_be_larger_than_the_memory) {
  data(
      "  source: bin(\"x.bin\", record: (pixels: u8[3000], label: u8))\n"
      "  let x = cast(pixels, f32) / 255.0  let y = cast(label, i32)",
      3000, 2);
  std::string bytes;
  for (int row = 0; row < 2000; ++row)
    bytes += std::string(3000, static_cast<char>(row)) + std::string(1, static_cast<char>(row % 2));
  write("x.bin", bytes);
  RunOptions small = options("run");
  small.engine.maxMemoryBytes = 4 << 20;  // the file has 6 MB
  const Attempt attempt = train(small, {{"epochs", "1"}});
  ASSERT_TRUE(attempt.result) << attempt.messages;
  EXPECT_EQ(attempt.result->examples, 2000);
  EXPECT_LT(attempt.result->plannedBytes, 4 << 20);

  edit("bin(\"x.bin\", record: (pixels: u8[3000], label: u8))",
       "idx(\"x.idx\", \"l.idx\")\n  fields: (pixels: u8[3000], label: u8)");
  write("x.idx", idxHeader({2000, 3000}) + std::string(6'000'000, '\1'));
  write("l.idx", idxHeader({2000}) + std::string(2000, '\1'));
  small.out = path("run2");
  const Attempt refused = train(small, {{"epochs", "1"}});
  EXPECT_EQ(refused.messages.substr(0, 5), "E1101") << refused.messages;
}

TEST_F(Readers, zip_puts_sources_side_by_side) {
  data(
      "  source: zip(idx(\"y.idx\"), bin(\"x.bin\", record: (x: f32[1])), npy(\"b.npy\"))\n"
      "  fields: (label: u8, extra: i32)\n  let y = cast(label, i32)",
      1, 3);
  write("y.idx", idxHeader({2}) + "\1\2");
  write("x.bin", std::string("\0\0\x80\x3f\0\0\0\x40", 8));  // 1.0, 2.0
  write("b.npy", runtime::encodeNpy(array(runtime::Element::I32, {2}, std::string("\5\0\0\0\6\0\0\0", 8))));
  EXPECT_EQ(rows(), "1;1;5\n2;2;6\n");
  trained("run");
  write("x.bin", std::string(12, '\0'));
  EXPECT_EQ(rows(), "E1207 data file `x.bin` has 3 rows, and `y.idx` has 2\n");
}

}  // namespace
}  // namespace nnc::training
