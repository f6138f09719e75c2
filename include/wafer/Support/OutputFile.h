// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- OutputFile.h - Files that appear whole or not at all -----*- C++ -*-===//
//
// An output file is written under a temporary name beside its target and takes
// the target's name when it is complete. A reader sees the old file or the new
// one, and a failure leaves the old one as it was. Targets that exist and are
// no regular files (devices, pipes) are written directly.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_OUTPUTFILE_H
#define WAFER_SUPPORT_OUTPUTFILE_H

#include "wafer/Support/Result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wafer {

class OutputFile {
public:
  /// Opens a temporary file beside `path` (a symbolic link is followed).
  /// Fails if the folder does not exist or `path` is a directory.
  static Result<OutputFile> create(const std::string &path);

  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&other) noexcept;
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  /// Removes the temporary file unless commit() succeeded.
  ~OutputFile();

  /// Appends bytes. After a failure every later call fails likewise.
  Status write(const void *data, size_t size);
  Status write(std::string_view text) {
    return write(text.data(), text.size());
  }
  /// Overwrites bytes that were written before (a header with final sizes).
  Status writeAt(uint64_t offset, const void *data, size_t size);
  /// Bytes appended so far.
  uint64_t size() const { return flushed + buffer.size(); }
  /// Hands all bytes to the system, so that a full disk is known before other
  /// files appear; after it only commit() may follow. With `sync` the data
  /// reach the disk.
  Status finish(bool sync = false);
  /// Finishes the file unless that is done and gives it its name.
  Status commit(bool sync = false);

private:
  OutputFile() = default;
  Status flush();
  Status writeRaw(const char *data, size_t size);
  void discard();

  std::string target;
  /// Empty when the target is written directly.
  std::string temporary;
  std::string buffer;
  uint64_t flushed = 0;
  int fd = -1;
  /// errno of the first failure.
  int failure = 0;
};

/// Makes the folder at `path` unless something of that name is there.
Status makeFolder(const std::string &path);

/// Writes `text` to `path` as a whole.
Status writeFile(const std::string &path, std::string_view text);

} // namespace wafer

#endif // WAFER_SUPPORT_OUTPUTFILE_H
