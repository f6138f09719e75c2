// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CompilerDriver.h - The commands of wsec that need MLIR ---*- C++ -*-===//
//
// The commands that the tool hands to runDriver() in builds with the compiler,
// and what they share: a session with all dialects, whose diagnostics are
// printed in the form of wsec's errors.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_COMPILERDRIVER_COMPILERDRIVER_H
#define WAFER_COMPILERDRIVER_COMPILERDRIVER_H

#include "wafer/Driver/Driver.h"
#include "wafer/Import/Import.h"
#include "wafer/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace wafer {

/// The commands, and the host model for `wsec run --check`.
DriverExtensions compilerExtensions();

/// Dialects, a context and its diagnostics for the time of one command.
class CompilerSession {
public:
  explicit CompilerSession(CommandContext &command);
  ~CompilerSession();

  mlir::MLIRContext &context() { return mlirContext; }

  /// From now on the remarks of passes are printed, in the order of the
  /// pipeline, as "wsec: remark: CATEGORY: SENTENCE".
  void enableRemarks();
  bool hasRemarks() const { return printsRemarks; }

  /// While it is set nothing is printed: for attempts that may fail.
  void setQuiet(bool quiet) { isQuiet = quiet; }

  /// Reads `path`: a .mlir or .mlirbc file as it is, anything else as a model
  /// that is imported. Null after an error, which has been printed.
  mlir::OwningOpRef<mlir::ModuleOp>
  loadModule(const std::string &path, const ImportOptions &options = {},
             const ModelLoadOptions &modelOptions = {});

private:
  CommandContext &command;
  mlir::MLIRContext mlirContext;
  /// Only the first error is printed: those after it are its echo.
  bool hasFailed = false;
  bool isQuiet = false;
  bool printsRemarks = false;
};

/// The bytecode of an imported module for Image::graph. Its files are named by
/// absolute paths, so that the image may be used from another folder.
Result<std::string> serializeGraph(mlir::ModuleOp module);

/// Compiles Image::graph for the host; see HostModelFactory.
Result<std::unique_ptr<HostModel>> makeHostModel(const Image &image,
                                                 const std::string &model);

/// Writes a module to `path`: bytecode when it ends in .mlirbc, else text.
Status writeModule(mlir::ModuleOp module, const std::string &path);

} // namespace wafer

#endif // WAFER_COMPILERDRIVER_COMPILERDRIVER_H
