// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Verify/Verify.h"
#include "RuleContext.h"
#include "wafer/Image/Seal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace wafer;
using namespace wafer::verifier;

const std::vector<RuleInfo> &wafer::verifyRules() {
  static const std::vector<RuleInfo> rules = {
      {"sram-fits", "buffers, code and the system's share fit the core"},
      {"code-valid", "operands, microthreads and branches make sense"},
      {"registers-loaded", "each path from a start loads what it uses"},
      {"memory-in-buffers", "known accesses stay inside one buffer"},
      {"tasks-can-start", "each role has a task that something starts"},
      {"queues-exist", "bound queues exist, one color each, none twice"},
      {"queues-used", "each bound queue is read or written by some code"},
      {"colors-allowed", "no color of the system is used"},
      {"switch-limits", "switch positions are what the machine can do"},
      {"filter-limits", "no core has more filters than the machine"},
      {"one-rule-per-color", "a router has at most one route for a color"},
      {"stays-on-grid", "what is sent on is taken by a router or host port"},
      {"streams-delivered", "each stream reaches its sinks, all and only them"},
      {"sources-have-queues", "each source can send its stream"},
      {"receivers-have-queues", "each core that is reached can take the words"},
      {"no-undeclared-source", "whoever can send on a color is declared to"},
      {"queues-have-streams", "each bound input queue has a stream"},
      {"routes-declared", "each route is one of a declared stream"},
      {"host-ports-served", "each port of the host has one stream"},
      {"single-input", "no two inputs of a color race at a router"},
      {"tensors-covered",
       "every element of a tensor lies in exactly one block"},
      {"elements-apart", "elements of a tensor in a core share no bytes"},
      {"weights-loaded", "the loader fills what weights declare, once"},
      {"copies-agree", "copies of a weight element are equal"},
      {"stages-cover-model", "stages hold each layer of the model once"},
      {"cores-alive", "each core of the program lives on one that works"},
      {"links-alive", "no word enters a dead router or takes a dead link"},
      {"no-deadlock", "cores of a certified program never wait for each other"},
      {"words-balanced", "and take exactly the words that are sent"},
      {"crossings-joined", "the ports of a crossing are two of one name"},
      {"weights-sealed", "elements of weights are those of the model"},
      {"program-sealed", "the program is the one that was compiled"}};
  return rules;
}

VerifyReport RuleContext::takeReport() {
  VerifyReport report;
  for (size_t r = 0; r < texts.size(); ++r) {
    for (std::string &text : texts[r]) {
      report.violations.push_back({verifyRules()[r].name, std::move(text)});
    }
  }
  report.counts = std::move(counts);
  report.notShown = std::move(notShown);
  report.assumed = std::move(assumed);
  return report;
}

bool VerifyReport::holds() const {
  return std::all_of(counts.begin(), counts.end(),
                     [](uint64_t n) { return n == 0; });
}

uint64_t VerifyReport::countOf(const std::string &rule) const {
  for (size_t r = 0; r < counts.size(); ++r) {
    if (verifyRules()[r].name == rule) {
      return counts[r];
    }
  }
  return 0;
}

/// Nothing is claimed that the image holds no evidence of.
static std::vector<std::string> notShown(const Image &image) {
  std::vector<std::string> list;
  bool hasWeights = false, isSealed = true;
  for (const TensorPlacement &t : image.tensors) {
    if (t.kind == TensorKind::Weight) {
      hasWeights = true;
      isSealed = isSealed && sealedDigest(image, t.name) != 0;
    }
  }
  if (hasWeights && image.initData.empty()) {
    list.push_back("anything about the values of weights: the image carries "
                   "none");
  } else if (hasWeights && !isSealed) {
    list.push_back("that weights are those of the model: the image carries no "
                   "digest of them (run --check compares with the model)");
  }
  return list;
}

/// After a rule that is broken the digest differs too, and says less.
static void checkSeal(RuleContext &context) {
  const Image &image = context.image;
  if (context.isBroken() || !image.seal || image.seal->program == 0) {
    return;
  }
  uint64_t digest = programDigest(image);
  if (digest != image.seal->program) {
    context.violate(RuleId::ProgramSealed, [&] {
      return fmt::format("the program has the digest {:016x}, but the one that "
                         "was compiled has {:016x}",
                         digest, image.seal->program);
    });
  }
}

VerifyReport wafer::verify(const Image &image, const Machine &machine,
                           const VerifyOptions &options) {
  RuleContext context(image, machine, options);
  checkRoles(context);
  checkResources(context);
  checkFabric(context);
  checkTensors(context);
  checkCodeFlow(context);
  checkWeights(context);
  checkStages(context);
  checkCertificate(context);
  checkSeal(context);
  for (std::string &text : notShown(image)) {
    context.notShown.push_back(std::move(text));
  }
  return context.takeReport();
}

std::string wafer::toJson(const VerifyReport &report) {
  nlohmann::json root = nlohmann::json::object();
  root["ok"] = report.holds();
  root["rules"] = nlohmann::json::array();
  for (size_t r = 0; r < report.counts.size(); ++r) {
    root["rules"].push_back(
        {{"name", verifyRules()[r].name}, {"violations", report.counts[r]}});
  }
  root["violations"] = nlohmann::json::array();
  for (const Violation &v : report.violations) {
    root["violations"].push_back({{"rule", v.rule}, {"message", v.message}});
  }
  root["not_shown"] = report.notShown;
  root["assumed"] = report.assumed;
  // Names in messages are valid UTF-8 (validate()); replace is for the rest.
  return root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}
