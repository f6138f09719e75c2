// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Reduce/Reduce.h"

#include "Patterns.h"

#include "wafer/Dist/Dist.h"
#include "wafer/WFabric/WFabric.h"
#include "wafer/WGraph/WGraph.h"
#include "wafer/WPE/WPE.h"

#include "mlir/Reducer/ReductionPatternInterface.h"

using namespace wafer;

namespace {

using AddPatterns = void (*)(mlir::RewritePatternSet &, const mlir::Tester &);

/// What all dialects have, and what else there is for one.
template <typename DialectTy, AddPatterns add>
struct Reduction : public mlir::DialectReductionPatternInterface {
  Reduction(mlir::Dialect *dialect)
      : DialectReductionPatternInterface(dialect) {}

  /// No pattern goes without the test script (Patterns.h).
  void populateReductionPatterns(mlir::RewritePatternSet &) const override {}

  void
  populateReductionPatternsWithTester(mlir::RewritePatternSet &patterns,
                                      mlir::Tester &tester) const override {
    addCommonPatterns(patterns, tester, DialectTy::getDialectNamespace());
    add(patterns, tester);
  }
};

template <typename DialectTy, AddPatterns add>
void attach(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, DialectTy *dialect) {
    dialect->template addInterfaces<Reduction<DialectTy, add>>();
  });
}

} // namespace

void wafer::registerReductionPatterns(mlir::DialectRegistry &registry) {
  attach<wgraph::WGraphDialect, addGraphPatterns>(registry);
  attach<dist::DistDialect, addDistPatterns>(registry);
  attach<wfabric::WFabricDialect, addFabricPatterns>(registry);
  attach<wpe::WPEDialect, addPEPatterns>(registry);
}
