// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Gguf.h - The container format of GGUF files --------------*- C++ -*-===//
//
// Reads the header of a GGUF file (versions 2 and 3, little endian): the
// metadata and the tensor descriptions. Every count is compared with the bytes
// that are left before anything is allocated for it. Texts and arrays are views
// into the mapped file, which must outlive them.
//
//   "GGUF" version:u32 tensors:u64 entries:u64
//   entry  = key:string type:u32 value           string = length:u64 bytes
//   tensor = name:string rank:u32 sizes:u64[rank] type:u32 offset:u64
//   padding to the alignment, then the data, to which offsets are relative
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_GGUF_H
#define WAFER_LIB_MODEL_GGUF_H

#include "Architecture.h"

#include <string_view>

namespace wafer {

/// The numbers are those of the file format.
enum class GgufType : uint32_t {
  U8 = 0,
  I8,
  U16,
  I16,
  U32,
  I32,
  F32,
  Bool,
  String,
  Array,
  U64,
  I64,
  F64
};

struct GgufValue {
  GgufType type = GgufType::U8;
  /// A scalar: its bytes, little endian, zero-extended.
  uint64_t bits = 0;
  std::string_view text;
  /// An array: its elements, as texts or as `count` packed scalars. Arrays of
  /// arrays are checked and then dropped.
  GgufType elementType = GgufType::U8;
  uint64_t count = 0;
  const uint8_t *elements = nullptr;
  std::vector<std::string_view> texts;

  /// The value of a scalar, or of element `i` of an array of scalars.
  std::optional<uint64_t> asCount() const;
  std::optional<double> asNumber() const;
  std::optional<double> numberAt(uint64_t i) const;
};

struct GgufFile {
  std::shared_ptr<MappedFile> file;
  uint32_t version = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  FileTensors tensors;

  /// With `needData` the data of every tensor must be there, apart from all
  /// others and of a type that can be read. Without it, a tensor of which that
  /// is not so has no bytes.
  static Result<GgufFile> parse(const std::shared_ptr<MappedFile> &file,
                                bool needData);

  const GgufValue *find(std::string_view key) const;
};

/// Typed access to the metadata, with the manners of JsonObject: the first
/// failure is kept.
class GgufReader {
public:
  explicit GgufReader(const GgufFile &gguf) : gguf(gguf) {}

  bool has(const std::string &key) const { return gguf.find(key) != nullptr; }
  uint64_t count(const std::string &key, uint64_t least, uint64_t most);
  uint64_t countOr(const std::string &key, uint64_t absent, uint64_t least,
                   uint64_t most);
  double number(const std::string &key, double least, double most);
  double numberOr(const std::string &key, double absent, double least,
                  double most);
  bool flagOr(const std::string &key, bool absent);
  std::string text(const std::string &key);
  std::string textOr(const std::string &key, const std::string &absent);
  /// The array of `key` with elements of the type; null after an error.
  const GgufValue *array(const std::string &key, GgufType elements);
  /// A token id; none where it is absent or -1.
  std::optional<uint32_t> tokenOr(const std::string &key);

  void reject(const std::string &key, const std::string &expected,
              const std::string &hint = "");
  void fail(Diagnostic error);
  bool failed() const { return firstError.has_value(); }
  Status status() const {
    return firstError ? Status(*firstError) : Status::success();
  }

private:
  bool require(const std::string &key);

  const GgufFile &gguf;
  std::optional<Diagnostic> firstError;
};

} // namespace wafer

#endif // WAFER_LIB_MODEL_GGUF_H
