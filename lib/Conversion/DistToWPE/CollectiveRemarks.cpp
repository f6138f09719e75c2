// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CollectiveRemarks.h"

#include "wafer/Partition/Partition.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

namespace {
struct Collective {
  StringRef what;
  int64_t words;
  int64_t lines;
  StringRef line;   // "row" or "column"
  StringRef inside; // what the lines belong to
  std::string algorithm;
  int64_t cycles;
};
} // namespace

static std::string algorithmOf(int64_t groupSize) {
  return groupSize ? llvm::formatv("chains in groups of {0} or more, chain of "
                                   "their collectors to the middle, multicast "
                                   "out",
                                   groupSize)
                         .str()
                   : "chain to the middle, multicast out";
}

static void emitRemark(StageOp stage, const Collective &c) {
  // Over one line there is nobody to talk to, and no code.
  bool moves = c.lines > 1;
  int64_t cycles = moves ? c.cycles : 0;
  remark::passed(stage.getLoc(), remark::RemarkOpts::name("Collective")
                                     .category("lower")
                                     .function(stage.getSymName()))
      << remark::add("stage '{0}': {1} of {2} word{3} over {4} {5}{6}{7}: {8}, "
                     "{9} cycles",
                     stage.getSymName(), c.what, c.words,
                     c.words == 1 ? "" : "s", c.lines, c.line,
                     c.lines == 1 ? "" : "s", c.inside,
                     moves ? StringRef(c.algorithm) : "nothing to move", cycles)
      << remark::metric("Words", c.words) << remark::metric("Lines", c.lines)
      << remark::metric("Cycles", cycles);
}

void wafer::remarkCollectives(StageOp stage, StageLowering &lowering,
                              int64_t groupWidth, int64_t rowGroups,
                              int64_t columnGroups, const Machine &machine,
                              const ParameterSet &parameters) {
  int64_t width = stage.getRect()[2], height = stage.getRect()[3];
  stage.walk([&](Operation *op) {
    if (auto reduce = dyn_cast<AllReduceOp>(op)) {
      Collective c;
      c.what = reduce.getCombine() == Combine::Max ? "maximum" : "sum";
      c.words = 0;
      for (mlir::Value operand : reduce.getOperands()) {
        c.words += lowering.localCount(operand.getType());
      }
      Partial partial = getLayout(reduce.getOperand(0).getType()).getPartial();
      bool isGroup = partial == Partial::Group;
      c.lines = isGroup                    ? groupWidth
                : partial == Partial::Rows ? height
                                           : width;
      c.line = partial == Partial::Rows ? "row" : "column";
      c.inside = isGroup ? " of a KV head" : "";
      bool isCut =
          columnGroups && mostOfRun(groupWidth, columnGroups) < groupWidth;
      int64_t size = isGroup                    ? (isCut ? columnGroups : 0)
                     : partial == Partial::Rows ? rowGroups
                                                : columnGroups;
      c.algorithm = algorithmOf(size);
      c.cycles =
          isGroup ? estimateHeadReduceCycles(machine, parameters, c.words,
                                             c.lines, columnGroups)
          : partial == Partial::Rows
              ? estimateAllReduceCycles(machine, parameters, c.words, c.lines,
                                        size)
              : estimateRowReduceCycles(machine, parameters, c.words, c.lines,
                                        llvm::divideCeil(width, groupWidth),
                                        size);
      emitRemark(stage, c);
    } else if (isa<ArgMaxOp>(op)) {
      emitRemark(stage, {"maximum, of logits and then of ids,", 1, height,
                         "row", "", algorithmOf(rowGroups),
                         2 * estimateAllReduceCycles(machine, parameters, 1,
                                                     height, rowGroups)});
      emitRemark(stage, {"maximum, of logits and then of ids,", 1, width,
                         "column", "", algorithmOf(columnGroups),
                         2 * estimateAllReduceCycles(machine, parameters, 1,
                                                     width, columnGroups)});
    }
  });
}
