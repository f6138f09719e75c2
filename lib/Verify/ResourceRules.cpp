// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// queues-exist, colors-allowed, switch-limits.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"

#include <algorithm>
#include <set>

using namespace wafer;
using namespace wafer::verifier;

//===----------------------------------------------------------------------===//
// queues-exist
//===----------------------------------------------------------------------===//

static void checkQueues(RuleContext &context, const Role &role) {
  std::set<std::pair<bool, unsigned>> seen;
  for (const QueueBinding &q : role.queues) {
    const QueueSpec &spec =
        q.input ? context.machine.inputQueues : context.machine.outputQueues;
    const char *direction = q.input ? "input" : "output";
    if (!spec.usable(q.queue)) {
      context.violate(RuleId::QueuesExist, [&] {
        return fmt::format("role '{}' binds {} queue {}, which {}", role.name,
                           direction, q.queue,
                           q.queue < spec.count() ? "belongs to the system"
                                                  : "does not exist");
      });
    }
    if (!seen.insert({q.input, q.queue}).second) {
      context.violate(RuleId::QueuesExist, [&] {
        return fmt::format("role '{}' binds {} queue {} twice", role.name,
                           direction, q.queue);
      });
    }
  }
  for (const Task &task : role.tasks) {
    if (task.kind == TaskKind::Data && !seen.count({true, task.binding})) {
      context.violate(RuleId::QueuesExist, [&] {
        return fmt::format("role '{}': task '{}' waits for input queue {}, "
                           "which the role does not bind",
                           role.name, task.name, task.binding);
      });
    }
  }
}

/// The values that a source takes over a region; sorted for tables.
static const std::vector<uint16_t> *tableOf(ParamSource source,
                                            const Region &region) {
  switch (source.kind) {
  case ParamSource::Kind::Row:
    return &region.rowTables[source.value];
  case ParamSource::Kind::Column:
    return &region.columnTables[source.value];
  default:
    return nullptr;
  }
}

/// A color that both sources have in one core of the region.
static std::optional<uint16_t> commonColor(ParamSource a, ParamSource b,
                                           const Region &region) {
  const std::vector<uint16_t> *ta = tableOf(a, region);
  const std::vector<uint16_t> *tb = tableOf(b, region);
  std::vector<uint16_t> va = ta ? *ta : std::vector<uint16_t>{a.value};
  std::vector<uint16_t> vb = tb ? *tb : std::vector<uint16_t>{b.value};
  if (ta && tb && a.kind == b.kind) {
    // The same line decides both.
    for (size_t i = 0; i < va.size(); ++i) {
      if (va[i] == vb[i] && va[i] != kUnboundColor) {
        return va[i];
      }
    }
    return std::nullopt;
  }
  // Any value of one meets any value of the other in some core.
  std::set<uint16_t> values(va.begin(), va.end());
  for (uint16_t color : vb) {
    if (color != kUnboundColor && values.count(color)) {
      return color;
    }
  }
  return std::nullopt;
}

