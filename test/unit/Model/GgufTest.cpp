// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Gguf.h"
#include "TestFiles.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// The error without the folder's path and without "byte N: ", which the tests
/// of places look at on their own.
std::string errorOfBytes(const std::string &bytes, bool withPlace = false) {
  TempFolder folder;
  Result<Model> model = loadModel(folder.write("m.gguf", bytes));
  if (model) {
    return "no error";
  }
  std::string text = model.error().str();
  if (text.find(folder.path("m.gguf") + ": ") != 0) {
    return "no place: " + text;
  }
  text = text.substr(folder.path("m.gguf: ").size());
  if (!withPlace && text.rfind("byte ", 0) == 0) {
    text = text.substr(text.find(": ") + 2);
  }
  return text;
}

std::string errorOf(const TinyGguf &gguf) { return errorOfBytes(gguf.bytes()); }

/// The error after one entry was replaced; an empty value removes it.
std::string errorWith(const std::string &key, const std::string &value) {
  TinyGguf gguf = tinyGguf();
  return errorOf(value.empty() ? gguf.remove(key) : gguf.set(key, value));
}

Result<Model> load(const TinyGguf &gguf) {
  TempFolder folder;
  return loadModel(folder.write("m.gguf", gguf.bytes()));
}

} // namespace

TEST(Gguf, llama_loads) {
  for (uint32_t version : {2u, 3u}) {
    TinyGguf gguf = tinyGguf();
    gguf.version = version;
    Result<Model> model = load(gguf);
    ASSERT_TRUE(bool(model)) << model.error().str();
    const ModelConfig &config = model->config;
    EXPECT_EQ(model->name, "m");
    EXPECT_EQ(config.family, "llama");
    EXPECT_EQ(config.layers, 1u);
    EXPECT_EQ(config.headDim, 2u); // 4 / 2
    EXPECT_EQ(config.vocab, 6u);
    EXPECT_EQ(config.context, 16u);
    EXPECT_EQ(config.ropePairing, RopePairing::Interleaved);
    EXPECT_TRUE(config.tiedHead); // no output.weight
    EXPECT_EQ(config.bos, 1u);
    EXPECT_EQ(config.eos, std::vector<uint32_t>{2});
    EXPECT_EQ(model->tensors.at("layers.0.down").shape,
              (std::vector<uint64_t>{4, 3}));
    float value;
    model->read("layers.0.down", 11, 1, &value);
    EXPECT_EQ(value, 6.5f); // 1 + 11 / 2
    // "a" gets a space in front, which is left out again.
    ASSERT_TRUE(model->tokenizer);
    EXPECT_EQ(model->tokenizer->encode("a"), std::vector<uint32_t>{5});
    EXPECT_EQ(model->tokenizer->decode({1, 5}), "a");
  }
}

TEST(Gguf, qwen3_has_norms_of_heads_and_half_pairing) {
  TinyGguf gguf = tinyGguf();
  for (auto &entry : gguf.entries) {
    if (entry.first.rfind("llama.", 0) == 0) {
      entry.first = "qwen3." + entry.first.substr(6);
    }
  }
  gguf.set("general.architecture", TinyGguf::ofText("qwen3"));
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.attn_q_norm.weight' is missing");
  gguf.add("blk.0.attn_q_norm.weight", {2})
      .add("blk.0.attn_k_norm.weight", {2})
      .add("output.weight", {6, 4});
  Result<Model> model = load(gguf);
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_TRUE(model->config.qkNorm);
  EXPECT_EQ(model->config.ropePairing, RopePairing::Half);
  EXPECT_FALSE(model->config.tiedHead);
}

