// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/WFabric/RoutingProblemBuilder.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::failure;
using mlir::FailureOr;
using mlir::ModuleOp;
using mlir::Operation;
using mlir::StringAttr;
using mlir::StringRef;

mlir::InFlightDiagnostic wfabric::emitDiagnostic(mlir::Location loc,
                                                 const Diagnostic &diagnostic) {
  // The hint reads better as a note.
  Diagnostic main = diagnostic;
  main.hint.clear();
  mlir::InFlightDiagnostic error = mlir::emitError(loc) << main.str();
  if (!diagnostic.hint.empty()) {
    error.attachNote() << diagnostic.hint;
  }
  return error;
}

FailureOr<Machine> wfabric::loadMachine(ModuleOp module, StringRef nameOrFile) {
  std::string name = nameOrFile.str();
  if (name.empty()) {
    auto attr = module->getAttrOfType<StringAttr>(kMachineAttrName);
    if (!attr) {
      mlir::InFlightDiagnostic error =
          module.emitError("the module names no machine");
      error.attachNote() << "give the pass the option 'machine' or the module "
                            "the attribute '"
                         << kMachineAttrName << "'";
      return error;
    }
    name = attr.str();
  }
  Result<Machine> machine = Machine::load(name);
  if (!machine) {
    return emitDiagnostic(module.getLoc(), machine.error());
  }
  if (auto wafers = module->getAttrOfType<mlir::IntegerAttr>("wafer.wafers")) {
    if (wafers.getInt() < 1 || wafers.getInt() > Machine::kMostWafers) {
      module.emitError() << "'wafer.wafers' is not a number of wafers";
      return failure();
    }
    machine->wafers = int32_t(wafers.getInt());
  }
  return std::move(*machine);
}

std::optional<unsigned> ModuleRouting::lookup(StringAttr name) const {
  auto it = ids.find(name);
  return it == ids.end() ? std::nullopt : std::optional<unsigned>(it->second);
}

template <typename OpT>
static llvm::SmallVector<OpT> inOrderOfNames(ModuleOp module) {
  llvm::SmallVector<OpT> ops(module.getOps<OpT>());
  llvm::sort(ops, [](OpT a, OpT b) { return a.getSymName() < b.getSymName(); });
  return ops;
}

FailureOr<ModuleRouting> wfabric::buildRoutingProblem(ModuleOp module,
                                                      const Machine &machine) {
  ModuleRouting routing;
  routing.problem = RoutingProblem::forMachine(machine);
  for (auto family : inOrderOfNames<FamilyOp>(module)) {
    routing.problem.families.push_back(family.getFamily());
    routing.ops.push_back(family);
  }
  for (auto stream : inOrderOfNames<StreamOp>(module)) {
    routing.problem.streams.push_back(stream.getStream());
    routing.ops.push_back(stream);
  }
  for (unsigned id = 0; id < routing.ops.size(); ++id) {
    routing.ids[mlir::SymbolTable::getSymbolName(routing.ops[id])] = id;
  }
  for (auto exclusive : module.getOps<ExclusiveOp>()) {
    std::vector<unsigned> group;
    for (auto name :
         exclusive.getStreams().getAsRange<mlir::FlatSymbolRefAttr>()) {
      // The verifier holds that the name is there.
      group.push_back(*routing.lookup(name.getAttr()));
    }
    routing.problem.exclusiveGroups.push_back(std::move(group));
  }
  std::optional<unsigned> culprit;
  if (Status status = routing.problem.check(&culprit); !status) {
    mlir::Location loc =
        culprit ? routing.ops[*culprit]->getLoc() : module.getLoc();
    return emitDiagnostic(loc, status.error());
  }
  return routing;
}

FailureOr<std::vector<uint8_t>>
wfabric::colorsOf(const ModuleRouting &routing) {
  std::vector<uint8_t> colors;
  for (unsigned id = 0; id < routing.problem.size(); ++id) {
    std::optional<uint8_t> color = routing.problem.pinnedColor(id);
    if (!color) {
      mlir::InFlightDiagnostic error =
          routing.ops[id]->emitOpError("has no color");
      error.attachNote() << "run 'wfabric-assign-colors' first";
      return error;
    }
    colors.push_back(*color);
  }
  return colors;
}

RouteTables wfabric::collectRules(ModuleOp module,
                                  const ModuleRouting &routing) {
  RouteTables tables;
  llvm::DenseMap<RouteAttr, uint32_t> indices;
  auto indexOf = [&](RouteAttr route) {
    if (!route) {
      return kNoRoute;
    }
    auto [it, isNew] =
        indices.try_emplace(route, uint32_t(tables.configs.size()));
    if (isNew) {
      tables.configs.push_back(route.getConfig());
    }
    return it->second;
  };
  for (auto op : module.getOps<RuleOp>()) {
    Rule rule;
    rule.name = op.getSymName().str();
    rule.color = uint8_t(op.getColor());
    rule.rect = op.getRect().getValue();
    rule.axis = toAxis(op.getAxis());
    rule.skew = int32_t(op.getSkew());
    for (RunsAttr runs : op.getClasses().getAsRange<RunsAttr>()) {
      std::vector<Run> &list = rule.classes.emplace_back();
      for (auto [count, route] :
           llvm::zip(runs.getCounts(), runs.getRoutes())) {
        list.push_back({count, indexOf(route)});
      }
    }
    tables.rules.push_back(std::move(rule));
    std::optional<unsigned> owner;
    if (mlir::FlatSymbolRefAttr name = op.getOwnerAttr()) {
      owner = routing.lookup(name.getAttr());
    }
    tables.owners.push_back(owner.value_or(kNoRoute));
  }
  return tables;
}

FailureOr<QueueColors> wfabric::bindQueue(const ModuleRouting &routing,
                                          const std::vector<uint8_t> &colors,
                                          const Rect &region,
                                          llvm::ArrayRef<StringAttr> streams,
                                          QueueDirection direction,
                                          mlir::Location loc) {
  std::vector<unsigned> ids;
  for (StringAttr name : streams) {
    std::optional<unsigned> id = routing.lookup(name);
    if (!id) {
      return mlir::emitError(loc)
             << "there is no family or stream '" << name.getValue() << "'";
    }
    ids.push_back(*id);
  }
  Result<QueueColors> result =
      wafer::bindQueue(routing.problem, colors, region, ids, direction);
  if (!result) {
    return emitDiagnostic(loc, result.error());
  }
  return std::move(*result);
}
