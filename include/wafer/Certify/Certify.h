// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Certify.h - Can any run of a program deadlock? -----------*- C++ -*-===//
//
// Derives from an image what each core receives and sends in a period of its
// program (a token), and shows that the periods of all cores fit together: each
// message is received in the number of words in which it was sent, and there is
// an order of all messages in which nobody ever waits for room. That holds for
// every depth of the queues, every timing and every number of periods; the
// proof is in docs/design/certificate.md.
//
// Taken for granted: the rules of `wsec verify` on routes and queues hold,
// accesses at computed addresses stay inside the buffer that their address was
// computed from, and the host sends what it is asked for.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_CERTIFY_CERTIFY_H
#define WAFER_CERTIFY_CERTIFY_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <string>

namespace wafer {

struct Certificate {
  enum class Verdict : uint8_t {
    /// No run can deadlock, and every word that is sent is taken.
    Safe,
    /// The program is of the class, but its periods do not fit together unless
    /// queues have room (or do not fit at all).
    Stuck,
    /// The program is not of the class; nothing is said.
    Refused
  };
  Verdict verdict = Verdict::Refused;
  /// Why not; empty if safe.
  std::string reason;
  /// Kinds of cores that were told apart, and messages of one period.
  uint64_t classes = 0;
  uint64_t messages = 0;
};

/// `image` has passed validate() for this machine. Cost: instructions of each
/// kind of core, and operations of one period of all cores (a loop of known
/// length over equal communication counts once).
Certificate certify(const Image &image, const Machine &machine);

} // namespace wafer

#endif // WAFER_CERTIFY_CERTIFY_H
