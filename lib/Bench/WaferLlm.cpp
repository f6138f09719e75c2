// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WaferLlm.cpp - A rival's decode layer ------------------------------===//
//
// The schedule of the public decode code of WaferLLM (He et al., OSDI 2025),
// written for the abstract machine: every core runs one program, with ten
// blocking all-reduces a layer. Vectors are split over rows or columns and
// replicated along the other axis; a matrix-vector product is one multiply-add
// of a tile's row for each element of the input slice. All arithmetic of
// vectors is binary16, as there.
//
//===----------------------------------------------------------------------===//
#include "wafer/Bench/WaferLlm.h"

#include "CollectivePlan.h"
#include "ProgramText.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

namespace {

constexpr const char *kAxes = "xy";

/// The text of the program, phase by phase.
class LayerText {
public:
  LayerText(const WaferLlmShape &shape, const Machine &machine);

  std::string code();
  std::string descriptors() const { return params; }
  std::string buffers(uint32_t start);
  uint32_t paramBytes() const { return 2 * halfwords; }
  static constexpr uint32_t kTableParams = 8;

private:
  struct BufferSpec {
    const char *name;
    const char *kind;
    uint32_t elements;
  };
  std::vector<BufferSpec> bufferSpecs() const;

  std::string memory(const std::string &buffer, uint32_t elements,
                     int stride = 1, const char *offset = "",
                     const char *flags = "");
  std::string fabric(const std::string &kind, unsigned queue, uint32_t elements,
                     const char *flags = "");
  std::string descriptor(const std::string &key, const std::string &text);

  void line(const std::string &text) { body += "    " + text + "\n"; }
  void mark(const std::string &label) { body += "  " + label + ":\n"; }
  std::string fresh(const char *stem) {
    return fmt::format("{}{}", stem, labels++);
  }
  void load(const char *dsr, const std::string &name) {
    line(fmt::format("dsrload {}, [r0 + {}]", dsr, name));
  }

  void allReduce(unsigned axis, const char *op, uint32_t elements);
  void product(uint32_t inner, uint32_t length, const char *weights,
               const char *input);
  void norm(const char *gain);
  void sumOf(const char *buffer, uint32_t elements, const char *op);
  void rotate();
  void softmax();
  void gate();
  void addToResidual();
  void reciprocalRoot();
  /// buffer = (1 + buffer / 256)^4
  void fastExp(const char *buffer, uint32_t elements);

  uint32_t d, f, s;
  uint32_t longest;
  std::array<unsigned, 2> firstQueue, secondQueue, shareQueue, outQueue;
  std::string params, body;
  uint32_t halfwords = kTableParams;
  std::map<std::string, std::string> known;
  unsigned labels = 0;
  float inverseDim;
};

} // namespace

LayerText::LayerText(const WaferLlmShape &shape, const Machine &machine)
    : d(shape.dimSlice()), f(shape.ffnSlice()), s(shape.contextSlice()),
      longest(std::max<uint32_t>({3 * d, 2 * f, s, 2})) {
  std::vector<unsigned> in = freeQueues(machine.inputQueues);
  std::vector<unsigned> out = freeQueues(machine.outputQueues);
  for (unsigned axis = 0; axis < 2; ++axis) {
    firstQueue[axis] = in[3 * axis];
    secondQueue[axis] = in[3 * axis + 1];
    shareQueue[axis] = in[3 * axis + 2];
    outQueue[axis] = out[axis];
  }
  inverseDim = 1.0f / float(shape.dim);
}

//===----------------------------------------------------------------------===//
// Descriptors and buffers
//===----------------------------------------------------------------------===//

std::string LayerText::descriptor(const std::string &key,
                                  const std::string &text) {
  auto [it, isNew] = known.try_emplace(key, key);
  if (isNew) {
    params += fmt::format("    {}: {}\n", key, text);
    halfwords += 8;
  }
  return it->second;
}

std::string LayerText::memory(const std::string &buffer, uint32_t elements,
                              int stride, const char *offset,
                              const char *flags) {
  std::string key = fmt::format("m_{}_{}_{}{}{}", buffer, elements, stride,
                                *offset ? fmt::format("_{}", offset) : "",
                                *flags ? fmt::format("_{}", flags) : "");
  return descriptor(key, fmt::format("desc mem base={}{}{} extent={} stride={}"
                                     " {}",
                                     buffer, *offset ? " + " : "", offset,
                                     elements, stride, flags));
}

