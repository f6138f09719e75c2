// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The map: where the view is, and drawing from the wafer down to a core.
'use strict';

const canvas = document.getElementById('map');
const pen = canvas.getContext('2d');

/** What the map shows. `scale` is pixels a core; x, y the core at the corner. */
const view = { x: 0, y: 0, scale: 1, width: 1, height: 1 };
const shown = {
  fill: 'regions', streams: true, routes: true, names: true, ports: true,
  /** Colors switched off. */
  hidden: new Set(),
  /** {kind: 'core', x, y}, {kind: 'region' | 'stream', index}, or null. */
  selection: null,
};

const MIN_SCALE = 0.05, MAX_SCALE = 400;
const GRID_SCALE = 7;     // pixels a core from which cores are told apart
const ROUTE_SCALE = 44;   // ... from which routes are drawn
const TEXT_SCALE = 70;    // ... from which a core says what it is

/** Colors of the style by name; asking the page for each line is slow. */
const themeColors = new Map();
function themeColor(name) {
  if (!themeColors.has(name)) {
    themeColors.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return themeColors.get(name);
}
const px = (x) => (x - view.x) * view.scale;
const py = (y) => (y - view.y) * view.scale;

/** Shows a rectangle of cores with a margin. */
function fitRect([x, y, w, h]) {
  const scale = Math.min(view.width / w, view.height / h) * 0.94;
  view.scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
  view.x = x + w / 2 - view.width / 2 / view.scale;
  view.y = y + h / 2 - view.height / 2 / view.scale;
  requestDraw();
}
/** Zooms so that the place under (sx, sy) stays there. */
function zoomAt(factor, sx, sy) {
  const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, view.scale * factor));
  view.x += sx / view.scale - sx / scale;
  view.y += sy / view.scale - sy / scale;
  view.scale = scale;
  requestDraw();
}
/** Comes so close to a core that its routes can be read. */
function comeTo(x, y) {
  view.scale = Math.max(view.scale, 150);
  view.x = x + 0.5 - view.width / 2 / view.scale;
  view.y = y + 0.5 - view.height / 2 / view.scale;
  requestDraw();
}
function coreAt(sx, sy) {
  const x = Math.floor(view.x + sx / view.scale), y = Math.floor(view.y + sy / view.scale);
  return x >= 0 && y >= 0 && x < gridWidth && y < gridHeight ? { x, y } : null;
}

let drawWanted = false;
function requestDraw() {
  if (!drawWanted) {
    drawWanted = true;
    requestAnimationFrame(() => {
      drawWanted = false;
      draw();
    });
  }
}

function resize() {
  const box = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  view.width = box.width;
  view.height = box.height;
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  requestDraw();
}

/** The cores in view, [x0, y0, x1, y1). */
function coresInView() {
  return [Math.max(0, Math.floor(view.x)), Math.max(0, Math.floor(view.y)),
    Math.min(gridWidth, Math.ceil(view.x + view.width / view.scale)),
    Math.min(gridHeight, Math.ceil(view.y + view.height / view.scale))];
}

function draw() {
  pen.clearRect(0, 0, view.width, view.height);
  pen.fillStyle = themeColor('--wafer');
  pen.fillRect(px(0), py(0), gridWidth * view.scale, gridHeight * view.scale);
  drawFill();
  if (view.scale >= GRID_SCALE) {
    drawGrid();
  }
  drawOutlines();
  drawBorders();
  if (shown.ports) {
    drawPorts();
  }
  if (shown.routes && view.scale >= ROUTE_SCALE) {
    drawRoutes();
  } else if (shown.streams) {
    drawStreams();
  }
  if (shown.names) {
    drawNames();
  }
  drawSelection();
}

function drawFill() {
  if (shown.fill === 'regions') {
    data.regions.forEach((region, index) => {
      const [x, y, w, h] = region.rect;
      pen.fillStyle = regionColor(index);
      pen.fillRect(px(x), py(y), w * view.scale, h * view.scale);
    });
    return;
  }
  // Only what is in view: a scaled copy of all may exceed what browsers draw.
  const [x0, y0, x1, y1] = coresInView();
  if (x0 < x1 && y0 < y1) {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture(shown.fill), x0, y0, x1 - x0, y1 - y0,
      px(x0), py(y0), (x1 - x0) * view.scale, (y1 - y0) * view.scale);
  }
}

function drawGrid() {
  const [x0, y0, x1, y1] = coresInView();
  pen.strokeStyle = themeColor('--grid');
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = x0; x <= x1; ++x) {
    pen.moveTo(Math.round(px(x)) + 0.5, py(y0));
    pen.lineTo(Math.round(px(x)) + 0.5, py(y1));
  }
  for (let y = y0; y <= y1; ++y) {
    pen.moveTo(px(x0), Math.round(py(y)) + 0.5);
    pen.lineTo(px(x1), Math.round(py(y)) + 0.5);
  }
  pen.stroke();
}

