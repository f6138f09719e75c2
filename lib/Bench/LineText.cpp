// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LineText.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

std::vector<std::vector<uint32_t>> LineText::tables() const {
  std::vector<std::vector<uint32_t>> result(8, std::vector<uint32_t>(side, 0));
  auto bound = [&](unsigned color) { return uint32_t(colors[color]); };
  uint32_t share = colors.back();
  for (uint32_t i = 0; i < side; ++i) {
    const ChainPlan::Core &core = plan.cores[i % length()];
    bool isRoot = i % length() == plan.root;
    for (unsigned queue = 4; queue < 8; ++queue) {
      result[queue][i] = kUnboundColor;
    }
    for (uint8_t color : core.adds) {
      // Level 0 comes in through the first queue, level 1 through the second.
      ++result[color / 2][i];
      result[4 + color / 2][i] = bound(color);
    }
    result[2][i] = isRoot ? 0 : core.advances ? 2 : 1;
    if (core.passes != ChainPlan::kNoColor) {
      result[3][i] = 1;
      result[5][i] = bound(core.passes);
    }
    if (plan.colors() == 2 && result[4][i] == kUnboundColor) {
      result[4][i] = result[5][i];
    }
    result[6][i] = isRoot ? kUnboundColor : share;
    result[7][i] = isRoot ? share : bound(core.sends);
  }
  return result;
}

std::string LineText::params(unsigned first) const {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) {
    text += fmt::format("    {}{}: {} {}\n", name, i, tableKind(), first + i);
  }
  return text;
}

std::string LineText::queues(unsigned first, unsigned in0, unsigned in1,
                             unsigned share, unsigned out) const {
  std::string text;
  auto input = [&](unsigned queue, unsigned table) {
    text += fmt::format("  input queue {} color {} {}\n", queue, tableKind(),
                        first + table);
  };
  input(in0, 4);
  if (in1 != in0) {
    input(in1, 5);
  }
  input(share, 6);
  return text + fmt::format("  output queue {} color {} {}\n", out, tableKind(),
                            first + 7);
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

std::string LineText::config(ChainRoute route) const {
  static constexpr const char *kNames[] = {
      "none",      "send_low",       "send_high",     "pass_low",
      "pass_high", "take_from_high", "take_from_low", "take_from_both"};
  return route == ChainRoute::None
             ? "none"
             : fmt::format("@{}_{}", name, kNames[unsigned(route)]);
}

std::string LineText::sharing() const {
  std::string group, text;
  uint32_t root = plan.root;
  auto add = [&](const char *config, uint32_t count) {
    if (count) {
      group += fmt::format(" @{}_{}*{}", name, config, count);
    }
  };
  add("share_low_end", root > 0);
  add("share_low", root ? root - 1 : 0);
  add("share", 1);
  add("share_high", length() - 1 > root ? length() - 2 - root : 0);
  add("share_high_end", length() - 1 > root);
  bool alongX = axis == Axis::X;
  text = fmt::format("rule color {} rect 0 0 {} {} axis {} [({})*{}]\n",
                     colors.back(), side, side, alongX ? 'x' : 'y', group,
                     side / length());
  for (uint32_t other = 0; other < side; ++other) {
    for (uint32_t begin = 0; begin < side; begin += length()) {
      auto rect = [&](uint32_t from, uint32_t count) {
        return alongX ? fmt::format("rect {} {} {} 1", from, other, count)
                      : fmt::format("rect {} {} 1 {}", other, from, count);
      };
      uint32_t at = begin + root, above = begin + length() - 1 - at;
      text += fmt::format("stream color {} from {} {} to ", colors.back(),
                          alongX ? at : other, alongX ? other : at);
      text += root ? rect(begin, root) : "";
      text += root && above ? ", " : "";
      text += above ? rect(at + 1, above) : "";
      text += "\n";
    }
  }
  return text;
}

std::string LineText::routes() const {
  char low = axis == Axis::X ? 'W' : 'N', high = axis == Axis::X ? 'E' : 'S';
  uint32_t root = plan.root;
  const char *both = root == 0              ? "{2}"
                     : root + 1 == length() ? "{1}"
                                            : "{1},{2}";
  std::string text = fmt::format(
      fmt::runtime("config @{0}_send_low rx=R tx={1}\n"
                   "config @{0}_send_high rx=R tx={2}\n"
                   "config @{0}_pass_low rx={2} tx={1}\n"
                   "config @{0}_pass_high rx={1} tx={2}\n"
                   "config @{0}_take_from_high rx={2} tx=R\n"
                   "config @{0}_take_from_low rx={1} tx=R\n"
                   "config @{0}_take_from_both rx={1} tx=R | rx={2} tx=R ring\n"
                   "config @{0}_share_low_end rx={2} tx=R\n"
                   "config @{0}_share_low rx={2} tx={1},R\n"
                   "config @{0}_share_high rx={1} tx={2},R\n"
                   "config @{0}_share_high_end rx={1} tx=R\n"
                   "config @{0}_share rx=R tx=" +
                   std::string(both) + "\n"),
      name, low, high);
  for (unsigned c = 0; c < plan.colors(); ++c) {
    if (plan.streams[c].empty()) {
      continue;
    }
    std::string group, segments;
    for (ChainRoute route : plan.routes[c]) {
      group += " " + config(route);
    }
    for (auto [from, to] : plan.streams[c]) {
      segments += fmt::format(" {} -> {}..{} step {} count {}", from, to,
                              to + 1, length(), side / length());
    }
    text += fmt::format("rule color {0} rect 0 0 {1} {1} axis {2} [({3})*{5}]\n"
                        "family color {0} rect 0 0 {1} {1} axis {2} {{{4} }}\n",
                        colors[c], side, axis == Axis::X ? 'x' : 'y', group,
                        segments, side / length());
  }
  return text + sharing();
}
