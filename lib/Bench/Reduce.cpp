// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Reduce.cpp - Sums over a line, and sums for all
//------------------------//
//
// One program for every core of a ChainPlan. It adds what comes to a
// collector to its own words, then sends: while further words pass by, or what
// it has. For an all-reduce the root then sends the sums to all.
//
//===----------------------------------------------------------------------===//
#include "ChainPlan.h"
#include "ProgramText.h"
#include "wafer/Bench/Programs.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

/// Parts of the role's text: those of an all-reduce end with ":all".
static constexpr const char *kText = R"(
model json {"name": "$NAME", "cores": $CORES, "words": $WORDS,
  "timed": {"stop": {"core": [$LAST, 0], "address": $CLOCK}}}
role @core {
  params at 0 {
    words: const $WORDS
    adds: col 0
    mode: col 1
    own: desc mem base=acc extent=words
    pass: desc fabin queue=$PASSQUEUE extent=words
    out: desc fabout queue=$OUTQUEUE extent=words
$ADDDESCRIPTORS$SUMDESCRIPTOR  }
  buffer @params params at 0 size $PARAMBYTES
  buffer @clock scratch at $CLOCK size 4
  buffer @acc scratch at $ACC size $BYTES
  input queue $PASSQUEUE color col 2
  output queue $OUTQUEUE color col 3
$QUEUES
  task @main local active entry start
  code {
  start:
    li r3, 1
    dsrload d0, [r0 + own]
    dsrload s1.0, [r0 + own]
    ldh r1, [r0 + adds]
    ldh r2, [r0 + mode]
$ADDS  last:
    beq r2, r0, done
    dsrload d1, [r0 + out]
    beq r2, r3, plain
    dsrload s0.0, [r0 + pass]
    fadds d1, s0.0, s1.0
    jmp done
  plain:
    mov32 d1, d0
  done:
$SHARE    tsc r4
    stw r4, [r0 + clock]
    end
  }
}
region @line role @core rect 0 0 $CORES 1 {
  col 0: [$ADDCOUNTS]
  col 1: [$MODES]
  col 2: [$PASSCOLORS]
  col 3: [$SENDCOLORS]
$COLUMNS}
config @send_west rx=R tx=W
config @send_east rx=R tx=E
config @pass_west rx=E tx=W
config @pass_east rx=W tx=E
config @take_from_east rx=E tx=R
config @take_from_west rx=W tx=R
)";

/// Behind the sum of an all-reduce: the root (mode 0) sends, the others take.
static constexpr const char *kShare = R"(    bne r2, r0, take
    dsrload d1, [r0 + out]
    mov32 d1, d0
    jmp shared
  take:
    dsrload s0.0, [r0 + sum]
    mov32 d0, s0.0
  shared:
)";

static const char *nameOf(ChainRoute route) {
  static constexpr const char *kNames[] = {
      "none",       "@send_west",      "@send_east",     "@pass_west",
      "@pass_east", "@take_from_east", "@take_from_west"};
  return kNames[unsigned(route)];
}

static std::vector<uint8_t> reduceData(uint32_t cores, uint32_t words) {
  std::vector<uint8_t> data(size_t(cores) * words * 4);
  for (uint32_t x = 0; x < cores; ++x) {
    for (uint32_t i = 0; i < words; ++i) {
      float value = float(x % 8 + i % 16);
      std::memcpy(&data[(size_t(x) * words + i) * 4], &value, 4);
    }
  }
  return data;
}

namespace {

/// Writes the text of a plan for one machine.
class ReduceProgram {
public:
  ReduceProgram(const Machine &machine, const ReduceShape &shape)
      : machine(machine), shape(shape),
        plan(planChains(shape.cores, shape.levels(), collectorsOf(shape))) {}

  Result<Image> build();

private:
  Status check() const;
  void addQueues();
  void addColumns();
  std::string routes() const;
  std::string sharing() const;
  unsigned color(unsigned index) const { return colors[index]; }
  uint32_t bound(uint8_t index) const {
    return index == ChainPlan::kNoColor ? kUnboundColor : colors[index];
  }
  unsigned sumColor() const { return plan.colors(); }

