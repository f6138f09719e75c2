// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C++ interface: building operations, binding queues, export.
#include "wafer/WFabric/ExportFabric.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WFabric/WFabricPasses.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::wfabric;

namespace {
RoutedFamily links(const char *name, int32_t first, int32_t count) {
  RoutedFamily f;
  f.name = name;
  f.rect = {0, 0, 6, 4};
  f.patterns = {{first, first + 1, first + 2, 2, count}};
  return f;
}

/// A chain of 6 columns in 4 rows; a multicast from (2, 2) into its own 3 x 3
/// neighbourhood; the host's ports in row 5.
class WFabric : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<WFabricDialect>();
    module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    (*module)->setAttr(kMachineAttrName,
                       mlir::StringAttr::get(&context, "tiny16"));
    mlir::OpBuilder builder(module->getBodyRegion());
    mlir::Location loc = module->getLoc();
    FamilyOp::create(builder, loc, links("even", 0, 3));
    FamilyOp::create(builder, loc, links("odd", 1, 2), 32);
    RoutedStream around;
    around.name = "around";
    around.source = {2, 2};
    around.sinks = {{1, 1, 3, 3}};
    StreamOp::create(builder, loc, around);
    RoutedStream in;
    in.name = "in";
    in.fromHost = HostEdge{true, 5};
    in.sinks = {{0, 5, 1, 1}};
    StreamOp::create(builder, loc, in);
    RoutedStream out;
    out.name = "out";
    out.source = {1, 5};
    out.toHost = HostEdge{true, 5};
    StreamOp::create(builder, loc, out);
    HostPortOp::create(builder, loc, "prompt", PortDirection::Input,
                       HostEdge{true, 5}, "in");
    HostPortOp::create(builder, loc, "tokens", PortDirection::Output,
                       HostEdge{true, 5}, "out");
    ASSERT_TRUE(succeeded(mlir::verify(*module)));
  }

  void route() {
    mlir::PassManager manager(&context);
    buildRoutePipeline(manager);
    ASSERT_TRUE(succeeded(manager.run(*module)));
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(WFabric, GivesBackWhatItWasBuiltFrom) {
  auto odd = module->lookupSymbol<FamilyOp>("odd");
  RoutedFamily family = odd.getFamily();
  EXPECT_EQ(family.rect, (Rect{0, 0, 6, 4}));
  EXPECT_EQ(family.patterns, (std::vector<SegmentPattern>{{1, 2, 3, 2, 2}}));
  EXPECT_EQ(odd.getWords(), 32);
  RoutedStream out = module->lookupSymbol<StreamOp>("out").getStream();
  EXPECT_EQ(out.source, (Coord{1, 5}));
  EXPECT_EQ(out.toHost, (HostEdge{true, 5}));
  EXPECT_FALSE(out.fromHost);
}

TEST_F(WFabric, RunsTheRoutePipelineTwice) {
  route();
  auto numRules = [&] {
    auto rules = module->getOps<RuleOp>();
    return std::distance(rules.begin(), rules.end());
  };
  // Two families; around: a trunk, a branch north and one south that columns 1
  // to 3 share; in and out: a trunk each.
  EXPECT_EQ(numRules(), 2 + 3 + 2);
  route();
  EXPECT_EQ(numRules(), 7);
}

TEST_F(WFabric, BindsQueues) {
  route();
  auto machine = loadMachine(*module);
  ASSERT_TRUE(succeeded(machine));
  auto routing = buildRoutingProblem(*module, *machine);
  ASSERT_TRUE(succeeded(routing));
  auto colors = colorsOf(*routing);
  ASSERT_TRUE(succeeded(colors));
  auto name = [&](const char *text) {
    return mlir::StringAttr::get(&context, text);
  };
  Rect region{0, 0, 6, 4};
  auto queue = bindQueue(*routing, *colors, region, {name("even"), name("odd")},
                         QueueDirection::Input, module->getLoc());
  ASSERT_TRUE(succeeded(queue));
  EXPECT_EQ(queue->kind, ParamSource::Kind::Column);
  uint16_t even = (*colors)[0], odd = (*colors)[1];
  EXPECT_EQ(queue->values,
            (std::vector<uint16_t>{kUnboundColor, even, odd, even, odd, even}));
}

TEST_F(WFabric, Exports) {
  auto machine = loadMachine(*module);
  ASSERT_TRUE(succeeded(machine));
  route();
  auto image = exportFabric(*module, *machine);
  ASSERT_TRUE(succeeded(image));
  ASSERT_EQ(image->families.size(), 2u);
  ASSERT_EQ(image->families[0].segments.size(), 3u);
  EXPECT_EQ(image->families[0].segments[2].source, 4);
  ASSERT_EQ(image->streams.size(), 3u);
  // The source is cut out of its own sinks: the row above it, the row below it,
  // west and east of it.
  const Stream &around = image->streams[0];
  EXPECT_EQ(around.sinks,
            (std::vector<Rect>{
                {1, 1, 3, 1}, {1, 3, 3, 1}, {1, 2, 1, 1}, {3, 2, 1, 1}}));
  EXPECT_TRUE(image->streams[1].fromHost);
  EXPECT_EQ(image->streams[1].source, (Coord{0, 5}));
  EXPECT_TRUE(image->streams[2].toHost);
  EXPECT_EQ(image->streams[2].sinks, (std::vector<Rect>{{0, 5, 1, 1}}));
  ASSERT_EQ(image->hostPorts.size(), 2u);
  EXPECT_EQ(image->hostPorts[1].name, "tokens");
  EXPECT_FALSE(image->hostPorts[1].input);
  EXPECT_EQ(image->hostPorts[1].row, 5);
  EXPECT_EQ(image->hostPorts[1].color, image->streams[2].color);
  EXPECT_EQ(image->rules.size(), 7u);
  for (const Rule &rule : image->rules) {
    for (const wafer::Run &run : rule.classes[0]) {
      EXPECT_TRUE(run.config == kNoRoute || run.config < image->configs.size());
    }
  }
}

TEST_F(WFabric, DoesNotExportWithoutColors) {
  auto machine = loadMachine(*module);
  ASSERT_TRUE(succeeded(machine));
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message = d.str();
    return mlir::success();
  });
  EXPECT_TRUE(failed(exportFabric(*module, *machine)));
  EXPECT_NE(message.find("has no color"), std::string::npos);
}

TEST_F(WFabric, DoesNotBindWhatIsNoStream) {
  route();
  auto machine = loadMachine(*module);
  ASSERT_TRUE(succeeded(machine));
  auto routing = buildRoutingProblem(*module, *machine);
  ASSERT_TRUE(succeeded(routing));
  auto colors = colorsOf(*routing);
  ASSERT_TRUE(succeeded(colors));
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message = d.str();
    return mlir::success();
  });
  EXPECT_TRUE(failed(bindQueue(*routing, *colors, {0, 0, 6, 4},
                               {mlir::StringAttr::get(&context, "evening")},
                               QueueDirection::Input, module->getLoc())));
  EXPECT_EQ(message, "there is no family or stream 'evening'");
}

TEST_F(WFabric, RunsAreNotEmpty) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message = d.str();
    return mlir::success();
  });
  mlir::Location loc = module->getLoc();
  EXPECT_FALSE(RunsAttr::getChecked([&] { return mlir::emitError(loc); },
                                    &context, llvm::ArrayRef<uint32_t>(),
                                    llvm::ArrayRef<RouteAttr>()));
  EXPECT_EQ(message, "a line needs a route or 'none' for each run, and at "
                     "least one run");
}
} // namespace
