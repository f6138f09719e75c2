// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Plan.h - What an engine prepares before cycle 0 ----------*- C++ -*-===//
//
// The parts of an image in the form that engines read: opcodes with the costs
// of a parameter set, roles, who lies where, and the channels of the routers.
// All engines share it; what they do with it in a cycle is their own.
//
// A channel is the state of one color in one router; it exists where the color
// can ever carry a wavelet: where a rule gives a route, where a neighbour or a
// host port sends to, and where a queue is bound.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_SIM_PLAN_H
#define WAFER_LIB_SIM_PLAN_H

#include "Arithmetic.h"

#include "wafer/Image/DeadParts.h"
#include "wafer/Sim/Engine.h"

namespace wafer::sim {

inline constexpr uint32_t kNone = ~0u;
inline constexpr uint8_t kUnbound = 0xff;
/// In the place of an input queue: the core is dead, and a wavelet that comes
/// to it is a fault.
inline constexpr uint8_t kDeadCore = 0xfe;
/// Bounds of what an engine can hold, see checkLimits().
inline constexpr unsigned kMaxFifoCapacity = 4096;
inline constexpr unsigned kMaxLanes = 64;

/// Fails on a machine whose figures the engines cannot hold.
Status checkLimits(const Machine &machine, const ParameterSet &costs);

/// The places of the grid, row by row. Wafers lie side by side.
struct Grid {
  int32_t width = 0;
  int32_t height = 0;
  int32_t waferWidth = 0;

  explicit Grid(const Machine &m)
      : width(m.width()), height(m.height()), waferWidth(m.usable.w) {}
  uint32_t numPlaces() const { return uint32_t(width) * uint32_t(height); }
  bool contains(Coord c) const {
    return c.x >= 0 && c.y >= 0 && c.x < width && c.y < height;
  }
  uint32_t placeOf(Coord c) const {
    return uint32_t(c.y) * uint32_t(width) + uint32_t(c.x);
  }
  /// Whether a link leads over a side: none does from wafer to wafer.
  bool hasLink(Coord from, Port side) const {
    Coord to = neighbour(from, side);
    return contains(to) && to.x / waferWidth == from.x / waferWidth;
  }
  /// The core of the edge at which a port is.
  Coord edgeCore(const HostPort &port) const {
    int32_t first = int32_t(port.wafer) * waferWidth;
    return {first + (port.west ? 0 : waferWidth - 1), port.row};
  }
  Coord coordOf(uint32_t place) const {
    return {int32_t(place % uint32_t(width)), int32_t(place / uint32_t(width))};
  }
};

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// An opcode's static facts for this machine and parameter set.
struct OpcodePlan {
  const OpcodeInfo *info = nullptr; // nullptr: no opcode
  uint32_t cost = 1;
  uint32_t lanes = 1;
  ElementFn element = nullptr;
};

/// A role, prepared.
struct RolePlan {
  const Role *role = nullptr;
  /// Bytes of SRAM that the program may touch.
  uint32_t memoryBytes = 0;
  unsigned threads = 1; // the main thread and the microthreads used
  uint64_t localTasks = 0;
  uint64_t active = 0;
  uint64_t blocked = 0;
  bool hasArrivalTasks = false; // data or control tasks
};

/// A queue of a core that is bound to a color.
struct Binding {
  uint32_t place = 0;
  uint8_t color = 0;
  uint8_t queue = 0;
  bool input = false;
};

struct ProgramPlan {
  std::array<OpcodePlan, 256> opcodes;
  std::vector<RolePlan> roles;
  std::vector<uint32_t> regionOf;                // by place; kNone: none
  std::vector<std::vector<uint32_t>> initDataOf; // by region

  void load(const Image &image, const Machine &machine,
            const ParameterSet &costs);
  bool isInRegion(uint32_t place) const { return regionOf[place] != kNone; }
  const OpcodePlan &planOf(Opcode op) const { return opcodes[uint8_t(op)]; }
};

/// Fails where a program or a host port lies on a dead core or router.
Status checkAlive(const Image &image, const DeadParts &dead, const Grid &grid);

/// The fault of a wavelet that would go to something dead.
std::string deadFault(const DeadParts &dead, Coord from, Port port,
                      unsigned color, Cycle t);

/// The queues of all cores, in the order of regions and places.
std::vector<Binding> bindingsOf(const Image &image, const Grid &grid);

/// Parameters (section 5) and initial data of one core; `sram` is zero before.
void fillMemory(const Image &image, const ProgramPlan &plan, const Grid &grid,
                uint32_t place, uint8_t *sram);

/// "core (3, 0), region 'r', role 'a', task 't', loop + 1, instruction 7: ...".
std::string describeCore(const Image &image, const ProgramPlan &plan,
                         const Grid &grid, uint32_t place, uint32_t pc,
                         int32_t task);

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

struct ChannelPlan {
  uint32_t config = kNoRoute;
  uint8_t inputQueue = kUnbound;
  uint8_t outputQueue = kUnbound;
};

struct FabricPlan {
  struct Router {
    /// Bit c: color c has a channel here; they lie in the order of the colors.
    uint32_t colors = 0;
    uint32_t firstChannel = 0;
  };
  std::vector<Router> routers; // by place
  std::vector<ChannelPlan> channels;

  Status load(const Image &image, const Grid &grid,
              const std::vector<Binding> &bindings, const DeadParts &dead);
  /// The channel of a color at a place, or kNone.
  uint32_t channelAt(uint32_t place, unsigned color) const {
    const Router &r = routers[place];
    if (!((r.colors >> color) & 1u)) {
      return kNone;
    }
    uint32_t below = r.colors & ((1u << color) - 1u);
    return r.firstChannel + uint32_t(__builtin_popcount(below));
  }
  /// The color of channel `id` at its place.
  unsigned colorOf(uint32_t place, uint32_t id) const;
};

} // namespace wafer::sim

#endif // WAFER_LIB_SIM_PLAN_H
