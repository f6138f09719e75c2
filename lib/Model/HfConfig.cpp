// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HfConfig.cpp - The config.json of Hugging Face models --------------===//
#include "Importers.h"

#include <fmt/format.h>

using namespace wafer;

namespace {

constexpr ConfigKeys kKeys = {"num_attention_heads", "num_key_value_heads",
                              "head_dim"};

/// Reads one config.json; errors collect in `object`.
class ConfigReader {
public:
  ConfigReader(const Json &json, const std::string &where)
      : object(json, where), where(where) {}

  Result<ModelConfig> read() {
    readFamily();
    if (!object.failed()) {
      refuseUnsupported();
      readDimensions();
      readRope();
      readTokens(object, config);
    }
    if (!object.failed()) {
      if (Status status = checkConfig(config, kKeys, where); !status) {
        return status.takeError();
      }
      return config;
    }
    return object.status().takeError();
  }

  /// bos_token_id and eos_token_id, each where present.
  static void readTokens(JsonObject &object, ModelConfig &config) {
    constexpr uint64_t most = 0xfffffffe;
    if (object.has("bos_token_id")) {
      config.bos = uint32_t(object.count("bos_token_id", 0, most));
    }
    const Json *eos = object.find("eos_token_id");
    if (!eos) {
      return;
    }
    config.eos.clear();
    std::vector<Json> ids = eos->is_array() ? eos->get<std::vector<Json>>()
                                            : std::vector<Json>{*eos};
    for (const Json &id : ids) {
      if (!id.is_number_unsigned() || id.get<uint64_t>() > most) {
        object.reject("eos_token_id", "a token id or a list of them");
        return;
      }
      config.eos.push_back(uint32_t(id.get<uint64_t>()));
    }
  }

private:
  void readFamily() {
    const std::string type = object.textOr("model_type", "");
    std::string architecture;
    const Json *list = object.find("architectures");
    if (list) {
      if (!list->is_array() || list->empty() || !(*list)[0].is_string()) {
        object.reject("architectures",
                      "a list with the name of the architecture");
        return;
      }
      architecture = (*list)[0].get<std::string>();
    }
    if (type.empty() && architecture.empty()) {
      object.require("model_type");
      return;
    }
    bool llama = (type.empty() || type == "llama") &&
                 (architecture.empty() || architecture == "LlamaForCausalLM");
    bool qwen3 = (type.empty() || type == "qwen3") &&
                 (architecture.empty() || architecture == "Qwen3ForCausalLM");
    if (llama || qwen3) {
      config.family = llama ? "llama" : "qwen3";
      config.qkNorm = qwen3;
      return;
    }
    object.fail({"the model family is not supported", where,
                 fmt::format("one of {}", kSupportedFamilies),
                 type.empty() ? architecture
                 : architecture.empty()
                     ? type
                     : fmt::format("{} ({})", type, architecture),
                 ""});
  }

  /// Options that change the arithmetic in ways that we do not implement.
  void refuseUnsupported() {
    for (const char *key :
         {"attention_bias", "mlp_bias", "use_sliding_window"}) {
      if (object.flagOr(key, false)) {
        object.reject(key, "false",
                      "models with this option are not supported");
      }
    }
    if (object.textOr("hidden_act", "silu") != "silu") {
      object.reject("hidden_act", "silu");
    }
    if (object.numberOr("partial_rotary_factor", 1, 0, 1) != 1) {
      object.reject("partial_rotary_factor", "1");
    }
    if (object.has("quantization_config")) {
      object.reject("quantization_config", "nothing",
                    "use the model with f32, f16 or bf16 weights");
    }
    if (const Json *types = object.find("layer_types")) {
      for (const Json &type : *types) {
        if (type != "full_attention") {
          object.reject("layer_types", "a list of full_attention");
          return;
        }
      }
    }
  }

