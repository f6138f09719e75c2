// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RuleContext.h - What every rule works with (internal) ----*- C++ -*-===//
#ifndef WAFER_LIB_VERIFY_RULECONTEXT_H
#define WAFER_LIB_VERIFY_RULECONTEXT_H

#include "wafer/Image/DeadParts.h"
#include "wafer/Verify/Verify.h"

#include <algorithm>
#include <fmt/format.h>

namespace wafer::verifier {

/// The places of the rules in verifyRules().
enum class RuleId : unsigned {
  SramFits,
  CodeValid,
  RegistersLoaded,
  MemoryInBuffers,
  TasksCanStart,
  QueuesExist,
  QueuesUsed,
  ColorsAllowed,
  SwitchLimits,
  FilterLimits,
  OneRulePerColor,
  StaysOnGrid,
  StreamsDelivered,
  SourcesHaveQueues,
  ReceiversHaveQueues,
  NoUndeclaredSource,
  QueuesHaveStreams,
  RoutesDeclared,
  HostPortsServed,
  SingleInput,
  TensorsCovered,
  ElementsApart,
  WeightsLoaded,
  CopiesAgree,
  StagesCoverModel,
  CoresAlive,
  LinksAlive,
  NoDeadlock,
  WordsBalanced,
  CrossingsJoined,
  WeightsSealed,
  ProgramSealed
};

class RuleContext {
public:
  RuleContext(const Image &image, const Machine &machine,
              const VerifyOptions &options)
      : image(image), machine(machine), dead(waferOf(image, options), machine),
        options(options), counts(verifyRules().size()),
        texts(verifyRules().size()) {}

  /// Counts a violation; `text` makes its message if it will be shown.
  template <typename Text>
  void violate(RuleId rule, Text text) {
    if (counts[size_t(rule)]++ < options.maxPerRule) {
      texts[size_t(rule)].push_back(text());
    }
  }
  bool isBroken() const {
    return std::any_of(counts.begin(), counts.end(),
                       [](uint64_t n) { return n > 0; });
  }
  VerifyReport takeReport();

  /// As in the report.
  std::vector<std::string> notShown, assumed;

  const Image &image;
  const Machine &machine;
  /// What is dead on the wafer.
  const DeadParts dead;

private:
  /// The map of the image, for another wafer if the options say so.
  static LogicalMap waferOf(const Image &image, const VerifyOptions &options) {
    LogicalMap map;
    map.defects = options.defects ? *options.defects : image.map.defects;
    map.bypassed = image.map.bypassed;
    return map;
  }

  const VerifyOptions &options;
  std::vector<uint64_t> counts;
  std::vector<std::vector<std::string>> texts;
};

void checkRoles(RuleContext &context);
void checkResources(RuleContext &context);
void checkFabric(RuleContext &context);
void checkTensors(RuleContext &context);
void checkCodeFlow(RuleContext &context);
void checkWeights(RuleContext &context);
void checkStages(RuleContext &context);
/// After all others.
void checkCertificate(RuleContext &context);

/// "rule 'first'" or "rule 3".
inline std::string nameOf(const char *noun, size_t index,
                          const std::string &name) {
  return name.empty() ? fmt::format("{} {}", noun, index)
                      : fmt::format("{} '{}'", noun, name);
}

} // namespace wafer::verifier

#endif // WAFER_LIB_VERIFY_RULECONTEXT_H
