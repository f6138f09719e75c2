// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RunObservation.h - Trace, account and words of a run -----*- C++ -*-===//
//
// The options of `wsec run` that look inside a run, the observers behind them,
// and what is said in the end. They need the reference engine.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_DRIVER_RUNOBSERVATION_H
#define WAFER_LIB_DRIVER_RUNOBSERVATION_H

#include "wafer/Driver/Driver.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Sim/LinkHeat.h"
#include "wafer/Sim/RunAccount.h"
#include "wafer/Sim/TokenRun.h"
#include "wafer/Sim/Trace.h"
#include "wafer/Support/Json.h"

#include <optional>

namespace wafer {

struct ObservationOptions {
  std::string trace;
  std::vector<std::string> traceCores;
  std::optional<uint64_t> traceFrom, traceTo;
  bool traceClock = false;
  bool account = false;
  std::string heat;

  /// The first option that needs an observer, nullptr if there is none.
  const char *firstGiven() const;
  /// Options of a trace without one, and such that exclude each other.
  Status check() const;
};

void addObservationOptions(CLI::App &command, ObservationOptions &options);

/// "x0,y0,x1,y1" (both corners inside) or "WxH+X+Y".
Result<Rect> parseCores(const std::string &text);

class RunObservation {
public:
  /// Opens the files. Everything given must outlive it.
  static Result<RunObservation>
  create(const ObservationOptions &options, const Image &image,
         const Machine &machine, const ParameterSet &costs,
         const std::optional<TokenProtocol> &protocol);

  /// nullptr where nothing is asked for.
  Observer *observer() { return list->empty() ? nullptr : &*list; }
  /// Writes the files of a run that is over.
  Status finish(Engine &engine);
  /// The account, where it is asked for.
  bool hasAccount() const { return account != nullptr; }
  nlohmann::json accountJson(const Engine &engine) const;
  void printAccount(const Engine &engine, CommandContext &context) const;

private:
  const Image *image = nullptr;
  std::string heatPath;
  std::unique_ptr<TraceWriter> trace;
  std::unique_ptr<RunAccount> account;
  std::unique_ptr<LinkHeat> heat;
  std::unique_ptr<ObserverList> list = std::make_unique<ObserverList>();
};

} // namespace wafer

#endif // WAFER_LIB_DRIVER_RUNOBSERVATION_H