TEST(Gguf, every_type_of_metadata_is_read) {
  TinyGguf gguf = tinyGguf();
  for (uint32_t type : {0u, 1u, 7u}) {
    gguf.set("x.one" + std::to_string(type), bytesOf(type) + "\1");
  }
  for (uint32_t type : {2u, 3u}) {
    gguf.set("x.two" + std::to_string(type),
             bytesOf(type) + bytesOf(uint16_t(1)));
  }
  for (uint32_t type : {10u, 11u, 12u}) {
    gguf.set("x.eight" + std::to_string(type),
             bytesOf(type) + bytesOf(uint64_t(1)));
  }
  // An array of one array of two texts.
  std::string inner = TinyGguf::ofTexts({"a", "b"}).substr(4);
  gguf.set("x.nested", bytesOf(uint32_t(9)) + bytesOf(uint32_t(9)) +
                           bytesOf(uint64_t(1)) + inner);
  gguf.set("x.empty", TinyGguf::ofTexts({}));
  EXPECT_EQ(errorOf(gguf), "no error");
}

TEST(Gguf, magic_and_version) {
  const std::string bytes = tinyGguf().bytes();
  EXPECT_EQ(errorOfBytes(""), "the file is empty");
  EXPECT_EQ(errorOfBytes("GGUX" + bytes.substr(4)),
            "not a GGUF file: expected a file that starts with 'GGUF'");
  TinyGguf gguf = tinyGguf();
  gguf.version = 1;
  EXPECT_EQ(errorOf(gguf),
            "the GGUF version is not supported: expected 2 or 3 but got 1");
  gguf.version = 0x03000000;
  EXPECT_EQ(errorOf(gguf),
            "the GGUF version is not supported: expected 2 or 3 but got "
            "50331648 (hint: the file may be big-endian)");
}

