// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CompileJob.h - A model through the phases ----------------*- C++ -*-===//
//
// What `wsec compile` and the benchmarks of whole models share: a model is
// loaded, imported and taken through the phases, up to one of them or to an
// image. Errors are printed by the session.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_COMPILERDRIVER_COMPILEJOB_H
#define WAFER_LIB_COMPILERDRIVER_COMPILEJOB_H

#include "wafer/CompilerDriver/CompilerDriver.h"
#include "wafer/Emit/EmitImage.h"
#include "wafer/Pipelines/Phases.h"

#include <memory>
#include <string>

namespace wafer {

struct CompileRequest {
  std::string model;
  ModelLoadOptions load;
  PipelineOptions pipeline;
  /// Whether the image carries weights.
  bool weights = true;
  /// A defect map (a file) that the image is fitted to; empty: a perfect wafer.
  std::string defects;
};

/// A module after a phase. The model stays alive beside it: its files and its
/// tokenizer go into the image.
struct CompiledModule {
  Model model;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Bytecode of the imported graph, where an image was asked for.
  std::string graph;
};

struct CompiledImage {
  CompiledModule source;
  Machine machine;
  EmittedImage emitted;
  /// Columns, and rows, that the plan leaves free for defects.
  int64_t reserve = 0;
};

/// Null after an error, which has been printed.
std::unique_ptr<CompiledModule> compileTo(Phase last,
                                          const CompileRequest &request,
                                          CompilerSession &session,
                                          CommandContext &context);
/// For a wafer without defects.
std::unique_ptr<CompiledImage> compilePerfect(const CompileRequest &request,
                                              CompilerSession &session,
                                              CommandContext &context);
/// The same, or for the wafer of `request` (WaferCompile.cpp).
std::unique_ptr<CompiledImage> compileImage(const CompileRequest &request,
                                            CompilerSession &session,
                                            CommandContext &context);

/// See ModelCompiler.
Result<LoadedImage> compileForYield(const std::string &model,
                                    const std::string &machine,
                                    CommandContext &context);

} // namespace wafer

#endif // WAFER_LIB_COMPILERDRIVER_COMPILEJOB_H