  const Machine &machine;
  const ReduceShape &shape;
  ChainPlan plan;
  std::vector<unsigned> colors, inputs;
  Values values;
};

} // namespace

Status ReduceProgram::check() const {
  bool fits = shape.cores >= 2 && shape.words >= 1 && shape.words <= 65535;
  uint64_t product = 1;
  for (uint32_t group : shape.levels()) {
    fits = fits && group >= 1;
    product = std::min<uint64_t>(product * group, shape.cores);
  }
  if (!fits || product < shape.cores) {
    return Diagnostic{
        "bad shape of a reduction", "",
        "at least 2 cores, 1 to 65535 words, groups that hold all cores",
        fmt::format("{} cores, {} words, groups {}", shape.cores, shape.words,
                    fmt::join(shape.levels(), " x ")),
        ""};
  }
  unsigned sums = shape.everywhere ? 1 : 0;
  return requireResources(machine, "reduce", plan.colors() + sums,
                          plan.mostAdds() + 1 + sums, 1, shape.cores);
}

void ReduceProgram::addQueues() {
  std::string descriptors, queues, adds;
  for (unsigned i = 0; i < plan.mostAdds(); ++i) {
    unsigned queue = inputs[i + 1];
    descriptors +=
        fmt::format("    in{}: desc fabin queue={} extent=words\n", i, queue);
    queues += fmt::format("  input queue {} color col {}\n", queue, 4 + i);
    adds += fmt::format("    beq r1, r0, last\n"
                        "    dsrload s0.0, [r0 + in{}]\n"
                        "    fadds d0, s0.0, s1.0\n"
                        "    addi r1, r1, -1\n",
                        i);
  }
  if (shape.everywhere) {
    unsigned queue = inputs[plan.mostAdds() + 1];
    queues += fmt::format("  input queue {} color col {}\n", queue,
                          4 + plan.mostAdds());
    values["SUMDESCRIPTOR"] =
        fmt::format("    sum: desc fabin queue={} extent=words\n", queue);
  }
  values["ADDDESCRIPTORS"] = descriptors;
  values["QUEUES"] = queues;
  values["ADDS"] = adds;
}

void ReduceProgram::addColumns() {
  std::vector<uint32_t> counts, modes, passes, sends;
  std::vector<std::vector<uint32_t>> adds(plan.mostAdds());
  for (uint32_t x = 0; x < shape.cores; ++x) {
    const ChainPlan::Core &core = plan.cores[x];
    counts.push_back(uint32_t(core.adds.size()));
    bool passing = core.passes != ChainPlan::kNoColor;
    modes.push_back(x == plan.root ? 0 : passing ? 2 : 1);
    passes.push_back(bound(core.passes));
    bool shares = x == plan.root && shape.everywhere;
    sends.push_back(shares ? color(sumColor()) : bound(core.sends));
    for (size_t i = 0; i < adds.size(); ++i) {
      adds[i].push_back(i < core.adds.size() ? bound(core.adds[i])
                                             : kUnboundColor);
    }
  }
  values["ADDCOUNTS"] = joined(counts);
  values["MODES"] = joined(modes);
  values["PASSCOLORS"] = joined(passes);
  values["SENDCOLORS"] = joined(sends);
  std::string columns;
  for (size_t i = 0; i < adds.size(); ++i) {
    columns += fmt::format("  col {}: [{}]\n", 4 + i, joined(adds[i]));
  }
  if (shape.everywhere) {
    std::vector<uint32_t> sums(shape.cores, color(sumColor()));
    sums[plan.root] = kUnboundColor;
    columns += fmt::format("  col {}: [{}]\n", 4 + adds.size(), joined(sums));
  }
  values["COLUMNS"] = columns;
}

