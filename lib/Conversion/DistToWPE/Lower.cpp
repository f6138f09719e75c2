// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Lower.cpp - Stages to roles, regions and streams -------------------===//
//
// Phases:
//   1. streams: chains and multicasts of every stage, hand-overs, token, host
//   2. roles: loop, embed, layer (from the body of the first layer stage), head
//   3. regions with their tables, and the placements of tensors
//   4. the stages go
//
//===----------------------------------------------------------------------===//
#include "CollectiveRemarks.h"
#include "StageLowering.h"
#include "Streams.h"

#include "wafer/Conversion/WGraphToDist.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Partition/Partition.h"
#include "wafer/WFabric/RoutingProblemBuilder.h"
#include "wafer/WFabric/WFabric.h"

using namespace mlir;

namespace wafer {
#define GEN_PASS_DEF_WAFERLOWER
#include "wafer/Dist/DistPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

namespace {

using Table = std::vector<uint16_t>;
using Tables = std::vector<std::pair<std::string, Table>>;

Rect rectOf(StageOp stage) {
  ArrayRef<int64_t> r = stage.getRect();
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
  Lowering(ModuleOp module, const Machine &machine)
      : module(module), machine(machine), symbols(module),
        builder(module.getLoc(), module.getContext()) {}

  LogicalResult run();

private:
  LogicalResult findStages();
  ChainShape columnShape(StageOp stage);
  StageStreams makeStageStreams(StageOp stage, bool layer);
  Groups headGroups(StageOp stage) { return wafer::headGroups(symbols, stage); }
  void keepTurnsApart();
  void makeStreams();

  LogicalResult lowerLoop();
  LogicalResult lowerEmbed();
  LogicalResult lowerLayers();
  LogicalResult lowerHead();

  void declareParams(wpe::RoleOp role, ArrayRef<StringRef> names,
                     wpe::ParamKind kind);
  void declareQueue(wpe::RoleOp role, StringRef name,
                    wpe::QueueDirection direction,
                    ArrayRef<std::string> streams);
  void declareCollectives(wpe::RoleOp role, StageLowering &lowering,
                          ArrayRef<StageStreams> streams, int64_t height,
                          int64_t width, ArrayRef<std::string> handOvers,
                          ArrayRef<std::string> turns = {});
  wpe::TaskOp makeTask(wpe::RoleOp role, Code &code);
  void makeRegion(StringRef name, StringRef role, const Rect &rect,
                  const Tables &rows, const Tables &columns,
                  ArrayRef<std::pair<std::string, int64_t>> values);
  Tables rowTables(const StageStreams &streams, int64_t height);
  Tables columnTables(const StageStreams &streams, bool group);
  void makePlacements(StringRef region, ArrayRef<LocalTensor> tensors,
                      StageOp stage);
  void makeRopeTables(ArrayRef<StageLowering::TableTensor> tables,
                      int64_t context);
  LogicalResult findParameters();

  ModuleOp module;
  const Machine &machine;
  SymbolTable symbols;
  ImplicitLocOpBuilder builder;

  StageOp loop, embed, head;
  SmallVector<StageOp> layers;
  /// The hand-over of a stage to the next one, by either stage's name.
  struct HandOver {
    std::vector<std::string> families;
    bool isTurn = false;
    /// The column that sends, all rows; with a turn nothing.
    int32_t column = 0;
    /// With a turn: the row that a column hands over, or kNoRow.
    Table rows;
  };
  static constexpr uint16_t kNoRow = 0xffff;
  HandOver makeHandOver(TransferOp transfer);
  llvm::DenseMap<Attribute, HandOver> handOverInto, handOverFrom;
  StreamPlan plan;
  std::vector<std::string> embedChain;
  std::vector<StageStreams> layerStreams;
  StageStreams headStreams;
  int32_t hostRow = 0, tokenRow = 0;
  const ParameterSet *parameters = nullptr;
  /// Products are summed in binary16 inside a core.
  bool halfSums = true;
};

} // namespace

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

LogicalResult Lowering::findStages() {
  for (auto stage : module.getOps<StageOp>()) {
    switch (stage.getKind()) {
    case StageKind::Loop:
      loop = stage;
      break;
    case StageKind::Embed:
      embed = stage;
      break;
    case StageKind::Layers:
      layers.push_back(stage);
      break;
    case StageKind::Head:
      head = stage;
      break;
    }
  }
  if (!loop || !embed || !head || layers.empty()) {
    return module.emitError()
           << "expected a token loop, an embed, layers and a head stage";
  }
  if (!llvm::hasSingleElement(embed.getBody().getOps<EmbedLookupOp>())) {
    return embed.emitError() << "expected one 'wafer.embed_lookup' in stage '"
                             << embed.getSymName() << "'";
  }
  if (!llvm::hasSingleElement(head.getBody().getOps<ArgMaxOp>())) {
    return head.emitError() << "expected one 'wafer.argmax' in stage '"
                            << head.getSymName() << "'";
  }
  for (StageOp stage : layers) {
    Rect first = rectOf(layers.front()), rect = rectOf(stage);
    if (rect.w != first.w || rect.h != first.h ||
        !OperationEquivalence::isRegionEquivalentTo(
            &layers.front().getBody(), &stage.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      return stage.emitError() << "layer stages with different bodies or "
                                  "rectangles need roles of their own, "
                                  "which is not supported";
    }
  }
  return success();
}

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
  int64_t size =
      rowGroupColumns(machine, *parameters, width, int64_t(groups.size()));
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
  int64_t groupRows = chainGroupRows(machine, *parameters, rect.h);
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
    handOver.rows.assign(size_t(target.w), kNoRow);
    std::vector<int32_t> columns;
    Table third = chainTables(columnShape(targetStage)).third;
    for (int32_t x = 0; x < target.w && int32_t(columns.size()) < target.h;
         ++x) {
      if (!third[size_t(x)]) {
        handOver.rows[size_t(x)] = uint16_t(columns.size());
        columns.push_back(x);
      }
    }
    handOver.families = plan.addTurn(
        name + "_turn", {source.x, source.y, source.w, 2 * source.h}, columns);
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
// color in the whole column, also in the rows where another turn or none ends.
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
    if (in.isTurn || out.isTurn) {
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
      if (out.isTurn) {
        keepApart(out, other);
      }
    }
    if (out.isTurn) {
      for (const std::string &other : columns.third) {
        keepApart(out, other);
      }
    }
  }
}

