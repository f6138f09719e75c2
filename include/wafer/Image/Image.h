// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Image.h - A compiled program for a wafer -----------------*- C++ -*-===//
//
// The in-memory form of a .wafer file, shared by the emitter, the verifier,
// both engines and the reports. It is *logical*: programs are written for a
// full grid, and the map says where each logical core lives on a wafer. It is
// also *intentional*: beside the tables that the machine loads it carries what
// they are meant to do (streams, tensor layouts, stages), so that a checker
// can compare the two.
//
// Sizes: nothing here grows with the number of cores except weight data; what
// grows with a stage grows with the sum of its sides.
//
//   role     code that many cores run; holds no extent
//   region   a rectangle of cores with one role, and its row and column tables
//   rule     routes of one color over a rectangle
//   stream   who sends to whom on a color
//   tensor   which element of a named tensor lies in which core
//   map      where each core lives on one wafer (LogicalMap.h)
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_IMAGE_H
#define WAFER_IMAGE_IMAGE_H

#include "wafer/Image/Isa.h"
#include "wafer/Image/LogicalMap.h"
#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wafer {

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// One halfword whose value may depend on the row alone or the column alone.
struct ParamSource {
  enum class Kind : uint8_t { Constant = 0, Row = 1, Column = 2 };
  Kind kind = Kind::Constant;
  /// The constant, or the index of a row or column table of the region.
  uint16_t value = 0;

  static ParamSource constant(uint16_t v) { return {Kind::Constant, v}; }
  static ParamSource row(uint16_t table) { return {Kind::Row, table}; }
  static ParamSource column(uint16_t table) { return {Kind::Column, table}; }
  friend bool operator==(const ParamSource &a, const ParamSource &b) {
    return a.kind == b.kind && a.value == b.value;
  }
};

enum class BufferKind : uint8_t {
  Params = 0,
  Weights = 1,
  State = 2,
  Scratch = 3
};

/// A named range of a core's SRAM. Ranges may overlap only between Scratch
/// buffers (disjoint lifetimes).
struct Buffer {
  std::string name;
  BufferKind kind = BufferKind::Scratch;
  uint32_t offset = 0;
  uint32_t bytes = 0;
};

enum class TaskKind : uint8_t { Local = 0, Data = 1, Control = 2 };

struct Task {
  std::string name;
  TaskKind kind = TaskKind::Local;
  /// First instruction.
  uint32_t entry = 0;
  /// Data tasks: the input queue. Control tasks: the entry number in the
  /// control wavelet. Local tasks: unused.
  uint8_t binding = 0;
  bool initiallyActive = false;
  bool initiallyBlocked = false;
};

/// Binds a queue to a color in every core of the role; a value of
/// kUnboundColor in a row or column table leaves the queue unused there.
struct QueueBinding {
  bool input = true;
  uint8_t queue = 0;
  ParamSource color;
};
inline constexpr uint16_t kUnboundColor = 0xffff;

struct Label {
  std::string name;
  uint32_t index = 0;
};

struct Role {
  std::string name;
  std::vector<Instruction> code;
  std::vector<Task> tasks;
  std::vector<Buffer> buffers;
  std::vector<QueueBinding> queues;
  /// The parameter block: halfwords laid from byte `paramOffset` of SRAM.
  uint32_t paramOffset = 0;
  std::vector<ParamSource> params;
  /// Names for dumps: param halfword index -> name (sorted by index).
  std::vector<Label> paramLabels;
  /// Code labels for dumps, sorted by index.
  std::vector<Label> labels;
};

//===----------------------------------------------------------------------===//
// Regions and routes (logical coordinates, relative to the usable rectangle)
//===----------------------------------------------------------------------===//

struct Region {
  std::string name;
  uint32_t role = 0;
  Rect rect;
  /// rowTables[t][y - rect.y], columnTables[t][x - rect.x].
  std::vector<std::vector<uint16_t>> rowTables;
  std::vector<std::vector<uint16_t>> columnTables;
};

