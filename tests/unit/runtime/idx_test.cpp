// IDX: round trips, and every way in which a file can be wrong.
#include "nnc/idx.h"

#include "scratch.h"

namespace nnc::runtime {
namespace {

std::string idx(unsigned char type, const std::vector<std::uint32_t>& sizes, const std::string& elements) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xFF);
  return bytes + elements;
}

std::string content(const DecodedArray& array) { return std::string(array.bytes.view()); }

/// The message for a file with these bytes. Fails the test when it is read.
Failure refused(const Scratch& scratch, const std::string& bytes) {
  Failure failure;
  const std::string path = scratch.write("f", bytes);
  EXPECT_FALSE(readIdx(path, failure).has_value());
  EXPECT_EQ(failure.path, path);
  return failure;
}

TEST(Idx, reads_bytes_plain_and_compressed) {
  const Scratch scratch;
  const std::string elements = randomBytes(5 * 4 * 3, 1), bytes = idx(0x08, {5, 4, 3}, elements);
  for (const std::string& path : {scratch.write("plain.gz", bytes), scratch.write("packed", gzip(bytes))}) {
    Failure failure;
    const std::optional<DecodedArray> array = readIdx(path, failure);
    ASSERT_TRUE(array) << failure.message;
    EXPECT_EQ(array->element, Element::U8);
    EXPECT_EQ(array->shape, (std::vector<std::int64_t>{5, 4, 3}));
    EXPECT_EQ(content(*array), elements);
    const std::optional<Array> header = readIdxHeader(path, failure);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->shape, array->shape);
    EXPECT_TRUE(header->bytes.empty());
  }
}

TEST(Idx, swaps_wide_elements_bit_exact) {
  const Scratch scratch;
  // Big endian: 1.0f, a quiet NaN with payload 0x123, -0.0f.
  const std::string big("\x3f\x80\x00\x00\x7f\xc0\x01\x23\x80\x00\x00\x00", 12);
  const std::string little("\x00\x00\x80\x3f\x23\x01\xc0\x7f\x00\x00\x00\x80", 12);
  Failure failure;
  const std::optional<DecodedArray> array = readIdx(scratch.write("f", idx(0x0D, {3}, big)), failure);
  ASSERT_TRUE(array) << failure.message;
  EXPECT_EQ(array->element, Element::F32);
  EXPECT_EQ(content(*array), little);
}

TEST(Idx, reads_an_empty_set_and_several_gzip_members) {
  const Scratch scratch;
  Failure failure;
  EXPECT_TRUE(readIdx(scratch.write("empty", idx(0x08, {0, 28, 28}, "")), failure)) << failure.message;
  const std::string elements = randomBytes(1000, 2), bytes = idx(0x08, {1000}, elements);
  const std::optional<DecodedArray> array =
      readIdx(scratch.write("two.gz", gzip(bytes.substr(0, 300)) + gzip(bytes.substr(300))), failure);
  ASSERT_TRUE(array) << failure.message;
  EXPECT_EQ(content(*array), elements);
}

TEST(Idx, names_a_missing_file) {
  const Scratch scratch;
  Failure failure;
  EXPECT_FALSE(readIdx(scratch.path("none"), failure));
  EXPECT_EQ(failure.message, "cannot open: No such file or directory");
  EXPECT_FALSE(readIdx(scratch.path(), failure));
  EXPECT_EQ(failure.message, "is not a regular file");
}

TEST(Idx, names_what_is_wrong_with_the_header) {
  const Scratch scratch;
  Failure failure = refused(scratch, std::string("PNG\x01", 4) + std::string(4, '\0'));
  EXPECT_EQ(failure.message, "is not an IDX file: it starts with 0x50 0x4e, not 0x00 0x00");
  EXPECT_EQ(failure.offset, 0);
  failure = refused(scratch, idx(0x0B, {1}, "ab"));
  EXPECT_EQ(failure.message, "has element type 0x0b; known are u8 0x08, i8 0x09, i32 0x0c, f32 0x0d, f64 0x0e");
  EXPECT_EQ(failure.offset, 2);
  failure = refused(scratch, std::string("\0\0\x08\x09", 4) + std::string(36, '\1'));
  EXPECT_EQ(failure.message, "has rank 9; 1 to 8 are allowed");
  EXPECT_EQ(failure.offset, 3);
  failure = refused(scratch, idx(0x0E, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ""));
  EXPECT_EQ(failure.message, "has sizes [4294967295, 4294967295, 4294967295], more than 2^48 bytes");
}

