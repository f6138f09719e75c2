// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Certify/Certify.h"
#include "Casting.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

/// More moves than these in a period are looked at with loops folded.
static constexpr uint64_t kMovesToUnfold = 2'000'000;

static std::vector<std::string> findAssumptions(const Image &image) {
  std::vector<std::string> assumed;
  for (const HostPort &port : image.hostPorts) {
    if (port.input && !port.crosses()) {
      assumed.push_back("that the host sends the words that are waited for");
      break;
    }
  }
  for (const Stream &s : image.streams) {
    if (s.paced) {
      assumed.push_back(fmt::format(
          "that both ends of stream '{}' send and take words where the host's "
          "commands say so, and it commands that in time",
          s.name));
    }
  }
  return assumed;
}

Certificate wafer::certify(const Image &image, const Machine &machine) {
  Certificate result;
  result.assumed = findAssumptions(image);
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
  uint32_t digest = 0;
  // What comes before the first period and that, then a period alone.
  for (bool prefix : {true, false}) {
    if (prefix && !casting.hasPrefix) {
      continue;
    }
    Cast cast = casting.make(prefix, folded);
    Rendezvous rendezvous(channels, cast, vocabulary);
    if (!rendezvous.run()) {
      result.verdict = rendezvous.isCycle ? Certificate::Verdict::Deadlock
                                          : Certificate::Verdict::Unbalanced;
      result.reason = rendezvous.reason;
      return result;
    }
    result.classes = cast.programs.size();
    result.messages = rendezvous.messages;
    digest = 31 * digest + casting.digestOf(cast);
  }
  result.verdict = Certificate::Verdict::Safe;
  result.digest = digest;
  return result;
}

Status wafer::certifyProgram(Image &image, const Machine &machine,
                             const std::vector<std::string> &pacedStreams) {
  for (const std::string &name : pacedStreams) {
    bool found = false;
    for (Stream &s : image.streams) {
      if (s.name == name) {
        s.paced = found = true;
      }
    }
    if (!found) {
      return Diagnostic{"no stream has the name of one that the host paces",
                        "certificate", "a stream of the image",
                        "'" + name + "'", ""};
    }
  }
  Certificate certificate = certify(image, machine);
  if (certificate.verdict != Certificate::Verdict::Safe) {
    return Diagnostic{"that no run deadlocks cannot be shown", "certificate",
                      "", certificate.reason,
                      "this is a bug in wsec, or a limit of its certificate "
                      "(docs/design/certificate.md)"};
  }
  image.certified = certificate.digest;
  return Status::success();
}
