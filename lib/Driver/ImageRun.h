// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ImageRun.h - One run of an image -------------------------*- C++ -*-===//
//
// What `wsec run` does once the command line is read: prepares an engine, runs
// the image, and reports (ImageRunReport.cpp).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_IMAGERUN_H
#define WAFER_LIB_DRIVER_IMAGERUN_H

#include "RunObservation.h"
#include "SlicedEngine.h"

#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Model/Model.h"
#include "wafer/Sim/TokenRun.h"
#include "wafer/Support/Json.h"

namespace wafer {

struct RunOptions {
  std::string image;
  std::vector<std::string> prompts;
  std::vector<uint32_t> tokens;
  std::vector<std::string> inputs;
  std::string state;
  std::string saveState;
  std::optional<uint64_t> position;
  std::optional<uint32_t> maxTokens;
  /// Empty: the fast one, unless something needs the other.
  std::string engine;
  std::string params;
  unsigned threads = 1;
  bool check = false;
  std::string model;
  bool timingOnly = false;
  bool noSkip = false;
  ObservationOptions observation;
  std::string outputs;
  bool asJson = false;
  bool ignoreEos = false;
  std::optional<uint64_t> maxCycles;
};

class ImageRun {
public:
  ImageRun(const RunOptions &options, CommandContext &context,
           LoadedImage &loaded)
      : options(options), context(context), image(loaded.image),
        machine(loaded.machine) {}

  ExitCode run();

private:
  ExitCode runTokenImage(TokenProtocol protocol);
  ExitCode runPlainImage();
  Status chooseParameters();
  Status makeEngine(const std::optional<TokenProtocol> &protocol);
  /// One for each prompt, checked.
  Result<std::vector<TokenRequest>> readRequests(const TokenProtocol &protocol);
  Result<std::vector<uint32_t>> encode(const std::string &text) const;
  uint32_t countTokens(const TokenProtocol &protocol, size_t prompt) const;
  Status readTokenizer();
  /// Puts the model where --position and --state want it, and prepares --check.
  Status startAt();
  Status startCheck(const std::vector<ModelState> &states);
  /// --save-state, after `steps` steps.
  Status saveState(uint64_t steps);
  /// Where --check found different ids.
  Diagnostic differentIds() const;
  /// The exit code of a run that is otherwise done.
  ExitCode checked() const;
  nlohmann::json describeCheck() const;
  /// Prints the text that a token adds, on a terminal.
  void stream(uint32_t id, bool first);
  /// Says on standard error why a run stopped before its end.
  ExitCode stopped(const Outcome &outcome);
  /// The word for that in a report; nullptr for a run that came to its end.
  const char *stopReason(const Outcome &outcome) const;
  Status writeOutputs();
  /// What both kinds of runs report, in JSON and as a line of text.
  nlohmann::json describe(const Outcome &outcome, Cycle cycles) const;
  std::string circumstances(const Outcome &outcome) const;
  void reportTokens(const std::vector<TokenRequest> &requests,
                    const TokenRun &run, bool streamed);
  /// Prompt and generated ids.
  std::vector<uint32_t> idsOf(const TokenRequest &request,
                              const RequestRun &run) const;
  nlohmann::json describeRequest(const TokenRequest &request,
                                 const RequestRun &run) const;
  Diagnostic notANumber(const TokenRequest &request,
                        const RequestRun &run) const;
  void reportPlain(const Outcome &outcome, std::optional<uint64_t> timed);
  void printAccounts();
  std::string speed() const;
  Cycle cycleLimit() const { return options.maxCycles.value_or(kNever); }

  const RunOptions &options;
  CommandContext &context;
  const Image &image;
  const Machine &machine;
  const ParameterSet *costs = nullptr;
  std::optional<RunObservation> observation;
  std::unique_ptr<SlicedEngine> engine;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<HostModel> hostModel;
  std::optional<LogitCheck> check;
};

} // namespace wafer

#endif // WAFER_LIB_DRIVER_IMAGERUN_H
