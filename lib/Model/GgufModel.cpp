// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- GgufModel.cpp - Models in GGUF files -------------------------------===//
//
// Two things differ from the Hugging Face form of the same model. The rows of q
// and k of the llama family are permuted so that rotary embedding works on
// neighbours. And the llama3 rule of frequency scaling is not named: the file
// holds a tensor with a divisor for each frequency, from which we recover the
// rule.
//
//===----------------------------------------------------------------------===//
#include "Gguf.h"
#include "Importers.h"
#include "Synthetic.h"
#include "TokenizerImpl.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;

namespace {

constexpr const char *kRopeDivisors = "rope_freqs.weight";

/// GGUF's name of a canonical tensor.
std::string ggufName(const std::string &canonical) {
  if (canonical == "embed") {
    return "token_embd.weight";
  }
  if (canonical == "head") {
    return "output.weight";
  }
  if (canonical == "final_norm") {
    return "output_norm.weight";
  }
  static const std::map<std::string, std::string> kOfLayer = {
      {"attn_norm", "attn_norm"},
      {"q", "attn_q"},
      {"k", "attn_k"},
      {"v", "attn_v"},
      {"o", "attn_output"},
      {"q_norm", "attn_q_norm"},
      {"k_norm", "attn_k_norm"},
      {"ffn_norm", "ffn_norm"},
      {"gate", "ffn_gate"},
      {"up", "ffn_up"},
      {"down", "ffn_down"},
  };
  // "layers.L.NAME"
  size_t dot = canonical.rfind('.');
  return fmt::format("blk.{}.{}.weight", canonical.substr(7, dot - 7),
                     kOfLayer.at(canonical.substr(dot + 1)));
}

/// Reads the dimensions; errors collect in `reader`.
class ConfigReader {
public:
  ConfigReader(const GgufFile &gguf) : gguf(gguf), reader(gguf) {}

  Result<ModelConfig> read() {
    config.family = reader.text("general.architecture");
    if (!reader.failed() && config.family != "llama" &&
        config.family != "qwen3") {
      reader.fail({"the model family is not supported", gguf.file->path(),
                   fmt::format("one of {}", kSupportedFamilies), config.family,
                   ""});
    }
    if (!reader.failed()) {
      readDimensions();
      readRope();
      readTokens();
    }
    if (reader.failed()) {
      return reader.status().takeError();
    }
    const std::string heads = key("attention.head_count"),
                      kvHeads = key("attention.head_count_kv"),
                      headDim = key("attention.key_length");
    if (Status status = checkConfig(
            config, {heads.c_str(), kvHeads.c_str(), headDim.c_str()},
            gguf.file->path());
        !status) {
      return status.takeError();
    }
    return config;
  }

private:
  std::string key(const char *name) const { return config.family + "." + name; }

  /// A count that some files give for every layer; all must be equal.
  uint32_t uniformCount(const char *name, uint64_t most,
                        std::optional<uint64_t> absent = std::nullopt) {
    const GgufValue *value = gguf.find(key(name));
    if (value && value->type == GgufType::Array && value->elements &&
        value->count > 0) {
      std::optional<double> first = value->numberAt(0);
      for (uint64_t i = 0; i < value->count; ++i) {
        if (!first || value->numberAt(i) != first) {
          reader.reject(key(name), "the same value for every layer");
          return 1;
        }
      }
      if (!(*first >= 1 && *first <= double(most))) {
        reader.reject(key(name),
                      fmt::format("whole numbers from 1 to {}", most));
        return 1;
      }
      return uint32_t(*first);
    }
    return uint32_t(absent ? reader.countOr(key(name), *absent, 1, most)
                           : reader.count(key(name), 1, most));
  }

