// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TreeText.h"
#include "ProgramText.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

namespace {

/// What a core does; in the order in which the code asks.
enum Part : uint32_t { Leaf, Pass, TakeAndPass, Root };

/// Descriptors of the parameter block, in order.
enum Slot : uint32_t {
  Own,
  Walk,
  WalkEast,
  PassIn,
  TakeIn,
  TakeEast,
  Out,
  OutAdvance,
  Reset,
  Sum,
  NumSlots
};

constexpr uint32_t kScalarBytes = 16;

constexpr uint32_t slotAddress(Slot slot) { return kScalarBytes + 16 * slot; }

/// Tables.
enum Table : unsigned {
  PartOf,
  Takes,
  TakeElements,
  OutAt,
  Resets,
  SideColor,
  EastColor,
  SumColor,
  OutColor
};
static_assert(OutColor + 1 == TreeText::kTables);

} // namespace

/// Colors that switch come first: tree colors may need it, a multicast never.
static std::vector<unsigned> chooseColors(const Machine &machine,
                                          const CollectivePlan &plan) {
  std::vector<unsigned> switchable, fixed;
  for (unsigned c : freeColors(machine)) {
    ((machine.switchableColors >> c) & 1u ? switchable : fixed).push_back(c);
  }
  std::vector<unsigned> all = switchable;
  all.insert(all.end(), fixed.begin(), fixed.end());
  uint32_t share = plan.shares() ? 1 : 0;
  uint32_t tree = plan.reduces() ? plan.tree.numColors() : 0;
  std::vector<unsigned> colors(all.begin(), all.begin() + tree);
  if (share) {
    colors.push_back(fixed.empty() || tree > switchable.size() ? all[tree]
                                                               : fixed.back());
  }
  return colors;
}

TreeText::TreeText(const Machine &machine, const CollectivePlan &plan,
                   uint32_t words, Axis axis, uint32_t lines,
                   TreeArithmetic arithmetic)
    : plan(plan), words(words), axis(axis), lines(lines),
      arithmetic(arithmetic), colors(chooseColors(machine, plan)) {
  std::vector<unsigned> inputs = freeQueues(machine.inputQueues);
  size_t next = 0;
  side = plan.reduces() ? inputs[next++] : 0;
  east = plan.reduces() && both() ? inputs[next++] : 0;
  share = plan.shares() ? inputs[next] : 0;
  out = freeQueues(machine.outputQueues).front();
}

uint32_t TreeText::paramBytes() { return slotAddress(NumSlots) + 4; }

uint32_t TreeText::bound(uint8_t color) const {
  return color == LineTree::kNoColor ? kUnboundColor : colors[color];
}

std::string TreeText::tables() const {
  std::vector<std::vector<uint32_t>> t(kTables,
                                       std::vector<uint32_t>(length(), 0));
  const LineTree &tree = plan.tree;
  for (uint32_t x = 0; x < length(); ++x) {
    const LineTree::Core &core = tree.cores[x];
    bool isRoot = x == tree.root;
    size_t children = core.children.size();
    // The root's second side has parameters of its own.
    size_t taken = !isRoot  ? (children ? children - 1 : 0)
                   : both() ? tree.childrenOn(x, true).size()
                            : children;
    t[PartOf][x] = isRoot      ? Root
                   : !children ? Leaf
                   : taken     ? TakeAndPass
                               : Pass;
    t[Takes][x] = uint32_t(taken);
    t[TakeElements][x] = uint32_t(taken) * elements();
    bool last = plan.reduces() && tree.isLastChild(x);
    bool advances = plan.reduces() && !isRoot && !last;
    bool alone =
        last && tree.childrenOn(core.parent, x < core.parent).size() == 1;
    t[OutAt][x] = slotAddress(advances ? OutAdvance : Out);
    t[Resets][x] = last && !alone ? 1 : 0;
    t[SideColor][x] =
        bound(core.takes == LineTree::kNoColor ? core.takesEast : core.takes);
    t[EastColor][x] = isRoot && both() ? bound(core.takesEast) : kUnboundColor;
    t[SumColor][x] = isRoot ? kUnboundColor : colors.empty() ? 0 : shareColor();
    t[OutColor][x] = !isRoot         ? bound(core.sends)
                     : plan.shares() ? shareColor()
                                     : kUnboundColor;
  }
  std::string text;
  for (unsigned i = 0; i < kTables; ++i) {
    text += fmt::format("  {} {}: [{}]\n", tableKind(), i, joined(t[i]));
  }
  return text;
}

