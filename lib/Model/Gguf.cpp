// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Gguf.h"

#include <cmath>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;

namespace {

constexpr uint32_t kMaxRank = 4;
constexpr unsigned kMaxArrayDepth = 4;
constexpr uint64_t kMaxAlignment = 1 << 20;

/// Bytes of a scalar type; 0 for strings, arrays and unknown types.
unsigned sizeOfScalar(GgufType type) {
  switch (type) {
  case GgufType::U8:
  case GgufType::I8:
  case GgufType::Bool:
    return 1;
  case GgufType::U16:
  case GgufType::I16:
    return 2;
  case GgufType::U32:
  case GgufType::I32:
  case GgufType::F32:
    return 4;
  case GgufType::U64:
  case GgufType::I64:
  case GgufType::F64:
    return 8;
  case GgufType::String:
  case GgufType::Array:
    return 0;
  }
  return 0;
}

uint64_t loadBits(const uint8_t *from, unsigned bytes) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    bits |= uint64_t(from[i]) << (8 * i);
  }
  return bits;
}

/// The names of the tensor types; null for numbers that are not assigned.
const char *tensorTypeName(uint32_t type) {
  static const char *const kNames[] = {
      "F32",   "F16",   "Q4_0",    "Q4_1",   nullptr,   nullptr, "Q5_0",
      "Q5_1",  "Q8_0",  "Q8_1",    "Q2_K",   "Q3_K",    "Q4_K",  "Q5_K",
      "Q6_K",  "Q8_K",  "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL",
      "IQ3_S", "IQ2_S", "IQ4_XS",  "I8",     "I16",     "I32",   "I64",
      "F64",   "IQ1_M", "BF16",    nullptr,  nullptr,   nullptr, "TQ1_0",
      "TQ2_0", nullptr, nullptr,   nullptr,  "MXFP4"};
  return type < std::size(kNames) ? kNames[type] : nullptr;
}

std::optional<WeightType> weightTypeOf(uint32_t type) {
  switch (type) {
  case 0:
    return WeightType::F32;
  case 1:
    return WeightType::F16;
  case 30:
    return WeightType::BF16;
  default:
    return std::nullopt;
  }
}

std::optional<double> numberOf(GgufType type, uint64_t bits) {
  switch (type) {
  case GgufType::F32: {
    float value;
    uint32_t low = uint32_t(bits);
    std::memcpy(&value, &low, 4);
    return value;
  }
  case GgufType::F64: {
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
  }
  case GgufType::I8:
    return int8_t(bits);
  case GgufType::I16:
    return int16_t(bits);
  case GgufType::I32:
    return int32_t(bits);
  case GgufType::I64:
    return double(int64_t(bits));
  case GgufType::U8:
  case GgufType::U16:
  case GgufType::U32:
  case GgufType::U64:
    return double(bits);
  default:
    return std::nullopt;
  }
}

/// Walks over the header; the first failure stops it for good.
class Parser {
public:
  Parser(GgufFile &gguf, bool needData)
      : gguf(gguf), needData(needData), data(gguf.file->data()),
        size(gguf.file->size()) {}

  Status parse() {
    uint64_t tensorCount = 0, entryCount = 0;
    if (readHeader(tensorCount, entryCount) && readMetadata(entryCount)) {
      readTensors(tensorCount);
    }
    return error ? Status(*error) : Status::success();
  }

private:
  std::string place() const {
    return fmt::format("{}: byte {}", gguf.file->path(), position);
  }

  bool fail(std::string what, std::string expected = "", std::string found = "",
            std::string hint = "") {
    if (!error) {
      error = Diagnostic{std::move(what), place(), std::move(expected),
                         std::move(found), std::move(hint)};
    }
    return false;
  }

  bool truncated() {
    return fail("the file ends inside its header", "", "",
                "the file may be truncated");
  }

  bool readBits(unsigned bytes, uint64_t &bits) {
    if (size - position < bytes) {
      return truncated();
    }
    bits = loadBits(data + position, bytes);
    position += bytes;
    return true;
  }

  bool readText(std::string_view &text) {
    uint64_t length = 0;
    if (!readBits(8, length)) {
      return false;
    }
    if (length > size - position) {
      return fail("a text is longer than the file",
                  fmt::format("at most {} bytes", size - position),
                  fmt::to_string(length), "the file may be truncated");
    }
    text = {reinterpret_cast<const char *>(data + position), size_t(length)};
    position += length;
    return true;
  }