void Lowering::makeStreams() {
  for (auto transfer : module.getOps<TransferOp>()) {
    HandOver handOver = makeHandOver(transfer);
    handOverFrom[transfer.getSourceAttr().getAttr()] = handOver;
    handOverInto[transfer.getTargetAttr().getAttr()] = handOver;
  }
  Rect embedRect = rectOf(embed), loopRect = rectOf(loop),
       headRect = rectOf(head);
  embedChain = plan.addEastChain("embed_chain", embedRect);
  for (StageOp stage : layers) {
    layerStreams.push_back(makeStageStreams(stage, /*layer=*/true));
  }
  headStreams = makeStageStreams(head, /*layer=*/false);
  hostRow = loopRect.y;
  tokenRow = std::clamp(hostRow, headRect.y, headRect.endY() - 1);
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
  RoutedStream &next = stream("next_token");
  next.source = {headRect.x + chainRoot(headRect.w), tokenRow};
  next.sinks = {loopSink};
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
}

//===----------------------------------------------------------------------===//
// Roles and regions
//===----------------------------------------------------------------------===//

void Lowering::declareParams(wpe::RoleOp role, ArrayRef<StringRef> names,
                             wpe::ParamKind kind) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&role.getBody().front());
  for (StringRef name : names) {
    wpe::ParamOp::create(builder, name, kind);
  }
}

