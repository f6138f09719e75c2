// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- SmallModel.h - A model that compiles at once -------------*- C++ -*-===//
//
// A llama of one layer with synthetic weights, for 2 x 2 cores of test8.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_EMIT_SMALLMODEL_H
#define WAFER_TEST_UNIT_EMIT_SMALLMODEL_H

#include "wafer/Emit/EmitImage.h"
#include "wafer/Import/Import.h"
#include "wafer/Model/Model.h"
#include "wafer/Pipelines/Phases.h"
#include "wafer/Pipelines/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace wafer {

class SmallModel {
public:
  SmallModel() : folder(makeFolder()), context(allDialects()) {
    std::string config = folder / "config.json";
    std::ofstream(config)
        << R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
 "num_hidden_layers": 1, "hidden_size": 4, "intermediate_size": 3,
 "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 6,
 "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
 "hidden_act": "silu", "tie_word_embeddings": true})";
    Result<Model> model = loadModel(config);
    EXPECT_TRUE(model) << model.error().str();
    ImportOptions import;
    import.context = 16;
    if (model) {
      module = importModel(*model, &context, import);
    }
    EXPECT_TRUE(module);
  }
  ~SmallModel() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  /// Runs what `build(manager, options)` builds, as `wsec compile` does.
  template <typename Build>
  bool run(Build build) {
    PipelineOptions options;
    options.machine = "test8";
    options.context = 16;
    options.width = options.height = 2;
    options.stages = 1;
    mlir::PassManager manager(&context);
    build(static_cast<mlir::OpPassManager &>(manager), options);
    bool ran = succeeded(manager.run(*module));
    EXPECT_TRUE(ran);
    return ran;
  }

  /// The bytes of the image file; empty after a failure.
  std::string emit() {
    std::string path = folder / "m.wafer";
    auto emitted = emitImage(*module, *Machine::load("test8"));
    EXPECT_TRUE(succeeded(emitted));
    if (failed(emitted)) {
      return {};
    }
    emitted->image.model = R"({"name":"m"})";
    emitted->image.tokenizer = "abc";
    emitted->image.report = "{}";
    Status written = writeEmittedImage(*emitted, path);
    EXPECT_TRUE(written) << written.error().str();
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

private:
  static std::filesystem::path makeFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "wafer-model-XXXXXX")
            .string();
    return ::mkdtemp(pattern.data());
  }
  static mlir::DialectRegistry allDialects() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    return registry;
  }

  std::filesystem::path folder;

public:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace wafer

#endif // WAFER_TEST_UNIT_EMIT_SMALLMODEL_H
