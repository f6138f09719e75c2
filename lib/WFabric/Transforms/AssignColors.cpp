// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Route/Coloring.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WFabric/WFabricPasses.h"

#include "mlir/IR/Remarks.h"

namespace wafer::wfabric {
#define GEN_PASS_DEF_WFABRICASSIGNCOLORSPASS
#include "wafer/WFabric/WFabricPasses.h.inc"
} // namespace wafer::wfabric

using namespace wafer;
using namespace wafer::wfabric;
using mlir::failed;
using mlir::FailureOr;

namespace {
class AssignColors final
    : public wfabric::impl::WFabricAssignColorsPassBase<AssignColors> {
public:
  using WFabricAssignColorsPassBase::WFabricAssignColorsPassBase;

  void runOnOperation() override;

private:
  void apply(const ModuleRouting &routing, const Coloring &coloring);
  void remark(const ModuleRouting &routing, const Coloring &coloring);
};
} // namespace

void AssignColors::apply(const ModuleRouting &routing,
                         const Coloring &coloring) {
  for (unsigned id = 0; id < routing.ops.size(); ++id) {
    int64_t color = coloring.colors[id];
    if (auto family = mlir::dyn_cast<FamilyOp>(routing.ops[id])) {
      family.setColor(color);
    } else {
      mlir::cast<StreamOp>(routing.ops[id]).setColor(color);
    }
  }
}

void AssignColors::remark(const ModuleRouting &routing,
                          const Coloring &coloring) {
  using namespace mlir::remark;
  for (unsigned id = 0; id < routing.ops.size(); ++id) {
    passed(routing.ops[id]->getLoc(),
           RemarkOpts::name("Color").category("route").function(
               routing.problem.name(id)))
        << add("stream '{0}': color {1}{2}, which {3} other stream{4} cannot "
               "share",
               routing.problem.name(id), unsigned(coloring.colors[id]),
               routing.problem.pinnedColor(id) ? " as given" : "",
               coloring.graph.conflicts[id].size(),
               coloring.graph.conflicts[id].size() == 1 ? "" : "s")
        << metric("color", unsigned(coloring.colors[id]))
        << metric("conflicts", coloring.graph.conflicts[id].size())
        << metric("given", routing.problem.pinnedColor(id).has_value());
  }
  const BusiestRouter &busiest = coloring.graph.busiest;
  analysis(getOperation().getLoc(),
           RemarkOpts::name("Coloring").category("route").function("module"))
      << add("{0} colors of {1} usable ones, at least {2} are needed; the "
             "busiest router is that of column {3}, row {4}",
             coloring.numColors, routing.problem.limits.numUsable(),
             coloring.lowerBound, busiest.router.x, busiest.router.y)
      << metric("colors", coloring.numColors)
      << metric("bound", coloring.lowerBound)
      << metric("supply", routing.problem.limits.numUsable())
      << metric("busiest_x", busiest.router.x)
      << metric("busiest_y", busiest.router.y);
}

void AssignColors::runOnOperation() {
  mlir::ModuleOp module = getOperation();
  FailureOr<Machine> loaded = loadMachine(module, machine);
  if (failed(loaded)) {
    return signalPassFailure();
  }
  FailureOr<ModuleRouting> routing = buildRoutingProblem(module, *loaded);
  if (failed(routing)) {
    return signalPassFailure();
  }
  ColoringOptions options;
  options.searchSteps = searchSteps;
  Result<Coloring> coloring = colorStreams(routing->problem, options);
  if (!coloring) {
    emitDiagnostic(module.getLoc(), coloring.error());
    return signalPassFailure();
  }
  apply(*routing, *coloring);
  remark(*routing, *coloring);
}
