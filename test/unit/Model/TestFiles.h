// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TestFiles.h - Tiny models, whole or damaged --------------*- C++ -*-===//
//
// Builders of the smallest valid files: one layer, dim 4, two heads of size 2
// that share one KV head, ffn 3, vocabulary 6. Tests damage a description
// before it is written, or the bytes after it.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_MODEL_TESTFILES_H
#define WAFER_TEST_UNIT_MODEL_TESTFILES_H

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace wafer::test {

/// A folder that is gone after the test.
class TempFolder {
public:
  TempFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "wafer-model-XXXXXX")
            .string();
    root = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  std::string path(const std::string &name = "") const {
    return name.empty() ? root : root + "/" + name;
  }
  std::string write(const std::string &name, const std::string &bytes) const {
    // Some file systems flush a file that is truncated and written again.
    ::unlink(path(name).c_str());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

private:
  std::string root;
};

template <typename T>
std::string bytesOf(T value) {
  return std::string(reinterpret_cast<const char *>(&value), sizeof(T));
}

/// `count` floats: 1, 1.5, 2, ...
inline std::string floatBytes(uint64_t count) {
  std::string bytes;
  for (uint64_t i = 0; i < count; ++i) {
    bytes += bytesOf(1 + 0.5f * float(i));
  }
  return bytes;
}

struct TinyTensor {
  std::string name;
  std::vector<uint64_t> shape;

  uint64_t elements() const {
    uint64_t n = 1;
    for (uint64_t s : shape) {
      n *= s;
    }
    return n;
  }
};

/// The tensors of the tiny model with the names that `names` has, in the order
/// embed, final norm, attn norm, q, k, v, o, ffn norm, gate, up, down.
inline std::vector<TinyTensor>
tinyTensors(const std::vector<std::string> &names) {
  const std::vector<std::vector<uint64_t>> shapes = {
      {6, 4}, {4}, {4},    {4, 4}, {2, 4}, {2, 4},
      {4, 4}, {4}, {3, 4}, {3, 4}, {4, 3}};
  std::vector<TinyTensor> tensors;
  for (size_t i = 0; i < names.size(); ++i) {
    tensors.push_back({names[i], shapes[i]});
  }
  return tensors;
}

inline std::string tinyHfConfig() {
  return R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 1,
 "hidden_size": 4, "intermediate_size": 3, "num_attention_heads": 2, "num_key_value_heads": 1,
 "vocab_size": 6, "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
 "hidden_act": "silu", "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": [2, 5]})";
}

inline std::vector<TinyTensor> tinyHfTensors() {
  const std::string layer = "model.layers.0.";
  return tinyTensors(
      {"model.embed_tokens.weight", "model.norm.weight",
       layer + "input_layernorm.weight", layer + "self_attn.q_proj.weight",
       layer + "self_attn.k_proj.weight", layer + "self_attn.v_proj.weight",
       layer + "self_attn.o_proj.weight",
       layer + "post_attention_layernorm.weight",
       layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight",
       layer + "mlp.down_proj.weight"});
}

/// A safetensors file with the header as given.
inline std::string safetensorsWithHeader(const std::string &header,
                                         const std::string &data) {
  return bytesOf(uint64_t(header.size())) + header + data;
}

inline std::string headerEntry(const std::string &name, const std::string &type,
                               const std::string &shape, uint64_t begin,
                               uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

inline std::string shapeJson(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (uint64_t s : shape) {
    text += (text.size() > 1 ? "," : "") + std::to_string(s);
  }
  return text + "]";
}

/// All tensors as F32, one after the other; `extra` entries go last.
inline std::string tinySafetensors(const std::vector<TinyTensor> &tensors,
                                   const std::string &extra = "") {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}", data;
  for (const TinyTensor &tensor : tensors) {
    uint64_t begin = data.size();
    data += floatBytes(tensor.elements());
    header += "," + headerEntry(tensor.name, "F32", shapeJson(tensor.shape),
                                begin, data.size());
  }
  return safetensorsWithHeader(header + extra + "}", data);
}

/// Writes the tiny model as a Hugging Face folder.
inline void writeTinyFolder(const TempFolder &folder) {
  folder.write("config.json", tinyHfConfig());
  folder.write("model.safetensors", tinySafetensors(tinyHfTensors()));
}

