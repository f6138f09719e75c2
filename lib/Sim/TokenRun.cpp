// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/TokenRun.h"

#include "wafer/Support/Json.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using nlohmann::json;

static constexpr const char *kWhere = "model of the image";

bool TokenProtocol::isEos(uint32_t id) const {
  return std::find(eos.begin(), eos.end(), id) != eos.end();
}

Status TokenProtocol::check(const std::vector<uint32_t> &prompt,
                            uint64_t tokens, uint64_t position) const {
  if (prompt.empty()) {
    return Diagnostic{"the prompt is empty", "", "at least one token", "", ""};
  }
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (prompt[i] >= vocab) {
      return Diagnostic{"the token id is not in the vocabulary",
                        fmt::format("token {} of the prompt", i),
                        fmt::format("0 to {}", vocab - 1),
                        fmt::format("{}", prompt[i]), ""};
    }
  }
  // The last token that is generated is not fed.
  uint64_t fed = tokens > 0 ? tokens - 1 : 0;
  if (position > context || prompt.size() + fed > context - position) {
    return Diagnostic{
        "the prompt and the tokens do not fit into the context", kWhere,
        fmt::format("at most {} positions", context),
        fmt::format("{}{} of the prompt + {} for tokens fed back",
                    position ? fmt::format("{} gone by + ", position) : "",
                    prompt.size(), fed),
        "ask for fewer tokens, or compile with a larger "
        "--context"};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// A field that is a number from 0 to 2^32 - 1.
static Result<uint32_t> readNumber(const json &model, const char *key) {
  auto it = model.find(key);
  if (it == model.end() || !it->is_number_unsigned() ||
      it->get<uint64_t>() > UINT32_MAX) {
    return Diagnostic{fmt::format("bad field '{}'", key), kWhere,
                      "a number of 32 bits",
                      it == model.end() ? "nothing" : describeJson(*it), ""};
  }
  return it->get<uint32_t>();
}

static Status readEnds(const json &model, TokenProtocol &protocol) {
  if (model.contains("bos") && !model["bos"].is_null()) {
    Result<uint32_t> bos = readNumber(model, "bos");
    if (!bos) {
      return bos.takeError();
    }
    protocol.bos = *bos;
  }
  for (const json &id : model.value("eos", json::array())) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > UINT32_MAX) {
      return Diagnostic{"bad field 'eos'", kWhere, "a list of token ids",
                        describeJson(id), ""};
    }
    protocol.eos.push_back(id.get<uint32_t>());
  }
  auto stop = model.find("stop_at_eos");
  protocol.stopAtEos =
      stop != model.end() && stop->is_boolean() && stop->get<bool>();
  return Status::success();
}

static Result<unsigned> requirePort(const Image &image, const char *name,
                                    bool input) {
  int port = findHostPort(image, name, input);
  if (port < 0) {
    return Diagnostic{
        "the image has no such host port", kWhere,
        fmt::format("an {} port named '{}'", input ? "input" : "output", name),
        "", "the protocol tokens-v1 needs it"};
  }
  return unsigned(port);
}

