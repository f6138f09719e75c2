// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DecodePhases.h - Published phases of a CS-3 model --------*- C++ -*-===//
//
// Public notes of measurements on a CS-3 (EPCC, 2026) give the cycles of each
// phase of a decode layer of Qwen3-4B on squares of 256 x 256 cores, and say in
// words how the layer is laid out and which collectives it has. A program in
// that schedule, with nothing fitted to the figures, shows where the costs of
// the abstract machine are right and where they are not. docs/calibration.md
// says what the notes determine and what is a choice.
//
// Attention and feed-forward are programs of their own, on two squares that
// work one after the other.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_DECODEPHASES_H
#define WAFER_BENCH_DECODEPHASES_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Sim/Engine.h"

#include <functional>

namespace wafer {

/// One layer on side x side cores. Hidden and sequence lie along the columns,
/// heads and the inner dimension of the feed-forward along the rows.
struct DecodePhasesShape {
  uint32_t side = 256;
  /// Cores of a group in the two-level all-reduces.
  uint32_t group = 16;
  uint32_t dim = 2560;
  uint32_t heads = 32;
  uint32_t kvHeads = 8;
  uint32_t headDim = 128;
  uint32_t ffn = 9728;
  uint32_t context = 2048;

  /// What a core has of them.
  uint32_t dimSlice() const { return dim / side; }
  uint32_t queryColumns() const { return heads * headDim / side; }
  uint32_t keyColumns() const { return kvHeads * headDim / side; }
  uint32_t ffnSlice() const { return ffn / side; }
  uint32_t contextSlice() const { return context / side; }
  /// Query heads of a key-value head, and the cores of a row that share one.
  uint32_t headsOfKey() const { return heads / kvHeads; }
  uint32_t band() const { return side / kvHeads; }
};

/// The machine with all queues free for the program, as the notes have them
/// (the published program does not use the host library that reserves some).
Machine decodePhasesMachine(const Machine &machine);

/// The two programs, for such a machine. In the model JSON, "phases" lists
/// {"name", "address"}: where each core keeps the clock at the end of a phase;
/// "begin" is that of the clock at the beginning. Buffers (f16) of attention:
/// "x", "gain", "qgain", "kgain", "wq", "wk", "wv", "wo", "keys", "values", and
/// "cos", "sin" (f32); the result is in "z". Of the feed-forward: "x", "gain",
/// "wup", "wgate", "wd", the result is in "z". Fails where extents are no
/// multiples of the side, or the machine is too small.
Result<Image> buildAttentionPhases(const Machine &machine,
                                   const DecodePhasesShape &shape);
Result<Image> buildFeedForwardPhases(const Machine &machine,
                                     const DecodePhasesShape &shape);

/// The cycles of one phase, by the core's own clock less what its reading
/// costs: the mean over all cores, and the extremes, which differ by the way of
/// the last word.
struct PhaseCycles {
  std::string name;
  double mean = 0;
  uint64_t least = 0;
  uint64_t most = 0;
};
/// Verifies and runs such a program.
Result<std::vector<PhaseCycles>> runPhases(const Image &image,
                                           const Machine &machine,
                                           const ParameterSet &costs);

/// What is published of a model, by context: cycles of phases, and of attention
/// and feed-forward as wholes.
struct PublishedPhases {
  const char *model;
  DecodePhasesShape shape;
  uint32_t layers;
  struct Phase {
    const char *name;
    uint32_t context;
    double cycles;
  };
  std::vector<Phase> phases;
  struct Whole {
    uint32_t context;
    double attention;
    double feedForward;
  };
  std::vector<Whole> wholes;

  /// The figure of a phase at a context, or 0 where none is published.
  double phaseAt(const std::string &name, uint32_t context) const;
  const Whole *wholeAt(uint32_t context) const;
};
const std::vector<PublishedPhases> &publishedPhases();

} // namespace wafer

#endif // WAFER_BENCH_DECODEPHASES_H
