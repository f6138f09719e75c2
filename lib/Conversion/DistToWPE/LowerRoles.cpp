// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerRoles.cpp - Queues, parameters, regions, placements -----------===//
#include "Lowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

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