static void checkSharedColors(RuleContext &context, const Region &region) {
  const Role &role = context.image.roles[region.role];
  for (size_t i = 0; i < role.queues.size(); ++i) {
    for (size_t j = i + 1; j < role.queues.size(); ++j) {
      const QueueBinding &a = role.queues[i];
      const QueueBinding &b = role.queues[j];
      if (a.input != b.input) {
        continue;
      }
      if (std::optional<uint16_t> color =
              commonColor(a.color, b.color, region)) {
        context.violate(RuleId::QueuesExist, [&] {
          return fmt::format("region '{}': {} queues {} and {} of a core have "
                             "color {} both",
                             region.name, a.input ? "input" : "output", a.queue,
                             b.queue, *color);
        });
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// colors-allowed
//===----------------------------------------------------------------------===//

static void checkColor(RuleContext &context, unsigned color,
                       const std::string &user) {
  const Machine &m = context.machine;
  bool exists = color < m.colors;
  if (exists && !((m.reservedColors >> color) & 1u)) {
    return;
  }
  context.violate(RuleId::ColorsAllowed, [&] {
    return fmt::format("{} uses color {}, which {}", user, color,
                       exists ? "belongs to the system" : "does not exist");
  });
}

static void checkColors(RuleContext &context) {
  const Image &image = context.image;
  for (size_t i = 0; i < image.rules.size(); ++i) {
    checkColor(context, image.rules[i].color,
               nameOf("rule", i, image.rules[i].name));
  }
  for (size_t i = 0; i < image.families.size(); ++i) {
    checkColor(context, image.families[i].color,
               nameOf("family", i, image.families[i].name));
  }
  for (size_t i = 0; i < image.streams.size(); ++i) {
    checkColor(context, image.streams[i].color,
               nameOf("stream", i, image.streams[i].name));
  }
  for (size_t i = 0; i < image.hostPorts.size(); ++i) {
    checkColor(context, image.hostPorts[i].color,
               nameOf("host port", i, image.hostPorts[i].name));
  }
  for (const Region &region : image.regions) {
    for (const QueueBinding &q : image.roles[region.role].queues) {
      const std::vector<uint16_t> *table = tableOf(q.color, region);
      std::set<uint16_t> colors;
      if (table) {
        colors.insert(table->begin(), table->end());
      } else {
        colors.insert(q.color.value);
      }
      colors.erase(kUnboundColor);
      for (uint16_t color : colors) {
        checkColor(context, color,
                   fmt::format("{} queue {} of region '{}'",
                               q.input ? "input" : "output", q.queue,
                               region.name));
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// switch-limits
//===----------------------------------------------------------------------===//

static bool isOneBit(uint8_t mask) { return mask && !(mask & (mask - 1)); }

/// What the machine cannot do in a switch of this config; "" if it can.
static std::string switchProblem(const RouteConfig &c, const Machine &m) {
  if (c.numPositions > m.maxSwitchPositions) {
    return fmt::format("has {} positions but the machine has at most {}",
                       c.numPositions, m.maxSwitchPositions);
  }
  const SwitchPosition &base = c.positions[0];
  for (unsigned p = 1; p < c.numPositions; ++p) {
    const SwitchPosition &s = c.positions[p];
    bool rx = s.rx != base.rx;
    bool tx = s.tx != base.tx;
    if (rx && !isOneBit(s.rx)) {
      return fmt::format("position {} receives from several ports", p);
    }
    if (m.switchChangesBoth) {
      continue;
    }
    if (rx && tx) {
      return fmt::format("position {} changes rx and tx, but a switch of this "
                         "machine changes one of them",
                         p);
    }
    if (tx && !isOneBit(s.tx)) {
      return fmt::format("position {} sends to several ports", p);
    }
  }
  return "";
}

static void checkSwitches(RuleContext &context) {
  const Image &image = context.image;
  std::vector<std::string> problems;
  for (const RouteConfig &c : image.configs) {
    problems.push_back(c.numPositions > 1 ? switchProblem(c, context.machine)
                                          : "");
  }
  for (size_t i = 0; i < image.rules.size(); ++i) {
    const Rule &rule = image.rules[i];
    std::set<uint32_t> used;
    for (const std::vector<Run> &runs : rule.classes) {
      for (const Run &run : runs) {
        used.insert(run.config);
      }
    }
    used.erase(kNoRoute);
    bool switchable = rule.color < 32 &&
                      ((context.machine.switchableColors >> rule.color) & 1u);
    for (uint32_t c : used) {
      bool wrongColor = image.configs[c].numPositions > 1 && !switchable;
      if (!wrongColor && problems[c].empty()) {
        continue;
      }
      context.violate(RuleId::SwitchLimits, [&] {
        return wrongColor
                   ? fmt::format("{} switches color {} (config {}), which has "
                                 "no switch",
                                 nameOf("rule", i, rule.name), rule.color, c)
                   : fmt::format("{}: config {} {}",
                                 nameOf("rule", i, rule.name), c, problems[c]);
      });
    }
  }
}

void wafer::verifier::checkResources(RuleContext &context) {
  for (const Role &role : context.image.roles) {
    checkQueues(context, role);
  }
  for (const Region &region : context.image.regions) {
    checkSharedColors(context, region);
  }
  checkColors(context);
  checkSwitches(context);
}
