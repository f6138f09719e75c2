// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ReferenceRoutes.cpp - From the plan to channels --------------------===//
#include "ReferenceRouter.h"

using namespace wafer;
using namespace wafer::reference;

Status Fabric::load() {
  sim::FabricPlan plan;
  Status status =
      plan.load(context.image, context.grid,
                sim::bindingsOf(context.image, context.grid), context.dead);
  if (!status) {
    return status;
  }
  routers.resize(plan.routers.size());
  context.schedule.resize(Actor::Router, routers.size());
  for (size_t i = 0; i < routers.size(); ++i) {
    routers[i].colors = plan.routers[i].colors;
    routers[i].firstChannel = plan.routers[i].firstChannel;
  }
  channels.resize(plan.channels.size());
  for (size_t i = 0; i < channels.size(); ++i) {
    const sim::ChannelPlan &from = plan.channels[i];
    Channel &c = channels[i];
    c.config = from.config;
    c.inputQueue = from.inputQueue;
    c.outputQueue = from.outputQueue;
    if (const RouteConfig *config = configOf(c)) {
      c.position = config->currentPosition;
      c.filterCount = config->filter.init;
    }
  }
  return Status::success();
}
