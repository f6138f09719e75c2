// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/ImageFile.h"
#include "SampleImage.h"
#include "wafer/Image/Validate.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

const uint8_t *bytesOf(const std::string &text) {
  return reinterpret_cast<const uint8_t *>(text.data());
}

Result<Image> decode(const std::string &bytes) {
  return decodeImage(bytesOf(bytes), bytes.size(), "t.wafer");
}

std::string errorOf(const std::string &bytes) {
  Result<Image> image = decode(bytes);
  return image ? "" : image.error().str();
}

/// A folder of its own that disappears with the test.
struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "wafer-image-XXXXXX")
            .string();
    path = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

TEST(ImageFile, SampleIsValid) {
  Status status = validate(sampleImage(), sampleMachine());
  EXPECT_TRUE(status) << status.error().str();
}

TEST(ImageFile, RoundTripGivesTheSameBytes) {
  Result<std::string> bytes = encodeImage(sampleImage());
  ASSERT_TRUE(bytes);
  Result<Image> image = decode(*bytes);
  ASSERT_TRUE(image) << image.error().str();
  Result<std::string> again = encodeImage(*image);
  ASSERT_TRUE(again);
  EXPECT_EQ(*bytes, *again);
  EXPECT_EQ(image->tokenizer, sampleImage().tokenizer);
  EXPECT_EQ(image->rules[2].skew, 1);
  EXPECT_EQ(image->tensors[0].dims[1].end.back(), 8u);
}

TEST(ImageFile, InitDataIsPageAlignedAndNotCopied) {
  Result<std::string> bytes = encodeImage(sampleImage());
  ASSERT_TRUE(bytes);
  Result<Image> image = decode(*bytes);
  ASSERT_TRUE(image);
  ptrdiff_t offset = image->initData[0].data - bytesOf(*bytes);
  EXPECT_EQ(offset % 4096, 0);
  EXPECT_EQ(image->initData[0].data[17], 17);
  // Nothing stands behind the last section.
  EXPECT_EQ(size_t(offset) + image->initData[0].size, bytes->size());
}

TEST(ImageFile, FileIsMappedAndStaysAlive) {
  TemporaryFolder folder;
  std::string path = folder.path + "/a.wafer";
  Status written = writeImage(sampleImage(), path);
  ASSERT_TRUE(written) << written.error().str();
  Image image;
  {
    Result<LoadedImage> loaded = readImage(path);
    ASSERT_TRUE(loaded) << loaded.error().str();
    EXPECT_EQ(loaded->machine.name, "test8");
    image = std::move(loaded->image);
  }
  EXPECT_EQ(image.initData[0].data[127], 127);
  std::ifstream file(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(content, *encodeImage(sampleImage()));
}

TEST(ImageFile, ProducedDataGivesTheSameFile) {
  TemporaryFolder folder;
  Image image = sampleImage();
  const uint8_t *data = image.initData[0].data;
  image.initData[0].data = nullptr;
  ImageWriteOptions options;
  options.produce = [&](size_t, const InitSink &put) -> Status {
    for (unsigned i = 0; i < 128; i += 32) {
      if (Status s = put(data + i, 32); !s) {
        return s;
      }
    }
    return Status::success();
  };
  std::string path = folder.path + "/a.wafer";
  ASSERT_TRUE(writeImage(image, path, options));
  std::ifstream file(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(content, *encodeImage(sampleImage()));
}

TEST(ImageFile, FailureLeavesNoFile) {
  TemporaryFolder folder;
  Image image = sampleImage();
  image.initData[0].data = nullptr;
  std::string path = folder.path + "/a.wafer";
  Status status = writeImage(image, path);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().str(),
            path + ": init data is missing: expected 128 bytes but got 0");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

TEST(ImageFile, OtherFilesAreRefused) {
  EXPECT_EQ(errorOf("GGUF"), "t.wafer: not a .wafer file");
  Result<LoadedImage> none = readImage("/nonexistent/a.wafer");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().str().find("cannot open"), std::string::npos);
  Result<LoadedImage> folder = readImage("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().str().find("expected a regular file"),
            std::string::npos);
}

TEST(ImageFile, DamageIsNamed) {
  std::string bytes = *encodeImage(sampleImage());
  auto flipped = [&](size_t at) {
    std::string copy = bytes;
    copy[at] = char(copy[at] ^ 0x10);
    return errorOf(copy);
  };
  EXPECT_EQ(flipped(8), "t.wafer: cannot read this version of the file form: "
                        "expected version 3 but got version 19");
  EXPECT_EQ(flipped(30), "t.wafer: checksum of the header is wrong (hint: the "
                         "file is damaged)");
  EXPECT_EQ(flipped(70), "t.wafer: checksum of the section table is wrong "
                         "(hint: the file is damaged)");
  EXPECT_EQ(flipped(bytes.size() - 1),
            "t.wafer: checksum of section 'data' is wrong (hint: the file is "
            "damaged)");
  EXPECT_EQ(errorOf(bytes.substr(0, bytes.size() - 1)),
            "t.wafer: file has the wrong size: expected " +
                std::to_string(bytes.size()) + " bytes but got " +
                std::to_string(bytes.size() - 1) +
                " bytes (hint: the file is cut off)");
  // At every place, also in the header.
  for (size_t size = 1; size < bytes.size(); ++size) {
    std::string error = errorOf(bytes.substr(0, size));
    ASSERT_NE(error.find("file has the wrong size: expected "),
              std::string::npos)
        << error;
    ASSERT_NE(error.find("but got " + std::to_string(size) +
                         " bytes (hint: the file is cut off)"),
              std::string::npos)
        << error;
  }
}

TEST(ImageFile, HugeCountsAreRefusedBeforeAllocation) {
  std::string bytes = *encodeImage(sampleImage());
  // The count of roles is the first word of section 7.
  uint8_t *data = reinterpret_cast<uint8_t *>(bytes.data());
  uint64_t offset = 0;
  for (unsigned i = 0; i < 8; ++i) {
    offset |= uint64_t(data[64 + 6 * 32 + 8 + i]) << (8 * i);
  }
  for (unsigned i = 0; i < 4; ++i) {
    data[offset + i] = 0xff;
  }
  ASSERT_TRUE(repairChecksums(data, bytes.size()));
  std::string error = errorOf(bytes);
  EXPECT_NE(error.find("section 'roles', byte"), std::string::npos) << error;
  EXPECT_NE(error.find("a list of 4294967295 elements is longer than the rest "
                       "of the section"),
            std::string::npos)
      << error;
}

} // namespace
