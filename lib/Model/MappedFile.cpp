// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Model/Model.h"

#include "wafer/Support/File.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace wafer;

namespace {

/// Closes a file descriptor at the end of the scope; the mapping outlives it.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) {
      ::close(fd);
    }
  }
};

} // namespace

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  // Non-blocking, so that a pipe without a writer does not hang us.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    return systemError(path, "open file", errno);
  }
  struct stat info;
  if (::fstat(file.fd, &info) != 0) {
    return systemError(path, "examine file", errno);
  }
  if (S_ISDIR(info.st_mode)) {
    return Diagnostic{"not a file", path, "a file", "a folder", ""};
  }
  if (!S_ISREG(info.st_mode)) {
    return Diagnostic{"not a regular file", path, "", "", ""};
  }
  if (info.st_size == 0) {
    return Diagnostic{"the file is empty", path, "", "", ""};
  }
  void *bytes =
      ::mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (bytes == MAP_FAILED) {
    return systemError(path, "map file", errno);
  }
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->filePath = path;
  mapped->bytes = static_cast<const uint8_t *>(bytes);
  mapped->length = uint64_t(info.st_size);
  return mapped;
}

MappedFile::~MappedFile() {
  if (bytes) {
    ::munmap(const_cast<uint8_t *>(bytes), size_t(length));
  }
}
