// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Lowering.h - Stages to roles, regions and streams --------*- C++ -*-===//
//
// What the parts of wafer-lower share. In the order of their work:
//   Lower.cpp         finds the stages; calls the parts; the pass
//   LowerStreams.cpp  chains and multicasts of every stage, hand-overs, token,
//                     host
//   LowerEnds.cpp     the roles loop, embed and head
//   LowerGates.cpp    crossings from wafer to wafer, and the roles of gates
//   LowerLayers.cpp   the role of the layers, from the body of the first stage
//   LowerRoles.cpp    queues, parameters, regions with their tables, placements
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_LOWERING_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_LOWERING_H

#include "StageLowering.h"
#include "Streams.h"

#include "wafer/Machine/Machine.h"
#include "wafer/Place/Gates.h"

namespace wafer {

using Table = std::vector<uint16_t>;
using Tables = std::vector<std::pair<std::string, Table>>;

inline Rect rectOf(dist::StageOp stage) {
  llvm::ArrayRef<int64_t> r = stage.getRect();
  return {int32_t(r[0]), int32_t(r[1]), int32_t(r[2]), int32_t(r[3])};
}

/// The queues of the roles, by the stages that run them.
struct StageStreams {
  ChainQueues rows, columns;
  std::string group;
  ChainTables rowTables, columnTables, groupTables;
  Table groupMulti;
  int64_t groupWidth = 1;
};

class Lowering {
public:
  Lowering(mlir::ModuleOp module, const Machine &machine)
      : module(module), machine(machine), symbols(module),
        builder(module.getLoc(), module.getContext()) {}

  llvm::LogicalResult run();

  /// A column of cores at the border of a wafer, and the streams of its queues.
  struct Gate {
    dist::StageOp stage;
    std::vector<GateGroup> groups;
    std::vector<std::string> first, second; // of the chains
    std::vector<std::string> ports;
  };

private:
  llvm::LogicalResult findStages();
  ChainShape columnShape(dist::StageOp stage);
  StageStreams makeStageStreams(dist::StageOp stage, bool layer);
  Groups headGroups(dist::StageOp stage) {
    return wafer::headGroups(symbols, stage);
  }
  void chooseChains();
  int32_t turnRows() const;
  void keepTurnsApart();
  llvm::LogicalResult makeStreams();
  void makeGateChain(Gate &gate, bool inward);
  llvm::LogicalResult makeCrossing(dist::TransferOp transfer);
  void makeNextToken();

  llvm::LogicalResult lowerLoop();
  llvm::LogicalResult lowerEmbed();
  llvm::LogicalResult lowerLayers();
  llvm::LogicalResult lowerHead();
  llvm::LogicalResult lowerGates(llvm::ArrayRef<Gate> gates, bool inward);

  void declareParams(wpe::RoleOp role, llvm::ArrayRef<llvm::StringRef> names,
                     wpe::ParamKind kind);
  void declareQueue(wpe::RoleOp role, llvm::StringRef name,
                    wpe::QueueDirection direction,
                    llvm::ArrayRef<std::string> streams);
  void declareCollectives(wpe::RoleOp role, StageLowering &lowering,
                          llvm::ArrayRef<StageStreams> streams, int64_t height,
                          int64_t width, llvm::ArrayRef<std::string> handOvers,
                          llvm::ArrayRef<std::string> turns = {});
  wpe::TaskOp makeTask(wpe::RoleOp role, Code &code);
  void makeRegion(llvm::StringRef name, llvm::StringRef role, const Rect &rect,
                  const Tables &rows, const Tables &columns,
                  llvm::ArrayRef<std::pair<std::string, int64_t>> values);
  Tables rowTables(const StageStreams &streams, int64_t height);
  Tables columnTables(const StageStreams &streams, bool group);
  void makePlacements(llvm::StringRef region,
                      llvm::ArrayRef<LocalTensor> tensors, dist::StageOp stage);
  void makeRopeTables(llvm::ArrayRef<StageLowering::TableTensor> tables,
                      int64_t context);
  llvm::LogicalResult findParameters();

  mlir::ModuleOp module;
  const Machine &machine;
  mlir::SymbolTable symbols;
  mlir::ImplicitLocOpBuilder builder;

  dist::StageOp loop, embed, head;
  llvm::SmallVector<dist::StageOp> layers;
  /// The hand-over of a stage to the next one, by either stage's name.
  struct HandOver {
    std::vector<std::string> families;
    bool isTurn = false;
    /// The column that sends, all rows; with a turn nothing.
    int32_t column = 0;
    /// With a turn: the row of each block that a column hands over, or kNoRow;
    /// columns of the source, and those of the target, which lies below it and
    /// perhaps farther east or west.
    Table sourceRows, targetRows;
  };
  static constexpr uint16_t kNoRow = 0xffff;
  HandOver makeHandOver(dist::TransferOp transfer);
  llvm::DenseMap<mlir::Attribute, HandOver> handOverInto, handOverFrom;
  /// How the layer stages reduce, and turn.
  StageChains layerChains;
  StreamPlan plan;
  std::vector<std::string> embedChain;
  std::vector<StageStreams> layerStreams;
  StageStreams headStreams;
  int32_t hostRow = 0, tokenRow = 0;
  std::vector<Gate> gatesOut, gatesIn;
  /// Name, and the streams that leave one wafer and enter another.
  struct Crossing {
    std::string name, source, target;
  };
  std::vector<Crossing> crossings;
  /// The stream on which the head sends the next id.
  std::string headToken = "next_token";
  const ParameterSet *parameters = nullptr;
  /// Products are summed in binary16 inside a core.
  bool halfSums = true;
  /// Such sums also travel in binary16 between the cores of a layer.
  bool halfMessages = false;
  /// What is kept of layers lies whole turns of the banks apart.
  bool evenLayers = false;
  /// In flight.
  int64_t requests = 1;
  /// Most of a pass.
  int64_t tokens = 1;
};

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_LOWERING_H
