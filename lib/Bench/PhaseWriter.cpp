// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PhaseWriter.h"
#include "ProgramText.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

PhaseWriter::PhaseWriter(const DecodePhasesShape &shape, const Machine &machine)
    : LayerWriter(kTableParams), shape(shape), d(shape.dimSlice()),
      a(shape.queryColumns()), k(shape.keyColumns()), f(shape.ffnSlice()),
      s(shape.contextSlice()), g(shape.headsOfKey()) {
  std::vector<unsigned> in = freeQueues(machine.inputQueues);
  std::vector<unsigned> out = freeQueues(machine.outputQueues);
  lines[X] = {in[0], in[1], in[2], out[0], 10};
  lines[Y] = {in[3], in[4], in[5], out[1], 14};
  // Its root only collects and its other cores only pass on.
  lines[Band] = {in[6], in[6], in[7], out[2], 18};
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

void PhaseWriter::begin() {
  for (unsigned i = 0; i < 4 * kNumLines; ++i) {
    line(fmt::format("ldh r{}, [r0 + {}{}]", 10 + i, "xyb"[i / 4], i % 4));
  }
  line("ldh r22, [r0 + owner]");
  line("li r9, 1");
  line("tsc r8");
  line("stw r8, [r0 + " + clock(0) + "]");
}

void PhaseWriter::end(const char *phase) {
  names.push_back(phase);
  line("tsc r8");
  line("stw r8, [r0 + " + clock(names.size()) + "]");
}

std::string PhaseWriter::buffers(uint32_t at) const {
  std::vector<BufferSpec> all;
  for (size_t i = 0; i <= names.size(); ++i) {
    all.push_back({clock(i), "scratch", 1, 4});
  }
  all.insert(all.end(), specs.begin(), specs.end());
  return layOut(all, at);
}

void PhaseWriter::vec(const std::string &op, const std::string &dest,
                      const std::string &src0, const std::string &src1,
                      const std::string &scalar) {
  load("d0", dest);
  std::string text = op + " d0";
  if (src0 == dest) {
    text += ", d0";
  } else if (!src0.empty()) {
    load("s0.0", src0);
    text += ", s0.0";
  }
  if (!src1.empty()) {
    load("s1.0", src1);
    text += ", s1.0";
  }
  line(text + (scalar.empty() ? "" : ", " + scalar));
}

void PhaseWriter::matrix(const std::string &weights, uint32_t inner,
                         uint32_t length, const std::string &input,
                         uint32_t inputOffset, uint32_t accOffset) {
  line("li r1, " + input);
  if (inputOffset) {
    line(fmt::format("addi r1, r1, {}", inputOffset));
  }
  product("fmachs", "mov32", at("acc", length, accOffset),
          memory(weights, length, 1, "", "save"), inner);
}

void PhaseWriter::element(const char *op, const char *buffer,
                          uint32_t byteOffset) {
  line(fmt::format("li r1, {}", buffer));
  line(fmt::format("{} r3, [r1 + {}]", op, byteOffset));
}

/// h = x / sqrt(mean of squares) * gain.
void PhaseWriter::norm() {
  vec("fh2s", at("t", d), at("x", d));
  vec("fmuls", at("f", d), at("t", d), at("t", d));
  line("stw r0, [r0 + acc]");
  vec("fadds", memory("acc", d, 0), memory("acc", d, 0), at("f", d));
  reduce(Y, 1);
  line("ldw r3, [r0 + acc]");
  line(fmt::format("li r4, {:.9f}", 1.0 / shape.dim));
  line("fmul r3, r3, r4");
  line("li r4, 0.000001");
  line("fadd r3, r3, r4");
  reciprocalRoot();
  vec("fmuls", at("t", d), at("t", d), "", "r3");
  vec("fs2h", at("h", d), at("t", d));
  vec("fmulh", at("h", d), at("h", d), at("gain", d));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// The squares of the query's heads and the key are summed over the band in one
/// reduction, then each of them is scaled.
void PhaseWriter::queryKeyNorm() {
  uint32_t groups = g + 1;
  vec("fmuls", at("t", a + k), at("acc", a + k), at("acc", a + k));
  vec("mov32", at("f", a + k), at("acc", a + k));
  vec("mov32", at("acc", groups), "", "", "r0");
  for (uint32_t i = 0; i < groups; ++i) {
    std::string sum = memory("acc", k, 0, std::to_string(4 * i));
    vec("fadds", sum, sum, at("t", k, 4 * k * i));
  }
  reduce(Band, groups);
  for (uint32_t i = 0; i < groups; ++i) {
    element("ldw", "acc", 4 * i);
    line(fmt::format("li r4, {:.9f}", 1.0 / shape.headDim));
    line("fmul r3, r3, r4");
    line("li r4, 0.000001");
    line("fadd r3, r3, r4");
    reciprocalRoot();
    std::string part = at("f", k, 4 * k * i);
    vec("fmuls", part, part, "", "r3");
  }
  vec("fs2h", at("qkv", a + k), at("f", a + k));
  vec("fmulh", at("qkv", a), at("qkv", a), at("qgain", a));
  vec("fmulh", at("qkv", k, 2 * a), at("qkv", k, 2 * a), at("kgain", k));
}

/// Pairs of neighbours are rotated, in binary32.
void PhaseWriter::rotate(const std::string &buffer, uint32_t byteOffset,
                         uint32_t pairs) {
  std::string even = at(buffer, pairs, byteOffset, 2);
  std::string odd = at(buffer, pairs, byteOffset + 2, 2);
  std::string cos = at("cos", pairs), sin = at("sin", pairs);
  std::string first = at("t", pairs), second = at("e", pairs);
  std::string u = at("f", pairs), v = at("f", pairs, 4 * pairs);
  vec("fh2s", first, even);
  vec("fh2s", second, odd);
  vec("fmuls", u, first, cos);
  vec("fmuls", v, second, sin);
  vec("fsubs", u, u, v);
  vec("fs2h", even, u);
  vec("fmuls", u, first, sin);
  vec("fmuls", v, second, cos);
  vec("fadds", u, u, v);
  vec("fs2h", odd, u);
}

/// The row that owns the last position writes its key and value.
void PhaseWriter::append() {
  std::string skip = fresh("skip");
  line("beq r22, r0, " + skip);
  vec("mov16", at("keys", k, 2 * (s - 1), int(s)), at("qkv", k, 2 * a));
  vec("mov16", at("values", k, 2 * k * (s - 1)), at("qkv", k, 2 * (a + k)));
  mark(skip);
}

/// score[head][position], in binary32 through the band and then in binary16.
void PhaseWriter::scores() {
  for (uint32_t head = 0; head < g; ++head) {
    matrix("keys", k, s, "qkv", 2 * k * head, 4 * s * head);
  }
  reduce(Band, g * s);
  vec("fs2h", at("score", g * s), at("acc", g * s));
}

void PhaseWriter::exponential(uint32_t offset, uint32_t n) {
  // 2^y = 2^(y rounded) * 2^f, |f| <= 1/2. Adding 1.5 * 2^23 rounds, and leaves
  // the integer in the low bits.
  std::string t = at("t", n, offset), e = at("e", n), fraction = at("f", n);
  line("li r4, 12582912.0");
  vec("fadds", e, t, "", "r4");
  vec("fsubs", fraction, e, "", "r4");
  vec("fsubs", fraction, t, fraction);
  load("d0", t);
  load("s1.0", fraction);
  // (ln 2)^i / i!
  double coefficient = 1;
  std::array<double, 7> c{};
  for (unsigned i = 0; i < 7; ++i) {
    c[i] = coefficient;
    coefficient *= std::log(2.0) / (i + 1);
  }
  line(fmt::format("li r4, {:.12f}", c[6]));
  line("mov32 d0, r4");
  for (unsigned i = 6; i-- > 0;) {
    line("fmuls d0, d0, s1.0");
    line(fmt::format("li r4, {:.12f}", c[i]));
    line("fadds d0, d0, r4");
  }
  // The integer is added to the exponent, in the upper halves.
  std::string low = at("e", n, 0, 2), high = at("t", n, offset + 2, 2);
  line("li r4, 7");
  vec("sll16", low, low, "", "r4");
  vec("add16", high, high, low);
}

/// p = exp(scale (score - max)), inverse = 1 / sum, by head.
void PhaseWriter::softmax() {
  line("li r3, 0xfc00"); // - infinity in binary16
  vec("mov16", at("acc", g), "", "", "r3");
  for (uint32_t head = 0; head < g; ++head) {
    std::string most = memory("acc", s, 0, std::to_string(2 * head));
    vec("fmaxh", most, most, at("score", s, 2 * s * head));
  }
  allReduce(lines[Y], "fmaxh", "mov16", g, "");
  for (uint32_t head = 0; head < g; ++head) {
    std::string part = at("t", s, 4 * s * head);
    element("ldh", "acc", 2 * head);
    line("htof r3, r3");
    vec("fh2s", part, at("score", s, 2 * s * head));
    vec("fsubs", part, part, "", "r3");
    // To base 2, but not so low that the exponent would wrap.
    line(fmt::format("li r4, {:.9f}",
                     std::log2(std::exp(1.0)) / std::sqrt(shape.headDim)));
    vec("fmuls", part, part, "", "r4");
    line("li r4, -126.0");
    vec("fmaxs", part, part, "", "r4");
    exponential(4 * s * head, s);
  }
  vec("mov32", at("acc", g), "", "", "r0");
  for (uint32_t head = 0; head < g; ++head) {
    std::string sum = memory("acc", s, 0, std::to_string(4 * head));
    vec("fadds", sum, sum, at("t", s, 4 * s * head));
  }
  reduce(Y, g);
  line("li r4, 1.0");
  for (uint32_t head = 0; head < g; ++head) {
    element("ldw", "acc", 4 * head);
    line("fdiv r3, r4, r3");
    element("stw", "inverse", 4 * head);
  }
  vec("fs2h", at("score", g * s), at("t", g * s));
}

void PhaseWriter::attention() {
  uint32_t most = std::max({a + 2 * k, g * s, d});
  specs = {{"x", "state", d},
           {"h", "scratch", std::max(a, d)},
           {"z", "scratch", d},
           {"qkv", "scratch", a + 2 * k},
           {"score", "scratch", g * s},
           {"acc", "scratch", most, 4},
           {"t", "scratch", most, 4},
           {"f", "scratch", std::max({a + 2 * k, s, d}), 4},
           {"e", "scratch", std::max(a, s), 4},
           {"inverse", "scratch", g, 4},
           {"gain", "weights", d},
           {"qgain", "weights", a},
           {"kgain", "weights", k},
           {"cos", "weights", a / 2, 4},
           {"sin", "weights", a / 2, 4},
           {"wq", "weights", d * a},
           {"wk", "weights", d * k},
           {"wv", "weights", d * k},
           {"wo", "weights", a * d},
           {"keys", "state", k * s},
           {"values", "state", s * k}};
  begin();
  norm();
  matrix("wq", d, a, "h");
  matrix("wk", d, k, "h", 0, 4 * a);
  matrix("wv", d, k, "h", 0, 4 * (a + k));
  reduce(Y, a + 2 * k);
  vec("fs2h", at("qkv", k, 2 * (a + k)), at("acc", k, 4 * (a + k)));
  end("qkv");
  queryKeyNorm();
  rotate("qkv", 0, a / 2);
  rotate("qkv", 2 * a, k / 2);
  append();
  end("qk-norm+rope");
  scores();
  end("score");
  softmax();
  end("softmax");
  for (uint32_t head = 0; head < g; ++head) {
    matrix("values", s, k, "score", 2 * s * head, 4 * k * head);
  }
  reduce(Y, a);
  for (uint32_t head = 0; head < g; ++head) {
    element("ldw", "inverse", 4 * head);
    std::string part = at("acc", k, 4 * k * head);
    vec("fmuls", part, part, "", "r3");
  }
  vec("fs2h", at("h", a), at("acc", a));
  end("pv");
  matrix("wo", a, d, "h");
  reduce(X, d);
  vec("fs2h", at("h", d), at("acc", d));
  end("o-proj");
  vec("faddh", at("z", d), at("x", d), at("h", d));
  end("residual");
  line("end");
}

//===----------------------------------------------------------------------===//
// Feed-forward
//===----------------------------------------------------------------------===//

/// h = up * gate / (1 + exp(-gate)); up and gate are in acc.
void PhaseWriter::silu() {
  std::string gate = at("acc", f, 4 * f), t = at("t", f);
  line(fmt::format("li r4, {:.9f}", -std::log2(std::exp(1.0))));
  vec("fmuls", t, gate, "", "r4");
  line("li r4, -126.0");
  vec("fmaxs", t, t, "", "r4");
  // No larger than the exponent bears: beyond, the result is 0 in binary16.
  vec("fnegs", t, t);
  vec("fmaxs", t, t, "", "r4");
  vec("fnegs", t, t);
  exponential(0, f);
  line("li r4, 1.0");
  vec("fadds", t, t, "", "r4");
  // 1 / t: a first guess from the upper halves, three Newton steps.
  std::string r = at("f", f), v = at("e", f);
  vec("mov32", r, "", "", "r0");
  line("li r3, 0x7ef3");
  load("d0", at("f", f, 2, 2));
  load("s1.0", at("t", f, 2, 2));
  line("sub16 d0, r3, s1.0");
  line("li r4, 2.0");
  for (int step = 0; step < 3; ++step) {
    vec("fmuls", v, t, r);
    load("s1.0", v);
    line("fsubs d0, r4, s1.0");
    vec("fmuls", r, r, v);
  }
  vec("fmuls", t, gate, r);
  vec("fmuls", t, t, at("acc", f));
  vec("fs2h", at("h", f), t);
}

void PhaseWriter::feedForward() {
  uint32_t most = std::max(2 * f, d);
  specs = {{"x", "state", d},
           {"h", "scratch", std::max(d, f)},
           {"z", "scratch", d},
           {"acc", "scratch", most, 4},
           {"t", "scratch", std::max(f, d), 4},
           {"f", "scratch", std::max(f, d), 4},
           {"e", "scratch", f, 4},
           {"gain", "weights", d},
           {"wup", "weights", d * f},
           {"wgate", "weights", d * f},
           {"wd", "weights", f * d}};
  begin();
  norm();
  matrix("wup", d, f, "h");
  matrix("wgate", d, f, "h", 0, 4 * f);
  reduce(Y, 2 * f);
  end("up-gate");
  silu();
  end("silu");
  matrix("wd", f, d, "h");
  reduce(X, d);
  vec("fs2h", at("h", d), at("acc", d));
  vec("faddh", at("z", d), at("x", d), at("h", d));
  end("down");
  line("end");
}
