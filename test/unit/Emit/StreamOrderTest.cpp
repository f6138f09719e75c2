// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The image depends on the set of streams, not on their order in the module,
// nor on the threads of the compiler.
#include "SmallModel.h"

#include "wafer/WFabric/WFabric.h"

#include "llvm/Support/ThreadPool.h"

#include <random>

using namespace wafer;

namespace {

/// Brings the families and streams of a module into another order.
void shuffleStreams(mlir::ModuleOp module, unsigned seed) {
  std::vector<mlir::Operation *> ops;
  for (mlir::Operation &op : *module.getBody()) {
    if (mlir::isa<wfabric::FamilyOp, wfabric::StreamOp>(op)) {
      ops.push_back(&op);
    }
  }
  ASSERT_GT(ops.size(), 10u);
  std::shuffle(ops.begin(), ops.end(), std::mt19937(seed));
  for (mlir::Operation *op : ops) {
    op->moveBefore(module.getBody(), module.getBody()->end());
  }
}

/// The image after the streams were shuffled (seed 0: left as they are).
std::string imageWith(unsigned seed, unsigned threads) {
  SmallModel model;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  model.context.disableMultithreading();
  if (threads > 1) {
    model.context.setThreadPool(pool);
  }
  std::string bytes;
  [&] {
    ASSERT_TRUE(model.run([](auto &manager, auto &options) {
      buildOptimizePhase(manager, options);
      buildPartitionPhase(manager, options);
      buildPlacePhase(manager, options);
      buildRemapPhase(manager, options);
      buildLowerPhase(manager, options);
    }));
    if (seed) {
      shuffleStreams(*model.module, seed);
    }
    ASSERT_TRUE(model.run([](auto &manager, auto &options) {
      buildRoutePhase(manager, options);
      buildAllocatePhase(manager, options);
    }));
    bytes = model.emit();
  }();
  model.context.disableMultithreading();
  return bytes;
}

TEST(StreamOrder, DoesNotShowInTheImage) {
  const std::string bytes = imageWith(0, 1);
  ASSERT_FALSE(bytes.empty());
  for (unsigned seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(imageWith(seed, 1 + seed % 2), bytes) << "seed " << seed;
  }
}

} // namespace
