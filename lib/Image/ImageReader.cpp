// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Order of the checks: header, section table (its layout is canonical, so the
// offsets are recomputed, not believed), checksums and padding, the fields of
// each section, and last validate().
//
//===----------------------------------------------------------------------===//
#include "Checksum.h"
#include "Sections.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Validate.h"
#include "wafer/Support/File.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace wafer;
using namespace wafer::imagefile;

const char *wafer::imagefile::nameOf(Section kind) {
  static constexpr const char *kNames[] = {
      "machine",    "model",   "tokenizer",   "report",  "graph",
      "parameters", "roles",   "regions",     "configs", "rules",
      "families",   "streams", "tensors",     "ports",   "stages",
      "map",        "init",    "certificate", "seal"};
  uint32_t k = uint32_t(kind);
  return k >= 1 && k <= kNumFixedSections ? kNames[k - 1] : "data";
}

namespace {

struct Entry {
  Section kind;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t checksum = 0;
};

class ImageDecoder {
public:
  ImageDecoder(const uint8_t *bytes, uint64_t size, const std::string &where,
               const ImageReadOptions &options)
      : bytes(bytes), size(size), where(where), options(options) {}

  Result<Image> decode() {
    if (Status s = readHeader(); !s) {
      return s.takeError();
    }
    if (Status s = readTable(); !s) {
      return s.takeError();
    }
    if (Status s = checkBytes(); !s) {
      return s.takeError();
    }
    for (uint32_t k = 0; k < kNumFixedSections; ++k) {
      if (Status s = readSection(entries[k]); !s) {
        return s.takeError();
      }
    }
    if (Status s = attachData(); !s) {
      return s.takeError();
    }
    return std::move(image);
  }

private:
  Diagnostic error(std::string what, std::string expected = "",
                   std::string found = "", std::string hint = "") const {
    return {std::move(what), where, std::move(expected), std::move(found),
            std::move(hint)};
  }

  Status readHeader() {
    const uint64_t letters = std::min<uint64_t>(size, kMagic.size());
    if (!std::equal(kMagic.begin(), kMagic.begin() + letters, bytes)) {
      return error("not a .wafer file");
    }
    if (size < kHeaderBytes) {
      return error("file has the wrong size",
                   fmt::format("at least {} bytes", kHeaderBytes),
                   fmt::format("{} bytes", size), "the file is cut off");
    }
    uint32_t version = get32(bytes + kVersionAt);
    if (version != kVersion) {
      return error("cannot read this version of the file form",
                   fmt::format("version {}", kVersion),
                   fmt::format("version {}", version));
    }
    if (checksumOf(bytes, kHeaderChecksumAt) !=
        get64(bytes + kHeaderChecksumAt)) {
      return error("checksum of the header is wrong", "", "",
                   "the file is damaged");
    }
    uint64_t claimed = get64(bytes + kFileSizeAt);
    if (claimed != size) {
      return error("file has the wrong size", fmt::format("{} bytes", claimed),
                   fmt::format("{} bytes", size),
                   claimed > size ? "the file is cut off" : "");
    }
    const uint8_t *rest = bytes + kTableChecksumAt + 8;
    if (std::any_of(rest, bytes + kHeaderChecksumAt,
                    [](uint8_t b) { return b != 0; })) {
      return error("reserved bytes of the header are not zero");
    }
    return Status::success();
  }

  Status readTable() {
    uint64_t count = get32(bytes + kCountAt);
    if (count < kNumFixedSections ||
        count > (size - kHeaderBytes) / kEntryBytes) {
      return error("section table does not fit", "",
                   fmt::format("{} sections", count));
    }
    const uint8_t *table = bytes + kHeaderBytes;
    if (checksumOf(table, count * kEntryBytes) !=
        get64(bytes + kTableChecksumAt)) {
      return error("checksum of the section table is wrong", "", "",
                   "the file is damaged");
    }
    uint64_t end = kHeaderBytes + count * kEntryBytes;
    for (uint64_t i = 0; i < count; ++i) {
      const uint8_t *at = table + i * kEntryBytes;
      bool data = i >= kNumFixedSections;
      Section kind = data ? Section::Data : Section(i + 1);
      uint64_t index = data ? i - kNumFixedSections : 0;
      Entry e{kind, get64(at + kEntryOffsetAt), get64(at + kEntrySizeAt),
              get64(at + kEntryChecksumAt)};
      uint64_t begin = alignUp(end, data ? kDataAlign : kSectionAlign);
      if (get32(at + kEntryKindAt) != uint32_t(kind) ||
          get32(at + kEntryIndexAt) != index || e.offset != begin ||
          begin > size || e.size > size - begin) {
        return error(fmt::format("section table entry {} is wrong", i),
                     fmt::format("section '{}' inside the file at byte {}",
                                 nameOf(kind), begin));
      }
      end = begin + e.size;
      entries.push_back(e);
    }
    if (end != size) {
      return error("file has bytes behind its last section",
                   fmt::format("{} bytes", end), fmt::format("{}", size));
    }
    return Status::success();
  }

