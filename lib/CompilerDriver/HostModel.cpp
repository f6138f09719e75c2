// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HostModel.cpp - An image's graph on the host -----------------------===//
//
// The image carries the model as it was imported, before any pass touched it.
// The oracle computes that graph, so that a run is compared with something
// that shares neither the compiler's passes nor the simulator.
//
//===----------------------------------------------------------------------===//
#include "wafer/CompilerDriver/CompilerDriver.h"
#include "wafer/Image/Image.h"
#include "wafer/Oracle/Oracle.h"
#include "wafer/Pipelines/Register.h"
#include "wafer/WGraph/WGraph.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

using namespace wafer;

static constexpr const char *kWhere = "graph of the image";

/// Gives every file that `module` names another path.
static void renameFiles(ModuleOp module,
                        llvm::function_ref<std::string(StringRef)> rename) {
  mlir::AttrTypeReplacer replacer;
  replacer.addReplacement([&](wgraph::FileAttr file) -> Attribute {
    return wgraph::FileAttr::get(file.getContext(), rename(file.getPath()),
                                 file.getSize());
  });
  replacer.recursivelyReplaceElementsIn(module);
}

/// The first file that `module` names and that is not there.
static std::optional<std::string> missingFile(ModuleOp module) {
  std::optional<std::string> missing;
  mlir::AttrTypeWalker walker;
  walker.addWalk([&](wgraph::FileAttr file) {
    if (!missing && !llvm::sys::fs::exists(file.getPath())) {
      missing = file.getPath().str();
    }
  });
  module->walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });
  return missing;
}

static std::string realPath(StringRef path) {
  llvm::SmallString<128> real;
  if (llvm::sys::fs::real_path(path, real)) {
    real = path; // the reader will say what is wrong with it
  }
  return real.str().str();
}

Result<std::string> wafer::serializeGraph(ModuleOp module) {
  mlir::OwningOpRef<ModuleOp> copy = module.clone();
  renameFiles(*copy, realPath);
  copy->walk([](wgraph::ModelOp model) {
    if (std::optional<StringRef> source = model.getSource()) {
      model.setSource(realPath(*source));
    }
  });
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  mlir::BytecodeWriterConfig config("Wafer");
  if (failed(mlir::writeBytecodeToFile(*copy, stream, config))) {
    return Diagnostic{"cannot write bytecode", kWhere, "", "", ""};
  }
  return bytes;
}

namespace {

class OracleModel final : public HostModel {
public:
  explicit OracleModel(std::unique_ptr<Oracle> oracle)
      : oracle(std::move(oracle)) {}

  size_t vocab() const override { return size_t(oracle->vocab()); }

  Result<Step> step(uint32_t id, uint64_t position) override {
    Result<Oracle::Step> step = oracle->step({int32_t(id)}, int64_t(position));
    if (!step) {
      return step.takeError();
    }
    return Step{uint32_t(step->next[0]), step->logits.data()};
  }

  Status setState(const ModelState &state) override {
    return oracle->setState(state.name, state.shape[1], state.values);
  }

private:
  std::unique_ptr<Oracle> oracle;
};

} // namespace

/// The path of a file of the model, now that `model` is where the model is.
static std::string moved(StringRef path, const std::string &model) {
  if (!llvm::sys::fs::is_directory(model)) {
    return model;
  }
  llvm::SmallString<128> joined(model);
  llvm::sys::path::append(joined, llvm::sys::path::filename(path));
  return joined.str().str();
}

Result<std::unique_ptr<HostModel>>
wafer::makeHostModel(const Image &image, const std::string &model) {
  if (image.graph.empty()) {
    return Diagnostic{"the image carries no graph to compare with", "", "", "",
                      "compile the model with its weights"};
  }
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string first;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (first.empty() && d.getSeverity() == mlir::DiagnosticSeverity::Error) {
      first = d.str();
    }
    return mlir::success();
  });
  auto module = mlir::parseSourceString<ModuleOp>(
      image.graph, mlir::ParserConfig(&context), kWhere);
  if (!module) {
    return Diagnostic{"cannot read the graph", kWhere, "", first,
                      "the image was made by another version"};
  }
  if (!model.empty()) {
    renameFiles(*module, [&](StringRef path) { return moved(path, model); });
  }
  if (std::optional<std::string> path = missingFile(*module)) {
    return Diagnostic{"a file of the model is not there", *path, "", "",
                      "--model PATH says where the model is now"};
  }
  Result<std::unique_ptr<Oracle>> oracle = Oracle::create(*module);
  if (!oracle) {
    Diagnostic error = oracle.takeError();
    if (!first.empty()) {
      error.found = error.found.empty() ? first : error.found;
    }
    return error;
  }
  if ((*oracle)->tokensPerPass() != 1) {
    return Diagnostic{
        "--check follows one token at a time", kWhere, "1",
        fmt::format("{} tokens in a pass", (*oracle)->tokensPerPass()), ""};
  }
  return std::unique_ptr<HostModel>(
      std::make_unique<OracleModel>(std::move(*oracle)));
}
