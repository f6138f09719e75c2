// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ImageRunReport.cpp - What is said about a run ----------------------===//
#include "CycleAccount.h"
#include "ImageRun.h"

#include "wafer/Sim/TensorGather.h"
#include "wafer/Support/OutputFile.h"

#include <cmath>

using namespace wafer;
using nlohmann::json;

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// A number without a fraction where it has none.
static json number(double value) {
  return value == double(uint64_t(value)) ? json(uint64_t(value)) : json(value);
}

json ImageRun::describe(const Outcome &outcome, Cycle cycles) const {
  json object;
  object["tokens"] = json::array();
  object["text"] = "";
  object["cycles"] = cycles;
  const char *reason = stopReason(outcome);
  object["stopped"] = reason ? json(reason) : json(nullptr);
  object["cycles_per_token"] = nullptr;
  object["tokens_per_second"] = nullptr;
  object["clock_hz"] = number(machine.clockHz);
  object["machine"] = machine.name;
  object["params"] = costs->name;
  object["engine"] = engine->name();
  object["timing_only"] = options.timingOnly;
  if (options.timingOnly) {
    SkippedCycles skipped = engine->skipped();
    object["skipped"] = {{"cycles", skipped.cycles},
                         {"periods", skipped.periods}};
  }
  // JSON has no infinity.
  object["max_abs_error"] = check && std::isfinite(check->errors().maxAbsError)
                                ? json(check->errors().maxAbsError)
                                : json(nullptr);
  object["core_cycles"] = toJson(engine->totalCounters());
  object["regions"] = toJson(accountByRegion(*engine, image));
  if (observation->hasAccount()) {
    object["account"] = observation->accountJson(*engine);
  }
  return object;
}

