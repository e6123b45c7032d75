// Files that are whole or absent, logs, links, the data path, and a file system that says no.
#include "nnc/files.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "nnc/data_path.h"
#include "scratch.h"

namespace nnc::runtime {
namespace {

std::vector<std::string> names(const Scratch& scratch) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

/// Makes writes past `bytes` fail with EFBIG, as a full disk makes them fail with ENOSPC.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    oldHandler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, oldHandler_);
  }

 private:
  rlimit old_{};
  void (*oldHandler_)(int) = nullptr;
};

TEST(Files, writes_whole_files_over_old_ones) {
  const Scratch scratch;
  Failure failure;
  for (const std::string& text : {std::string("first"), randomBytes(1 << 20, 1), std::string()}) {
    ASSERT_TRUE(writeFileAtomically(scratch.path("f"), text, failure)) << failure.message;
    EXPECT_EQ(readFile(scratch.path("f"), failure), text);
  }
  EXPECT_EQ(names(scratch), std::vector<std::string>{"f"});
}

TEST(Files, a_missing_parent_is_named) {
  const Scratch scratch;
  Failure failure;
  EXPECT_FALSE(writeFileAtomically(scratch.path("no/f"), "x", failure));
  EXPECT_EQ(failure.path, scratch.path("no/f"));
  EXPECT_EQ(failure.message, "cannot create the file: No such file or directory");
  EXPECT_FALSE(readFile(scratch.path("no/f"), failure));
  EXPECT_EQ(failure.message, "cannot open: No such file or directory");
  EXPECT_FALSE(readFile(scratch.path(), failure));
  EXPECT_EQ(failure.message, "is a directory");
}

TEST(Files, whether_a_file_can_be_written_is_known_before) {
  const Scratch scratch;
  Failure failure;
  EXPECT_TRUE(canWriteFile(scratch.path("f"), failure)) << failure.message;
  EXPECT_EQ(names(scratch), std::vector<std::string>{}) << "nothing is left";
  EXPECT_FALSE(canWriteFile(scratch.path("no/f"), failure));
  EXPECT_EQ(failure.path, scratch.path("no/f"));
  EXPECT_EQ(failure.message, "cannot create the file: No such file or directory");
  EXPECT_FALSE(canWriteFile(scratch.path(), failure));
  EXPECT_EQ(failure.message, "is a directory");
  scratch.write("old", "kept");
  EXPECT_TRUE(canWriteFile(scratch.path("old"), failure));
  EXPECT_EQ(readFile(scratch.path("old"), failure), "kept");
}

TEST(Files, an_unwritable_directory_is_named) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Scratch scratch;
  ::chmod(scratch.path().c_str(), 0500);
  Failure failure;
  EXPECT_FALSE(writeFileAtomically(scratch.path("f"), "x", failure));
  EXPECT_EQ(failure.message, "cannot create the file: Permission denied");
  EXPECT_FALSE(makeDirectories(scratch.path("a/b"), failure));
  EXPECT_EQ(failure.message, "cannot create the directory: Permission denied");
}

TEST(Files, what_stood_there_survives_a_full_disk) {
  const Scratch scratch;
  Failure failure;
  ASSERT_TRUE(writeFileAtomically(scratch.path("f"), "old", failure));
  {
    const FileSizeLimit limit(1000);
    EXPECT_FALSE(writeFileAtomically(scratch.path("f"), randomBytes(5000, 2), failure));
  }
  EXPECT_EQ(failure.path, scratch.path("f"));
  EXPECT_EQ(failure.message, "cannot write: File too large");
  EXPECT_EQ(scratch.read("f"), "old");
  EXPECT_EQ(names(scratch), std::vector<std::string>{"f"});
}

TEST(Files, a_directory_in_the_way_is_named) {
  const Scratch scratch;
  Failure failure;
  std::filesystem::create_directory(scratch.path("f"));
  EXPECT_FALSE(writeFileAtomically(scratch.path("f"), "x", failure));
  EXPECT_EQ(failure.message, "cannot put the file in place: Is a directory");
  EXPECT_EQ(names(scratch), std::vector<std::string>{"f"});
  scratch.write("g", "");
  EXPECT_FALSE(makeDirectories(scratch.path("g"), failure));
  EXPECT_FALSE(makeDirectories(scratch.path("g/h"), failure));
  EXPECT_EQ(failure.path, scratch.path("g/h"));
}

