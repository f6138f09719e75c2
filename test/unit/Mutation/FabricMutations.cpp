// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Mutations.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

namespace {

/// A config of its own for one run of a rule, so that one place of the tables
/// changes and not all that share its config. Null without a routed run.
RouteConfig *ownConfig(Image &image, Rng &rng) {
  if (image.rules.empty()) {
    return nullptr;
  }
  Rule &rule = pick(image.rules, rng);
  Run &run = pick(pick(rule.classes, rng), rng);
  if (run.config == kNoRoute) {
    return nullptr;
  }
  RouteConfig copy = image.configs[run.config];
  run.config = uint32_t(image.configs.size());
  image.configs.push_back(copy);
  return &image.configs.back();
}

/// Turns one port of a mask into another that is not in it.
bool turn(uint8_t &mask, Rng &rng) {
  unsigned from = unsigned(rng.below(kNumPorts));
  unsigned to = unsigned(rng.below(kNumPorts));
  if (!((mask >> from) & 1u) || ((mask >> to) & 1u)) {
    return false;
  }
  mask = uint8_t(mask ^ (1u << from) ^ (1u << to));
  return true;
}

bool transmitTurned(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  return c && turn(c->positions[rng.below(c->numPositions)].tx, rng);
}
bool receiveTurned(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  return c && turn(c->positions[rng.below(c->numPositions)].rx, rng);
}
bool transmitDropped(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  uint8_t bit = uint8_t(1u << rng.below(kNumPorts));
  if (!c || !(c->positions[0].tx & bit)) {
    return false;
  }
  c->positions[0].tx ^= bit;
  return true;
}
bool transmitAdded(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  uint8_t bit = uint8_t(1u << rng.below(kNumPorts));
  if (!c || (c->positions[0].tx & bit)) {
    return false;
  }
  c->positions[0].tx |= bit;
  return true;
}
bool ruleColor(Image &image, Rng &rng) {
  Rule &rule = pick(image.rules, rng);
  uint8_t color = pick(image.rules, rng).color;
  if (color == rule.color) {
    return false;
  }
  rule.color = color;
  return true;
}
bool rulesSwapColors(Image &image, Rng &rng) {
  Rule &a = pick(image.rules, rng);
  Rule &b = pick(image.rules, rng);
  std::swap(a.color, b.color);
  return a.color != b.color;
}
bool runBoundary(Image &image, Rng &rng) {
  std::vector<Run> &runs = pick(pick(image.rules, rng).classes, rng);
  if (runs.size() < 2) {
    return false;
  }
  size_t at = size_t(rng.below(runs.size() - 1));
  size_t to = rng.below(2) ? at : at + 1;
  size_t from = to == at ? at + 1 : at;
  ++runs[to].count;
  --runs[from].count;
  if (runs[from].count == 0) {
    runs.erase(runs.begin() + std::ptrdiff_t(from));
  }
  return true;
}
bool runUnrouted(Image &image, Rng &rng) {
  Run &run = pick(pick(pick(image.rules, rng).classes, rng), rng);
  bool routed = run.config != kNoRoute;
  run.config = kNoRoute;
  return routed;
}
bool runsExchanged(Image &image, Rng &rng) {
  std::vector<Run> &runs = pick(pick(image.rules, rng).classes, rng);
  Run &a = pick(runs, rng), &b = pick(runs, rng);
  std::swap(a.config, b.config);
  return a.config != b.config;
}
bool ruleMoved(Image &image, Rng &rng) {
  Rule &rule = pick(image.rules, rng);
  (rng.below(2) ? rule.rect.x : rule.rect.y) += rng.below(2) ? 1 : -1;
  return true;
}
bool ruleRemoved(Image &image, Rng &rng) {
  image.rules.erase(image.rules.begin() +
                    std::ptrdiff_t(rng.below(image.rules.size())));
  return true;
}
bool ruleRepeated(Image &image, Rng &rng) {
  Rule copy = pick(image.rules, rng);
  copy.rect.y += int32_t(rng.below(3));
  image.rules.push_back(std::move(copy));
  return true;
}
bool skewed(Image &image, Rng &rng) {
  Rule &rule = pick(image.rules, rng);
  rule.skew += rng.below(2) ? 1 : -1;
  // A single line is not shifted.
  return (rule.axis == Axis::X ? rule.rect.h : rule.rect.w) > 1;
}

bool receiverDropped(Image &image, Rng &rng) {
  Segment &s = pick(pick(image.families, rng).segments, rng);
  rng.below(2) ? --s.sinkEnd : ++s.sinkBegin;
  return s.sinkEnd >= s.sinkBegin;
}
bool receiverAdded(Image &image, Rng &rng) {
  Segment &s = pick(pick(image.families, rng).segments, rng);
  rng.below(2) ? ++s.sinkEnd : --s.sinkBegin;
  return true;
}
bool senderMoved(Image &image, Rng &rng) {
  pick(pick(image.families, rng).segments, rng).source += rng.below(2) ? 1 : -1;
  return true;
}
bool familyRemoved(Image &image, Rng &rng) {
  image.families.erase(image.families.begin() +
                       std::ptrdiff_t(rng.below(image.families.size())));
  return true;
}
bool familyColor(Image &image, Rng &rng) {
  StreamFamily &f = pick(image.families, rng);
  uint8_t color = pick(image.rules, rng).color;
  std::swap(f.color, color);
  return f.color != color;
}
bool streamChanged(Image &image, Rng &rng) {
  if (image.streams.empty()) {
    return false;
  }
  Stream &s = pick(image.streams, rng);
  Rect &sink = pick(s.sinks, rng);
  switch (rng.below(4)) {
  case 0:
    ++s.source.x;
    return true;
  case 1:
    ++sink.w;
    return true;
  case 2:
    ++sink.x;
    return true;
  default:
    image.streams.erase(image.streams.begin() + (&s - image.streams.data()));
    return true;
  }
}
bool portMoved(Image &image, Rng &rng) {
  HostPort &port = pick(image.hostPorts, rng);
  switch (rng.below(3)) {
  case 0:
    port.row += 1;
    return true;
  case 1:
    port.west = !port.west;
    return true;
  default:
    port.color = uint8_t(port.color + 1);
    return true;
  }
}

/// A rule's switch with several positions.
RouteConfig *ownSwitch(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  return c && c->numPositions > 1 ? c : nullptr;
}
bool switchNotReset(Image &image, Rng &rng) {
  RouteConfig *c = ownSwitch(image, rng);
  if (!c) {
    return false;
  }
  c->ring = !c->ring;
  return true;
}
bool switchStart(Image &image, Rng &rng) {
  RouteConfig *c = ownSwitch(image, rng);
  if (!c) {
    return false;
  }
  c->currentPosition = uint8_t((c->currentPosition + 1) % c->numPositions);
  return true;
}
bool switchExchanged(Image &image, Rng &rng) {
  RouteConfig *c = ownSwitch(image, rng);
  if (!c) {
    return false;
  }
  std::swap(c->positions[0], c->positions[1]);
  return true;
}
bool switchShortened(Image &image, Rng &rng) {
  RouteConfig *c = ownSwitch(image, rng);
  if (!c) {
    return false;
  }
  c->positions[--c->numPositions] = SwitchPosition();
  c->currentPosition = 0;
  return true;
}
bool popChanged(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  if (!c) {
    return false;
  }
  PopMode before = c->pop;
  c->pop = PopMode(rng.below(4));
  return c->pop != before;
}
bool filterChanged(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  if (!c || c->filter.kind != FilterKind::Counter) {
    return false;
  }
  rng.below(2) ? ++c->filter.limit : ++c->filter.max;
  return true;
}
bool filterRemoved(Image &image, Rng &rng) {
  RouteConfig *c = ownConfig(image, rng);
  if (!c || c->filter.kind == FilterKind::None) {
    return false;
  }
  c->filter = Filter();
  return true;
}

const char *const kOrder = "the order in which switches move is one of a run";
const char *const kCounts = "the image carries no words a step";

} // namespace