/// A run of `count` routers with one configuration; kNoRoute leaves them
/// without a route for this color.
struct Run {
  uint32_t count = 0;
  uint32_t config = 0;
  friend bool operator==(const Run &a, const Run &b) {
    return a.count == b.count && a.config == b.config;
  }
};
inline constexpr uint32_t kNoRoute = 0xffffffff;

/// Routes of one color over a rectangle: along `axis` a run-length list, which
/// is the same for every line across it, or depends on the line's index modulo
/// the number of classes. The runs of a class sum to the side along `axis`.
///
/// Rules of one color may have rectangles that overlap; at a router at most one
/// of them has a route.
///
/// With `skew` k the list of line j is shifted by j * k routers along the axis
/// (a diagonal: corner turns between shelves of stages); what is shifted out of
/// the rectangle must be kNoRoute, what is shifted in is kNoRoute.
struct Rule {
  std::string name;
  uint8_t color = 0;
  Rect rect;
  Axis axis = Axis::X;
  int32_t skew = 0;
  std::vector<std::vector<Run>> classes;
};

//===----------------------------------------------------------------------===//
// Intent
//===----------------------------------------------------------------------===//

/// One sender and a contiguous set of receivers on a line of a stream family;
/// offsets are relative to the rectangle's first core along the axis. The
/// source itself is never among the receivers.
struct Segment {
  int32_t source = 0;
  int32_t sinkBegin = 0;
  int32_t sinkEnd = 0;
};

/// Streams of one color that repeat on every line of a rectangle (axis X: on
/// every row). Each segment: the source's wavelets reach exactly the cores
/// sinkBegin..sinkEnd-1 of its line (without the source). `skew` as in Rule:
/// the segments of line j are shifted by j * skew.
struct StreamFamily {
  std::string name;
  uint8_t color = 0;
  Rect rect;
  Axis axis = Axis::X;
  int32_t skew = 0;
  std::vector<Segment> segments;
};

/// A single stream with any shape. An end at a host port is marked by
/// `fromHost` or `toHost`; then the wavelets enter or leave through the edge
/// port there, from or to the host or over a crossing. With
/// `fromHost` the source is the edge router where they enter; with `toHost` the
/// only sink is the edge router where they leave, whose core does not get them.
/// The source is not among the sinks of other streams either.
///
/// The words of a `paced` stream are sent and taken when the host says so: its
/// protocol makes both ends mean the same words, and has them taken before the
/// source is in anybody's way. That is assumed of the host, not shown.
struct Stream {
  std::string name;
  uint8_t color = 0;
  Coord source;
  std::vector<Rect> sinks;
  bool fromHost = false;
  bool toHost = false;
  bool paced = false;
};

enum class DataType : uint8_t {
  F16 = 0,
  BF16 = 1,
  F32 = 2,
  I8 = 3,
  I16 = 4,
  I32 = 5,
  U16 = 6
};
unsigned sizeOf(DataType t);
const char *nameOf(DataType t);

/// How one dimension of a tensor is cut: line i of the region (a row or a
/// column) holds elements [begin[i], end[i]). The ranges need not partition the
/// dimension by themselves: two dimensions that are both cut over columns (head
/// and pair inside the head) cover their product together.
struct DimensionLayout {
  enum class Kind : uint8_t { Whole = 0, Rows = 1, Columns = 2 };
  Kind kind = Kind::Whole;
  /// One entry a line of the region; empty for Whole.
  std::vector<uint32_t> begin;
  std::vector<uint32_t> end;
};

enum class TensorKind : uint8_t { Weight = 0, State = 1, Output = 2 };

