// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PhaseWriter.h - The decode layer of Qwen3 as text --------*- C++ -*-===//
//
// The schedule of the published notes: every core runs one program without
// microthreads. A vector is split over rows or columns and replicated along the
// other axis; partial sums of products are binary32 and go through two-level
// chains with the root in the middle (in rows, columns, or the band of cores
// that share a key-value head: one level), whose sums are multicast back.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_PHASEWRITER_H
#define WAFER_LIB_BENCH_PHASEWRITER_H

#include "LayerWriter.h"
#include "wafer/Bench/DecodePhases.h"

#include <array>

namespace wafer::bench {

class PhaseWriter : public LayerWriter {
public:
  PhaseWriter(const DecodePhasesShape &shape, const Machine &machine);

  void attention();
  void feedForward();

  const std::string &code() const { return body; }
  std::string buffers(uint32_t at) const;
  const std::vector<std::string> &phases() const { return names; }
  /// The buffer of the clock reading at the end of phase `i`, counted from 1; 0
  /// is that of the beginning.
  static std::string clock(size_t i) { return "clock" + std::to_string(i); }

  /// Lines: along X, along Y, and the band of a key-value head along X.
  enum LineKind { X, Y, Band, kNumLines };
  /// With the owner, and one to begin descriptors at a whole word.
  static constexpr uint32_t kTableParams = 4 * kNumLines + 2;
  /// Its queues are taken from those that are free, in order.
  Line lines[kNumLines];

private:
  void begin();
  void end(const char *phase);
  void reduce(LineKind kind, uint32_t elements, const char *op = "fadds") {
    allReduce(lines[kind], op, "mov32", elements, "");
  }
  /// acc = input * weights, with offsets in bytes.
  void matrix(const std::string &weights, uint32_t inner, uint32_t length,
              const std::string &input, uint32_t inputOffset = 0,
              uint32_t accOffset = 0);
  /// `op` (ldw, ldh, stw) of r3 and a place of a buffer.
  void element(const char *op, const char *buffer, uint32_t byteOffset);
  /// One instruction on memory operands; empty ones are absent.
  void vec(const std::string &op, const std::string &dest,
           const std::string &src0, const std::string &src1 = "",
           const std::string &scalar = "");
  std::string at(const std::string &buffer, uint32_t elements,
                 uint32_t byteOffset = 0, int stride = 1) {
    return memory(buffer, elements, stride,
                  byteOffset ? std::to_string(byteOffset) : "");
  }
  void norm();
  void queryKeyNorm();
  void rotate(const std::string &buffer, uint32_t byteOffset, uint32_t pairs);
  void append();
  void scores();
  void softmax();
  /// t + `offset` bytes = 2^t of `n` binary32 numbers of at most 0, by a
  /// polynomial of degree 6; f and e hold values in between.
  void exponential(uint32_t offset, uint32_t n);
  void silu();

  DecodePhasesShape shape;
  uint32_t d, a, k, f, s, g;
  std::vector<BufferSpec> specs;
  std::vector<std::string> names;
};

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_PHASEWRITER_H
