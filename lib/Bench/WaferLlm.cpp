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

#include "LayerWriter.h"
#include "LineText.h"
#include "ProgramText.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

namespace {

/// The text of the program, phase by phase.
class LayerText : public LayerWriter {
public:
  LayerText(const WaferLlmShape &shape, const Machine &machine);

  std::string code();
  std::string buffers(uint32_t start) const;
  static constexpr uint32_t kTableParams = 8;

private:
  void allReduce(unsigned axis, const char *op, uint32_t elements) {
    LayerWriter::allReduce(lines[axis], op, "mov16", elements, "packed");
  }
  void product(uint32_t inner, uint32_t length, const char *weights,
               const char *input) {
    line(std::string("li r1, ") + input);
    LayerWriter::product("fmach", "mov16", memory("acc", length),
                         memory(weights, length, 1, "", "save"), inner);
  }
  void norm(const char *gain);
  void sumOf(const char *buffer, uint32_t elements, const char *op);
  void rotate();
  void softmax();
  void gate();
  void addToResidual();
  /// buffer = (1 + buffer / 256)^4
  void fastExp(const char *buffer, uint32_t elements);

  uint32_t d, f, s;
  uint32_t longest;
  std::array<Line, 2> lines;
  float inverseDim;
};

} // namespace

LayerText::LayerText(const WaferLlmShape &shape, const Machine &machine)
    : LayerWriter(kTableParams), d(shape.dimSlice()), f(shape.ffnSlice()),
      s(shape.contextSlice()),
      longest(std::max<uint32_t>({3 * d, 2 * f, s, 2})) {
  std::vector<unsigned> in = freeQueues(machine.inputQueues);
  std::vector<unsigned> out = freeQueues(machine.outputQueues);
  for (unsigned axis = 0; axis < 2; ++axis) {
    lines[axis] = {in[3 * axis], in[3 * axis + 1], in[3 * axis + 2], out[axis],
                   10 + 4 * axis};
  }
  inverseDim = 1.0f / float(shape.dim);
}

std::string LayerText::buffers(uint32_t at) const {
  return layOut({{"x", "scratch", d},
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
                 {"values", "state", s * d}},
                at);
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// acc[0] = sum (or maximum, from 0) of the elements of a buffer.
void LayerText::sumOf(const char *buffer, uint32_t elements, const char *op) {
  load("d0", memory("acc", 1));
  line("mov16 d0, r0");
  load("d0", memory("acc", elements, 0));
  load("s1.0", memory(buffer, elements));
  line(fmt::format("{} d0, d0, s1.0", op));
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
    line(fmt::format("ldh r{}, [r0 + {}{}]", 10 + i, "xy"[i / 4], i % 4));
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
  uint32_t perGroup = (shape.side + shape.groups - 1) / shape.groups;
  for (unsigned axis = 0; axis < 2; ++axis) {
    LineText text("xy"[axis], Axis(axis), shape.side,
                  planChains(shape.side, {perGroup, shape.groups},
                             Collectors::MiddleSwitched),
                  {switched[2 * axis], others[3 * axis], switched[2 * axis + 1],
                   others[3 * axis + 1], others[3 * axis + 2]});
    std::vector<std::vector<uint32_t>> tables = text.tables();
    for (size_t i = 0; i < tables.size(); ++i) {
      regionTables += fmt::format("  {} {}: [{}]\n", text.tableKind(), i,
                                  joined(tables[i]));
    }
    tableParams += text.params(0);
    queues += text.queues(0, in[3 * axis], in[3 * axis + 1], in[3 * axis + 2],
                          out[axis]);
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
