// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerStreams.cpp - Streams of stages and between them --------------===//
#include "Lowering.h"

#include "wafer/Partition/Partition.h"
#include "wafer/WFabric/WFabric.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

Groups wafer::headGroups(SymbolTable &symbols, StageOp stage) {
  Groups groups;
  int32_t columns = rectOf(stage).w;
  auto cut = symbols.lookup<SlicingOp>("kv");
  for (int32_t x = 0; x < columns; ++x) {
    if (x > 0 && cut && cut.getRange(x) == cut.getRange(x - 1)) {
      groups.back().second = x + 1;
    } else {
      groups.push_back({x, x + 1});
    }
  }
  return groups;
}

/// How the rows of a stage reduce: on two levels, the columns of a KV head
/// being some groups, where that is faster.
ChainShape Lowering::columnShape(StageOp stage) {
  int32_t width = rectOf(stage).w;
  if (stage.getKind() != StageKind::Layers) {
    int64_t size = headColumnGroups(machine, *parameters, width);
    return size ? ChainShape::growing(width,
                                      groupGrowth(machine, *parameters, size))
                : ChainShape::oneLevel(width);
  }
  Groups groups = headGroups(stage);
  int64_t size = layerChains.groupColumns;
  if (!size) {
    return ChainShape::oneLevel(width);
  }
  GroupGrowth growth = groupGrowth(machine, *parameters, size);
  growth.most =
      mostOfRun(llvm::divideCeil(width, int64_t(groups.size())), size);
  return ChainShape::along(width, groups, growth);
}

StageStreams Lowering::makeStageStreams(StageOp stage, bool layer) {
  StageStreams streams;
  Rect rect = rectOf(stage);
  std::string name = stage.getSymName().str();
  int64_t groupRows = layer ? layerChains.groupRows
                            : chainGroupRows(machine, *parameters, rect.h);
  ChainShape rows =
      groupRows ? ChainShape::growing(
                      rect.h, groupGrowth(machine, *parameters, groupRows))
                : ChainShape::oneLevel(rect.h);
  Groups groups = layer ? headGroups(stage) : Groups();
  ChainShape columns = columnShape(stage);
  streams.rows = plan.addChain(name + "_y", rect, Axis::Y, rows, /*cast=*/true);
  streams.columns =
      plan.addChain(name + "_x", rect, Axis::X, columns, /*cast=*/true);
  streams.rowTables = chainTables(rows);
  streams.columnTables = chainTables(columns);
  if (layer) {
    streams.group = plan.addGroupCast(name, rect, columns, groups);
    streams.groupTables = groupTables(columns, groups);
    for (auto group : groups) {
      streams.groupWidth =
          std::max<int64_t>(streams.groupWidth, group.second - group.first);
      streams.groupMulti.insert(streams.groupMulti.end(),
                                group.second - group.first,
                                group.second - group.first > 1);
    }
  }
  return streams;
}

/// Rows of a block, which a turn serves with a column each.
int32_t Lowering::turnRows() const {
  int32_t rows = int32_t(StageOp(layers.front()).getRect()[3]);
  return int32_t(
      llvm::divideCeil(rows, std::max<int64_t>(1, layerChains.turnBlocks)));
}

void Lowering::chooseChains() {
  StageOp first = layers.front();
  bool turns = module->hasAttr("wafer.shelved") ||
               llvm::any_of(module.getOps<TransferOp>(), [&](TransferOp t) {
                 StageOp from = symbols.lookup<StageOp>(t.getSource()),
                         to = symbols.lookup<StageOp>(t.getTarget());
                 return from.getKind() == StageKind::Layers &&
                        to.getKind() == StageKind::Layers &&
                        rectOf(from).y != rectOf(to).y;
               });
  Rect rect = rectOf(first);
  layerChains = stageChains(machine, *parameters, rect.w, rect.h,
                            int64_t(headGroups(first).size()), turns);
}