TEST(Gguf, truncated_files) {
  const std::string bytes = tinyGguf().bytes();
  for (size_t i = 1; i < 20; ++i) {
    std::string error = errorOfBytes(bytes.substr(0, bytes.size() * i / 20));
    EXPECT_NE(error.find("hint: the file may be truncated"), std::string::npos)
        << error;
  }
  // Without its last byte the last tensor, 12 floats, does not fit.
  std::string error = errorOfBytes(bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(
      error.find(
          "tensor 'blk.0.ffn_down.weight' reaches beyond the end of the file"),
      0u)
      << error;
  // A cut of the header is an error with the place, wherever it is.
  size_t header = tinyGguf().header().size();
  for (size_t size = 4; size < header; size += 7) {
    error = errorOfBytes(bytes.substr(0, size), true);
    ASSERT_EQ(error.find("byte "), 0u) << size << ": " << error;
  }
}

TEST(Gguf, counts_are_compared_with_the_size_of_the_file) {
  const std::string bytes = tinyGguf().bytes();
  for (uint64_t count : {uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(0)}) {
    std::string tensors = bytes, entries = bytes, key = bytes;
    tensors.replace(8, 8, bytesOf(count));
    EXPECT_EQ(errorOfBytes(tensors).find(
                  "more tensors than the file can hold: expected at most "),
              0u);
    entries.replace(16, 8, bytesOf(count));
    EXPECT_EQ(errorOfBytes(entries).find(
                  "more metadata entries than the file can hold"),
              0u);
    key.replace(24, 8, bytesOf(count));
    EXPECT_EQ(errorOfBytes(key).find(
                  "a text is longer than the file: expected at most "),
              0u);
    for (uint32_t type : {0u, 4u, 8u, 9u, 10u}) {
      EXPECT_EQ(
          errorWith("x", bytesOf(uint32_t(9)) + bytesOf(type) + bytesOf(count))
              .find("more array elements than the file can hold"),
          0u);
    }
  }
}

TEST(Gguf, metadata_that_lies) {
  EXPECT_EQ(errorWith("x", bytesOf(uint32_t(13)) + "x"),
            "unknown type of a metadata value: expected a number from 0 to 12 "
            "but got 13");
  EXPECT_EQ(errorWith("x", bytesOf(uint32_t(9)) + bytesOf(uint32_t(77)) +
                               bytesOf(uint64_t(0))),
            "unknown type of a metadata value: expected a number from 0 to 12 "
            "but got 77");
  TinyGguf twice = tinyGguf();
  twice.entries.push_back(twice.entries[0]);
  EXPECT_EQ(errorOf(twice), "metadata key 'general.architecture' occurs twice");
  std::string nested;
  for (int i = 0; i < 10; ++i) {
    nested += bytesOf(uint32_t(9)) + bytesOf(uint64_t(1));
  }
  EXPECT_EQ(errorWith("x", bytesOf(uint32_t(9)) + nested),
            "metadata arrays are nested too deeply: expected at most 4 levels");
}

TEST(Gguf, dimensions_must_be_usable) {
  const std::string layers = "llama.block_count";
  EXPECT_EQ(errorWith(layers, ""),
            "metadata key 'llama.block_count' is missing");
  const std::string expected = "bad value of 'llama.block_count': expected a "
                               "whole number from 1 to 4096 but got ";
  EXPECT_EQ(errorWith(layers, TinyGguf::ofU32(0)), expected + "0");
  EXPECT_EQ(errorWith(layers, TinyGguf::ofI32(-1)), expected + "-1");
  EXPECT_EQ(errorWith(layers, TinyGguf::ofU64(uint64_t(1) << 63)),
            expected + "9223372036854775808");
  EXPECT_EQ(errorWith(layers, TinyGguf::ofF32(NAN)), expected + "nan");
  EXPECT_EQ(errorWith(layers, TinyGguf::ofText("x")), expected + "x");
  EXPECT_EQ(
      errorWith("llama.attention.layer_norm_rms_epsilon", TinyGguf::ofF32(-1)),
      "bad value of 'llama.attention.layer_norm_rms_epsilon': expected a "
      "number from 0 to 1 but got -1");
  EXPECT_EQ(errorWith("llama.rope.freq_base", TinyGguf::ofF32(NAN))
                .find("bad value of 'llama.rope.freq_base'"),
            0u);
  EXPECT_EQ(errorWith("llama.attention.head_count_kv", TinyGguf::ofU32(3)),
            "'llama.attention.head_count' is not a multiple of "
            "'llama.attention.head_count_kv': expected heads that "
            "share their KV heads evenly but got 2 and 3");
  EXPECT_EQ(errorWith("llama.rope.dimension_count", TinyGguf::ofU32(1)),
            "bad value of 'llama.rope.dimension_count': expected a whole "
            "number from 2 to 2 but got 1");
  EXPECT_EQ(errorWith("llama.expert_count", TinyGguf::ofU32(8)),
            "bad value of 'llama.expert_count': expected a whole number from 0 "
            "to 0 but got 8");
  EXPECT_EQ(errorWith("tokenizer.ggml.eos_token_id", TinyGguf::ofU32(6)),
            "an end-of-text token is outside the vocabulary: expected an id "
            "below 6 but got 6");
  // -1 in either form is no token.
  EXPECT_EQ(
      errorWith("tokenizer.ggml.eos_token_id", TinyGguf::ofU32(0xffffffff)),
      "no error");
  EXPECT_EQ(errorWith("tokenizer.ggml.eos_token_id", TinyGguf::ofI32(-1)),
            "no error");
  // A value for each layer is fine where all are equal.
  EXPECT_EQ(errorWith("llama.feed_forward_length",
                      TinyGguf::ofArray<int32_t>(5, {3, 3})),
            "no error");
  EXPECT_EQ(errorWith("llama.feed_forward_length",
                      TinyGguf::ofArray<int32_t>(5, {3, 4})),
            "bad value of 'llama.feed_forward_length': expected the same value "
            "for every layer but got an array of 2");
}

TEST(Gguf, other_families_are_refused_by_name) {
  EXPECT_EQ(errorWith("general.architecture", TinyGguf::ofText("mamba")),
            "the model family is not supported: expected one of llama, qwen3 "
            "but got mamba");
  EXPECT_EQ(errorWith("general.architecture", ""),
            "metadata key 'general.architecture' is missing");
  EXPECT_EQ(errorWith("general.architecture", TinyGguf::ofU32(1)),
            "bad value of 'general.architecture': expected a text but got 1");
}

TEST(Gguf, tensors_must_be_those_of_the_model) {
  TinyGguf gguf = tinyGguf();
  gguf.tensors.pop_back();
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.ffn_down.weight' is missing");
  gguf = tinyGguf();
  gguf.tensor("blk.0.attn_k.weight").shape = {4, 2};
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.attn_k.weight' has the wrong shape: "
                           "expected [2, 4] but got [4, 2]");
  gguf = tinyGguf().add("blk.0.attn_q.bias", {4});
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.attn_q.bias' is not part of a llama "
                           "model (hint: a model with biases, "
                           "adapters or extra heads is not supported)");
  gguf = tinyGguf();
  gguf.tensors.push_back(gguf.tensors[0]);
  EXPECT_EQ(errorOf(gguf), "tensor 'token_embd.weight' occurs twice");
}

