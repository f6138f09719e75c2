// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerLayers.cpp - The role of the layers ---------------------------===//
#include "CollectiveRemarks.h"
#include "Lowering.h"

#include "wafer/Image/TokenCommand.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

LogicalResult Lowering::lowerLayers() {
  StageOp first = layers.front();
  Rect rect = rectOf(first);
  int64_t most = 0;
  for (StageOp stage : layers) {
    most = std::max<int64_t>(most, stage.getNumLayers());
  }
  Code code(first.getLoc());
  auto role = wpe::RoleOp::create(builder, "layer_role");
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, first, most, machine, *parameters,
                         halfSums, requests);
  std::vector<std::string> ins, turns, outs;
  bool turnsOut = false;
  for (StageOp stage : layers) {
    const HandOver &in = handOverInto[stage.getSymNameAttr()];
    const HandOver &out = handOverFrom[stage.getSymNameAttr()];
    llvm::append_range(in.isTurn ? turns : ins, in.families);
    llvm::append_range(outs, out.families);
    turnsOut |= out.isTurn;
  }
  declareCollectives(role, lowering, layerStreams, rect.h, rect.w, ins, turns);
  declareQueue(role, "hidden_out", wpe::QueueDirection::Output, outs);
  const StringRef rowClass[] = {"row_root", "row_first", "row_second",
                                "row_third"};
  const StringRef columnClass[] = {
      "column_root",  "column_first", "column_second",
      "column_third", "group_root",   "group_first",
      "group_second", "group_third",  "group_multi"};
  declareParams(role, {"row"}, wpe::ParamKind::Row);
  declareParams(role, rowClass, wpe::ParamKind::Row);
  declareParams(role, columnClass, wpe::ParamKind::Column);
  declareParams(role, {"sends"}, wpe::ParamKind::Column);
  declareParams(role, {"layers"}, wpe::ParamKind::Region);
  if (turnsOut) {
    declareParams(role, {"turn_in", "turn_out"}, wpe::ParamKind::Column);
    declareParams(role, {"turned"}, wpe::ParamKind::Region);
    if (layerChains.turnBlocks > 1) {
      declareParams(role, {"turn_row"}, wpe::ParamKind::Row);
    }
  }

  Type argument = first.getBody().getArgument(0).getType();
  int64_t width = lowering.localCount(argument);
  View x = lowering.makeHidden(width);
  // The header comes and goes behind the hidden state.
  int64_t words = width + kHeaderWords;
  LogicalResult result = success();
  // Whether a core hands over a slice, which its column does for this row.
  StringRef turnRow = layerChains.turnBlocks > 1 ? "turn_row" : "row";
  // What a core is to its collectives, which every layer asks several times.
  code.hold(rowClass);
  code.hold(columnClass);
  code.forever([&] {
    auto receive = [&](StringRef queue) {
      code.vec("mov32", code.mem(x.place, words),
               code.fabricIn(queue, words, code.f32()));
    };
    auto fromBeside = [&] {
      if (rect.w == 1) {
        receive("group_in");
        return;
      }
      code.whenSet(
          "column_root",
          [&] {
            receive("group_in");
            code.vec("mov32",
                     code.fabricOut(lowering.columns.out, words, code.f32()),
                     code.mem(x.place, words));
          },
          [&] { receive(lowering.columns.second); });
    };
    // One core of each row gets the slice and the header; all others put zeros
    // to it, bit by bit.
    auto fromAbove = [&] {
      code.when(
          Predicate::Eq, code.param("turn_in"), code.param(turnRow),
          [&] { receive(lowering.columns.third); },
          [&] { code.clear(x.place, words); });
      lowering.orOverRow(x.place.as(code.i16()), 2 * words);
    };
    if (turnsOut) {
      code.whenSet("turned", fromAbove, fromBeside);
    } else {
      fromBeside();
    }
    if (lowering.hasAttention()) {
      lowering.beginToken();
    }
    code.loop(
        code.param("layers"),
        [&](mlir::Value layer) { result = lowering.lowerBody(layer); },
        /*nonzero=*/true);
    if (failed(result)) {
      return;
    }
    View y = lowering.yielded();
    if (y.place.buffer != x.place.buffer) {
      result = first.emitError() << "the hidden state must be updated in place";
      return;
    }
    auto send = [&] {
      code.vec("mov32", code.fabricOut("hidden_out", words, code.f32()),
               code.mem(x.place, words));
    };
    code.whenSet("sends", send);
    if (turnsOut) {
      code.when(Predicate::Eq, code.param("turn_out"), code.param(turnRow),
                send);
    }
  });
  if (failed(result)) {
    return failure();
  }
  makeRopeTables(lowering.tables, 0);
  for (auto [stage, streams] : llvm::zip(layers, layerStreams)) {
    Tables columns = columnTables(streams, /*group=*/true);
    const HandOver &in = handOverInto[stage.getSymNameAttr()];
    const HandOver &out = handOverFrom[stage.getSymNameAttr()];
    Table sends(rect.w, 0), none(rect.w, kNoRow);
    sends[size_t(out.column)] = !out.isTurn;
    columns.push_back({"sends", sends});
    std::vector<std::pair<std::string, int64_t>> values = {
        {"layers", int64_t(stage.getNumLayers())}};
    if (turnsOut) {
      columns.push_back({"turn_in", in.isTurn ? in.rows : none});
      columns.push_back({"turn_out", out.isTurn ? out.rows : none});
      values.push_back({"turned", in.isTurn});
    }
    Tables rows = rowTables(streams, rect.h);
    if (turnsOut && layerChains.turnBlocks > 1) {
      Table places;
      for (int32_t row = 0; row < rect.h; ++row) {
        places.push_back(uint16_t(row % turnRows()));
      }
      rows.push_back({"turn_row", places});
    }
    makeRegion(stage.getSymName(), "layer_role", rectOf(stage), rows, columns,
               values);
    makePlacements(stage.getSymName(), lowering.tensors, stage);
  }
  for (auto [stage, streams] : llvm::zip(layers, layerStreams)) {
    remarkCollectives(stage, lowering, streams.groupWidth,
                      layerChains.groupRows, layerChains.groupColumns, machine,
                      *parameters);
  }
  return success();
}
