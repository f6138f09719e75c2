// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastKernels.cpp - Many elements at once ----------------------------===//
#include "FastKernels.h"

#include "ElementOf.h"

#include <array>
#include <cstring>

using namespace wafer;
using namespace wafer::fast;

namespace {

template <unsigned bytes>
uint32_t load(const uint8_t *p) {
  uint32_t value = 0;
  if constexpr (bytes != 0) {
    std::memcpy(&value, p, bytes);
  }
  return value;
}

template <Opcode op, ElementType dest, ElementType src0, ElementType src1,
          bool onlyChanges>
void run(const Elements &e) {
  for (uint32_t row = 0; row < e.rows; ++row) {
    uint8_t *d = e.dest + int64_t(row) * e.destRow;
    const uint8_t *a = e.src0 + int64_t(row) * e.row0;
    const uint8_t *b = e.src1 + int64_t(row) * e.row1;
    for (uint32_t i = 0; i < e.count; ++i) {
      uint32_t value = sim::elementOf<op>(load<sizeOf(src0)>(a),
                                          load<sizeOf(src1)>(b), e.scalar);
      if (!onlyChanges || value != load<sizeOf(dest)>(d)) {
        std::memcpy(d, &value, sizeOf(dest));
      }
      d += e.destStep;
      a += e.step0;
      b += e.step1;
    }
  }
}

constexpr bool isFloat(ElementType type) {
  return type == ElementType::F16 || type == ElementType::F32;
}

using Table = std::array<Kernel, 256>;

Table makeTable() {
  Table table{};
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  table[Code] = run<Opcode::Name, ElementType::Dest, ElementType::Src0,        \
                    ElementType::Src1, false>;
#include "wafer/Image/Opcodes.def"
  for (unsigned code = 0; code < table.size(); ++code) {
    if (Kernel better = x86KernelOf(Opcode(code))) {
      table[code] = better;
    }
  }
  return table;
}

template <Opcode op, ElementType dest, ElementType src0, ElementType src1>
constexpr Kernel timingKernel() {
  if constexpr (isFloat(dest)) {
    return nullptr;
  } else {
    return run<op, dest, src0, src1, true>;
  }
}

Table makeTimingTable() {
  Table table{};
#define VECTOR(Name, Mnemonic, Code, Sources, Dest, Src0, Src1, Scalar)        \
  table[Code] = timingKernel<Opcode::Name, ElementType::Dest,                  \
                             ElementType::Src0, ElementType::Src1>();
#include "wafer/Image/Opcodes.def"
  return table;
}

} // namespace

Kernel wafer::fast::kernelOf(Opcode op, bool timingOnly) {
  static const Table table = makeTable();
  static const Table timing = makeTimingTable();
  return (timingOnly ? timing : table)[uint8_t(op)];
}
