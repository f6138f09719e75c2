// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout is a function of the sizes alone, so the whole table of offsets is
// known before the first byte is written; checksums of the init data are taken
// as it passes, and header, table and the digests of what passed are put in
// front at the end.
//
//===----------------------------------------------------------------------===//
#include "Checksum.h"
#include "Sections.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Support/OutputFile.h"

#include <algorithm>
#include <cassert>

using namespace wafer;
using namespace wafer::imagefile;

namespace {

struct Entry {
  Section kind;
  uint32_t index = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t checksum = 0;
};

/// Where bytes go: a file or a string.
class Output {
public:
  virtual ~Output() = default;
  virtual Status append(const void *bytes, uint64_t size) = 0;
  virtual Status overwrite(uint64_t offset, const void *bytes,
                           uint64_t size) = 0;
};

class FileOutput : public Output {
public:
  explicit FileOutput(OutputFile &file) : file(file) {}
  Status append(const void *bytes, uint64_t size) override {
    return file.write(bytes, size);
  }
  Status overwrite(uint64_t offset, const void *bytes, uint64_t size) override {
    return file.writeAt(offset, bytes, size);
  }

private:
  OutputFile &file;
};

class StringOutput : public Output {
public:
  Status append(const void *bytes, uint64_t size) override {
    text.append(static_cast<const char *>(bytes), size);
    return Status::success();
  }
  Status overwrite(uint64_t offset, const void *bytes, uint64_t size) override {
    text.replace(offset, size, static_cast<const char *>(bytes), size);
    return Status::success();
  }
  std::string text;
};

class ImageWriter {
public:
  ImageWriter(const Image &image, const ImageWriteOptions &options, Output &out)
      : image(image), options(options), out(out) {}

  Status write() {
    encodeSections();
    layOut();
    // Room for header and table; zeros until the checksums are known.
    if (Status s = padTo(kHeaderBytes + entries.size() * kEntryBytes); !s) {
      return s;
    }
    for (size_t i = 0; i < entries.size(); ++i) {
      if (Status s = padTo(entries[i].offset); !s) {
        return s;
      }
      Status s = i < sections.size() ? putFixed(entries[i], sections[i])
                                     : putData(entries[i]);
      if (!s) {
        return s;
      }
    }
    if (Status s = putDigests(); !s) {
      return s;
    }
    return putHeader();
  }

private:
  void encodeSections() {
    for (uint32_t k = 1; k <= kNumFixedSections; ++k) {
      if (const std::string *text = textOf(Section(k), image)) {
        sections.push_back(*text);
        continue;
      }
      ByteWriter writer;
      codeSection(writer, Section(k), image);
      sections.push_back(writer.str());
    }
  }

  void layOut() {
    for (uint32_t k = 1; k <= kNumFixedSections; ++k) {
      entries.push_back({Section(k), 0, 0, sections[k - 1].size(), 0});
    }
    for (size_t i = 0; i < image.initData.size(); ++i) {
      entries.push_back(
          {Section::Data, uint32_t(i), 0, image.initData[i].size, 0});
    }
    uint64_t end = kHeaderBytes + entries.size() * kEntryBytes;
    for (Entry &e : entries) {
      e.offset =
          alignUp(end, e.kind == Section::Data ? kDataAlign : kSectionAlign);
      end = e.offset + e.size;
    }
    fileSize = end;
  }

  Status padTo(uint64_t offset) {
    static const std::array<char, kDataAlign> zeros{};
    while (position < offset) {
      uint64_t n = std::min<uint64_t>(offset - position, zeros.size());
      if (Status s = put(zeros.data(), n); !s) {
        return s;
      }
    }
    return Status::success();
  }

  Status put(const void *bytes, uint64_t size) {
    position += size;
    return out.append(bytes, size);
  }

  Status putFixed(Entry &entry, const std::string &bytes) {
    entry.checksum = checksumOf(bytes.data(), bytes.size());
    return put(bytes.data(), bytes.size());
  }

