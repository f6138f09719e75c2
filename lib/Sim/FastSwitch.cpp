// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastSwitch.cpp - Control wavelets at a router ----------------------===//
#include "FastFabric.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::fast;

/// The payload after command 0 is taken off its list.
static uint32_t withoutFirstCommand(uint32_t payload) {
  ControlWavelet w = ControlWavelet::decode(payload);
  for (unsigned i = 0; i + 1 < kMaxSwitchCommands; ++i) {
    w.commands[i] = w.commands[i + 1];
  }
  w.commands[kMaxSwitchCommands - 1] = {};
  return w.encode();
}

uint32_t Fabric::command(uint32_t place, Channel &c, uint32_t payload,
                         Cycle t) {
  const RouteConfig &config = routeOf(c);
  SwitchCommand op = ControlWavelet::decode(payload).commands[0].op;
  bool shifts = config.pop == PopMode::Always;
  switch (op) {
  case SwitchCommand::Advance:
    if (c.position + 1u < config.numPositions) {
      c.setPosition(config, c.position + 1u);
    } else if (config.ring) {
      c.setPosition(config, 0);
    }
    shifts = config.pop != PopMode::Never;
    break;
  case SwitchCommand::Reset:
    c.setPosition(config, 0);
    break;
  case SwitchCommand::Nop:
    shifts |= config.pop == PopMode::OnAdvanceNop;
    break;
  case SwitchCommand::Teardown: {
    Coord at = context.grid.coordOf(place);
    context.raise(t, Actor::Router, place,
                  fmt::format("a control wavelet of color {} with the command "
                              "teardown, which is not modelled, passes the "
                              "router of core ({}, {})",
                              colorOf(place, c), at.x, at.y));
    break;
  }
  }
  return shifts ? withoutFirstCommand(payload) : payload;
}
