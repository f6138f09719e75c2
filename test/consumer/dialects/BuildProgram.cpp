// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds an operation of each of Wafer's dialects, mixes a foreign one in, and
// takes a model through the compiler's phases.
#include "Extra.h"

#include "wafer/Dist/Dist.h"
#include "wafer/Pipelines/Phases.h"
#include "wafer/Pipelines/Register.h"
#include "wafer/WFabric/WFabric.h"
#include "wafer/WGraph/WGraph.h"
#include "wafer/WPE/WPE.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using mlir::ModuleOp;
using mlir::OpBuilder;
using mlir::OwningOpRef;

static int fail(llvm::StringRef what) {
  llvm::errs() << "build-program: error: " << what << '\n';
  return 1;
}

/// A weight of a model, a slicing, the links of a chain in a row of eight
/// cores, and a role that those cores run.
static OwningOpRef<ModuleOp> buildProgram(mlir::MLIRContext &context) {
  mlir::Location loc = mlir::UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());

  auto config = wafer::wgraph::ConfigAttr::get(
      &context, "llama", /*layers=*/1, /*dim=*/4, /*ffn=*/8, /*heads=*/2,
      /*kv_heads=*/1, /*head_dim=*/2, /*vocab=*/16, /*max_context=*/8,
      /*bos=*/-1, /*eos=*/{});
  auto model = wafer::wgraph::ModelOp::create(
      builder, loc, "tiny", config, builder.getArrayAttr({}), nullptr);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&model.getBody().front());
    auto type = mlir::RankedTensorType::get({16, 4}, builder.getF32Type());
    auto source = wafer::wgraph::SyntheticAttr::get(
        &context, type, /*layers=*/0, /*seeds=*/{7}, /*stride=*/0,
        llvm::APFloat(0.25));
    wafer::wgraph::WeightOp::create(
        builder, loc, "embed",
        wafer::wgraph::RecipeAttr::get(&context, source, {}));
  }

  // Sixteen elements over four rows: row i holds [4 i, 4 i + 4).
  wafer::dist::SlicingOp::create(builder, loc, "d", wafer::dist::LineAxis::Rows,
                                 16, 4, llvm::ArrayRef<int64_t>{4, 0, 4, 4});

  wafer::RoutedFamily links;
  links.name = "even";
  links.rect = {0, 0, 8, 1};
  links.patterns = {{/*source=*/0, /*sinkBegin=*/1, /*sinkEnd=*/2, /*step=*/2,
                     /*count=*/4}};
  wafer::wfabric::FamilyOp::create(builder, loc, links);

  auto role = wafer::wpe::RoleOp::create(builder, loc, "copy");
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&role.getBody().front());
    wafer::wpe::BufferOp::create(builder, loc, "x", 64, builder.getF32Type(),
                                 wafer::wpe::BufferKind::Scratch);
    wafer::wpe::QueueOp::create(builder, loc, "in",
                                wafer::wpe::QueueDirection::Input,
                                llvm::ArrayRef<llvm::StringRef>{"even"});
    wafer::wpe::TaskOp::create(
        builder, loc, "main", /*active=*/true,
        [](OpBuilder &builder, mlir::Location loc) {
          mlir::Type element = builder.getF32Type();
          wafer::wpe::MemShape shape;
          shape.extent = 64;
          auto words =
              wafer::wpe::FabInOp::create(builder, loc, "in", element, 64);
          auto x = wafer::wpe::MemOp::create(builder, loc, "x", element, shape);
          wafer::wpe::VecOp::create(builder, loc, "mov32", x, words);
        });
  }
  wafer::wpe::RegionOp::create(builder, loc, "row", "copy", 0, 0, 8, 1,
                               llvm::ArrayRef<mlir::NamedAttribute>{},
                               llvm::ArrayRef<mlir::NamedAttribute>{},
                               llvm::ArrayRef<mlir::NamedAttribute>{});
  return module;
}

static const char *const foreignOperation = R"(
  wgraph.model @m config <family = "llama", layers = 1, dim = 4, ffn = 8,
      heads = 2, kv_heads = 1, head_dim = 2, vocab = 16, max_context = 8>
      files [] {
    wgraph.block private @layer(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = extra.clamp %x to 30.0 : tensor<1x4xf32>
      wgraph.yield %0 : tensor<1x4xf32>
    }
  })";

template <typename OpTy>
static unsigned countOf(ModuleOp module) {
  unsigned count = 0;
  module.walk([&](OpTy) { ++count; });
  return count;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    return fail("usage: build-program MODEL.mlir");
  }
  mlir::DialectRegistry registry;
  wafer::registerAllDialects(registry);
  registry.insert<extra::ExtraDialect>();
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();

  // What builders make verifies, prints, and parses again as it was.
  OwningOpRef<ModuleOp> built = buildProgram(context);
  if (failed(mlir::verify(*built))) {
    return fail("the program that was built does not verify");
  }
  std::string text;
  llvm::raw_string_ostream(text) << *built;
  OwningOpRef<ModuleOp> parsed =
      mlir::parseSourceString<ModuleOp>(text, &context);
  if (!parsed) {
    return fail("the printed program does not parse");
  }
  std::string again;
  llvm::raw_string_ostream(again) << *parsed;
  if (text != again) {
    return fail("the parsed program prints in another way");
  }
  llvm::outs() << text;

  // A block may hold operations of others.
  OwningOpRef<ModuleOp> mixed =
      mlir::parseSourceString<ModuleOp>(foreignOperation, &context);
  if (!mixed || countOf<extra::ClampOp>(*mixed) != 1) {
    return fail("the foreign operation does not parse");
  }

  // The phases, from the model to allocated roles.
  OwningOpRef<ModuleOp> model =
      mlir::parseSourceFile<ModuleOp>(argv[1], &context);
  if (!model) {
    return 1;
  }
  wafer::PipelineOptions options;
  options.machine = "small64";
  options.context = 32;
  mlir::PassManager manager(&context);
  wafer::buildCompilePipeline(manager, options, wafer::Phase::Allocate);
  if (failed(manager.run(*model))) {
    return 1;
  }
  const unsigned roles = countOf<wafer::wpe::RoleOp>(*model);
  const unsigned rules = countOf<wafer::wfabric::RuleOp>(*model);
  if (roles == 0 || rules == 0) {
    return fail("the phases gave no roles or no rules");
  }
  llvm::outs() << "compiled to " << roles << " roles and " << rules
               << " rules\n";
  return 0;
}
