// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Importers.h"
#include "TestFiles.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// The error for the tiny configuration with one text replaced.
std::string errorAfter(const std::string &from, const std::string &to) {
  Result<ModelConfig> config =
      parseHfConfig(replaced(tinyHfConfig(), from, to), "c");
  return config ? "no error" : config.error().str();
}

/// The tiny configuration with more members.
std::string withMembers(const std::string &members) {
  return replaced(tinyHfConfig(), "{", "{" + members + ", ");
}

std::string errorWith(const std::string &members) {
  Result<ModelConfig> config = parseHfConfig(withMembers(members), "c");
  return config ? "no error" : config.error().str();
}

ModelConfig configWith(const std::string &members) {
  Result<ModelConfig> config = parseHfConfig(withMembers(members), "c");
  EXPECT_TRUE(bool(config)) << config.error().str();
  return config ? *config : ModelConfig();
}

} // namespace

TEST(HfConfig, reads_every_dimension) {
  Result<ModelConfig> config = parseHfConfig(tinyHfConfig(), "c");
  ASSERT_TRUE(bool(config)) << config.error().str();
  EXPECT_EQ(config->family, "llama");
  EXPECT_EQ(config->layers, 1u);
  EXPECT_EQ(config->dim, 4u);
  EXPECT_EQ(config->ffn, 3u);
  EXPECT_EQ(config->heads, 2u);
  EXPECT_EQ(config->kvHeads, 1u);
  EXPECT_EQ(config->headDim, 2u); // 4 / 2
  EXPECT_EQ(config->vocab, 6u);
  EXPECT_EQ(config->context, 16u);
  EXPECT_EQ(config->normEps, 1e-5);
  EXPECT_EQ(config->ropeTheta, 10000);
  EXPECT_TRUE(config->tiedHead);
  EXPECT_FALSE(config->qkNorm);
  EXPECT_EQ(config->bos, 1u);
  EXPECT_EQ(config->eos, (std::vector<uint32_t>{2, 5}));
}

TEST(HfConfig, counts_must_be_positive_and_bounded) {
  const std::string expected = "c: bad value of 'num_hidden_layers': expected "
                               "a whole number from 1 to 4096 but got ";
  auto layers = [](const std::string &value) {
    return errorAfter("\"num_hidden_layers\": 1",
                      "\"num_hidden_layers\": " + value);
  };
  EXPECT_EQ(layers("0"), expected + "the number 0");
  EXPECT_EQ(layers("-1"), expected + "the number -1");
  EXPECT_EQ(layers("1.5"), expected + "the number 1.5");
  EXPECT_EQ(layers("9223372036854775808"),
            expected + "the number 9223372036854775808"); // 2^63
  EXPECT_EQ(layers("\"1\""), expected + "the string '1'");
  EXPECT_EQ(layers("[]"), expected + "an array of 0 elements");
  EXPECT_EQ(layers("null"), "c: key 'num_hidden_layers' is missing");
  EXPECT_NE(layers("NaN").find("c: line 1"), std::string::npos)
      << layers("NaN");
  for (const char *key :
       {"hidden_size\": 4", "intermediate_size\": 3",
        "num_attention_heads\": 2", "num_key_value_heads\": 1",
        "vocab_size\": 6", "max_position_embeddings\": 16"}) {
    std::string from = key, name = from.substr(0, from.find('"'));
    for (const char *value :
         {"0", "-4", "9223372036854775808", "1e400", "true"}) {
      std::string error = errorAfter(from, name + "\": " + value);
      EXPECT_EQ(error.find("c: "), 0u) << error;
    }
    EXPECT_NE(
        errorAfter(from, name + "\": -4").find("bad value of '" + name + "'"),
        std::string::npos)
        << name;
  }
}

TEST(HfConfig, relations_are_checked) {
  EXPECT_EQ(
      errorAfter("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 3"),
      "c: 'num_attention_heads' is not a multiple of 'num_key_value_heads': "
      "expected heads that share their KV "
      "heads evenly but got 2 and 3");
  EXPECT_EQ(errorWith("\"head_dim\": 3"),
            "c: 'head_dim' is odd: expected an even number, for rotary "
            "embedding works on pairs but got 3");
  EXPECT_EQ(errorAfter("\"hidden_size\": 4", "\"hidden_size\": 5"),
            "c: bad value of 'hidden_size': expected a multiple of the 2 "
            "heads, as 'head_dim' is absent but got the "
            "number 5");
  EXPECT_EQ(errorAfter("[2, 5]", "6"),
            "c: an end-of-text token is outside the vocabulary: expected an id "
            "below 6 but got 6");
  EXPECT_EQ(errorAfter("\"bos_token_id\": 1", "\"bos_token_id\": 7"),
            "c: the begin-of-text token is outside the vocabulary: expected an "
            "id below 6 but got 7");
  EXPECT_EQ(errorAfter("[2, 5]", "[2, -5]"),
            "c: bad value of 'eos_token_id': expected a token id or a list of "
            "them but got an array of 2 elements");
}

