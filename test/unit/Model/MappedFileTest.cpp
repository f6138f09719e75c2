// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TestFiles.h"
#include "wafer/Model/Model.h"

using namespace wafer;
using namespace wafer::test;

namespace {

std::string openError(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  return file ? "" : file.error().str();
}

} // namespace

TEST(MappedFile, shows_the_bytes) {
  TempFolder folder;
  Result<std::shared_ptr<MappedFile>> file =
      MappedFile::open(folder.write("x", "abc"));
  ASSERT_TRUE(bool(file));
  EXPECT_EQ((*file)->size(), 3u);
  EXPECT_EQ(std::memcmp((*file)->data(), "abc", 3), 0);
  EXPECT_EQ((*file)->path(), folder.path("x"));
}

TEST(MappedFile, refuses_what_cannot_be_mapped) {
  TempFolder folder;
  EXPECT_EQ(openError(folder.path("none")),
            folder.path("none") +
                ": cannot open file: no such file or directory");
  EXPECT_EQ(openError(folder.path()),
            folder.path() + ": not a file: expected a file but got a folder");
  EXPECT_EQ(openError(folder.write("empty", "")),
            folder.path("empty") + ": the file is empty");
  EXPECT_EQ(openError("/dev/null"), "/dev/null: not a regular file");
  const std::string locked = folder.write("locked", "x");
  std::filesystem::permissions(locked, std::filesystem::perms::none);
  if (::geteuid() != 0) { // root may read everything
    EXPECT_EQ(openError(locked),
              locked + ": cannot open file: permission denied");
  }
}