TEST(Gguf, tensor_types) {
  TinyGguf gguf = tinyGguf();
  gguf.tensor("blk.0.attn_q.weight").type = 12;
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.attn_q.weight' has a type that is "
                           "not supported: expected F32, F16 or BF16 "
                           "but got Q4_K (hint: quantised weights cannot be "
                           "read: convert the model to F16, BF16 or F32)");
  gguf.tensor("blk.0.attn_q.weight").type = 99;
  EXPECT_EQ(errorOf(gguf), "tensor 'blk.0.attn_q.weight' has a type that is "
                           "not supported: expected F32, F16 or BF16 "
                           "but got type number 99");
  for (uint32_t type : {1u, 30u}) {
    gguf.tensor("blk.0.attn_q.weight").type = type;
    Result<Model> model = load(gguf);
    ASSERT_TRUE(bool(model));
    EXPECT_EQ(model->tensors.at("layers.0.q").type,
              type == 1 ? WeightType::F16 : WeightType::BF16);
  }
}

TEST(Gguf, without_weights_the_data_may_be_anything) {
  TinyGguf gguf = tinyGguf();
  gguf.tensor("blk.0.attn_q.weight").type = 12; // Q4_K
  gguf.data.resize(64);
  TempFolder folder;
  ModelLoadOptions options;
  options.weights = false;
  Result<Model> model =
      loadModel(folder.write("m.gguf", gguf.bytes()), options);
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_TRUE(model->config.tiedHead);
  EXPECT_TRUE(model->files.empty());
  EXPECT_EQ(model->tensors.at("layers.0.q").file, -1);
}

TEST(Gguf, tensor_sizes_and_places) {
  auto with = [](auto change) {
    TinyGguf gguf = tinyGguf();
    change(gguf.tensor("blk.0.attn_q.weight"));
    return errorOf(gguf);
  };
  using Tensor = TinyGguf::Tensor;
  const std::string name = "tensor 'blk.0.attn_q.weight' ";
  EXPECT_EQ(with([](Tensor &t) { t.shape = {1, 1, 1, 1, 1}; }),
            name + "has too many dimensions: expected at most 4 but got 5");
  for (uint64_t extent : {uint64_t(0), uint64_t(1) << 63, ~uint64_t(0)}) {
    EXPECT_EQ(with([&](Tensor &t) { t.shape = {4, extent}; }).find(name), 0u)
        << extent;
  }
  EXPECT_EQ(with([](Tensor &t) { t.shape = {uint64_t(1) << 62}; }),
            name + "has a bad shape: expected less than 2^64 bytes but got "
                   "[4611686018427387904]");
  EXPECT_EQ(with([](Tensor &t) {
              t.offset += 4;
            }).find(name + "is not aligned: expected a multiple of 32"),
            0u);
  for (uint64_t offset :
       {uint64_t(1) << 20, uint64_t(1) << 63, ~uint64_t(31)}) {
    EXPECT_EQ(with([&](Tensor &t) {
                t.offset = offset;
              }).find(name + "reaches beyond the end of the file"),
              0u);
  }
  EXPECT_NE(with([](Tensor &t) { t.offset = 0; }).find("overlap"),
            std::string::npos);
}

