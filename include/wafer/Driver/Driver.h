// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Driver.h - The frame of the wsec command line ------------*- C++ -*-===//
//
// `wsec` is a set of commands. Each lives in a file of its own,
// lib/Driver/<Name>Command.cpp, which defines
//
//   void wafer::add<Name>Command(CLI::App &app, CommandContext &context)
//   {
//     auto options = std::make_shared<Options>();
//     CLI::App *command = app.add_subcommand("name", "Do this");
//     command->add_option("file", options->file, "...")->required();
//     context.setAction(command, [options, &context] {
//       return runName(*options, context);
//     });
//   }
//
// and has one line in wafer/Driver/Commands.def. The command line is checked
// in full before the action runs. Commands of libraries that are not part of
// every build are handed to runDriver() by the tool.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_DRIVER_DRIVER_H
#define WAFER_DRIVER_DRIVER_H

#include "wafer/Driver/LogitCheck.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Support/Result.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace wafer {

/// What `wsec` returns to the shell.
enum class ExitCode : int {
  Success = 0,
  /// A file or a value is bad, or cannot be read or written.
  BadInput = 1,
  /// The command line is wrong.
  BadUsage = 2,
  /// A run stopped in a deadlock, at its limit of cycles or by a fault.
  RunStopped = 3,
  /// The user interrupted a run: 128 + SIGINT, as shells have it.
  Interrupted = 130
};

class CommandContext;

/// Compiles a model for a machine (its name or file) with the defaults of
/// `wsec compile`, but without weights.
using ModelCompiler = std::function<Result<LoadedImage>(
    const std::string &model, const std::string &machine,
    CommandContext &context)>;

/// What a command may use of its surroundings.
class CommandContext {
public:
  using Action = std::function<ExitCode()>;

  /// Says what to do when the command line names `command`.
  void setAction(CLI::App *command, Action action);

  /// Appends to standard output. Text is collected; a failure to write it is
  /// reported once, at the end, and makes the exit code BadInput.
  void write(std::string_view text);
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args &&...args) {
    write(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Passes on what was collected, for commands that print while they work.
  Status flush();

  /// Prints "wsec: error: ..." on standard error and returns `code`, so that a
  /// command can end with `return context.fail(...)`.
  ExitCode fail(const Diagnostic &error,
                ExitCode code = ExitCode::BadInput) const;
  /// Prints "wsec: warning: ..." on standard error.
  void warn(const Diagnostic &warning) const;
  /// Prints "wsec: remark: ..." on standard error.
  void remark(const Diagnostic &remark) const;

  /// The action that the command line chose; empty if it chose none.
  Action chosen;
  /// Computes an image's graph on the host; empty in builds that cannot.
  HostModelFactory makeHostModel;
  /// Compiles a model for a machine; empty in builds that cannot.
  ModelCompiler compileModel;

private:
  std::string buffer;
  /// errno of the first failed write.
  int failure = 0;
};

/// Adds one command (or a family of commands) to the application.
using AddCommand = void (*)(CLI::App &app, CommandContext &context);

/// What libraries that are not part of every build add to the driver.
struct DriverExtensions {
  std::vector<AddCommand> commands;
  HostModelFactory makeHostModel;
  ModelCompiler compileModel;
};

/// Parses the command line, runs the command, returns the exit code.
int runDriver(int argc, char **argv, const DriverExtensions &extensions = {});

} // namespace wafer

#endif // WAFER_DRIVER_DRIVER_H
