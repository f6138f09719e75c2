// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Bypass.h - Spare columns of the hardware (internal) ------*- C++ -*-===//
#ifndef WAFER_LIB_REMAP_BYPASS_H
#define WAFER_LIB_REMAP_BYPASS_H

#include "wafer/Remap/Remap.h"

namespace wafer::remap {

/// The tiles to bypass so that the program meets no defect: in each row those
/// that are dead, and healthy ones where the links between two rows would not
/// reach. Fails when a row has too few spares.
Result<Remapped> bypassDefects(const Footprint &program, const Machine &machine,
                               const DefectMap &defects);

} // namespace wafer::remap

#endif // WAFER_LIB_REMAP_BYPASS_H