const std::vector<MutationKind> &wafer::test::fabricMutations() {
  static const std::vector<MutationKind> kinds = {
      {"route: sends elsewhere", nullptr, transmitTurned},
      {"route: receives elsewhere", nullptr, receiveTurned},
      {"route: a port less", nullptr, transmitDropped},
      {"route: a port more", nullptr, transmitAdded},
      {"rule: another color", nullptr, ruleColor},
      {"rule: colors swapped", nullptr, rulesSwapColors},
      {"rule: run boundary moved", nullptr, runBoundary},
      {"rule: run without route", nullptr, runUnrouted},
      {"rule: runs exchanged", nullptr, runsExchanged},
      {"rule: moved", nullptr, ruleMoved},
      {"rule: removed", nullptr, ruleRemoved},
      {"rule: repeated elsewhere", nullptr, ruleRepeated},
      {"rule: skewed", nullptr, skewed},
      {"family: receiver dropped", nullptr, receiverDropped},
      {"family: receiver added", nullptr, receiverAdded},
      {"family: sender moved", nullptr, senderMoved},
      {"family: removed", nullptr, familyRemoved},
      {"family: another color", nullptr, familyColor},
      {"stream: changed", nullptr, streamChanged},
      {"host port: moved", nullptr, portMoved},
      {"switch: not reset", kOrder, switchNotReset},
      {"switch: another start", kOrder, switchStart},
      {"switch: positions exchanged", kOrder, switchExchanged},
      {"switch: a position less", nullptr, switchShortened},
      {"switch: other pop mode", kOrder, popChanged},
      {"filter: count off by one", kCounts, filterChanged},
      {"filter: removed", kCounts, filterRemoved}};
  return kinds;
}