/// A GGUF file as a description.
struct TinyGguf {
  uint32_t version = 3;
  /// Key, and type with value.
  std::vector<std::pair<std::string, std::string>> entries;
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    uint32_t type = 0;
    uint64_t offset = 0;
  };
  std::vector<Tensor> tensors;
  std::string data;

  static std::string text(const std::string &value) {
    return bytesOf(uint64_t(value.size())) + value;
  }
  static std::string ofText(const std::string &value) {
    return bytesOf(uint32_t(8)) + text(value);
  }
  static std::string ofU32(uint32_t value) {
    return bytesOf(uint32_t(4)) + bytesOf(value);
  }
  static std::string ofI32(int32_t value) {
    return bytesOf(uint32_t(5)) + bytesOf(value);
  }
  static std::string ofF32(float value) {
    return bytesOf(uint32_t(6)) + bytesOf(value);
  }
  static std::string ofBool(bool value) {
    return bytesOf(uint32_t(7)) + bytesOf(uint8_t(value));
  }
  static std::string ofU64(uint64_t value) {
    return bytesOf(uint32_t(10)) + bytesOf(value);
  }
  static std::string ofTexts(const std::vector<std::string> &values) {
    std::string bytes = bytesOf(uint32_t(9)) + bytesOf(uint32_t(8)) +
                        bytesOf(uint64_t(values.size()));
    for (const std::string &value : values) {
      bytes += text(value);
    }
    return bytes;
  }
  template <typename T>
  static std::string ofArray(uint32_t type, const std::vector<T> &values) {
    std::string bytes =
        bytesOf(uint32_t(9)) + bytesOf(type) + bytesOf(uint64_t(values.size()));
    for (T value : values) {
      bytes += bytesOf(value);
    }
    return bytes;
  }

  /// Replaces the entry, or adds it.
  TinyGguf &set(const std::string &key, const std::string &value) {
    for (auto &entry : entries) {
      if (entry.first == key) {
        entry.second = value;
        return *this;
      }
    }
    entries.emplace_back(key, value);
    return *this;
  }
  TinyGguf &remove(const std::string &key) {
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].first == key) {
        entries.erase(entries.begin() + long(i));
        return *this;
      }
    }
    return *this;
  }
  Tensor &tensor(const std::string &name) {
    for (Tensor &t : tensors) {
      if (t.name == name) {
        return t;
      }
    }
    ADD_FAILURE() << "no tensor " << name;
    return tensors[0];
  }
  /// Adds an F32 tensor behind the others.
  TinyGguf &add(const std::string &name, const std::vector<uint64_t> &shape) {
    data.resize((data.size() + 31) / 32 * 32);
    tensors.push_back({name, shape, 0, data.size()});
    data += floatBytes(TinyTensor{name, shape}.elements());
    return *this;
  }

  std::string header() const {
    std::string bytes = "GGUF" + bytesOf(version) +
                        bytesOf(uint64_t(tensors.size())) +
                        bytesOf(uint64_t(entries.size()));
    for (const auto &[key, value] : entries) {
      bytes += text(key) + value;
    }
    for (const Tensor &t : tensors) {
      bytes += text(t.name) + bytesOf(uint32_t(t.shape.size()));
      for (size_t i = t.shape.size(); i-- > 0;) {
        bytes += bytesOf(t.shape[i]);
      }
      bytes += bytesOf(t.type) + bytesOf(t.offset);
    }
    return bytes;
  }
  std::string bytes() const {
    std::string all = header();
    all.resize((all.size() + 31) / 32 * 32);
    return all + data;
  }
};

/// The tiny model as a GGUF file with a SentencePiece vocabulary.
inline TinyGguf tinyGguf() {
  TinyGguf gguf;
  gguf.set("general.architecture", TinyGguf::ofText("llama"));
  gguf.set("llama.block_count", TinyGguf::ofU32(1));
  gguf.set("llama.embedding_length", TinyGguf::ofU32(4));
  gguf.set("llama.feed_forward_length", TinyGguf::ofU32(3));
  gguf.set("llama.attention.head_count", TinyGguf::ofU32(2));
  gguf.set("llama.attention.head_count_kv", TinyGguf::ofU32(1));
  gguf.set("llama.context_length", TinyGguf::ofU64(16));
  gguf.set("llama.attention.layer_norm_rms_epsilon", TinyGguf::ofF32(1e-5f));
  gguf.set("tokenizer.ggml.model", TinyGguf::ofText("llama"));
  gguf.set("tokenizer.ggml.tokens",
           TinyGguf::ofTexts({"<unk>", "<s>", "</s>", "a", "\xe2\x96\x81",
                              "\xe2\x96\x81"
                              "a"}));
  gguf.set("tokenizer.ggml.scores",
           TinyGguf::ofArray<float>(6, {0, 0, 0, -1, -2, -3}));
  gguf.set("tokenizer.ggml.token_type",
           TinyGguf::ofArray<int32_t>(5, {2, 3, 3, 1, 1, 1}));
  gguf.set("tokenizer.ggml.bos_token_id", TinyGguf::ofU32(1));
  gguf.set("tokenizer.ggml.eos_token_id", TinyGguf::ofU32(2));
  gguf.set("tokenizer.ggml.unknown_token_id", TinyGguf::ofU32(0));
  for (const TinyTensor &t : tinyTensors(
           {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight",
            "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight",
            "blk.0.attn_output.weight", "blk.0.ffn_norm.weight",
            "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight",
            "blk.0.ffn_down.weight"})) {
    gguf.add(t.name, t.shape);
  }
  return gguf;
}

inline std::string replaced(std::string text, const std::string &from,
                            const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_MODEL_TESTFILES_H
