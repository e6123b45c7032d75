// .npy and .npz: round trips, numpy's own reader when there is one, refusals.
#include "nnc/npz.h"

#include <cstdlib>

#include "nnc/files.h"
#include "scratch.h"

namespace nnc::runtime {
namespace {

Array array(Element element, std::vector<std::int64_t> shape, const std::string& bytes) {
  Array result{element, std::move(shape), {}};
  for (const char c : bytes) result.bytes.push_back(static_cast<std::byte>(c));
  return result;
}

std::vector<NamedArray> sample() {
  return {{"net.h.dense.w", array(Element::F32, {2, 3}, randomBytes(24, 1))},
          {"y", array(Element::I64, {2}, randomBytes(16, 2))},
          {"scalar", array(Element::F64, {}, std::string("\x01\x00\x00\x00\x00\x00\xf8\x7f", 8))},
          {"flags", array(Element::Bool, {3}, std::string("\x01\x00\x01", 3))},
          {"none", array(Element::U8, {0, 4}, "")}};
}

std::string npy(const std::string& header, const std::string& data, char major = 1) {
  std::string bytes = std::string("\x93NUMPY") + major + '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return bytes + header + data;
}

void expectRefused(const std::string& bytes, const std::string& message) {
  const Scratch scratch;
  Failure failure;
  EXPECT_FALSE(readNpy(scratch.write("f.npy", bytes), failure)) << message;
  EXPECT_EQ(failure.message, message);
  EXPECT_GE(failure.offset, 0);
}

TEST(Npz, round_trip_is_bit_exact) {
  const Scratch scratch;
  Failure failure;
  const auto read = readNpz(scratch.write("f.npz", encodeNpz(sample())), failure);
  ASSERT_TRUE(read) << failure.message;
  const std::vector<NamedArray> expected = sample();
  ASSERT_EQ(read->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*read)[i].name, expected[i].name);
    EXPECT_EQ((*read)[i].array.element, expected[i].array.element);
    EXPECT_EQ((*read)[i].array.shape, expected[i].array.shape);
    EXPECT_EQ((*read)[i].array.bytes, expected[i].array.bytes);
  }
  EXPECT_TRUE(readNpz(scratch.write("e.npz", encodeNpz({})), failure)->empty());
}

TEST(Npz, bytes_of_an_array_are_numpys) {
  // What numpy 1.24's numpy.save writes for numpy.array([[1, 2]], dtype='<i4').
  const std::string header = "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2), }";
  const std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header +
                               std::string(118 - header.size() - 1, ' ') + "\n" +
                               std::string("\x01\x00\x00\x00\x02\x00\x00\x00", 8);
  EXPECT_EQ(encodeNpy(array(Element::I32, {1, 2}, std::string("\x01\x00\x00\x00\x02\x00\x00\x00", 8))), expected);
}

TEST(Npz, numpy_reads_what_is_written) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) GTEST_SKIP() << "numpy is not installed";
  const Scratch scratch;
  scratch.write("f.npz",
                encodeNpz({{"a", array(Element::I32, {2, 2}, std::string("\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0", 16))},
                           {"h", array(Element::BF16, {2}, std::string("\x80\x3f\x00\xc0", 4))},
                           {"s", array(Element::Bool, {}, std::string("\1", 1))}}));
  const std::string program =
      "import numpy as n, sys\nz = n.load(sys.argv[1] + '/f.npz')\n"
      "assert z['a'].tolist() == [[1, 2], [3, 4]] and z['a'].dtype == n.int32\n"
      "assert z['h'].tolist() == [1.0, -2.0] and z['s'].shape == () and bool(z['s'])\n"
      "n.savez_compressed(sys.argv[1] + '/g.npz', a=z['a'], v=n.arange(5.0))\n";
  scratch.write("p.py", program);
  ASSERT_EQ(std::system(("/usr/bin/python3 -B " + scratch.path("p.py") + " " + scratch.path()).c_str()), 0);
  Failure failure;
  const auto back = readNpz(scratch.path("g.npz"), failure);
  ASSERT_TRUE(back) << failure.message;
  EXPECT_EQ((*back)[0].array.bytes.size(), 16u);
  EXPECT_EQ((*back)[1].array.element, Element::F64);
}

