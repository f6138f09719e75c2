// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ImageDamage.h - Damaged image files ------------------------*- C++
//-*-===//
//
// A fixture that damages the bytes of an image and reads them as a user's tools
// would: whatever is accepted can be printed, parsed, written again to the same
// bytes and verified.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_VERIFY_IMAGEDAMAGE_H
#define WAFER_TEST_UNIT_VERIFY_IMAGEDAMAGE_H

#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Support/Rng.h"
#include "wafer/Verify/Verify.h"

#include <gtest/gtest.h>

namespace wafer {

class ImageDamage : public ::testing::Test {
protected:
  ImageDamage(std::string imageBytes, Machine imageMachine)
      : bytes(std::move(imageBytes)), machine(std::move(imageMachine)),
        machineText(machine.toJson()) {}

  /// Reads the bytes as readImage() would; true if they are accepted.
  bool check(const std::string &damaged) {
    const uint8_t *data = reinterpret_cast<const uint8_t *>(damaged.data());
    Result<Image> image = decodeImage(data, damaged.size(), "t.wafer");
    if (!image) {
      EXPECT_FALSE(image.error().what.empty());
      return false;
    }
    // Most damage leaves the machine alone, and parsing it takes long.
    Result<Machine> own = image->machine == machineText
                              ? Result<Machine>(machine)
                              : Machine::fromJson(image->machine, "t.wafer");
    if (!own) {
      return false;
    }
    if (Status status = validate(*image, *own); !status) {
      EXPECT_FALSE(status.error().what.empty());
      return false;
    }
    holding += verify(*image, *own).holds();
    std::string text = printImage(*image);
    Result<Image> again = parseImage(text, "printed");
    EXPECT_TRUE(again) << again.error().str() << text;
    EXPECT_EQ(*encodeImage(*image), damaged);
    if (again) {
      EXPECT_EQ(*encodeImage(*again), damaged) << text;
    }
    return true;
  }

  /// A byte of the file: of the header, the table or one of the sections, each
  /// as likely as the others (the machine and the padding are most of it).
  size_t anyByte(Rng &rng) {
    const uint8_t *data = reinterpret_cast<const uint8_t *>(bytes.data());
    uint64_t part = rng.below(20);
    if (part == 0) {
      return rng.below(64);
    }
    if (part == 1) {
      return 64 + rng.below(18 * 32);
    }
    auto word = [&](size_t at) {
      uint64_t v = 0;
      for (unsigned i = 0; i < 8; ++i) {
        v |= uint64_t(data[at + i]) << (8 * i);
      }
      return v;
    };
    size_t entry = 64 + (part - 2) * 32;
    uint64_t size = word(entry + 16);
    return size == 0 ? rng.below(bytes.size())
                     : word(entry + 8) + rng.below(size);
  }
  std::string changed(Rng &rng) {
    std::string copy = bytes;
    for (uint64_t n = 1 + rng.below(4); n > 0; --n) {
      // Small values, single bits and anything: each finds other mistakes.
      char &byte = copy[anyByte(rng)];
      switch (rng.below(3)) {
      case 0:
        byte = char(byte ^ (1 << rng.below(8)));
        break;
      case 1:
        byte = char(rng.below(8));
        break;
      default:
        byte = char(rng.next());
      }
    }
    return copy;
  }

  std::string bytes;
  Machine machine;
  std::string machineText;
  /// How many of the accepted images hold every rule of verify().
  unsigned holding = 0;
};

} // namespace wafer

#endif // WAFER_TEST_UNIT_VERIFY_IMAGEDAMAGE_H
