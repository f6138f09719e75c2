// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Route/VerifyRouting.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WFabric/WFabricPasses.h"

namespace wafer::wfabric {
#define GEN_PASS_DEF_WFABRICVERIFYROUTESPASS
#include "wafer/WFabric/WFabricPasses.h.inc"
} // namespace wafer::wfabric

using namespace wafer;
using namespace wafer::wfabric;
using mlir::failed;
using mlir::FailureOr;

namespace {
class VerifyRoutes final
    : public wfabric::impl::WFabricVerifyRoutesPassBase<VerifyRoutes> {
public:
  using WFabricVerifyRoutesPassBase::WFabricVerifyRoutesPassBase;

  void runOnOperation() override;
};
} // namespace

void VerifyRoutes::runOnOperation() {
  mlir::ModuleOp module = getOperation();
  markAllAnalysesPreserved();
  FailureOr<Machine> loaded = loadMachine(module, machine);
  if (failed(loaded)) {
    return signalPassFailure();
  }
  FailureOr<ModuleRouting> routing = buildRoutingProblem(module, *loaded);
  if (failed(routing)) {
    return signalPassFailure();
  }
  FailureOr<std::vector<uint8_t>> colors = colorsOf(*routing);
  if (failed(colors)) {
    return signalPassFailure();
  }
  RouteTables tables = collectRules(module, *routing);
  std::vector<Diagnostic> errors =
      verifyRouting(routing->problem, *colors, tables.rules, tables.configs,
                    std::max(1u, unsigned(maxErrors)));
  for (const Diagnostic &error : errors) {
    emitDiagnostic(module.getLoc(), error);
  }
  if (!errors.empty()) {
    signalPassFailure();
  }
}
