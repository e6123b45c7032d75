// safetensors: bit-exact round trips, the reject classes, damage.
#include "nnc/safetensors.h"

#include "scratch.h"

namespace nnc::runtime {
namespace {

Array array(Element element, std::vector<std::int64_t> shape, const std::string& bytes) {
  Array result{element, std::move(shape), {}};
  for (const char c : bytes) result.bytes.push_back(static_cast<std::byte>(c));
  return result;
}

std::string fileOf(const std::string& json, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(json.size() >> (8 * i) & 0xFF);
  return bytes + json + data;
}

TensorFile sample() {
  TensorFile file;
  file.metadata = {{"format", "nnc"}, {"step", "12"}};
  file.tensors.push_back(
      {"net.b", array(Element::F32, {2}, std::string("\x01\x00\x80\x7f\x23\x01\xc0\xff", 8))});  // NaN payloads
  file.tensors.push_back(
      {"net.a", array(Element::F64, {}, std::string("\x00\x00\x00\x00\x00\x00\x00\x80", 8))});  // -0.0
  file.tensors.push_back({"flags", array(Element::Bool, {3}, std::string("\x01\x00\x01", 3))});
  file.tensors.push_back({"empty", array(Element::I64, {0, 7}, "")});
  file.tensors.push_back({"half", array(Element::BF16, {1, 2}, std::string("\xc0\x7f\x01\x00", 4))});
  return file;
}

constexpr std::int64_t kAnyOffset = -2;

void expectRefused(const std::string& bytes, const std::string& message, std::int64_t offset = kAnyOffset) {
  const Scratch scratch;
  Failure failure;
  const std::string path = scratch.write("f.safetensors", bytes);
  EXPECT_FALSE(readSafetensors(path, failure)) << message;
  EXPECT_EQ(failure.path, path);
  EXPECT_EQ(failure.message, message);
  if (offset != kAnyOffset) {
    EXPECT_EQ(failure.offset, offset) << message;
  }
}

TEST(Safetensors, round_trip_is_bit_exact) {
  const Scratch scratch;
  const TensorFile file = sample();
  Failure failure;
  const std::optional<TensorFile> read = readSafetensors(scratch.write("f", encodeSafetensors(file)), failure);
  ASSERT_TRUE(read) << failure.message;
  EXPECT_EQ(read->metadata, file.metadata);
  std::vector<std::string> order;
  for (const NamedArray& tensor : read->tensors) {
    order.push_back(tensor.name);
    for (const NamedArray& original : file.tensors) {
      if (original.name != tensor.name) continue;
      EXPECT_EQ(tensor.array.element, original.array.element);
      EXPECT_EQ(tensor.array.shape, original.array.shape);
      EXPECT_EQ(tensor.array.bytes, original.array.bytes);
    }
  }
  EXPECT_EQ(order, (std::vector<std::string>{"empty", "net.a", "net.b", "half", "flags"}));
  EXPECT_EQ(encodeSafetensors(*read), encodeSafetensors(file));
}

TEST(Safetensors, written_bytes_follow_the_format) {
  TensorFile file;
  file.tensors.push_back({"w", array(Element::U8, {2}, "ab")});
  const std::string bytes = encodeSafetensors(file);
  // crc32("ab") = 0x9e83486d
  EXPECT_EQ(bytes.substr(8),
            "{\"__metadata__\":{\"crc32:w\":\"9e83486d\"},\"w\":{\"data_offsets\":[0,2],\"dtype\":\"U8\",\"shape\":[2]}"
            "}     ab");
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]), bytes.size() - 10);
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
  EXPECT_EQ(encodeSafetensors({}).substr(8), "{}      ");
}

TEST(Safetensors, reads_a_file_of_another_writer) {
  const Scratch scratch;
  Failure failure;
  const auto read = readSafetensors(
      scratch.write("f", fileOf(R"({"a":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}  )", "\x07\x00\x00\x80")),
      failure);
  EXPECT_FALSE(read);  // the literal above ends at its first NUL: 1 byte of data
  EXPECT_EQ(failure.message, "tensor \"a\" ends at byte 4 of the data, which has 1 bytes");
  const auto whole =
      readSafetensors(scratch.write("g", fileOf(R"({"a":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}  )",
                                                std::string("\x07\x00\x00\x80", 4))),
                      failure);
  ASSERT_TRUE(whole) << failure.message;
  EXPECT_EQ(whole->tensors[0].array.bytes[3], std::byte{0x80});
}

