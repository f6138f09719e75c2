// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Architecture.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;

std::string wafer::shapeText(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (uint64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

Status wafer::checkConfig(const ModelConfig &config, const ConfigKeys &keys,
                          const std::string &where) {
  if (config.heads % config.kvHeads != 0) {
    return Diagnostic{
        fmt::format("'{}' is not a multiple of '{}'", keys.heads, keys.kvHeads),
        where, "heads that share their KV heads evenly",
        fmt::format("{} and {}", config.heads, config.kvHeads), ""};
  }
  if (config.headDim % 2 != 0) {
    return Diagnostic{fmt::format("'{}' is odd", keys.headDim), where,
                      "an even number, for rotary embedding works on pairs",
                      fmt::to_string(config.headDim), ""};
  }
  const RopeScaling &rope = config.ropeScaling;
  if (rope.kind == RopeScaling::Kind::Llama3 &&
      rope.highFreqFactor <= rope.lowFreqFactor) {
    return Diagnostic{
        "the frequency factors of the rope scaling are in the wrong order",
        where, "a high factor above the low one",
        fmt::format("low {} and high {}", rope.lowFreqFactor,
                    rope.highFreqFactor),
        ""};
  }
  if (config.bos && *config.bos >= config.vocab) {
    return Diagnostic{"the begin-of-text token is outside the vocabulary",
                      where, fmt::format("an id below {}", config.vocab),
                      fmt::to_string(*config.bos), ""};
  }
  for (uint32_t id : config.eos) {
    if (id >= config.vocab) {
      return Diagnostic{"an end-of-text token is outside the vocabulary", where,
                        fmt::format("an id below {}", config.vocab),
                        fmt::to_string(id), ""};
    }
  }
  return Status::success();
}

std::vector<TensorSpec> wafer::expectedTensors(const ModelConfig &c) {
  const uint64_t queries = uint64_t(c.heads) * c.headDim;
  const uint64_t keys = uint64_t(c.kvHeads) * c.headDim;
  std::vector<TensorSpec> specs;
  specs.push_back({"embed", {c.vocab, c.dim}});
  specs.push_back({"final_norm", {c.dim}});
  if (!c.tiedHead) {
    specs.push_back({"head", {c.vocab, c.dim}});
  }
  for (uint32_t layer = 0; layer < c.layers; ++layer) {
    auto add = [&](const char *name, std::vector<uint64_t> shape) {
      specs.push_back(
          {fmt::format("layers.{}.{}", layer, name), std::move(shape)});
    };
    add("attn_norm", {c.dim});
    add("q", {queries, c.dim});
    add("k", {keys, c.dim});
    add("v", {keys, c.dim});
    add("o", {c.dim, queries});
    if (c.qkNorm) {
      add("q_norm", {c.headDim});
      add("k_norm", {c.headDim});
    }
    add("ffn_norm", {c.dim});
    add("gate", {c.ffn, c.dim});
    add("up", {c.ffn, c.dim});
    add("down", {c.dim, c.ffn});
  }
  return specs;
}

Status wafer::bindTensors(Model &model, FileTensors tensors,
                          const TensorNames &names) {
  for (TensorSpec &spec : expectedTensors(model.config)) {
    std::string name = names.fileName(spec.name);
    auto found = tensors.find(name);
    if (found == tensors.end()) {
      std::string hint =
          spec.name == "head"
              ? "the configuration does not tie the head to the embedding"
              : "";
      return Diagnostic{fmt::format("tensor '{}' is missing", name), model.path,
                        "", "", hint};
    }
    const FileTensor &tensor = found->second;
    const std::string &where = model.files[tensor.file]->path();
    if (tensor.shape != spec.shape) {
      return Diagnostic{fmt::format("tensor '{}' has the wrong shape", name),
                        where, shapeText(spec.shape), shapeText(tensor.shape),
                        ""};
    }
    if (!tensor.type) {
      return Diagnostic{
          fmt::format("tensor '{}' has a type that is not supported", name),
          where, "F32, F16 or BF16", tensor.typeName, names.typeHint};
    }
    TensorRef ref;
    ref.type = *tensor.type;
    ref.shape = std::move(spec.shape);
    ref.file = tensor.file;
    ref.offset = tensor.offset;
    model.tensors.emplace(std::move(spec.name), std::move(ref));
    tensors.erase(found);
  }
  for (const auto &[name, tensor] : tensors) {
    if (!names.isIgnored(name)) {
      return Diagnostic{
          fmt::format("tensor '{}' is not part of a {} model", name,
                      model.config.family),
          model.files[tensor.file]->path(), "", "",
          "a model with biases, adapters or extra heads is not supported"};
    }
  }
  return Status::success();
}

Status wafer::checkOverlap(const FileTensors &tensors, int32_t file,
                           const std::string &where) {
  struct Span {
    uint64_t begin;
    uint64_t end;
    const std::string *name;
  };
  std::vector<Span> spans;
  for (const auto &[name, tensor] : tensors) {
    if (tensor.file == file && tensor.bytes > 0) {
      spans.push_back({tensor.offset, tensor.offset + tensor.bytes, &name});
    }
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span &a, const Span &b) { return a.begin < b.begin; });
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].begin < spans[i - 1].end) {
      return Diagnostic{fmt::format("tensors '{}' and '{}' overlap",
                                    *spans[i - 1].name, *spans[i].name),
                        fmt::format("{}: byte {}", where, spans[i].begin), "",
                        "", ""};
    }
  }
  return Status::success();
}
