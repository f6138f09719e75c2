// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- File.h - Reading whole files -----------------------------*- C++ -*-===//
//
// Small files (machine files, defect maps, configurations) are read in one
// piece. Large ones (models, images) are mapped by their own readers.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_FILE_H
#define WAFER_SUPPORT_FILE_H

#include "wafer/Support/Result.h"

#include <cstdint>
#include <string>

namespace wafer {

/// The error "cannot ACTION: REASON" about `path` for an errno value.
Diagnostic systemError(const std::string &path, const std::string &action,
                       int errorNumber);

/// The bytes of the file at `path`. Fails if it cannot be opened or read, is a
/// directory, or holds more than `maxBytes` bytes; never allocates more than
/// what the file really holds.
Result<std::string> readFile(const std::string &path, uint64_t maxBytes);

} // namespace wafer

#endif // WAFER_SUPPORT_FILE_H
