// RUN: wsec-opt %s --wpe-allocate --wpe-verify-allocated | FileCheck %s

// The module names the machine. A role without parameters has an empty block.
module attributes {wafer.machine = "wse2"} {
  // CHECK: wpe.role @nothing params_at(0) code_bytes(8) {
  wpe.role @nothing {
    wpe.task @main active {
    }
  }
}
