// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Result.h - Values or one clear error ---------------------*- C++ -*-===//
//
// Error handling of the libraries that link neither MLIR nor LLVM. Nothing is
// thrown: a function that can fail on bad input returns Result<T>, which holds
// a value or one Diagnostic. A Diagnostic has the five parts that a message to
// a person needs: what is wrong, where, what was expected, what was found and,
// where there is one, a hint.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_RESULT_H
#define WAFER_SUPPORT_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace wafer {

/// One error, ready for a person. All texts are lower case without a full
/// stop; empty parts are left out when printed.
struct Diagnostic {
  std::string what;
  /// File and place inside it, such as "model.gguf: byte 1024".
  std::string where;
  std::string expected;
  std::string found;
  std::string hint;

  /// "WHERE: WHAT: expected EXPECTED but got FOUND (hint: HINT)".
  std::string str() const;
};

/// A value or a Diagnostic.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : storage(std::in_place_index<0>, std::move(value)) {}
  Result(Diagnostic error)
      : storage(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return storage.index() == 0; }
  T &operator*() {
    assert(*this && "no value: the result is an error");
    return std::get<0>(storage);
  }
  const T &operator*() const {
    assert(*this && "no value: the result is an error");
    return std::get<0>(storage);
  }
  T *operator->() { return &**this; }
  const T *operator->() const { return &**this; }
  const Diagnostic &error() const {
    assert(!*this && "no error: the result is a value");
    return std::get<1>(storage);
  }
  Diagnostic takeError() { return std::move(std::get<1>(storage)); }

private:
  std::variant<T, Diagnostic> storage;
};

/// Success or a Diagnostic.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Diagnostic error) : diagnostic(std::move(error)) {}
  static Status success() { return {}; }

  explicit operator bool() const { return !diagnostic.has_value(); }
  const Diagnostic &error() const { return *diagnostic; }
  Diagnostic takeError() { return std::move(*diagnostic); }

private:
  std::optional<Diagnostic> diagnostic;
};

} // namespace wafer

#endif // WAFER_SUPPORT_RESULT_H
