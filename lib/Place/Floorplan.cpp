// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Place/Floorplan.h"

#include <algorithm>
#include <cstdlib>

using namespace wafer;

static Diagnostic problemWith(std::string what, std::string expected,
                              std::string found) {
  Diagnostic d;
  d.what = std::move(what);
  d.expected = std::move(expected);
  d.found = std::move(found);
  return d;
}

Status FloorplanProblem::check() const {
  int32_t wafer = 0;
  for (const FloorplanBlock &block : blocks) {
    if (block.wafer < wafer || block.wafer >= machine->wafers) {
      return problemWith("stage '" + block.name + "' has no wafer",
                         std::to_string(wafer) + " to " +
                             std::to_string(machine->wafers - 1),
                         std::to_string(block.wafer));
    }
    wafer = block.wafer;
    if (block.width <= 0 || block.height <= 0) {
      return problemWith(
          "stage '" + block.name + "' has no cores", "positive sides",
          std::to_string(block.width) + "x" + std::to_string(block.height));
    }
  }
  const Machine::HostChannels &host = machine->host;
  if (!host.west || host.count <= 0 || host.firstRow >= machine->height()) {
    return problemWith("machine '" + machine->name + "' cannot feed a program",
                       "a host channel on the west edge", "none");
  }
  return Status::success();
}

Status Floorplan::verify(const FloorplanProblem &problem) const {
  Rect grid{0, 0, problem.machine->width(), problem.machine->height()};
  if (rects.size() != problem.blocks.size()) {
    return problemWith("floorplan has a wrong number of rectangles",
                       std::to_string(problem.blocks.size()),
                       std::to_string(rects.size()));
  }
  for (size_t i = 0; i < rects.size(); ++i) {
    const FloorplanBlock &block = problem.blocks[i];
    if (rects[i].w != block.width || rects[i].h != block.height ||
        !grid.contains(rects[i]) || !problem.machine->onOneWafer(rects[i]) ||
        problem.machine->waferOf(rects[i].x) != block.wafer) {
      return problemWith("stage '" + block.name + "' is misplaced", "", "");
    }
    if (block.atHostChannel &&
        !problem.machine->host.isChannelRow(rects[i].y)) {
      return problemWith(
          "stage '" + block.name + "' has no host channel in its row", "", "");
    }
    for (size_t j = 0; j < i; ++j) {
      if (rects[i].intersects(rects[j])) {
        return problemWith("stages '" + block.name + "' and '" +
                               problem.blocks[j].name + "' overlap",
                           "", "");
      }
    }
    if (i > 0 && !problem.blocks[i - 1].atHostChannel &&
        problem.blocks[i - 1].wafer == block.wafer) {
      const Rect &last = rects[i - 1], &here = rects[i];
      bool beside =
          here.y == last.y && (here.x == last.endX() || here.endX() == last.x);
      bool below = block.mayTurn &&
                   std::abs(here.x - last.x) <= block.mayShift &&
                   here.w == last.w && here.y == last.endY();
      if (here.h != last.h || (!beside && !below)) {
        return problemWith("stage '" + block.name +
                               "' does not touch its predecessor '" +
                               problem.blocks[i - 1].name + "'",
                           "the same rows beside it, or the same columns "
                           "below",
                           "");
      }
    }
  }
  return Status::success();
}

static Diagnostic doesNotFit(const FloorplanProblem &problem, int32_t wafer) {
  const Machine &machine = *problem.machine;
  int64_t width = 0;
  int32_t height = 0;
  for (const FloorplanBlock &block : problem.blocks) {
    if (block.wafer == wafer) {
      width += block.width;
      height = std::max(height, block.height);
    }
  }
  std::string which = machine.wafers > 1
                          ? "wafer " + std::to_string(wafer) + " of machine '"
                          : "machine '";
  return problemWith("the stages do not fit side by side on " + which +
                         machine.name + "'",
                     "at most " + std::to_string(machine.usable.w) + "x" +
                         std::to_string(machine.height()) + " cores",
                     std::to_string(width) + "x" + std::to_string(height));
}

/// Appends the rectangles of the blocks of one wafer; those of the wafers
/// before it are there.
static Status placeOnWafer(const FloorplanProblem &problem, int32_t wafer,
                           std::vector<Rect> &rects) {
  const Machine &machine = *problem.machine;
  const size_t begin = rects.size();
  size_t end = begin;
  int32_t height = 0;
  SnakeProblem shelves;
  shelves.columns = machine.usable.w;
  std::vector<Rect> atChannel;
  // The column of the host's block stays free in all shelves: the way back.
  for (; end < problem.blocks.size() && problem.blocks[end].wafer == wafer;
       ++end) {
    const FloorplanBlock &block = problem.blocks[end];
    height = std::max(height, block.height);
    if (block.atHostChannel) {
      atChannel.push_back({shelves.firstColumn, machine.host.firstRow,
                           block.width, block.height});
      shelves.firstColumn += block.width;
    } else {
      shelves.blocks.push_back({block.width, block.mayTurn, block.mayShift});
    }
  }
  if (begin == end) {
    return Status::success();
  }
  if (height > machine.height()) {
    return doesNotFit(problem, wafer);
  }
  // The first shelf reaches down to the first channel's row.
  int32_t channel = machine.host.firstRow;
  int32_t top = channel < height
                    ? 0
                    : std::min(channel - height + 1, machine.height() - height);
  shelves.maxShelves = (machine.height() - top) / height;
  std::optional<Snake> snake = laySnake(shelves);
  if (!snake) {
    return doesNotFit(problem, wafer);
  }
  size_t nextAtChannel = 0, next = 0;
  for (size_t i = begin; i < end; ++i) {
    const FloorplanBlock &block = problem.blocks[i];
    Rect rect;
    if (block.atHostChannel) {
      rect = atChannel[nextAtChannel++];
    } else {
      Snake::Place place = snake->places[next++];
      rect = {place.x, top + place.shelf * height, block.width, block.height};
    }
    rect.x += wafer * machine.usable.w;
    rects.push_back(rect);
  }
  return Status::success();
}

Result<Floorplan> wafer::placeInShelves(const FloorplanProblem &problem) {
  if (Status status = problem.check(); !status) {
    return status.takeError();
  }
  Floorplan plan;
  for (int32_t wafer = 0; wafer < problem.machine->wafers; ++wafer) {
    if (Status status = placeOnWafer(problem, wafer, plan.rects); !status) {
      return status.takeError();
    }
  }
  if (Status status = plan.verify(problem); !status) {
    return status.takeError();
  }
  return plan;
}
