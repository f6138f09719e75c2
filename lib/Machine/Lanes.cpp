// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Machine/Lanes.h"

#include <algorithm>

uint32_t wafer::lanesForStride(int stride, uint32_t lanes) {
  if (stride == 0 || stride == 1) {
    return lanes;
  }
  switch (unsigned(stride) % 8u) {
  case 2:
  case 3:
  case 5:
  case 6:
    return lanes;
  case 0:
    return 1;
  default:
    return std::min(lanes, 2u);
  }
}