  Status putData(Entry &entry) {
    const InitData &init = image.initData[entry.index];
    Checksum checksum;
    uint64_t left = init.size;
    auto sink = [&](const uint8_t *bytes, uint64_t size) -> Status {
      if (size > left) {
        return Diagnostic{"too many bytes of init data", "",
                          std::to_string(init.size) + " bytes", "more", ""};
      }
      // Pieces small enough to stay in the cache between hash and write.
      constexpr uint64_t kPiece = 1u << 20;
      for (uint64_t done = 0; done < size; done += kPiece) {
        uint64_t n = std::min(kPiece, size - done);
        checksum.update(bytes + done, n);
        if (Status s = put(bytes + done, n); !s) {
          return s;
        }
      }
      left -= size;
      return Status::success();
    };
    Status status = Status::success();
    if (init.data || init.size == 0) {
      status = sink(init.data, init.size);
    } else if (options.produce) {
      status = options.produce(entry.index, sink);
    }
    if (status && left != 0) {
      status = Diagnostic{"init data is missing", "",
                          std::to_string(init.size) + " bytes",
                          std::to_string(init.size - left), ""};
    }
    entry.checksum = checksum.digest();
    return status;
  }

  /// The seal again, now that the weights have been seen.
  Status putDigests() {
    if (!options.tensorDigests || !image.seal) {
      return Status::success();
    }
    std::optional<Seal> seal = image.seal;
    options.tensorDigests(*seal);
    ByteWriter writer;
    codeSeal(writer, seal);
    Entry &entry = entries[uint32_t(Section::Seal) - 1];
    const std::string &bytes = writer.str();
    assert(bytes.size() == entry.size && "digests change no sizes");
    entry.checksum = checksumOf(bytes.data(), bytes.size());
    return out.overwrite(entry.offset, bytes.data(), bytes.size());
  }

  Status putHeader() {
    std::string front(kHeaderBytes + entries.size() * kEntryBytes, '\0');
    uint8_t *header = reinterpret_cast<uint8_t *>(front.data());
    uint8_t *at = header + kHeaderBytes;
    for (const Entry &e : entries) {
      put32(at + kEntryKindAt, uint32_t(e.kind));
      put32(at + kEntryIndexAt, e.index);
      put64(at + kEntryOffsetAt, e.offset);
      put64(at + kEntrySizeAt, e.size);
      put64(at + kEntryChecksumAt, e.checksum);
      at += kEntryBytes;
    }
    std::memcpy(header, kMagic.data(), kMagic.size());
    put32(header + kVersionAt, kVersion);
    put32(header + kCountAt, uint32_t(entries.size()));
    put64(header + kFileSizeAt, fileSize);
    put64(header + kTableChecksumAt,
          checksumOf(header + kHeaderBytes, entries.size() * kEntryBytes));
    put64(header + kHeaderChecksumAt, checksumOf(header, kHeaderChecksumAt));
    return out.overwrite(0, front.data(), front.size());
  }

  const Image &image;
  const ImageWriteOptions &options;
  Output &out;
  std::vector<std::string> sections;
  std::vector<Entry> entries;
  uint64_t fileSize = 0;
  uint64_t position = 0;
};

Status named(Status status, const std::string &path) {
  if (status) {
    return status;
  }
  Diagnostic d = status.takeError();
  if (d.where.empty()) {
    d.where = path;
  }
  return d;
}

} // namespace

Status wafer::writeImage(const Image &image, const std::string &path,
                         const ImageWriteOptions &options) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) {
    return file.takeError();
  }
  FileOutput out(*file);
  if (Status s = ImageWriter(image, options, out).write(); !s) {
    return named(std::move(s), path);
  }
  return file->commit();
}

Result<std::string> wafer::encodeImage(const Image &image) {
  StringOutput out;
  if (Status s = ImageWriter(image, {}, out).write(); !s) {
    return s.takeError();
  }
  return std::move(out.text);
}
