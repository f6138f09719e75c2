// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Importers.h - One entry point for each kind of model -----*- C++ -*-===//
#ifndef WAFER_LIB_MODEL_IMPORTERS_H
#define WAFER_LIB_MODEL_IMPORTERS_H

#include "Architecture.h"
#include "Json.h"
#include "wafer/Model/Model.h"

namespace wafer {

/// A readable name: the folder or file without its ending.
std::string modelName(const std::string &path);

Result<Model> loadHfFolder(const std::string &path,
                           const ModelLoadOptions &options);
Result<Model> loadBareConfig(const std::shared_ptr<MappedFile> &file,
                             const ModelLoadOptions &options);
Result<Model> loadGgufModel(const std::shared_ptr<MappedFile> &file,
                            const ModelLoadOptions &options);

/// The dimensions from the text of a Hugging Face config.json.
Result<ModelConfig> parseHfConfig(std::string_view text,
                                  const std::string &where);
/// Sets `eos` and `bos` where generation_config.json names them.
Status applyGenerationConfig(std::string_view text, const std::string &where,
                             ModelConfig &config);

/// Reads the header of one safetensors file into `tensors`, as file `number`.
Status readSafetensors(const MappedFile &file, int32_t number,
                       FileTensors &tensors);
/// Opens the safetensors of a folder, in one or several files, into
/// `model.files`, and describes their tensors.
Result<FileTensors> openSafetensors(const std::string &folder, Model &model);

} // namespace wafer

#endif // WAFER_LIB_MODEL_IMPORTERS_H