  void readDimensions() {
    config.layers =
        uint32_t(reader.count(key("block_count"), 1, Limits::layers));
    config.dim =
        uint32_t(reader.count(key("embedding_length"), 1, Limits::width));
    config.ffn = uniformCount("feed_forward_length", Limits::ffn);
    config.heads = uniformCount("attention.head_count", Limits::heads);
    config.kvHeads =
        uniformCount("attention.head_count_kv", Limits::heads, config.heads);
    config.context =
        uint32_t(reader.count(key("context_length"), 1, Limits::context));
    config.normEps =
        reader.number(key("attention.layer_norm_rms_epsilon"), 0, 1);
    config.qkNorm = config.family == "qwen3";
    if (!reader.failed() && !reader.has(key("attention.key_length")) &&
        config.dim % config.heads != 0) {
      reader.reject(
          key("embedding_length"),
          fmt::format(
              "a multiple of the {} heads, as the head's size is absent",
              config.heads));
    }
    uint64_t usual = std::max<uint64_t>(1, config.dim / config.heads);
    config.headDim = uint32_t(
        reader.countOr(key("attention.key_length"), usual, 1, Limits::headDim));
    // Heads of values of another size, rotary embedding of a part of a head and
    // experts would need other programs.
    for (const char *name :
         {"attention.value_length", "rope.dimension_count"}) {
      reader.countOr(key(name), config.headDim, config.headDim, config.headDim);
    }
    reader.countOr(key("expert_count"), 0, 0, 0);
    reader.countOr(key("attention.sliding_window"), 0, 0, 0);
    readVocabulary();
  }

  /// The vocabulary's size is that of the token list, or stated.
  void readVocabulary() {
    const GgufValue *tokens = gguf.find("tokenizer.ggml.tokens");
    auto embed = gguf.tensors.find("token_embd.weight");
    if (embed != gguf.tensors.end() && embed->second.shape.size() == 2) {
      config.vocab = uint32_t(
          std::min<uint64_t>(embed->second.shape[0], Limits::vocab + 1));
    } else if (reader.has(key("vocab_size"))) {
      config.vocab =
          uint32_t(reader.count(key("vocab_size"), 1, Limits::vocab));
    } else if (tokens && tokens->type == GgufType::Array) {
      config.vocab =
          uint32_t(std::min<uint64_t>(tokens->count, Limits::vocab + 1));
    } else {
      reader.count(key("vocab_size"), 1, Limits::vocab);
    }
    if (!reader.failed() &&
        (config.vocab == 0 || config.vocab > Limits::vocab)) {
      reader.fail({"the vocabulary has no usable size", gguf.file->path(),
                   fmt::format("1 to {} tokens", Limits::vocab), "", ""});
    }
    config.tiedHead = gguf.tensors.count("output.weight") == 0;
  }

  void readRope() {
    config.ropePairing =
        config.family == "llama" ? RopePairing::Interleaved : RopePairing::Half;
    config.ropeTheta = reader.numberOr(key("rope.freq_base"), 10000, 1, 1e12);
    // Files made before 2023-10 name only the factor of a linear scaling.
    double linear = reader.numberOr(key("rope.scale_linear"), 1, 1, 1e6);
    const std::string typeKey = key("rope.scaling.type");
    const std::string type =
        reader.textOr(typeKey, linear != 1 ? "linear" : "none");
    double factor = reader.numberOr(key("rope.scaling.factor"), linear, 0, 1e6);
    if (type == "linear") {
      config.ropeScaling.kind = RopeScaling::Kind::Linear;
      config.ropeScaling.factor = factor;
      if (factor < 1) {
        reader.reject(key("rope.scaling.factor"), "a number of at least 1");
      }
    } else if (type != "none") {
      reader.reject(typeKey, "none or linear");
    }
  }

  void readTokens() {
    config.bos = reader.tokenOr("tokenizer.ggml.bos_token_id");
    for (const char *name : {"eos", "eot", "eom"}) {
      std::optional<uint32_t> id =
          reader.tokenOr(fmt::format("tokenizer.ggml.{}_token_id", name));
      if (id && std::find(config.eos.begin(), config.eos.end(), *id) ==
                    config.eos.end()) {
        config.eos.push_back(*id);
      }
    }
  }

