// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MachineCommand.cpp - wsec machine ----------------------------------===//
//
// Shows a machine as a page to read or as canonical JSON, or only checks it.
//
//===----------------------------------------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Machine/Machine.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

using namespace wafer;

namespace {

struct Options {
  std::string machine;
  bool json = false;
  bool check = false;
};

/// Prints a machine. Citations become numbers, and the numbers a list at the
/// end of the page.
class MachinePage {
public:
  MachinePage(const Machine &machine, CommandContext &out)
      : m(machine), out(out) {}

  void print() {
    out.print("{}: {}\n", m.name, m.description);
    grid();
    core();
    fabric();
    outside();
    lanes();
    parameterSets();
    citations();
  }

private:
  /// " [3]" for the citation that holds for a field: its own or that of the
  /// nearest object around it.
  std::string cite(std::string pointer);
  void line(const char *label, const std::string &value, const char *pointer) {
    out.print("  {:<26} {}{}\n", label, value, cite(pointer));
  }
  void heading(const char *text) { out.print("\n{}\n", text); }
  static std::string cycles(uint32_t count) {
    return fmt::format(count == 1 ? "{} cycle" : "{} cycles", count);
  }
  static std::string mask(uint32_t bits);
  static std::string queues(const QueueSpec &spec);

  void grid();
  void core();
  void fabric();
  void outside();
  void lanes();
  void parameterSets();
  void citations();

  const Machine &m;
  CommandContext &out;
  std::map<std::string, size_t> numbers;
  std::vector<std::string> cited;
};

} // namespace

std::string MachinePage::cite(std::string pointer) {
  while (!pointer.empty()) {
    auto it = m.sources.find(pointer);
    if (it != m.sources.end()) {
      auto [number, isNew] = numbers.try_emplace(it->second, cited.size() + 1);
      if (isNew) {
        cited.push_back(it->second);
      }
      return fmt::format(" [{}]", number->second);
    }
    pointer.resize(pointer.rfind('/'));
  }
  return "";
}

/// "0-9, 12, 13" for the set bits.
std::string MachinePage::mask(uint32_t bits) {
  std::string text;
  for (unsigned first = 0; first < 32; ++first) {
    if (!((bits >> first) & 1u)) {
      continue;
    }
    unsigned last = first;
    while (last + 1 < 32 && ((bits >> (last + 1)) & 1u)) {
      ++last;
    }
    text += text.empty() ? "" : ", ";
    text += first == last ? fmt::format("{}", first)
                          : fmt::format("{}-{}", first, last);
    first = last;
  }
  return text.empty() ? "none" : text;
}

std::string MachinePage::queues(const QueueSpec &spec) {
  std::string text;
  for (uint32_t depth : spec.depths) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", depth);
  }
  return fmt::format("{}, depths {} words", spec.count(), text);
}

void MachinePage::grid() {
  heading("grid");
  line("physical",
       fmt::format("{} x {} cores", m.physicalWidth, m.physicalHeight),
       "/grid/physical");
  line("usable",
       fmt::format("{} x {} cores from ({}, {}), {} in all", m.usable.w,
                   m.usable.h, m.usable.x, m.usable.y, m.usable.area()),
       "/grid/usable");
  line("redundancy", m.redundancy, "/redundancy/kind");
  if (m.redundancy != "none") {
    line("spare columns", fmt::format("{}", m.spareColumns),
         "/redundancy/spareColumns");
    line("bypass", cycles(m.bypassCycles), "/redundancy/bypassCycles");
  }
}

