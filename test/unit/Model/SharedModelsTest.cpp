// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- SharedModelsTest.cpp - Real models and what others computed --------===//
//
// Needs the models beside the project and is skipped without them.
//
//===----------------------------------------------------------------------===//
#include "HostReference.h"
#include "Json.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace wafer;
using namespace wafer::test;

namespace {

std::string shared(const std::string &name) {
  return std::string(WAFER_SHARED_MODELS) + "/" + name;
}

std::string slurp(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

#define SKIP_WITHOUT_MODELS()                                                  \
  if (!std::ifstream(shared("README.md"))) {                                   \
    GTEST_SKIP() << "no models at " << WAFER_SHARED_MODELS;                    \
  }

struct Golden {
  std::vector<uint32_t> ids;
  std::string text;
  /// Logits of the first tokens, each cut to a few columns.
  std::vector<std::vector<float>> logits;
};

Golden readGolden(const std::string &folder, const char *logitsKey) {
  Result<Json> json =
      parseJson(slurp(shared(folder + "/golden.json")), "golden.json");
  EXPECT_TRUE(bool(json));
  return {(*json)["greedy_ids"].get<std::vector<uint32_t>>(),
          (*json)["greedy_text"].get<std::string>(),
          (*json)[logitsKey].get<std::vector<std::vector<float>>>()};
}

Model load(const std::string &name) {
  Result<Model> model = loadModel(shared(name));
  if (!model) {
    ADD_FAILURE() << model.error().str();
    return {};
  }
  return std::move(*model);
}

void expectLogits(const Model &model, const Golden &golden, double tolerance) {
  HostReference reference(model);
  for (size_t step = 0; step < golden.logits.size(); ++step) {
    std::vector<float> logits = reference.step(golden.ids[step]);
    for (size_t i = 0; i < golden.logits[step].size(); ++i) {
      ASSERT_NEAR(logits[i], golden.logits[step][i], tolerance)
          << "step " << step << ", logit " << i;
    }
  }
}

struct StoriesCase {
  const char *path;
  RopePairing pairing;
  bool tied;
  double tolerance;
};

class Stories : public testing::TestWithParam<StoriesCase> {};

} // namespace

TEST_P(Stories, tokens_and_logits_are_golden) {
  SKIP_WITHOUT_MODELS();
  const StoriesCase &param = GetParam();
  Golden golden = readGolden("stories260K", "logits_first16_tokens");
  Model model = load(std::string("stories260K") + param.path);
  EXPECT_EQ(model.config.family, "llama");
  EXPECT_EQ(model.config.ropePairing, param.pairing);
  EXPECT_EQ(model.config.tiedHead, param.tied);
  EXPECT_EQ(HostReference(model).generate({1}, golden.ids.size()), golden.ids);
  expectLogits(model, golden, param.tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Stories,
    testing::Values(StoriesCase{"", RopePairing::Half, true, 2e-4},
                    StoriesCase{"/stories260K.gguf", RopePairing::Interleaved,
                                false, 2e-4},
                    StoriesCase{"/stories260K-F16.gguf",
                                RopePairing::Interleaved, false, 5e-2}));

TEST(SharedModels, stories_tokenizer_is_golden) {
  SKIP_WITHOUT_MODELS();
  Golden golden = readGolden("stories260K", "logits_first16_tokens");
  Model model = load("stories260K/stories260K.gguf");
  ASSERT_TRUE(model.tokenizer);
  const Tokenizer &tokenizer = *model.tokenizer;
  EXPECT_EQ(tokenizer.bos(), 1u);
  EXPECT_EQ(tokenizer.decode(golden.ids), golden.text);
  // The greedy ids are how the encoder would spell the text, after BOS.
  std::vector<uint32_t> expected(golden.ids.begin() + 1, golden.ids.end());
  EXPECT_EQ(tokenizer.encode(golden.text), expected);
  // The first words of the story.
  EXPECT_EQ(tokenizer.encode("Once upon a time"),
            (std::vector<uint32_t>{403, 407, 261, 378}));
  // Streaming yields the same text.
  std::string streamed;
  for (uint32_t id : golden.ids) {
    streamed += tokenizer.decodeOne(id, streamed.empty());
  }
  EXPECT_EQ(streamed, golden.text);
  Result<std::shared_ptr<const Tokenizer>> copy =
      Tokenizer::fromJson(tokenizer.toJson(), "copy");
  ASSERT_TRUE(bool(copy));
  EXPECT_EQ((*copy)->toJson(), tokenizer.toJson());
  EXPECT_EQ((*copy)->encode(golden.text), expected);
}

TEST(SharedModels, stories_vocabulary_is_that_of_the_author) {
  SKIP_WITHOUT_MODELS();
  Model model = load("stories260K/stories260K.gguf");
  const std::string bytes = slurp(shared("stories260K/tok512.bin"));
  // u32 longest; then for each token: f32 score, i32 length, text.
  size_t at = 4;
  for (uint32_t id = 0; id < 512; ++id) {
    int32_t length;
    std::memcpy(&length, &bytes.at(at + 4), 4);
    std::string text = bytes.substr(at + 8, size_t(length));
    at += 8 + size_t(length);
    if (id >= 259) { // after <unk>, <s>, </s> and the bytes
      EXPECT_EQ(model.tokenizer->decodeOne(id, false), text) << id;
    }
  }
  EXPECT_EQ(at, bytes.size());
}

TEST(SharedModels, shakespeare_is_golden) {
  SKIP_WITHOUT_MODELS();
  Golden golden = readGolden("shakespeare-qwen3", "logits_first16");
  Model model = load("shakespeare-qwen3");
  EXPECT_EQ(model.config.family, "qwen3");
  EXPECT_TRUE(model.config.qkNorm);
  std::vector<uint32_t> prompt(golden.ids.begin(), golden.ids.begin() + 8);
  EXPECT_EQ(HostReference(model).generate(prompt, golden.ids.size()),
            golden.ids);
  expectLogits(model, golden, 2e-4);
  ASSERT_TRUE(model.tokenizer);
  EXPECT_EQ(model.tokenizer->decode(golden.ids), golden.text);
  EXPECT_EQ(model.tokenizer->encode(golden.text), golden.ids);
  EXPECT_EQ(model.tokenizer->bos(), std::nullopt);
  Status status = model.tokenizer->checkText("na\xc3\xafve");
  ASSERT_FALSE(bool(status));
  EXPECT_EQ(status.error().str(), "the text has a character that is not in the "
                                  "model's vocabulary: got '\xc3\xaf'");
}

TEST(SharedModels, quantised_file_is_refused) {
  SKIP_WITHOUT_MODELS();
  const std::string path = shared("stories260K/stories260K-Q8_0.gguf");
  Result<Model> model = loadModel(path);
  ASSERT_FALSE(bool(model));
  EXPECT_EQ(model.error().found, "Q8_0");
  EXPECT_NE(model.error().hint.find("convert"), std::string::npos);
  // Its configuration and its tokenizer can be used without the weights.
  ModelLoadOptions options;
  options.weights = false;
  Result<Model> withoutWeights = loadModel(path, options);
  ASSERT_TRUE(bool(withoutWeights)) << withoutWeights.error().str();
  EXPECT_EQ(withoutWeights->tensors.at("embed").file, -1);
}

TEST(SharedModels, configs_of_supported_families_load) {
  SKIP_WITHOUT_MODELS();
  struct Case {
    const char *name;
    uint64_t parameters; // counted by hand from the published dimensions
  };
  // Published: 13.02e9, 8.03e9, 1.24e9, 70.55e9, 33.7e9, 0.6e9, 8.19e9, 32.8e9.
  const Case cases[] = {
      {"llama-2-13b", 13015864320},   {"llama-3.1-8b", 8030261248},
      {"llama-3.2-1b", 1235814400},   {"llama-3.3-70b", 70553706496},
      {"codellama-34b", 33743970304}, {"qwen3-0.6b", 596049920},
      {"qwen3-8b", 8190735360},       {"qwen3-32b", 32762123264}};
  for (const Case &c : cases) {
    Model model = load(std::string("configs/") + c.name + ".json");
    EXPECT_EQ(model.name, c.name);
    uint64_t parameters = 0;
    for (const auto &[name, tensor] : model.tensors) {
      EXPECT_EQ(tensor.file, -1);
      parameters += tensor.elements();
    }
    EXPECT_EQ(parameters, c.parameters) << c.name;
  }
  Model llama = load("configs/llama-3.1-8b.json");
  EXPECT_EQ(llama.config.ropeScaling.kind, RopeScaling::Kind::Llama3);
  EXPECT_EQ(llama.config.ropeScaling.factor, 8);
}

TEST(SharedModels, configs_of_other_families_are_refused) {
  SKIP_WITHOUT_MODELS();
  for (const char *name : {"bert-base-uncased", "gpt2", "mistral-7b-v0.3",
                           "mixtral-8x7b", "qwen2-72b", "qwen3-30b-a3b"}) {
    Result<Model> model =
        loadModel(shared(std::string("configs/") + name + ".json"));
    ASSERT_FALSE(bool(model)) << name;
    EXPECT_EQ(model.error().what, "the model family is not supported");
    EXPECT_EQ(model.error().expected, "one of llama, qwen3");
  }
  for (const char *name : {"bert-tiny-emotion", "misaki-us-bart",
                           "gpt-nano-sort/gpt_nano_sort.onnx"}) {
    EXPECT_FALSE(bool(loadModel(shared(name)))) << name;
  }
}
