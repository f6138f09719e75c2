// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/File.h"

#include "TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

TEST(File, ReadsTheWholeFile) {
  TemporaryFolder folder;
  std::string bytes(200000, 'x');
  bytes[77] = '\0';
  folder.put("a", bytes);
  Result<std::string> read = readFile(folder / "a", bytes.size());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, bytes);
}

TEST(File, RefusesWhatIsTooLarge) {
  TemporaryFolder folder;
  folder.put("a", "12345");
  Result<std::string> read = readFile(folder / "a", 4);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().str(),
            folder / "a" + ": file is too large: expected at most 4 bytes");
  // A device without an end, whose size is said to be zero.
  EXPECT_EQ(readFile("/dev/zero", 1000).error().what, "file is too large");
}

TEST(File, SaysWhyItCannotRead) {
  TemporaryFolder folder;
  EXPECT_EQ(readFile(folder / "no", 10).error().what,
            "cannot open file: no such file or directory");
  EXPECT_EQ(readFile(folder.path, 10).error().what,
            "cannot read file: is a directory");
}

} // namespace
