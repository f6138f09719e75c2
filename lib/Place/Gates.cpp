// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Place/Gates.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;

GateEdge wafer::nearestEdge(const Machine &machine, const Rect &rect) {
  GateEdge edge;
  edge.wafer = machine.waferOf(rect.x);
  int32_t toWest = rect.x - machine.edgeColumn(edge.wafer, true);
  int32_t toEast = machine.edgeColumn(edge.wafer, false) - (rect.endX() - 1);
  edge.west = machine.host.west && (!machine.host.east || toWest <= toEast);
  return edge;
}

/// The channels in the rows of a gate; the nearest one where there are none.
static std::vector<int32_t> channelsOf(const Machine &machine,
                                       const Rect &gate) {
  std::vector<int32_t> rows;
  int32_t middle = gate.y + gate.h / 2, nearest = -1;
  for (int32_t i = 0; i < machine.host.count; ++i) {
    int32_t row = machine.host.firstRow + i * machine.host.rowStep;
    if (row >= gate.y && row < gate.endY()) {
      rows.push_back(row);
    }
    if (nearest < 0 || std::abs(row - middle) < std::abs(nearest - middle)) {
      nearest = row;
    }
  }
  if (rows.empty()) {
    rows.push_back(nearest);
  }
  return rows;
}

/// `count` of the rows, evenly.
static std::vector<int32_t> pick(const std::vector<int32_t> &rows,
                                 size_t count) {
  std::vector<int32_t> picked;
  for (size_t i = 0; i < count; ++i) {
    picked.push_back(rows[i * rows.size() / count]);
  }
  return picked;
}

Result<std::vector<GateGroup>>
wafer::shareChannels(const Machine &machine, const Rect &out, const Rect &in) {
  if (machine.host.count <= 0 || !(machine.host.west || machine.host.east)) {
    return Diagnostic{"nothing can leave a wafer of machine '" + machine.name +
                          "'",
                      "", "channels on an edge", "none", ""};
  }
  std::vector<int32_t> from = channelsOf(machine, out);
  std::vector<int32_t> to = channelsOf(machine, in);
  size_t count = std::min({from.size(), to.size(), size_t(in.h)});
  from = pick(from, count);
  to = pick(to, count);
  std::vector<GateGroup> groups;
  for (size_t i = 0; i < count; ++i) {
    GateGroup group;
    group.rowOut = from[i];
    group.rowIn = to[i];
    group.begin = i == 0 ? 0 : groups.back().end;
    // Half-way to the next channel.
    group.end = i + 1 == count ? in.h : (to[i] + to[i + 1] + 1) / 2 - in.y;
    group.root = std::clamp(to[i] - in.y, group.begin, group.end - 1);
    groups.push_back(group);
  }
  return groups;
}