TEST(Idx, names_too_few_and_too_many_elements) {
  const Scratch scratch;
  Failure failure = refused(scratch, idx(0x08, {10, 2}, "12345"));
  EXPECT_EQ(failure.message, "holds at most 17 bytes; sizes [10, 2] of U8 need 32");
  EXPECT_EQ(failure.offset, 17);
  failure = refused(scratch, gzip(idx(0x08, {10, 2}, "12345")));
  EXPECT_EQ(failure.message, "ends after 17 bytes; sizes [10, 2] of U8 need 32");
  for (const std::string& bytes : {idx(0x08, {2}, "123"), gzip(idx(0x08, {2}, "123"))}) {
    failure = refused(scratch, bytes);
    EXPECT_EQ(failure.message, "has more data than its header says: sizes [2] of U8 need 10");
    EXPECT_EQ(failure.offset, 10);
  }
}

TEST(Idx, takes_no_memory_that_the_file_cannot_fill) {
  const Scratch scratch;
  // 2^47 bytes declared by 20 bytes; a reader that believed it would not come back.
  Failure failure = refused(scratch, idx(0x08, {1u << 31, 1u << 16}, "1234567"));
  EXPECT_NE(failure.message.find("holds at most 19 bytes"), std::string::npos) << failure.message;
  failure = refused(scratch, gzip(idx(0x08, {1u << 31, 1u << 16}, std::string(100000, 'x'))));
  EXPECT_NE(failure.message.find("holds at most"), std::string::npos) << failure.message;
}

TEST(Idx, truncated_anywhere_is_an_error_with_its_place) {
  const Scratch scratch;
  const std::string bytes = idx(0x08, {3, 4, 5}, randomBytes(60, 3));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Failure failure = refused(scratch, bytes.substr(0, size));
    EXPECT_FALSE(failure.message.empty());
    EXPECT_EQ(failure.offset, static_cast<std::int64_t>(size)) << failure.message;
  }
  const std::string packed = gzip(bytes);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Failure failure = refused(scratch, packed.substr(0, size));
    EXPECT_GE(failure.offset, 0) << size << " " << failure.message;
  }
}

TEST(Idx, a_flipped_byte_of_a_gzip_file_never_goes_unnoticed) {
  const Scratch scratch;
  const std::string elements = randomBytes(600, 4), packed = gzip(idx(0x08, {600}, elements));
  int valid = 0;
  forFlips(packed, 1000, 5, [&](const std::string& bytes) {
    Failure failure;
    const std::string path = scratch.write("f", bytes);
    const std::optional<DecodedArray> array = readIdx(path, failure);
    if (array) {
      // Only fields that do not matter (time, system) may change.
      EXPECT_EQ(content(*array), elements);
      ++valid;
      return;
    }
    EXPECT_EQ(failure.path, path);
    EXPECT_FALSE(failure.message.empty());
    EXPECT_GE(failure.offset, 0) << failure.message;
  });
  EXPECT_LT(valid, 100);
}

TEST(Idx, a_flipped_byte_of_a_plain_file_is_an_error_or_another_valid_file) {
  const Scratch scratch;
  const std::string bytes = idx(0x0C, {2, 3}, randomBytes(24, 6));
  forFlips(bytes, 1000, 7, [&](const std::string& changed) {
    Failure failure;
    const std::string path = scratch.write("f", changed);
    const std::optional<DecodedArray> array = readIdx(path, failure);
    if (array) return;
    EXPECT_EQ(failure.path, path);
    EXPECT_GE(failure.offset, 0) << failure.message;
  });
}

}  // namespace
}  // namespace nnc::runtime
