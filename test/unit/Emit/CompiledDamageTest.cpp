// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The damage that DamageTest does to a hand-written image, done to an image of
// the compiler: a llama of one layer with synthetic weights on 8 x 8 cores.
#include "../Verify/ImageDamage.h"
#include "SmallModel.h"

using namespace wafer;

namespace {

/// The image of a compiled model with all sections; empty after a failure.
std::string compile() {
  SmallModel model;
  if (!model.module || !model.run([](auto &manager, auto &options) {
        buildCompilePipeline(manager, options);
      })) {
    return {};
  }
  return model.emit();
}

/// Compiled once for all tests.
const std::string &compiledBytes() {
  static const std::string bytes = compile();
  return bytes;
}

class CompiledDamage : public ImageDamage {
protected:
  CompiledDamage() : ImageDamage(compiledBytes(), *Machine::load("test8")) {}
  void SetUp() override { ASSERT_FALSE(bytes.empty()); }
};

TEST_F(CompiledDamage, ImageIsAcceptedAndHolds) {
  EXPECT_TRUE(check(bytes));
  EXPECT_EQ(holding, 1u);
}

TEST_F(CompiledDamage, ChangesWithWrongChecksumsAreRefused) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    EXPECT_EQ(check(copy), copy == bytes);
  }
}

TEST_F(CompiledDamage, ChangesWithRightChecksumsDoNoHarm) {
  Rng rng(2);
  unsigned accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string copy = changed(rng);
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    accepted += check(copy);
  }
  // Neither all nor none: the test reaches what lies behind the checksums, and
  // verify() sees images that validate() took.
  EXPECT_GT(accepted, 50u);
  EXPECT_LT(accepted, 1900u);
  EXPECT_GT(holding, 0u);
  EXPECT_LT(holding, accepted);
}

TEST_F(CompiledDamage, CutOffFilesAreRefused) {
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    std::string copy = bytes.substr(0, rng.below(bytes.size()));
    EXPECT_FALSE(check(copy));
    repairChecksums(reinterpret_cast<uint8_t *>(copy.data()), copy.size());
    EXPECT_FALSE(check(copy));
  }
}

} // namespace
