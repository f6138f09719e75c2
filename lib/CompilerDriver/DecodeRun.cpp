// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "DecodeRun.h"

#include "wafer/Image/ImageFile.h"
#include "wafer/Support/File.h"
#include "wafer/Support/Json.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Verify/Verify.h"

#include <fmt/format.h>
#include <unistd.h>

using namespace wafer;
using nlohmann::json;

static constexpr uint64_t kMostConfigBytes = 1 << 20;

CompileRequest wafer::decodeRequest(const DecodeRunOptions &options) {
  CompileRequest request;
  request.model = options.model;
  request.load.weights = false;
  request.weights = false;
  request.pipeline.machine = options.machine;
  request.pipeline.params = options.params;
  request.pipeline.context = options.context;
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

Result<TokenRun>
wafer::timeRequests(const DecodeRunOptions &options,
                    const CompiledImage &compiled,
                    const std::vector<TokenRequest> &requests) {
  const Image &image = compiled.emitted.image;
  VerifyReport verified = verify(image, compiled.machine);
  if (!verified.holds()) {
    return Diagnostic{"the image does not hold its guarantees",
                      verified.violations.front().rule, "",
                      verified.violations.front().message,
                      "this is a bug in wsec"};
  }
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

Result<uint64_t> wafer::timeToken(const DecodeRunOptions &options,
                                  const CompiledImage &compiled) {
  // The last position of the context. On the wafer the next token begins when
  // this one's id is sampled, so the ways to and from the host do not count.
  Result<TokenRun> run =
      timeRequests(options, compiled, {{{0}, 1, options.context - 1}});
  if (!run) {
    return run.takeError();
  }
  return run->lastArrival() - 2 * compiled.machine.host.latencyCycles;
}

//===----------------------------------------------------------------------===//
// On one wafer
//===----------------------------------------------------------------------===//

namespace {

/// A plan of the whole model, and the layers that are simulated of it.
class PlanRun {
public:
  PlanRun(const DecodeRunOptions &options, const CompiledImage &whole,
          std::string name, CommandContext &context)
      : options(options), whole(whole), name(std::move(name)),
        context(context) {
    for (const StageInfo &stage : whole.emitted.image.stages) {
      if (stage.numLayers > 0) {
        ++stages;
        layers += stage.numLayers;
        rect = stage.rect;
      }
    }
  }

  /// Cycles of a token; those of a layer into `layer`.
  Result<double> cycles(bool all, double &layer) {
    Result<double> one = run(1);
    if (!one) {
      return one.takeError();
    }
    Result<double> two = run(2);
    if (!two) {
      return two.takeError();
    }
    layer = (*two - *one) / double(stages);
    if (!all) {
      return *one + double(layers - stages) * layer;
    }
    if (Status kept = keepDecodeImage(options, name + "-whole", whole); !kept) {
      return kept.takeError();
    }
    Result<uint64_t> token = timeToken(options, whole);
    return token ? Result<double>(double(*token)) : token.takeError();
  }

  int64_t stages = 0, layers = 0;
  Rect rect;

private:
  /// A token of the model with so many layers in each stage, in the same
  /// rectangles and under the same map.
  Result<double> run(int64_t perStage) {
    CompileRequest request = decodeRequest(options);
    request.pipeline.stages = stages;
    request.pipeline.width = rect.w;
    request.pipeline.height = rect.h;
    request.pipeline.reserveColumns = whole.reserve;
    request.pipeline.reserveRows = whole.reserve;
    CompilerSession session(context);
    auto part =
        compileLayers(options, request, perStage * stages, session, context);
    if (!part) {
      return part.takeError();
    }
    Image &image = (*part)->emitted.image;
    if (!hasSameStages(image)) {
      return Diagnostic{"the model with fewer layers gets other rectangles",
                        options.model, "", "", "simulate it with --whole"};
    }
    image.map = whole.emitted.image.map;
    std::string file = fmt::format("{}-{}", name, perStage * stages);
    if (Status kept = keepDecodeImage(options, file, **part); !kept) {
      return kept.takeError();
    }
    Result<uint64_t> token = timeToken(options, **part);
    return token ? Result<double>(double(*token)) : token.takeError();
  }

  bool hasSameStages(const Image &image) const {
    const std::vector<StageInfo> &a = image.stages;
    const std::vector<StageInfo> &b = whole.emitted.image.stages;
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const StageInfo &x, const StageInfo &y) {
                        return x.name == y.name && x.rect == y.rect;
                      });
  }

  const DecodeRunOptions &options;
  const CompiledImage &whole;
  std::string name;
  CommandContext &context;
};

} // namespace

/// A field of the report of an image.
static json fieldOf(const CompiledImage &compiled, const char *key) {
  json report = json::parse(compiled.emitted.image.report, nullptr, false);
  return report.is_object() ? report.value(key, json()) : json();
}

static uint64_t predictedOf(const CompiledImage &compiled) {
  json cycles = fieldOf(compiled, "predicted_cycles_per_token");
  return cycles.is_number() ? cycles.get<uint64_t>() : 0;
}

Result<DecodeOnWafer> wafer::decodeOnWafer(const DecodeRunOptions &options,
                                           const std::string &defects,
                                           bool simulate, bool whole,
                                           CommandContext &context) {
  CompileRequest request = decodeRequest(options);
  CompilerSession session(context);
  auto perfect = compileImage(request, session, context);
  request.defects = defects;
  auto fitted = perfect ? compileImage(request, session, context) : nullptr;
  if (!fitted) {
    return Diagnostic{};
  }
  PlanRun onPerfect(options, *perfect, "perfect", context);
  PlanRun onFitted(options, *fitted, "fitted", context);
  DecodeOnWafer result;
  result.stages = onFitted.stages;
  result.stageWidth = onFitted.rect.w;
  result.stageHeight = onFitted.rect.h;
  result.perfectPredicted = predictedOf(*perfect);
  json fit = fieldOf(*fitted, "defects");
  result.predicted =
      result.perfectPredicted + fit.value("cycles_lost", uint64_t(0));
  result.fit = fit.dump();
  if (!simulate) {
    return result;
  }
  double ofPerfect = 0;
  Result<double> cycles = onPerfect.cycles(whole, ofPerfect);
  if (!cycles) {
    return cycles.takeError();
  }
  result.perfectCycles = *cycles;
  cycles = onFitted.cycles(whole, result.layerCycles);
  if (!cycles) {
    return cycles.takeError();
  }
  result.cycles = *cycles;
  return result;
}
