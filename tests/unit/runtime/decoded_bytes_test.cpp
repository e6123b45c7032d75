// Decoded bytes in memory and in a scratch file: the same bytes, no file left, errors with the folder.
#include "nnc/decoded_bytes.h"

#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>

#include "archives.h"
#include "nnc/file_bytes.h"
#include "nnc/idx.h"
#include "nnc/npz.h"
#include "scratch.h"

namespace nnc::runtime {
namespace {

/// Scratch files go to this folder until the test ends.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& path) { ::setenv("TMPDIR", path.c_str(), 1); }
  ~TemporaryFolder() { ::unsetenv("TMPDIR"); }
};

TEST(DecodedBytes, are_the_same_below_and_beyond_the_limit) {
  const Scratch scratch;
  const TemporaryFolder folder(scratch.path());
  const std::string all = randomBytes(3'000'000, 1);
  for (const std::size_t piece : {std::size_t{1'000}, std::size_t{70'001}, std::size_t{2'500'000}}) {
    for (const std::int64_t mostHeld : {0, 1, 1'500'000, 2'999'999, 3'000'000}) {
      DecodedBytes bytes("f", mostHeld);
      Failure failure;
      for (std::size_t at = 0; at < all.size(); at += piece)
        ASSERT_TRUE(bytes.append(std::string_view(all).substr(at, piece), failure)) << failure.message;
      ASSERT_TRUE(bytes.finish(failure)) << failure.message;
      const DecodedBytes moved(std::move(bytes));
      EXPECT_EQ(moved.view(), all) << piece << " " << mostHeld;
      EXPECT_EQ(moved.residentBytes(), mostHeld < 3'000'000 ? 0 : 3'000'000);
      EXPECT_EQ(moved.residentBytes(), DecodedBytes::residentBytes(3'000'000, mostHeld));
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "scratch files have no name";
}

TEST(DecodedBytes, may_be_none) {
  DecodedBytes bytes("f", 0);
  Failure failure;
  EXPECT_TRUE(bytes.finish(failure));
  EXPECT_EQ(bytes.view(), "");
}

TEST(DecodedBytes, name_the_folder_that_cannot_take_them) {
  const Scratch scratch;
  const std::string none = scratch.path("none");
  const TemporaryFolder folder(none);
  DecodedBytes bytes("t.csv.gz", 4);
  Failure failure;
  EXPECT_TRUE(bytes.append("1234", failure));
  EXPECT_FALSE(bytes.append("5", failure));
  EXPECT_EQ(failure.path, "t.csv.gz");
  EXPECT_EQ(failure.message, "takes 5 bytes or more when decoded, and in " + none +
                                 " (TMPDIR) no scratch file can be made: No such file or directory");
}

TEST(DecodedBytes, that_are_known_to_be_too_many_are_never_held) {
  const Scratch scratch;
  const std::string none = scratch.path("none");
  Failure failure;
  {
    const TemporaryFolder folder(none);
    DecodedBytes bytes("t.npz", 4);
    bytes.expect(5);
    EXPECT_FALSE(bytes.append("1", failure));
    EXPECT_EQ(failure.message.find("takes 5 bytes or more"), 0u) << failure.message;
  }
  const TemporaryFolder folder(scratch.path());
  DecodedBytes fewer("t.npz", 4);
  fewer.expect(5);
  EXPECT_TRUE(fewer.append("1", failure) && fewer.finish(failure)) << failure.message;
  EXPECT_EQ(fewer.view(), "1");
  EXPECT_EQ(fewer.residentBytes(), 0);
  DecodedBytes nothing("t.npz", 4);
  nothing.expect(5);
  EXPECT_TRUE(nothing.finish(failure));
  EXPECT_EQ(nothing.view(), "");
}

TEST(DecodedBytes, a_scratch_file_that_cannot_grow_is_an_error) {
  const Scratch scratch;
  const TemporaryFolder folder(scratch.path());
  const std::string packed = scratch.write("t.gz", gzip(std::string(3'000'000, 'x')));
  // A limit of the size of files ends a write as a full disk does.
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{1'500'000, old.rlim_max};
  void (*const handler)(int) = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  Failure failure;
  EXPECT_FALSE(FileBytes::open(packed, failure, 1'000));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(failure.path, packed);
  EXPECT_NE(failure.message.find("the scratch file cannot be written: File too large"), std::string::npos)
      << failure.message;
  std::filesystem::remove(packed);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

/// What a reader makes of a file does not depend on where it decodes it.
TEST(DecodedBytes, readers_give_the_same_in_memory_and_in_a_scratch_file) {
  const Scratch scratch;
  const std::string elements = randomBytes(240, 2), npy = encodeNpy([&] {
                                                      Array array{Element::F64, {5, 6}, {}};
                                                      for (const char c : elements)
                                                        array.bytes.push_back(static_cast<std::byte>(c));
                                                      return array;
                                                    }());
  const std::string idx = std::string("\0\0\x0E\x02\0\0\0\5\0\0\0\6", 12) + elements;
  const std::string zip = deflatedZip({{"a.npy", npy}, {"b.npy", npy}});
  const auto same = [&](const std::string& gzipped, const std::string& zipped) {
    Failure failure;
    const std::string gz = scratch.write("f.gz", gzipped), npz = scratch.write("f.npz", zipped);
    const auto held = FileBytes::open(gz, failure), spilled = FileBytes::open(gz, failure, 0);
    ASSERT_EQ(held.has_value(), spilled.has_value());
    if (held) {
      EXPECT_EQ(held->view(), spilled->view());
    }
    const auto heldIdx = readIdx(gz, failure), spilledIdx = readIdx(gz, failure, 0);
    ASSERT_EQ(heldIdx.has_value(), spilledIdx.has_value());
    if (heldIdx) {
      EXPECT_EQ(heldIdx->bytes.view(), spilledIdx->bytes.view());
    }
    const auto archive = NpzArchive::open(npz, failure);
    for (std::size_t i = 0; archive && i < archive->names().size(); ++i) {
      Failure heldFailure, spilledFailure;
      const auto header = archive->header(i, failure);
      const auto heldArray = archive->read(i, heldFailure), spilledArray = archive->read(i, spilledFailure, 0);
      ASSERT_EQ(heldArray.has_value(), spilledArray.has_value());
      EXPECT_EQ(heldFailure.message, spilledFailure.message);
      if (!heldArray) continue;
      EXPECT_EQ(heldArray->view.bytes, spilledArray->view.bytes);
      EXPECT_EQ(heldArray->view.bytes, elements) << "the checksum held";
      ASSERT_TRUE(header) << failure.message;
      EXPECT_EQ(header->shape, heldArray->view.shape);
    }
  };
  const std::string packed = gzip(idx);
  same(packed, zip);
  for (std::size_t size = 0; size < std::max(packed.size(), zip.size()); ++size)
    same(packed.substr(0, std::min(size, packed.size())), zip.substr(0, std::min(size, zip.size())));
  std::vector<std::string> flipped;
  forFlips(packed, 1000, 3, [&](const std::string& changed) { flipped.push_back(changed); });
  forFlips(zip, 1000, 4, [&](const std::string& changed) {
    same(flipped.back(), changed);
    flipped.pop_back();
  });
}

}  // namespace
}  // namespace nnc::runtime
