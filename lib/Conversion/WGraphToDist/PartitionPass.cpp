// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PartitionPass.cpp - Problem built, solver called, solution applied -===//
#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Dist/Dist.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Partition/DecodePlan.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace wafer {
#define GEN_PASS_DEF_WAFERPARTITION
#define GEN_PASS_DEF_WAFERVERIFYPARTITIONED
#include "wafer/Dist/DistPasses.h.inc"
} // namespace wafer

using namespace wafer;

LogicalResult wafer::fillPartitionProblem(wgraph::ModelOp model,
                                          PartitionProblem &problem) {
  wgraph::ConfigAttr config = model.getConfig();
  problem.layers = config.getLayers();
  problem.dim = config.getDim();
  problem.ffn = config.getFfn();
  problem.heads = config.getHeads();
  problem.kvHeads = config.getKvHeads();
  problem.headDim = config.getHeadDim();
  problem.vocab = config.getVocab();
  if (problem.context == 0) {
    problem.context = config.getMaxContext();
  }
  problem.weightBytes = 2;
  model.walk([&](Operation *op) {
    if (auto norm = dyn_cast<wgraph::RMSNormOp>(op)) {
      problem.qkNorm |=
          cast<RankedTensorType>(norm.getInput().getType()).getRank() == 3;
    } else if (auto weight = dyn_cast<wgraph::WeightOp>(op)) {
      if (weight.getLayerType().getRank() == 2 &&
          weight.getLayerType().getElementType().isF32()) {
        problem.weightBytes = 4;
      }
    }
  });
  return success();
}

namespace {

struct PartitionPass : public wafer::impl::WaferPartitionBase<PartitionPass> {
  using WaferPartitionBase::WaferPartitionBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto models = module.getOps<wgraph::ModelOp>();
    if (!llvm::hasSingleElement(models)) {
      module.emitError() << "expected exactly one model in the module";
      return signalPassFailure();
    }
    wgraph::ModelOp model = *models.begin();
    Result<Machine> loaded = Machine::load(machine);
    if (!loaded) {
      module.emitError() << loaded.error().str();
      return signalPassFailure();
    }
    if (reserveColumns < 0 || reserveColumns >= loaded->usable.w ||
        reserveRows < 0 || reserveRows >= loaded->usable.h) {
      module.emitError() << "cannot leave " << reserveColumns << " columns and "
                         << reserveRows << " rows of " << loaded->usable.w
                         << "x" << loaded->usable.h << " cores free";
      return signalPassFailure();
    }
    loaded->usable.w -= int32_t(reserveColumns);
    loaded->usable.h -= int32_t(reserveRows);
    PartitionProblem problem;
    problem.machine = &*loaded;
    problem.parameterSet =
        params.empty() ? loaded->parameterSets.front().name : params.getValue();
    if (!loaded->findParameters(problem.parameterSet)) {
      module.emitError() << "machine '" << loaded->name
                         << "' has no parameter set '" << params << "'";
      return signalPassFailure();
    }
    problem.context = context;
    problem.shelved = shelved;
    if (headColumns != 0) {
      problem.headColumns = headColumns;
    }
    problem.requests = inFlight;
    problem.tokens = tokensPerPass;
    problem.evenLayers = evenLayers;
    if (objective != "latency" && objective != "throughput") {
      module.emitError() << "unknown objective '" << objective
                         << "'; expected latency or throughput";
      return signalPassFailure();
    }
    problem.objective =
        objective == "latency" ? Objective::Latency : Objective::Throughput;
    if (stages != 0) {
      problem.stages = stages;
    }
    if (width != 0 || height != 0) {
      problem.region = {width, height};
    }
    if (failed(fillPartitionProblem(model, problem))) {
      return signalPassFailure();
    }
    problem.allowOverflow = allowOverflow;
    if (accumulate != "mixed" && accumulate != "f32" && accumulate != "f16") {
      module.emitError() << "unknown policy of sums '" << accumulate
                         << "'; expected f16, mixed or f32";
      return signalPassFailure();
    }
    problem.sumBy(accumulate);
    Result<PartitionPlan> plan = findPlan(problem);
    if (!plan) {
      module.emitError() << plan.error().str();
      return signalPassFailure();
    }
    if (plan->overflow) {
      module.emitWarning() << plan->overflow->str();
    }
    remarkOn(model, *plan);
    if (problem.wafers > 1 && !(reserveColumns == 0 && reserveRows == 0)) {
      module.emitError() << "lines can be left free on one wafer only";
      return signalPassFailure();
    }
    if (failed(distributeModel(model, problem, *plan))) {
      return signalPassFailure();
    }
    Builder builder(&getContext());
    module->setAttr("wafer.machine", builder.getStringAttr(machine));
    module->setAttr("wafer.params",
                    builder.getStringAttr(problem.parameterSet));
    module->setAttr("wafer.accumulate", builder.getStringAttr(accumulate));
    if (reserveColumns != 0 || reserveRows != 0) {
      module->setAttr("wafer.reserve", builder.getDenseI64ArrayAttr(
                                           {reserveColumns, reserveRows}));
    }
    if (problem.wafers > 1) {
      module->setAttr("wafer.wafers",
                      builder.getI64IntegerAttr(problem.wafers));
      int64_t slice =
          problem.tokens * llvm::divideCeil(problem.dim, plan->chosen.height);
      module->setAttr("wafer.crossing_words",
                      builder.getI64IntegerAttr(slice * plan->chosen.height));
      module->setAttr("wafer.crossing_cycles",
                      builder.getI64IntegerAttr(plan->chosen.crossingCycles));
    }
    if (problem.requests != 1) {
      module->setAttr("wafer.in_flight",
                      builder.getI64IntegerAttr(problem.requests));
    }
    if (problem.tokens != 1) {
      module->setAttr("wafer.tokens_per_pass",
                      builder.getI64IntegerAttr(problem.tokens));
    }
    if (evenLayers) {
      module->setAttr("wafer.even_layers", builder.getUnitAttr());
    }
    if (shelved) {
      module->setAttr("wafer.shelved", builder.getUnitAttr());
    }
    module->setAttr("wafer.context",
                    builder.getI64IntegerAttr(problem.context));
    module->setAttr("wafer.predicted_cycles_per_token",
                    builder.getI64IntegerAttr(plan->chosen.cyclesPerToken));
  }

