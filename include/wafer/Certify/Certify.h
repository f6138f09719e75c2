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
// computed from, and what `assumed` names of the host.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_CERTIFY_CERTIFY_H
#define WAFER_CERTIFY_CERTIFY_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Result.h"

#include <string>
#include <vector>

namespace wafer {

struct Certificate {
  enum class Verdict : uint8_t {
    /// No run can deadlock, and every word that is sent is taken.
    Safe,
    /// The program is of the class, but cores wait for each other unless queues
    /// have room, or whatever room they have.
    Deadlock,
    /// The program is of the class, but what is sent is not shown to be what is
    /// taken.
    Unbalanced,
    /// The program is not of the class; nothing is said.
    Refused
  };
  Verdict verdict = Verdict::Refused;
  /// Why not; empty if safe.
  std::string reason;
  /// What that builds on outside of the image: half sentences, "that the host
  /// ...".
  std::vector<std::string> assumed;
  /// Of what the cores do in a period; 0 unless safe.
  uint32_t digest = 0;
  /// Kinds of cores that were told apart, and messages of one period.
  uint64_t classes = 0;
  uint64_t messages = 0;
};

/// `image` has passed validate() for this machine. Cost: instructions of each
/// kind of core, and operations of one period of all cores (a loop of known
/// length over equal communication counts once).
Certificate certify(const Image &image, const Machine &machine);

/// For a compiler that has made `image`: marks the streams of these names as
/// paced by the host, certifies, and stores the digest in the image. Fails
/// where the program is not safe, and where nothing can be said of it
/// (Refused): what is not certified does not leave a compiler.
Status certifyProgram(Image &image, const Machine &machine,
                      const std::vector<std::string> &pacedStreams = {});

} // namespace wafer

#endif // WAFER_CERTIFY_CERTIFY_H
