// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_LIB_EMIT_EMITWEIGHTS_H
#define WAFER_LIB_EMIT_EMITWEIGHTS_H

#include "wafer/Dist/Dist.h"
#include "wafer/Emit/EmitImage.h"

#include "mlir/IR/SymbolTable.h"

namespace wafer {

/// Turns the module's placements into tensors of the image and, with weights,
/// into init data (one entry for each weight buffer of a region) with the
/// function that fills them.
llvm::LogicalResult placeTensors(mlir::ModuleOp module,
                                 mlir::SymbolTable &symbols, bool weights,
                                 EmittedImage &result);

} // namespace wafer

#endif // WAFER_LIB_EMIT_EMITWEIGHTS_H
