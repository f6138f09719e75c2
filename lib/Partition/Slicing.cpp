// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Partition/Slicing.h"

#include <algorithm>
#include <cassert>

using namespace wafer;

int64_t Slicing::lines() const {
  int64_t n = 0;
  for (const SliceRun &run : runs) {
    n += run.count;
  }
  return n;
}

int64_t Slicing::maxWidth() const {
  int64_t width = 0;
  for (const SliceRun &run : runs) {
    width = std::max(width, run.end - run.begin);
  }
  return width;
}

/// Appends the runs of [base, base + size) cut evenly over `lines` lines.
static void appendEvenly(int64_t base, int64_t size, int64_t lines,
                         std::vector<SliceRun> &runs) {
  int64_t width = size / lines;
  int64_t longer = size % lines;
  if (longer > 0) {
    runs.push_back({longer, base, base + width + 1, width + 1});
  }
  if (lines > longer) {
    int64_t begin = base + longer * (width + 1);
    runs.push_back({lines - longer, begin, begin + width, width});
  }
}

Slicing wafer::sliceEvenly(int64_t size, int64_t lines) {
  assert(size > 0 && lines > 0 && "nothing to cut");
  Slicing slicing;
  slicing.size = size;
  appendEvenly(0, size, lines, slicing.runs);
  return slicing;
}

HeadSlicing wafer::sliceHeads(int64_t heads, int64_t pairs, int64_t columns) {
  assert(heads > 0 && pairs > 0 && columns > 0 && "nothing to cut");
  HeadSlicing result;
  result.pairs.size = pairs;
  if (columns < heads) {
    result.heads = sliceEvenly(heads, columns);
    result.pairs.runs.push_back({columns, 0, pairs, 0});
    return result;
  }
  result.heads.size = heads;
  for (int64_t head = 0; head < heads; ++head) {
    int64_t width = columns / heads + (head < columns % heads ? 1 : 0);
    result.heads.runs.push_back({width, head, head + 1, 0});
    appendEvenly(0, pairs, width, result.pairs.runs);
  }
  return result;
}