  /// A count of things that take at least `bytesEach` bytes.
  bool checkCount(const char *things, uint64_t count, uint64_t bytesEach) {
    uint64_t most = (size - position) / bytesEach;
    if (count > most) {
      return fail(fmt::format("more {} than the file can hold", things),
                  fmt::format("at most {}", most), fmt::to_string(count),
                  "the file may be truncated");
    }
    return true;
  }

  bool readHeader(uint64_t &tensorCount, uint64_t &entryCount) {
    if (size < 4 || std::memcmp(data, "GGUF", 4) != 0) {
      return fail("not a GGUF file", "a file that starts with 'GGUF'");
    }
    position = 4;
    uint64_t version = 0;
    if (!readBits(4, version)) {
      return false;
    }
    if (version != 2 && version != 3) {
      bool swapped = (version & 0xffff) == 0 && version != 0;
      return fail("the GGUF version is not supported", "2 or 3",
                  fmt::to_string(version),
                  swapped ? "the file may be big-endian" : "");
    }
    gguf.version = uint32_t(version);
    // The least tensor: an empty name, rank 0, type and offset. The least
    // entry: an empty key, a type, one byte.
    return readBits(8, tensorCount) && readBits(8, entryCount) &&
           checkCount("tensors", tensorCount, 24) &&
           checkCount("metadata entries", entryCount, 13);
  }

  bool readMetadata(uint64_t entryCount) {
    for (uint64_t i = 0; i < entryCount; ++i) {
      std::string_view key;
      uint64_t type = 0;
      GgufValue value;
      if (!readText(key) || !readBits(4, type) ||
          !readValue(GgufType(type), value, 0)) {
        return false;
      }
      if (!gguf.metadata.emplace(std::string(key), std::move(value)).second) {
        return fail(fmt::format("metadata key '{}' occurs twice", key));
      }
    }
    return true;
  }

  bool readValue(GgufType type, GgufValue &value, unsigned depth) {
    value.type = type;
    if (type == GgufType::String) {
      return readText(value.text);
    }
    if (type == GgufType::Array) {
      return readArray(value, depth);
    }
    unsigned bytes = sizeOfScalar(type);
    if (bytes == 0) {
      return fail("unknown type of a metadata value", "a number from 0 to 12",
                  fmt::to_string(uint32_t(type)));
    }
    return readBits(bytes, value.bits);
  }

