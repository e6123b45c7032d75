// Bad data files: each is refused before the first step, at the name in the data block, with file, place and fix.
#include <zlib.h>

#include "fixture.h"

namespace nnc::training {
namespace {

class Data : public TrainTest {
 protected:
  /// The messages of a run that must fail and leave nothing.
  Attempt refused() const {
    Attempt attempt = train(options("run"));
    EXPECT_FALSE(attempt.result);
    EXPECT_FALSE(fs::exists(path("run")));
    return attempt;
  }
};

TEST_F(Data, missing) {
  fs::remove(path("y.idx"));
  const Attempt attempt = refused();
  EXPECT_EQ(attempt.messages,
            "E1201 data file `y.idx` was not found\n"
            "  note looked for y.idx, y.idx.gz, /usr/share/datasets/y.idx, /usr/share/datasets/y.idx.gz\n"
            "  help put the file beside the .nn file, or set NNC_DATA_PATH to the folder that holds it\n");
  EXPECT_EQ(attempt.blamed, "\"y.idx\"");
}

TEST_F(Data, cut_short) {
  const std::string bytes = read("x.idx");
  for (const std::size_t size : {0, 3, 11, 12, 100, 611}) {
    write("x.idx", bytes.substr(0, size));
    const Attempt attempt = refused();
    EXPECT_EQ(attempt.messages.substr(0, 29), "E1202 bad data file `x.idx`: ") << attempt.messages;
    EXPECT_NE(attempt.messages.find("  note at byte " + std::to_string(size) + " of x.idx\n"), std::string::npos)
        << attempt.messages;
    EXPECT_EQ(attempt.blamed, "\"x.idx\"");
  }
}

TEST_F(Data, longer_than_its_header) {
  write("ty.idx", read("ty.idx") + "x");
  EXPECT_EQ(refused().messages,
            "E1202 bad data file `ty.idx`: has more data than its header says: sizes [37] of U8 need 45\n  note at "
            "byte 45 of ty.idx\n");
}

TEST_F(Data, not_idx) {
  write("x.idx", "P5 28 28 255 ...");
  EXPECT_EQ(refused().messages,
            "E1202 bad data file `x.idx`: is not an IDX file: it starts with 0x50 0x35, not 0x00 0x00\n  note at byte "
            "0 of x.idx\n");
}

TEST_F(Data, corrupt_gzip) {
  const std::string plain = read("x.idx");
  const gzFile file = gzopen(path("x.idx").c_str(), "wb");
  gzwrite(file, plain.data(), static_cast<unsigned>(plain.size()));
  gzclose(file);
  std::string bytes = read("x.idx");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // of the checksum
  write("x.idx", bytes);
  const Attempt attempt = refused();
  EXPECT_EQ(attempt.messages.substr(0, attempt.messages.find("  note")),
            "E1202 bad data file `x.idx`: the gzip stream is corrupt: incorrect data check\n");
  EXPECT_NE(attempt.messages.find("  note at byte "), std::string::npos) << attempt.messages;
}

TEST_F(Data, rows_differ) {
  writeData("x.idx", "unused", 99, 1);
  const Attempt attempt = refused();
  EXPECT_EQ(attempt.messages, "E1207 data file `y.idx` has 100 rows, and `x.idx` has 99\n");
  EXPECT_EQ(attempt.blamed, "\"y.idx\"");
}

TEST_F(Data, another_shape_or_order) {
  edit("pixels: u8[6]", "pixels: u8[2, 3]");
  edit("cast(pixels, f32) / 255.0", "reshape(cast(pixels, f32) / 255.0, [6])");
  const Attempt attempt = refused();
  EXPECT_NE(
      attempt.messages.find("E1203 data file `x.idx` holds u8[6] per row, and field `pixels` is u8[2, 3]\n"
                            "  help declare `fields: (pixels: u8[6])`, or list the files in the order of the fields\n"),
      std::string::npos)
      << attempt.messages;
}

TEST_F(Data, label_out_of_range) {
  std::string bytes = read("y.idx");
  bytes[8 + 83] = 7;
  write("y.idx", bytes);
  const Attempt attempt = refused();
  EXPECT_EQ(attempt.messages,
            "E1208 row 83 of `y.idx`: `y` is 7, and what it selects from has entries 0 to 2\n"
            "  note rows count from 0; the row is in part `valid`\n");
  EXPECT_EQ(attempt.blamed, "\"y.idx\"");
}

TEST_F(Data, a_split_past_the_end) {
  edit("valid: 70..100", "valid: 70..101");
  EXPECT_EQ(refused().messages, "E1205 part `valid` is rows 70..101, and the source has 100 rows\n");
}

TEST_F(Data, a_huge_claim_takes_no_memory) {
  write("x.idx", idxHeader({100, 6}).replace(4, 4, std::string("\xff\xff\xff\xff", 4)) + "12345");
  const Attempt attempt = refused();
  EXPECT_FALSE(attempt.messages.empty());
  EXPECT_EQ(attempt.messages.substr(0, 5), "E1207") << attempt.messages;
}

}  // namespace
}  // namespace nnc::training
