// RUN: wsec-opt %s --wpe-allocate --verify-diagnostics
// RUN: wsec-opt %s --wpe-verify-allocated --verify-diagnostics

// expected-error @+1 {{no machine: expected the option 'machine' or the module attribute 'wafer.machine'}}
wpe.role @nothing {
  wpe.task @main active {
  }
}