void Lowering::declareQueue(wpe::RoleOp role, StringRef name,
                            wpe::QueueDirection direction,
                            ArrayRef<std::string> streams) {
  if (streams.empty()) {
    return;
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&role.getBody().front());
  SmallVector<StringRef> names(streams.begin(), streams.end());
  wpe::QueueOp::create(builder, name, direction, ArrayRef<StringRef>(names));
}

wpe::TaskOp Lowering::makeTask(wpe::RoleOp role, Code &code) {
  builder.setInsertionPointToEnd(&role.getBody().front());
  auto task = wpe::TaskOp::create(builder, "main", /*active=*/true);
  code.builder.setInsertionPointToEnd(&task.getBody().front());
  builder.setInsertionPointAfter(role);
  return task;
}

static DictionaryAttr dictionaryOf(OpBuilder &builder, const Tables &tables) {
  SmallVector<NamedAttribute> entries;
  for (const auto &[name, table] : tables) {
    entries.push_back(builder.getNamedAttr(
        name,
        wpe::TableAttr::get(builder.getContext(), ArrayRef<uint16_t>(table))));
  }
  return builder.getDictionaryAttr(entries);
}

void Lowering::makeRegion(StringRef name, StringRef role, const Rect &rect,
                          const Tables &rows, const Tables &columns,
                          ArrayRef<std::pair<std::string, int64_t>> values) {
  SmallVector<NamedAttribute> numbers;
  for (const auto &[valueName, value] : values) {
    numbers.push_back(
        builder.getNamedAttr(valueName, builder.getI64IntegerAttr(value)));
  }
  wpe::RegionOp::create(builder, name, role, rect.x, rect.y, rect.w, rect.h,
                        dictionaryOf(builder, rows).getValue(),
                        dictionaryOf(builder, columns).getValue(),
                        ArrayRef<NamedAttribute>(numbers));
}

Tables Lowering::rowTables(const StageStreams &streams, int64_t height) {
  Table row(height);
  for (int64_t i = 0; i < height; ++i) {
    row[i] = uint16_t(i);
  }
  return {{"row", row},
          {"row_root", streams.rowTables.root},
          {"row_first", streams.rowTables.first},
          {"row_second", streams.rowTables.second},
          {"row_third", streams.rowTables.third}};
}

Tables Lowering::columnTables(const StageStreams &streams, bool group) {
  Tables tables = {{"column_root", streams.columnTables.root},
                   {"column_first", streams.columnTables.first},
                   {"column_second", streams.columnTables.second},
                   {"column_third", streams.columnTables.third}};
  if (group) {
    tables.push_back({"group_root", streams.groupTables.root});
    tables.push_back({"group_first", streams.groupTables.first});
    tables.push_back({"group_second", streams.groupTables.second});
    tables.push_back({"group_third", streams.groupTables.third});
    tables.push_back({"group_multi", streams.groupMulti});
  }
  return tables;
}

