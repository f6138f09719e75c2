// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Model.h - A transformer as it lies in its files ----------*- C++ -*-===//
//
// What every importer delivers: the dimensions of a decoder-only transformer,
// references to its tensors under canonical names, and its tokenizer. Tensor
// data stays in the mapped files until somebody asks for it.
//
// Canonical names (L = layer number):
//   embed [vocab, dim]                         head [vocab, dim] (absent: tied)
//   final_norm [dim]                           layers.L.attn_norm [dim]
//   layers.L.q [heads * headDim, dim]          layers.L.k, .v [kvHeads *
//   headDim, dim] layers.L.o [dim, heads * headDim]          layers.L.q_norm,
//   .k_norm [headDim] (qkNorm) layers.L.ffn_norm [dim] layers.L.gate, .up [ffn,
//   dim] layers.L.down [dim, ffn]
// Shapes are [outputs, inputs], row-major: y = W x.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_MODEL_MODEL_H
#define WAFER_MODEL_MODEL_H

#include "wafer/Support/Result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// Element types that weight files use.
enum class WeightType : uint8_t { F32, F16, BF16 };
unsigned sizeOf(WeightType t);
const char *nameOf(WeightType t);

/// How rotary embedding pairs the elements of a head.
enum class RopePairing : uint8_t {
  Half,       // (i, i + headDim / 2): Hugging Face
  Interleaved // (2 i, 2 i + 1): GGUF files of the llama family
};

struct RopeScaling {
  enum class Kind : uint8_t { None, Linear, Llama3 } kind = Kind::None;
  double factor = 1;
  double lowFreqFactor = 1;
  double highFreqFactor = 4;
  double originalContext = 8192;
};

struct ModelConfig {
  std::string family; // "llama", "qwen3"
  uint32_t layers = 0;
  uint32_t dim = 0;
  uint32_t ffn = 0;
  uint32_t heads = 0;
  uint32_t kvHeads = 0;
  uint32_t headDim = 0;
  uint32_t vocab = 0;
  /// The largest context the model was made for.
  uint32_t context = 0;
  double ropeTheta = 10000;
  RopeScaling ropeScaling;
  RopePairing ropePairing = RopePairing::Half;
  double normEps = 1e-5;
  bool tiedHead = false;
  bool qkNorm = false;
  std::optional<uint32_t> bos;
  std::vector<uint32_t> eos;
};

/// A tensor in one of the model's files, or a seeded synthetic one.
struct TensorRef {
  WeightType type = WeightType::F32;
  std::vector<uint64_t> shape;
  /// Index into Model::files; -1 for synthetic tensors.
  int32_t file = -1;
  uint64_t offset = 0; // bytes from the start of the file
  /// Synthetic: the seed of this tensor and the standard deviation of its
  /// values (0: all values are one).
  uint64_t seed = 0;
  double scale = 0;

  uint64_t elements() const {
    uint64_t n = 1;
    for (uint64_t s : shape) {
      n *= s;
    }
    return n;
  }
};

/// A file mapped read-only into memory.
class MappedFile {
public:
  /// Fails on a missing file, a directory, an unreadable or empty file.
  static Result<std::shared_ptr<MappedFile>> open(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return filePath; }
  const uint8_t *data() const { return bytes; }
  uint64_t size() const { return length; }

private:
  MappedFile() = default;
  std::string filePath;
  const uint8_t *bytes = nullptr;
  uint64_t length = 0;
};

class Tokenizer;

struct Model {
  std::string name;
  std::string path;
  ModelConfig config;
  std::map<std::string, TensorRef> tensors;
  std::vector<std::shared_ptr<MappedFile>> files;
  /// Null where the files bring none.
  std::shared_ptr<const Tokenizer> tokenizer;

  /// Reads elements [first, first + count) of a tensor, converted to float.
  /// The tensor must exist and the range lie inside it (an assert).
  void read(const std::string &tensor, uint64_t first, uint64_t count,
            float *out) const;
};

struct ModelLoadOptions {
  /// Bare config.json: the seed of the synthetic weights.
  uint64_t seed = 1;
  /// Do not look at weights at all (a config is enough even for a folder).
  bool weights = true;
};

/// Loads a GGUF file, a folder with config.json and safetensors, or a bare
/// config.json, decided by what the path is. Every tensor is checked: present,
/// shape, type, inside its file, not overlapping another one.
Result<Model> loadModel(const std::string &path,
                        const ModelLoadOptions &options = {});

/// Text to token ids and back. Immutable and thread-safe.
class Tokenizer {
public:
  virtual ~Tokenizer() = default;
  virtual std::vector<uint32_t> encode(const std::string &text) const = 0;
  /// Fails, naming it, if the text has a character that nothing in the
  /// vocabulary stands for and that `encode` would therefore leave out.
  virtual Status checkText(const std::string &text) const = 0;
  /// Decodes a whole sequence; special tokens and ids outside the vocabulary
  /// give "". Bytes may be an incomplete UTF-8 sequence where the tokens are.
  virtual std::string decode(const std::vector<uint32_t> &ids) const = 0;
  /// The text that `id` adds (for streaming). `first` tells that no text came
  /// before: a space that stands in front of every text is left out there.
  /// Bytes may be an incomplete UTF-8 sequence.
  virtual std::string decodeOne(uint32_t id, bool first) const = 0;
  /// The token that the model wants in front of a prompt; `encode` does not
  /// add it. None where the prompt stands alone.
  virtual std::optional<uint32_t> bos() const = 0;
  virtual uint32_t vocabSize() const = 0;
  /// A self-contained JSON text from which `fromJson` makes an equal tokenizer;
  /// images embed it.
  virtual std::string toJson() const = 0;
  static Result<std::shared_ptr<const Tokenizer>>
  fromJson(const std::string &text, const std::string &where);
};

} // namespace wafer

#endif // WAFER_MODEL_MODEL_H
