// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Result.h"

using namespace wafer;

std::string Diagnostic::str() const {
  std::string text;
  if (!where.empty()) {
    text += where + ": ";
  }
  text += what;
  if (!expected.empty()) {
    text += ": expected " + expected;
    if (!found.empty()) {
      text += " but got " + found;
    }
  } else if (!found.empty()) {
    text += ": got " + found;
  }
  if (!hint.empty()) {
    text += " (hint: " + hint + ")";
  }
  return text;
}