void MachinePage::core() {
  heading("core");
  line("SRAM", fmt::format("{} bytes", m.sramBytes), "/memory/sramBytes");
  line("of it for the system", fmt::format("{} bytes", m.systemBytes),
       "/memory/systemBytes");
  line("of it for the task table", fmt::format("{} bytes", m.taskTableBytes),
       "/memory/taskTableBytes");
  line("left for a program", fmt::format("{} bytes", m.programBytes()), "");
  line("code",
       fmt::format("{} bytes an instruction", m.codeBytesPerInstruction),
       "/memory/codeBytesPerInstruction");
  line("banks", fmt::format("{}", m.sramBanks), "/memory/sramBanks");
  line("bank width", fmt::format("{} bytes", m.bankWidthBytes),
       "/memory/bankWidthBytes");
  line("read conflict",
       fmt::format("banks equal modulo {}", m.readConflictModulus),
       "/memory/readConflictModulus");
  line("descriptor registers",
       fmt::format("{} in each of 3 files", m.dsrsPerFile),
       "/core/dsrsPerFile");
  line("microthreads", fmt::format("{}", m.microthreads), "/core/microthreads");
  line("tasks", fmt::format("{}", m.maxTasks), "/core/maxTasks");
}

void MachinePage::fabric() {
  heading("fabric");
  line("hop", cycles(m.hopCycles), "/fabric/hopCycles");
  line("ramp", cycles(m.rampCycles), "/fabric/rampCycles");
  line("router buffer",
       fmt::format("{} wavelets for each port and color", m.routerBufferDepth),
       "/fabric/routerBufferDepth");
  line("colors", fmt::format("{}", m.colors), "/fabric/colors");
  line("colors of the system", mask(m.reservedColors),
       "/fabric/reservedColors");
  line("colors with switches", mask(m.switchableColors),
       "/fabric/switchableColors");
  line("switch positions", fmt::format("{}", m.maxSwitchPositions),
       "/fabric/maxSwitchPositions");
  line("a position changes",
       m.switchChangesBoth ? "receive and transmit masks" : "one direction",
       "/fabric/switchChangesBoth");
  line("filters", fmt::format("{} a core", m.filtersPerCore),
       "/fabric/filtersPerCore");
  line("input queues", queues(m.inputQueues), "/queues/input/depths");
  line("of the system", mask(m.inputQueues.reserved), "/queues/input/reserved");
  line("output queues", queues(m.outputQueues), "/queues/output/depths");
  line("of the system", mask(m.outputQueues.reserved),
       "/queues/output/reserved");
}

void MachinePage::outside() {
  heading("outside");
  std::string edges = m.host.west ? (m.host.east ? "west and east" : "west")
                                  : (m.host.east ? "east" : "none");
  line("host channels on edges", edges, "/host/edges");
  if (m.host.count > 0) {
    line("channels an edge", fmt::format("{}", m.host.count), "/host/count");
    line("channel rows",
         fmt::format("{} + {} i", m.host.firstRow, m.host.rowStep),
         "/host/rowStep");
    line("latency each way", cycles(m.host.latencyCycles),
         "/host/latencyCycles");
  }
  line("rate between wafers",
       fmt::format("{:g} GB/s", m.offWaferBytesPerSecond / 1e9),
       "/offWafer/bytesPerSecond");
  line("latency between wafers",
       fmt::format("{:g} us", m.offWaferLatencySeconds * 1e6),
       "/offWafer/latencySeconds");
  if (m.networkLatencySeconds > 0) {
    line("latency of the network alone",
         fmt::format("{:g} us", m.networkLatencySeconds * 1e6),
         "/offWafer/networkLatencySeconds");
  }
  line("clock", fmt::format("{:g} GHz", m.clockHz / 1e9), "/clock/hertz");
}

void MachinePage::lanes() {
  heading("elements a step of a vector instruction (1 where not listed)");
  // Instructions with the same number and citation share a line.
  std::map<std::pair<uint32_t, std::string>, std::string> groups;
  for (const auto &[mnemonic, count] : m.lanes) {
    std::string &names = groups[{count, cite("/lanes/" + mnemonic)}];
    names += (names.empty() ? "" : " ") + mnemonic;
  }
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
    out.print("  {:<4} {}{}\n", group->first.first, group->second,
              group->first.second);
  }
}