std::string ReduceProgram::routes() const {
  std::string text;
  for (unsigned c = 0; c < plan.colors(); ++c) {
    if (plan.streams[c].empty()) {
      continue;
    }
    std::vector<const char *> line;
    for (ChainRoute route : plan.routes[c]) {
      line.push_back(nameOf(route));
    }
    text += fmt::format("rule color {} rect 0 0 {} 1 axis x [{}]\n", color(c),
                        shape.cores, fmt::join(line, " "));
    std::string streams;
    for (auto [from, to] : plan.streams[c]) {
      streams += fmt::format(" {} -> {}..{}", from, to, to + 1);
    }
    text += fmt::format("family color {} rect 0 0 {} 1 axis x {{{} }}\n",
                        color(c), shape.cores, streams);
  }
  return shape.everywhere ? text + sharing() : text;
}

/// The root's words flow out to both ends.
std::string ReduceProgram::sharing() const {
  uint32_t west = plan.root, east = shape.cores - 1 - plan.root;
  std::vector<std::string> line, sinks;
  auto add = [&](uint32_t count, const char *config) {
    if (count) {
      line.push_back(fmt::format("{}*{}", config, count));
    }
  };
  add(west > 0, "@west_end");
  add(west ? west - 1 : 0, "@share_west");
  add(1, "@share");
  add(east ? east - 1 : 0, "@share_east");
  add(east > 0, "@east_end");
  if (west) {
    sinks.push_back(fmt::format("rect 0 0 {} 1", west));
  }
  if (east) {
    sinks.push_back(fmt::format("rect {} 0 {} 1", plan.root + 1, east));
  }
  return fmt::format(
      "config @west_end rx=E tx=R\nconfig @share_west rx=E tx=W,R\n"
      "config @share_east rx=W tx=E,R\nconfig @east_end rx=W tx=R\n"
      "config @share rx=R tx={}\n"
      "rule color {} rect 0 0 {} 1 axis x [{}]\n"
      "stream color {} from {} 0 to {}\n",
      !east  ? "W"
      : west ? "W,E"
             : "E",
      color(sumColor()), shape.cores, fmt::join(line, " "), color(sumColor()),
      plan.root, fmt::join(sinks, ", "));
}

Result<Image> ReduceProgram::build() {
  if (Status status = check(); !status) {
    return status.takeError();
  }
  colors = freeColors(machine);
  inputs = freeQueues(machine.inputQueues);
  addQueues();
  addColumns();
  // 3 halfwords, own, pass, out, the adds and the sum, at 16 bytes each.
  uint32_t clock = 8 + 16 * (3 + plan.mostAdds() + 1), acc = clock + 8;
  // Where the sums arrive last.
  uint32_t far = plan.root < shape.cores / 2 ? shape.cores - 1 : 0;
  uint32_t last = shape.everywhere ? far : plan.root;
  values["NAME"] = shape.everywhere ? "allreduce" : "reduce";
  values["CORES"] = fmt::format("{}", shape.cores);
  values["WORDS"] = fmt::format("{}", shape.words);
  values["LAST"] = fmt::format("{}", last);
  values["CLOCK"] = fmt::format("{}", clock);
  values["ACC"] = fmt::format("{}", acc);
  values["PARAMBYTES"] = values["CLOCK"];
  values["BYTES"] = fmt::format("{}", uint64_t(shape.words) * 4);
  values["PASSQUEUE"] = fmt::format("{}", inputs[0]);
  values["OUTQUEUE"] =
      fmt::format("{}", freeQueues(machine.outputQueues).front());
  values["SHARE"] = shape.everywhere ? kShare : "";
  values.try_emplace("SUMDESCRIPTOR", "");
  Result<Image> image =
      parseProgram(machine, values["NAME"], kText + routes(), values);
  if (image) {
    addInitData(*image, acc, shape.words * 4,
                reduceData(shape.cores, shape.words));
  }
  return image;
}

std::vector<uint32_t> ReduceShape::levels() const {
  return groups.empty() ? std::vector<uint32_t>{cores} : groups;
}

Result<Image> wafer::buildReduce(const Machine &machine,
                                 const ReduceShape &shape) {
  return ReduceProgram(machine, shape).build();
}
