// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ProgramText.h - Programs written as texts ----------------*- C++ -*-===//
//
// The kernels are written in the text form of images, with $NAME for what
// depends on the shape and the machine.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_PROGRAMTEXT_H
#define WAFER_LIB_BENCH_PROGRAMTEXT_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <map>
#include <string>

namespace wafer::bench {

using Values = std::map<std::string, std::string>;

/// The image of a text after every $NAME is replaced. `name` is for errors.
Result<Image> parseProgram(const Machine &machine, const std::string &name,
                           std::string text, const Values &values);

/// Colors and queues that programs may use, in ascending order.
std::vector<unsigned> freeColors(const Machine &machine);
std::vector<unsigned> freeQueues(const QueueSpec &queues);
/// An error unless the machine has as many of them.
Status requireResources(const Machine &machine, const std::string &name,
                        unsigned colors, unsigned inputs, unsigned outputs,
                        uint32_t columns);

/// Adds initial data of `bytes` bytes a core to region 0.
void addInitData(Image &image, uint32_t offset, uint32_t bytes,
                 std::vector<uint8_t> data);

/// "1, 2, 3".
std::string joined(const std::vector<uint32_t> &values);

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_PROGRAMTEXT_H
