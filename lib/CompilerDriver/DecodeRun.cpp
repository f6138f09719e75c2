// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "DecodeRun.h"

#include "wafer/Image/ImageFile.h"
#include "wafer/Support/File.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Verify/Verify.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

using namespace wafer;
using nlohmann::json;

static constexpr uint64_t kMostConfigBytes = 1 << 20;

void wafer::addDecodeRunOptions(CLI::App &command, DecodeRunOptions &options) {
  command.add_option("--model", options.model, "A config.json")->required();
  command
      .add_option("--machine", options.machine,
                  "A shipped machine or a machine file")
      ->capture_default_str();
  command.add_option("--params", options.params,
                     "Parameter set (default: the machine's first)");
  command.add_flag("--even-layers", options.evenLayers,
                   "As of 'wsec compile': all layers take the same cycles, and "
                   "those of a stage are skipped but for a few");
  command
      .add_option("--accumulate", options.accumulate,
                  "As of 'wsec compile': how products are summed")
      ->check(CLI::IsMember({"f16", "f32", "mixed"}))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads of the simulator")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_option("--keep", options.keep, "Leave the images in this folder");
  command.add_flag("--predict", options.predict,
                   "Only what the cost model says, at a full cache");
  command.add_flag("--json", options.asJson, "Print one JSON object");
}

CompileRequest wafer::decodeRequest(const DecodeRunOptions &options) {
  CompileRequest request;
  request.model = options.model;
  request.load.weights = false;
  request.weights = false;
  request.pipeline.machine = options.machine;
  request.pipeline.params = options.params;
  request.pipeline.context = options.context;
  request.pipeline.objective = options.objective;
  request.pipeline.tokensPerPass = options.tokensPerPass;
  request.pipeline.evenLayers = options.evenLayers;
  request.pipeline.accumulate = options.accumulate;
  return request;
}

/// The model's config with another number of layers, in a file of its own.
static Result<std::string> writeConfig(const DecodeRunOptions &options,
                                       int64_t layers) {
  Result<std::string> text = readFile(options.model, kMostConfigBytes);
  if (!text) {
    return text.takeError();
  }
  Result<json> parsed = parseJson(*text, options.model);
  if (!parsed) {
    return parsed.takeError();
  }
  if (!parsed->is_object() || !parsed->contains("num_hidden_layers")) {
    return Diagnostic{"the model has no config to take layers from",
                      options.model, "a config.json with num_hidden_layers", "",
                      ""};
  }
  (*parsed)["num_hidden_layers"] = layers;
  std::string folder = options.keep.empty() ? "/tmp" : options.keep;
  std::string path =
      fmt::format("{}/decode-{}-{}.json", folder, ::getpid(), layers);
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) {
    return file.takeError();
  }
  for (Status status :
       {file->write(parsed->dump(1)), file->finish(), file->commit()}) {
    if (!status) {
      return status.takeError();
    }
  }
  return path;
}

Result<std::unique_ptr<CompiledImage>>
wafer::compileLayers(const DecodeRunOptions &options, CompileRequest request,
                     int64_t layers, CompilerSession &session,
                     CommandContext &context) {
  Result<std::string> config = writeConfig(options, layers);
  if (!config) {
    return config.takeError();
  }
  request.model = *config;
  std::unique_ptr<CompiledImage> compiled =
      compileImage(request, session, context);
  ::unlink(config->c_str());
  if (!compiled) {
    return Diagnostic{};
  }
  return compiled;
}

Status wafer::keepDecodeImage(const DecodeRunOptions &options,
                              const std::string &name,
                              const CompiledImage &compiled) {
  if (options.keep.empty()) {
    return Status::success();
  }
  if (Status made = makeFolder(options.keep); !made) {
    return made;
  }
  return writeEmittedImage(compiled.emitted,
                           options.keep + "/" + name + ".wafer");
}

