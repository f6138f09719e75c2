// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WFabric/WFabricPasses.h"

namespace wafer::wfabric {
#define GEN_PASS_DEF_WFABRICDERIVERULESPASS
#include "wafer/WFabric/WFabricPasses.h.inc"
} // namespace wafer::wfabric

using namespace wafer;
using namespace wafer::wfabric;
using mlir::failed;
using mlir::FailureOr;

namespace {
class DeriveRules final
    : public wfabric::impl::WFabricDeriveRulesPassBase<DeriveRules> {
public:
  using WFabricDeriveRulesPassBase::WFabricDeriveRulesPassBase;

  void runOnOperation() override;
};
} // namespace

void DeriveRules::runOnOperation() {
  mlir::ModuleOp module = getOperation();
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
  for (auto rule : llvm::make_early_inc_range(module.getOps<RuleOp>())) {
    if (rule.getOwner()) {
      rule.erase();
    }
  }
  RouteTables tables = deriveRules(routing->problem, *colors);
  mlir::SymbolTable symbols(module);
  mlir::OpBuilder builder(&getContext());
  for (size_t i = 0; i < tables.rules.size(); ++i) {
    mlir::Operation *stream = routing->ops[tables.owners[i]];
    auto rule =
        RuleOp::create(builder, stream->getLoc(), tables.rules[i],
                       tables.configs, routing->problem.name(tables.owners[i]));
    // Renames the rule where a symbol of that name is there already.
    symbols.insert(rule, module.getBody()->end());
  }
}
