// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Safetensors.cpp - Headers of safetensors files ---------------------===//
//
// A file is: 8 bytes, the length N of the header, little endian; N bytes of
// JSON, {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ...}; the
// data, to which the offsets are relative.
//
//===----------------------------------------------------------------------===//
#include "Importers.h"

#include <algorithm>
#include <cstring>
#include <dirent.h>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>

using namespace wafer;

namespace {

/// The format's own limit of a header.
constexpr uint64_t kMaxHeader = 100'000'000;
constexpr size_t kMaxRank = 8;

struct DataType {
  const char *name;
  unsigned bytes;
  std::optional<WeightType> type;
};

const DataType *findDataType(const std::string &name) {
  static const DataType kTypes[] = {
      {"F32", 4, WeightType::F32},   {"F16", 2, WeightType::F16},
      {"BF16", 2, WeightType::BF16}, {"F64", 8, std::nullopt},
      {"I64", 8, std::nullopt},      {"U64", 8, std::nullopt},
      {"I32", 4, std::nullopt},      {"U32", 4, std::nullopt},
      {"I16", 2, std::nullopt},      {"U16", 2, std::nullopt},
      {"I8", 1, std::nullopt},       {"U8", 1, std::nullopt},
      {"BOOL", 1, std::nullopt},     {"F8_E4M3", 1, std::nullopt},
      {"F8_E5M2", 1, std::nullopt},
  };
  for (const DataType &type : kTypes) {
    if (name == type.name) {
      return &type;
    }
  }
  return nullptr;
}

/// Reads the entries of one header.
class HeaderReader {
public:
  HeaderReader(const MappedFile &file, int32_t number, uint64_t dataBegin)
      : where(file.path()), number(number), dataBegin(dataBegin),
        dataSize(file.size() - dataBegin) {}

  Status read(const Json &header, FileTensors &tensors) {
    if (!header.is_object()) {
      return Diagnostic{"the header is no JSON object", where, "",
                        describeJson(header), ""};
    }
    for (const auto &[name, entry] : header.items()) {
      if (name == "__metadata__") {
        continue;
      }
      FileTensor tensor;
      if (Status status = readTensor(name, entry, tensor); !status) {
        return status;
      }
      if (!tensors.emplace(name, std::move(tensor)).second) {
        return Diagnostic{fmt::format("tensor '{}' is in two files", name),
                          where, "", "", ""};
      }
    }
    return Status::success();
  }

private:
  Status readTensor(const std::string &name, const Json &entry,
                    FileTensor &tensor) {
    JsonObject object(entry, where, name);
    tensor.file = number;
    tensor.typeName = object.text("dtype");
    object.require("shape");
    object.require("data_offsets");
    if (object.failed()) {
      return object.status();
    }
    const DataType *type = findDataType(tensor.typeName);
    if (!type) {
      return Diagnostic{fmt::format("tensor '{}' has an unknown type", name),
                        where, "", tensor.typeName, ""};
    }
    tensor.type = type->type;
    uint64_t elements = 1;
    if (!readShape(object, tensor.shape, elements) ||
        !readOffsets(object, tensor)) {
      return object.status();
    }
    if (elements > dataSize / type->bytes + 1 ||
        elements * type->bytes != tensor.bytes) {
      return Diagnostic{
          fmt::format("the bytes of tensor '{}' do not fit its shape", name),
          where, fmt::format("{} elements of {} bytes", elements, type->bytes),
          fmt::format("{} bytes", tensor.bytes), ""};
    }
    return Status::success();
  }

  bool readShape(JsonObject &object, std::vector<uint64_t> &shape,
                 uint64_t &elements) {
    const Json &list = *object.find("shape");
    if (!list.is_array() || list.size() > kMaxRank) {
      object.reject("shape",
                    fmt::format("a list of at most {} sizes", kMaxRank));
      return false;
    }
    for (const Json &size : list) {
      uint64_t value = size.is_number_unsigned() ? size.get<uint64_t>() : 0;
      if (!size.is_number_unsigned() ||
          __builtin_mul_overflow(elements, value, &elements)) {
        object.reject("shape",
                      "sizes that are whole numbers with a product below 2^64");
        return false;
      }
      shape.push_back(value);
    }
    return true;
  }

  bool readOffsets(JsonObject &object, FileTensor &tensor) {
    const Json &list = *object.find("data_offsets");
    bool pair = list.is_array() && list.size() == 2 &&
                list[0].is_number_unsigned() && list[1].is_number_unsigned();
    uint64_t begin = pair ? list[0].get<uint64_t>() : 0;
    uint64_t end = pair ? list[1].get<uint64_t>() : 0;
    if (!pair || begin > end || end > dataSize) {
      object.reject(
          "data_offsets",
          fmt::format("begin and end inside the {} bytes of data", dataSize),
          "the file may be truncated");
      return false;
    }
    tensor.offset = dataBegin + begin;
    tensor.bytes = end - begin;
    return true;
  }

