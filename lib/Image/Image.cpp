// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Image.h"

using namespace wafer;

unsigned wafer::sizeOf(DataType t) {
  switch (t) {
  case DataType::I8:
    return 1;
  case DataType::F16:
  case DataType::BF16:
  case DataType::I16:
  case DataType::U16:
    return 2;
  case DataType::F32:
  case DataType::I32:
    return 4;
  }
  return 0;
}

const char *wafer::nameOf(DataType t) {
  switch (t) {
  case DataType::F16:
    return "f16";
  case DataType::BF16:
    return "bf16";
  case DataType::F32:
    return "f32";
  case DataType::I8:
    return "i8";
  case DataType::I16:
    return "i16";
  case DataType::I32:
    return "i32";
  case DataType::U16:
    return "u16";
  }
  return "?";
}

uint16_t Image::paramAt(const Region &region, ParamSource source, Coord core) {
  switch (source.kind) {
  case ParamSource::Kind::Constant:
    return source.value;
  case ParamSource::Kind::Row:
    return region.rowTables[source.value][size_t(core.y - region.rect.y)];
  case ParamSource::Kind::Column:
    return region.columnTables[source.value][size_t(core.x - region.rect.x)];
  }
  return 0;
}