/// Queues and parameter names of the collectives of a stage.
void Lowering::declareCollectives(wpe::RoleOp role, StageLowering &lowering,
                                  ArrayRef<StageStreams> streams,
                                  int64_t height, int64_t width,
                                  ArrayRef<std::string> handOvers,
                                  ArrayRef<std::string> turns) {
  ChainQueues rows, columns;
  std::vector<std::string> groups, groupsIn;
  int64_t groupWidth = 1;
  for (const StageStreams &s : streams) {
    rows.append(s.rows);
    columns.append(s.columns);
    if (!s.group.empty()) {
      groups.push_back(s.group);
    }
    groupWidth = std::max(groupWidth, s.groupWidth);
  }
  declareQueue(role, "row_first_in", wpe::QueueDirection::Input, rows.first);
  declareQueue(role, "row_second_in", wpe::QueueDirection::Input, rows.second);
  declareQueue(role, "row_third_in", wpe::QueueDirection::Input, rows.third);
  declareQueue(role, "row_out", wpe::QueueDirection::Output, rows.out);
  declareQueue(role, "column_first_in", wpe::QueueDirection::Input,
               columns.first);
  declareQueue(role, "column_second_in", wpe::QueueDirection::Input,
               columns.second);
  std::vector<std::string> thirdIn = columns.third;
  thirdIn.insert(thirdIn.end(), turns.begin(), turns.end());
  declareQueue(role, "column_third_in", wpe::QueueDirection::Input, thirdIn);
  declareQueue(role, "column_out", wpe::QueueDirection::Output, columns.out);
  // The root of a row is the root of its group, so it has no use for the
  // multicast of the group, and takes the hand-over.
  groupsIn = groups;
  groupsIn.insert(groupsIn.end(), handOvers.begin(), handOvers.end());
  declareQueue(role, "group_in", wpe::QueueDirection::Input, groupsIn);
  declareQueue(role, "group_out", wpe::QueueDirection::Output, groups);
  lowering.rows = {"row_first_in", "row_second_in", "row_out", "row_root",
                   "row_first",    "row_second",    height};
  lowering.columns = {
      "column_first_in", "column_second_in", "column_out", "column_root",
      "column_first",    "column_second",    width};
  lowering.group = {"column_first_in", "group_in",    "group_out",
                    "group_root",      "group_first", "group_second",
                    groupWidth};
  lowering.rows.hasThird = !rows.third.empty();
  lowering.rows.third = "row_third_in";
  lowering.rows.thirdParam = "row_third";
  lowering.columns.hasThird = !columns.third.empty();
  lowering.columns.third = "column_third_in";
  lowering.columns.thirdParam = "column_third";
  lowering.group.hasThird = lowering.columns.hasThird && !groups.empty();
  lowering.group.third = "column_third_in";
  lowering.group.thirdParam = "group_third";
  // With two lines there is no upper half, so no queue for it: the low half
  // alone arrives at the root.
  lowering.rows.hasSecond = height > 2;
  lowering.columns.hasSecond = width > 2;
  lowering.group.hasSecond = width > 2;
}

void Lowering::makePlacements(StringRef region, ArrayRef<LocalTensor> tensors,
                              StageOp stage) {
  for (const LocalTensor &t : tensors) {
    bool layered = t.layerStride > 0;
    PlacementOp::create(builder, t.tensor, region, t.buffer, t.offset,
                        t.strides, layered ? int64_t(stage.getFirstLayer()) : 0,
                        layered ? int64_t(stage.getNumLayers()) : 0,
                        t.layerStride);
  }
}

void Lowering::makeRopeTables(ArrayRef<StageLowering::TableTensor> tables,
                              int64_t) {
  for (const auto &table : tables) {
    int64_t pairs = table.frequencies.size();
    MLIRContext *context = builder.getContext();
    auto layout =
        LayoutAttr::get(context,
                        {UnitAttr::get(context), UnitAttr::get(context),
                         FlatSymbolRefAttr::get(context, "pairs")},
                        Partial::None, FlatSymbolRefAttr());
    auto type = RankedTensorType::get({table.entries, 2, pairs},
                                      builder.getF32Type(), layout);
    TensorOp::create(builder, table.name, dist::TensorKind::RopeTable, type,
                     SymbolRefAttr(), ArrayRef<int64_t>(), table.step,
                     builder.getDenseF64ArrayAttr(table.frequencies));
  }
}

