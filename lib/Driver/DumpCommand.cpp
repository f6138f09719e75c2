// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DumpCommand.cpp - wsec dump ---------------------------------------===//
//
// What is inside an image: all of it in its text form, one role, or what one
// core runs and how its router is set.
//
//===----------------------------------------------------------------------===//
#include "wafer/Driver/Driver.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Lookup.h"
#include "wafer/Image/Text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>

using namespace wafer;

namespace {

struct Options {
  std::string image;
  std::string core;
  std::string routes;
  std::string role;
  bool all = false;
};

/// Prints what concerns one core.
class CorePage {
public:
  CorePage(const LoadedImage &loaded, Coord core, CommandContext &out)
      : image(loaded.image), machine(loaded.machine), core(core), out(out),
        region(findRegion(image, core)) {}

  void printCore();
  void printRoutes();

private:
  void params(const Role &role);
  void buffers(const Role &role);
  void tensors();
  std::string route(const SwitchPosition &position) const;

  const Image &image;
  const Machine &machine;
  Coord core;
  CommandContext &out;
  const Region *region;
};

} // namespace

void CorePage::printCore() {
  if (!region) {
    out.print("core {},{}: no region, no program\n", core.x, core.y);
    printRoutes();
    return;
  }
  const Role &role = image.roles[region->role];
  const Rect &r = region->rect;
  out.print("core {},{}: region @{} (rect {} {} {} {}, column {}, row {}), "
            "role @{}\n",
            core.x, core.y, printName(region->name), r.x, r.y, r.w, r.h,
            core.x - r.x, core.y - r.y, printName(role.name));
  params(role);
  buffers(role);
  tensors();
  for (const QueueBinding &q : role.queues) {
    uint16_t color = queueColor(*region, q, core);
    out.print("  {} queue {}: {}\n", q.input ? "input" : "output", q.queue,
              color == kUnboundColor ? "unused"
                                     : fmt::format("color {}", color));
  }
  printRoutes();
}

/// The parameter block as this core sees it, a line for each name.
void CorePage::params(const Role &role) {
  for (size_t l = 0; l < role.paramLabels.size(); ++l) {
    uint32_t begin = role.paramLabels[l].index;
    uint32_t end = l + 1 < role.paramLabels.size()
                       ? role.paramLabels[l + 1].index
                       : uint32_t(role.params.size());
    std::vector<uint32_t> values;
    for (uint32_t i = begin; i < end; ++i) {
      values.push_back(Image::paramAt(*region, role.params[i], core));
    }
    out.print("  param {} at {}: {}\n", role.paramLabels[l].name,
              role.paramOffset + 2 * begin, printList(values));
  }
}

void CorePage::buffers(const Role &role) {
  for (const Buffer &b : role.buffers) {
    out.print("  buffer @{}: bytes {} to {}\n", printName(b.name), b.offset,
              uint64_t(b.offset) + b.bytes);
  }
  uint64_t code = uint64_t(role.code.size()) * machine.codeBytesPerInstruction;
  out.print("  code: {} instructions, {} bytes from {}\n", role.code.size(),
            code, machine.programBytes() - code);
}

void CorePage::tensors() {
  for (const TensorPlacement &t : image.tensors) {
    if (&image.regions[t.region] != region) {
      continue;
    }
    const Buffer &buffer = image.roles[region->role].buffers[t.buffer];
    std::string ranges;
    for (size_t d = 0; d < t.dims.size(); ++d) {
      const DimensionLayout &dim = t.dims[d];
      uint32_t begin = 0;
      uint32_t end = t.shape[d];
      if (dim.kind != DimensionLayout::Kind::Whole) {
        size_t line = size_t(dim.kind == DimensionLayout::Kind::Rows
                                 ? core.y - region->rect.y
                                 : core.x - region->rect.x);
        begin = dim.begin[line];
        end = dim.end[line];
      }
      ranges += fmt::format("{}{}..{}", d ? ", " : "", begin, end);
    }
    out.print("  tensor @{}[{}] {} at {}\n", printName(t.name), ranges,
              nameOf(t.type), uint64_t(buffer.offset) + t.offset);
  }
}

