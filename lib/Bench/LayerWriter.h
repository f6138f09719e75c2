// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LayerWriter.h - Programs of decode layers as text --------*- C++ -*-===//
//
// What the decode layers of rivals have in common: descriptors that are made
// where they are first used, all-reduces along lines (LineText), and products
// of a vector with the core's part of a matrix.
//
// Registers: r9 is 1, and from r10 on each line has four (LineText::tables):
// whether the core hears nobody, one or two sides as a collector of the first
// level; the same as one of the second; how it sends (0: it is the root; 2: and
// advances the collector's switch); and whether words pass by while it sends.
// r1 to r7 hold values for a few instructions.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_LAYERWRITER_H
#define WAFER_LIB_BENCH_LAYERWRITER_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wafer::bench {

class LayerWriter {
public:
  std::string descriptors() const { return params; }
  uint32_t paramBytes() const { return 2 * halfwords; }

protected:
  /// Parameters that stand before the descriptors.
  explicit LayerWriter(uint32_t tableParams) : halfwords(tableParams) {}

  /// The queues and registers of a line.
  struct Line {
    unsigned firstQueue = 0;
    unsigned secondQueue = 0;
    unsigned shareQueue = 0;
    unsigned outQueue = 0;
    /// Of four.
    unsigned firstRegister = 10;
    /// Some code reduces over it.
    bool isUsed = false;
  };
  struct BufferSpec {
    std::string name;
    const char *kind;
    uint32_t elements;
    uint32_t elementBytes = 2;
  };

  /// Buffers one after the other from byte `at` on, each in whole words, so
  /// that every vector begins in a bank of its own.
  static std::string layOut(const std::vector<BufferSpec> &specs, uint32_t at);

  /// Names of descriptors in memory and of queues, made at first use. `offset`
  /// is a number of bytes or empty.
  std::string memory(const std::string &buffer, uint32_t elements,
                     int stride = 1, const std::string &offset = "",
                     const std::string &flags = "");
  std::string fabric(const std::string &kind, unsigned queue, uint32_t elements,
                     const std::string &flags = "");

  void line(const std::string &text) { body += "    " + text + "\n"; }
  void mark(const std::string &label) { body += "  " + label + ":\n"; }
  std::string fresh(const char *stem) {
    return stem + std::to_string(labels++);
  }
  void load(const char *dsr, const std::string &descriptor) {
    line("dsrload " + std::string(dsr) + ", [r0 + " + descriptor + "]");
  }

  /// acc[0, elements) becomes its sum (or maximum, by `op`) over the line.
  /// `move` is the instruction that copies such elements, `flags` those of
  /// descriptors of queues ("packed").
  void allReduce(Line &line, const std::string &op, const std::string &move,
                 uint32_t elements, const std::string &flags);
  /// The vector of `length` elements at `dest` becomes input[0, inner) *
  /// weights[inner][length]: one multiply-add of a row of weights for each
  /// element of the input, a binary16 number. `dest` and `row` are descriptors,
  /// the one of the first row with the flag `save`; r1 is the address of the
  /// input.
  void product(const std::string &op, const std::string &zero,
               const std::string &dest, const std::string &row, uint32_t inner);
  /// r3 = 1 / sqrt(r3) in binary32: a first guess from the bits, three Newton
  /// steps.
  void reciprocalRoot();

  std::string body;

private:
  std::string descriptor(const std::string &key, const std::string &text);

  std::string params;
  uint32_t halfwords;
  std::map<std::string, std::string> known;
  unsigned labels = 0;
};

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_LAYERWRITER_H