TEST(Safetensors, checks_both_kinds_of_checksums) {
  const Scratch scratch;
  Failure failure;
  // crc32c of 32 zero bytes is 8a9136aa (RFC 3720, B.4).
  const std::string json =
      R"({"__metadata__":{"crc32c:z":"8a9136aa"},"z":{"dtype":"U8","shape":[32],"data_offsets":[0,32]}})";
  EXPECT_TRUE(readSafetensors(scratch.write("f", fileOf(json, std::string(32, '\0'))), failure)) << failure.message;
  expectRefused(fileOf(json, std::string(31, '\0') + "\x01"),
                "tensor \"z\" is damaged: its checksum is 78fab5a9, and 8a9136aa was written",
                8 + static_cast<std::int64_t>(json.size()));
  expectRefused(fileOf(R"({"__metadata__":{"crc32:y":"00000000"}})", ""),
                "has a checksum of tensor \"y\", which it does not hold", 8);
  expectRefused(fileOf(R"({"__metadata__":{"crc32:y":"0"},"y":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", ""),
                "has the checksum \"0\" for tensor \"y\"; 8 hexadecimal digits were expected", 8);
}

TEST(Safetensors, reject_1_shorter_than_eight_bytes) {
  expectRefused("", "ends after 0 bytes; the length of the header needs 8", 0);
  expectRefused("1234567", "ends after 7 bytes; the length of the header needs 8", 7);
}

TEST(Safetensors, reject_2_header_longer_than_the_file) {
  expectRefused(std::string("\x09\0\0\0\0\0\0\0{}      ", 16),
                "says that its header has 9 bytes, and the file has 8 after the length", 0);
}

TEST(Safetensors, reject_3_header_above_the_limit) {
  expectRefused(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10),
                "says that its header has 100000001 bytes; 100000000 are allowed", 0);
  expectRefused(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10),
                "says that its header has 18446744073709551615 bytes; 100000000 are allowed", 0);
}

TEST(Safetensors, reject_4_not_utf8) {
  expectRefused(fileOf("{\"a\xff\":1}", ""), "the header is not valid UTF-8", 11);
}

TEST(Safetensors, reject_5_not_an_object) {
  expectRefused(fileOf(" {}", ""), "the header does not start with `{`", 8);
  expectRefused(fileOf("", ""), "the header does not start with `{`", 8);
  expectRefused(fileOf("[]", ""), "the header does not start with `{`", 8);
}

TEST(Safetensors, reject_6_bad_json) {
  expectRefused(fileOf("{\"a\":}", ""), "the header is not valid JSON at `\"a\":}`", 13);
  expectRefused(fileOf("{} x", ""), "the header is not valid JSON at `{} x`", 11);
  expectRefused(fileOf("{", ""), "the header is not valid JSON at `{`", 9);
}

TEST(Safetensors, reject_7_duplicate_keys) {
  const std::string a = R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  expectRefused(fileOf("{" + a + "," + a + "}", ""), "the header is wrong: the key \"a\" stands twice");
  expectRefused(fileOf(R"({"a":{"dtype":"U8","dtype":"U8"}})", ""),
                "the header is wrong: the key \"dtype\" stands twice in tensor \"a\"");
  expectRefused(fileOf(R"({"__metadata__":{"k":"1","k":"2"}})", ""),
                "the header is wrong: the key \"k\" stands twice in `__metadata__`");
}

TEST(Safetensors, reject_8_bad_dtype) {
  expectRefused(fileOf(R"({"a":{"dtype":"F31","shape":[0],"data_offsets":[0,0]}})", ""),
                "the header is wrong: tensor \"a\" has the unknown dtype \"F31\"");
  expectRefused(fileOf(R"({"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}})", ""),
                "the header is wrong: tensor \"a\" has dtype F16, which nnc does not read");
  expectRefused(fileOf(R"({"a":{"dtype":3,"shape":[0],"data_offsets":[0,0]}})", ""),
                "the header is wrong: `dtype` of tensor \"a\" is a number");
}