/// Costs and policy of the sums: those that the partition was chosen by.
LogicalResult Lowering::findParameters() {
  auto name = module->getAttrOfType<StringAttr>("wafer.params");
  parameters = name ? machine.findParameters(name.str())
                    : &machine.parameterSets.front();
  if (!parameters) {
    return module.emitError()
           << "machine '" << machine.name << "' has no parameter set '"
           << name.getValue() << "'";
  }
  if (auto policy = module->getAttrOfType<StringAttr>("wafer.accumulate")) {
    halfSums = policy.getValue() == "mixed";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The four kinds of stages
//===----------------------------------------------------------------------===//

// The host sends the number of prompt tokens and of steps, then the prompt.
// Each step sends one id to the embedding and waits for the id that the head
// found, which also goes to the host.
LogicalResult Lowering::lowerLoop() {
  Code code(loop.getLoc());
  auto role = wpe::RoleOp::create(builder, "loop_role");
  makeTask(role, code);
  declareQueue(role, "prompt_in", wpe::QueueDirection::Input, {"prompt_in"});
  declareQueue(role, "next_in", wpe::QueueDirection::Input, {"next_token"});
  declareQueue(role, "token_out", wpe::QueueDirection::Output, {"token"});
  declareQueue(role, "host_out", wpe::QueueDirection::Output, {"tokens_out"});
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&role.getBody().front());
    wpe::BufferOp::create(builder, "request", 2, code.i32(),
                          wpe::BufferKind::Scratch);
    wpe::BufferOp::create(builder, "id", 1, code.i32(),
                          wpe::BufferKind::Scratch);
  }
  Place request{"request", code.i32(), 0, {}}, id{"id", code.i32(), 0, {}};
  code.forever([&] {
    code.vec("mov32", code.mem(request, 2),
             code.fabricIn("prompt_in", 2, code.i32()));
    mlir::Value promptTokens = code.load(request);
    code.loop(code.load(request.at(4)), [&](mlir::Value step) {
      code.when(Predicate::Lt, step, promptTokens, [&] {
        code.vec("mov32", code.mem(id, 1),
                 code.fabricIn("prompt_in", 1, code.i32()));
      });
      code.vec("mov32", code.fabricOut("token_out", 1, code.i32()),
               code.mem(id, 1));
      code.vec("mov32", code.mem(id, 1),
               code.fabricIn("next_in", 1, code.i32()));
      code.vec("mov32", code.fabricOut("host_out", 1, code.i32()),
               code.mem(id, 1));
    });
  });
  makeRegion("loop", "loop_role", rectOf(loop), {}, {}, {});
  return success();
}

