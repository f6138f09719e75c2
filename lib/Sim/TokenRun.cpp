// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/TokenRun.h"

#include "wafer/Image/TokenCommand.h"
#include "wafer/Support/Json.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using nlohmann::json;

static constexpr const char *kWhere = "model of the image";
static constexpr const char *kProtocol = "tokens-v2";

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
        "", fmt::format("the protocol {} needs it", kProtocol)};
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
  if (model["protocol"] != kProtocol) {
    return Diagnostic{"the protocol of the image is not known", kWhere,
                      fmt::format("'{}'", kProtocol), model["protocol"].dump(),
                      "compile the model with this version"};
  }
  TokenProtocol protocol;
  if (model.contains("name") && model["name"].is_string()) {
    protocol.model = model["name"].get<std::string>();
  }
  Result<uint32_t> vocab = readNumber(model, "vocab");
  Result<uint32_t> context = readNumber(model, "context");
  Result<uint32_t> inFlight = readNumber(model, "in_flight");
  Result<uint32_t> perPass = model.contains("tokens_per_pass")
                                 ? readNumber(model, "tokens_per_pass")
                                 : Result<uint32_t>(1u);
  auto positions = model.find("positions");
  json none = json::object();
  const json &cut = positions == model.end() ? none : *positions;
  Result<uint32_t> rows = readNumber(cut, "rows");
  Result<uint32_t> low = readNumber(cut, "low");
  Result<unsigned> in = requirePort(image, "prompt", true);
  Result<unsigned> out = requirePort(image, "tokens", false);
  Status ends = readEnds(model, protocol);
  for (const Diagnostic *error :
       {vocab ? nullptr : &vocab.error(), context ? nullptr : &context.error(),
        inFlight ? nullptr : &inFlight.error(),
        perPass ? nullptr : &perPass.error(), rows ? nullptr : &rows.error(),
        low ? nullptr : &low.error(), in ? nullptr : &in.error(),
        out ? nullptr : &out.error(), ends ? nullptr : &ends.error()}) {
    if (error) {
      return *error;
    }
  }
  protocol.vocab = *vocab;
  protocol.context = *context;
  if (*inFlight == 0 || *rows == 0 || *low == 0) {
    return Diagnostic{"a number is zero", kWhere,
                      "'in_flight', 'rows' and 'low' of at least 1",
                      fmt::format("{}, {}, {}", *inFlight, *rows, *low), ""};
  }
  if (*perPass == 0 || *perPass > unsigned(kMostTokensPerPass)) {
    return Diagnostic{"the number of tokens a pass is out of range", kWhere,
                      fmt::format("1 to {}", kMostTokensPerPass),
                      fmt::format("{}", *perPass), ""};
  }
  protocol.inFlight = *inFlight;
  protocol.tokensPerPass = *perPass;
  protocol.rows = *rows;
  protocol.low = *low;
  protocol.promptPort = *in;
  protocol.tokenPort = *out;
  return std::optional<TokenProtocol>(std::move(protocol));
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

namespace {

/// The commands of a run, and whose id each awaited word is.
class Schedule {
public:
  explicit Schedule(const TokenProtocol &protocol) : protocol(protocol) {}

  /// `everyStep`: ids of the prompt sample too, and each is awaited before the
  /// next one is fed.
  void build(const std::vector<TokenRequest> &requests, bool everyStep) {
    if (everyStep) {
      oneByOne(requests.front());
      return;
    }
    // No id is awaited here, and the head has nothing to say.
    for (size_t r = 0; r < requests.size(); ++r) {
      for (size_t i = 0; i < lastPass(requests[r]); i += perPass()) {
        prompt(requests[r], r, i, perPass(), false);
      }
    }
    for (size_t r = 0; r < requests.size(); ++r) {
      size_t last = lastPass(requests[r]);
      prompt(requests[r], r, last, requests[r].prompt.size() - last, true);
    }
    uint32_t most = 0;
    for (const TokenRequest &request : requests) {
      most = std::max(most, request.tokens);
    }
    for (uint32_t token = 1; token <= most; ++token) {
      for (size_t r = 0; r < requests.size(); ++r) {
        if (token > requests[r].tokens) {
          continue;
        }
        owners.push_back(r);
        uint64_t position =
            requests[r].position + requests[r].prompt.size() + token - 1;
        bool last = token == requests[r].tokens;
        command(true, last ? kFeedNothing : kFeedAwaited, {}, r,
                last ? 0 : position, true);
      }
    }
  }

  std::vector<uint32_t> words;
  std::vector<size_t> owners;

private:
  void oneByOne(const TokenRequest &request) {
    uint64_t steps = request.prompt.size() + request.tokens - 1;
    for (uint64_t step = 0; step < steps; ++step) {
      bool own = step < request.prompt.size();
      command(step > 0, own ? kFeedId : kFeedAwaited,
              {own ? request.prompt[step] : 0}, 0, request.position + step,
              true);
    }
    command(true, kFeedNothing, {}, 0, 0, true);
    owners.assign(steps, 0);
  }