std::string LayerText::fabric(const std::string &kind, unsigned queue,
                              uint32_t elements, const char *flags) {
  return descriptor(fmt::format("{}_{}_{}{}{}", kind, queue, elements,
                                *flags ? "_" : "", flags),
                    fmt::format("desc {} queue={} extent={} packed {}", kind,
                                queue, elements, flags));
}

std::vector<LayerText::BufferSpec> LayerText::bufferSpecs() const {
  return {{"x", "scratch", d},
          {"h", "scratch", d},
          {"qk", "scratch", 2 * d},
          {"p", "scratch", s},
          {"z", "scratch", f},
          {"t", "scratch", longest},
          {"u", "scratch", longest},
          {"acc", "scratch", longest},
          {"gain1", "weights", d},
          {"gain2", "weights", d},
          {"cos", "weights", 2 * d},
          {"sin", "weights", 2 * d},
          {"wqkv", "weights", 3 * d * d},
          {"wo", "weights", d * d},
          {"wug", "weights", 2 * f * d},
          {"wd", "weights", f * d},
          {"keys", "state", d * s},
          {"values", "state", s * d}};
}

std::string LayerText::buffers(uint32_t at) {
  std::string text;
  for (const BufferSpec &b : bufferSpecs()) {
    // Whole words, so that every vector begins in a bank of its own.
    uint32_t bytes = (2 * b.elements + 3) / 4 * 4;
    text += fmt::format("  buffer @{} {} at {} size {}\n", b.name, b.kind, at,
                        bytes);
    at += bytes;
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// acc[0, elements) becomes its sum (or maximum) over the axis. Registers of an
/// axis: what the collector of a group hears (0, 1 or 2 sides), the same for
/// the root, how the core sends (0: it is the root, 1, 2: and advances the
/// collector's switch), and whether words pass by while it sends.
void LayerText::allReduce(unsigned axis, const char *op, uint32_t elements) {
  std::string first = fmt::format("r{}", 10 + 4 * axis);
  std::string second = fmt::format("r{}", 11 + 4 * axis);
  std::string sends = fmt::format("r{}", 12 + 4 * axis);
  std::string passes = fmt::format("r{}", 13 + 4 * axis);
  std::string own = memory("acc", elements);
  std::string next = fresh("next"), root = fresh("root"), out = fresh("out"),
              plain = fresh("plain"), take = fresh("take"),
              share = fresh("share"), done = fresh("done");
  std::string sum = fmt::format("{} d0, s0.0, s1.0", op);
  load("d0", own);
  load("s1.0", own);
  line(fmt::format("beq {}, r0, {}", first, next));
  load("s0.0", fabric("fabin", firstQueue[axis], elements));
  line(sum);
  line(fmt::format("beq {}, r9, {}", first, next));
  line(sum);
  mark(next);
  load("s0.0", fabric("fabin", secondQueue[axis], elements));
  line(fmt::format("beq {}, r0, {}", sends, root));
  load("d1", fabric("fabout", outQueue[axis], elements));
  line(fmt::format("beq {}, r9, {}", sends, out));
  load("d1", fabric("fabout", outQueue[axis], elements, "advance"));
  mark(out);
  line(fmt::format("beq {}, r0, {}", passes, plain));
  line(fmt::format("{} d1, s0.0, s1.0", op));
  line("jmp " + take);
  mark(plain);
  line("mov16 d1, d0");
  mark(take);
  load("s0.0", fabric("fabin", shareQueue[axis], elements));
  line("mov16 d0, s0.0");
  line("jmp " + done);
  mark(root);
  line(fmt::format("beq {}, r0, {}", second, share));
  line(sum);
  line(fmt::format("beq {}, r9, {}", second, share));
  line(sum);
  mark(share);
  load("d1", fabric("fabout", outQueue[axis], elements));
  line("mov16 d1, d0");
  mark(done);
}

/// acc[0, length) = input[0, inner) * weights[inner][length].
void LayerText::product(uint32_t inner, uint32_t length, const char *weights,
                        const char *input) {
  std::string loop = fresh("loop");
  load("d0", memory("acc", length));
  line("mov16 d0, r0");
  load("s1.0", memory(weights, length, 1, "", "save"));
  line(fmt::format("li r1, {}", input));
  line(fmt::format("li r2, {}", inner));
  mark(loop);
  line("ldh r3, [r1]");
  line("fmach d0, d0, s1.0, r3");
  line("addi r1, r1, 2");
  line("dbnz r2, " + loop);
}

/// acc[0] = sum (or maximum, from 0) of the elements of a buffer.
void LayerText::sumOf(const char *buffer, uint32_t elements, const char *op) {
  load("d0", memory("acc", 1));
  line("mov16 d0, r0");
  load("d0", memory("acc", elements, 0));
  load("s1.0", memory(buffer, elements));
  line(fmt::format("{} d0, d0, s1.0", op));
}

/// r3 = 1 / sqrt(r3) in binary32: a first guess from the bits, three Newton
/// steps.
void LayerText::reciprocalRoot() {
  line("li r4, 0.5");
  line("fmul r4, r3, r4");
  line("shri r5, r3, 1");
  line("li r6, 0x5f3759df");
  line("sub r5, r6, r5");
  line("li r7, 1.5");
  for (int step = 0; step < 3; ++step) {
    line("fmul r6, r5, r5");
    line("fmul r6, r6, r4");
    line("fsub r6, r7, r6");
    line("fmul r5, r5, r6");
  }
  line("add r3, r5, r0");
}

void LayerText::norm(const char *gain) {
  std::string x = memory("x", d), t = memory("t", d), h = memory("h", d);
  load("d0", t);
  load("s0.0", x);
  load("s1.0", x);
  line("fmulh d0, s0.0, s1.0");
  sumOf("t", d, "faddh");
  allReduce(1, "faddh", 1);
  line("ldh r3, [r0 + acc]");
  line("htof r3, r3");
  line(fmt::format("li r4, {:.9f}", inverseDim));
  line("fmul r3, r3, r4");
  line("li r4, 0.00001");
  line("fadd r3, r3, r4");
  reciprocalRoot();
  line("ftoh r3, r3");
  load("d0", h);
  load("s0.0", x);
  line("fmulh d0, s0.0, r3");
  load("s1.0", memory(gain, d));
  line("fmulh d0, d0, s1.0");
}

/// Rotary positions on the query and the key: pairs of neighbours.
void LayerText::rotate() {
  load("d0", memory("t", 2 * d));
  load("s0.0", memory("acc", 2 * d));
  load("s1.0", memory("cos", 2 * d));
  line("fmulh d0, s0.0, s1.0");
  load("d0", memory("u", d, 2));
  load("s0.0", memory("acc", d, 2, "2"));
  load("s1.0", memory("sin", d, 2));
  line("fmulh d0, s0.0, s1.0");
  load("d0", memory("u", d, 2, "2"));
  load("s0.0", memory("acc", d, 2));
  load("s1.0", memory("sin", d, 2, "2"));
  line("fmulh d0, s0.0, s1.0");
  load("d0", memory("qk", 2 * d));
  load("s0.0", memory("t", 2 * d));
  load("s1.0", memory("u", 2 * d));
  line("faddh d0, s0.0, s1.0");
}

void LayerText::fastExp(const char *buffer, uint32_t elements) {
  std::string all = memory(buffer, elements);
  load("d0", all);
  load("s1.0", all);
  line("li r3, 0x1c00"); // 1 / 256 in binary16
  line("fmulh d0, d0, r3");
  line("li r3, 0x3c00"); // 1
  line("faddh d0, d0, r3");
  line("fmulh d0, d0, s1.0");
  line("fmulh d0, d0, s1.0");
}

/// p becomes exp(p - max); r20 the reciprocal of the sum, in binary16.
void LayerText::softmax() {
  sumOf("p", s, "fmaxh");
  allReduce(1, "fmaxh", 1);
  line("ldh r3, [r0 + acc]");
  load("d0", memory("p", s));
  line("fsubh d0, d0, r3");
  fastExp("p", s);
  sumOf("p", s, "faddh");
  allReduce(1, "faddh", 1);
  line("ldh r3, [r0 + acc]");
  line("htof r3, r3");
  line("li r4, 1.0");
  line("fdiv r3, r4, r3");
  line("ftoh r20, r3");
}

/// z = silu(gate) * up. The public code computes the first `dim / P` values of
/// silu only.
void LayerText::gate() {
  std::string loop = fresh("loop");
  uint32_t values = std::min(d, f);
  load("d0", memory("z", f));
  load("s0.0", memory("acc", f));
  line("mov16 d0, s0.0");
  load("d0", memory("t", values));
  load("s0.0", memory("acc", values));
  line("fnegh d0, s0.0");
  fastExp("t", values);
  line("li r1, t");
  line("li r7, z");
  line(fmt::format("li r2, {}", values));
  line("li r4, 1.0");
  mark(loop);
  line("ldh r3, [r1]");
  line("htof r3, r3");
  line("fadd r3, r3, r4");
  line("ldh r5, [r7]");
  line("htof r5, r5");
  line("fdiv r3, r5, r3");
  line("ftoh r3, r3");
  line("sth r3, [r7]");
  line("addi r1, r1, 2");
  line("addi r7, r7, 2");
  line("dbnz r2, " + loop);
  load("d0", memory("z", f));
  load("s1.0", memory("acc", f, 1, fmt::format("{}", 2 * f).c_str()));
  line("fmulh d0, d0, s1.0");
}

void LayerText::addToResidual() {
  load("d0", memory("x", d));
  load("s1.0", memory("acc", d));
  line("faddh d0, d0, s1.0");
}

std::string LayerText::code() {
  for (unsigned i = 0; i < kTableParams; ++i) {
    line(fmt::format("ldh r{}, [r0 + {}{}]", 10 + i, kAxes[i / 4], i % 4));
  }
  line("li r9, 1");
  norm("gain1");
  product(d, 3 * d, "wqkv", "h");
  allReduce(1, "faddh", 3 * d);
  rotate();
  product(d, s, "keys", "qk");
  allReduce(0, "faddh", s);
  load("d0", memory("p", s));
  load("s0.0", memory("acc", s));
  line("li r3, 0x2da8"); // 1 / sqrt(128) in binary16
  line("fmulh d0, s0.0, r3");
  softmax();
  product(s, d, "values", "p");
  allReduce(1, "faddh", d);
  load("d0", memory("h", d));
  load("s0.0", memory("acc", d));
  line("fmulh d0, s0.0, r20");
  product(d, d, "wo", "h");
  allReduce(0, "faddh", d);
  addToResidual();
  norm("gain2");
  product(d, 2 * f, "wug", "h");
  allReduce(1, "faddh", 2 * f);
  gate();
  product(f, d, "wd", "z");
  allReduce(0, "faddh", d);
  addToResidual();
  line("tsc r3");
  line("stw r3, [r0 + clock]");
  line("end");
  return body;
}

//===----------------------------------------------------------------------===//
// Tables, routes, image
//===----------------------------------------------------------------------===//

namespace {

/// One axis: the tables of its cores and the text of its routes.
class AxisText {
public:
  AxisText(unsigned axis, uint32_t side, uint32_t groups,
           const std::vector<unsigned> &colors)
      : axis(axis), side(side), colors(colors),
        plan(planCollective(side, {(side + groups - 1) / groups, groups},
                            Collectors::MiddleSwitched)) {}

  /// Tables of the axis: the four registers, then the colors of the first, the
  /// second, the sharing and the output queue.
  std::vector<std::vector<uint32_t>> tables() const;
  std::string routes() const;

private:
  std::string config(ChainRoute route) const;
  std::string sharing() const;

  unsigned axis;
  uint32_t side;
  std::vector<unsigned> colors;
  CollectivePlan plan;
};

} // namespace

std::vector<std::vector<uint32_t>> AxisText::tables() const {
  std::vector<std::vector<uint32_t>> result(8, std::vector<uint32_t>(side, 0));
  auto bound = [&](unsigned color) { return uint32_t(colors[color]); };
  for (uint32_t i = 0; i < side; ++i) {
    const CollectivePlan::Core &core = plan.cores[i];
    bool isRoot = i == plan.root;
    for (unsigned queue = 4; queue < 8; ++queue) {
      result[queue][i] = kUnboundColor;
    }
    for (uint8_t color : core.adds) {
      // Level 0 comes in through the first queue, level 1 through the second.
      ++result[color / 2][i];
      result[4 + color / 2][i] = bound(color);
    }
    result[2][i] = isRoot ? 0 : core.advances ? 2 : 1;
    if (core.passes != CollectivePlan::kNoColor) {
      result[3][i] = 1;
      result[5][i] = bound(core.passes);
    }
    result[6][i] = isRoot ? kUnboundColor : bound(4);
    result[7][i] = isRoot ? bound(4) : bound(core.sends);
  }
  return result;
}

std::string AxisText::config(ChainRoute route) const {
  static constexpr const char *kNames[] = {
      "none",      "send_low",       "send_high",     "pass_low",
      "pass_high", "take_from_high", "take_from_low", "take_from_both"};
  return route == ChainRoute::None
             ? "none"
             : fmt::format("@{}_{}", kAxes[axis], kNames[unsigned(route)]);
}

std::string AxisText::sharing() const {
  std::string line, text;
  uint32_t root = plan.root;
  auto add = [&](const char *name, uint32_t count) {
    if (count) {
      line += fmt::format(" @{}_{}*{}", kAxes[axis], name, count);
    }
  };
  add("share_low_end", root > 0);
  add("share_low", root ? root - 1 : 0);
  add("share", 1);
  add("share_high", side - 1 > root ? side - 2 - root : 0);
  add("share_high_end", side - 1 > root);
  text = fmt::format("rule color {} rect 0 0 {} {} axis {} [{}]\n", colors[4],
                     side, side, kAxes[axis], line);
  for (uint32_t other = 0; other < side; ++other) {
    auto rect = [&](uint32_t from, uint32_t count) {
      return axis == 0 ? fmt::format("rect {} {} {} 1", from, other, count)
                       : fmt::format("rect {} {} 1 {}", other, from, count);
    };
    text += fmt::format("stream color {} from {} {} to ", colors[4],
                        axis == 0 ? root : other, axis == 0 ? other : root);
    text += root ? rect(0, root) : "";
    text += root && side - 1 > root ? ", " : "";
    text += side - 1 > root ? rect(root + 1, side - 1 - root) : "";
    text += "\n";
  }
  return text;
}

std::string AxisText::routes() const {
  char low = axis == 0 ? 'W' : 'N', high = axis == 0 ? 'E' : 'S';
  char a = kAxes[axis];
  uint32_t root = plan.root;
  const char *both = root == 0 ? "{2}" : root + 1 == side ? "{1}" : "{1},{2}";
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
      a, low, high);
  for (unsigned c = 0; c < plan.colors(); ++c) {
    if (plan.streams[c].empty()) {
      continue;
    }
    std::string line, segments;
    for (ChainRoute route : plan.routes[c]) {
      line += " " + config(route);
    }
    for (auto [from, to] : plan.streams[c]) {
      segments += fmt::format(" {} -> {}..{}", from, to, to + 1);
    }
    text += fmt::format("rule color {0} rect 0 0 {1} {1} axis {2} [{3}]\n"
                        "family color {0} rect 0 0 {1} {1} axis {2} {{{4} }}\n",
                        colors[c], side, a, line, segments);
  }
  return text + sharing();
}

Result<Image> wafer::buildWaferLlm(const Machine &machine,
                                   const WaferLlmShape &shape) {
  Status status = requireResources(machine, "waferllm", 10, 6, 2, shape.side);
  if (!status) {
    return status.takeError();
  }
  if (shape.side < 2 || shape.groups < 1 || shape.groups > shape.side ||
      shape.side > uint32_t(machine.height())) {
    return Diagnostic{"bad grid of a decode layer", "",
                      fmt::format("a square of 2 to {} cores a side",
                                  std::min(machine.width(), machine.height())),
                      fmt::format("{}, {} groups", shape.side, shape.groups),
                      ""};
  }
  // Level 0 and level 1 of both axes switch at the collectors.
  std::vector<unsigned> free = freeColors(machine), switched, others;
  for (unsigned color : free) {
    bool canSwitch = (machine.switchableColors >> color) & 1u;
    (canSwitch && switched.size() < 4 ? switched : others).push_back(color);
  }
  if (switched.size() < 4) {
    return Diagnostic{"the machine has too few switchable colors",
                      fmt::format("waferllm on '{}'", machine.name), "4",
                      fmt::format("{}", switched.size()), ""};
  }
  std::string regionTables, queues, routes, tableParams;
  std::vector<unsigned> in = freeQueues(machine.inputQueues);
  std::vector<unsigned> out = freeQueues(machine.outputQueues);
  for (unsigned axis = 0; axis < 2; ++axis) {
    AxisText text(axis, shape.side, shape.groups,
                  {switched[2 * axis], others[3 * axis], switched[2 * axis + 1],
                   others[3 * axis + 1], others[3 * axis + 2]});
    const char *along = axis == 0 ? "col" : "row";
    std::vector<std::vector<uint32_t>> tables = text.tables();
    for (size_t i = 0; i < tables.size(); ++i) {
      regionTables +=
          fmt::format("  {} {}: [{}]\n", along, i, joined(tables[i]));
    }
    for (unsigned i = 0; i < 4; ++i) {
      tableParams += fmt::format("    {}{}: {} {}\n", kAxes[axis], i, along, i);
    }
    for (unsigned i = 0; i < 3; ++i) {
      queues += fmt::format("  input queue {} color {} {}\n", in[3 * axis + i],
                            along, 4 + i);
    }
    queues += fmt::format("  output queue {} color {} 7\n", out[axis], along);
    routes += text.routes();
  }
  LayerText layer(shape, machine);
  std::string code = layer.code();
  uint32_t clock = layer.paramBytes(), data = clock + 4;
  std::string text = fmt::format(
      "model json {{\"name\": \"waferllm\", \"side\": {0}, \"timed\": "
      "{{\"stop\": {{\"core\": [{1}, {1}], \"address\": {2}}}}}}}\n"
      "role @layer {{\n  params at 0 {{\n{3}{4}  }}\n"
      "  buffer @params params at 0 size {2}\n"
      "  buffer @clock scratch at {2} size 4\n{5}{6}"
      "  task @main local active entry start\n  code {{\n  start:\n{7}  }}\n"
      "}}\nregion @layer role @layer rect 0 0 {0} {0} {{\n{8}}}\n{9}",
      shape.side, shape.side - 1, clock, tableParams, layer.descriptors(),
      layer.buffers(data), queues, code, regionTables, routes);
  return parseProgram(machine, "waferllm", text, {});
}

//===----------------------------------------------------------------------===//
// Published cells
//===----------------------------------------------------------------------===//

uint32_t WaferLlmShape::dimSlice() const { return (dim + side - 1) / side; }
uint32_t WaferLlmShape::ffnSlice() const { return (ffn + side - 1) / side; }
uint32_t WaferLlmShape::contextSlice() const {
  return (context + side - 1) / side;
}

const std::vector<WaferLlmCell> &wafer::waferLlmCells() {
  // He et al., "WaferLLM", OSDI 2025, table 4: decode, 4K context, on WSE-2.
  static const std::vector<WaferLlmCell> kCells = {
      {"llama-3.1-8b", 32, 4096, 14336, 420, 20, 2699.9},
      {"llama-3.1-8b", 32, 4096, 14336, 540, 20, 2501.5},
      {"llama-3.1-8b", 32, 4096, 14336, 660, 22, 2243.3},
      {"llama-2-13b", 40, 5120, 13824, 420, 20, 2039.2},
      {"llama-2-13b", 40, 5120, 13824, 540, 20, 1899.4},
      {"llama-2-13b", 40, 5120, 13824, 660, 22, 1739.8},
      {"codellama-34b", 48, 8192, 22016, 420, 20, 1450.8},
      {"codellama-34b", 48, 8192, 22016, 540, 20, 1407.7},
      {"codellama-34b", 48, 8192, 22016, 660, 22, 1359.2},
      {"qwen2-72b", 80, 8192, 29568, 420, 20, 839.7},
      {"qwen2-72b", 80, 8192, 29568, 540, 20, 824.3},
      {"qwen2-72b", 80, 8192, 29568, 660, 22, 787.1}};
  return kCells;
}

double WaferLlmCell::cyclesPerLayer() const {
  return kWaferLlmClockHz / tokensPerSecond / layers;
}
