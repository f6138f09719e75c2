// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Architecture.h - What a model of a family consists of ----*- C++ -*-===//
//
// The part that all importers share: which families there are, the limits of
// the dimensions, the tensors that a configuration asks for, and the binding
// of the tensors of files to them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_ARCHITECTURE_H
#define WAFER_LIB_MODEL_ARCHITECTURE_H

#include "wafer/Model/Model.h"

#include <functional>

namespace wafer {

/// Upper bounds of the dimensions. Far above any published model, and low
/// enough that no product of two of them, times a type's size, overflows.
struct Limits {
  static constexpr uint64_t layers = 4096;
  static constexpr uint64_t width = 1 << 20;
  static constexpr uint64_t ffn = 1 << 24;
  static constexpr uint64_t heads = 1 << 16;
  static constexpr uint64_t headDim = 1 << 16;
  static constexpr uint64_t vocab = 1 << 24;
  static constexpr uint64_t context = 0x7fffffff;
};

/// "llama, qwen3": for hints.
inline constexpr const char *kSupportedFamilies = "llama, qwen3";

/// How the file at hand calls the dimensions, for errors.
struct ConfigKeys {
  const char *heads;
  const char *kvHeads;
  const char *headDim;
};

/// The relations between the dimensions, each of which is in its limits.
Status checkConfig(const ModelConfig &config, const ConfigKeys &keys,
                   const std::string &where);

/// A tensor under its canonical name.
struct TensorSpec {
  std::string name;
  std::vector<uint64_t> shape;
};

/// All tensors of a model, the head only where it is not tied.
std::vector<TensorSpec> expectedTensors(const ModelConfig &config);

/// A tensor as a file describes it; inside its file and not overlapping.
struct FileTensor {
  /// The name that the format gives the type, such as "Q8_0".
  std::string typeName;
  /// None when Wafer cannot read the type.
  std::optional<WeightType> type;
  std::vector<uint64_t> shape;
  int32_t file = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};
using FileTensors = std::map<std::string, FileTensor>;

/// What an importer knows of the names in its files.
struct TensorNames {
  /// The file's name of a canonical tensor.
  std::function<std::string(const std::string &)> fileName;
  /// True for a tensor that may be there and is not needed.
  std::function<bool(const std::string &)> isIgnored;
  /// Added to the error about a type that cannot be read.
  std::string typeHint;
};

/// Fills `model.tensors` from the tensors of its files. Every expected tensor
/// must be there with its shape and a type we read, and nothing else.
Status bindTensors(Model &model, FileTensors tensors, const TensorNames &names);

/// Two tensors of one file must not share a byte; `tensors` of file number
/// `file` are looked at.
Status checkOverlap(const FileTensors &tensors, int32_t file,
                    const std::string &where);

/// "[512, 64]".
std::string shapeText(const std::vector<uint64_t> &shape);

} // namespace wafer

#endif // WAFER_LIB_MODEL_ARCHITECTURE_H
