// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ExportFabric.h - The fabric part of an image -------------*- C++ -*-===//
#ifndef WAFER_WFABRIC_EXPORTFABRIC_H
#define WAFER_WFABRIC_EXPORTFABRIC_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include "mlir/IR/BuiltinOps.h"

namespace wafer::wfabric {

/// The sections of an image that describe the fabric.
struct FabricImage {
  std::vector<StreamFamily> families;
  std::vector<Stream> streams;
  std::vector<Rule> rules;
  std::vector<RouteConfig> configs;
  std::vector<HostPort> hostPorts;
};

/// The module's families, streams, rules and host ports as an image holds them,
/// in the order of the module. Segments are expanded; a source is cut out of
/// its sinks; the sink of a stream to the host is the edge router. Emits an
/// error where a color is missing.
mlir::FailureOr<FabricImage> exportFabric(mlir::ModuleOp module,
                                          const Machine &machine);

} // namespace wafer::wfabric

#endif // WAFER_WFABRIC_EXPORTFABRIC_H