// Every column holds the rows of some tokens. The owner of the token puts its
// row into a chain of sums that runs east; all others add zeros.
LogicalResult Lowering::lowerEmbed() {
  auto lookup = *embed.getBody().getOps<EmbedLookupOp>().begin();
  Rect rect = rectOf(embed);
  Code code(embed.getLoc());
  auto role = wpe::RoleOp::create(builder, "embed_role");
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, embed, 1, machine, *parameters,
                         halfSums);
  declareQueue(role, "token_in", wpe::QueueDirection::Input, {"token"});
  declareQueue(role, "chain_in", wpe::QueueDirection::Input, embedChain);
  std::vector<std::string> outs = embedChain;
  llvm::append_range(outs, handOverFrom[embed.getSymNameAttr()].families);
  declareQueue(role, "hidden_out", wpe::QueueDirection::Output, outs);
  declareParams(role, {"token_low", "token_high", "token_count", "has_west"},
                wpe::ParamKind::Column);

  auto table = symbols.lookup<TensorOp>(lookup.getTable());
  auto type = cast<RankedTensorType>(table.getType());
  Type element = type.getElementType();
  unsigned size = wpe::elementBytes(element);
  auto tokens =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 0).getAttr());
  int64_t width =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 1).getAttr())
          .getMaxWidth();
  int64_t most = tokens.getMaxWidth();
  View rows = lowering.makeBuffer("table", element, most * width,
                                  wpe::BufferKind::Weights);
  View x = lowering.makeBuffer("x", code.f32(), width);
  View id = lowering.makeBuffer("id", code.i32(), 1);
  LocalTensor local;
  local.tensor = lookup.getTable().str();
  local.buffer = "table";
  local.strides = {width * size, size};

  code.forever([&] {
    code.vec("mov32", code.mem(id.place, 1),
             code.fabricIn("token_in", 1, code.i32()));
    mlir::Value first = code.add(code.shl(code.param("token_high"), 16),
                                 code.param("token_low"));
    mlir::Value index = code.sub(code.load(id.place), first);
    code.clear(x.place, width);
    code.when(Predicate::Ge, index, code.constant(0), [&] {
      code.when(Predicate::Lt, index, code.param("token_count"), [&] {
        Place row = rows.place.plus(code.mul(index, int32_t(width * size)));
        code.vec(element.isF16() ? "fh2s" : "mov32", code.mem(x.place, width),
                 code.mem(row, width));
      });
    });
    auto send = [&](bool add) {
      mlir::Value out = code.fabricOut("hidden_out", width, code.f32());
      if (add) {
        code.vec("fadds", out, code.mem(x.place, width),
                 code.fabricIn("chain_in", width, code.f32()));
      } else {
        code.vec("mov32", out, code.mem(x.place, width));
      }
    };
    if (rect.w > 1) {
      code.whenSet("has_west", [&] { send(true); }, [&] { send(false); });
    } else {
      send(false);
    }
  });

  Table low, high, count, west;
  for (int32_t i = 0; i < rect.w; ++i) {
    auto [begin, end] = tokens.getRange(i);
    low.push_back(uint16_t(begin & 0xffff));
    high.push_back(uint16_t(begin >> 16));
    count.push_back(uint16_t(end - begin));
    west.push_back(i > 0);
  }
  makeRegion("embed", "embed_role", rect, {},
             {{"token_low", low},
              {"token_high", high},
              {"token_count", count},
              {"has_west", west}},
             {});
  makePlacements("embed", {local}, embed);
  return success();
}

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
                         halfSums);
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
  }

  Type argument = first.getBody().getArgument(0).getType();
  int64_t width = lowering.localCount(argument);
  View x = lowering.makeBuffer("x", code.f32(), width);
  lowering.bindArgument(x);
  LogicalResult result = success();
  // What a core is to its collectives, which every layer asks several times.
  code.hold(rowClass);
  code.hold(columnClass);
  code.forever([&] {
    if (lowering.hasAttention()) {
      lowering.beginToken();
    }
    auto receive = [&](StringRef queue) {
      code.vec("mov32", code.mem(x.place, width),
               code.fabricIn(queue, width, code.f32()));
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
                     code.fabricOut(lowering.columns.out, width, code.f32()),
                     code.mem(x.place, width));
          },
          [&] { receive(lowering.columns.second); });
    };
    // One core of each row gets the slice; a sum with zeros tells the others.
    auto fromAbove = [&] {
      code.when(
          Predicate::Eq, code.param("turn_in"), code.param("row"),
          [&] { receive(lowering.columns.third); },
          [&] { code.clear(x.place, width); });
      lowering.sumOverRow(x.place, width);
    };
    if (turnsOut) {
      code.whenSet("turned", fromAbove, fromBeside);
    } else {
      fromBeside();
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
      code.vec("mov32", code.fabricOut("hidden_out", width, code.f32()),
               code.mem(x.place, width));
    };
    code.whenSet("sends", send);
    if (turnsOut) {
      code.when(Predicate::Eq, code.param("turn_out"), code.param("row"), send);
    }
    if (lowering.hasAttention()) {
      lowering.endToken();
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
    makeRegion(stage.getSymName(), "layer_role", rectOf(stage),
               rowTables(streams, rect.h), columns, values);
    makePlacements(stage.getSymName(), lowering.tensors, stage);
  }
  for (auto [stage, streams] : llvm::zip(layers, layerStreams)) {
    remarkCollectives(stage, lowering, streams.groupWidth, machine,
                      *parameters);
  }
  return success();
}

