// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/File.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace wafer;

Diagnostic wafer::systemError(const std::string &path,
                              const std::string &action, int errorNumber) {
  std::string reason = std::generic_category().message(errorNumber);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = char(reason[0] - 'A' + 'a');
  }
  return {"cannot " + action + ": " + reason, path, "", "", ""};
}

namespace {
/// Closes a file descriptor at the end of a scope.
struct FdCloser {
  int fd;
  ~FdCloser() { ::close(fd); }
};
} // namespace

static Diagnostic tooLarge(const std::string &path, uint64_t maxBytes) {
  return {"file is too large", path,
          "at most " + std::to_string(maxBytes) + " bytes", "", ""};
}

Result<std::string> wafer::readFile(const std::string &path,
                                    uint64_t maxBytes) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return systemError(path, "open file", errno);
  }
  FdCloser closer{fd};
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return systemError(path, "read file", errno);
  }
  if (S_ISDIR(info.st_mode)) {
    return systemError(path, "read file", EISDIR);
  }
  if (S_ISREG(info.st_mode) && uint64_t(info.st_size) > maxBytes) {
    return tooLarge(path, maxBytes);
  }
  // Pipes and files that grow say nothing reliable about their size, so the
  // limit is held while reading.
  std::string bytes;
  char chunk[1 << 16];
  while (true) {
    ssize_t got = ::read(fd, chunk, sizeof(chunk));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return systemError(path, "read file", errno);
    }
    if (got == 0) {
      return bytes;
    }
    if (uint64_t(got) > maxBytes - bytes.size()) {
      return tooLarge(path, maxBytes);
    }
    bytes.append(chunk, size_t(got));
  }
}