TEST(Gguf, alignment) {
  TinyGguf gguf = tinyGguf();
  EXPECT_EQ(errorOf(gguf.set("general.alignment", TinyGguf::ofU32(32))),
            "no error");
  EXPECT_EQ(errorOf(gguf.set("general.alignment", TinyGguf::ofU32(48))),
            "bad value of 'general.alignment': expected a power of two up to "
            "1048576 but got 48");
  EXPECT_EQ(errorOf(gguf.set("general.alignment", TinyGguf::ofU32(0))),
            "bad value of 'general.alignment': expected a power of two up to "
            "1048576 but got 0");
  EXPECT_EQ(errorOf(gguf.set("general.alignment", TinyGguf::ofText("x"))),
            "bad value of 'general.alignment': expected a power of two up to "
            "1048576 but got another type");
}

TEST(Gguf, rope_scaling) {
  Result<Model> model =
      load(tinyGguf()
               .set("llama.rope.scaling.type", TinyGguf::ofText("linear"))
               .set("llama.rope.scaling.factor", TinyGguf::ofF32(4)));
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->config.ropeScaling.kind, RopeScaling::Kind::Linear);
  EXPECT_EQ(model->config.ropeScaling.factor, 4);
  EXPECT_EQ(errorWith("llama.rope.scaling.type", TinyGguf::ofText("yarn")),
            "bad value of 'llama.rope.scaling.type': expected none or linear "
            "but got yarn");
}

/// The divisors of Llama 3.2 (head size 64, base 500000, factor 32), as the
/// published rule gives them: 1 below a wave length of 8192 / 4, 32 above 8192.
static std::vector<float> llama32Divisors() {
  std::vector<float> divisors;
  for (int i = 0; i < 32; ++i) {
    double wave = 2 * M_PI * std::pow(500000.0, i / 32.0);
    double smooth = (8192 / wave - 1) / (4 - 1);
    divisors.push_back(wave < 2048   ? 1.0f
                       : wave > 8192 ? 32.0f
                                     : float(1 / ((1 - smooth) / 32 + smooth)));
  }
  return divisors;
}

/// The tiny model with one head of size 64.
static TinyGguf ggufWithDivisors(const std::vector<float> &divisors) {
  TinyGguf gguf = tinyGguf();
  gguf.set("llama.rope.freq_base", TinyGguf::ofF32(500000));
  gguf.set("llama.attention.head_count", TinyGguf::ofU32(1));
  gguf.set("llama.attention.key_length", TinyGguf::ofU32(64));
  gguf.tensors.clear();
  gguf.data.clear();
  gguf.add("rope_freqs.weight", {divisors.size()});
  std::memcpy(gguf.data.data(), divisors.data(),
              divisors.size() * sizeof(float));
  std::vector<std::vector<uint64_t>> shapes = {
      {6, 4},  {4}, {4},    {64, 4}, {64, 4}, {64, 4},
      {4, 64}, {4}, {3, 4}, {3, 4},  {4, 3}};
  std::vector<std::string> names;
  TinyGguf usual = tinyGguf();
  for (size_t i = 0; i < shapes.size(); ++i) {
    gguf.add(usual.tensors[i].name, shapes[i]);
  }
  return gguf;
}

TEST(Gguf, llama3_rule_is_recovered_from_its_divisors) {
  std::vector<float> divisors = llama32Divisors();
  Result<Model> model = load(ggufWithDivisors(divisors));
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->config.ropeScaling.kind, RopeScaling::Kind::Llama3);
  EXPECT_EQ(model->config.ropeScaling.factor, 32);
  EXPECT_EQ(model->config.ropeScaling.originalContext, 8192);
  model = load(ggufWithDivisors(std::vector<float>(32, 1)));
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->config.ropeScaling.kind, RopeScaling::Kind::None);
  divisors[20] *= 1.01f;
  EXPECT_EQ(errorOf(ggufWithDivisors(divisors)),
            "tensor 'rope_freqs.weight' cannot be used: expected the divisors "
            "of the llama3 rule of rope scaling but "
            "got others");
  divisors.pop_back();
  EXPECT_EQ(errorOf(ggufWithDivisors(divisors)),
            "tensor 'rope_freqs.weight' cannot be used: expected F32 [32] but "
            "got F32 [31]");
}

