// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Driver/Driver.h"

#include "wafer/Driver/Version.h"
#include "wafer/Support/File.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <unistd.h>

using namespace wafer;

namespace wafer {
#define WAFER_COMMAND(Name)                                                    \
  void add##Name##Command(CLI::App &app, CommandContext &context);
#include "wafer/Driver/Commands.def"
} // namespace wafer

//===----------------------------------------------------------------------===//
// CommandContext
//===----------------------------------------------------------------------===//

void CommandContext::setAction(CLI::App *command, Action action) {
  command->callback([this, action = std::move(action)] { chosen = action; });
}

void CommandContext::write(std::string_view text) {
  constexpr size_t kBufferBytes = 1 << 16;
  buffer += text;
  if (buffer.size() >= kBufferBytes) {
    (void)!flush(); // the failure is kept and reported at the end
  }
}

Status CommandContext::flush() {
  const char *data = buffer.data();
  size_t left = buffer.size();
  while (left > 0 && failure == 0) {
    ssize_t put = ::write(STDOUT_FILENO, data, left);
    if (put < 0 && errno != EINTR) {
      failure = errno;
    } else if (put > 0) {
      data += put;
      left -= size_t(put);
    }
  }
  buffer.clear();
  return failure == 0 ? Status::success()
                      : systemError("standard output", "write", failure);
}

ExitCode CommandContext::fail(const Diagnostic &error, ExitCode code) const {
  fmt::print(stderr, "wsec: error: {}\n", error.str());
  return code;
}

void CommandContext::warn(const Diagnostic &warning) const {
  fmt::print(stderr, "wsec: warning: {}\n", warning.str());
}

void CommandContext::remark(const Diagnostic &remark) const {
  fmt::print(stderr, "wsec: remark: {}\n", remark.str());
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

/// The command that the arguments reached, as it is typed.
static std::string commandLineOf(const CLI::App &app) {
  std::string text = app.get_name();
  for (const CLI::App *at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    text += " " + at->get_name();
  }
  return text;
}

/// The library's messages, in the form of ours.
static std::string describe(const CLI::App &app, const CLI::ParseError &error) {
  std::vector<std::string> rest = app.remaining();
  if (app.get_subcommands().empty()) {
    return rest.empty() ? "no command is given"
                        : "unknown command or option '" + rest.front() + "'";
  }
  std::string text = error.what();
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' &&
      !(text[1] >= 'A' && text[1] <= 'Z')) {
    text[0] = char(text[0] - 'A' + 'a');
  }
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) {
    text.pop_back();
  }
  return text;
}

/// Parses; returns an exit code when there is nothing more to do.
static std::optional<ExitCode> parse(CLI::App &app, CommandContext &context,
                                     int argc, char **argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    context.write(app.help());
    return ExitCode::Success;
  } catch (const CLI::CallForAllHelp &) {
    context.write(app.help("", CLI::AppFormatMode::All));
    return ExitCode::Success;
  } catch (const CLI::CallForVersion &version) {
    context.print("{}\n", version.what());
    return ExitCode::Success;
  } catch (const CLI::ParseError &error) {
    Diagnostic diagnostic;
    diagnostic.what = describe(app, error);
    diagnostic.hint = "see '" + commandLineOf(app) + " --help'";
    return context.fail(diagnostic, ExitCode::BadUsage);
  }
  return std::nullopt;
}

static ExitCode runCommand(CLI::App &app, CommandContext &context, int argc,
                           char **argv) {
  if (std::optional<ExitCode> done = parse(app, context, argc, argv)) {
    return *done;
  }
  if (!context.chosen) {
    Diagnostic diagnostic;
    diagnostic.what = "no command is given";
    diagnostic.hint = "see '" + commandLineOf(app) + " --help'";
    return context.fail(diagnostic, ExitCode::BadUsage);
  }
  return context.chosen();
}

int wafer::runDriver(int argc, char **argv,
                     const DriverExtensions &extensions) {
  // A reader that goes away is an error of writing, not a silent end.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file that grows beyond the limit of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  CommandContext context;
  context.makeHostModel = extensions.makeHostModel;
  context.compileModel = extensions.compileModel;
  ExitCode code = ExitCode::BadInput;
  try {
    CLI::App app("A compiler and simulator for whole transformers on "
                 "wafer-scale machines",
                 "wsec");
    app.set_version_flag("--version", WAFER_VERSION_TEXT, "Print the version");
    app.require_subcommand(0, 1);
#define WAFER_COMMAND(Name) add##Name##Command(app, context);
#include "wafer/Driver/Commands.def"
    for (AddCommand add : extensions.commands) {
      add(app, context);
    }
    code = runCommand(app, context, argc, argv);
  } catch (const std::bad_alloc &) {
    context.fail({"out of memory", "", "", "", ""});
  } catch (const std::exception &exception) {
    // Only the command line and formatting libraries throw.
    context.fail({std::string("internal error: ") + exception.what(), "", "",
                  "", "this is a bug in wsec"});
  }
  if (Status status = context.flush(); !status && code == ExitCode::Success) {
    code = context.fail(status.error());
  }
  return int(code);
}