/// Where a tensor lies: in the cores of one region, in one buffer, beginning at
/// byte `offset` inside that buffer. Element (i0, i1, ...) lies in every core
/// whose ranges contain it, at byte
///   offset + sum over d of (id - begin_d(core)) * strides[d].
/// Whole dimensions have begin 0.
struct TensorPlacement {
  std::string name;
  TensorKind kind = TensorKind::Weight;
  DataType type = DataType::F16;
  std::vector<uint32_t> shape;
  uint32_t region = 0;
  uint32_t buffer = 0;
  uint32_t offset = 0;
  std::vector<DimensionLayout> dims;
  /// Bytes from one element to the next, by dimension.
  std::vector<uint32_t> strides;
};

/// Bytes that the loader puts into every core of a region: `bytes` bytes at
/// SRAM byte `offset`, from data[(y * rect.w + x) * bytes].
struct InitData {
  uint32_t region = 0;
  uint32_t offset = 0;
  uint32_t bytes = 0;
  /// region area * bytes; not owned when the image is mapped from a file.
  const uint8_t *data = nullptr;
  uint64_t size = 0;
  /// Cores from one row of `data` to the next, where the region is a part of a
  /// larger one (PhysicalImage.h); 0: the width of the region.
  uint32_t rowPitch = 0;
};

/// A place where wavelets enter or leave a wafer: the host's, or those of a
/// crossing. A crossing is an output port and, on another wafer, an input port,
/// each the other's partner: what leaves by the one comes in by the other.
struct HostPort {
  std::string name;
  bool input = true; // to the wafer
  bool west = true;  // edge
  int32_t row = 0;   // logical row; the edge core is in the outermost column
  uint8_t color = 0;
  uint32_t wafer = 0;
  /// Index of the port at the other end of the crossing, or kHost.
  uint32_t partner = kHost;

  static constexpr uint32_t kHost = 0xffffffff;
  bool crosses() const { return partner != kHost; }
};

/// What a person calls a stage of the model.
struct StageInfo {
  std::string name;
  uint32_t wafer = 0;
  uint32_t region = 0;
  Rect rect;
  int32_t firstLayer = 0;
  int32_t numLayers = 0;
};

/// Digests of what a compiler put into an image (wafer/Image/Seal.h). 0: not
/// known.
struct Seal {
  /// A weight tensor, by the name of its placements.
  struct Tensor {
    std::string name;
    uint64_t digest = 0;
  };
  uint64_t program = 0;
  std::vector<Tensor> tensors;
};

struct Image {
  /// Canonical JSON of the machine (Machine::toJson).
  std::string machine;
  /// JSON object: name, vocabulary, context, eos, parameters ...
  /// (docs/image.md).
  std::string model;
  /// The tokenizer's own file or tables, as `wsec run` reads them; may be
  /// empty.
  std::string tokenizer;
  /// JSON object of the compile report (docs/report.md); may be empty.
  std::string report;
  /// MLIR bytecode of the wgraph module, for --check; may be empty.
  std::string graph;
  /// The default parameter set.
  std::string parameterSet;

  std::vector<Role> roles;
  std::vector<Region> regions;
  std::vector<RouteConfig> configs;
  std::vector<Rule> rules;
  std::vector<StreamFamily> families;
  std::vector<Stream> streams;
  std::vector<TensorPlacement> tensors;
  std::vector<HostPort> hostPorts;
  std::vector<StageInfo> stages;
  /// The identity on a perfect wafer.
  LogicalMap map;
  /// Digest of the messages of a period, where somebody has shown that no run
  /// deadlocks (wafer/Certify/Certify.h).
  std::optional<uint32_t> certified;
  std::optional<Seal> seal;
  std::vector<InitData> initData;

  /// Keeps the mapped file or the emitter's buffers alive.
  std::vector<std::shared_ptr<const void>> storage;

  /// The value of a parameter halfword at a core of a region.
  static uint16_t paramAt(const Region &region, ParamSource source, Coord core);
};

} // namespace wafer

#endif // WAFER_IMAGE_IMAGE_H
