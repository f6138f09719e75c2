// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Verify.h - Does the program hold what it promises? -------*- C++ -*-===//
//
// The static guarantees of an image, re-derived from the image and the machine
// alone: no line of the compiler's allocators and routers is used, and the
// tables are compared with the intent that the image carries (streams, tensor
// layouts). docs/verify.md explains each rule.
//
//   sram-fits              buffers, code and the system's share fit the core
//   code-valid             operands, microthreads and branches make sense
//   registers-loaded       each path from a start loads what it uses
//   memory-in-buffers      known accesses stay inside one buffer
//   tasks-can-start        each role has a task that something starts
//   queues-exist           bound queues exist, one color each, none twice
//   queues-used            each bound queue is read or written by some code
//   colors-allowed         no color of the system is used
//   switch-limits          switch positions are what the machine can do
//   filter-limits          no core has more filters than the machine
//   one-rule-per-color     a router has at most one route for a color
//   stays-on-grid          what is sent on is taken by a router or host port
//   streams-delivered      each stream reaches its sinks, all and only them
//   sources-have-queues    each source can send its stream
//   receivers-have-queues  each core that is reached can take the words
//   no-undeclared-source   whoever can send on a color is declared to
//   queues-have-streams    each bound input queue has a stream
//   routes-declared        each route is one of a declared stream
//   host-ports-served      each port of the host has one stream
//   single-input           no two inputs of a color race at a router
//   tensors-covered        every element of a tensor lies in exactly one block
//   elements-apart         elements of a tensor in a core share no bytes
//   weights-loaded         the loader fills what weights declare, once
//   copies-agree           copies of a weight element are equal
//   stages-cover-model     stages hold each layer of the model once
//   cores-alive            each core of the program lives on one that works
//   links-alive            no word enters a dead router or takes a dead link
//   no-deadlock            cores of a certified program never wait for each
//                          other (wafer/Certify/Certify.h)
//   words-balanced         and take exactly the words that are sent
//   crossings-joined       the ports of a crossing are two of one name
//   weights-sealed         elements of weights are those of the model
//   program-sealed         the program is the one that was compiled
//
// Cost: what concerns roles, rules and tables is linear in them; the rules on
// routes look at every router of every color in use once, and follow every
// stream once: O(colors * cores + cores on routes) time and some 20 bytes a
// core of memory. The last two execute a period of all cores; whether the rules
// on routes and queues hold decides whether they are looked at at all.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_VERIFY_VERIFY_H
#define WAFER_VERIFY_VERIFY_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

struct RuleInfo {
  const char *name;
  const char *summary;
};
/// All rules, in the order in which they are checked.
const std::vector<RuleInfo> &verifyRules();

struct Violation {
  /// Name of the rule.
  std::string rule;
  std::string message;
};

struct VerifyOptions {
  /// Violations of a rule beyond these are counted but not described.
  size_t maxPerRule = 10;
  /// The defects of the wafer; those that the image names where absent.
  std::optional<DefectMap> defects;
};

struct VerifyReport {
  /// In the order of verifyRules().
  std::vector<Violation> violations;
  /// How many violations each rule has, by the place of the rule.
  std::vector<uint64_t> counts;
  /// What the rules cannot say about this image, for lack of something in it.
  std::vector<std::string> notShown;
  /// What the host is taken to do, where no-deadlock and words-balanced are
  /// shown.
  std::vector<std::string> assumed;

  bool holds() const;
  uint64_t countOf(const std::string &rule) const;
};

/// Checks every rule. `image` has passed validate() for this machine.
VerifyReport verify(const Image &image, const Machine &machine,
                    const VerifyOptions &options = {});

/// The report as a JSON object {"ok", "rules": [{"name", "violations"}...],
/// "violations": [{"rule", "message"}...], "not_shown": [text...],
/// "assumed": [text...]}.
std::string toJson(const VerifyReport &report);

} // namespace wafer

#endif // WAFER_VERIFY_VERIFY_H