function drawOutlines() {
  pen.strokeStyle = themeColor('--soft');
  pen.lineWidth = 1;
  pen.strokeRect(px(0), py(0), gridWidth * view.scale, gridHeight * view.scale);
  for (const region of data.regions) {
    const [x, y, w, h] = region.rect;
    pen.strokeRect(px(x), py(y), w * view.scale, h * view.scale);
  }
}

/** Text on a plate, so that it can be read on anything. Returns its width. */
function plate(text, x, y, color = themeColor('--text')) {
  const width = pen.measureText(text).width;
  pen.globalAlpha = 0.85;
  pen.fillStyle = themeColor('--back');
  pen.fillRect(x - 3, y - 13, width + 6, 17);
  pen.globalAlpha = 1;
  pen.fillStyle = color;
  pen.fillText(text, x, y);
  return width;
}

/** The stages (or regions without one) that have names. */
function namedRects() {
  const staged = new Set(data.stages.map((s) => s.region));
  return data.stages.map((s) => [s.name, s.rect]).concat(
    data.regions.filter((_, i) => !staged.has(i)).map((r) => [r.name, r.rect]));
}

function drawNames() {
  pen.font = '600 13px system-ui, sans-serif';
  for (const [name, [x, y, w, h]] of namedRects()) {
    // The visible part of the rectangle carries the name.
    const left = Math.max(px(x), 0), right = Math.min(px(x + w), view.width);
    const top = Math.max(py(y), 0), bottom = Math.min(py(y + h), view.height);
    const size = ` ${w} × ${h}`;
    const wide = pen.measureText(name + size).width;
    if (right - left < 8 || bottom - top < 12) {
      continue;
    }
    if (right - left > wide + 12) {
      plate(name + size, left + 6, top + 18);
    } else if (right - left > pen.measureText(name).width + 12) {
      plate(name, left + 6, top + 18);
    } else if (bottom - top > pen.measureText(name).width + 12 && right - left >= 14) {
      pen.save();
      pen.translate((left + right) / 2 + 5, Math.min(bottom, top + pen.measureText(name).width + 12) - 4);
      pen.rotate(-Math.PI / 2);
      plate(name, 0, 0);
      pen.restore();
    }
  }
}

/** Where one wafer ends and the next one begins. */
function drawBorders() {
  pen.fillStyle = themeColor('--back');
  for (let k = 1; k < machine.wafers; ++k) {
    pen.fillRect(px(k * gridWidth / machine.wafers) - 2, py(0), 4, gridHeight * view.scale);
  }
}

function drawPorts() {
  pen.font = '12px system-ui, sans-serif';
  data.ports.forEach((port, i) => {
    if (shown.hidden.has(port.color)) {
      return;
    }
    const [x, y] = port.at;
    // Ports of one row stand beside one another.
    const sameRow = data.ports.slice(0, i).filter((p) => p.at[0] === x && p.at[1] === y).length;
    const edge = port.west ? px(x) : px(x + 1);
    const out = port.west ? -1 : 1;
    const line = py(y) + Math.max(view.scale, 14) * (sameRow + 1) / 3;
    const ends = [edge + out * 26, edge + out * 3];
    arrow(port.input ? [[ends[0], line], [ends[1], line]] : [[ends[1], line], [ends[0], line]],
      fabricColor(port.color), 2);
    const text = `${port.name} (color ${port.color})`;
    if (view.scale > 12) {
      const width = pen.measureText(text).width;
      plate(text, port.west ? ends[0] - width - 6 : ends[0] + 6, line + 4);
    }
  });
}

/** A line along points with a head at its end. */
function arrow(points, color, width) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (shown.fill !== 'regions') {
    // A seam, so that no line drowns in a strong fill.
    pen.strokeStyle = themeColor('--back');
    pen.lineWidth = width + 2;
    pen.stroke();
  }
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = width;
  pen.stroke();
  head(points[points.length - 2], points[points.length - 1], 3 + 2 * width);
}
function head([ax, ay], [bx, by], size) {
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1e-6) {
    return;
  }
  const ux = (bx - ax) / length, uy = (by - ay) / length;
  pen.beginPath();
  pen.moveTo(bx, by);
  pen.lineTo(bx - ux * size - uy * size / 2, by - uy * size + ux * size / 2);
  pen.lineTo(bx - ux * size + uy * size / 2, by - uy * size - ux * size / 2);
  pen.fill();
}

function drawSelection() {
  const s = shown.selection;
  if (!s || s.kind === 'stream') {
    return;
  }
  const [x, y, w, h] = s.kind === 'core' ? [s.x, s.y, 1, 1] : data.regions[s.index].rect;
  pen.strokeStyle = themeColor('--accent');
  pen.lineWidth = 3;
  const grow = Math.max(0, 9 - view.scale * w) / 2;
  pen.strokeRect(px(x) - grow, py(y) - grow, w * view.scale + 2 * grow, h * view.scale + 2 * grow);
}