  /// Writes the number of wafers back where it is to be found.
  Result<PartitionPlan> findPlan(PartitionProblem &problem) {
    if (wafers != 0) {
      problem.wafers = wafers;
      return partition(problem);
    }
    Result<DecodePlan> found = planDecode(problem);
    if (!found) {
      return found.takeError();
    }
    problem.wafers = found->wafers();
    return std::move(found->plan);
  }

  /// The plan as a whole, then the rectangle of every stage, each beside that
  /// of the runner-up.
  void remarkOn(wgraph::ModelOp model, const PartitionPlan &plan) {
    const PartitionCandidate &c = plan.chosen;
    const std::optional<PartitionCandidate> &r = plan.runnerUp;
    auto describe = [](const PartitionCandidate &p) {
      size_t wafers = p.stagesOfWafer.size();
      std::string where =
          wafers > 1 ? llvm::formatv(" on {0} wafers", wafers).str() : "";
      return llvm::formatv("{0} layer stage{1} of {2}x{3} in {4} shel{5}{6} "
                           "with {7} cycles a token and {8} bytes of SRAM",
                           p.stages, p.stages == 1 ? "" : "s", p.width,
                           p.height, p.shelves, p.shelves == 1 ? "f" : "ves",
                           where, p.cyclesPerToken, p.sramBytes)
          .str();
    };
    remark::passed(model.getLoc(),
                   remark::RemarkOpts::name("Plan").category("partition"))
        << remark::add("{0}; runner-up: {1}; {2} candidates", describe(c),
                       r ? describe(*r) : "none", plan.evaluated)
        << remark::metric("CyclesPerToken", c.cyclesPerToken)
        << remark::metric("SramBytes", c.sramBytes)
        << remark::metric("Candidates", plan.evaluated);
    auto stage = [&](const StageRect &s, std::optional<int64_t> otherWidth) {
      std::string other =
          r && otherWidth
              ? llvm::formatv("{0}x{1}", *otherWidth, r->height).str()
              : "none";
      std::string layers =
          s.numLayers ? llvm::formatv(" for layers {0} to {1}", s.firstLayer,
                                      s.firstLayer + s.numLayers - 1)
                            .str()
                      : "";
      remark::passed(model.getLoc(), remark::RemarkOpts::name("StageRectangle")
                                         .category("partition")
                                         .function(s.name))
          << remark::add("stage '{0}': {1}x{2} cores{3}; runner-up: {4}",
                         s.name, s.rect.w, s.rect.h, layers, other)
          << remark::metric("Width", int64_t(s.rect.w))
          << remark::metric("Height", int64_t(s.rect.h))
          << remark::metric("Layers", s.numLayers);
    };
    std::optional<int64_t> none;
    stage(plan.embed, r ? r->embedColumns : none);
    for (size_t i = 0; i < plan.layers.size(); ++i) {
      stage(plan.layers[i], r && int64_t(i) < r->stages ? r->width : none);
    }
    stage(plan.head, r ? r->headColumns : none);
  }
};

