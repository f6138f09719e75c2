// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a run can deadlock. An image that says that it was certified has to
// be; of others it is only said whether they can be.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"

#include "wafer/Certify/Certify.h"

using namespace wafer;
using namespace wafer::verifier;

static const char kNoDeadlock[] =
    "that no run can deadlock and every word is waited for";

void wafer::verifier::checkCertificate(RuleContext &context) {
  const Image &image = context.image;
  // The proof builds on routes and queues that are what they should be.
  if (context.isBroken()) {
    context.notShown.push_back(
        fmt::format("{}: other rules are broken", kNoDeadlock));
    return;
  }
  Certificate certificate = certify(image, context.machine);
  if (certificate.verdict == Certificate::Verdict::Safe) {
    context.assumed = certificate.assumed;
    if (image.certified && *image.certified != certificate.digest) {
      context.violate(RuleId::NoDeadlock, [&] {
        return fmt::format("the image is certified for messages of digest "
                           "{:#010x}, but they have {:#010x}",
                           *image.certified, certificate.digest);
      });
    }
    return;
  }
  if (!image.certified) {
    context.notShown.push_back(
        fmt::format("{}: {}", kNoDeadlock, certificate.reason));
    return;
  }
  bool isUnbalanced = certificate.verdict == Certificate::Verdict::Unbalanced;
  context.violate(
      isUnbalanced ? RuleId::WordsBalanced : RuleId::NoDeadlock, [&] {
        return certificate.verdict == Certificate::Verdict::Refused
                   ? "the image says that it is certified, but that cannot be "
                     "done: " +
                         certificate.reason
                   : certificate.reason;
      });
}