Result<std::optional<TokenProtocol>>
wafer::readTokenProtocol(const Image &image) {
  if (image.model.empty()) {
    return std::optional<TokenProtocol>();
  }
  Result<json> parsed = parseJson(image.model, kWhere);
  if (!parsed) {
    return parsed.takeError();
  }
  const json &model = *parsed;
  if (!model.is_object() || !model.contains("protocol")) {
    return std::optional<TokenProtocol>();
  }
  if (model["protocol"] != "tokens-v1") {
    return Diagnostic{"the protocol of the image is not known", kWhere,
                      "'tokens-v1'", model["protocol"].dump(), ""};
  }
  TokenProtocol protocol;
  if (model.contains("name") && model["name"].is_string()) {
    protocol.model = model["name"].get<std::string>();
  }
  Result<uint32_t> vocab = readNumber(model, "vocab");
  Result<uint32_t> context = readNumber(model, "context");
  auto positions = model.find("positions");
  if (positions != model.end() && positions->is_object() &&
      positions->contains("buffer") && (*positions)["buffer"].is_string()) {
    Result<uint32_t> low = readNumber(*positions, "low");
    if (!low) {
      return low.takeError();
    }
    protocol.positionBuffer = (*positions)["buffer"].get<std::string>();
    protocol.positionLow = *low;
  }
  Result<unsigned> in = requirePort(image, "prompt", true);
  Result<unsigned> out = requirePort(image, "tokens", false);
  Status ends = readEnds(model, protocol);
  for (const Diagnostic *error :
       {vocab ? nullptr : &vocab.error(), context ? nullptr : &context.error(),
        in ? nullptr : &in.error(), out ? nullptr : &out.error(),
        ends ? nullptr : &ends.error()}) {
    if (error) {
      return *error;
    }
  }
  protocol.vocab = *vocab;
  protocol.context = *context;
  protocol.promptPort = *in;
  protocol.tokenPort = *out;
  return std::optional<TokenProtocol>(std::move(protocol));
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

Status wafer::setPosition(Engine &engine, const Image &image,
                          const TokenProtocol &protocol, uint64_t position) {
  if (position >= protocol.context) {
    return Diagnostic{"the position is beyond the context", kWhere,
                      fmt::format("0 to {}", protocol.context - 1),
                      fmt::format("{}", position), ""};
  }
  bool found = false;
  for (const Region &region : image.regions) {
    const Role &role = image.roles[region.role];
    auto buffer = std::find_if(
        role.buffers.begin(), role.buffers.end(), [&](const Buffer &b) {
          return b.name == protocol.positionBuffer && b.bytes >= 20;
        });
    if (protocol.positionLow == 0 || buffer == role.buffers.end()) {
      continue;
    }
    found = true;
    uint64_t rows = uint64_t(region.rect.h);
    for (int32_t y = 0; y < region.rect.h; ++y) {
      // The positions below `position` that are y mod rows.
      uint64_t held = (position + rows - 1 - uint64_t(y)) / rows;
      uint32_t words[5] = {uint32_t(held), 0, uint32_t(position % rows),
                           uint32_t(position % protocol.positionLow),
                           uint32_t(position / protocol.positionLow)};
      for (int32_t x = 0; x < region.rect.w; ++x) {
        Status status = engine.poke({region.rect.x + x, region.rect.y + y},
                                    buffer->offset, words, sizeof words);
        if (!status) {
          return status;
        }
      }
    }
  }
  if (!found) {
    return Diagnostic{"the image does not say where its cores count positions",
                      kWhere, "a field 'positions'", "", ""};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

double TokenRun::cyclesPerToken() const {
  if (arrivals.empty() || generated.empty()) {
    return 0;
  }
  if (generated.size() > 1) {
    return double(arrivals.back() - arrivals[firstStep]) /
           double(generated.size() - 1);
  }
  Cycle before = arrivals.size() > 1 ? arrivals[arrivals.size() - 2] : 0;
  return double(arrivals.back() - before);
}

/// Tells the observer of every step when its word leaves the wafer: when it
/// arrives, the memory of the cores may be that of a later step.
static Status observeSteps(Engine &engine, const TokenProtocol &protocol,
                           const std::vector<uint32_t> &prompt, size_t steps,
                           Cycle maxCycles, const TokenObserver &observer) {
  uint32_t fed = prompt.front();
  for (size_t step = 0; step < steps; ++step) {
    Outcome outcome =
        engine.run({{{protocol.tokenPort, step + 1, true}}, maxCycles});
    if (outcome.kind != Outcome::Kind::HostSatisfied) {
      return Status::success(); // the run proper meets it again
    }
    uint32_t chosen = engine.word(protocol.tokenPort, step).payload;
    Status status = observer.onStep(fed, chosen);
    if (!status) {
      return status;
    }
    bool isPrompt = step + 1 < prompt.size();
    if (!isPrompt && protocol.stopAtInvalid && protocol.isInvalid(chosen)) {
      break;
    }
    if (!isPrompt && observer.onToken) {
      observer.onToken(chosen);
    }
    if (!isPrompt && protocol.stopAtEos && protocol.isEos(chosen)) {
      break;
    }
    fed = isPrompt ? prompt[step + 1] : chosen;
  }
  return Status::success();
}

Result<TokenRun> wafer::runTokens(Engine &engine, const TokenProtocol &protocol,
                                  const std::vector<uint32_t> &prompt,
                                  uint32_t tokens, Cycle maxCycles,
                                  const TokenObserver &observer) {
  TokenRun run;
  run.firstStep = prompt.size() - 1;
  size_t steps = run.firstStep + tokens;
  std::vector<uint32_t> words = {uint32_t(prompt.size()), uint32_t(steps)};
  words.insert(words.end(), prompt.begin(), prompt.end());
  engine.push(protocol.promptPort, words);
  if (observer.onStep) {
    Status status =
        observeSteps(engine, protocol, prompt, steps, maxCycles, observer);
    if (!status) {
      return status.takeError();
    }
  }
  for (size_t step = 0; step < steps; ++step) {
    RunLimits limits;
    limits.goals = {{protocol.tokenPort, step + 1}};
    limits.maxCycles = maxCycles;
    run.outcome = engine.run(limits);
    if (run.outcome.kind != Outcome::Kind::HostSatisfied) {
      return run;
    }
    HostWord word = engine.word(protocol.tokenPort, step);
    run.arrivals.push_back(word.cycle);
    if (step < run.firstStep) {
      continue;
    }
    run.generated.push_back(word.payload);
    bool shown = !protocol.stopAtInvalid || !protocol.isInvalid(word.payload);
    if (observer.onToken && !observer.onStep && shown) {
      observer.onToken(word.payload);
    }
    if ((protocol.stopAtEos && protocol.isEos(word.payload)) ||
        (protocol.stopAtInvalid && protocol.isInvalid(word.payload))) {
      break;
    }
  }
  return run;
}
