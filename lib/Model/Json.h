// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Json.h - Strict reading of JSON files --------------------*- C++ -*-===//
//
// JSON from files that nobody vouches for: nesting is limited, a key that
// occurs twice in an object is an error, and every typed access that fails
// yields a Diagnostic that names the key. Nothing throws.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MODEL_JSON_H
#define WAFER_LIB_MODEL_JSON_H

#include "wafer/Support/Json.h"

#include <cstdint>
#include <optional>
#include <string>

namespace wafer {

using Json = nlohmann::json;

/// Typed access to the members of one object. The first failure is kept and
/// later calls return defaults, so a reader checks `status()` once at the end.
/// A member that is null counts as absent.
class JsonObject {
public:
  /// `object` must outlive the reader. A value that is no object is an error.
  JsonObject(const Json &object, std::string where, std::string path = "");

  bool has(const char *key) const { return find(key) != nullptr; }
  /// The member, or null when it is absent.
  const Json *find(const char *key) const;
  /// The member; an error when it is absent.
  const Json *require(const char *key);

  /// A whole number in [least, most].
  uint64_t count(const char *key, uint64_t least, uint64_t most);
  uint64_t countOr(const char *key, uint64_t absent, uint64_t least,
                   uint64_t most);
  /// A finite number in [least, most].
  double number(const char *key, double least, double most);
  double numberOr(const char *key, double absent, double least, double most);
  bool flagOr(const char *key, bool absent);
  std::string text(const char *key);
  std::string textOr(const char *key, const std::string &absent);

  /// Records the error that `key` has a bad value.
  void reject(const char *key, const std::string &expected,
              const std::string &hint = "");
  void fail(Diagnostic error);
  bool failed() const { return firstError.has_value(); }
  Status status() const;

private:
  /// `key` with the path of the object in front, in quotes.
  std::string quoted(const char *key) const;

  const Json *object;
  std::string where;
  std::string path;
  std::optional<Diagnostic> firstError;
};

} // namespace wafer

#endif // WAFER_LIB_MODEL_JSON_H