TEST(HfConfig, absent_members_have_the_family_s_values) {
  Result<ModelConfig> config = parseHfConfig(
      replaced(tinyHfConfig(), "\"num_key_value_heads\": 1,", ""), "c");
  ASSERT_TRUE(bool(config));
  EXPECT_EQ(config->kvHeads, 2u);
  std::string qwen3 =
      replaced(replaced(tinyHfConfig(), "LlamaForCausalLM", "Qwen3ForCausalLM"),
               "\"llama\"", "\"qwen3\"");
  config = parseHfConfig(qwen3, "c");
  ASSERT_TRUE(bool(config));
  EXPECT_EQ(config->headDim, 128u);
  EXPECT_TRUE(config->qkNorm);
  config = parseHfConfig(replaced(tinyHfConfig(), "[2, 5]", "null"), "c");
  ASSERT_TRUE(bool(config));
  EXPECT_TRUE(config->eos.empty());
}

TEST(HfConfig, rope_scaling_rules) {
  ModelConfig config =
      configWith(R"("rope_scaling": {"type": "linear", "factor": 4})");
  EXPECT_EQ(config.ropeScaling.kind, RopeScaling::Kind::Linear);
  EXPECT_EQ(config.ropeScaling.factor, 4);
  config = configWith(
      R"("rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
      "high_freq_factor": 4, "original_max_position_embeddings": 8192})");
  EXPECT_EQ(config.ropeScaling.kind, RopeScaling::Kind::Llama3);
  EXPECT_EQ(config.ropeScaling.originalContext, 8192);
  config = configWith(
      R"("rope_parameters": {"rope_type": "default", "rope_theta": 5e5})");
  EXPECT_EQ(config.ropeScaling.kind, RopeScaling::Kind::None);
  EXPECT_EQ(config.ropeTheta, 5e5);
  EXPECT_EQ(configWith(R"("rope_scaling": null)").ropeScaling.kind,
            RopeScaling::Kind::None);
  EXPECT_EQ(errorWith(R"("rope_scaling": {"type": "yarn", "factor": 4})"),
            "c: bad value of 'rope_scaling.type': expected default, linear or "
            "llama3 but got the string 'yarn'");
  EXPECT_EQ(errorWith(R"("rope_scaling": {"type": "linear"})"),
            "c: key 'rope_scaling.factor' is missing");
  EXPECT_EQ(errorWith(R"("rope_scaling": {"type": "linear", "factor": -1})"),
            "c: bad value of 'rope_scaling.factor': expected a number from 1 "
            "to 1000000 but got the number -1");
  EXPECT_EQ(errorWith(R"("rope_scaling": 3)"),
            "c: bad value of 'rope_scaling': expected an object but got the "
            "number 3");
}

TEST(HfConfig, options_that_change_the_arithmetic_are_refused) {
  EXPECT_EQ(errorWith("\"attention_bias\": true"),
            "c: bad value of 'attention_bias': expected false but got true "
            "(hint: models with this option are not "
            "supported)");
  EXPECT_EQ(
      errorAfter("\"silu\"", "\"gelu\""),
      "c: bad value of 'hidden_act': expected silu but got the string 'gelu'");
  EXPECT_EQ(errorWith("\"partial_rotary_factor\": 0.5"),
            "c: bad value of 'partial_rotary_factor': expected 1 but got the "
            "number 0.5");
  EXPECT_NE(
      errorWith("\"quantization_config\": {}").find("'quantization_config'"),
      std::string::npos);
  EXPECT_NE(
      errorWith("\"use_sliding_window\": true").find("'use_sliding_window'"),
      std::string::npos);
  EXPECT_NE(errorWith("\"layer_types\": [\"sliding_attention\"]")
                .find("'layer_types'"),
            std::string::npos);
  EXPECT_NE(errorWith("\"layer_types\": 3").find("'layer_types'"),
            std::string::npos);
}

TEST(HfConfig, other_families_are_refused_by_name) {
  EXPECT_EQ(
      errorAfter("\"model_type\": \"llama\"", "\"model_type\": \"mixtral\""),
      "c: the model family is not supported: expected one of llama, qwen3 but "
      "got mixtral (LlamaForCausalLM)");
  EXPECT_EQ(errorAfter("[\"LlamaForCausalLM\"]", "[]"),
            "c: bad value of 'architectures': expected a list with the name of "
            "the architecture but got an array of 0 "
            "elements");
  Result<ModelConfig> config = parseHfConfig("{}", "c");
  EXPECT_EQ(config.error().str(), "c: key 'model_type' is missing");
}

TEST(HfConfig, files_that_are_no_json_object) {
  EXPECT_EQ(parseHfConfig("[1]", "c").error().str(),
            "c: the file is no JSON object: expected an object but got an "
            "array of 1 elements");
  EXPECT_FALSE(bool(parseHfConfig("", "c")));
  EXPECT_FALSE(bool(parseHfConfig(std::string(100000, '['), "c")));
  EXPECT_EQ(errorWith("\"vocab_size\": 7"),
            "c: key 'vocab_size' stands twice in one object");
}

TEST(HfConfig, generation_config_replaces_the_ends) {
  ModelConfig config = *parseHfConfig(tinyHfConfig(), "c");
  ASSERT_TRUE(
      bool(applyGenerationConfig(R"({"eos_token_id": [3, 4]})", "g", config)));
  EXPECT_EQ(config.eos, (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(config.bos, 1u);
  EXPECT_EQ(applyGenerationConfig(R"({"eos_token_id": 9})", "g", config)
                .error()
                .str(),
            "g: an end-of-text token is outside the vocabulary: expected an id "
            "below 6 but got 9");
}
