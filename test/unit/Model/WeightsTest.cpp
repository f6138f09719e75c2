// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Convert.h"
#include "Synthetic.h"
#include "TestFiles.h"
#include "wafer/Support/Half.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

TEST(Convert, agrees_with_the_scalar_functions_on_every_value) {
  std::vector<uint16_t> all(65536);
  for (uint32_t i = 0; i < all.size(); ++i) {
    all[i] = uint16_t(i);
  }
  std::vector<float> halves(all.size()), bfloats(all.size());
  const auto *bytes = reinterpret_cast<const uint8_t *>(all.data());
  convertHalves(bytes, all.size(), halves.data());
  convertBfloats(bytes, all.size(), bfloats.data());
  for (uint32_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(bitsOf(halves[i]), bitsOf(halfToFloat(uint16_t(i)))) << i;
    ASSERT_EQ(bitsOf(bfloats[i]), bitsOf(bfloatToFloat(uint16_t(i)))) << i;
  }
}

TEST(Weights, read_converts_each_type_at_any_offset) {
  TempFolder folder;
  // One byte in front, so that nothing is aligned: f32 1.5 and NaN, f16 -2
  // (0xc000), bf16 3 (0x4040).
  std::string bytes = "x" + bytesOf(1.5f) + bytesOf(uint32_t(0x7fc00001)) +
                      bytesOf(uint16_t(0xc000)) + bytesOf(uint16_t(0x4040));
  Model model;
  model.files.push_back(*MappedFile::open(folder.write("w", bytes)));
  model.tensors["f32"] = {WeightType::F32, {2}, 0, 1, 0, 0};
  model.tensors["f16"] = {WeightType::F16, {1}, 0, 9, 0, 0};
  model.tensors["bf16"] = {WeightType::BF16, {1, 1}, 0, 11, 0, 0};
  float out[2] = {};
  model.read("f32", 0, 2, out);
  EXPECT_EQ(out[0], 1.5f);
  EXPECT_EQ(bitsOf(out[1]), 0x7fc00001u);
  model.read("f16", 0, 1, out);
  EXPECT_EQ(out[0], -2.0f);
  model.read("bf16", 0, 1, out);
  EXPECT_EQ(out[0], 3.0f);
  EXPECT_EQ(sizeOf(WeightType::F32), 4u);
  EXPECT_EQ(sizeOf(WeightType::BF16), 2u);
  EXPECT_STREQ(nameOf(WeightType::F16), "f16");
}

TEST(Weights, bare_config_is_synthetic) {
  TempFolder folder;
  const std::string path = folder.write("tiny.json", tinyHfConfig());
  Result<Model> model = loadModel(path);
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->name, "tiny");
  EXPECT_TRUE(model->files.empty());
  EXPECT_EQ(model->tensors.size(), 11u);
  EXPECT_EQ(model->tensors.count("head"), 0u); // tied
  const TensorRef &down = model->tensors.at("layers.0.down");
  EXPECT_EQ(down.shape, (std::vector<uint64_t>{4, 3}));
  EXPECT_DOUBLE_EQ(down.scale, 1 / std::sqrt(3.0));
  float norms[4];
  model->read("layers.0.ffn_norm", 0, 4, norms);
  EXPECT_EQ(norms[0], 1.0f);
  EXPECT_EQ(norms[3], 1.0f);
  // The seed decides.
  ModelLoadOptions options;
  options.seed = 2;
  Result<Model> other = loadModel(path, options);
  float a[24], b[24];
  model->read("embed", 0, 24, a);
  other->read("embed", 0, 24, b);
  EXPECT_NE(std::memcmp(a, b, sizeof(a)), 0);
}

TEST(Synthetic, ranges_are_parts_of_the_whole) {
  TensorRef tensor;
  tensor.shape = {50};
  tensor.seed = tensorSeed(1, "embed");
  tensor.scale = 1;
  float whole[50];
  readSynthetic(tensor, 0, 50, whole);
  for (uint64_t first = 0; first < 50; ++first) {
    for (uint64_t count = 0; first + count <= 50; ++count) {
      float part[50];
      readSynthetic(tensor, first, count, part);
      ASSERT_EQ(std::memcmp(part, whole + first, count * sizeof(float)), 0)
          << first << " " << count;
    }
  }
}

TEST(Synthetic, values_are_nearly_normal) {
  TensorRef tensor;
  tensor.shape = {1000, 1000};
  tensor.seed = 7;
  tensor.scale = 0.25;
  std::vector<float> values(1000000);
  readSynthetic(tensor, 0, values.size(), values.data());
  double sum = 0, squares = 0, fourth = 0, neighbours = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double v = values[i] / 0.25;
    sum += v;
    squares += v * v;
    fourth += v * v * v * v;
    neighbours += v * values[i ? i - 1 : i] / 0.25;
  }
  // Standard errors are 0.001 to 0.005. An Irwin-Hall sum of four has kurtosis
  // 3 - 6 / (5 * 4) = 2.7.
  EXPECT_NEAR(sum / 1e6, 0, 0.005);
  EXPECT_NEAR(squares / 1e6, 1, 0.01);
  EXPECT_NEAR(fourth / 1e6, 2.7, 0.05);
  EXPECT_NEAR(neighbours / 1e6, 0, 0.01);
}

TEST(Synthetic, values_do_not_change_between_versions) {
  // Stored, so that a seed means the same weights for ever. SplitMix64 with
  // seed 1 gives 0x910a2dec89025cc1 first; its low bytes 0x89 0x02 0x5c 0xc1
  // sum to 424, its high ones 0x91 0x0a 0x2d 0xec to 436; (sum - 510) /
  // sqrt(21845).
  TensorRef tensor;
  tensor.shape = {2};
  tensor.seed = 1;
  tensor.scale = 1;
  float values[2];
  readSynthetic(tensor, 0, 2, values);
  EXPECT_FLOAT_EQ(
      values[0], float((0x89 + 0x02 + 0x5c + 0xc1 - 510) / std::sqrt(21845.0)));
  EXPECT_FLOAT_EQ(
      values[1], float((0x91 + 0x0a + 0x2d + 0xec - 510) / std::sqrt(21845.0)));
}