TEST(Safetensors, reject_9_shape_overflow) {
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", ""),
                "the header is wrong: the shape of tensor \"a\" exceeds 2^48 bytes");
  // 2^63 bytes of f32 wrap to 0 in 64 bits.
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", ""),
                "the header is wrong: the shape of tensor \"a\" exceeds 2^48 bytes");
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,0]}})", ""),
                "the header is wrong: `shape` of tensor \"a\" overflows: 18446744073709551615");
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", ""),
                "the header is wrong: `shape` of tensor \"a\" holds the negative number -1");
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,0]}})", ""),
                "the header is wrong: `shape` of tensor \"a\" is a number with a fraction or too many digits");
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,0]}})", ""),
                "the header is wrong: tensor \"a\" has more than 8 dimensions");
}

TEST(Safetensors, reject_10_offsets_against_shape) {
  expectRefused(fileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}})", "abc"),
                "the header is wrong: `data_offsets` of tensor \"a\" are [0, 3], and its shape and dtype need 4 bytes");
  expectRefused(fileOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", "a"),
                "the header is wrong: `data_offsets` of tensor \"a\" are [1, 0], and its shape and dtype need 1 bytes");
  expectRefused(fileOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", "a"),
                "the header is wrong: `data_offsets` of tensor \"a\" has more than two numbers");
  expectRefused(fileOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", "a"),
                "the header is wrong: `data_offsets` of tensor \"a\" needs two numbers");
}

TEST(Safetensors, reject_11_overlap) {
  expectRefused(
      fileOf(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
          "abc"),
      "tensor \"b\" overlaps the tensor before it: it starts at byte 1 of the data, before 2");
}

TEST(Safetensors, reject_12_hole) {
  expectRefused(
      fileOf(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
          "abc"),
      "bytes 1 to 2 of the data, before tensor \"b\", belong to no tensor");
}

TEST(Safetensors, reject_13_uncovered_tail) {
  const std::string json = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  expectRefused(fileOf(json, "abc"), "the last 2 bytes belong to no tensor",
                8 + static_cast<std::int64_t>(json.size()) + 1);
}

TEST(Safetensors, reject_14_metadata_that_is_not_text) {
  expectRefused(fileOf(R"({"__metadata__":{"k":1}})", ""),
                "the header is wrong: `__metadata__` holds strings only, and \"k\" is a number");
  expectRefused(fileOf(R"({"__metadata__":{"k":{}}})", ""),
                "the header is wrong: `__metadata__` holds strings only, and \"k\" is an object");
  expectRefused(fileOf(R"({"__metadata__":[]})", ""),
                "the header is wrong: \"__metadata__\" is an array, not an object");
}

TEST(Safetensors, rejects_missing_and_unknown_fields) {
  expectRefused(fileOf(R"({"a":{"dtype":"U8","shape":[0]}})", ""),
                "the header is wrong: tensor \"a\" has no `data_offsets`");
  expectRefused(fileOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}})", ""),
                "the header is wrong: tensor \"a\" has the unknown key \"x\"");
  expectRefused(fileOf(R"({"a":null})", ""), "the header is wrong: \"a\" is null, not an object");
}

TEST(Safetensors, deep_nesting_is_refused_at_once) {
  expectRefused(fileOf("{\"a\":" + std::string(1'000'000, '['), ""),
                "the header is wrong: \"a\" is an array, not an object");
}

TEST(Safetensors, truncated_anywhere_is_an_error_with_its_place) {
  const Scratch scratch;
  const std::string bytes = encodeSafetensors(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Failure failure;
    EXPECT_FALSE(readSafetensors(scratch.write("f", bytes.substr(0, size)), failure)) << size;
    EXPECT_GE(failure.offset, 0) << failure.message;
  }
}

TEST(Safetensors, a_flipped_byte_never_changes_a_number_unnoticed) {
  const Scratch scratch;
  const TensorFile original = sample();
  const std::string bytes = encodeSafetensors(original);
  int valid = 0;
  forFlips(bytes, 1000, 11, [&](const std::string& changed) {
    Failure failure;
    const std::string path = scratch.write("f", changed);
    const std::optional<TensorFile> read = readSafetensors(path, failure);
    if (!read) {
      EXPECT_EQ(failure.path, path);
      EXPECT_GE(failure.offset, 0) << failure.message;
      return;
    }
    ++valid;  // a name, a metadata text or padding changed; the numbers did not
    for (const NamedArray& tensor : read->tensors) {
      for (const NamedArray& other : original.tensors) {
        if (other.name != tensor.name) continue;
        EXPECT_EQ(tensor.array.bytes, other.array.bytes);
      }
    }
  });
  EXPECT_LT(valid, 300);
}

}  // namespace
}  // namespace nnc::runtime
