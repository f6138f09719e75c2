// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ImageRun.h"

#include "wafer/Bench/Programs.h"
#include "wafer/Support/Progress.h"

#include <unistd.h>

using namespace wafer;
using nlohmann::json;

constexpr uint32_t kDefaultTokens = 32;

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

Status ImageRun::chooseParameters() {
  Result<const ParameterSet *> chosen = machine.chooseParameters(
      options.params.empty() ? image.parameterSet : options.params);
  if (!chosen) {
    return chosen.takeError();
  }
  costs = *chosen;
  return Status::success();
}

Status ImageRun::readTokenizer() {
  if (image.tokenizer.empty()) {
    return Status::success();
  }
  auto result = Tokenizer::fromJson(image.tokenizer, "tokenizer of the image");
  if (!result) {
    return result.takeError();
  }
  tokenizer = *result;
  return Status::success();
}

Result<std::vector<uint32_t>> ImageRun::encode(const std::string &text) const {
  Status known = tokenizer->checkText(text);
  if (!known) {
    return known.takeError();
  }
  std::vector<uint32_t> ids;
  if (std::optional<uint32_t> bos = tokenizer->bos()) {
    ids.push_back(*bos);
  }
  std::vector<uint32_t> encoded = tokenizer->encode(text);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  return ids;
}

Result<std::vector<TokenRequest>>
ImageRun::readRequests(const TokenProtocol &protocol) {
  std::vector<TokenRequest> requests;
  if (!options.tokens.empty()) {
    requests.push_back({options.tokens});
  } else if (options.prompts.empty()) {
    if (!protocol.bos) {
      return Diagnostic{"no prompt is given", options.image, "", "",
                        "use --prompt TEXT or --tokens 1,2,3"};
    }
    requests.push_back({{*protocol.bos}});
  } else if (!tokenizer) {
    return Diagnostic{"the image has no tokenizer", options.image, "", "",
                      "give token ids with --tokens 1,2,3"};
  }
  if (options.prompts.size() > protocol.inFlight) {
    return Diagnostic{"more prompts than the image has requests in flight",
                      options.image,
                      fmt::format("at most {}", protocol.inFlight),
                      fmt::format("{}", options.prompts.size()),
                      "compile with --in-flight N"};
  }
  for (const std::string &text : options.prompts) {
    Result<std::vector<uint32_t>> ids = encode(text);
    if (!ids) {
      return ids.takeError();
    }
    requests.push_back({std::move(*ids)});
  }
  for (TokenRequest &request : requests) {
    request.position = options.position.value_or(0);
    request.tokens = countTokens(protocol, request.prompt.size());
    Status status =
        protocol.check(request.prompt, request.tokens, request.position);
    if (!status) {
      return status.takeError();
    }
  }
  return requests;
}

uint32_t ImageRun::countTokens(const TokenProtocol &protocol,
                               size_t prompt) const {
  if (options.maxTokens) {
    return *options.maxTokens;
  }
  uint64_t taken = options.position.value_or(0) + prompt;
  uint64_t room =
      protocol.context > taken ? protocol.context - taken + 1 : uint64_t(1);
  return uint32_t(std::min<uint64_t>(kDefaultTokens, room));
}

//===----------------------------------------------------------------------===//
// Check
//===----------------------------------------------------------------------===//

Status ImageRun::startAt() {
  uint32_t position = uint32_t(options.position.value_or(0));
  std::vector<ModelState> states;
  if (!options.state.empty()) {
    auto read = readStateFiles(options.state, image, position);
    if (!read) {
      return read.takeError();
    }
    states = std::move(*read);
    Status status = putStates(*engine, image, states);
    if (!status) {
      return status;
    }
  }
  return options.check ? startCheck(states) : Status::success();
}