/// JSON text; bytes of an incomplete character become a replacement.
static std::string dump(const json &object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

const char *ImageRun::stopReason(const Outcome &outcome) const {
  switch (outcome.kind) {
  case Outcome::Kind::HostSatisfied:
  case Outcome::Kind::Quiescent:
    return nullptr;
  case Outcome::Kind::CycleLimit:
    return engine->wasStopped() ? "interrupt" : "cycle limit";
  default:
    return nameOf(outcome.kind);
  }
}

ExitCode ImageRun::stopped(const Outcome &outcome) {
  Diagnostic error;
  error.where = options.image;
  switch (outcome.kind) {
  case Outcome::Kind::Fault:
    error.what =
        fmt::format("fault in cycle {}: {}", outcome.cycle - 1, outcome.detail);
    return context.fail(error, ExitCode::RunStopped);
  case Outcome::Kind::CycleLimit:
    if (engine->wasStopped()) {
      error.what = fmt::format("interrupted after {} cycles", outcome.cycle);
      return context.fail(error, ExitCode::Interrupted);
    }
    error.what =
        fmt::format("the limit of {} cycles is reached", outcome.cycle);
    break;
  default:
    error.what =
        fmt::format("deadlock: nothing moves after cycle {}", outcome.cycle);
    break;
  }
  context.fail(error);
  std::string report = outcome.detail;
  if (report.empty() && outcome.kind == Outcome::Kind::Deadlock) {
    report = "every task has ended, and the host waits for words\n";
  }
  fmt::print(stderr, "{}", report);
  return ExitCode::RunStopped;
}

/// The name of a tensor as a file name.
static std::string fileName(const std::string &tensor) {
  std::string name = tensor;
  for (char &c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    c = plain ? c : '_';
  }
  return (name.front() == '.' ? "_" + name : name) + ".npy";
}

Status ImageRun::writeOutputs() {
  if (options.outputs.empty()) {
    return Status::success();
  }
  if (Status made = makeFolder(options.outputs); !made) {
    return made;
  }
  for (const TensorPlacement &tensor : image.tensors) {
    if (tensor.kind != TensorKind::Output) {
      continue;
    }
    auto elements = gatherTensor(*engine, image, tensor);
    if (!elements) {
      return elements.takeError();
    }
    Status status = writeFile(options.outputs + "/" + fileName(tensor.name),
                              toNpy(tensor.type, tensor.shape, *elements));
    if (!status) {
      return status;
    }
  }
  return Status::success();
}

Status ImageRun::saveState(uint64_t steps) {
  if (options.saveState.empty()) {
    return Status::success();
  }
  auto states = takeStates(*engine, image,
                           uint32_t(options.position.value_or(0) + steps));
  return states ? writeStateFiles(options.saveState, image, *states)
                : Status(states.takeError());
}

Diagnostic ImageRun::differentIds() const {
  const LogitErrors::Difference &d = *check->errors().difference;
  return Diagnostic{
      "the wafer and the model on the host choose different tokens",
      fmt::format("{}: step {}", options.image, d.step),
      fmt::format("{} (logit {:g})", d.host, d.hostLogit),
      fmt::format("{} (logit {:g} on the host)", d.wafer, d.waferLogit), ""};
}

ExitCode ImageRun::checked() const {
  bool differs = check && check->errors().difference;
  return differs ? context.fail(differentIds()) : ExitCode::Success;
}

json ImageRun::describeCheck() const {
  const LogitErrors &errors = check->errors();
  json object;
  object["steps"] = errors.steps;
  object["step"] = errors.step;
  object["id"] = errors.id;
  object["max_abs_logit"] = errors.maxAbsLogit;
  object["relative_error"] = std::isfinite(errors.relativeError)
                                 ? json(errors.relativeError)
                                 : json(nullptr);
  object["same_ids"] = !errors.difference;
  return object;
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

std::string ImageRun::speed() const {
  return fmt::format("cycle {}, {:.4g} cycles/s", engine->cycle(),
                     engine->cyclesPerSecond());
}

void ImageRun::printAccounts() {
  if (SkippedCycles skipped = engine->skipped(); skipped.cycles) {
    context.print("{} of these cycles are {} repetitions of others, which were "
                  "not simulated\n",
                  skipped.cycles, skipped.periods);
  }
  printAccount(accountByRegion(*engine, image), context);
  if (observation->hasAccount()) {
    observation->printAccount(*engine, context);
  }
}

std::string ImageRun::circumstances(const Outcome &outcome) const {
  const char *reason = stopReason(outcome);
  return fmt::format("({}, parameters '{}', {} engine{}{})", machine.name,
                     costs->name, engine->name(), reason ? "; stopped: " : "",
                     reason ? reason : "");
}

/// "1 2 3"
static std::string listOf(const std::vector<uint32_t> &ids) {
  std::string text;
  for (uint32_t id : ids) {
    text += (text.empty() ? "" : " ") + std::to_string(id);
  }
  return text;
}

std::vector<uint32_t> ImageRun::idsOf(const TokenRequest &request,
                                      const RequestRun &run) const {
  std::vector<uint32_t> all = request.prompt;
  if (!options.timingOnly) {
    all.insert(all.end(), run.generated.begin(), run.generated.end());
  }
  return all;
}

json ImageRun::describeRequest(const TokenRequest &request,
                               const RequestRun &run) const {
  json object;
  std::vector<uint32_t> all = idsOf(request, run);
  object["tokens"] = all;
  object["generated"] =
      options.timingOnly ? json::array() : json(run.generated);
  object["text"] = tokenizer ? tokenizer->decode(all) : "";
  object["steps"] = run.arrivals.empty()
                        ? 0
                        : request.prompt.size() + run.arrivals.size() - 1;
  object["first_token_cycle"] =
      run.arrivals.empty() ? json(nullptr) : json(run.arrivals.front());
  return object;
}

void ImageRun::reportTokens(const std::vector<TokenRequest> &requests,
                            const TokenRun &run, bool streamed) {
  bool hasEnded = run.outcome.kind == Outcome::Kind::HostSatisfied;
  Cycle cycles = hasEnded ? run.lastArrival() : engine->cycle();
  double perToken = run.cyclesPerToken();
  double perSecond = perToken > 0 ? machine.clockHz / perToken : 0;
  bool hasChecked = check && check->errors().steps;
  size_t generated = 0;
  for (const RequestRun &request : run.requests) {
    generated += request.generated.size();
  }
  if (options.asJson) {
    json object = describe(run.outcome, cycles);
    // The only request, or the first of several.
    object.update(describeRequest(requests.front(), run.first()));
    object["requests"] = json::array();
    for (size_t r = 0; r < requests.size(); ++r) {
      object["requests"].push_back(
          describeRequest(requests[r], run.requests[r]));
    }
    if (generated > 0) {
      object["cycles_per_token"] = number(perToken);
      object["tokens_per_second"] = perSecond;
    }
    if (hasChecked) {
      object["check"] = describeCheck();
    }
    context.write(dump(object));
    return;
  }
  for (size_t r = 0; r < requests.size() && !streamed && !options.timingOnly;
       ++r) {
    std::vector<uint32_t> all = idsOf(requests[r], run.requests[r]);
    context.print("{}{}", r ? "\n\n" : "",
                  tokenizer ? tokenizer->decode(all) : listOf(all));
  }
  context.print("\n\n{} tokens{}, {} cycles", generated,
                requests.size() > 1
                    ? fmt::format(" of {} requests", requests.size())
                    : "",
                cycles);
  if (generated > 0) {
    context.print(", {:.1f} cycles a token: {:.1f} tokens/s at {:g} GHz",
                  perToken, perSecond, machine.clockHz / 1e9);
  }
  context.print(" {}\n", circumstances(run.outcome));
  printAccounts();
  if (hasChecked) {
    const LogitErrors &errors = check->errors();
    context.print("check: {} steps, logits within {:.3g} of the model on the "
                  "host (step {}, id {}; largest logit {:.3g}), relative error "
                  "{:.2e}\n",
                  errors.steps, errors.maxAbsError, errors.step, errors.id,
                  errors.maxAbsLogit, errors.relativeError);
  }
}

void ImageRun::reportPlain(const Outcome &outcome,
                           std::optional<uint64_t> timed) {
  if (options.asJson) {
    json object = describe(outcome, outcome.cycle);
    object["timed_cycles"] = timed ? json(*timed) : json(nullptr);
    context.write(dump(object));
    return;
  }
  if (timed) {
    context.print("{} cycles by the clocks of the program\n", *timed);
  }
  context.print("{} cycles {}\n", outcome.cycle, circumstances(outcome));
  printAccounts();
}