void MachinePage::parameterSets() {
  struct Row {
    const char *label;
    const char *key;
    uint32_t ParameterSet::*member;
  };
  static constexpr Row kRows[] = {
      {"vector start", "vectorStart", &ParameterSet::vectorStart},
      {"task start", "taskStart", &ParameterSet::taskStart},
      {"integer operation", "alu", &ParameterSet::alu},
      {"integer multiply", "multiply", &ParameterSet::multiply},
      {"float operation", "fp", &ParameterSet::fp},
      {"float divide", "fpDivide", &ParameterSet::fpDivide},
      {"load", "load", &ParameterSet::load},
      {"store", "store", &ParameterSet::store},
      {"branch", "branch", &ParameterSet::branch},
      {"task control", "taskControl", &ParameterSet::taskControl},
      {"clock read", "readClock", &ParameterSet::readClock},
      {"descriptor load", "dsrLoad", &ParameterSet::dsrLoad},
      {"descriptor change", "dsrSet", &ParameterSet::dsrSet},
      {"words sent", "sendWords", &ParameterSet::sendWords},
      {"in cycles", "sendCycles", &ParameterSet::sendCycles}};
  heading("costs in cycles, by parameter set (the first one is the default)");
  auto printRow = [this](std::string text) {
    text.resize(text.find_last_not_of(' ') + 1);
    out.print("{}\n", text);
  };
  std::string names = fmt::format("  {:<26}", "");
  for (const ParameterSet &set : m.parameterSets) {
    names += fmt::format(" {:<14}", set.name);
  }
  printRow(std::move(names));
  for (const Row &row : kRows) {
    std::string text = fmt::format("  {:<26}", row.label);
    for (size_t i = 0; i < m.parameterSets.size(); ++i) {
      std::string pointer = fmt::format("/parameterSets/{}/{}", i, row.key);
      text += fmt::format(
          " {:<14}",
          fmt::format("{}{}", m.parameterSets[i].*row.member, cite(pointer)));
    }
    printRow(std::move(text));
  }
}

void MachinePage::citations() {
  if (cited.empty()) {
    return;
  }
  heading("sources");
  for (size_t i = 0; i < cited.size(); ++i) {
    out.print("  {:>4} {}\n", fmt::format("[{}]", i + 1), cited[i]);
  }
}

static ExitCode listMachines(CommandContext &context) {
  for (const std::string &name : Machine::shippedNames()) {
    Result<Machine> machine = Machine::load(name);
    if (!machine) {
      return context.fail(machine.error());
    }
    context.print("{:<10} {}\n", name, machine->description);
  }
  return ExitCode::Success;
}

static ExitCode runMachine(const Options &options, CommandContext &context) {
  if (options.machine.empty()) {
    if (options.json || options.check) {
      return context.fail(
          {"no machine is given", "", "", "", "see 'wsec machine --help'"},
          ExitCode::BadUsage);
    }
    return listMachines(context);
  }
  Result<Machine> machine = Machine::load(options.machine);
  if (!machine) {
    return context.fail(machine.error());
  }
  if (options.json) {
    context.write(machine->toJson());
  } else if (options.check) {
    context.print("{}: ok\n", options.machine);
  } else {
    MachinePage(*machine, context).print();
  }
  return ExitCode::Success;
}

namespace wafer {
void addMachineCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "machine", "Show or check a machine; without a name, list those that are "
                 "shipped");
  command->add_option("machine", options->machine,
                      "Name of a shipped machine, or path of a machine file");
  CLI::Option *json =
      command->add_flag("--json", options->json, "Print canonical JSON");
  command
      ->add_flag("--check", options->check,
                 "Only check; exit 0 if the machine is sound")
      ->excludes(json);
  context.setAction(
      command, [options, &context] { return runMachine(*options, context); });
}
} // namespace wafer
