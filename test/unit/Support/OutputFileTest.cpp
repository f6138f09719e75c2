// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/OutputFile.h"

#include "TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

using Names = std::vector<std::string>;

TEST(OutputFile, AppearsOnlyWhenItIsComplete) {
  TemporaryFolder folder;
  Result<OutputFile> file = OutputFile::create(folder / "out");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("abc"));
  EXPECT_EQ(file->size(), 3u);
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  ASSERT_TRUE(file->commit(/*sync=*/true));
  EXPECT_EQ(folder.get("out"), "abc");
  EXPECT_EQ(folder.list(), Names{"out"});
}

TEST(OutputFile, LeavesTheOldFileAndNoTrashWhenItIsDropped) {
  TemporaryFolder folder;
  folder.put("out", "old");
  {
    Result<OutputFile> file = OutputFile::create(folder / "out");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(std::string(3000000, 'x')));
  }
  EXPECT_EQ(folder.get("out"), "old");
  EXPECT_EQ(folder.list(), Names{"out"});
}

TEST(OutputFile, FinishedFileHasNoNameYet) {
  TemporaryFolder folder;
  {
    Result<OutputFile> file = OutputFile::create(folder / "out");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("abc"));
    ASSERT_TRUE(file->finish());
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    ASSERT_TRUE(file->commit());
    EXPECT_EQ(folder.get("out"), "abc");
  }
  {
    Result<OutputFile> dropped = OutputFile::create(folder / "other");
    ASSERT_TRUE(dropped);
    ASSERT_TRUE(dropped->finish());
  }
  EXPECT_EQ(folder.list(), Names{"out"});
}

TEST(OutputFile, FinishKnowsOfAFullDisk) {
  Result<OutputFile> file = OutputFile::create("/dev/full");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("abc"));
  Status status = file->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().str(),
            "/dev/full: cannot write file: no space left on device");
}

TEST(OutputFile, TwoWritersDoNotMeet) {
  TemporaryFolder folder;
  Result<OutputFile> first = OutputFile::create(folder / "out");
  Result<OutputFile> second = OutputFile::create(folder / "out");
  ASSERT_TRUE(first && second);
  ASSERT_TRUE(first->write("first"));
  ASSERT_TRUE(second->write("second"));
  ASSERT_TRUE(second->commit());
  ASSERT_TRUE(first->commit());
  EXPECT_EQ(folder.get("out"), "first");
  EXPECT_EQ(folder.list(), Names{"out"});
}

TEST(OutputFile, HeaderCanBeWrittenLast) {
  TemporaryFolder folder;
  Result<OutputFile> file = OutputFile::create(folder / "out");
  ASSERT_TRUE(file);
  std::string body(1500000, 'b');
  ASSERT_TRUE(file->write("????"));
  ASSERT_TRUE(file->write(body));
  ASSERT_TRUE(file->writeAt(1, "ab", 2));
  ASSERT_TRUE(file->write("!"));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(folder.get("out"), "?ab?" + body + "!");
}

TEST(OutputFile, FollowsALinkAndKeepsPermissions) {
  TemporaryFolder folder;
  folder.put("target", "old");
  std::filesystem::permissions(folder / "target", std::filesystem::perms(0640));
  std::filesystem::create_symlink(folder / "target", folder / "link");
  ASSERT_TRUE(writeFile(folder / "link", "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(folder.get("target"), "new");
  EXPECT_EQ(std::filesystem::status(folder / "target").permissions(),
            std::filesystem::perms(0640));
}

TEST(OutputFile, SaysWhyItCannotWrite) {
  TemporaryFolder folder;
  EXPECT_EQ(OutputFile::create(folder.path).error().what,
            "cannot write file: is a directory");
  EXPECT_EQ(OutputFile::create(folder / "no/out").error().what,
            "cannot create file: no such file or directory");
  Status full = writeFile("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().str(),
            "/dev/full: cannot write file: no space left on device");
  EXPECT_TRUE(writeFile("/dev/null", "x"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

} // namespace