  size_t perPass() const { return protocol.tokensPerPass; }
  /// The first id of a prompt that goes in its last pass.
  size_t lastPass(const TokenRequest &request) const {
    return (request.prompt.size() - 1) / perPass() * perPass();
  }
  /// A pass of `count` ids of a prompt, from the one at `begin` on.
  void prompt(const TokenRequest &request, size_t slot, size_t begin,
              size_t count, bool sample) {
    auto first = request.prompt.begin() + ptrdiff_t(begin);
    command(false, kFeedId, {first, first + ptrdiff_t(count)}, slot,
            request.position + begin, sample);
  }

  /// Without ids a pass of one.
  void command(bool await, CommandFeed feed, const std::vector<uint32_t> &ids,
               size_t slot, uint64_t position, bool sample) {
    int tokens = int(perPass());
    std::vector<uint32_t> command(size_t(commandWords(tokens)));
    command[kCommandAwait] = await ? 1 : 0;
    command[kCommandFeed] = uint32_t(feed);
    std::copy(ids.begin(), ids.end(), command.begin() + kCommandId);
    uint32_t *header = command.data() + commandHeader(tokens);
    header[kHeaderTurns] = uint32_t(position / protocol.rows);
    header[kHeaderTurn] = uint32_t(position % protocol.rows);
    header[kHeaderLow] = uint32_t(position % protocol.low);
    header[kHeaderHigh] = uint32_t(position / protocol.low);
    header[kHeaderSlot] = uint32_t(slot);
    header[kHeaderSample] = sample ? 1 : 0;
    if (tokens > 1) {
      header[kHeaderCount] = uint32_t(std::max<size_t>(1, ids.size()));
    }
    words.insert(words.end(), command.begin(), command.end());
  }

  const TokenProtocol &protocol;
};

} // namespace

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Cycle TokenRun::lastArrival() const {
  Cycle last = 0;
  for (const RequestRun &request : requests) {
    last =
        std::max(last, request.arrivals.empty() ? 0 : request.arrivals.back());
  }
  return last;
}

double TokenRun::cyclesPerToken() const {
  Cycle begin = 0;
  for (const RequestRun &request : requests) {
    if (!request.arrivals.empty()) {
      begin = std::max(begin, request.arrivals.front());
    }
  }
  size_t later = 0;
  for (const RequestRun &request : requests) {
    later +=
        size_t(std::count_if(request.arrivals.begin(), request.arrivals.end(),
                             [&](Cycle c) { return c > begin; }));
  }
  return later ? double(lastArrival() - begin) / double(later)
               : double(lastArrival());
}

/// Tells the observer of every step when its word leaves the wafer: when it
/// arrives, the memory of the cores may be that of a later step.
static Status observeSteps(Engine &engine, const TokenProtocol &protocol,
                           const TokenRequest &request, size_t steps,
                           Cycle maxCycles, const TokenObserver &observer) {
  const std::vector<uint32_t> &prompt = request.prompt;
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
      observer.onToken(0, chosen);
    }
    if (!isPrompt && protocol.stopAtEos && protocol.isEos(chosen)) {
      break;
    }
    fed = isPrompt ? prompt[step + 1] : chosen;
  }
  return Status::success();
}

Result<TokenRun> wafer::runTokens(Engine &engine, const TokenProtocol &protocol,
                                  const std::vector<TokenRequest> &requests,
                                  Cycle maxCycles,
                                  const TokenObserver &observer) {
  TokenRun run;
  run.requests.resize(requests.size());
  bool everyStep = bool(observer.onStep);
  Schedule schedule(protocol);
  schedule.build(requests, everyStep);
  engine.push(protocol.promptPort, schedule.words);
  size_t steps = schedule.owners.size();
  size_t before = everyStep ? requests.front().prompt.size() - 1 : 0;
  if (everyStep) {
    Status status = observeSteps(engine, protocol, requests.front(), steps,
                                 maxCycles, observer);
    if (!status) {
      return status.takeError();
    }
  }
  std::vector<bool> isDone(requests.size());
  size_t running = requests.size();
  for (size_t step = 0; step < steps && running > 0; ++step) {
    RunLimits limits;
    limits.goals = {{protocol.tokenPort, step + 1}};
    limits.maxCycles = maxCycles;
    run.outcome = engine.run(limits);
    if (run.outcome.kind != Outcome::Kind::HostSatisfied) {
      return run;
    }
    size_t owner = schedule.owners[step];
    if (step < before || isDone[owner]) {
      continue;
    }
    HostWord word = engine.word(protocol.tokenPort, step);
    RequestRun &request = run.requests[owner];
    request.arrivals.push_back(word.cycle);
    request.generated.push_back(word.payload);
    bool invalid = protocol.stopAtInvalid && protocol.isInvalid(word.payload);
    if (observer.onToken && !everyStep && !invalid) {
      observer.onToken(owner, word.payload);
    }
    if (invalid || (protocol.stopAtEos && protocol.isEos(word.payload)) ||
        request.generated.size() == requests[owner].tokens) {
      isDone[owner] = true;
      --running;
    }
  }
  return run;
}
