// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Certify/Certify.h"
#include "Casting.h"

using namespace wafer;
using namespace wafer::certifier;

/// More moves than these in a period are looked at with loops folded.
static constexpr uint64_t kMovesToUnfold = 2'000'000;

Certificate wafer::certify(const Image &image, const Machine &machine) {
  Certificate result;
  Channels channels(image, machine);
  if (!channels.refusal.empty()) {
    result.reason = channels.refusal;
    return result;
  }
  Vocabulary vocabulary;
  Casting casting(channels, vocabulary);
  if (!casting.refusal.empty()) {
    result.reason = casting.refusal;
    return result;
  }

  bool folded = casting.moves > kMovesToUnfold;
  for (bool prefix : {true, false}) {
    if (prefix && !casting.hasPrefix) {
      continue;
    }
    Cast cast = casting.make(prefix, folded);
    Rendezvous rendezvous(channels, cast, vocabulary);
    if (!rendezvous.run()) {
      result.verdict = Certificate::Verdict::Stuck;
      result.reason = rendezvous.reason;
      return result;
    }
    result.classes = cast.programs.size();
    result.messages = rendezvous.messages;
  }
  result.verdict = Certificate::Verdict::Safe;
  return result;
}
