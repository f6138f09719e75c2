// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastFabric.cpp - The state of the routers
//-----------------------------===//
#include "FastFabric.h"

using namespace wafer;
using namespace wafer::fast;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

uint32_t wafer::fast::neighbourOf(const Grid &grid, uint32_t place,
                                  unsigned port) {
  uint32_t width = uint32_t(grid.width);
  // The first column of every wafer is a multiple of this.
  uint32_t waferWidth = uint32_t(grid.waferWidth);
  switch (Port(port)) {
  case Port::West:
    return place % waferWidth ? place - 1 : kNone;
  case Port::East:
    return (place + 1) % waferWidth ? place + 1 : kNone;
  case Port::South:
    return place + width < grid.numPlaces() ? place + width : kNone;
  case Port::North:
    return place >= width ? place - width : kNone;
  case Port::Ramp:
    break;
  }
  return place;
}

static void loadChannel(Channel &c, const sim::ChannelPlan &plan,
                        const std::vector<RouteConfig> &routes) {
  c.setQueues(plan.inputQueue, plan.outputQueue);
  if (plan.config != kNoRoute) {
    c.route = plan.config + 1;
    const RouteConfig &route = routes[c.route];
    c.setPosition(route, route.currentPosition);
    c.isFiltered = route.filter.kind != FilterKind::None;
    c.filterCount = route.filter.init;
  }
}

static std::vector<RouteConfig> routesOf(const Image &image) {
  std::vector<RouteConfig> routes(1); // no route: back-pressure
  routes.insert(routes.end(), image.configs.begin(), image.configs.end());
  return routes;
}

Status FabricState::load(const Image &image, const Machine &machine,
                         const Grid &grid) {
  dead = std::make_unique<const DeadParts>(image.map, machine);
  sim::FabricPlan plan;
  Status status = plan.load(image, grid, sim::bindingsOf(image, grid), *dead);
  if (!status) {
    return status;
  }
  uint32_t width = uint32_t(grid.width);
  stride = {uint32_t(-1), 1, width, uint32_t(0) - width, 0};
  routes = routesOf(image);
  hasRoomForTwo = machine.routerBufferDepth >= 2;
  routers.assign(plan.routers.size(), Router());
  channels.assign(plan.channels.size(), Channel());
  for (uint32_t place = 0; place < routers.size(); ++place) {
    Router &r = routers[place];
    r.firstChannel = plan.routers[place].firstChannel;
    r.colors = plan.routers[place].colors;
    uint32_t colors = r.colors;
    for (uint8_t i = 0; colors; colors &= colors - 1, ++i) {
      unsigned color = unsigned(__builtin_ctz(colors));
      Channel &c = channels[r.firstChannel + i];
      loadChannel(c, plan.channels[r.firstChannel + i], routes);
      for (unsigned port = 0; port < unsigned(Port::Ramp); ++port) {
        uint32_t next = neighbourOf(grid, place, port);
        bool isDead =
            !dead->none() && dead->link(grid.coordOf(place), Port(port));
        if (next != kNone && !isDead) {
          c.neighbours[port] = plan.channelAt(next, color);
        }
      }
    }
  }
  extraCycles.clear();
  if (!image.map.bypassed.empty()) {
    extraCycles.resize(routers.size());
    for (uint32_t place = 0; place < routers.size(); ++place) {
      for (unsigned port = 0; port < 4; ++port) {
        extraCycles[place][port] =
            uint8_t(dead->extraCycles(grid.coordOf(place), Port(port)));
      }
    }
  }
  return status;
}

//===----------------------------------------------------------------------===//
// Prefetch
//===----------------------------------------------------------------------===//

void Fabric::prefetchChannels(uint32_t place) const {
  const Router &r = routers[place];
  for (uint32_t rest = r.pending | r.sleeping; rest; rest &= rest - 1) {
    __builtin_prefetch(
        &channels[r.firstChannel + unsigned(__builtin_ctz(rest))], 1);
  }
}

void Fabric::prefetchTargets(uint32_t place) const {
  const Router &r = routers[place];
  for (uint32_t rest = r.pending; rest; rest &= rest - 1) {
    const Channel &c = channels[r.firstChannel + unsigned(__builtin_ctz(rest))];
    unsigned tx = c.sends;
    for (unsigned ports = tx & 15u; ports; ports &= ports - 1) {
      unsigned port = unsigned(__builtin_ctz(ports));
      if (c.neighbours[port] != kNone) {
        __builtin_prefetch(&channels[c.neighbours[port]], 1);
        __builtin_prefetch(&routers[place + state.stride[port]], 1);
      }
    }
    for (unsigned stored = c.stored(); stored; stored &= stored - 1) {
      __builtin_prefetch(
          &context.fifos[c.fifos[unsigned(__builtin_ctz(stored))]]);
    }
    if (c.fifos[kInputQueue] && tx >> unsigned(Port::Ramp)) {
      __builtin_prefetch(&context.fifos[c.fifos[kInputQueue]], 1);
    }
  }
}
