// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Sections.h - Fields of every section (internal) ----------*- C++ -*-===//
//
// One function template per record, instantiated for ByteWriter (T is const)
// and ByteReader: the one place in the code that knows the order of the
// fields. docs/image.md gives the same in pictures.
//
// The least sizes given to list() are those of an empty record; they bound
// what a hostile count can make us allocate.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_SECTIONS_H
#define WAFER_LIB_IMAGE_SECTIONS_H

#include "ByteStream.h"
#include "wafer/Image/Image.h"

namespace wafer::imagefile {

template <typename S, typename T>
void codeRect(S &s, T &r) {
  s.field(r.x);
  s.field(r.y);
  s.field(r.w);
  s.field(r.h);
}

template <typename S, typename T>
void codeParam(S &s, T &p) {
  s.enumeration(p.kind, ParamSource::Kind::Column);
  s.field(p.value);
}

/// An instruction is eight bytes: opcode, a, b, c, imm.
template <typename S, typename T>
void codeInstruction(S &s, T &i) {
  if constexpr (S::isReader) {
    uint8_t raw = 0;
    s.field(raw);
    if (!lookupOpcode(raw)) {
      s.fail("expected an opcode but got " + std::to_string(raw));
      raw = 0;
    }
    i.op = Opcode(raw);
  } else {
    s.field(uint8_t(i.op));
  }
  s.field(i.a);
  s.field(i.b);
  s.field(i.c);
  s.field(i.imm);
}

template <typename S, typename T>
void codeLabel(S &s, T &l) {
  s.field(l.name);
  s.field(l.index);
}

template <typename S, typename T>
void codeTask(S &s, T &t) {
  s.field(t.name);
  s.enumeration(t.kind, TaskKind::Control);
  s.field(t.entry);
  s.field(t.binding);
  s.field(t.initiallyActive);
  s.field(t.initiallyBlocked);
}

template <typename S, typename T>
void codeBuffer(S &s, T &b) {
  s.field(b.name);
  s.enumeration(b.kind, BufferKind::Scratch);
  s.field(b.offset);
  s.field(b.bytes);
}

template <typename S, typename T>
void codeRole(S &s, T &r) {
  s.field(r.name);
  s.list(r.code, 8, [&](auto &i) { codeInstruction(s, i); });
  s.list(r.tasks, 12, [&](auto &t) { codeTask(s, t); });
  s.list(r.buffers, 13, [&](auto &b) { codeBuffer(s, b); });
  s.list(r.queues, 5, [&](auto &q) {
    s.field(q.input);
    s.field(q.queue);
    codeParam(s, q.color);
  });
  s.field(r.paramOffset);
  s.list(r.params, 3, [&](auto &p) { codeParam(s, p); });
  s.list(r.paramLabels, 8, [&](auto &l) { codeLabel(s, l); });
  s.list(r.labels, 8, [&](auto &l) { codeLabel(s, l); });
}

template <typename S, typename T>
void codeRegion(S &s, T &r) {
  s.field(r.name);
  s.field(r.role);
  codeRect(s, r.rect);
  s.list(r.rowTables, 4, [&](auto &t) { s.integers(t); });
  s.list(r.columnTables, 4, [&](auto &t) { s.integers(t); });
}

template <typename S, typename T>
void codeConfig(S &s, T &c) {
  for (auto &p : c.positions) {
    s.field(p.rx);
    s.field(p.tx);
  }
  s.field(c.numPositions);
  s.field(c.currentPosition);
  s.field(c.ring);
  s.enumeration(c.pop, PopMode::OnAdvanceNop);
  s.enumeration(c.filter.kind, FilterKind::Range);
  s.field(c.filter.init);
  s.field(c.filter.limit);
  s.field(c.filter.min);
  s.field(c.filter.max);
}

template <typename S, typename T>
void codeRule(S &s, T &r) {
  s.field(r.name);
  s.field(r.color);
  codeRect(s, r.rect);
  s.enumeration(r.axis, Axis::Y);
  s.field(r.skew);
  s.list(r.classes, 4, [&](auto &c) {
    s.list(c, 8, [&](auto &run) {
      s.field(run.count);
      s.field(run.config);
    });
  });
}

template <typename S, typename T>
void codeFamily(S &s, T &f) {
  s.field(f.name);
  s.field(f.color);
  codeRect(s, f.rect);
  s.enumeration(f.axis, Axis::Y);
  s.field(f.skew);
  s.list(f.segments, 12, [&](auto &g) {
    s.field(g.source);
    s.field(g.sinkBegin);
    s.field(g.sinkEnd);
  });
}

template <typename S, typename T>
void codeStream(S &s, T &x) {
  s.field(x.name);
  s.field(x.color);
  s.field(x.source.x);
  s.field(x.source.y);
  s.list(x.sinks, 16, [&](auto &r) { codeRect(s, r); });
  s.field(x.fromHost);
  s.field(x.toHost);
  s.field(x.paced);
}

template <typename S, typename T>
void codeTensor(S &s, T &t) {
  s.field(t.name);
  s.enumeration(t.kind, TensorKind::Output);
  s.enumeration(t.type, DataType::U16);
  s.integers(t.shape);
  s.field(t.region);
  s.field(t.buffer);
  s.field(t.offset);
  s.list(t.dims, 9, [&](auto &d) {
    s.enumeration(d.kind, DimensionLayout::Kind::Columns);
    s.integers(d.begin);
    s.integers(d.end);
  });
  s.integers(t.strides);
}

template <typename S, typename T>
void codeHostPort(S &s, T &p) {
  s.field(p.name);
  s.field(p.input);
  s.field(p.west);
  s.field(p.row);
  s.field(p.color);
  s.field(p.wafer);
  s.field(p.partner);
}

template <typename S, typename T>
void codeStage(S &s, T &g) {
  s.field(g.name);
  s.field(g.wafer);
  s.field(g.region);
  codeRect(s, g.rect);
  s.field(g.firstLayer);
  s.field(g.numLayers);
}

/// The entry of the init table; size and bytes are those of its data section.
template <typename S, typename T>
void codeInit(S &s, T &d) {
  s.field(d.region);
  s.field(d.offset);
  s.field(d.bytes);
  s.field(d.size);
}

/// A flag, and for a wafer of its own the map as text.
template <typename S, typename T>
void codeMap(S &s, T &map) {
  bool isDefault = map.isDefault();
  s.field(isDefault);
  if (isDefault) {
    return;
  }
  if constexpr (S::isReader) {
    std::string text;
    s.field(text);
    Result<LogicalMap> read = LogicalMap::fromJson(text, "map");
    if (!read) {
      s.fail(read.error().str());
    } else if (read->isDefault()) {
      s.fail("a map that says nothing is not left out");
    } else {
      map = std::move(*read);
    }
  } else {
    s.field(map.toJson());
  }
}

/// A flag, and the digest where there is one.
template <typename S, typename T>
void codeCertificate(S &s, T &digest) {
  bool isThere = digest.has_value();
  s.field(isThere);
  if (!isThere) {
    return;
  }
  if constexpr (S::isReader) {
    digest.emplace(0);
  }
  s.field(*digest);
}

/// A flag, and the digests where there are some. The bytes are as many whatever
/// the digests are.
template <typename S, typename T>
void codeSeal(S &s, T &seal) {
  bool isThere = seal.has_value();
  s.field(isThere);
  if (!isThere) {
    return;
  }
  if constexpr (S::isReader) {
    seal.emplace();
  }
  s.field(seal->program);
  s.list(seal->tensors, 12, [&](auto &t) {
    s.field(t.name);
    s.field(t.digest);
  });
}

/// Codes the section `kind` of `image`; sections of plain bytes are the bytes.
template <typename S, typename T>
void codeSection(S &s, Section kind, T &image) {
  switch (kind) {
  case Section::Roles:
    return s.list(image.roles, 36, [&](auto &x) { codeRole(s, x); });
  case Section::Regions:
    return s.list(image.regions, 32, [&](auto &x) { codeRegion(s, x); });
  case Section::Configs:
    return s.list(image.configs, 21, [&](auto &x) { codeConfig(s, x); });
  case Section::Rules:
    return s.list(image.rules, 30, [&](auto &x) { codeRule(s, x); });
  case Section::Families:
    return s.list(image.families, 30, [&](auto &x) { codeFamily(s, x); });
  case Section::Streams:
    return s.list(image.streams, 20, [&](auto &x) { codeStream(s, x); });
  case Section::Tensors:
    return s.list(image.tensors, 30, [&](auto &x) { codeTensor(s, x); });
  case Section::HostPorts:
    return s.list(image.hostPorts, 19, [&](auto &x) { codeHostPort(s, x); });
  case Section::Stages:
    return s.list(image.stages, 36, [&](auto &x) { codeStage(s, x); });
  case Section::Map:
    return codeMap(s, image.map);
  case Section::InitTable:
    return s.list(image.initData, 20, [&](auto &x) { codeInit(s, x); });
  case Section::Certificate:
    return codeCertificate(s, image.certified);
  case Section::Seal:
    return codeSeal(s, image.seal);
  default:
    return;
  }
}

/// The text of a section of plain bytes, or nullptr for the others.
template <typename T>
auto textOf(Section kind, T &image) -> decltype(&image.machine) {
  switch (kind) {
  case Section::Machine:
    return &image.machine;
  case Section::Model:
    return &image.model;
  case Section::Tokenizer:
    return &image.tokenizer;
  case Section::Report:
    return &image.report;
  case Section::Graph:
    return &image.graph;
  case Section::ParameterSet:
    return &image.parameterSet;
  default:
    return nullptr;
  }
}

const char *nameOf(Section kind);

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_SECTIONS_H