TEST(Gguf, tokenizers_that_lie) {
  EXPECT_EQ(errorWith("tokenizer.ggml.model", TinyGguf::ofText("bert")),
            "bad value of 'tokenizer.ggml.model': expected llama or gpt2 but "
            "got bert");
  EXPECT_EQ(errorWith("tokenizer.ggml.tokens", ""),
            "metadata key 'tokenizer.ggml.tokens' is missing");
  EXPECT_EQ(errorWith("tokenizer.ggml.tokens", TinyGguf::ofU32(1)),
            "bad value of 'tokenizer.ggml.tokens': expected an array of texts "
            "but got 1");
  EXPECT_EQ(
      errorWith("tokenizer.ggml.scores", TinyGguf::ofArray<float>(6, {0})),
      "bad value of 'tokenizer.ggml.scores': expected one for each of the 6 "
      "tokens but got an array of 1");
  EXPECT_EQ(errorWith("tokenizer.ggml.scores",
                      TinyGguf::ofArray<float>(6, {0, 0, NAN, 0, 0, 0})),
            "token 2 of the tokenizer is not usable: expected a finite score, "
            "a kind from 1 to 6 and, for a byte, a "
            "text such as '<0x0A>' but got score nan, kind 3");
  EXPECT_EQ(errorWith("tokenizer.ggml.token_type",
                      TinyGguf::ofArray<int32_t>(5, {0, 1, 1, 1, 1, 1})),
            "bad value of 'tokenizer.ggml.token_type': expected numbers from 1 "
            "to 6 but got an array of 6");
  EXPECT_EQ(errorWith("tokenizer.ggml.unknown_token_id", TinyGguf::ofU32(6)),
            "a special token of the tokenizer is outside the vocabulary: "
            "expected an id below 6 but got 6");
  TinyGguf more = tinyGguf();
  more.set("tokenizer.ggml.tokens",
           TinyGguf::ofTexts({"0", "1", "2", "3", "4", "5", "6"}));
  more.set("tokenizer.ggml.scores",
           TinyGguf::ofArray<float>(6, {0, 0, 0, 0, 0, 0, 0}));
  more.remove("tokenizer.ggml.token_type");
  EXPECT_EQ(errorOf(more), "the tokenizer has more tokens than the model: "
                           "expected at most 6 but got 7");
}

TEST(Gguf, byte_pair_tokenizer) {
  TinyGguf gguf = tinyGguf();
  gguf.set("tokenizer.ggml.model", TinyGguf::ofText("gpt2"));
  EXPECT_EQ(errorOf(gguf), "metadata key 'tokenizer.ggml.pre' is missing");
  gguf.set("tokenizer.ggml.pre", TinyGguf::ofText("tekken"));
  EXPECT_EQ(errorOf(gguf), "bad value of 'tokenizer.ggml.pre': expected gpt-2, "
                           "llama-bpe or qwen2 but got tekken");
  gguf.set("tokenizer.ggml.pre", TinyGguf::ofText("llama-bpe"));
  // U+0120 stands for the byte of a space.
  gguf.set("tokenizer.ggml.tokens",
           TinyGguf::ofTexts({"a", "<|x|>", "\xc4\xa0", "b", "ab",
                              "\xc4\xa0"
                              "ab"}));
  gguf.set("tokenizer.ggml.token_type",
           TinyGguf::ofArray<int32_t>(5, {1, 3, 1, 1, 1, 1}));
  gguf.set("tokenizer.ggml.merges", TinyGguf::ofTexts({"a b", "\xc4\xa0 ab"}));
  Result<Model> model = load(gguf);
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->tokenizer->encode("ab ab<|x|>b"),
            (std::vector<uint32_t>{4, 5, 1, 3}));
  EXPECT_EQ(model->tokenizer->decode({4, 5, 1, 3}), "ab abb");
  EXPECT_EQ(model->tokenizer->bos(), 1u);
  gguf.set("tokenizer.ggml.merges", TinyGguf::ofTexts({"a z"}));
  EXPECT_EQ(errorOf(gguf), "merge 0 of the tokenizer is not usable: expected "
                           "two tokens that together are a token but "
                           "got 'a' and 'z'");
}