/// Along the rows to a stage beside the source, along columns to one below.
Lowering::HandOver Lowering::makeHandOver(TransferOp transfer) {
  Rect source = rectOf(symbols.lookup<StageOp>(transfer.getSource()));
  auto targetStage = symbols.lookup<StageOp>(transfer.getTarget());
  Rect target = rectOf(targetStage);
  std::string name = ("to_" + transfer.getTarget()).str();
  HandOver handOver;
  if (target.y != source.y) {
    // Columns whose cores have a queue free: the chain of collectors does not
    // arrive there.
    handOver.isTurn = true;
    handOver.sourceRows.assign(size_t(source.w), kNoRow);
    handOver.targetRows.assign(size_t(target.w), kNoRow);
    int32_t begin = std::max(source.x, target.x),
            end = std::min(source.endX(), target.endX());
    std::vector<int32_t> columns; // behind `begin`
    Table third = chainTables(columnShape(targetStage)).third;
    for (int32_t x = begin; x < end && int32_t(columns.size()) < turnRows();
         ++x) {
      if (!third[size_t(x - target.x)]) {
        auto row = uint16_t(columns.size());
        handOver.sourceRows[size_t(x - source.x)] = row;
        handOver.targetRows[size_t(x - target.x)] = row;
        columns.push_back(x - begin);
      }
    }
    std::vector<int32_t> columnOfRow;
    for (int32_t row = 0; row < target.h; ++row) {
      columnOfRow.push_back(columns[size_t(row) % columns.size()]);
    }
    handOver.families =
        plan.addTurn(name + "_turn",
                     {begin, source.y, end - begin, 2 * source.h}, columnOfRow);
    return handOver;
  }
  bool east = target.x >= source.endX();
  handOver.column = east ? source.w - 1 : 0;
  Rect span = east
                  ? Rect{source.endX() - 1, source.y,
                         target.endX() - source.endX() + 1, source.h}
                  : Rect{target.x, source.y, source.x + 1 - target.x, source.h};
  int32_t first = target.x - span.x, end = first + target.w;
  if (targetStage.getKind() == StageKind::Layers) {
    // The root of the row has a queue free, and tells the others.
    first += columnShape(targetStage).root;
    end = first + 1;
  }
  handOver.families = {
      plan.addTransfer(name, span, east ? 0 : span.w - 1, first, end)};
  return handOver;
}

// The queues of a turn, where it leaves and where it arrives, are bound to its
// color in the whole column (with several blocks: in the whole row), also where
// another turn or none ends.
// So no other queue of these stages may be bound to that color, though the
// streams share no router.
void Lowering::keepTurnsApart() {
  auto keepApart = [&](const HandOver &turn, const std::string &other) {
    for (const std::string &family : turn.families) {
      Attribute pair[] = {FlatSymbolRefAttr::get(builder.getContext(), family),
                          FlatSymbolRefAttr::get(builder.getContext(), other)};
      wfabric::ExclusiveOp::create(builder, builder.getArrayAttr(pair));
    }
  };
  for (auto [stage, streams] : llvm::zip(layers, layerStreams)) {
    const HandOver &in = handOverInto[stage.getSymNameAttr()];
    const HandOver &out = handOverFrom[stage.getSymNameAttr()];
    const ChainQueues &rows = streams.rows, &columns = streams.columns;
    std::vector<std::string> ends;
    // The queue of what leaves is then one of the row in all stages.
    bool leavesByRow = layerChains.turnBlocks > 1;
    if (in.isTurn || out.isTurn || leavesByRow) {
      // What leaves somewhere in the stage arrives somewhere in it. The links
      // of the collectors arrive by the same queue as a turn.
      for (const auto *list : {&rows.first, &rows.second, &rows.third,
                               &columns.first, &columns.second}) {
        llvm::append_range(ends, *list);
      }
      if (!streams.group.empty()) {
        ends.push_back(streams.group);
      }
    }
    for (const std::string &other : ends) {
      if (in.isTurn) {
        keepApart(in, other);
      }
      if (out.isTurn || leavesByRow) {
        keepApart(out, other);
      }
    }
    if (out.isTurn) {
      for (const std::string &other : columns.third) {
        keepApart(out, other);
      }
      for (const std::string &other : in.families) {
        keepApart(out, other);
      }
    } else if (in.isTurn) {
      for (const std::string &other : out.families) {
        keepApart(in, other);
      }
    }
  }
}