  bool readArray(GgufValue &value, unsigned depth) {
    uint64_t type = 0;
    if (depth == kMaxArrayDepth) {
      return fail("metadata arrays are nested too deeply",
                  fmt::format("at most {} levels", kMaxArrayDepth));
    }
    if (!readBits(4, type) || !readBits(8, value.count)) {
      return false;
    }
    value.elementType = GgufType(type);
    if (unsigned bytes = sizeOfScalar(value.elementType)) {
      if (!checkCount("array elements", value.count, bytes)) {
        return false;
      }
      value.elements = data + position;
      position += value.count * bytes;
      return true;
    }
    if (value.elementType == GgufType::String) {
      if (!checkCount("array elements", value.count, 8)) {
        return false;
      }
      value.texts.resize(value.count);
      for (std::string_view &text : value.texts) {
        if (!readText(text)) {
          return false;
        }
      }
      return true;
    }
    if (value.elementType != GgufType::Array) {
      return fail("unknown type of a metadata value", "a number from 0 to 12",
                  fmt::to_string(type));
    }
    if (!checkCount("array elements", value.count, 12)) {
      return false;
    }
    for (uint64_t i = 0; i < value.count; ++i) {
      GgufValue inner;
      if (!readArray(inner, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  bool readTensors(uint64_t tensorCount) {
    const GgufValue *entry = gguf.find("general.alignment");
    std::optional<uint64_t> alignment = entry ? entry->asCount() : 32;
    if (!alignment || *alignment == 0 || *alignment > kMaxAlignment ||
        (*alignment & (*alignment - 1)) != 0) {
      return fail("bad value of 'general.alignment'",
                  fmt::format("a power of two up to {}", kMaxAlignment),
                  alignment ? fmt::to_string(*alignment) : "another type");
    }
    for (uint64_t i = 0; i < tensorCount; ++i) {
      if (!readTensor(*alignment)) {
        return false;
      }
    }
    uint64_t begin = (position + *alignment - 1) / *alignment * *alignment;
    for (auto &[name, tensor] : gguf.tensors) {
      uint64_t end;
      bool fits = !__builtin_add_overflow(begin, tensor.offset, &end) &&
                  !__builtin_add_overflow(end, tensor.bytes, &end) &&
                  end <= size;
      if (!fits && !needData) {
        tensor.bytes = 0;
        continue;
      }
      if (!fits) {
        return fail(
            fmt::format("tensor '{}' reaches beyond the end of the file", name),
            fmt::format("at most {} bytes of data",
                        size > begin ? size - begin : 0),
            fmt::format("{} bytes at offset {}", tensor.bytes, tensor.offset),
            "the file may be truncated");
      }
      tensor.offset += begin;
    }
    if (!needData) {
      return true;
    }
    if (Status status = checkOverlap(gguf.tensors, 0, gguf.file->path());
        !status) {
      error = status.takeError();
    }
    return !error;
  }

  bool readTensor(uint64_t alignment) {
    std::string_view text;
    uint64_t rank = 0, type = 0;
    if (!readText(text) || !readBits(4, rank)) {
      return false;
    }
    const std::string name(text);
    if (rank > kMaxRank) {
      return fail(fmt::format("tensor '{}' has too many dimensions", name),
                  fmt::format("at most {}", kMaxRank), fmt::to_string(rank));
    }
    FileTensor tensor;
    uint64_t elements = 1;
    for (uint64_t i = 0; i < rank; ++i) {
      uint64_t extent = 0;
      if (!readBits(8, extent)) {
        return false;
      }
      if (extent == 0 || __builtin_mul_overflow(elements, extent, &elements)) {
        return fail(fmt::format("tensor '{}' has a bad shape", name),
                    "positive sizes with a product below 2^64",
                    fmt::to_string(extent));
      }
      // The file lists the fastest dimension first.
      tensor.shape.insert(tensor.shape.begin(), extent);
    }
    if (!readBits(4, type) || !readBits(8, tensor.offset)) {
      return false;
    }
    const char *typeName = tensorTypeName(uint32_t(type));
    tensor.typeName = typeName ? typeName : fmt::format("type number {}", type);
    tensor.type = weightTypeOf(uint32_t(type));
    if (!tensor.type && needData) {
      return fail(
          fmt::format("tensor '{}' has a type that is not supported", name),
          "F32, F16 or BF16", tensor.typeName,
          typeName ? "quantised weights cannot be read: convert the model to "
                     "F16, BF16 or F32"
                   : "");
    }
    if (tensor.offset % alignment != 0) {
      return fail(fmt::format("tensor '{}' is not aligned", name),
                  fmt::format("a multiple of {}", alignment),
                  fmt::format("offset {}", tensor.offset));
    }
    const uint64_t elementBytes = tensor.type ? sizeOf(*tensor.type) : 0;
    if (__builtin_mul_overflow(elements, elementBytes, &tensor.bytes)) {
      return fail(fmt::format("tensor '{}' has a bad shape", name),
                  "less than 2^64 bytes", shapeText(tensor.shape));
    }
    if (!gguf.tensors.emplace(name, std::move(tensor)).second) {
      return fail(fmt::format("tensor '{}' occurs twice", name));
    }
    return true;
  }

  GgufFile &gguf;
  bool needData;
  const uint8_t *data;
  uint64_t size;
  uint64_t position = 0;
  std::optional<Diagnostic> error;
};

/// A value as text for the "found" part of an error.
std::string describe(const GgufValue &value) {
  if (value.type == GgufType::String) {
    return std::string(value.text.substr(0, 60));
  }
  if (value.type == GgufType::Array) {
    return fmt::format("an array of {}", value.count);
  }
  if (value.type == GgufType::Bool) {
    return value.bits ? "true" : "false";
  }
  if (std::optional<uint64_t> count = value.asCount()) {
    return fmt::to_string(*count);
  }
  std::optional<double> number = value.asNumber();
  return number ? fmt::to_string(*number) : "another type";
}

} // namespace

std::optional<uint64_t> GgufValue::asCount() const {
  switch (type) {
  case GgufType::U8:
  case GgufType::U16:
  case GgufType::U32:
  case GgufType::U64:
    return bits;
  case GgufType::I8:
  case GgufType::I16:
  case GgufType::I32:
  case GgufType::I64: {
    unsigned unused = 64 - 8 * sizeOfScalar(type);
    int64_t value = int64_t(bits << unused) >> unused;
    return value < 0 ? std::nullopt : std::optional<uint64_t>(uint64_t(value));
  }
  default:
    return std::nullopt;
  }
}

std::optional<double> GgufValue::asNumber() const {
  return numberOf(type, bits);
}

std::optional<double> GgufValue::numberAt(uint64_t i) const {
  unsigned bytes = sizeOfScalar(elementType);
  return numberOf(elementType, loadBits(elements + i * bytes, bytes));
}

Result<GgufFile> GgufFile::parse(const std::shared_ptr<MappedFile> &file,
                                 bool needData) {
  GgufFile gguf;
  gguf.file = file;
  if (Status status = Parser(gguf, needData).parse(); !status) {
    return status.takeError();
  }
  return gguf;
}

const GgufValue *GgufFile::find(std::string_view key) const {
  auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

bool GgufReader::require(const std::string &key) {
  if (!has(key)) {
    fail({fmt::format("metadata key '{}' is missing", key), gguf.file->path(),
          "", "", ""});
    return false;
  }
  return true;
}

uint64_t GgufReader::count(const std::string &key, uint64_t least,
                           uint64_t most) {
  return require(key) ? countOr(key, least, least, most) : least;
}

uint64_t GgufReader::countOr(const std::string &key, uint64_t absent,
                             uint64_t least, uint64_t most) {
  const GgufValue *value = gguf.find(key);
  if (!value) {
    return absent;
  }
  std::optional<uint64_t> count = value->asCount();
  if (!count || *count < least || *count > most) {
    reject(key, fmt::format("a whole number from {} to {}", least, most));
    return absent;
  }
  return *count;
}

double GgufReader::number(const std::string &key, double least, double most) {
  return require(key) ? numberOr(key, least, least, most) : least;
}

double GgufReader::numberOr(const std::string &key, double absent, double least,
                            double most) {
  const GgufValue *value = gguf.find(key);
  if (!value) {
    return absent;
  }
  std::optional<double> number = value->asNumber();
  if (!number || !std::isfinite(*number) || *number < least || *number > most) {
    reject(key, fmt::format("a number from {} to {}", least, most));
    return absent;
  }
  return *number;
}

bool GgufReader::flagOr(const std::string &key, bool absent) {
  const GgufValue *value = gguf.find(key);
  if (!value) {
    return absent;
  }
  if (value->type != GgufType::Bool) {
    reject(key, "true or false");
    return absent;
  }
  return value->bits != 0;
}

std::string GgufReader::text(const std::string &key) {
  return require(key) ? textOr(key, "") : "";
}

std::string GgufReader::textOr(const std::string &key,
                               const std::string &absent) {
  const GgufValue *value = gguf.find(key);
  if (!value) {
    return absent;
  }
  if (value->type != GgufType::String) {
    reject(key, "a text");
    return absent;
  }
  return std::string(value->text);
}

const GgufValue *GgufReader::array(const std::string &key, GgufType elements) {
  if (!require(key)) {
    return nullptr;
  }
  const GgufValue *value = gguf.find(key);
  if (value->type != GgufType::Array || value->elementType != elements) {
    reject(key, elements == GgufType::String ? "an array of texts"
                : elements == GgufType::F32  ? "an array of f32 numbers"
                                             : "an array of i32 numbers");
    return nullptr;
  }
  return value;
}

std::optional<uint32_t> GgufReader::tokenOr(const std::string &key) {
  // -1, or all ones, stands for "none".
  constexpr uint64_t none = 0xffffffff;
  const GgufValue *value = gguf.find(key);
  if (!value ||
      (value->type == GgufType::I32 && uint32_t(value->bits) == none)) {
    return std::nullopt;
  }
  uint64_t id = countOr(key, none, 0, none);
  return id == none ? std::nullopt : std::optional<uint32_t>(uint32_t(id));
}

void GgufReader::reject(const std::string &key, const std::string &expected,
                        const std::string &hint) {
  const GgufValue *value = gguf.find(key);
  fail({fmt::format("bad value of '{}'", key), gguf.file->path(), expected,
        value ? describe(*value) : "nothing", hint});
}

void GgufReader::fail(Diagnostic error) {
  if (!firstError) {
    firstError = std::move(error);
  }
}
