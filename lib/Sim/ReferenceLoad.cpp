// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceLoad.cpp - From roles and regions to cores
//--------------------//
//
// What all cores of a role share is prepared once. A core's own state is made
// when it is first looked at: parameters (section 5) and initial data are then
// copied into its SRAM.
//
//===----------------------------------------------------------------------===//
#include "ReferenceCore.h"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::reference;

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

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

Status Cores::planRole(const Role &role, RolePlan &plan) const {
  const Machine &m = context.machine;
  std::string where = fmt::format("role '{}'", role.name);
  plan.role = &role;
  uint64_t reserved = uint64_t(m.systemBytes) + m.taskTableBytes +
                      uint64_t(role.code.size()) * m.codeBytesPerInstruction;
  if (reserved > m.sramBytes) {
    return Diagnostic{
        "the code does not fit into SRAM", where,
        fmt::format("at most {} bytes with the system's share", m.sramBytes),
        fmt::format("{} bytes", reserved), ""};
  }
  plan.memoryBytes = m.sramBytes - uint32_t(reserved);
  if (role.tasks.size() > 64) {
    return Diagnostic{"the role has too many tasks", where, "at most 64",
                      fmt::format("{}", role.tasks.size()), ""};
  }
  for (size_t i = 0; i < role.tasks.size(); ++i) {
    const Task &task = role.tasks[i];
    uint64_t bit = uint64_t(1) << i;
    plan.localTasks |= task.kind == TaskKind::Local ? bit : 0;
    plan.active |= task.initiallyActive ? bit : 0;
    plan.blocked |= task.initiallyBlocked ? bit : 0;
    plan.hasArrivalTasks |= task.kind != TaskKind::Local;
    if (task.kind == TaskKind::Data && task.binding >= 8) {
      return Diagnostic{fmt::format("task '{}' is bound to a queue that is "
                                    "not there",
                                    task.name),
                        where, "an input queue below 8",
                        fmt::format("{}", task.binding), ""};
    }
  }
  for (const Instruction &in : role.code) {
    const OpcodePlan &opcode = planOf(in.op);
    if (opcode.info && opcode.info->isVector) {
      VectorFields fields = VectorFields::decode(in.imm);
      plan.threads =
          std::max(plan.threads, fields.async ? 2u + fields.microthread : 1u);
    }
  }
  if (uint64_t(role.paramOffset) + 2 * uint64_t(role.params.size()) >
      plan.memoryBytes) {
    return Diagnostic{
        "the parameter block does not fit into SRAM", where,
        fmt::format("an end at or below byte {}", plan.memoryBytes),
        fmt::format("{} halfwords at byte {}", role.params.size(),
                    role.paramOffset),
        ""};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// True if the table behind a parameter source covers the region.
static bool hasTable(const Region &region, ParamSource source) {
  switch (source.kind) {
  case ParamSource::Kind::Constant:
    return true;
  case ParamSource::Kind::Row:
    return source.value < region.rowTables.size() &&
           region.rowTables[source.value].size() >= size_t(region.rect.h);
  case ParamSource::Kind::Column:
    return source.value < region.columnTables.size() &&
           region.columnTables[source.value].size() >= size_t(region.rect.w);
  }
  return false;
}

static Status checkRegion(const Image &image, const Machine &m,
                          const Region &region) {
  std::string where = fmt::format("region '{}'", region.name);
  if (region.rect.empty() ||
      !Rect{0, 0, m.width(), m.height()}.contains(region.rect)) {
    return Diagnostic{
        "the rectangle does not lie in the grid", where,
        fmt::format("a rectangle inside {}x{}", m.width(), m.height()),
        fmt::format("{}x{} at ({}, {})", region.rect.w, region.rect.h,
                    region.rect.x, region.rect.y),
        ""};
  }
  if (region.role >= image.roles.size()) {
    return Diagnostic{"the region names a role that is not there", where,
                      fmt::format("an index below {}", image.roles.size()),
                      fmt::format("{}", region.role), ""};
  }
  const Role &role = image.roles[region.role];
  bool tables = true;
  for (const ParamSource &source : role.params) {
    tables &= hasTable(region, source);
  }
  for (const QueueBinding &binding : role.queues) {
    tables &= hasTable(region, binding.color);
    unsigned count =
        binding.input ? m.inputQueues.count() : m.outputQueues.count();
    if (binding.queue >= std::min(count, 8u)) {
      return Diagnostic{fmt::format("{} queue {} is not there",
                                    binding.input ? "input" : "output",
                                    binding.queue),
                        fmt::format("role '{}'", role.name),
                        fmt::format("a queue below {}", std::min(count, 8u)),
                        fmt::format("{}", binding.queue), ""};
    }
  }
  if (!tables) {
    return Diagnostic{"a row or column table is missing or too short", where,
                      "", "", ""};
  }
  return Status::success();
}

Status Cores::planRegion(uint32_t index,
                         std::vector<Fabric::Binding> &bindings) {
  const Region &region = context.image.regions[index];
  Status status = checkRegion(context.image, context.machine, region);
  if (!status) {
    return status;
  }
  const Role &role = context.image.roles[region.role];
  for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
    for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
      uint32_t place = context.placeOf({x, y});
      if (regionOf[place] != kNone) {
        return Diagnostic{
            fmt::format("core ({}, {}) is in two regions", x, y),
            fmt::format("region '{}'", region.name), "",
            fmt::format("also in '{}'",
                        context.image.regions[regionOf[place]].name),
            ""};
      }
      regionOf[place] = index;
      for (const QueueBinding &b : role.queues) {
        uint16_t color = Image::paramAt(region, b.color, {x, y});
        if (color == kUnboundColor) {
          continue;
        }
        if (color >= context.machine.colors) {
          return Diagnostic{
              fmt::format("a queue of core ({}, {}) is bound to a color that "
                          "is out of range",
                          x, y),
              fmt::format("region '{}'", region.name),
              fmt::format("a color below {}", context.machine.colors),
              fmt::format("{}", color), ""};
        }
        bindings.push_back({place, uint8_t(color), b.queue, b.input});
      }
    }
  }
  return Status::success();
}

