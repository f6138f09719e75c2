// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Npy.h"

#include "TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

/// A file of version 1.0 with this header and data.
std::string npy(std::string header, const std::string &data) {
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + char(header.size() & 0xff) +
         char(header.size() >> 8) + header + data;
}

std::string header(const std::string &type, const std::string &shape,
                   const std::string &fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran +
         ", 'shape': " + shape + ", }";
}

class Npy : public testing::Test {
protected:
  Result<NpyArray> read(const std::string &bytes) {
    folder.put("a.npy", bytes);
    return readNpy(folder / "a.npy", 1 << 20);
  }
  /// The text of the error behind the path.
  std::string error(const std::string &bytes) {
    Result<NpyArray> array = read(bytes);
    if (array) {
      return "no error";
    }
    std::string text = array.error().str();
    return text.substr(text.find("a.npy") + 5);
  }
  TemporaryFolder folder;
};

TEST_F(Npy, ReadsHalfsAndFloats) {
  // 1 = 0x3c00, -2 = 0xc000.
  Result<NpyArray> halfs =
      read(npy(header("<f2", "(2, 1)"), std::string("\x00\x3c\x00\xc0", 4)));
  ASSERT_TRUE(halfs) << halfs.error().str();
  EXPECT_EQ(halfs->shape, (std::vector<uint64_t>{2, 1}));
  EXPECT_EQ(halfs->values, (std::vector<float>{1, -2}));
  // 1 = 0x3f800000.
  Result<NpyArray> floats =
      read(npy(header("<f4", "(1,)"), std::string("\x00\x00\x80\x3f", 4)));
  ASSERT_TRUE(floats) << floats.error().str();
  EXPECT_EQ(floats->shape, (std::vector<uint64_t>{1}));
  EXPECT_EQ(floats->values, (std::vector<float>{1}));
}

TEST_F(Npy, RefusesOtherArrays) {
  EXPECT_EQ(error(npy(header("<f8", "(1,)"), std::string(8, '\0'))),
            ": array of another type: expected '<f2' or '<f4' but got '<f8'");
  EXPECT_NE(error(npy(header("<f4", "(1,)", "True"), std::string(4, '\0')))
                .find("array in another order"),
            std::string::npos);
}

TEST_F(Npy, RefusesEveryTruncation) {
  std::string whole =
      npy(header("<f2", "(3,)"), std::string("\x00\x3c\x00\x3c\x00\x3c", 6));
  ASSERT_TRUE(read(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read(whole.substr(0, size))) << size;
  }
}

TEST_F(Npy, RefusesShapesThatDoNotFit) {
  for (const char *shape :
       {"(2,)", "(1, 0)", "1", "(1", "(1 1)", "(x)",
        // 2^32 * 2^32 * 2 bytes would be 0 again.
        "(4294967296, 4294967296, 1)", "(99999999999999999999,)"}) {
    EXPECT_FALSE(read(npy(header("<f2", shape), std::string(2, '\0'))))
        << shape;
  }
}

} // namespace
