// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Emit/Emit.h"
#include "wafer/WPE/WPEPasses.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace wafer;
using mlir::failed;
using mlir::succeeded;
using Kind = ParamSource::Kind;

namespace {

// Two regions of one role: 2x3 cores at (1, 2) and 1x3 cores at (5, 0).
const char *const kProgram = R"(
wpe.role @r {
  wpe.param @width column
  wpe.param @layers region
  wpe.param @height row
  wpe.buffer @x : 10 x i16 {kind = state}
  wpe.queue @in input [@a]
  wpe.queue @out output [@b]
  wpe.task @main active {
    %layers = wpe.param_value @layers : i32
    %in = wpe.fabin @in extent(@width) : i16
    %x = wpe.mem @x extent(@height) : i16
    wpe.loop %layers {
      wpe.vec mov16 %x, %in
    }
  }
}
wpe.region @left role(@r) rect(1, 2, 2, 3) rows {height = #wpe.table<[3 x 7]>}
  columns {width = #wpe.table<[4, 5]>} values {layers = 9}
wpe.region @right role(@r) rect(5, 0, 1, 3) rows {height = #wpe.table<[8, 8, 6]>}
  columns {width = #wpe.table<[3]>} values {layers = 2}
)";

class EmitProgram : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<wpe::WPEDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(kProgram, &context);
    ASSERT_TRUE(bool(module));
    Result<Machine> machine = Machine::load("wse2");
    ASSERT_TRUE(bool(machine));
    for (auto role : module->getOps<wpe::RoleOp>()) {
      ASSERT_TRUE(succeeded(wpe::allocateRole(role, *machine)));
      ASSERT_TRUE(succeeded(wpe::verifyAllocated(role, *machine)));
    }
  }

  /// Emits with the same colors for `out` and those given for `in`.
  mlir::LogicalResult emit(BoundQueue left, BoundQueue right) {
    return emitProgram(
        *module,
        [&](wpe::RegionOp region) -> mlir::FailureOr<BoundQueues> {
          bool isLeft = region.getSymName() == "left";
          return BoundQueues{isLeft ? left : right, {Kind::Constant, {4}}};
        },
        image);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Image image;
};

// Rows: height, then layers as a filled table; columns: width.
TEST_F(EmitProgram, TablesInOrderOfTheRole) {
  ASSERT_TRUE(succeeded(emit({Kind::Constant, {3}}, {Kind::Constant, {3}})));
  ASSERT_EQ(image.roles.size(), 1u);
  ASSERT_EQ(image.regions.size(), 2u);
  const Region &left = image.regions[0];
  EXPECT_EQ(left.name, "left");
  EXPECT_EQ(left.rect, (Rect{1, 2, 2, 3}));
  EXPECT_EQ(left.rowTables,
            (std::vector<std::vector<uint16_t>>{{7, 7, 7}, {9, 9, 9}}));
  EXPECT_EQ(left.columnTables, (std::vector<std::vector<uint16_t>>{{4, 5}}));
  EXPECT_EQ(image.regions[1].rowTables,
            (std::vector<std::vector<uint16_t>>{{8, 8, 6}, {2, 2, 2}}));
  // One color everywhere stays a constant.
  const Role &role = image.roles[0];
  EXPECT_EQ(role.queues[0].color, ParamSource::constant(3));
  EXPECT_EQ(role.queues[1].color, ParamSource::constant(4));
  // The first halfword of the block is @layers, which is row table 1.
  EXPECT_EQ(role.params[0], ParamSource::row(1));
  EXPECT_EQ(Image::paramAt(left, role.params[0], {2, 4}), 9u);
  // Buffers in order, then the block: 2 + 2 halfwords, two descriptors.
  ASSERT_EQ(role.buffers.size(), 2u);
  EXPECT_EQ(role.buffers[0].bytes, 20u);
  EXPECT_EQ(role.buffers[1].kind, BufferKind::Params);
  EXPECT_EQ(role.buffers[1].bytes, 4u + 2 * 16u);
}

// Two constants that differ become row tables.
TEST_F(EmitProgram, DifferentConstantsBecomeRows) {
  ASSERT_TRUE(succeeded(emit({Kind::Constant, {3}}, {Kind::Constant, {2}})));
  EXPECT_EQ(image.roles[0].queues[0].color, ParamSource::row(2));
  EXPECT_EQ(image.regions[0].rowTables[2], (std::vector<uint16_t>{3, 3, 3}));
  EXPECT_EQ(image.regions[1].rowTables[2], (std::vector<uint16_t>{2, 2, 2}));
}

// A column table in one region makes a column table in the other.
TEST_F(EmitProgram, ColumnsAndConstant) {
  ASSERT_TRUE(succeeded(
      emit({Kind::Column, {3, kUnboundColor}}, {Kind::Constant, {2}})));
  EXPECT_EQ(image.roles[0].queues[0].color, ParamSource::column(1));
  EXPECT_EQ(image.regions[0].columnTables[1],
            (std::vector<uint16_t>{3, kUnboundColor}));
  EXPECT_EQ(image.regions[1].columnTables[1], (std::vector<uint16_t>{2}));
}

class Errors {
public:
  explicit Errors(mlir::MLIRContext *context)
      : handler(context, [this](mlir::Diagnostic &d) {
          text += d.str() + "\n";
          return mlir::success();
        }) {}
  std::string text;

private:
  mlir::ScopedDiagnosticHandler handler;
};

TEST_F(EmitProgram, RowsAndColumnsDoNotMix) {
  Errors errors(&context);
  EXPECT_TRUE(failed(emit({Kind::Column, {3, 4}}, {Kind::Row, {2, 2, 2}})));
  EXPECT_EQ(errors.text,
            "'wpe.region' op the color of queue 'in' is a function of the row "
            "here and of the other coordinate in another region of role 'r'\n");
}

TEST_F(EmitProgram, WrongNumberOfQueues) {
  Errors errors(&context);
  EXPECT_TRUE(failed(emitProgram(
      *module,
      [](wpe::RegionOp) -> mlir::FailureOr<BoundQueues> {
        return BoundQueues{};
      },
      image)));
  EXPECT_EQ(errors.text,
            "'wpe.region' op expected colors of 2 queues but got 0\n");
}

TEST_F(EmitProgram, WrongNumberOfColors) {
  Errors errors(&context);
  EXPECT_TRUE(failed(emit({Kind::Row, {3, 4}}, {Kind::Constant, {2}})));
  EXPECT_EQ(errors.text,
            "'wpe.region' op expected 3 colors of queue 'in' but got 2\n");
}

} // namespace
