// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WFABRIC_DIALECT_TD
#define WAFER_WFABRIC_DIALECT_TD

include "mlir/IR/OpBase.td"

def WFabric_Dialect : Dialect {
  let name = "wfabric";
  let summary = "streams between cores, their colors and routes";
  let description = [{
    Who sends to whom on the grid of routers, first without colors. A *family*
    (`wfabric.family`) repeats a list of segments on every line of a rectangle; a
    *stream* (`wfabric.stream`) is one sender, or the host, with any receivers. Both
    are symbols of the module, and queues of roles name them.

    Routing fills in the rest: `wfabric-assign-colors` gives each of them a color,
    `wfabric-derive-rules` writes the route tables (`wfabric.rule`) in closed form,
    and `wfabric-verify-routes` sends a word through the tables from every source.
    Nothing here grows with the number of cores.

    Coordinates are relative to the usable rectangle of the machine; x grows to the
    east and y to the south. The shape of routes (segments straight, streams along
    the row first) is described in `include/wafer/Route/RoutingProblem.h`.

    Version log: 0.1 first version.
  }];
  let cppNamespace = "::wafer::wfabric";
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerBytecode();
  }];
}

class WFabric_Op<string mnemonic, list<Trait> traits = []>
    : Op<WFabric_Dialect, mnemonic, traits>;

#endif // WAFER_WFABRIC_DIALECT_TD