/// "from 1,1 to 3,1 and the core".
std::string CorePage::route(const SwitchPosition &position) const {
  auto places = [&](uint8_t mask) {
    std::string text;
    for (unsigned p = 0; p < kNumPorts; ++p) {
      if (!((mask >> p) & 1u)) {
        continue;
      }
      Coord c = neighbour(core, Port(p));
      bool inside = machine.hasLink(core, Port(p));
      text += text.empty() ? "" : " and ";
      text += Port(p) == Port::Ramp ? "the core"
              : inside              ? fmt::format("{},{}", c.x, c.y)
                                    : "the edge";
    }
    return text;
  };
  return fmt::format("from {} to {}", places(position.rx), places(position.tx));
}

void CorePage::printRoutes() {
  std::vector<RouteAt> routes = findRoutes(image, core);
  if (routes.empty()) {
    out.print("  no routes at {},{}\n", core.x, core.y);
  }
  for (const RouteAt &r : routes) {
    const Rule &rule = image.rules[r.rule];
    const RouteConfig &config = image.configs[r.config];
    out.print("  color {} #{} {}: {}", rule.color, r.config,
              printConfig(config),
              route(config.positions[config.currentPosition]));
    out.print("{}\n", rule.name.empty()
                          ? fmt::format(" (rule {})", r.rule)
                          : fmt::format(" (rule @{})", printName(rule.name)));
  }
}

/// "X,Y" inside the grid.
static Result<Coord> parseCore(const std::string &text,
                               const Machine &machine) {
  Coord c;
  const char *end = text.data() + text.size();
  auto first = std::from_chars(text.data(), end, c.x);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  if (good) {
    auto second = std::from_chars(first.ptr + 1, end, c.y);
    good = second.ec == std::errc() && second.ptr == end;
  }
  if (!good || !Rect{0, 0, machine.width(), machine.height()}.contains(c)) {
    return Diagnostic{"no such core", "",
                      fmt::format("X,Y of 0,0 to {},{}", machine.width() - 1,
                                  machine.height() - 1),
                      "'" + text + "'", ""};
  }
  return c;
}

static ExitCode dumpRole(const Image &image, const std::string &name,
                         CommandContext &context) {
  std::string names;
  for (const Role &role : image.roles) {
    if (role.name == name) {
      context.write(printRole(role));
      return ExitCode::Success;
    }
    names += (names.empty() ? "'" : ", '") + role.name + "'";
  }
  return context.fail({"no such role", "", names.empty() ? "none" : names,
                       "'" + name + "'", ""});
}

static ExitCode runDump(const Options &options, CommandContext &context) {
  ImageReadOptions read;
  read.checkData = options.all;
  Result<LoadedImage> loaded = readImage(options.image, read);
  if (!loaded) {
    return context.fail(loaded.error());
  }
  if (!options.role.empty()) {
    return dumpRole(loaded->image, options.role, context);
  }
  if (!options.core.empty() || !options.routes.empty()) {
    bool whole = !options.core.empty();
    Result<Coord> core =
        parseCore(whole ? options.core : options.routes, loaded->machine);
    if (!core) {
      return context.fail(core.error(), ExitCode::BadUsage);
    }
    CorePage page(*loaded, *core, context);
    whole ? page.printCore() : page.printRoutes();
    return ExitCode::Success;
  }
  ImageTextOptions print;
  print.initData = options.all;
  print.texts = options.all;
  context.write(printImage(loaded->image, print));
  return ExitCode::Success;
}

namespace wafer {
void addDumpCommand(CLI::App &app, CommandContext &context) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "dump", "Print what is inside an image (docs/image-text.md)");
  command->add_option("image", options->image, "The .wafer file")->required();
  CLI::Option *core =
      command->add_option("--core", options->core,
                          "X,Y: what this core runs, holds and is tied to");
  CLI::Option *routes = command->add_option("--routes", options->routes,
                                            "X,Y: the routes of this router");
  CLI::Option *role =
      command->add_option("--role", options->role, "Only the role NAME");
  CLI::Option *all = command->add_flag(
      "--all", options->all,
      "With all texts and init data, as 'wsec assemble' needs them");
  core->excludes(routes)->excludes(role)->excludes(all);
  routes->excludes(role)->excludes(all);
  role->excludes(all);
  context.setAction(command,
                    [options, &context] { return runDump(*options, context); });
}
} // namespace wafer
