// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The data of the page and what it says about one core. Nothing here touches
// the page; docs/report.md describes the data.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const machine = data.machine;
const [gridWidth, gridHeight] = machine.grid;
const UNBOUND = 0xffff;
const PORTS = ['W', 'E', 'S', 'N', 'R'];
const RAMP = 4;

/** A table of numbers out of its run-length form. */
function expand(table) {
  if (Array.isArray(table)) {
    return table;
  }
  const values = [];
  for (let i = 0; i < table.runs.length; i += 3) {
    const [first, step, count] = table.runs.slice(i, i + 3);
    for (let k = 0; k < count; ++k) {
      values.push(first + k * step);
    }
  }
  return values;
}

for (const region of data.regions) {
  region.rows = region.rows.map(expand);
  region.columns = region.columns.map(expand);
}
for (const tensor of data.tensors) {
  for (const dim of tensor.dims) {
    if (dim.cut !== 'whole') {
      dim.begin = expand(dim.begin);
      dim.end = expand(dim.end);
    }
  }
}
// Runs as [begin, end, config] without the unrouted ones, so that a place is
// found by bisection.
for (const rule of data.rules) {
  rule.runs = rule.classes.map((list) => {
    const runs = [];
    for (let i = 0, at = 0; i < list.length; i += 2) {
      if (list[i + 1] >= 0 && list[i] > 0) {
        runs.push([at, at + list[i], list[i + 1]]);
      }
      at += list[i];
    }
    return runs;
  });
}

function inside([x, y, w, h], cx, cy) {
  return cx >= x && cy >= y && cx < x + w && cy < y + h;
}
function regionAt(x, y) {
  return data.regions.findIndex((r) => inside(r.rect, x, y));
}

/** A constant, or the entry of the core's row or column. */
function sourceAt(region, [kind, value], x, y) {
  const [rx, ry] = region.rect;
  return kind === 0 ? value
    : kind === 1 ? region.rows[value][y - ry] : region.columns[value][x - rx];
}

/** The config that a rule gives to a router, or -1. */
function configAt(rule, x, y) {
  const [rx, ry] = rule.rect;
  if (!inside(rule.rect, x, y)) {
    return -1;
  }
  const line = rule.axis === 'x' ? y - ry : x - rx;
  const place = (rule.axis === 'x' ? x - rx : y - ry) - line * rule.skew;
  const runs = rule.runs[line % rule.runs.length];
  let low = 0, high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle][1] <= place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < runs.length && runs[low][0] <= place ? runs[low][2] : -1;
}

/** All routes at a router: {color, rule, config}, by color. */
function routesAt(x, y) {
  const routes = [];
  for (const rule of data.rules) {
    const config = configAt(rule, x, y);
    if (config >= 0) {
      routes.push({ color: rule.color, rule, config: data.configs[config] });
    }
  }
  return routes.sort((a, b) => a.color - b.color);
}

function portsOf(mask) {
  return PORTS.filter((_, p) => mask >> p & 1);
}
/** "from W to the core and E" */
function routeText([rx, tx]) {
  const names = { W: 'west', E: 'east', S: 'south', N: 'north', R: 'the core' };
  const say = (mask) => portsOf(mask).map((p) => names[p]).join(' and ');
  return `from ${say(rx) || 'nowhere'} to ${say(tx) || 'nowhere'}`;
}

/** The index ranges [begin, end) of a tensor in one core; null if it has none. */
function sliceAt(tensor, x, y) {
  const [rx, ry] = data.regions[tensor.region].rect;
  const slice = [];
  for (let d = 0; d < tensor.dims.length; ++d) {
    const dim = tensor.dims[d];
    const line = dim.cut === 'rows' ? y - ry : x - rx;
    const range = dim.cut === 'whole' ? [0, tensor.shape[d]]
      : [dim.begin[line], dim.end[line]];
    if (range[0] >= range[1]) {
      return null;
    }
    slice.push(range);
  }
  return slice;
}

/** Bytes of SRAM that every core of a role is charged for, by kind. */
function sramOf(role) {
  const use = { weights: 0, state: 0, params: 0, scratch: 0 };
  let end = role.param_offset + 2 * role.params.length;
  const scratch = [];
  for (const [, kind, offset, bytes] of role.buffers) {
    if (kind === 'scratch') {
      scratch.push([offset, offset + bytes]);
    } else {
      use[kind] += bytes;
    }
    end = Math.max(end, offset + bytes);
  }
  // Scratch buffers share memory.
  let reach = 0;
  for (const [from, to] of scratch.sort((a, b) => a[0] - b[0])) {
    use.scratch += Math.max(0, to - Math.max(from, reach));
    reach = Math.max(reach, to);
  }
  use.code = role.code_bytes;
  use.system = machine.system_bytes + machine.task_table_bytes;
  use.gaps = Math.max(0, end - use.weights - use.state - use.params - use.scratch);
  use.total = end + use.code + use.system;
  return use;
}
for (const role of data.roles) {
  role.sram = sramOf(role);
}

/** The rectangle around all regions; the grid when there are none. */
function programRect() {
  if (data.regions.length === 0) {
    return [0, 0, gridWidth, gridHeight];
  }
  const rects = data.regions.map((r) => r.rect);
  const x = Math.min(...rects.map((r) => r[0])), y = Math.min(...rects.map((r) => r[1]));
  return [x, y, Math.max(...rects.map((r) => r[0] + r[2])) - x,
    Math.max(...rects.map((r) => r[1] + r[3])) - y];
}

const numberFormat = new Intl.NumberFormat('en');
function show(number) {
  return numberFormat.format(number);
}
