// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Damaged files are refused or are images like any other: what is accepted can
// be printed, parsed, written again to the same bytes and verified. Fixed
// seeds; run under the sanitizers to see out-of-range reads too.
//
//===----------------------------------------------------------------------===//
#include "ImageDamage.h"

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

class Damage : public ImageDamage {
protected:
  Damage() : ImageDamage(sampleBytes(), *Machine::load("test8")) {}
};

TEST_F(Damage, SampleIsAccepted) { EXPECT_TRUE(check(bytes)); }

TEST_F(Damage, ChangesWithWrongChecksumsAreRefused) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    EXPECT_EQ(check(copy), copy == bytes);
  }
}

TEST_F(Damage, ChangesWithRightChecksumsDoNoHarm) {
  Rng rng(2);
  unsigned accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    accepted += check(copy);
  }
  // Neither all nor none: the test reaches what lies behind the checksums.
  EXPECT_GT(accepted, 50u);
  EXPECT_LT(accepted, 1500u);
}

TEST_F(Damage, CutOffFilesAreRefused) {
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    std::string copy = bytes.substr(0, rng.below(bytes.size()));
    EXPECT_FALSE(check(copy));
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    EXPECT_FALSE(check(copy));
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
