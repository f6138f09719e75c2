// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Register.h - Everything that tools register --------------*- C++ -*-===//
//
// The one place that knows all dialects, passes and pipelines of the project.
// Tools and embedders call these two functions and nothing else.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PIPELINES_REGISTER_H
#define WAFER_PIPELINES_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace wafer {

/// Adds Wafer's dialects, the upstream dialects that they lower to, and the
/// interface extensions that both need.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers Wafer's passes and pipelines, and the upstream passes that users
/// mix with them, in the process-wide pass registry.
void registerAllPasses();

} // namespace wafer

#endif // WAFER_PIPELINES_REGISTER_H
