// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The damage that DamageTest does to a hand-written image, done to an image of
// the compiler: a llama of one layer with synthetic weights on 8 x 8 cores.
#include "../Verify/ImageDamage.h"

#include "wafer/Emit/EmitImage.h"
#include "wafer/Import/Import.h"
#include "wafer/Model/Model.h"
#include "wafer/Pipelines/Phases.h"
#include "wafer/Pipelines/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace wafer;

namespace {

const char *const kConfig =
    R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
 "num_hidden_layers": 1, "hidden_size": 4, "intermediate_size": 3,
 "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 6,
 "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
 "hidden_act": "silu", "tie_word_embeddings": true})";

/// Compiles kConfig as `wsec compile` does; empty after a failure.
std::string compile() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "wafer-damage-XXXXXX").string();
  std::filesystem::path folder = ::mkdtemp(pattern.data());
  std::string bytes;
  [&] {
    std::string config = folder / "config.json", path = folder / "m.wafer";
    std::ofstream(config) << kConfig;
    Result<Model> model = loadModel(config);
    ASSERT_TRUE(model) << model.error().str();
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    mlir::MLIRContext context(registry);
    ImportOptions import;
    import.context = 16;
    mlir::OwningOpRef<mlir::ModuleOp> module =
        importModel(*model, &context, import);
    ASSERT_TRUE(module);
    PipelineOptions options;
    options.machine = "test8";
    options.context = import.context;
    options.width = options.height = 2;
    options.stages = 1;
    mlir::PassManager manager(&context);
    buildCompilePipeline(manager, options);
    ASSERT_TRUE(succeeded(manager.run(*module)));
    auto emitted = emitImage(*module, *Machine::load("test8"));
    ASSERT_TRUE(succeeded(emitted));
    emitted->image.model = R"({"name":"m"})";
    emitted->image.tokenizer = "abc";
    emitted->image.report = "{}";
    Status written = writeEmittedImage(*emitted, path);
    ASSERT_TRUE(written) << written.error().str();
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return bytes;
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
