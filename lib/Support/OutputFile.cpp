// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/OutputFile.h"

#include "wafer/Support/File.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

using namespace wafer;

static constexpr size_t kBufferBytes = 1 << 20;

/// The path behind symbolic links, or `path` itself where nothing is there yet.
static std::string resolve(const std::string &path) {
  std::unique_ptr<char, void (*)(void *)> real(
      ::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

/// Opens a file that did not exist, named after `target`. The mode comes from
/// the umask, which mkstemp would not honour.
static int openTemporary(const std::string &target, std::string &name) {
  for (unsigned attempt = 0; attempt < 1000; ++attempt) {
    name = target + ".tmp" + std::to_string(::getpid()) + "-" +
           std::to_string(attempt);
    int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) {
      return fd;
    }
  }
  return -1;
}

Result<OutputFile> OutputFile::create(const std::string &path) {
  OutputFile file;
  file.target = resolve(path);
  struct stat info{};
  bool exists = ::stat(file.target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return systemError(path, "write file", EISDIR);
  }
  if (exists && !S_ISREG(info.st_mode)) {
    file.fd = ::open(file.target.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    file.fd = openTemporary(file.target, file.temporary);
  }
  if (file.fd < 0) {
    int error = errno;
    file.temporary.clear();
    return systemError(path, "create file", error);
  }
  if (exists && S_ISREG(info.st_mode)) {
    // A replaced file keeps its permissions; failing to do so is harmless.
    (void)!::fchmod(file.fd, info.st_mode & 07777);
  }
  return file;
}

OutputFile::OutputFile(OutputFile &&other) noexcept {
  *this = std::move(other);
}

OutputFile &OutputFile::operator=(OutputFile &&other) noexcept {
  std::swap(target, other.target);
  std::swap(temporary, other.temporary);
  std::swap(buffer, other.buffer);
  std::swap(flushed, other.flushed);
  std::swap(fd, other.fd);
  std::swap(failure, other.failure);
  return *this;
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (fd >= 0) {
    ::close(fd);
    fd = -1;
  }
  if (!temporary.empty()) {
    ::unlink(temporary.c_str());
    temporary.clear();
  }
}

Status OutputFile::writeRaw(const char *data, size_t size) {
  while (size > 0 && failure == 0) {
    ssize_t put = ::write(fd, data, size);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      failure = errno;
      break;
    }
    data += put;
    size -= size_t(put);
    flushed += uint64_t(put);
  }
  if (failure != 0) {
    return systemError(target, "write file", failure);
  }
  return Status::success();
}

Status OutputFile::flush() {
  Status status = writeRaw(buffer.data(), buffer.size());
  buffer.clear();
  return status;
}

Status OutputFile::write(const void *data, size_t size) {
  if (size >= kBufferBytes) {
    if (Status status = flush(); !status) {
      return status;
    }
    return writeRaw(static_cast<const char *>(data), size);
  }
  buffer.append(static_cast<const char *>(data), size);
  return buffer.size() < kBufferBytes ? Status::success() : flush();
}

Status OutputFile::writeAt(uint64_t offset, const void *data, size_t size) {
  if (Status status = flush(); !status) {
    return status;
  }
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t put = ::pwrite(fd, bytes, size, off_t(offset));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      failure = errno;
      return systemError(target, "write file", failure);
    }
    bytes += put;
    size -= size_t(put);
    offset += uint64_t(put);
  }
  return Status::success();
}

Status OutputFile::finish(bool sync) {
  if (Status status = flush(); !status) {
    return status;
  }
  if (sync && !temporary.empty() && ::fsync(fd) != 0) {
    return systemError(target, "write file", errno);
  }
  // Some file systems report a full disk only here.
  int closed = ::close(fd);
  fd = -1;
  if (closed != 0) {
    return systemError(target, "write file", errno);
  }
  return Status::success();
}

Status OutputFile::commit(bool sync) {
  if (fd >= 0) {
    if (Status status = finish(sync); !status) {
      return status;
    }
  }
  if (!temporary.empty() &&
      std::rename(temporary.c_str(), target.c_str()) != 0) {
    return systemError(target, "write file", errno);
  }
  temporary.clear();
  return Status::success();
}

Status wafer::makeFolder(const std::string &path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return Diagnostic{"cannot make the folder", path, "", std::strerror(errno),
                      ""};
  }
  return Status::success();
}

Status wafer::writeFile(const std::string &path, std::string_view text) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) {
    return file.takeError();
  }
  if (Status status = file->write(text); !status) {
    return status;
  }
  return file->commit();
}