TEST(Files, links_are_replaced_in_one_step) {
  const Scratch scratch;
  Failure failure;
  for (const char* const target : {"a", "b"}) {
    ASSERT_TRUE(replaceLink(scratch.path("last"), target, failure)) << failure.message;
    EXPECT_EQ(std::filesystem::read_symlink(scratch.path("last")), target);
  }
  EXPECT_EQ(names(scratch), std::vector<std::string>{"last"});
}

TEST(Files, stale_temporaries_go_and_others_stay) {
  const Scratch scratch;
  const std::string own = "f.tmp." + std::to_string(::getpid());
  // Process ids end at 2^22 on Linux, so this one never runs; process 1 always does.
  for (const std::string& name : {std::string("f.tmp.99999999"), std::string("f.tmp.1"), own, std::string("f.tmp.x"),
                                  std::string("f"), std::string(".tmp.99999999")})
    scratch.write(name, "");
  removeStaleTemporaries(scratch.path());
  std::vector<std::string> expected = {".tmp.99999999", "f", "f.tmp.1", "f.tmp.x", own};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(names(scratch), expected);
  removeStaleTemporaries(scratch.path("none"));
}

TEST(AppendFile, appends_and_cuts_on_resume) {
  const Scratch scratch;
  Failure failure;
  std::int64_t after = 0;
  {
    std::optional<AppendFile> file = AppendFile::open(scratch.path("log"), 0, failure);
    ASSERT_TRUE(file) << failure.message;
    EXPECT_TRUE(file->append("one\n", failure));
    after = file->size();
    EXPECT_TRUE(file->append("two\n", failure));
    EXPECT_TRUE(file->sync(failure));
    AppendFile moved = std::move(*file);
    EXPECT_TRUE(moved.append("three\n", failure));
  }
  EXPECT_EQ(scratch.read("log"), "one\ntwo\nthree\n");
  std::optional<AppendFile> again = AppendFile::open(scratch.path("log"), after, failure);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->append("2\n", failure));
  EXPECT_EQ(scratch.read("log"), "one\n2\n");
  EXPECT_FALSE(AppendFile::open(scratch.path("log"), 100, failure));
  EXPECT_EQ(failure.message, "ends after 6 bytes; 100 belong to the run");
  EXPECT_EQ(scratch.read("log"), "one\n2\n");
}

TEST(AppendFile, a_line_is_whole_or_absent) {
  const Scratch scratch;
  Failure failure;
  std::optional<AppendFile> file = AppendFile::open(scratch.path("log"), 0, failure);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append("12345678\n", failure));
  {
    const FileSizeLimit limit(12);
    EXPECT_FALSE(file->append("abcdefgh\n", failure));
  }
  EXPECT_EQ(failure.message, "cannot append: File too large");
  EXPECT_EQ(scratch.read("log"), "12345678\n");
  EXPECT_EQ(file->size(), 9);
}

TEST(DataPath, looks_in_order_and_says_where) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("one"));
  std::filesystem::create_directories(scratch.path("two"));
  std::filesystem::create_directories(scratch.path("one/f"));  // a directory is not the file
  scratch.write("two/f.gz", "");
  ::setenv("NNC_DATA_PATH", (scratch.path("one") + "::" + scratch.path("two")).c_str(), 1);
  std::vector<std::string> tried;
  EXPECT_EQ(findDataFile("f", scratch.path("base"), tried), scratch.path("two/f.gz"));
  EXPECT_EQ(tried,
            (std::vector<std::string>{scratch.path("base/f"), scratch.path("base/f.gz"), scratch.path("one/f"),
                                      scratch.path("one/f.gz"), scratch.path("two/f"), scratch.path("two/f.gz")}));
  tried.clear();
  EXPECT_EQ(findDataFile("g", "", tried), std::nullopt);
  EXPECT_EQ(tried.front(), "g");
  EXPECT_EQ(tried.back(), "/usr/share/datasets/g.gz");
  tried.clear();
  EXPECT_EQ(findDataFile(scratch.path("two/f"), "elsewhere", tried), scratch.path("two/f.gz"));
  EXPECT_EQ(tried.size(), 2u);
  ::unsetenv("NNC_DATA_PATH");
}

}  // namespace
}  // namespace nnc::runtime
