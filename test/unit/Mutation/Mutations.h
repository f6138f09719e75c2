// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Mutations.h - Kinds of damage to an image ----------------*- C++ -*-===//
//
// A mutation changes one thing of an image that holds every rule, as a wrong
// compiler or a wrong hand might. Each kind draws its place from a random
// source and says whether it found one; what it leaves may be no valid image
// any more, which is for the reader to find.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_MUTATION_MUTATIONS_H
#define WAFER_TEST_UNIT_MUTATION_MUTATIONS_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Rng.h"

#include <string>
#include <vector>

namespace wafer::test {

struct MutationKind {
  const char *name;
  /// Why the rules other than program-sealed cannot find all of them; nullptr
  /// where they must. Only a proof about values, counts or order could.
  const char *beyond;
  /// Changes the image; false where it has nothing of the kind.
  bool (*apply)(Image &image, Rng &rng);
};

const std::vector<MutationKind> &fabricMutations();
const std::vector<MutationKind> &codeMutations();
const std::vector<MutationKind> &dataMutations();

/// One of the elements; the list must not be empty.
template <typename List>
auto &pick(List &list, Rng &rng) {
  return list[size_t(rng.below(list.size()))];
}

/// What a run of an image showed, as one text: how it ended, the words that
/// reached the host, the output tensors. No cycles: an image may be slower and
/// as right. Runs on both engines; they must agree to the cycle.
struct Observation {
  std::string text;
  /// The run came to its end.
  bool succeeded = false;
  bool enginesAgree = true;
  /// A program that is certified came to a cycle of waits.
  bool certifiedDeadlock = false;
};
/// `maxCycles` is raised to several times what the run took when it is 0.
Observation observe(const Image &image, const Machine &machine,
                    uint64_t &maxCycles);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_MUTATION_MUTATIONS_H