  /// Checksums and the zeros between the sections.
  Status checkBytes() {
    uint64_t end = kHeaderBytes + entries.size() * kEntryBytes;
    for (const Entry &e : entries) {
      if (e.kind == Section::Data && !options.checkData) {
        break;
      }
      if (std::any_of(bytes + end, bytes + e.offset,
                      [](uint8_t b) { return b != 0; })) {
        return error(fmt::format("padding before section '{}' is not zero",
                                 nameOf(e.kind)));
      }
      if (checksumOf(bytes + e.offset, e.size) != e.checksum) {
        return error(
            fmt::format("checksum of section '{}' is wrong", nameOf(e.kind)),
            "", "", "the file is damaged");
      }
      end = e.offset + e.size;
    }
    return Status::success();
  }

  Status readSection(const Entry &entry) {
    const uint8_t *begin = bytes + entry.offset;
    if (std::string *text = textOf(entry.kind, image)) {
      text->assign(reinterpret_cast<const char *>(begin), entry.size);
      return Status::success();
    }
    ByteReader reader(begin, entry.size);
    codeSection(reader, entry.kind, image);
    if (reader.ok() && reader.remaining() != 0) {
      reader.fail("the section has bytes behind its last field");
    }
    if (!reader.ok()) {
      return Diagnostic{reader.message(),
                        fmt::format("{}: section '{}', byte {}", where,
                                    nameOf(entry.kind),
                                    entry.offset + reader.errorPosition()),
                        "", "", ""};
    }
    return Status::success();
  }

  Status attachData() {
    size_t count = entries.size() - kNumFixedSections;
    if (image.initData.size() != count) {
      return error("init table and data sections differ in number",
                   fmt::format("{}", image.initData.size()),
                   fmt::format("{}", count));
    }
    for (size_t i = 0; i < count; ++i) {
      const Entry &e = entries[kNumFixedSections + i];
      if (image.initData[i].size != e.size) {
        return error(fmt::format("init data {} has the wrong size", i),
                     fmt::format("{} bytes", image.initData[i].size),
                     fmt::format("{} bytes", e.size));
      }
      image.initData[i].data = bytes + e.offset;
    }
    return Status::success();
  }

  const uint8_t *bytes;
  uint64_t size;
  const std::string &where;
  const ImageReadOptions &options;
  std::vector<Entry> entries;
  Image image;
};

/// A file mapped for reading; the mapping ends with the last reference.
struct Mapping {
  const uint8_t *bytes = nullptr;
  uint64_t size = 0;
  ~Mapping() {
    if (bytes) {
      munmap(const_cast<uint8_t *>(bytes), size);
    }
  }
};

Result<std::shared_ptr<const Mapping>> mapFile(const std::string &path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return systemError(path, "open", errno);
  }
  auto mapping = std::make_shared<Mapping>();
  struct stat info;
  Diagnostic problem;
  if (fstat(fd, &info) != 0) {
    problem = systemError(path, "read", errno);
  } else if (!S_ISREG(info.st_mode)) {
    problem = {"cannot read file", path, "a regular file",
               S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe", ""};
  } else if (info.st_size == 0) {
    problem = {"not a .wafer file", path, "", "an empty file", ""};
  } else {
    void *at =
        mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
      problem = systemError(path, "map", errno);
    } else {
      mapping->bytes = static_cast<const uint8_t *>(at);
      mapping->size = uint64_t(info.st_size);
    }
  }
  close(fd);
  if (!mapping->bytes) {
    return problem;
  }
  return std::shared_ptr<const Mapping>(std::move(mapping));
}

} // namespace

Result<Image> wafer::decodeImage(const uint8_t *bytes, uint64_t size,
                                 const std::string &where,
                                 const ImageReadOptions &options) {
  return ImageDecoder(bytes, size, where, options).decode();
}

Result<LoadedImage> wafer::readImage(const std::string &path,
                                     const ImageReadOptions &options) {
  Result<std::shared_ptr<const Mapping>> mapping = mapFile(path);
  if (!mapping) {
    return mapping.takeError();
  }
  Result<Image> image =
      decodeImage((*mapping)->bytes, (*mapping)->size, path, options);
  if (!image) {
    return image.takeError();
  }
  Result<Machine> machine =
      Machine::fromJson(image->machine, path + ": embedded machine");
  if (!machine) {
    return machine.takeError();
  }
  if (Status s = validate(*image, *machine); !s) {
    Diagnostic d = s.takeError();
    d.where = d.where.empty() ? path : path + ": " + d.where;
    return d;
  }
  image->storage.push_back(*mapping);
  return LoadedImage{std::move(*image), std::move(*machine)};
}

bool wafer::repairChecksums(uint8_t *bytes, uint64_t size) {
  if (size < kHeaderBytes) {
    return false;
  }
  put64(bytes + kFileSizeAt, size);
  uint64_t count = get32(bytes + kCountAt);
  bool follows = count <= (size - kHeaderBytes) / kEntryBytes;
  for (uint64_t i = 0; follows && i < count; ++i) {
    uint8_t *at = bytes + kHeaderBytes + i * kEntryBytes;
    uint64_t offset = get64(at + kEntryOffsetAt);
    uint64_t length = get64(at + kEntrySizeAt);
    if (offset <= size && length <= size - offset) {
      put64(at + kEntryChecksumAt, checksumOf(bytes + offset, length));
    }
  }
  if (follows) {
    put64(bytes + kTableChecksumAt,
          checksumOf(bytes + kHeaderBytes, count * kEntryBytes));
  }
  put64(bytes + kHeaderChecksumAt, checksumOf(bytes, kHeaderChecksumAt));
  return follows;
}
