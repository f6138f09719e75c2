// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recipes on a file of 48 floats: a 4x6 matrix of 0 .. 23 for layer 0 and of
// 100 .. 123 for layer 1.
#include "wafer/Import/RecipeEvaluator.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <unistd.h>

using namespace wafer;

namespace {

class RecipeEvaluatorTest : public testing::Test {
protected:
  void SetUp() override {
    path = testing::TempDir() + "recipe" + std::to_string(::getpid());
    std::vector<float> values;
    for (int layer = 0; layer < 2; ++layer) {
      for (int i = 0; i < 24; ++i) {
        values.push_back(float(100 * layer + i));
      }
    }
    std::FILE *file = std::fopen(path.c_str(), "wb");
    ASSERT_TRUE(file);
    std::fwrite(values.data(), sizeof(float), values.size(), file);
    std::fclose(file);
    context.loadDialect<wgraph::WGraphDialect>();
  }
  void TearDown() override { std::remove(path.c_str()); }

  wgraph::RecipeAttr recipe(const std::string &transforms) {
    std::string text = "#wgraph.recipe<" + kMatrix + ", [" + transforms + "]>";
    auto attribute = mlir::parseAttribute(text, &context);
    return cast<wgraph::RecipeAttr>(attribute);
  }

  /// A model whose one file has `size` bytes as the model says.
  mlir::OwningOpRef<ModuleOp> module(int64_t size, int64_t offset = 0) {
    std::string text =
        "wgraph.model @m config <family = \"llama\", layers = 1, dim = 4, "
        "ffn = 8, heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, "
        "max_context = 8> files [#wgraph.file<\"" +
        path + "\", size = " + std::to_string(size) +
        ">] { wgraph.weight @w : tensor<4x6xf32> = <#wgraph.ref<type = "
        "tensor<4x6xf32>, files = [0], offsets = [" +
        std::to_string(offset) + "]>> }";
    return mlir::parseSourceString<ModuleOp>(text, &context);
  }

  RecipeEvaluator open() {
    auto parsed = module(192);
    auto evaluator =
        RecipeEvaluator::open(*parsed->getOps<wgraph::ModelOp>().begin());
    EXPECT_TRUE(bool(evaluator));
    return std::move(*evaluator);
  }

  std::vector<float> evaluate(wgraph::RecipeAttr recipe, int64_t layer = 0) {
    std::vector<float> out(recipe.getResultType().getNumElements());
    open().evaluate(recipe, layer, out.data());
    return out;
  }

  const std::string kMatrix = "#wgraph.ref<type = tensor<4x6xf32>, layers = 2, "
                              "files = [0], offsets = [0], stride = 96>";
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::string path;
};

} // namespace

TEST_F(RecipeEvaluatorTest, layersLieOneStrideApart) {
  EXPECT_EQ(evaluate(recipe("#wgraph.slice<offsets = [1, 2], sizes = [2, 2]>")),
            (std::vector<float>{8, 9, 14, 15}));
  EXPECT_EQ(
      evaluate(recipe("#wgraph.slice<offsets = [1, 2], sizes = [2, 2]>"), 1),
      (std::vector<float>{108, 109, 114, 115}));
}

TEST_F(RecipeEvaluatorTest, transposesASlice) {
  EXPECT_EQ(evaluate(recipe("#wgraph.slice<offsets = [0, 0], sizes = [2, 3]>, "
                            "#wgraph.permute<[1, 0]>")),
            (std::vector<float>{0, 6, 1, 7, 2, 8}));
}

TEST_F(RecipeEvaluatorTest, scalesColumnsByAVector) {
  // Columns 0 .. 5 times 100 .. 105: layer 1's row 0 as factors.
  EXPECT_EQ(evaluate(recipe("#wgraph.slice<offsets = [1, 0], sizes = [1, 6]>, "
                            "#wgraph.scale<dim = 1, by = <#wgraph.ref<type = "
                            "tensor<6xf32>, files = [0], offsets = [96]>>>")),
            (std::vector<float>{600, 707, 816, 927, 1040, 1155}));
}

TEST_F(RecipeEvaluatorTest, castsRoundToNearest) {
  // 2049 is halfway between the halves 2048 and 2050: ties go to even.
  auto text = "#wgraph.slice<offsets = [0, 3], sizes = [1, 1]>, "
              "#wgraph.scale<dim = 0, by = <#wgraph.synthetic<type = "
              "tensor<1xf32>, seeds = [0]>>>, #wgraph.cast<f16>";
  EXPECT_EQ(evaluate(recipe(text)), (std::vector<float>{3}));
  EXPECT_EQ(evaluate(recipe("#wgraph.cast<bf16>"))[23], 23);
}

TEST_F(RecipeEvaluatorTest, boxesAgreeWithTheWhole) {
  // [4, 6] -> [2, 2, 3, 2] -> swap the middle -> [4, 6], scaled and cast: every
  // box of the result equals that part of the whole.
  wgraph::RecipeAttr all =
      recipe("#wgraph.reshape<[2, 2, 3, 2]>, #wgraph.permute<[0, 2, 1, 3]>, "
             "#wgraph.reshape<[4, 6]>, #wgraph.scale<dim = 0, by = "
             "<#wgraph.ref<type = tensor<4xf32>, files = [0], offsets = "
             "[96]>>>, #wgraph.cast<f16>");
  auto both = wgraph::RecipeAttr::get(
      &context, wgraph::ConcatAttr::get(&context, 1, {all, all}), {});
  std::vector<float> whole = evaluate(both, 1);
  RecipeEvaluator evaluator = open();
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 12; ++x) {
      for (int64_t h = 1; y + h <= 4; ++h) {
        for (int64_t w = 1; x + w <= 12; ++w) {
          std::vector<float> box(h * w);
          evaluator.evaluate(both, 1, {y, x}, {h, w}, box.data());
          for (int64_t i = 0; i < h * w; ++i) {
            ASSERT_EQ(box[i], whole[(y + i / w) * 12 + x + i % w])
                << y << ' ' << x << ' ' << h << ' ' << w;
          }
        }
      }
    }
  }
}

TEST_F(RecipeEvaluatorTest, refusesFilesThatAreNotThoseImported) {
  auto changed = module(200);
  auto error =
      RecipeEvaluator::open(*changed->getOps<wgraph::ModelOp>().begin());
  ASSERT_FALSE(bool(error));
  EXPECT_EQ(error.error().str(),
            path + ": the file is not the one that was imported: expected 200 "
                   "bytes but got 192 (hint: import the model again)");
  auto outside = module(192, 100); // 100 + 96 bytes
  error = RecipeEvaluator::open(*outside->getOps<wgraph::ModelOp>().begin());
  ASSERT_FALSE(bool(error));
  EXPECT_EQ(error.error().str(), path + ": a weight lies outside its file: "
                                        "expected 196 bytes but got 192");
}
