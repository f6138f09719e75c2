// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/CompilerDriver/CompilerDriver.h"

#include "CompileJob.h"

#include "wafer/Pipelines/Register.h"
#include "wafer/Support/OutputFile.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

using namespace wafer;

namespace wafer {
void addCompileCommand(CLI::App &app, CommandContext &context);
void addImportCommand(CLI::App &app, CommandContext &context);
void addBenchDecodeCommand(CLI::App &app, CommandContext &context);
void addBenchPrefillCommand(CLI::App &app, CommandContext &context);
} // namespace wafer

DriverExtensions wafer::compilerExtensions() {
  return {{addCompileCommand, addImportCommand, addBenchDecodeCommand,
           addBenchPrefillCommand},
          makeHostModel,
          compileForYield};
}

//===----------------------------------------------------------------------===//
// CompilerSession
//===----------------------------------------------------------------------===//

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  return registry;
}

/// "file:line:column" of a place in a file, else nothing.
static std::string placeOf(mlir::Location loc) {
  auto file = loc->findInstanceOf<mlir::FileLineColLoc>();
  if (!file) {
    return "";
  }
  return file.getFilename().str() + ":" + std::to_string(file.getLine()) + ":" +
         std::to_string(file.getColumn());
}

static Diagnostic toDiagnostic(mlir::Diagnostic &diagnostic) {
  Diagnostic result;
  result.what = diagnostic.str();
  result.where = placeOf(diagnostic.getLocation());
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    std::string place = placeOf(note.getLocation());
    result.hint += (result.hint.empty() ? "" : "; ") + note.str() +
                   (place.empty() ? "" : " at " + place);
  }
  return result;
}

CompilerSession::CompilerSession(CommandContext &command)
    : command(command), mlirContext(makeRegistry()) {
  // The text of an operation is not for users of the command.
  mlirContext.printOpOnDiagnostic(false);
  mlirContext.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) {
    if (isQuiet) {
      return mlir::success();
    }
    if (d.getSeverity() == mlir::DiagnosticSeverity::Remark) {
      this->command.remark(toDiagnostic(d));
    } else if (d.getSeverity() == mlir::DiagnosticSeverity::Warning) {
      this->command.warn(toDiagnostic(d));
    } else if (d.getSeverity() == mlir::DiagnosticSeverity::Error &&
               !hasFailed) {
      hasFailed = true;
      this->command.fail(toDiagnostic(d));
    }
    return mlir::success();
  });
}

CompilerSession::~CompilerSession() = default;

namespace {
/// Hands remarks to the diagnostics, which brings those of passes that run in
/// parallel into the order of the operations. Metrics are for machines: the
/// sentence of a remark holds its numbers.
class RemarkPrinter final
    : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  void streamOptimizationRemark(
      const mlir::remark::detail::Remark &remark) override {
    for (const auto &arg : remark.getArgs()) {
      if (arg.key == "Remark") {
        mlir::emitRemark(remark.getLocation())
            << remark.getCategoryName() << ": " << arg.val;
      }
    }
  }
};
} // namespace

void CompilerSession::enableRemarks() {
  printsRemarks = true;
  // Regular expressions of categories; `all` alone switches nothing on.
  mlir::remark::RemarkCategories all;
  all.passed = all.missed = all.analysis = all.failed = ".*";
  // Nothing can fail: the printer opens no file.
  (void)mlir::remark::enableOptimizationRemarks(
      mlirContext, std::make_unique<RemarkPrinter>(),
      std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), all);
}

mlir::OwningOpRef<ModuleOp>
CompilerSession::loadModule(const std::string &path,
                            const ImportOptions &options,
                            const ModelLoadOptions &modelOptions) {
  StringRef name = path;
  if (name.ends_with(".mlir") || name.ends_with(".mlirbc")) {
    // The parser does not name a file that it cannot open.
    Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
    if (!file) {
      command.fail(file.error());
      return {};
    }
    return mlir::parseSourceFile<ModuleOp>(path,
                                           mlir::ParserConfig(&mlirContext));
  }
  Result<Model> model = loadModel(path, modelOptions);
  if (!model) {
    command.fail(model.error());
    return {};
  }
  return importModel(*model, &mlirContext, options);
}

Status wafer::writeModule(ModuleOp module, const std::string &path) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (StringRef(path).ends_with(".mlirbc")) {
    mlir::BytecodeWriterConfig config("Wafer");
    if (failed(mlir::writeBytecodeToFile(module, stream, config))) {
      return Diagnostic{"cannot write bytecode", path, "", "", ""};
    }
  } else {
    module->print(stream);
    stream << '\n';
  }
  return writeFile(path, text);
}
