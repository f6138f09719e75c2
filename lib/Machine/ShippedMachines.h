// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ShippedMachines.h - Machine files inside the library -----*- C++ -*-===//
//
// The files of lib/Machine/data, embedded when the library is built.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MACHINE_SHIPPEDMACHINES_H
#define WAFER_LIB_MACHINE_SHIPPEDMACHINES_H

#include <string_view>
#include <vector>

namespace wafer {

struct ShippedMachine {
  std::string_view name;
  std::string_view text;
};

/// Sorted by name. Defined in a generated file.
std::vector<ShippedMachine> shippedMachines();

} // namespace wafer

#endif // WAFER_LIB_MACHINE_SHIPPEDMACHINES_H
