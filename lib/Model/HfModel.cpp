// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HfModel.cpp - Hugging Face folders and bare configurations ---------===//
#include "Importers.h"
#include "Synthetic.h"
#include "TokenizerImpl.h"

#include <fmt/format.h>
#include <sys/stat.h>

using namespace wafer;

namespace {

std::string_view textOf(const MappedFile &file) {
  return {reinterpret_cast<const char *>(file.data()), file.size()};
}

/// Hugging Face's name of a canonical tensor.
std::string hfName(const std::string &canonical) {
  if (canonical == "embed") {
    return "model.embed_tokens.weight";
  }
  if (canonical == "head") {
    return "lm_head.weight";
  }
  if (canonical == "final_norm") {
    return "model.norm.weight";
  }
  static const std::map<std::string, std::string> kOfLayer = {
      {"attn_norm", "input_layernorm"},
      {"q", "self_attn.q_proj"},
      {"k", "self_attn.k_proj"},
      {"v", "self_attn.v_proj"},
      {"o", "self_attn.o_proj"},
      {"q_norm", "self_attn.q_norm"},
      {"k_norm", "self_attn.k_norm"},
      {"ffn_norm", "post_attention_layernorm"},
      {"gate", "mlp.gate_proj"},
      {"up", "mlp.up_proj"},
      {"down", "mlp.down_proj"},
  };
  // "layers.L.NAME"
  size_t dot = canonical.rfind('.');
  return fmt::format("model.{}.{}.weight", canonical.substr(0, dot),
                     kOfLayer.at(canonical.substr(dot + 1)));
}

/// The file, or null when it does not exist.
Result<std::shared_ptr<MappedFile>> openOptional(const std::string &path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    return std::shared_ptr<MappedFile>();
  }
  return MappedFile::open(path);
}

Status loadConfig(const std::string &folder, Model &model) {
  const std::string path = folder + "/config.json";
  Result<std::shared_ptr<MappedFile>> file = openOptional(path);
  if (!file) {
    return file.takeError();
  }
  if (!*file) {
    return Diagnostic{"the folder holds no model", folder,
                      "a config.json in it", "", ""};
  }
  Result<ModelConfig> config = parseHfConfig(textOf(**file), path);
  if (!config) {
    return config.takeError();
  }
  model.config = std::move(*config);
  const std::string generationPath = folder + "/generation_config.json";
  Result<std::shared_ptr<MappedFile>> generation = openOptional(generationPath);
  if (!generation) {
    return generation.takeError();
  }
  if (*generation) {
    return applyGenerationConfig(textOf(**generation), generationPath,
                                 model.config);
  }
  return Status::success();
}

Status loadTokenizer(const std::string &folder, Model &model) {
  const std::string path = folder + "/tokenizer.json";
  Result<std::shared_ptr<MappedFile>> file = openOptional(path);
  if (!file) {
    return file.takeError();
  }
  if (!*file) {
    return Status::success();
  }
  Result<std::shared_ptr<const Tokenizer>> tokenizer =
      tokenizerFromHf(textOf(**file), path);
  if (!tokenizer) {
    return tokenizer.takeError();
  }
  model.tokenizer = *tokenizer;
  if (model.tokenizer->vocabSize() > model.config.vocab) {
    return Diagnostic{"the tokenizer has more tokens than the model", path,
                      fmt::format("at most {}", model.config.vocab),
                      fmt::to_string(model.tokenizer->vocabSize()), ""};
  }
  return Status::success();
}

} // namespace

Result<Model> wafer::loadHfFolder(const std::string &path,
                                  const ModelLoadOptions &options) {
  Model model;
  model.path = path;
  model.name = modelName(path);
  if (Status status = loadConfig(path, model); !status) {
    return status.takeError();
  }
  if (Status status = loadTokenizer(path, model); !status) {
    return status.takeError();
  }
  if (!options.weights) {
    addSyntheticTensors(model, options.seed);
    return model;
  }
  Result<FileTensors> tensors = openSafetensors(path, model);
  if (!tensors) {
    return tensors.takeError();
  }
  TensorNames names;
  names.fileName = hfName;
  // Old checkpoints store the rotary frequencies, and a tied head may be
  // stored although nothing reads it.
  names.isIgnored = [tied = model.config.tiedHead](const std::string &name) {
    static const std::string kBuffer = ".rotary_emb.inv_freq";
    bool buffer = name.size() > kBuffer.size() &&
                  name.compare(name.size() - kBuffer.size(), kBuffer.size(),
                               kBuffer) == 0;
    return buffer || (tied && name == "lm_head.weight");
  };
  if (Status status = bindTensors(model, std::move(*tensors), names); !status) {
    return status.takeError();
  }
  return model;
}

Result<Model> wafer::loadBareConfig(const std::shared_ptr<MappedFile> &file,
                                    const ModelLoadOptions &options) {
  Result<ModelConfig> config = parseHfConfig(textOf(*file), file->path());
  if (!config) {
    return config.takeError();
  }
  Model model;
  model.path = file->path();
  model.name = modelName(model.path);
  model.config = std::move(*config);
  addSyntheticTensors(model, options.seed);
  return model;
}