Status Cores::checkInitData() const {
  const Image &image = context.image;
  for (const InitData &data : image.initData) {
    if (data.region >= image.regions.size()) {
      return Diagnostic{"initial data names a region that is not there", "",
                        fmt::format("an index below {}", image.regions.size()),
                        fmt::format("{}", data.region), ""};
    }
    const Region &region = image.regions[data.region];
    uint64_t needed = uint64_t(region.rect.area()) * data.bytes;
    uint64_t end = uint64_t(data.offset) + data.bytes;
    if (data.size < needed || end > plans[region.role].memoryBytes ||
        (needed && !data.data)) {
      return Diagnostic{
          "initial data does not fit", fmt::format("region '{}'", region.name),
          fmt::format("{} bytes in all, each core's end at or below byte {}",
                      needed, plans[region.role].memoryBytes),
          fmt::format("{} bytes, ending at {}", data.size, end), ""};
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

Status Cores::load(std::vector<Fabric::Binding> &bindings) {
  const Image &image = context.image;
  for (unsigned code = 0; code < opcodes.size(); ++code) {
    OpcodePlan &plan = opcodes[code];
    plan.info = lookupOpcode(uint8_t(code));
    if (plan.info) {
      plan.cost = std::max(1u, costOf(context.costs, plan.info->cost));
      plan.lanes = std::max(1u, context.machine.lanesOf(plan.info->mnemonic));
      plan.element = sim::elementFunction(Opcode(code));
    }
  }
  plans.resize(image.roles.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    Status status = planRole(image.roles[i], plans[i]);
    if (!status) {
      return status;
    }
  }
  regionOf.assign(context.numPlaces(), kNone);
  states.resize(context.numPlaces());
  context.schedule.resize(Actor::Core, context.numPlaces());
  for (size_t i = 0; i < image.regions.size(); ++i) {
    Status status = planRegion(uint32_t(i), bindings);
    if (!status) {
      return status;
    }
  }
  Status status = checkInitData();
  if (!status) {
    return status;
  }
  initDataOf.resize(image.regions.size());
  for (size_t i = 0; i < image.initData.size(); ++i) {
    initDataOf[image.initData[i].region].push_back(uint32_t(i));
  }
  return Status::success();
}

void Cores::start() {
  for (uint32_t place = 0; place < regionOf.size(); ++place) {
    if (regionOf[place] == kNone) {
      continue;
    }
    const Region &region = context.image.regions[regionOf[place]];
    const RolePlan &plan = plans[region.role];
    if (plan.active & ~plan.blocked & plan.localTasks) {
      context.schedule.wake(Actor::Core, place, 0);
    }
  }
}

//===----------------------------------------------------------------------===//
// The state of a core
//===----------------------------------------------------------------------===//

void Cores::FreeBlock::operator()(uint8_t *p) const { std::free(p); }

uint8_t *Cores::allocateMemory() {
  constexpr uint32_t kCoresInBlock = 64;
  size_t bytes = context.machine.sramBytes;
  if (blocks.empty() || blockUsed == kCoresInBlock) {
    // calloc: pages that no core touches never become real memory.
    blocks.emplace_back(
        static_cast<uint8_t *>(std::calloc(kCoresInBlock, bytes)));
    blockUsed = 0;
  }
  uint8_t *block = blocks.back().get();
  return block ? block + size_t(blockUsed++) * bytes : nullptr;
}

void Cores::fillMemory(CoreState &core) const {
  const Region &region = context.image.regions[core.region];
  const Role &role = *core.plan->role;
  Coord at = context.coordOf(core.place);
  uint8_t *params = core.sram + role.paramOffset;
  for (const ParamSource &source : role.params) {
    uint16_t value = Image::paramAt(region, source, at);
    std::memcpy(params, &value, sizeof(value));
    params += sizeof(value);
  }
  uint64_t index = uint64_t(at.y - region.rect.y) * uint64_t(region.rect.w) +
                   uint64_t(at.x - region.rect.x);
  for (uint32_t i : initDataOf[core.region]) {
    const InitData &data = context.image.initData[i];
    if (data.bytes) {
      std::memcpy(core.sram + data.offset, data.data + index * data.bytes,
                  data.bytes);
    }
  }
}

CoreState &Cores::state(uint32_t place) {
  if (states[place]) {
    return *states[place];
  }
  states[place] = std::make_unique<CoreState>();
  CoreState &core = *states[place];
  core.place = place;
  core.region = regionOf[place];
  const Region &region = context.image.regions[core.region];
  core.plan = &plans[region.role];
  core.sram = allocateMemory();
  core.active = core.plan->active;
  core.blocked = core.plan->blocked;
  core.threads.resize(core.plan->threads);
  core.lastActed = core.plan->threads - 1; // the main thread comes first
  core.inputs.fill(kNone);
  core.outputs.fill(kNone);
  Coord at = context.coordOf(place);
  for (const QueueBinding &b : core.plan->role->queues) {
    uint16_t color = Image::paramAt(region, b.color, at);
    if (color != kUnboundColor) {
      (b.input ? core.inputs : core.outputs)[b.queue] =
          fabric.channelAt(place, color);
    }
  }
  if (core.sram) {
    fillMemory(core);
  } else {
    context.raise(place, "out of memory for the SRAM of the cores");
  }
  return core;
}

const Fifo *Cores::inputFifo(const CoreState &core, unsigned queue) const {
  uint32_t id = core.inputs[queue];
  return id == kNone ? nullptr : fabric.fifo(fabric.channel(id), kInputQueue);
}

const Fifo *Cores::outputFifo(const CoreState &core, unsigned queue) const {
  uint32_t id = core.outputs[queue];
  return id == kNone ? nullptr : fabric.fifo(fabric.channel(id), kOutputQueue);
}
