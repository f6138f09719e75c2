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

void Cores::planRole(const Role &role, RolePlan &plan) const {
  const Machine &m = context.machine;
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
    if (planOf(in.op).info->isVector && fields.async) {
      plan.threads = std::max(plan.threads, 2u + fields.microthread);
    }
  }
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

void Cores::planRegion(uint32_t index, std::vector<Fabric::Binding> &bindings) {
  const Region &region = context.image.regions[index];
  const Role &role = context.image.roles[region.role];
  for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
    for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
      uint32_t place = context.placeOf({x, y});
      regionOf[place] = index;
      for (const QueueBinding &b : role.queues) {
        uint16_t color = Image::paramAt(region, b.color, {x, y});
        if (color != kUnboundColor) {
          bindings.push_back({place, uint8_t(color), b.queue, b.input});
        }
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

void Cores::load(std::vector<Fabric::Binding> &bindings) {
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
    planRole(image.roles[i], plans[i]);
  }
  regionOf.assign(context.numPlaces(), kNone);
  states.resize(context.numPlaces());
  context.schedule.resize(Actor::Core, context.numPlaces());
  for (size_t i = 0; i < image.regions.size(); ++i) {
    planRegion(uint32_t(i), bindings);
  }
  initDataOf.resize(image.regions.size());
  for (size_t i = 0; i < image.initData.size(); ++i) {
    initDataOf[image.initData[i].region].push_back(uint32_t(i));
  }
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
    if (data.data && data.bytes) { // without weights they are zero
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
    context.raise(Actor::Core, place,
                  "out of memory for the SRAM of the cores");
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
