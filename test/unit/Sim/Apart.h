// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Apart.h - Work in a process of its own -------------------*- C++ -*-===//
//
// An engine under test may crash, or run for ever. What is done apart cannot
// take the test with it.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_APART_H
#define WAFER_TEST_UNIT_SIM_APART_H

#include <functional>
#include <string>
#include <type_traits>

namespace wafer::test {

struct ApartResult {
  /// What the work returned.
  std::string text;
  /// How the process ended before it did: "Segmentation fault", "does not end"
  /// (killed when its time was up), "exit 1". Empty when it did not.
  std::string death;
};

/// Does `work` in a copy of this process and waits for it. The copy gets
/// `seconds` of a processor, and 20 times that by the clock, unless the work
/// calls restartAlarm. The caller must be the only thread.
ApartResult runApart(const std::function<std::string()> &work,
                     unsigned seconds);

/// Inside such work: it gets that many seconds from now on.
void restartAlarm(unsigned seconds);

/// Memory that work done apart and its caller both see, filled with zeros.
void *sharedBytes(size_t bytes);
void freeSharedBytes(void *begin, size_t bytes);

/// One object in such memory.
template <typename T>
class Shared {
public:
  Shared() : object(static_cast<T *>(sharedBytes(sizeof(T)))) {}
  ~Shared() { freeSharedBytes(object, sizeof(T)); }
  Shared(const Shared &) = delete;
  Shared &operator=(const Shared &) = delete;
  T *operator->() { return object; }

private:
  static_assert(std::is_trivially_destructible_v<T>);
  T *object;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_APART_H
