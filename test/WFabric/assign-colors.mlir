// RUN: wsec-opt %s --split-input-file --wfabric-assign-colors=machine=tiny16 | FileCheck %s
// RUN: wsec-opt %s --split-input-file --wfabric-assign-colors=machine=tiny16 \
// RUN:   --remarks-filter="route" --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK

// Colors 0 to 9 can switch on this machine; they are left to those who need it.
// The links of a chain meet in every core but the ends.
// CHECK-LABEL: module @chain
// CHECK: @even {{.*}} color(10)
// CHECK: @odd {{.*}} color(11)
// REMARK: remark: [Passed] Color | Category:route | Function=even | Remark="stream 'even': color 10, which 1 other stream cannot share", color=10, conflicts=1, given=false
// REMARK: remark: [Passed] Color | Category:route | Function=odd | {{.*}}, color=11, conflicts=1, given=false
// REMARK: remark: [Analysis] Coloring | Category:route | Function=module | Remark="2 colors of 21 usable ones, at least 2 are needed; the busiest router is that of column 1, row 0", bound=2, busiest_x=1, busiest_y=0, colors=2, supply=21
module @chain {
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3]
  wfabric.family @odd rect(0, 0, 6, 4) axis(x) [1 -> 2 to 3 step 2 count 2]
}

// -----

// The same streams in another order get the same colors.
// CHECK-LABEL: module @other_order
// CHECK: @odd {{.*}} color(11)
// CHECK: @even {{.*}} color(10)
module @other_order {
  wfabric.family @odd rect(0, 0, 6, 4) axis(x) [1 -> 2 to 3 step 2 count 2]
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3]
}

// -----

// Nothing in common: one color for both stages.
// CHECK-LABEL: module @apart
// CHECK: @a {{.*}} color(10)
// CHECK: @b {{.*}} color(10)
module @apart {
  wfabric.family @a rect(0, 0, 6, 4) axis(x) [0 -> 1 to 6]
  wfabric.family @b rect(6, 0, 6, 4) axis(y) [0 -> 1 to 4]
}

// -----

// ... unless they are kept apart.
// CHECK-LABEL: module @exclusive
// CHECK: @a {{.*}} color(10)
// CHECK: @b {{.*}} color(11)
module @exclusive {
  wfabric.family @a rect(0, 0, 6, 4) axis(x) [0 -> 1 to 6]
  wfabric.family @b rect(6, 0, 6, 4) axis(y) [0 -> 1 to 4]
  wfabric.exclusive [@a, @b]
}

// -----

// A color that is given stays.
// CHECK-LABEL: module @given
// CHECK: @even {{.*}} color(1)
// CHECK: @odd {{.*}} color(10)
// REMARK: Function=even | Remark="stream 'even': color 1 as given, which 1 other stream cannot share", color=1, conflicts=1, given=true
module @given {
  wfabric.family @even rect(0, 0, 6, 4) axis(x) [0 -> 1 to 2 step 2 count 3] color(1)
  wfabric.family @odd rect(0, 0, 6, 4) axis(x) [1 -> 2 to 3 step 2 count 2]
}

// -----

// Only a switchable color will do.
// CHECK-LABEL: module @switched
// CHECK: @a {{.*}} color(0)
module @switched {
  wfabric.family @a rect(0, 0, 6, 4) axis(x) [0 -> 1 to 6] switched
}

// -----

// Nothing to do.
// CHECK-LABEL: module @empty
module @empty {
}