LogicalResult Lowering::lowerHead() {
  Rect rect = rectOf(head);
  Code code(head.getLoc());
  auto role = wpe::RoleOp::create(builder, "head_role");
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, head, 1, machine, *parameters,
                         halfSums);
  declareCollectives(role, lowering, headStreams, rect.h, rect.w, {});
  declareQueue(role, "hidden_in", wpe::QueueDirection::Input,
               handOverInto[head.getSymNameAttr()].families);
  declareQueue(role, "token_out", wpe::QueueDirection::Output, {"next_token"});
  declareParams(role,
                {"row", "row_root", "row_first", "row_second", "row_third",
                 "token_row", "logit_slice"},
                wpe::ParamKind::Row);
  declareParams(role,
                {"column_root", "column_first", "column_second", "column_third",
                 "logit_low", "logit_high", "logit_count"},
                wpe::ParamKind::Column);
  auto argmax = *head.getBody().getOps<ArgMaxOp>().begin();
  Type logits = argmax.getLogits().getType();
  Type argument = head.getBody().getArgument(0).getType();
  int64_t width = lowering.localCount(argument);
  View x = lowering.makeBuffer("x", code.f32(), width);
  lowering.bindArgument(x);
  LogicalResult result = success();
  code.forever([&] {
    code.vec("mov32", code.mem(x.place, width),
             code.fabricIn("hidden_in", width, code.f32()));
    result = lowering.lowerBody({});
    if (failed(result)) {
      return;
    }
    code.whenSet("token_row", [&] {
      code.whenSet("column_root", [&] {
        code.vec("mov32", code.fabricOut("token_out", 1, code.f32()),
                 code.mem(lowering.bestPlace().at(4), 1));
      });
    });
  });
  if (failed(result)) {
    return failure();
  }
  Tables rows = rowTables(headStreams, rect.h),
         columns = columnTables(headStreams, /*group=*/false);
  Table tokenRows(rect.h, 0);
  tokenRows[tokenRow - rect.y] = 1;
  rows.push_back({"token_row", tokenRows});
  // The logits of a column that its row i looks at.
  Table slices;
  int64_t most = lowering.viewOf(argmax.getLogits()).count;
  for (int64_t i = 0; i < rect.h; ++i) {
    slices.push_back(
        uint16_t(std::min(most, i * int64_t(llvm::divideCeil(most, rect.h)))));
  }
  rows.push_back({"logit_slice", slices});
  auto cut =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(logits), 0).getAttr());
  Table low, high, count;
  for (int32_t i = 0; i < rect.w; ++i) {
    auto [begin, end] = cut.getRange(i);
    low.push_back(uint16_t(begin & 0xffff));
    high.push_back(uint16_t(begin >> 16));
    count.push_back(uint16_t(end - begin));
  }
  columns.push_back({"logit_low", low});
  columns.push_back({"logit_high", high});
  columns.push_back({"logit_count", count});
  makeRegion("head", "head_role", rect, rows, columns, {});
  View logitView = lowering.viewOf(argmax.getLogits());
  TensorOp::create(builder, StringRef("logits_out"), dist::TensorKind::Output,
                   cast<RankedTensorType>(logits), SymbolRefAttr(),
                   ArrayRef<int64_t>(), int64_t(0), DenseF64ArrayAttr());
  LocalTensor output;
  output.tensor = "logits_out";
  output.buffer = logitView.place.buffer;
  output.offset = logitView.place.offset;
  output.strides = {4};
  lowering.tensors.push_back(output);
  makePlacements("head", lowering.tensors, head);
  remarkCollectives(head, lowering, headStreams.groupWidth, machine,
                    *parameters);
  return success();
}

LogicalResult Lowering::run() {
  if (failed(findParameters()) || failed(findStages())) {
    return failure();
  }
  builder.setInsertionPointToEnd(module.getBody());
  makeStreams();
  // The names of the stages go to the regions.
  for (StageOp stage : module.getOps<StageOp>()) {
    symbols.remove(stage);
  }
  SmallVector<Operation *> old;
  for (Operation &op : *module.getBody()) {
    if (isa<StageOp, TransferOp>(op)) {
      old.push_back(&op);
    }
  }
  if (failed(lowerLoop()) || failed(lowerEmbed()) || failed(lowerLayers()) ||
      failed(lowerHead())) {
    return failure();
  }
  for (Operation *op : old) {
    op->erase();
  }
  return success();
}

namespace {
struct LowerPass : public wafer::impl::WaferLowerBase<LowerPass> {
  void runOnOperation() override {
    FailureOr<Machine> machine = wfabric::loadMachine(getOperation());
    if (failed(machine) || failed(Lowering(getOperation(), *machine).run())) {
      signalPassFailure();
    }
  }
};
} // namespace