std::string TreeText::params() const {
  const LineTree &tree = plan.tree;
  size_t eastern = both() ? tree.childrenOn(tree.root, false).size() : 0;
  const char *packed = arithmetic.packed ? " packed" : "";
  ControlWavelet reset;
  reset.commands[0] = {SwitchCommand::Reset, true};
  auto table = [&](Table t) { return fmt::format("{} {}", tableKind(), +t); };
  std::string text = fmt::format(
      "    words: const {}\n    part: {}\n    takes: {}\n"
      "    takeElements: {}\n    takesEast: const {}\n"
      "    takeEastElements: const {}\n    outAt: {}\n    resets: {}\n",
      elements(), table(PartOf), table(Takes), table(TakeElements), eastern,
      eastern * elements(), table(OutAt), table(Resets));
  text += "    own: desc mem base=acc extent=words\n"
          "    walk: desc mem base=acc extent=words extent1=takes stride1=0\n"
          "    walkEast: desc mem base=acc extent=words extent1=takesEast "
          "stride1=0\n";
  auto fabric = [&](const char *name, const char *kind, unsigned queue,
                    const char *extent) {
    text += fmt::format("    {}: desc {} queue={} extent={}{}\n", name, kind,
                        queue, extent, packed);
  };
  fabric("pass", "fabin", side, "words");
  fabric("take", "fabin", side, "takeElements");
  fabric("takeEast", "fabin", both() ? east : side, "takeEastElements");
  fabric("out", "fabout", out, "words");
  fabric("outAdvance", "fabout", out, "words");
  text.insert(text.size() - 1, " advance");
  text += fmt::format("    reset: desc fabctl queue={} extent=1\n", out);
  fabric("sum", "fabin", share, "words");
  return text + fmt::format("    resetWord: word {}\n", reset.encode());
}

