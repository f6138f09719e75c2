// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Model/Model.h"

#include "Convert.h"
#include "Importers.h"
#include "Synthetic.h"

#include <cassert>
#include <cstring>
#include <sys/stat.h>

using namespace wafer;

unsigned wafer::sizeOf(WeightType t) { return t == WeightType::F32 ? 4 : 2; }

const char *wafer::nameOf(WeightType t) {
  switch (t) {
  case WeightType::F32:
    return "f32";
  case WeightType::F16:
    return "f16";
  case WeightType::BF16:
    return "bf16";
  }
  return "?";
}

void Model::read(const std::string &name, uint64_t first, uint64_t count,
                 float *out) const {
  auto found = tensors.find(name);
  assert(found != tensors.end() && "no such tensor");
  const TensorRef &tensor = found->second;
  assert(first <= tensor.elements() && count <= tensor.elements() - first &&
         "range outside the tensor");
  if (tensor.file < 0) {
    readSynthetic(tensor, first, count, out);
    return;
  }
  const uint8_t *from =
      files[tensor.file]->data() + tensor.offset + first * sizeOf(tensor.type);
  switch (tensor.type) {
  case WeightType::F32:
    std::memcpy(out, from, count * sizeof(float));
    return;
  case WeightType::F16:
    convertHalves(from, count, out);
    return;
  case WeightType::BF16:
    convertBfloats(from, count, out);
    return;
  }
}

std::string wafer::modelName(const std::string &path) {
  std::string name = path;
  while (name.size() > 1 && name.back() == '/') {
    name.pop_back();
  }
  auto cutFolder = [&] {
    size_t slash = name.find_last_of('/');
    return slash == std::string::npos ? name : name.substr(slash + 1);
  };
  std::string last = cutFolder();
  if (last == "config.json" && last.size() < name.size()) {
    // The folder says more than the file.
    name = name.substr(0, name.size() - last.size() - 1);
    last = cutFolder();
  }
  for (const char *ending : {".json", ".gguf"}) {
    size_t length = std::strlen(ending);
    if (last.size() > length &&
        last.compare(last.size() - length, length, ending) == 0) {
      last.resize(last.size() - length);
    }
  }
  return last.empty() ? "model" : last;
}

static bool endsWith(const std::string &text, const char *ending) {
  size_t length = std::strlen(ending);
  return text.size() >= length &&
         text.compare(text.size() - length, length, ending) == 0;
}

Result<Model> wafer::loadModel(const std::string &path,
                               const ModelLoadOptions &options) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return loadHfFolder(path, options);
  }
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) {
    return file.takeError();
  }
  const std::shared_ptr<MappedFile> &mapped = *file;
  bool hasMagic =
      mapped->size() >= 4 && std::memcmp(mapped->data(), "GGUF", 4) == 0;
  if (hasMagic || endsWith(path, ".gguf")) {
    return loadGgufModel(mapped, options);
  }
  if (endsWith(path, ".json")) {
    return loadBareConfig(mapped, options);
  }
  std::string hint;
  if (endsWith(path, ".safetensors")) {
    hint = "name the folder that holds this file and its config.json";
  }
  return Diagnostic{"not a model that can be read", path,
                    "a .gguf file, a folder with config.json and safetensors, "
                    "or a config.json",
                    "", hint};
}
