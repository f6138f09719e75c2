// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the text form cannot say: bad attributes, and the ranges of slicings.
#include "wafer/Dist/Dist.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <gtest/gtest.h>

using namespace wafer::dist;

namespace {
class Dist : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<DistDialect>();
    module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  }

  /// The error that makes a layout impossible, empty if there is none.
  std::string errorOf(mlir::ArrayRef<mlir::Attribute> dims, Partial partial,
                      mlir::FlatSymbolRefAttr group) {
    std::string message;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      message = d.str();
      return mlir::success();
    });
    mlir::Location loc = module->getLoc();
    LayoutAttr layout =
        LayoutAttr::getChecked([&] { return mlir::emitError(loc); }, &context,
                               dims, partial, group);
    EXPECT_EQ(bool(layout), message.empty());
    return message;
  }

  SlicingOp makeSlicing(int64_t size, int64_t lines,
                        mlir::ArrayRef<int64_t> runs, bool cyclic = false) {
    mlir::OpBuilder builder(module->getBodyRegion());
    return SlicingOp::create(builder, module->getLoc(), "s", LineAxis::Rows,
                             size, lines, runs, cyclic);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(Dist, LayoutNamesSlicings) {
  auto symbol = mlir::FlatSymbolRefAttr::get(&context, "d");
  auto whole = mlir::UnitAttr::get(&context);
  EXPECT_EQ(errorOf({symbol, whole}, Partial::None, {}), "");
  EXPECT_EQ(errorOf({symbol, mlir::StringAttr::get(&context, "d")},
                    Partial::None, {}),
            "expected a slicing symbol or '*' but got \"d\"");
}

TEST_F(Dist, LayoutHasAGroupExactlyIfItIsPartialOverOne) {
  auto group = mlir::FlatSymbolRefAttr::get(&context, "kv");
  const char *text =
      "expected a group exactly if the value is partial over a group";
  EXPECT_EQ(errorOf({}, Partial::Group, group), "");
  EXPECT_EQ(errorOf({}, Partial::Group, {}), text);
  EXPECT_EQ(errorOf({}, Partial::Rows, group), text);
}

TEST_F(Dist, SlicingGivesTheRangeOfALine) {
  // 8 = 3 + 3 + 2
  SlicingOp slicing = makeSlicing(8, 3, {2, 0, 3, 3, 1, 6, 8, 0});
  EXPECT_EQ(slicing.getRange(0), std::make_pair(int64_t(0), int64_t(3)));
  EXPECT_EQ(slicing.getRange(1), std::make_pair(int64_t(3), int64_t(6)));
  EXPECT_EQ(slicing.getRange(2), std::make_pair(int64_t(6), int64_t(8)));
  EXPECT_EQ(slicing.getMaxWidth(), 3);
}

TEST_F(Dist, CyclicSlicingRoundsUp) {
  // Rows 0 and 1 own four of eleven positions, row 2 owns three.
  EXPECT_EQ(makeSlicing(11, 3, {}, /*cyclic=*/true).getMaxWidth(), 4);
}

TEST_F(Dist, WithoutPartialForgetsTheGroup) {
  auto group = mlir::FlatSymbolRefAttr::get(&context, "kv");
  mlir::Attribute whole = mlir::UnitAttr::get(&context);
  LayoutAttr layout =
      withoutPartial(LayoutAttr::get(&context, {whole}, Partial::Group, group));
  EXPECT_EQ(layout, LayoutAttr::get(&context, {whole}, Partial::None,
                                    mlir::FlatSymbolRefAttr()));
  EXPECT_FALSE(getSlicing(layout, 0));
}
} // namespace
