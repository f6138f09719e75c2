// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Needs.h - Which received words matter (internal) ---------*- C++ -*-===//
#ifndef WAFER_LIB_CERTIFY_NEEDS_H
#define WAFER_LIB_CERTIFY_NEEDS_H

#include "Channels.h"
#include "Skeleton.h"

namespace wafer::certifier {

/// Leaves that lengths and conditions are made of, and those that the words
/// they stand for come from, ascending: at least these, found from which queues
/// of which roles are connected. `roles[s]` is the role of skeleton s.
std::vector<uint32_t> findNeededWords(const Channels &channels,
                                      const std::vector<Skeleton> &skeletons,
                                      const std::vector<uint32_t> &roles,
                                      const Vocabulary &vocabulary);

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_NEEDS_H
