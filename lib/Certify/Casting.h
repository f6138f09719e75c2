// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Casting.h - Which program each core runs (internal) ------*- C++ -*-===//
#ifndef WAFER_LIB_CERTIFY_CASTING_H
#define WAFER_LIB_CERTIFY_CASTING_H

#include "Rendezvous.h"

namespace wafer::certifier {

/// Finds the skeletons of an image's roles and tells its cores apart by the
/// parameters that these ask for.
class Casting {
public:
  Casting(const Channels &channels, Vocabulary &vocabulary);

  /// Programs of everything up to the end of the first period, or of a period
  /// alone; loops written once if `folded`.
  Cast make(bool prefix, bool folded);

  /// Operations of all cores in a period, and what comes before it.
  uint64_t moves = 0;
  bool hasPrefix = false;
  std::string refusal;

  /// A number that changes with what any core does.
  uint32_t digestOf(const Cast &cast) const;

private:
  void castRole(uint32_t roleIndex);
  bool tryRole(uint32_t roleIndex, const CodeShape &shape,
               std::set<uint32_t> &demanded);
  std::vector<uint64_t> keysOf(uint32_t region,
                               const std::vector<uint32_t> &params) const;
  std::vector<uint16_t> valuesAt(uint32_t cell,
                                 const std::vector<uint32_t> &params) const;
  uint32_t answerAt(uint32_t cell, Value question);
  /// By skeleton.
  std::vector<std::vector<Step>> stepsOf(bool prefix, bool folded) const;
  std::map<uint32_t, std::set<uint32_t>>
  findUnequalLoops(const std::vector<std::vector<Step>> &foldedSteps) const;

  const Channels &channels;
  Vocabulary &vocabulary;
  std::vector<Skeleton> skeletons;
  /// By skeleton: its role.
  std::vector<uint32_t> roles;
  std::vector<Template> templates;
  /// By cell: index of the skeleton, or kNobody.
  std::vector<uint32_t> skeletonOf;
  /// By cell, of few: bits of queues whose other end is free.
  std::map<uint32_t, std::pair<uint32_t, uint32_t>> freeQueues;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_CASTING_H
