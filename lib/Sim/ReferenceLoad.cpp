// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceLoad.cpp - The state of a core
//--------------------//
//
// A core's own state is made when it is first looked at: parameters (section 5)
// and initial data are then copied into its SRAM.
//
//===----------------------------------------------------------------------===//
#include "ReferenceCore.h"

#include <cstdlib>

using namespace wafer;
using namespace wafer::reference;

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

void Cores::load() {
  plan.load(context.image, context.machine, context.costs);
  states.resize(context.numPlaces());
  context.schedule.resize(Actor::Core, context.numPlaces());
}

void Cores::start() {
  for (uint32_t place = 0; place < context.numPlaces(); ++place) {
    if (!isInRegion(place)) {
      continue;
    }
    const RolePlan &role = roleAt(place);
    if (role.active & ~role.blocked & role.localTasks) {
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

CoreState &Cores::state(uint32_t place) {
  if (states[place]) {
    return *states[place];
  }
  states[place] = std::make_unique<CoreState>();
  CoreState &core = *states[place];
  core.place = place;
  core.region = plan.regionOf[place];
  const Region &region = context.image.regions[core.region];
  core.plan = &plan.roles[region.role];
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
    sim::fillMemory(context.image, plan, context.grid, place, core.sram);
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
