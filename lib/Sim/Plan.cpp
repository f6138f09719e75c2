// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Plan.cpp - What an engine prepares before cycle 0 ------------------===//
#include "Plan.h"

#include "InstructionText.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::sim;

Status wafer::sim::checkLimits(const Machine &m, const ParameterSet &costs) {
  auto limit = [&](const char *what, uint64_t value, uint64_t low,
                   uint64_t high) -> Status {
    if (value >= low && value <= high) {
      return Status::success();
    }
    return Diagnostic{fmt::format("the engine cannot simulate this {}", what),
                      fmt::format("machine '{}'", m.name),
                      fmt::format("{} to {}", low, high),
                      fmt::format("{}", value), ""};
  };
  struct Item {
    const char *what;
    uint64_t value, low, high;
  };
  constexpr uint64_t kMaxDepth = kMaxFifoCapacity / 2;
  std::vector<Item> items = {
      {"number of columns", uint64_t(std::max(0, m.width())), 1, 65535},
      {"number of rows", uint64_t(std::max(0, m.height())), 1, 65535},
      {"number of cores",
       uint64_t(std::max(0, m.width())) * uint64_t(std::max(0, m.height())), 1,
       1u << 24},
      {"number of colors", m.colors, 1, 32},
      {"hop latency", m.hopCycles, 1, 1024},
      {"ramp latency", m.rampCycles, 1, 1024},
      {"router buffer depth", m.routerBufferDepth, 1, kMaxDepth},
      {"number of banks", m.sramBanks, 1, 4096},
      {"bank width", m.bankWidthBytes, 1, 4096},
      {"read conflict modulus", m.readConflictModulus, 1, 64},
      {"SRAM size", m.sramBytes, 1, 1u << 24},
      {"number of words in a send period", costs.sendWords, 1, 1u << 20},
  };
  for (const QueueSpec *queues : {&m.inputQueues, &m.outputQueues}) {
    for (uint32_t depth : queues->depths) {
      items.push_back({"queue depth", depth, 1, kMaxDepth});
    }
  }
  for (const auto &entry : m.lanes) {
    items.push_back({"number of lanes", entry.second, 1, kMaxLanes});
  }
  for (const Item &item : items) {
    Status status = limit(item.what, item.value, item.low, item.high);
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static uint32_t costOf(const ParameterSet &p, CostClass cost) {
  switch (cost) {
  case CostClass::Alu:
    return p.alu;
  case CostClass::Multiply:
    return p.multiply;
  case CostClass::Float:
    return p.fp;
  case CostClass::FloatDivide:
    return p.fpDivide;
  case CostClass::Load:
    return p.load;
  case CostClass::Store:
    return p.store;
  case CostClass::Branch:
    return p.branch;
  case CostClass::Task:
    return p.taskControl;
  case CostClass::Clock:
    return p.readClock;
  case CostClass::DsrLoad:
    return p.dsrLoad;
  case CostClass::DsrSet:
    return p.dsrSet;
  case CostClass::Vector:
    return p.vectorStart;
  }
  return 1;
}

static void planRole(const Role &role, const Machine &m,
                     const std::array<OpcodePlan, 256> &opcodes,
                     RolePlan &plan) {
  plan.role = &role;
  plan.memoryBytes =
      m.programBytes() - uint32_t(role.code.size()) * m.codeBytesPerInstruction;
  for (size_t i = 0; i < role.tasks.size(); ++i) {
    const Task &task = role.tasks[i];
    uint64_t bit = uint64_t(1) << i;
    plan.localTasks |= task.kind == TaskKind::Local ? bit : 0;
    plan.active |= task.initiallyActive ? bit : 0;
    plan.blocked |= task.initiallyBlocked ? bit : 0;
    plan.hasArrivalTasks |= task.kind != TaskKind::Local;
  }
  for (const Instruction &in : role.code) {
    VectorFields fields = VectorFields::decode(in.imm);
    if (opcodes[uint8_t(in.op)].info->isVector && fields.async) {
      plan.threads = std::max(plan.threads, 2u + fields.microthread);
    }
  }
}

void ProgramPlan::load(const Image &image, const Machine &machine,
                       const ParameterSet &costs) {
  for (unsigned code = 0; code < opcodes.size(); ++code) {
    OpcodePlan &plan = opcodes[code];
    plan.info = lookupOpcode(uint8_t(code));
    if (plan.info) {
      plan.cost = std::max(1u, costOf(costs, plan.info->cost));
      plan.lanes = std::max(1u, machine.lanesOf(plan.info->mnemonic));
      plan.element = elementFunction(Opcode(code));
    }
  }
  roles.resize(image.roles.size());
  for (size_t i = 0; i < roles.size(); ++i) {
    planRole(image.roles[i], machine, opcodes, roles[i]);
  }
  Grid grid(machine);
  regionOf.assign(grid.numPlaces(), kNone);
  for (size_t i = 0; i < image.regions.size(); ++i) {
    const Rect &r = image.regions[i].rect;
    for (int32_t y = r.y; y < r.endY(); ++y) {
      auto row = regionOf.begin() + grid.placeOf({r.x, y});
      std::fill(row, row + r.w, uint32_t(i));
    }
  }
  initDataOf.resize(image.regions.size());
  for (size_t i = 0; i < image.initData.size(); ++i) {
    initDataOf[image.initData[i].region].push_back(uint32_t(i));
  }
}

std::vector<Binding> wafer::sim::bindingsOf(const Image &image,
                                            const Grid &grid) {
  std::vector<Binding> bindings;
  for (const Region &region : image.regions) {
    const Role &role = image.roles[region.role];
    for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
      for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
        for (const QueueBinding &b : role.queues) {
          uint16_t color = Image::paramAt(region, b.color, {x, y});
          if (color != kUnboundColor) {
            bindings.push_back(
                {grid.placeOf({x, y}), uint8_t(color), b.queue, b.input});
          }
        }
      }
    }
  }
  return bindings;
}

