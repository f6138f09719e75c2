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
                         halfSums, requests, tokens, evenLayers);
  if (halfMessages) {
    lowering.sendInHalf();
  }
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
  View x = lowering.makeHidden(width, tokens);
  LogicalResult result = success();
  // Whether a core hands over a slice, which its column does for this row.
  StringRef turnRow = layerChains.turnBlocks > 1 ? "turn_row" : "row";
  // What a core is to its collectives, which every layer asks several times.
  code.hold(rowClass);
  code.hold(columnClass);
  code.forever([&] {
    auto fromBeside = [&] {
      if (rect.w == 1) {
        lowering.receiveHidden("group_in");
        return;
      }
      code.whenSet(
          "column_root",
          [&] {
            lowering.receiveHidden("group_in");
            lowering.sendHidden(lowering.columns.out);
          },
          [&] { lowering.receiveHidden(lowering.columns.second); });
    };
    // One core of each row gets the slice and the header; all others put zeros
    // to it, bit by bit.
    auto takeTurn = [&](const Place &place, Count words) {
      code.when(
          Predicate::Eq, code.param("turn_in"), code.param(turnRow),
          [&] {
            code.vec("mov32", code.mem(place, words),
                     code.fabricIn(lowering.columns.third, words, code.f32()));
          },
          [&] { code.clear(place, words); });
      Count halfwords = words.dynamic ? Count(code.shl(words.dynamic, 1))
                                      : Count(2 * words.fixed);
      lowering.orOverRow(place.as(code.i16()), halfwords);
    };
    auto fromAbove = [&] {
      if (tokens == 1) {
        takeTurn(x.place, width + kHeaderWords);
        return;
      }
      takeTurn(lowering.headerPlace(), headerWords(int(tokens)));
      takeTurn(x.place, lowering.hiddenWords());
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
    auto send = [&] { lowering.sendHidden("hidden_out"); };
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
      columns.push_back({"turn_in", in.isTurn ? in.targetRows : none});
      columns.push_back({"turn_out", out.isTurn ? out.sourceRows : none});
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