  const GgufFile &gguf;
  GgufReader reader;
  ModelConfig config;
};

/// The divisor that the llama3 rule gives to the frequency of pair `i`.
double llama3Divisor(const ModelConfig &config, const RopeScaling &rule,
                     uint32_t i) {
  double frequency = std::pow(config.ropeTheta, -2.0 * i / config.headDim);
  double waves = rule.originalContext * frequency / (2 * M_PI);
  if (waves > rule.highFreqFactor) {
    return 1;
  }
  if (waves < rule.lowFreqFactor) {
    return rule.factor;
  }
  double smooth =
      (waves - rule.lowFreqFactor) / (rule.highFreqFactor - rule.lowFreqFactor);
  return 1 / ((1 - smooth) / rule.factor + smooth);
}

/// Recovers the scaling rule from the tensor of divisors. The bands (1 and 4)
/// and the context (8192) are those of all published models with the rule.
Status readRopeDivisors(const GgufFile &gguf, ModelConfig &config) {
  auto found = gguf.tensors.find(kRopeDivisors);
  if (found == gguf.tensors.end()) {
    return Status::success();
  }
  const FileTensor &tensor = found->second;
  const std::string what =
      fmt::format("tensor '{}' cannot be used", kRopeDivisors);
  if (tensor.type != WeightType::F32 ||
      tensor.shape != std::vector<uint64_t>{config.headDim / 2}) {
    return Diagnostic{
        what, gguf.file->path(), fmt::format("F32 [{}]", config.headDim / 2),
        fmt::format("{} {}", tensor.typeName, shapeText(tensor.shape)), ""};
  }
  std::vector<float> divisors(config.headDim / 2);
  if (tensor.bytes != divisors.size() * sizeof(float)) {
    return Diagnostic{what, gguf.file->path(), "its data inside the file", "",
                      "the file may be truncated"};
  }
  std::memcpy(divisors.data(), gguf.file->data() + tensor.offset, tensor.bytes);
  RopeScaling rule{RopeScaling::Kind::Llama3, 1, 1, 4, 8192};
  GgufReader reader(gguf);
  rule.originalContext =
      reader.numberOr(config.family + ".rope.scaling.original_context_length",
                      8192, 1, double(Limits::context));
  if (reader.failed()) {
    return reader.status();
  }
  rule.factor = *std::max_element(divisors.begin(), divisors.end());
  bool matches = std::isfinite(rule.factor) && rule.factor >= 1;
  for (uint32_t i = 0; i < divisors.size() && matches; ++i) {
    double expected = llama3Divisor(config, rule, i);
    matches = std::abs(divisors[i] - expected) <= 1e-3 * expected;
  }
  if (!matches || config.ropeScaling.kind != RopeScaling::Kind::None) {
    return Diagnostic{what, gguf.file->path(),
                      "the divisors of the llama3 rule of rope scaling",
                      "others", ""};
  }
  if (rule.factor > 1) {
    config.ropeScaling = rule;
  }
  return Status::success();
}

Status loadTokenizer(const GgufFile &gguf, Model &model) {
  if (!gguf.find("tokenizer.ggml.model")) {
    return Status::success();
  }
  Result<std::shared_ptr<const Tokenizer>> tokenizer = tokenizerFromGguf(gguf);
  if (!tokenizer) {
    return tokenizer.takeError();
  }
  model.tokenizer = *tokenizer;
  if (model.tokenizer->vocabSize() > model.config.vocab) {
    return Diagnostic{"the tokenizer has more tokens than the model",
                      model.path, fmt::format("at most {}", model.config.vocab),
                      fmt::to_string(model.tokenizer->vocabSize()), ""};
  }
  return Status::success();
}

} // namespace

Result<Model> wafer::loadGgufModel(const std::shared_ptr<MappedFile> &file,
                                   const ModelLoadOptions &options) {
  Result<GgufFile> gguf = GgufFile::parse(file, options.weights);
  if (!gguf) {
    return gguf.takeError();
  }
  Result<ModelConfig> config = ConfigReader(*gguf).read();
  if (!config) {
    return config.takeError();
  }
  Model model;
  model.path = file->path();
  model.name = modelName(model.path);
  model.config = std::move(*config);
  if (Status status = readRopeDivisors(*gguf, model.config); !status) {
    return status.takeError();
  }
  if (Status status = loadTokenizer(*gguf, model); !status) {
    return status.takeError();
  }
  if (!options.weights) {
    addSyntheticTensors(model, options.seed);
    return model;
  }
  model.files.push_back(file);
  TensorNames names;
  names.fileName = ggufName;
  names.isIgnored = [](const std::string &name) {
    return name == kRopeDivisors;
  };
  if (Status status = bindTensors(model, std::move(gguf->tensors), names);
      !status) {
    return status.takeError();
  }
  return model;
}
