// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ModelStates.h - KV caches into and out of the cores ------*- C++ -*-===//
//
// Moves the states of a model (wafer/Image/StateViews.h) between files of the
// host and the cores of an engine that stands still.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_MODELSTATES_H
#define WAFER_SIM_MODELSTATES_H

#include "wafer/Image/StateViews.h"
#include "wafer/Sim/Engine.h"

namespace wafer {

/// [layers, positions, row...], row-major.
struct ModelState {
  std::string name;
  std::vector<uint32_t> shape;
  std::vector<float> values;
};

/// Reads FOLDER/NAME.npy for each state of the image, the first `positions`
/// positions. Fails where the image does not describe its states, a file is
/// missing or is of another shape, or has fewer positions.
Result<std::vector<ModelState>> readStateFiles(const std::string &folder,
                                               const Image &image,
                                               uint32_t positions);

/// Writes them so, in the type that the cores keep; the folder is made.
Status writeStateFiles(const std::string &folder, const Image &image,
                       const std::vector<ModelState> &states);

/// Puts states into the cores, rounded to the type kept there. Time and memory
/// grow with the bytes of the caches.
Status putStates(Engine &engine, const Image &image,
                 const std::vector<ModelState> &states);

/// What the cores hold of the first `positions` positions. Fails where an
/// element lies in no core.
Result<std::vector<ModelState>> takeStates(Engine &engine, const Image &image,
                                           uint32_t positions);

} // namespace wafer

#endif // WAFER_SIM_MODELSTATES_H