Status ImageRun::startCheck(const std::vector<ModelState> &states) {
  if (!context.makeHostModel) {
    return Diagnostic{"--check is not available in this build", "", "", "",
                      "it needs a build with the compiler"};
  }
  auto made = context.makeHostModel(image, options.model);
  if (!made) {
    return made.takeError();
  }
  hostModel = std::move(*made);
  for (const ModelState &state : states) {
    Status status = hostModel->setState(state);
    if (!status) {
      return status;
    }
  }
  Result<LogitCheck> created = LogitCheck::create(*engine, image, *hostModel,
                                                  options.position.value_or(0));
  if (!created) {
    return created.takeError();
  }
  check = std::move(*created);
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

void ImageRun::stream(uint32_t id, bool first) {
  if (tokenizer) {
    context.write(tokenizer->decodeOne(id, first));
  } else {
    context.print("{}{}", first ? "" : " ", id);
  }
  (void)!context.flush();
}

ExitCode ImageRun::runTokenImage(TokenProtocol protocol) {
  if (options.ignoreEos || options.timingOnly) {
    protocol.stopAtEos = false;
  }
  protocol.stopAtInvalid = !options.timingOnly;
  Status status = readTokenizer();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::vector<TokenRequest>> requests = readRequests(protocol);
  if (!requests) {
    return context.fail(requests.error());
  }
  status = startAt();
  if (!status) {
    return context.fail(status.error());
  }
  bool streams = !options.asJson && !options.timingOnly &&
                 requests->size() == 1 && ::isatty(STDOUT_FILENO);
  TokenObserver observer;
  if (check) {
    observer.onStep = [&](uint32_t fed, uint32_t chosen) {
      return check->step(fed, chosen);
    };
  }
  uint64_t wanted = 0;
  for (const TokenRequest &request : *requests) {
    wanted += request.tokens;
  }
  InterruptNote interrupts;
  Result<TokenRun> result = [&] {
    uint64_t done = 0;
    Progress progress("tokens", wanted);
    observer.onToken = [&](size_t, uint32_t id) {
      if (streams) {
        stream(id, done == 0);
      }
      ++done;
    };
    // A bar would stand in the text that streams on the same terminal.
    engine->onSlice = [&] {
      if (!streams) {
        progress.update(done, speed());
      }
    };
    return runTokens(*engine, protocol, *requests, cycleLimit(), observer);
  }();
  engine->onSlice = nullptr;
  if (!result) {
    return context.fail(result.error());
  }
  status = observation->finish(*engine);
  if (!status) {
    return context.fail(status.error());
  }
  if (result->outcome.kind != Outcome::Kind::HostSatisfied) {
    if (streams && !result->first().generated.empty()) {
      context.write("\n");
      (void)!context.flush();
    }
    ExitCode code = stopped(result->outcome);
    reportTokens(*requests, *result, streams);
    return code;
  }
  status = writeOutputs();
  if (status) {
    status = saveState(requests->front().prompt.size() +
                       result->first().generated.size() - 1);
  }
  if (!status) {
    return context.fail(status.error());
  }
  const TokenRequest *invalid = nullptr;
  const RequestRun *invalidRun = nullptr;
  for (size_t r = 0; r < requests->size(); ++r) {
    RequestRun &run = result->requests[r];
    if (protocol.stopAtInvalid && !run.generated.empty() &&
        protocol.isInvalid(run.generated.back())) {
      run.generated.pop_back();
      run.arrivals.pop_back();
      invalid = &(*requests)[r];
      invalidRun = &run;
    }
  }
  reportTokens(*requests, *result, streams);
  return invalid ? context.fail(notANumber(*invalid, *invalidRun)) : checked();
}

Diagnostic ImageRun::notANumber(const TokenRequest &request,
                                const RequestRun &run) const {
  return {"no logit is a number", options.image, "finite logits",
          fmt::format("NaN behind position {}", request.position +
                                                    request.prompt.size() +
                                                    run.generated.size() - 1),
          "a weight is NaN, or a value left the range of binary16, or the "
          "greatest attention score moved by more than 2^100 from one token to "
          "the next: try --accumulate f32 or --weights-type f32"};
}

ExitCode ImageRun::runPlainImage() {
  if (options.check) {
    return context.fail({"--check needs an image that generates tokens",
                         options.image, "", "", ""});
  }
  if (!options.prompts.empty() || !options.tokens.empty() ||
      options.maxTokens || options.position || !options.state.empty() ||
      !options.saveState.empty()) {
    return context.fail(
        {"the image does not generate tokens", options.image, "", "",
         "leave out --prompt, --tokens, --max-tokens, --position, --state and "
         "--save-state"});
  }
  InterruptNote interrupts;
  Outcome outcome = [&] {
    Progress progress("cycles", options.maxCycles.value_or(0));
    engine->onSlice = [&] { progress.update(engine->cycle(), speed()); };
    return engine->run({{}, cycleLimit()});
  }();
  engine->onSlice = nullptr;
  Status status = observation->finish(*engine);
  if (!status) {
    return context.fail(status.error());
  }
  if (outcome.kind != Outcome::Kind::Quiescent) {
    ExitCode code = stopped(outcome);
    reportPlain(outcome, std::nullopt);
    return code;
  }
  status = writeOutputs();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::optional<uint64_t>> timed =
      readTimedCycles(*engine, image, *costs);
  if (!timed) {
    return context.fail(timed.error());
  }
  reportPlain(outcome, *timed);
  return ExitCode::Success;
}

Status ImageRun::makeEngine(const std::optional<TokenProtocol> &protocol) {
  auto observed = RunObservation::create(options.observation, image, machine,
                                         *costs, protocol);
  if (!observed) {
    return observed.takeError();
  }
  observation = std::move(*observed);
  const char *needs = options.observation.firstGiven();
  if (needs && options.engine.empty()) {
    context.remark({fmt::format("{} runs the reference engine, the one that "
                                "can be observed",
                                needs),
                    "", "", "", ""});
  }
  EngineOptions reference;
  reference.observer = observation->observer();
  auto created =
      needs || options.engine == "reference"
          ? Engine::createReference(image, machine, *costs, reference)
          : Engine::createFast(
                image, machine, *costs,
                {options.threads, options.timingOnly, !options.noSkip});
  if (!created) {
    return created.takeError();
  }
  engine = std::make_unique<SlicedEngine>(std::move(*created));
  engine->shouldStop = InterruptNote::isRaised;
  return Status::success();
}

ExitCode ImageRun::run() {
  Status status = chooseParameters();
  if (!status) {
    return context.fail(status.error());
  }
  Result<std::optional<TokenProtocol>> protocol = readTokenProtocol(image);
  if (!protocol) {
    return context.fail(protocol.error());
  }
  status = makeEngine(*protocol);
  if (!status) {
    return context.fail(status.error());
  }
  return *protocol ? runTokenImage(**protocol) : runPlainImage();
}
