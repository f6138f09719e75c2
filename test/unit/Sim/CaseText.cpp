// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CaseText.h"

#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Support/Json.h"

#include <fmt/format.h>
#include <sstream>

using namespace wafer;
using namespace wafer::test;

static constexpr const char *kMark = "//! ";

std::string wafer::test::printCase(const RandomCase &test,
                                   const std::string &remark) {
  std::string text;
  std::istringstream lines(remark);
  for (std::string line; std::getline(lines, line);) {
    text += "// " + line + "\n";
  }
  for (const RandomPush &push : test.pushes) {
    text += fmt::format("{}push round {} port {} {}", kMark, push.round,
                        push.port, push.control ? "control" : "data");
    for (uint32_t word : push.words) {
      text += fmt::format(" {}", word);
    }
    text += "\n";
  }
  for (const RandomRound &round : test.rounds) {
    text += fmt::format("{}round cycles {}", kMark, round.cycles);
    for (const HostGoal &goal : round.goals) {
      text += fmt::format(" goal {} words {}{}", goal.port, goal.words,
                          goal.atEdge ? " edge" : "");
    }
    text += "\n";
  }
  Machine machine = test.machine;
  machine.parameterSets = {test.costs};
  // Bits of colors that there are not.
  uint32_t all = machine.colors >= 32 ? ~0u : (1u << machine.colors) - 1;
  machine.switchableColors &= all;
  if (Status status = machine.check("machine"); !status) {
    text += "// not for wsec assemble: " + status.error().str() + "\n";
  }
  Image image = test.image;
  // On one line.
  image.machine = nlohmann::json::parse(machine.toJson()).dump();
  image.parameterSet = test.costs.name;
  return text + printImage(image);
}

namespace {

/// Reads the words of a marked comment.
class HostLine {
public:
  HostLine(const std::string &line, const std::string &where)
      : words(line), where(where) {}

  Status readInto(RandomCase &test) {
    std::string kind;
    words >> kind;
    bool good = kind == "push"    ? push(test)
                : kind == "round" ? round(test)
                                  : false;
    return good ? Status::success()
                : Diagnostic{"bad line on the host", where,
                             "push or round as printCase writes them",
                             words.str(), ""};
  }

private:
  template <typename T>
  bool number(const char *name, T &value) {
    std::string word;
    return words >> word >> value && word == name;
  }
  bool push(RandomCase &test) {
    RandomPush p;
    std::string kind;
    if (!number("round", p.round) || !number("port", p.port) ||
        !(words >> kind) || (kind != "data" && kind != "control")) {
      return false;
    }
    p.control = kind == "control";
    for (uint32_t word; words >> word;) {
      p.words.push_back(word);
    }
    test.pushes.push_back(p);
    return words.eof();
  }
  bool round(RandomCase &test) {
    RandomRound r;
    if (!number("cycles", r.cycles)) {
      return false;
    }
    for (std::string word; words >> word;) {
      if (word == "edge" && !r.goals.empty()) {
        r.goals.back().atEdge = true;
        continue;
      }
      HostGoal goal;
      if (word != "goal" || !(words >> goal.port) ||
          !number("words", goal.words)) {
        return false;
      }
      r.goals.push_back(goal);
    }
    test.rounds.push_back(r);
    return true;
  }

  std::istringstream words;
  const std::string &where;
};

} // namespace

static Status checkPorts(const RandomCase &test, const std::string &file) {
  auto check = [&](unsigned port, bool input) -> Status {
    const auto &ports = test.image.hostPorts;
    return port < ports.size() && ports[port].input == input
               ? Status::success()
               : Diagnostic{"no such host port", file,
                            input ? "an input port" : "an output port",
                            fmt::format("{}", port), ""};
  };
  for (const RandomPush &push : test.pushes) {
    if (Status status = check(push.port, true); !status) {
      return status;
    }
  }
  for (const RandomRound &round : test.rounds) {
    for (const HostGoal &goal : round.goals) {
      if (Status status = check(goal.port, false); !status) {
        return status;
      }
    }
  }
  return Status::success();
}

static Status read(RandomCase &test, const std::string &text,
                   const std::string &file) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kMark, 0) == 0) {
      if (Status status = HostLine(line.substr(4), file).readInto(test);
          !status) {
        return status;
      }
    }
  }
  Result<Image> image = parseImage(text, file);
  if (!image) {
    return image.takeError();
  }
  test.image = std::move(*image);
  Result<Machine> machine = Machine::fromJson(test.image.machine, file);
  if (!machine) {
    return machine.takeError();
  }
  test.machine = std::move(*machine);
  if (Status status = validate(test.image, test.machine); !status) {
    return status;
  }
  test.costs = test.image.parameterSet.empty()
                   ? test.machine.parameterSets.front()
                   : *test.machine.findParameters(test.image.parameterSet);
  return checkPorts(test, file);
}

Result<RandomCase> wafer::test::readCase(const std::string &text,
                                         const std::string &file) {
  RandomCase test;
  Status status = read(test, text, file);
  if (!status) {
    return status.takeError();
  }
  return test;
}