  void readDimensions() {
    const bool qwen3 = config.family == "qwen3";
    config.layers =
        uint32_t(object.count("num_hidden_layers", 1, Limits::layers));
    config.dim = uint32_t(object.count("hidden_size", 1, Limits::width));
    config.ffn = uint32_t(object.count("intermediate_size", 1, Limits::ffn));
    config.heads =
        uint32_t(object.count("num_attention_heads", 1, Limits::heads));
    config.vocab = uint32_t(object.count("vocab_size", 1, Limits::vocab));
    // What is absent has the value that the family's reference code gives it;
    // its 32 KV heads for qwen3 are no value to guess, so we want the key.
    config.kvHeads =
        uint32_t(qwen3 ? object.count("num_key_value_heads", 1, Limits::heads)
                       : object.countOr("num_key_value_heads", config.heads, 1,
                                        Limits::heads));
    config.context = uint32_t(object.countOr(
        "max_position_embeddings", qwen3 ? 32768 : 2048, 1, Limits::context));
    config.normEps = object.numberOr("rms_norm_eps", 1e-6, 0, 1);
    config.tiedHead = object.flagOr("tie_word_embeddings", false);
    if (!object.failed() && !object.has("head_dim") && !qwen3 &&
        config.dim % config.heads != 0) {
      object.reject(
          "hidden_size",
          fmt::format("a multiple of the {} heads, as 'head_dim' is absent",
                      config.heads));
    }
    uint64_t usual = qwen3 ? 128 : config.dim / config.heads;
    config.headDim =
        uint32_t(object.countOr("head_dim", usual, 1, Limits::headDim));
  }

  /// Newer files put everything about rope into "rope_parameters".
  void readRope() {
    config.ropeTheta = object.numberOr("rope_theta", 10000, 1, 1e12);
    for (const char *key : {"rope_scaling", "rope_parameters"}) {
      const Json *value = object.find(key);
      if (!value || object.failed()) {
        continue;
      }
      JsonObject rope(*value, where, key);
      config.ropeTheta = rope.numberOr("rope_theta", config.ropeTheta, 1, 1e12);
      readRopeScaling(rope, rope.has("rope_type") ? "rope_type" : "type");
      if (rope.failed()) {
        object.fail(rope.status().takeError());
      }
    }
  }

  void readRopeScaling(JsonObject &rope, const char *key) {
    const std::string type = rope.textOr(key, "default");
    RopeScaling &scaling = config.ropeScaling;
    if (type == "default") {
      return;
    }
    if (type != "linear" && type != "llama3") {
      rope.reject(key, "default, linear or llama3");
      return;
    }
    scaling.kind = type == "linear" ? RopeScaling::Kind::Linear
                                    : RopeScaling::Kind::Llama3;
    scaling.factor = rope.number("factor", 1, 1e6);
    if (scaling.kind == RopeScaling::Kind::Llama3) {
      scaling.lowFreqFactor = rope.number("low_freq_factor", 1e-3, 1e6);
      scaling.highFreqFactor = rope.number("high_freq_factor", 1e-3, 1e6);
      scaling.originalContext = double(
          rope.count("original_max_position_embeddings", 1, Limits::context));
    }
  }

  JsonObject object;
  std::string where;
  ModelConfig config;
};

} // namespace

Result<ModelConfig> wafer::parseHfConfig(std::string_view text,
                                         const std::string &where) {
  Result<Json> json = parseJson(text, where);
  if (!json) {
    return json.takeError();
  }
  return ConfigReader(*json, where).read();
}

Status wafer::applyGenerationConfig(std::string_view text,
                                    const std::string &where,
                                    ModelConfig &config) {
  Result<Json> json = parseJson(text, where);
  if (!json) {
    return json.takeError();
  }
  JsonObject object(*json, where);
  ConfigReader::readTokens(object, config);
  return object.failed() ? object.status() : checkConfig(config, kKeys, where);
}
