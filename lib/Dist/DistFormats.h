// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_LIB_DIST_DISTFORMATS_H
#define WAFER_LIB_DIST_DISTFORMATS_H

#include "wafer/Dist/Dist.h"

namespace wafer::dist {

mlir::ParseResult parseSliceRuns(mlir::OpAsmParser &parser,
                                 mlir::DenseI64ArrayAttr &runs);
void printSliceRuns(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                    mlir::DenseI64ArrayAttr runs);
mlir::ParseResult parseLayerEnd(mlir::OpAsmParser &parser,
                                mlir::IntegerAttr &numLayers,
                                mlir::IntegerAttr firstLayer);
void printLayerEnd(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   mlir::IntegerAttr numLayers, mlir::IntegerAttr firstLayer);

} // namespace wafer::dist

#endif // WAFER_LIB_DIST_DISTFORMATS_H
