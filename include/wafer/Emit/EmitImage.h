// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- EmitImage.h - From a finished module to an image ---------*- C++ -*-===//
//
// The phase `emit`: code of the roles, tables of the regions, routes, intent
// (streams, tensors, stages) and weights. Weights are evaluated from their
// recipes while the file is written, one buffer of one region at a time, each
// element once.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_EMIT_EMITIMAGE_H
#define WAFER_EMIT_EMITIMAGE_H

#include "wafer/Image/Image.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/StateViews.h"
#include "wafer/Machine/Machine.h"

#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <memory>

namespace wafer {

/// An image without the bytes of its weights, and what makes them. Its seal
/// names the tensors and knows no digest yet.
struct EmittedImage {
  Image image;
  /// Fills initData[index]: `size` bytes, zero at the start. Fails where a
  /// weight file cannot be read. Safe to call from several threads.
  std::function<Status(size_t index, std::vector<uint8_t> &bytes)> fill;
  /// Sets the digests of the tensors of a copy of the image's seal: those whose
  /// buffers have been filled. The others stay 0, not known.
  std::function<void(Seal &seal)> setDigests;
  /// Where the states of the model lie, for addStateViews().
  std::vector<StateView> states;
};

struct EmitOptions {
  /// Without weights the image has no init data.
  bool weights = true;
};

/// Emits the image of a module after the phase `allocate`. Errors are emitted
/// as diagnostics.
llvm::FailureOr<EmittedImage> emitImage(mlir::ModuleOp module,
                                        const Machine &machine,
                                        const EmitOptions &options = {});

/// Writes it, producing the weights on the way.
Status writeEmittedImage(const EmittedImage &emitted, const std::string &path);

} // namespace wafer

#endif // WAFER_EMIT_EMITIMAGE_H