struct VerifyPartitionedPass
    : public wafer::impl::WaferVerifyPartitionedBase<VerifyPartitionedPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    bool ok = true;
    for (auto stage : module.getOps<dist::StageOp>()) {
      stage.walk([&](Operation *op) {
        for (Type type : op->getResultTypes()) {
          ok &= succeeded(checkLayout(op, stage, type, symbols));
        }
        ok &= succeeded(checkWeights(op, stage, symbols));
      });
    }
    for (auto transfer : module.getOps<dist::TransferOp>()) {
      if (++incoming[transfer.getTarget()] > 1) {
        transfer.emitError() << "stage '" << transfer.getTarget()
                             << "' has two transfers into it";
        ok = false;
      }
    }
    for (auto stage : module.getOps<dist::StageOp>()) {
      bool needs = stage.getKind() != dist::StageKind::Loop &&
                   stage.getKind() != dist::StageKind::Embed;
      if (needs && incoming[stage.getSymName()] != 1) {
        stage.emitError() << "expected one transfer into stage '"
                          << stage.getSymName() << "'";
        ok = false;
      }
    }
    incoming.clear();
    if (!ok) {
      signalPassFailure();
    }
  }

private:
  LogicalResult checkLayout(Operation *op, dist::StageOp stage, Type type,
                            SymbolTable &symbols) {
    dist::LayoutAttr layout = dist::getLayout(type);
    if (!layout) {
      return op->emitError() << "value of type " << type << " has no layout";
    }
    auto tensor = cast<RankedTensorType>(type);
    for (unsigned dim = 0; dim < layout.getDims().size(); ++dim) {
      FlatSymbolRefAttr symbol = dist::getSlicing(layout, dim);
      if (!symbol) {
        continue;
      }
      auto slicing = symbols.lookup<dist::SlicingOp>(symbol.getAttr());
      if (!slicing) {
        return op->emitError() << "no slicing '" << symbol.getValue() << "'";
      }
      int64_t lines =
          stage.getRect()[slicing.getAxis() == dist::LineAxis::Rows ? 3 : 2];
      if (int64_t(slicing.getSize()) != tensor.getDimSize(dim) ||
          int64_t(slicing.getLines()) != lines) {
        return op->emitError()
               << "slicing '" << symbol.getValue() << "' cuts "
               << int64_t(slicing.getSize()) << " elements over "
               << int64_t(slicing.getLines()) << " lines but dimension " << dim
               << " has " << tensor.getDimSize(dim) << " elements on " << lines
               << " lines";
      }
    }
    return success();
  }

  LogicalResult checkWeights(Operation *op, dist::StageOp stage,
                             SymbolTable &symbols) {
    auto check = [&](FlatSymbolRefAttr symbol) -> LogicalResult {
      auto tensor = symbols.lookup<dist::TensorOp>(symbol.getAttr());
      if (!tensor) {
        return op->emitError() << "no tensor '" << symbol.getValue() << "'";
      }
      return checkLayout(op, stage, tensor.getType(), symbols);
    };
    for (NamedAttribute attribute : op->getAttrs()) {
      if (auto symbol = dyn_cast<FlatSymbolRefAttr>(attribute.getValue())) {
        if (failed(check(symbol))) {
          return failure();
        }
      } else if (auto list = dyn_cast<ArrayAttr>(attribute.getValue())) {
        for (Attribute element : list) {
          auto symbol = dyn_cast<FlatSymbolRefAttr>(element);
          if (symbol && failed(check(symbol))) {
            return failure();
          }
        }
      }
    }
    return success();
  }

  llvm::StringMap<int> incoming;
};

} // namespace