void wafer::sim::fillMemory(const Image &image, const ProgramPlan &plan,
                            const Grid &grid, uint32_t place, uint8_t *sram) {
  const uint32_t regionIndex = plan.regionOf[place];
  const Region &region = image.regions[regionIndex];
  const Role &role = image.roles[region.role];
  Coord at = grid.coordOf(place);
  uint8_t *params = sram + role.paramOffset;
  for (const ParamSource &source : role.params) {
    uint16_t value = Image::paramAt(region, source, at);
    std::memcpy(params, &value, sizeof(value));
    params += sizeof(value);
  }
  for (uint32_t i : plan.initDataOf[regionIndex]) {
    const InitData &data = image.initData[i];
    uint64_t pitch = data.rowPitch ? data.rowPitch : uint64_t(region.rect.w);
    uint64_t index =
        uint64_t(at.y - region.rect.y) * pitch + uint64_t(at.x - region.rect.x);
    if (data.data && data.bytes) { // without weights they are zero
      std::memcpy(sram + data.offset, data.data + index * data.bytes,
                  data.bytes);
    }
  }
}

std::string wafer::sim::describeCore(const Image &image,
                                     const ProgramPlan &plan, const Grid &grid,
                                     uint32_t place, uint32_t pc,
                                     int32_t task) {
  const Region &region = image.regions[plan.regionOf[place]];
  const Role &role = image.roles[region.role];
  Coord at = grid.coordOf(place);
  std::string text = fmt::format("core ({}, {}), region '{}', role '{}'", at.x,
                                 at.y, region.name, role.name);
  if (task >= 0 && size_t(task) < role.tasks.size()) {
    text += fmt::format(", task '{}'", role.tasks[size_t(task)].name);
  }
  const Label *nearest = nullptr;
  for (const Label &label : role.labels) {
    nearest = label.index <= pc ? &label : nearest;
  }
  if (nearest) {
    text += nearest->index == pc
                ? fmt::format(", {}", nearest->name)
                : fmt::format(", {} + {}", nearest->name, pc - nearest->index);
  }
  if (pc < role.code.size()) {
    text +=
        fmt::format(", instruction {}: {}", pc, instructionText(role.code[pc]));
  }
  return text;
}
