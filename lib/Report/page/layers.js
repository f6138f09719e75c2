// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fills of the map: a color for each region, or a figure for each core as an
// image of one pixel a core, made when it is first asked for.
'use strict';

function isDark() {
  return document.documentElement.dataset.theme === 'dark';
}
/** Regions differ by hue; neighbours in the list are far apart. */
function regionColor(index) {
  const hue = (205 + index * 137.508) % 360;
  return isDark() ? `hsl(${hue} 32% 30%)` : `hsl(${hue} 50% 82%)`;
}
/** Colors in use, ascending. */
const usedColors = [...new Set(data.rules.map((r) => r.color))].sort((a, b) => a - b);
/** Colors in use share the circle of hues; neighbours differ in lightness. */
function fabricColor(color) {
  const rank = Math.max(0, usedColors.indexOf(color));
  const hue = 12 + 360 * rank / Math.max(1, usedColors.length);
  const light = (isDark() ? 60 : 36) + (rank % 2) * (isDark() ? 14 : 10);
  return `hsl(${hue} 78% ${light}%)`;
}

/** A scale from pale to strong, readable in both themes and without hue. */
function heat(t) {
  const mix = (a, b) => Math.round(a + (b - a) * Math.min(1, Math.max(0, t)));
  return isDark() ? [mix(28, 255), mix(36, 196), mix(52, 92)]
    : [mix(236, 20), mix(242, 60), mix(250, 130)];
}

/** Bytes of weights and state that each core of a region really holds. */
function tensorBytes(regionIndex) {
  const [, , w, h] = data.regions[regionIndex].rect;
  const bytes = new Float64Array(w * h);
  for (const tensor of data.tensors) {
    if (tensor.region !== regionIndex || tensor.kind === 'output') {
      continue;
    }
    // A slice is a product of a part of the row and a part of the column.
    const rows = new Float64Array(h).fill(1), columns = new Float64Array(w).fill(1);
    let whole = tensor.bytes;
    tensor.dims.forEach((dim, d) => {
      if (dim.cut === 'whole') {
        whole *= tensor.shape[d];
      }
      const lines = dim.cut === 'rows' ? rows : dim.cut === 'columns' ? columns : [];
      for (let i = 0; i < lines.length; ++i) {
        lines[i] *= Math.max(0, dim.end[i] - dim.begin[i]);
      }
    });
    for (let y = 0; y < h; ++y) {
      for (let x = 0, at = y * w; x < w; ++x, ++at) {
        bytes[at] += whole * rows[y] * columns[x];
      }
    }
  }
  return bytes;
}

/** Calls body(begin, end, cell, step) for each routed run of a rule. */
function forEachRun(rule, body) {
  const [rx, ry, rw, rh] = rule.rect;
  const alongX = rule.axis === 'x';
  const lines = alongX ? rh : rw, side = alongX ? rw : rh;
  for (let line = 0; line < lines; ++line) {
    for (const [from, to] of rule.runs[line % rule.runs.length]) {
      const begin = Math.max(0, from + line * rule.skew);
      const end = Math.min(side, to + line * rule.skew);
      if (begin < end) {
        const x = alongX ? rx + begin : rx + line, y = alongX ? ry + line : ry + begin;
        body(end - begin, y * gridWidth + x, alongX ? 1 : gridWidth);
      }
    }
  }
}

/** Fills `values` (one a core of the grid; NaN: nothing there). */
const MEASURES = {
  sram: {
    title: 'SRAM charged', unit: 'bytes', top: () => machine.sram_bytes,
    fill(values) {
      for (const region of data.regions) {
        const [x, y, w, h] = region.rect;
        for (let row = y; row < y + h; ++row) {
          values.fill(data.roles[region.role].sram.total, row * gridWidth + x,
            row * gridWidth + x + w);
        }
      }
    },
  },
  weights: {
    title: 'weights and state held', unit: 'bytes',
    fill(values) {
      data.regions.forEach((region, index) => {
        const [x, y, w, h] = region.rect;
        const bytes = tensorBytes(index);
        for (let row = 0; row < h; ++row) {
          values.set(bytes.subarray(row * w, row * w + w), (y + row) * gridWidth + x);
        }
      });
    },
  },
  colors: {
    title: 'colors in the router', unit: 'colors',
    fill(values) {
      const masks = new Uint32Array(values.length);
      for (const rule of data.rules) {
        const bit = 1 << rule.color;
        forEachRun(rule, (count, cell, step) => {
          for (let i = 0; i < count; ++i, cell += step) {
            masks[cell] |= bit;
          }
        });
      }
      for (let cell = 0; cell < masks.length; ++cell) {
        let mask = masks[cell], count = 0;
        for (; mask; mask &= mask - 1) {
          ++count;
        }
        if (count) {
          values[cell] = count;
        }
      }
    },
  },
};

const measured = new Map();
/** {values, max} of a measure, computed once. */
function measure(name) {
  if (!measured.has(name)) {
    const values = new Float32Array(gridWidth * gridHeight).fill(NaN);
    MEASURES[name].fill(values);
    let max = 0;
    for (const value of values) {
      if (value > max) {
        max = value;
      }
    }
    measured.set(name, { values, max });
  }
  return measured.get(name);
}

const pictures = new Map();
/** A canvas of one pixel a core, in the colors of the theme. */
function picture(name) {
  const key = name + isDark();
  if (!pictures.has(key)) {
    const { values, max } = measure(name);
    const top = MEASURES[name].top ? MEASURES[name].top() : max;
    const canvas = document.createElement('canvas');
    canvas.width = gridWidth;
    canvas.height = gridHeight;
    const pen = canvas.getContext('2d');
    const image = pen.createImageData(gridWidth, gridHeight);
    const shades = Array.from({ length: 256 }, (_, i) => heat(i / 255));
    for (let cell = 0; cell < values.length; ++cell) {
      if (values[cell] >= 0) {
        const shade = shades[Math.min(255, Math.round(values[cell] / (top || 1) * 255))];
        image.data.set(shade, cell * 4);
        image.data[cell * 4 + 3] = 255;
      }
    }
    pen.putImageData(image, 0, 0);
    pictures.set(key, canvas);
  }
  return pictures.get(key);
}