TEST(Npz, python_reads_the_archive) {
  const Scratch scratch;
  scratch.write("f.npz", encodeNpz(sample()));
  scratch.write(
      "p.py",
      "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n"
      "assert z.namelist() == ['net.h.dense.w.npy', 'y.npy', 'scalar.npy', 'flags.npy', 'none.npy'], z.namelist()\n"
      "w = zipfile.ZipFile(sys.argv[1] + '.deflated', 'w', zipfile.ZIP_DEFLATED)\n"
      "[w.writestr(n, z.read(n)) for n in z.namelist()]\nw.close()\n");
  ASSERT_EQ(std::system(("/usr/bin/python3 -B " + scratch.path("p.py") + " " + scratch.path("f.npz")).c_str()), 0);
  Failure failure;
  const auto back = readNpz(scratch.path("f.npz.deflated"), failure);
  ASSERT_TRUE(back) << failure.message;
  ASSERT_EQ(back->size(), 5u);
  EXPECT_EQ((*back)[0].array.bytes, sample()[0].array.bytes);
}

TEST(Npz, refuses_by_name) {
  const std::string f4 = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
  expectRefused("PK", "is not a .npy file: the magic \\x93NUMPY is missing");
  expectRefused(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "xxxx"),
                "holds Python objects (pickle), which can run code when read; save it with a numeric dtype");
  expectRefused(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "xxxx"),
                "is big-endian (>f4); save it with x.astype(x.dtype.newbyteorder('<'))");
  expectRefused(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", "xx"),
                "has the dtype <f2; f4, f8, i1, u1, i4, i8 and b1 are read");
  expectRefused(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "xxxx"),
                "expected a plain dtype (structured arrays are not read) in the header");
  expectRefused(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "xxxx"),
                "is in Fortran order; save it with numpy.ascontiguousarray");
  expectRefused(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1125899906842624,), }", "xxxx"),
                "has a shape of more than 2^48 bytes");
  expectRefused(npy("{'descr': '<f4', 'shape': (1,), }", "xxxx"),
                "expected the keys descr, fortran_order and shape in the header");
  expectRefused(npy("{'descr': '<f4', 'descr': '<f4'}", ""),
                "expected each of descr, fortran_order and shape once in the header");
  expectRefused(npy(f4, "xxx"), "has 3 bytes of elements; its shape and dtype need 4");
  expectRefused(npy(f4, "xxxx", 4), "has .npy version 4; 1 to 3 are read");
  expectRefused(npy(std::string(10'001, ' '), ""), "has a header of 10001 bytes; 10000 are allowed");
}

TEST(Npz, reads_versions_two_and_three_and_a_fortran_vector) {
  const Scratch scratch;
  Failure failure;
  for (const char major : {2, 3})
    EXPECT_TRUE(readNpy(
        scratch.write("f", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "xxxx", major)), failure))
        << failure.message;
}

TEST(Npz, truncated_anywhere_is_an_error) {
  const Scratch scratch;
  const std::string bytes = encodeNpz(sample()), single = encodeNpy(sample()[0].array);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Failure failure;
    EXPECT_FALSE(readNpz(scratch.write("f", bytes.substr(0, size)), failure)) << size;
    EXPECT_FALSE(failure.message.empty());
  }
  for (std::size_t size = 0; size < single.size(); ++size) {
    Failure failure;
    EXPECT_FALSE(readNpy(scratch.write("f", single.substr(0, size)), failure)) << size;
  }
}

TEST(Npz, a_flipped_byte_never_changes_a_number_unnoticed) {
  const Scratch scratch;
  const std::vector<NamedArray> original = sample();
  forFlips(encodeNpz(original), 1000, 13, [&](const std::string& changed) {
    Failure failure;
    const auto read = readNpz(scratch.write("f", changed), failure);
    if (!read) {
      EXPECT_FALSE(failure.message.empty());
      return;
    }
    for (const NamedArray& tensor : *read) {
      for (const NamedArray& other : original) {
        if (other.name != tensor.name) continue;
        EXPECT_EQ(tensor.array.bytes, other.array.bytes);
      }
    }
  });
}

}  // namespace
}  // namespace nnc::runtime
