// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BenchTables.cpp - wsec bench tables --------------------------------===//
#include "BenchCommands.h"

#include "wafer/Bench/PublishedTables.h"
#include "wafer/Support/OutputFile.h"
#include "wafer/Support/Progress.h"

#include <CLI/CLI.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

struct Options {
  std::string machine = "wse2";
  std::vector<std::string> tables;
  std::string svg;
  bool markdown = false;
  bool asJson = false;
};

} // namespace

static json toJson(const PublishedTable &table, const Machine &machine) {
  json rows = json::array();
  for (const PublishedRow &row : table.rows) {
    json entry = {{"name", row.name}, {"published", row.published}};
    if (!row.how.empty()) {
      entry["how"] = row.how;
    }
    for (size_t set = 0; set < row.ours.size(); ++set) {
      entry["ours"][machine.parameterSets[set].name] =
          row.ours[set] ? json(*row.ours[set]) : json(nullptr);
    }
    rows.push_back(std::move(entry));
  }
  return {{"name", table.name},     {"title", table.title},
          {"source", table.source}, {"note", table.note},
          {"unit", "cycles"},       {"rows", std::move(rows)}};
}

static Status writeSvg(const std::string &folder, const PublishedTable &table,
                       const Machine &machine) {
  if (Status made = makeFolder(folder); !made) {
    return made;
  }
  return writeFile(folder + "/" + table.name + ".svg", svgOf(table, machine));
}

static ExitCode runTables(const Options &options, CommandContext &context) {
  Result<Machine> machine = Machine::load(options.machine);
  if (!machine) {
    return context.fail(machine.error());
  }
  const std::vector<std::string> &names =
      options.tables.empty() ? publishedTableNames() : options.tables;
  json tables = json::array();
  std::string text;
  Progress progress("tables", names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    progress.update(i, names[i]);
    Result<PublishedTable> table = makePublishedTable(names[i], *machine);
    if (!table) {
      return context.fail(table.error());
    }
    if (!options.svg.empty()) {
      if (Status status = writeSvg(options.svg, *table, *machine); !status) {
        return context.fail(status.error());
      }
    }
    if (options.asJson) {
      tables.push_back(toJson(*table, *machine));
    } else {
      text += (text.empty() ? "" : "\n") + (options.markdown
                                                ? markdownOf(*table, *machine)
                                                : textOf(*table, *machine));
    }
  }
  if (options.asJson) {
    json object = {{"bench", "tables"},
                   {"machine", machine->name},
                   {"method", "predicted"},
                   {"tables", std::move(tables)}};
    context.write(object.dump() + "\n");
    return ExitCode::Success;
  }
  context.write(text);
  return ExitCode::Success;
}

void wafer::addTablesBench(CLI::App &bench, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = bench.add_subcommand(
      "tables", "Published figures, and what the cost models say of ours");
  command
      ->add_option("--machine", options->machine,
                   "A shipped machine or a machine file")
      ->capture_default_str();
  command->add_option("--table", options->tables,
                      "Only this one; may be repeated: decode-token, "
                      "decode-layer, gemv, collectives");
  command->add_option("--svg", options->svg, "Draw each table, in this folder");
  command->add_flag("--markdown", options->markdown, "Print Markdown");
  command->add_flag("--json", options->asJson, "Print one JSON object")
      ->excludes("--markdown");
  context.setAction(
      command, [options, &context] { return runTables(*options, context); });
}