  std::string where;
  int32_t number;
  uint64_t dataBegin;
  uint64_t dataSize;
};

bool isFile(const std::string &path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

/// The names in a folder, sorted.
std::vector<std::string> listFolder(const std::string &folder) {
  std::vector<std::string> names;
  if (DIR *dir = ::opendir(folder.c_str())) {
    while (const dirent *entry = ::readdir(dir)) {
      names.emplace_back(entry->d_name);
    }
    ::closedir(dir);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Parses "model-00002-of-00005.safetensors"; false for other names.
bool parseShardName(const std::string &name, uint64_t &index, uint64_t &count) {
  static const std::string kPattern = "model-#####-of-#####.safetensors";
  uint64_t numbers[2] = {0, 0};
  if (name.size() != kPattern.size()) {
    return false;
  }
  for (size_t i = 0; i < name.size(); ++i) {
    if (kPattern[i] != '#') {
      if (name[i] != kPattern[i]) {
        return false;
      }
      continue;
    }
    if (name[i] < '0' || name[i] > '9') {
      return false;
    }
    uint64_t &number = numbers[i < 12 ? 0 : 1];
    number = number * 10 + uint64_t(name[i] - '0');
  }
  index = numbers[0];
  count = numbers[1];
  return true;
}

/// The shards of a folder without an index file, all of them present.
Result<std::vector<std::string>> findShards(const std::string &folder) {
  std::vector<std::string> shards;
  uint64_t expectedCount = 0;
  for (const std::string &name : listFolder(folder)) {
    uint64_t index, count;
    if (!parseShardName(name, index, count)) {
      continue;
    }
    if (expectedCount == 0) {
      expectedCount = count;
    }
    if (count != expectedCount || index != shards.size() + 1 || index > count) {
      return Diagnostic{"the shards of the model are not complete", folder,
                        fmt::format("model-{:05}-of-{:05}.safetensors",
                                    shards.size() + 1, expectedCount),
                        name, ""};
    }
    shards.push_back(name);
  }
  if (shards.size() != expectedCount) {
    return Diagnostic{"the shards of the model are not complete", folder,
                      fmt::format("{} files", expectedCount),
                      fmt::to_string(shards.size()), ""};
  }
  if (shards.empty()) {
    return Diagnostic{"the folder holds no weights", folder,
                      "model.safetensors or model.safetensors.index.json", "",
                      "name the config.json itself to use synthetic weights"};
  }
  return shards;
}

using WeightMap = std::map<std::string, std::string>;

/// The "weight_map" of an index file: tensor to file name.
Result<WeightMap> readIndex(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) {
    return file.takeError();
  }
  std::string_view text(reinterpret_cast<const char *>((*file)->data()),
                        (*file)->size());
  Result<Json> json = parseJson(text, path);
  if (!json) {
    return json.takeError();
  }
  JsonObject root(*json, path);
  const Json *map = root.require("weight_map");
  if (map && (!map->is_object() || map->empty())) {
    root.reject("weight_map", "an object from tensor names to file names");
  }
  if (root.failed()) {
    return root.status().takeError();
  }
  WeightMap result;
  for (const auto &[tensor, shard] : map->items()) {
    // A name with a slash could lead out of the folder.
    if (!shard.is_string() ||
        shard.get_ref<const std::string &>().find('/') != std::string::npos) {
      return Diagnostic{fmt::format("bad value of 'weight_map.{}'", tensor),
                        path, "the name of a file in the folder",
                        describeJson(shard), ""};
    }
    result.emplace(tensor, shard.get<std::string>());
  }
  return result;
}

} // namespace

Status wafer::readSafetensors(const MappedFile &file, int32_t number,
                              FileTensors &tensors) {
  if (file.size() < 8) {
    return Diagnostic{"the file is too short for a safetensors file",
                      file.path(), "at least 8 bytes",
                      fmt::to_string(file.size()), ""};
  }
  uint64_t length = 0;
  for (int i = 0; i < 8; ++i) {
    length |= uint64_t(file.data()[i]) << (8 * i);
  }
  const uint64_t most = std::min(file.size() - 8, kMaxHeader);
  if (length > most) {
    return Diagnostic{"bad length of the safetensors header", file.path(),
                      fmt::format("at most {} bytes", most),
                      fmt::to_string(length),
                      "the file may be truncated or of another format"};
  }
  std::string_view text(reinterpret_cast<const char *>(file.data()) + 8,
                        length);
  Result<Json> header = parseJson(text, file.path());
  if (!header) {
    return header.takeError();
  }
  if (Status status =
          HeaderReader(file, number, 8 + length).read(*header, tensors);
      !status) {
    return status;
  }
  return checkOverlap(tensors, number, file.path());
}

Result<FileTensors> wafer::openSafetensors(const std::string &folder,
                                           Model &model) {
  const std::string indexPath = folder + "/model.safetensors.index.json";
  std::vector<std::string> shards;
  WeightMap weightMap;
  if (isFile(indexPath)) {
    Result<WeightMap> map = readIndex(indexPath);
    if (!map) {
      return map.takeError();
    }
    weightMap = std::move(*map);
    std::set<std::string> names;
    for (const auto &[tensor, shard] : weightMap) {
      names.insert(shard);
    }
    shards.assign(names.begin(), names.end());
  } else if (isFile(folder + "/model.safetensors")) {
    shards = {"model.safetensors"};
  } else {
    Result<std::vector<std::string>> found = findShards(folder);
    if (!found) {
      return found.takeError();
    }
    shards = std::move(*found);
  }
  FileTensors tensors;
  for (const std::string &shard : shards) {
    Result<std::shared_ptr<MappedFile>> file =
        MappedFile::open(folder + "/" + shard);
    if (!file) {
      return file.takeError();
    }
    model.files.push_back(*file);
    if (Status status =
            readSafetensors(**file, int32_t(model.files.size() - 1), tensors);
        !status) {
      return status.takeError();
    }
  }
  for (const auto &[name, shard] : weightMap) {
    auto found = tensors.find(name);
    if (found == tensors.end() ||
        model.files[found->second.file]->path() != folder + "/" + shard) {
      return Diagnostic{fmt::format("tensor '{}' is not in its file", name),
                        indexPath, shard, "", ""};
    }
  }
  return tensors;
}
