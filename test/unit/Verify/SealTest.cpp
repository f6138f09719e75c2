// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weights-sealed and program-sealed: two cores hold a weight of 2 x 3, by
// columns in one layout and as two copies in the other.
//
//===----------------------------------------------------------------------===//
#include "wafer/Image/Seal.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Verify/Verify.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

/// Two cores with a buffer of weights each; `rest` is the tensor and its data.
std::string program(unsigned bytes, const std::string &rest) {
  return R"(
machine "test8"
role @line {
  buffer @w weights at 0 size )" +
         std::to_string(bytes) + R"(
  task @main local active entry start
  code {
  start:
    end
  }
}
region @row role @line rect 0 0 2 1
)" + rest;
}

/// Row 0 of the weight is 10 11 12, row 1 is 20 21 22. The first core holds
/// columns 0 and 1, the second one column 2 and a half word of padding a row.
const std::string kByColumns = program(8, R"(
tensor @weight weight u16 shape [2, 3] region @row buffer @w offset 0 {
  whole stride 4
  columns cut [0, 2, 3] stride 2
}
init region @row offset w bytes 8 {
  core 0 0 u16 [10, 11, 20, 21]
  core 1 0 u16 [12, 0, 22, 0]
}
)");

/// The same, whole in both cores.
const std::string kCopies = program(12, R"(
tensor @weight weight u16 shape [2, 3] region @row buffer @w offset 0 {
  whole stride 6
  whole stride 2
}
init region @row offset w bytes 12 {
  cores 0 0 2 1 u16 [10, 11, 12, 20, 21, 22]
}
)");

/// In the order of the tensor.
uint64_t digestOf(const std::vector<uint16_t> &elements) {
  uint64_t sum = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    sum += elementDigest(i, elements[i]);
  }
  return sum;
}

Image sealed(const std::string &text) {
  Result<Image> image = parseImage(text, "sealed");
  EXPECT_TRUE(image) << image.error().str();
  Seal &seal = image->seal.emplace();
  seal.tensors.push_back({"weight", digestOf({10, 11, 12, 20, 21, 22})});
  seal.program = programDigest(*image);
  return std::move(*image);
}

/// The rules that are broken, with a space behind each.
std::string brokenRules(const Image &image) {
  Machine machine = *Machine::load("test8");
  Status valid = validate(image, machine);
  EXPECT_TRUE(valid) << valid.error().str();
  std::string rules;
  for (const Violation &v : verify(image, machine).violations) {
    rules += v.rule + " ";
  }
  return rules;
}

/// The image with other words in its only init data.
void setWords(Image &image, const std::vector<uint16_t> &words) {
  auto bytes = std::make_shared<std::vector<uint8_t>>();
  for (uint16_t word : words) {
    bytes->push_back(uint8_t(word));
    bytes->push_back(uint8_t(word >> 8));
  }
  ASSERT_EQ(bytes->size(), image.initData[0].size);
  image.initData[0].data = bytes->data();
  image.storage.push_back(bytes);
}

TEST(Seal, DigestsOfTheModelHold) {
  EXPECT_EQ(brokenRules(sealed(kByColumns)), "");
  EXPECT_EQ(brokenRules(sealed(kCopies)), "");
}

TEST(Seal, FindsExchangedElements) {
  Image image = sealed(kByColumns);
  setWords(image, {11, 10, 20, 21, 12, 0, 22, 0});
  EXPECT_EQ(brokenRules(image), "weights-sealed ");
}

TEST(Seal, FindsOneBitInAllCopies) {
  Image image = sealed(kCopies);
  setWords(image, {10, 11, 12, 20, 21, 23, 10, 11, 12, 20, 21, 23});
  EXPECT_EQ(brokenRules(image), "weights-sealed ");
}

TEST(Seal, DoesNotLookAtPadding) {
  Image image = sealed(kByColumns);
  setWords(image, {10, 11, 20, 21, 12, 7, 22, 7});
  EXPECT_EQ(brokenRules(image), "");
}

TEST(Seal, FindsAnotherProgram) {
  Image image = sealed(kByColumns);
  image.roles[0].buffers[0].bytes += 8;
  EXPECT_EQ(brokenRules(image), "program-sealed ");
  image.seal.reset();
  EXPECT_EQ(brokenRules(image), "");
}

TEST(Seal, IsSilentOfWhatIsNotKnown) {
  Image image = sealed(kByColumns);
  Machine machine = *Machine::load("test8");
  EXPECT_TRUE(verify(image, machine).notShown.empty());
  image.seal->tensors[0].digest = 0;
  setWords(image, {0, 0, 0, 0, 0, 0, 0, 0});
  VerifyReport report = verify(image, machine);
  EXPECT_TRUE(report.holds());
  ASSERT_EQ(report.notShown.size(), 1u);
  EXPECT_NE(report.notShown[0].find("carries no digest"), std::string::npos);
}

} // namespace
