// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Mesh.h - Random traffic over a square of cores -------------*- C++
//-*-===//
//
// The load that engines are measured with. Every core of a square sends single
// words east on one color and south on another, at random times; the routers of
// a line join them all into one stream, which the core at its end takes. The
// last core of a row sends nothing, nor does that of a column.
//
// Two words that reach a join in the same cycle are a race on the machine, so
// such an image does not pass the verifier; the engines' order is that of the
// specification.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_MESH_H
#define WAFER_BENCH_MESH_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer {

struct MeshShape {
  /// Cores of a side, at least 3.
  uint32_t size = 64;
  /// Words that a core sends in a cycle, in the mean, half of them each way.
  /// The link into the end of a line is full at 2 / size.
  double load = 0.0125;
  uint64_t seed = 1;
};

/// A machine with the cores of `machine`, size x size of them.
Machine meshMachine(const Machine &machine, uint32_t size);

/// The image for that machine. Fails where the program cannot send as often.
Result<Image> buildMesh(const Machine &machine, const ParameterSet &costs,
                        const MeshShape &shape);

} // namespace wafer

#endif // WAFER_BENCH_MESH_H
