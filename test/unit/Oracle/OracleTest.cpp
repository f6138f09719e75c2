// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The oracle against what other runtimes computed from the same weights.
#include "wafer/Oracle/Oracle.h"

#include "wafer/Import/Import.h"

#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

using namespace wafer;
using nlohmann::json;

namespace {

const std::string kModels = std::string(WAFER_SHARED_DIR) + "/models/";

json readJson(const std::string &path) {
  std::ifstream file(path);
  return json::parse(file, nullptr, /*allow_exceptions=*/false);
}

struct Loaded {
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<Oracle> oracle;
};

/// The passes of phase optimize; an empty type leaves the module as it is.
bool optimize(ModuleOp module, const std::string &weightsType) {
  if (weightsType.empty()) {
    return true;
  }
  mlir::PassManager pm(module.getContext());
  mlir::OpPassManager &model = pm.nest<wgraph::ModelOp>();
  model.addPass(createWaferFoldNormGain());
  model.addPass(createWaferFuseLinears());
  WaferCastWeightsOptions cast;
  cast.type = weightsType;
  model.addPass(createWaferCastWeights(cast));
  return succeeded(pm.run(module));
}

Loaded load(const std::string &path, const ImportOptions &options = {},
            const std::string &weightsType = "") {
  Result<Model> model = loadModel(path);
  if (!model) {
    ADD_FAILURE() << model.error().str();
    return {};
  }
  auto context = std::make_unique<mlir::MLIRContext>(
      mlir::MLIRContext::Threading::DISABLED);
  auto module = importModel(*model, context.get(), options);
  if (!module || !optimize(*module, weightsType)) {
    ADD_FAILURE() << "no module";
    return {};
  }
  Result<std::unique_ptr<Oracle>> oracle = Oracle::create(*module);
  if (!oracle) {
    ADD_FAILURE() << oracle.error().str();
    return {};
  }
  return {std::move(context), std::move(*oracle)};
}

/// Feeds `prompt` token by token, then what the model says, up to `count` ids.
std::vector<int32_t> decode(Oracle &oracle, std::vector<int32_t> ids,
                            size_t count) {
  for (size_t i = 0; ids.size() < count; ++i) {
    Result<Oracle::Step> step = oracle.step(ids[i], int64_t(i));
    if (!step) {
      ADD_FAILURE() << step.error().str();
      break;
    }
    if (i + 1 == ids.size()) {
      ids.push_back(step->next[0]);
    }
  }
  return ids;
}

class GoldenTest
    : public testing::TestWithParam<std::pair<std::string, std::string>> {};

} // namespace

TEST_P(GoldenTest, greedyIdsAreThoseOfOtherRuntimes) {
  auto [file, weightsType] = GetParam();
  std::string folder = kModels + file.substr(0, file.find('/'));
  json expected = readJson(folder + "/golden.json");
  if (!expected.is_object()) {
    GTEST_SKIP() << folder << " is not there";
  }
  auto ids = expected["greedy_ids"].get<std::vector<int32_t>>();
  size_t promptLength = expected.value("prompt_len", 1);
  std::vector<int32_t> prompt(ids.begin(), ids.begin() + promptLength);
  ImportOptions options;
  options.context = 512; // the GGUF file names 128, less than the text
  Loaded loaded = load(kModels + file, options, weightsType);
  ASSERT_TRUE(loaded.oracle);
  EXPECT_EQ(decode(*loaded.oracle, prompt, ids.size()), ids);
}

using Case = std::pair<std::string, std::string>;
INSTANTIATE_TEST_SUITE_P(
    Models, GoldenTest,
    testing::Values(Case{"stories260K", ""}, Case{"stories260K", "f16"},
                    Case{"stories260K/stories260K.gguf", ""},
                    Case{"shakespeare-qwen3", ""},
                    Case{"shakespeare-qwen3", "f32"},
                    Case{"shakespeare-qwen3", "f16"}));

TEST(OracleTest, logitsAreThoseOfOtherRuntimes) {
  json expected = readJson(kModels + "stories260K/golden.json");
  if (!expected.is_object()) {
    GTEST_SKIP() << kModels << " is not there";
  }
  Loaded loaded = load(kModels + "stories260K");
  ASSERT_TRUE(loaded.oracle);
  Result<Oracle::Step> step = loaded.oracle->step({1}, 0);
  ASSERT_TRUE(bool(step));
  auto logits = expected["logits_bos_all"].get<std::vector<float>>();
  ASSERT_EQ(logits.size(), step->logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    ASSERT_NEAR(step->logits[i], logits[i], 2e-5) << i;
  }
}

TEST(OracleTest, severalTokensPerPassGiveTheSameLogits) {
  std::string path = kModels + "shakespeare-qwen3";
  if (!readJson(path + "/golden.json").is_object()) {
    GTEST_SKIP() << path << " is not there";
  }
  Loaded one = load(path);
  ImportOptions options;
  options.tokensPerPass = 4;
  options.slots = 2;
  Loaded four = load(path, options);
  ASSERT_TRUE(one.oracle && four.oracle);
  const std::vector<int32_t> ids{1, 5, 9, 13};
  // Another sequence in the same slot first: position 0 drops it.
  ASSERT_TRUE(bool(four.oracle->step({3, 3, 3, 3}, 0, 1)));
  Result<Oracle::Step> pass = four.oracle->step(ids, 0, 1);
  ASSERT_TRUE(bool(pass));
  for (size_t t = 0; t < ids.size(); ++t) {
    Result<Oracle::Step> step = one.oracle->step(ids[t], int64_t(t));
    ASSERT_TRUE(bool(step));
    for (int64_t i = 0; i < one.oracle->vocab(); ++i) {
      ASSERT_NEAR(step->logits[i], pass->logits[t * one.oracle->vocab() + i],
                  1e-4);
    }
  }
}

TEST(OracleTest, refusesWhatDoesNotFit) {
  std::string path = kModels + "shakespeare-qwen3"; // 65 ids, 64 positions
  if (!readJson(path + "/golden.json").is_object()) {
    GTEST_SKIP() << path << " is not there";
  }
  Loaded loaded = load(path);
  ASSERT_TRUE(loaded.oracle);
  Oracle &oracle = *loaded.oracle;
  EXPECT_FALSE(bool(oracle.step({65}, 0)));
  EXPECT_FALSE(bool(oracle.step({-1}, 0)));
  EXPECT_FALSE(bool(oracle.step({1}, 1)));
  EXPECT_FALSE(bool(oracle.step({1}, 0, 1)));
  EXPECT_FALSE(bool(oracle.step({1, 2}, 0)));
  for (int64_t position = 0; position < 64; ++position) {
    ASSERT_TRUE(bool(oracle.step({1}, position)));
  }
  EXPECT_EQ(oracle.length(), 64);
  Result<Oracle::Step> full = oracle.step({1}, 64);
  ASSERT_FALSE(bool(full));
  EXPECT_EQ(full.error().str(), "the context is full: expected at most 64 "
                                "positions but got 65");
}