Status wafer::checkGuarantees(const CompiledImage &compiled) {
  VerifyReport verified = verify(compiled.emitted.image, compiled.machine);
  if (verified.holds()) {
    return Status::success();
  }
  return Diagnostic{"the image does not hold its guarantees",
                    verified.violations.front().rule, "",
                    verified.violations.front().message,
                    "this is a bug in wsec"};
}

Result<TokenRun>
wafer::timeRequests(const DecodeRunOptions &options,
                    const CompiledImage &compiled,
                    const std::vector<TokenRequest> &requests) {
  const Image &image = compiled.emitted.image;
  Result<const ParameterSet *> set =
      compiled.machine.chooseParameters(options.params);
  if (!set) {
    return set.takeError();
  }
  FastOptions fast;
  fast.threads = options.threads;
  fast.timingOnly = true;
  auto engine = Engine::createFast(image, compiled.machine, **set, fast);
  if (!engine) {
    return engine.takeError();
  }
  auto protocol = readTokenProtocol(image);
  if (!protocol) {
    return protocol.takeError();
  }
  (**protocol).stopAtInvalid = (**protocol).stopAtEos = false;
  auto result = runTokens(**engine, **protocol, requests, kNever);
  if (!result) {
    return result.takeError();
  }
  if (result->outcome.kind != Outcome::Kind::HostSatisfied) {
    return Diagnostic{std::string("the run stopped: ") +
                          nameOf(result->outcome.kind),
                      "", "", result->outcome.detail, ""};
  }
  return result;
}

/// A pass as full as it may be, at the end of the context.
static TokenRequest lastPass(const DecodeRunOptions &options) {
  return {std::vector<uint32_t>(options.tokensPerPass), 1,
          options.context - options.tokensPerPass};
}

/// On the wafer the next token begins when this one's id is sampled, so the
/// ways to and from the host do not count.
static Result<uint64_t> timeAlone(const DecodeRunOptions &options,
                                  const CompiledImage &compiled,
                                  const TokenRequest &request) {
  Result<TokenRun> run = timeRequests(options, compiled, {request});
  if (!run) {
    return run.takeError();
  }
  return run->lastArrival() - 2 * compiled.machine.host.latencyCycles;
}

Result<uint64_t> wafer::timePass(const DecodeRunOptions &options,
                                 const CompiledImage &compiled) {
  return timeAlone(options, compiled, lastPass(options));
}

Result<uint64_t> wafer::timeToken(const DecodeRunOptions &options,
                                  const CompiledImage &compiled) {
  return timeAlone(options, compiled, {{0}, 1, options.context - 1});
}

Result<uint64_t> wafer::timeNextPass(const DecodeRunOptions &options,
                                     const CompiledImage &compiled,
                                     uint64_t position) {
  // The second pass comes to the stage when that still works on the first one.
  std::vector<uint32_t> ids(options.tokensPerPass);
  Result<TokenRun> one = timeRequests(options, compiled, {{ids, 1, position}});
  if (!one) {
    return one.takeError();
  }
  ids.resize(2 * ids.size());
  Result<TokenRun> two = timeRequests(options, compiled, {{ids, 1, position}});
  if (!two) {
    return two.takeError();
  }
  return two->lastArrival() - one->lastArrival();
}

Result<uint64_t> wafer::timeNextSample(const DecodeRunOptions &options,
                                       const CompiledImage &compiled) {
  TokenRequest last = lastPass(options);
  Result<TokenRun> run = timeRequests(options, compiled, {last, last});
  if (!run) {
    return run.takeError();
  }
  return run->requests[1].arrivals.front() - run->requests[0].arrivals.front();
}

LayerStages wafer::layerStages(const Image &image) {
  LayerStages found;
  for (const StageInfo &stage : image.stages) {
    if (stage.numLayers > 0) {
      ++found.stages;
      found.layers += stage.numLayers;
      found.rect = stage.rect;
    }
  }
  return found;
}