/// The id that the head found goes to the loop, over a crossing if that is on
/// another wafer.
void Lowering::makeNextToken() {
  Rect headRect = rectOf(head), loopRect = rectOf(loop);
  tokenRow = std::clamp(hostRow, headRect.y, headRect.endY() - 1);
  Coord source{headRect.x + chainRoot(headRect.w), tokenRow};
  Rect loopSink{loopRect.x, loopRect.y, 1, 1};
  RoutedStream next;
  next.name = "next_token";
  next.sinks = {loopSink};
  if (machine.waferOf(headRect.x) == machine.waferOf(loopRect.x)) {
    next.source = source;
    plan.streams.push_back(std::move(next));
    return;
  }
  headToken = "next_token_out";
  GateEdge edge = nearestEdge(machine, {source.x, source.y, 1, 1});
  RoutedStream leaving;
  leaving.name = headToken;
  leaving.source = source;
  leaving.toHost = HostEdge{edge.west, hostRow, edge.wafer};
  next.fromHost = HostEdge{true, hostRow, machine.waferOf(loopRect.x)};
  crossings.push_back({"cross_next_token", headToken, next.name});
  plan.streams.push_back(std::move(leaving));
  plan.streams.push_back(std::move(next));
}

LogicalResult Lowering::makeStreams() {
  chooseChains();
  for (auto transfer : module.getOps<TransferOp>()) {
    if (symbols.lookup<StageOp>(transfer.getTarget()).getKind() ==
        StageKind::GateIn) {
      if (failed(makeCrossing(transfer))) {
        return failure();
      }
      continue;
    }
    HandOver handOver = makeHandOver(transfer);
    handOverFrom[transfer.getSourceAttr().getAttr()] = handOver;
    handOverInto[transfer.getTargetAttr().getAttr()] = handOver;
  }
  Rect embedRect = rectOf(embed), loopRect = rectOf(loop);
  embedChain = plan.addEastChain("embed_chain", embedRect);
  for (StageOp stage : layers) {
    layerStreams.push_back(makeStageStreams(stage, /*layer=*/true));
  }
  headStreams = makeStageStreams(head, /*layer=*/false);
  hostRow = loopRect.y;
  Coord loopCore{loopRect.x, loopRect.y};
  Rect loopSink{loopCore.x, loopCore.y, 1, 1};
  auto stream = [&](const char *name) -> RoutedStream & {
    plan.streams.emplace_back();
    plan.streams.back().name = name;
    return plan.streams.back();
  };
  RoutedStream &token = stream("token");
  token.source = loopCore;
  token.sinks = {embedRect};
  makeNextToken();
  RoutedStream &prompt = stream("prompt_in");
  prompt.fromHost = HostEdge{true, hostRow};
  prompt.sinks = {loopSink};
  RoutedStream &tokens = stream("tokens_out");
  tokens.source = loopCore;
  tokens.toHost = HostEdge{true, hostRow};

  for (const RoutedFamily &family : plan.families) {
    wfabric::FamilyOp::create(builder, family);
  }
  for (const RoutedStream &s : plan.streams) {
    wfabric::StreamOp::create(builder, s);
  }
  keepTurnsApart();
  wfabric::HostPortOp::create(builder, "prompt", wfabric::PortDirection::Input,
                              HostEdge{true, hostRow}, "prompt_in");
  wfabric::HostPortOp::create(builder, "tokens", wfabric::PortDirection::Output,
                              HostEdge{true, hostRow}, "tokens_out");
  for (const Crossing &c : crossings) {
    wfabric::CrossingOp::create(builder, c.name, c.source, c.target);
  }
  return success();
}
