// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Damaged files are refused or are images like any other: what is accepted can
// be printed, parsed, written again to the same bytes and verified. Fixed
// seeds; run under the sanitizers to see out-of-range reads too.
//
//===----------------------------------------------------------------------===//
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Support/Rng.h"
#include "wafer/Verify/Verify.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace wafer;

namespace {

const char *const kProgram = R"(
machine "test8"
model json {"name":"m"}
tokenizer "abc"
role @line {
  params at 0 {
    in: desc fabin queue=2 extent=n
    out: desc fabout queue=3 extent=n
    acc: desc mem base=sum extent=n
    n: row 0
  }
  buffer @params params at 0 size 64
  buffer @w weights at 64 size 16
  buffer @sum scratch at 80 size 16
  input queue 2 color col 0
  output queue 3 color col 1
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload s1.0, [r0 + acc]
    dsrload d0, [r0 + out]
    fadds d0, s0.0, s1.0 async 1 -> activate @main
    bne r1, r2, start
  done:
    end
  }
}
region @row role @line rect 0 0 4 2 {
  row 0: [4*2]
  col 0: [none, 5, 6, 6]
  col 1: [5, 6, none, 8]
}
config @send rx=R tx=E
config @take rx=W tx=R
config @pass rx=W tx=E,R
config @down rx=R tx=S | rx=N tx=- | rx=N tx=S ring pop=always
config @filter rx=W tx=R counter init=0 limit=1 max=3
rule @first color 5 rect 0 0 2 2 axis x [@send @take] [@send @filter]
rule @second color 6 rect 1 0 3 2 axis x [@send @pass @take]
rule @skew color 1 rect 0 4 4 4 axis y skew 1 [@down none*3]
family @first color 5 rect 0 0 2 2 axis x { 0 -> 1..2 }
family @second color 6 rect 1 0 3 2 axis x { 0 -> 1..3 }
stream @token color 9 from host 0 0 to rect 0 0 4 1
tensor @weight weight f16 shape [4, 8] region @row buffer @w offset 0 {
  whole stride 4
  columns cut [0, 2, 4, 6, 8] stride 2
}
host input @token west row 0 color 9
stage @s wafer 0 region @row rect 0 0 4 2 layers 0 count 2
init region @row offset w bytes 16 { all f16 [1, 2, 3, 4, 5, 6, 7, 8] }
)";

std::string sampleBytes() {
  Result<Image> image = parseImage(kProgram, "t.wtext");
  if (!image) {
    ADD_FAILURE() << image.error().str();
    return "";
  }
  Status status = validate(*image, *Machine::load("test8"));
  EXPECT_TRUE(status) << status.error().str();
  return *encodeImage(*image);
}

/// Reads the bytes as readImage() would; true if they are accepted.
bool check(const std::string &bytes, const Machine &known,
           const std::string &knownText) {
  const uint8_t *data = reinterpret_cast<const uint8_t *>(bytes.data());
  Result<Image> image = decodeImage(data, bytes.size(), "t.wafer");
  if (!image) {
    EXPECT_FALSE(image.error().what.empty());
    return false;
  }
  Result<Machine> machine = image->machine == knownText
                                ? Result<Machine>(known)
                                : Machine::fromJson(image->machine, "t.wafer");
  if (!machine) {
    return false;
  }
  if (Status status = validate(*image, *machine); !status) {
    EXPECT_FALSE(status.error().what.empty());
    return false;
  }
  (void)verify(*image, *machine);
  std::string text = printImage(*image);
  Result<Image> again = parseImage(text, "printed");
  EXPECT_TRUE(again) << again.error().str() << text;
  EXPECT_EQ(*encodeImage(*image), bytes);
  if (again) {
    EXPECT_EQ(*encodeImage(*again), bytes) << text;
  }
  return true;
}

class Damage : public ::testing::Test {
protected:
  std::string bytes = sampleBytes();
  Machine machine = *Machine::load("test8");
  std::string machineText = machine.toJson();

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
};

TEST_F(Damage, SampleIsAccepted) {
  EXPECT_TRUE(check(bytes, machine, machineText));
}

TEST_F(Damage, ChangesWithWrongChecksumsAreRefused) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    EXPECT_EQ(check(copy, machine, machineText), copy == bytes);
  }
}

TEST_F(Damage, ChangesWithRightChecksumsDoNoHarm) {
  Rng rng(2);
  unsigned accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    accepted += check(copy, machine, machineText);
  }
  // Neither all nor none: the test reaches what lies behind the checksums.
  EXPECT_GT(accepted, 50u);
  EXPECT_LT(accepted, 1500u);
}

TEST_F(Damage, CutOffFilesAreRefused) {
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    std::string copy = bytes.substr(0, rng.below(bytes.size()));
    EXPECT_FALSE(check(copy, machine, machineText));
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    EXPECT_FALSE(check(copy, machine, machineText));
  }
}

TEST_F(Damage, DamagedTextsDoNoHarm) {
  Image image = *parseImage(kProgram, "t.wtext");
  image.machine = "{}"; // looking up a machine takes milliseconds
  std::string text = printImage(image);
  Rng rng(4);
  for (int i = 0; i < 2000; ++i) {
    std::string copy = text;
    for (uint64_t n = 1 + rng.below(3); n > 0; --n) {
      size_t at = rng.below(copy.size());
      if (rng.below(2)) {
        copy[at] = char(rng.below(128));
      } else {
        copy.insert(at, copy.substr(rng.below(copy.size()), rng.below(12)));
      }
    }
    Result<Image> parsed = parseImage(copy, "t.wtext");
    if (parsed && validate(*parsed, machine)) {
      (void)verify(*parsed, machine);
      std::string printed = printImage(*parsed);
      Result<Image> again = parseImage(printed, "printed");
      ASSERT_TRUE(again) << again.error().str() << printed;
      EXPECT_EQ(printImage(*again), printed);
    }
  }
}

} // namespace