std::string TreeText::queues() const {
  std::string text;
  auto input = [&](unsigned queue, Table t) {
    text +=
        fmt::format("  input queue {} color {} {}\n", queue, tableKind(), +t);
  };
  if (plan.reduces()) {
    input(side, SideColor);
    if (both()) {
      input(east, EastColor);
    }
  }
  if (plan.shares()) {
    input(share, SumColor);
  }
  return text + fmt::format("  output queue {} color {} {}\n", out, tableKind(),
                            +OutColor);
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

std::string TreeText::add(const char *dest, const char *src0,
                          const char *src1) const {
  return fmt::format("    {} {}, {}, {}\n", arithmetic.add, dest, src0, src1);
}

/// LineCosts::rootEntry counts what stands in front of the first addition.
std::string TreeText::rootCode() const {
  std::string text = "  root:\n";
  if (both()) {
    text += "    dsrload s0.2, [r0 + takeEast]\n"
            "    dsrload d2, [r0 + walkEast]\n"
            "    dsrload s1.2, [r0 + walkEast]\n";
  }
  text += plan.shares() ? "    dsrload s0.0, [r0 + own]\n" : "";
  text += add("d1", "s0.1", "s1.1");
  text += both() ? add("d2", "s0.2", "s1.2") : "";
  return text;
}

std::string TreeText::code() const {
  std::string send = fmt::format("    {} d0, s0.0\n", arithmetic.move);
  std::string text = "    ldh r1, [r0 + part]\n"
                     "    ldh r2, [r0 + outAt]\n"
                     "    dsrload s0.0, [r0 + own]\n"
                     "    dsrload d0, [r2]\n";
  std::string share = plan.shares() ? send : "";
  if (!plan.reduces()) {
    text += "    beq r1, r0, sent\n" + send + "    tsc r4\n    jmp summed\n";
  } else {
    text += "    beq r1, r0, leaf\n"
            "    dsrload s0.0, [r0 + pass]\n"
            "    dsrload s1.0, [r0 + own]\n"
            "    li r3, 1\n"
            "    beq r1, r3, pass\n"
            "    dsrload s0.1, [r0 + take]\n"
            "    dsrload d1, [r0 + walk]\n"
            "    dsrload s1.1, [r0 + walk]\n"
            "    li r3, 2\n"
            "    bne r1, r3, root\n" +
            add("d1", "s0.1", "s1.1") + "  pass:\n" +
            add("d0", "s0.0", "s1.0") + "    jmp sent\n" + rootCode() + share +
            "    tsc r4\n    jmp summed\n  leaf:\n" + send;
  }
  text += "  sent:\n";
  if (plan.shares()) {
    text += fmt::format("    dsrload s0.3, [r0 + sum]\n"
                        "    dsrload d3, [r0 + own]\n"
                        "    {} d3, s0.3\n",
                        arithmetic.move);
  }
  text += "    tsc r4\n";
  if (plan.reduces() && plan.tree.numSwitched()) {
    text += "    ldh r1, [r0 + resets]\n"
            "    beq r1, r0, summed\n"
            "    dsrload d0, [r0 + reset]\n"
            "    ldw r1, [r0 + resetWord]\n"
            "    mov32 d0, r1\n";
  }
  return text + "  summed:\n";
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

std::string TreeText::rule(unsigned color, const std::string &runs) const {
  bool alongX = axis == Axis::X;
  return fmt::format("rule color {} rect 0 0 {} {} axis {} [{}]\n", color,
                     alongX ? length() : lines, alongX ? lines : length(),
                     alongX ? 'x' : 'y', runs);
}

std::string TreeText::treeRoutes() const {
  char low = axis == Axis::X ? 'W' : 'N', high = axis == Axis::X ? 'E' : 'S';
  std::string text;
  for (auto [name, to, from] :
       {std::tuple{"low", low, high}, std::tuple{"high", high, low}}) {
    text += fmt::format("config @send_{0} rx=R tx={1}\n"
                        "config @switch_{0} rx=R tx={1} | rx={2} tx={1}\n"
                        "config @pass_{0} rx={2} tx={1}\n"
                        "config @take_{0} rx={2} tx=R\n",
                        name, to, from);
  }
  const LineTree &tree = plan.tree;
  std::vector<std::vector<std::string>> runs(
      tree.numColors(), std::vector<std::string>(length(), "none"));
  std::vector<std::string> segments(tree.numColors());
  for (uint32_t x = 0; x < length(); ++x) {
    for (bool west : {true, false}) {
      std::vector<uint32_t> children = tree.childrenOn(x, west);
      if (children.empty()) {
        continue;
      }
      // Words from the west travel to higher numbers.
      const char *way = west ? "high" : "low";
      uint8_t color = tree.cores[children.front()].sends;
      std::vector<std::string> &line = runs[color];
      uint32_t far = children.back();
      for (uint32_t i = std::min(x, far) + 1; i < std::max(x, far); ++i) {
        line[i] = fmt::format("@pass_{}", way);
      }
      line[x] = fmt::format("@take_{}", way);
      for (uint32_t child : children) {
        line[child] =
            fmt::format("@{}_{}", child == far ? "send" : "switch", way);
        segments[color] += fmt::format(" {} -> {}..{}", child, x, x + 1);
      }
    }
  }
  for (unsigned c = 0; c < runs.size(); ++c) {
    text += rule(colors[c], fmt::format("{}", fmt::join(runs[c], " ")));
    bool alongX = axis == Axis::X;
    text +=
        fmt::format("family color {} rect 0 0 {} {} axis {} {{{} }}\n",
                    colors[c], alongX ? length() : lines,
                    alongX ? lines : length(), alongX ? 'x' : 'y', segments[c]);
  }
  return text;
}

/// The root's words flow out to both ends.
std::string TreeText::shareRoutes() const {
  char low = axis == Axis::X ? 'W' : 'N', high = axis == Axis::X ? 'E' : 'S';
  uint32_t root = plan.tree.root, above = length() - 1 - root;
  std::string runs;
  auto add = [&](const char *config, uint32_t count) {
    runs += count ? fmt::format(" @share_{}*{}", config, count) : "";
  };
  add("low_end", root > 0);
  add("low", root ? root - 1 : 0);
  add("root", 1);
  add("high", above ? above - 1 : 0);
  add("high_end", above > 0);
  std::string ways = root && above ? fmt::format("{},{}", low, high)
                                   : std::string(1, root ? low : high);
  bool alongX = axis == Axis::X;
  return fmt::format("config @share_low_end rx={1} tx=R\n"
                     "config @share_low rx={1} tx={0},R\n"
                     "config @share_high rx={0} tx={1},R\n"
                     "config @share_high_end rx={0} tx=R\n"
                     "config @share_root rx=R tx={2}\n",
                     low, high, ways) +
         rule(shareColor(), runs) +
         fmt::format("family color {} rect 0 0 {} {} axis {} "
                     "{{ {} -> 0..{} }}\n",
                     shareColor(), alongX ? length() : lines,
                     alongX ? lines : length(), alongX ? 'x' : 'y', root,
                     length());
}

std::string TreeText::routes() const {
  return (plan.reduces() ? treeRoutes() : "") +
         (plan.shares() ? shareRoutes() : "");
}
