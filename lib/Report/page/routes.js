// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams from afar, as arrows over the regions, and routes from near, as what
// each router does with each color.
//
// A core from near: colors run in lanes, horizontal ones in the upper part of
// the place and vertical ones in its left part, so that a lane meets its
// continuation in the next place. The box at the lower right is the core.
//
//   +--------------------+
//   | |  |       .       |
//   |-+--+-------+--> E  |
//   | |  |       v       |
//   | |  |     +------+  |
//   | v  |     | core |  |
//   +--------------------+
'use strict';

function isHighlighted(index) {
  return shown.selection?.kind === 'stream' && shown.selection.index === index;
}

function drawStreams() {
  const lanes = new Map();
  data.streams.forEach((stream, index) => {
    if (shown.hidden.has(stream.color)) {
      return;
    }
    pen.globalAlpha = shown.selection?.kind === 'stream' && !isHighlighted(index) ? 0.15 : 1;
    if (stream.rect) {
      const key = stream.axis + stream.to.join();
      lanes.set(key, (lanes.get(key) || 0) + 1);
      drawFamily(stream, index, lanes.get(key));
    } else {
      drawStream(stream, index);
    }
    pen.globalAlpha = 1;
  });
}

/** One line of a family stands for all of them. */
function drawFamily(family, index, lane) {
  const [x, y, w, h] = family.rect;
  const alongX = family.axis === 'x';
  const across = alongX ? h : w;
  // Lanes of the same region lie at different places across it.
  const line = Math.min(across - 1, Math.floor(across * ((lane * 0.1377) % 1)));
  const point = (i) => (alongX ? [px(x + i + 0.5), py(y + line + 0.5)]
    : [px(x + line + 0.5), py(y + i + 0.5)]);
  // What goes from one region to another is drawn stronger.
  const leaves = family.to.some((r) => !family.from.includes(r));
  const color = fabricColor(family.color), width = isHighlighted(index) ? 5 : leaves ? 3 : 1.75;
  const s = family.segments, shift = line * family.skew;
  let first = Infinity, last = -Infinity, forward = 0;
  for (let i = 0; i < s.length; i += 3) {
    const from = s[i] + shift, begin = s[i + 1] + shift, end = s[i + 2] + shift - 1;
    if ((end - begin + 1) * view.scale >= 14) {
      // A fan from its source to both ends.
      if (begin < from) {
        arrow([point(from), point(begin)], color, width);
      }
      if (end > from) {
        arrow([point(from), point(end)], color, width);
      }
      dot(point(from), color);
    } else {
      first = Math.min(first, from, begin);
      last = Math.max(last, from, end);
      forward += begin > from ? 1 : -1;
    }
  }
  if (last > first) {
    pen.setLineDash([5, 3]);
    const ends = forward > 0 ? [point(first), point(last)] : [point(last), point(first)];
    arrow(ends, color, width);
    pen.setLineDash([]);
  }
  label(family, index, [point(s[0] + shift), point(s[s.length - 1] - 1 + shift)]);
}

function label(stream, index, ends) {
  const [[ax, ay], [bx, by]] = ends;
  if (!isHighlighted(index) && (Math.hypot(bx - ax, by - ay) < 190 || stream.kind === 'chain')) {
    return;
  }
  const left = Math.max(0, Math.min(ax, bx)), right = Math.min(view.width, Math.max(ax, bx));
  const top = Math.max(0, Math.min(ay, by)), bottom = Math.min(view.height, Math.max(ay, by));
  if (left > right || top > bottom) {
    return; // out of view
  }
  pen.font = '11px system-ui, sans-serif';
  const text = `${stream.name} · color ${stream.color}`;
  const x = Math.min((left + right) / 2 + 4, view.width - pen.measureText(text).width - 6);
  plate(text, x, Math.min(Math.max((top + bottom) / 2 - 4, 14), view.height - 4), fabricColor(stream.color));
}

function dot([x, y], color) {
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(x, y, 3.5, 0, 2 * Math.PI);
  pen.fill();
}

function drawStream(stream, index) {
  if (stream.kind.startsWith('host')) {
    return; // the ports are drawn
  }
  const [sx, sy] = stream.source;
  const color = fabricColor(stream.color), width = isHighlighted(index) ? 4 : 2;
  const from = [px(sx + 0.5), py(sy + 0.5)];
  for (const [x, y, w, h] of stream.sinks) {
    // To the nearest core of the sinks, along the row first.
    const tx = Math.min(Math.max(sx, x), x + w - 1), ty = Math.min(Math.max(sy, y), y + h - 1);
    const to = [px(tx + 0.5), py(ty + 0.5)];
    arrow(sx === tx || sy === ty ? [from, to] : [from, [to[0], from[1]], to], color, width);
    label(stream, index, [from, to]);
  }
  dot(from, color);
}

//===--- From near ---------------------------------------------------------===//

const BOX = 0.70, BOX_END = 0.95;
/** The lane of a color: its place among the colors in use. */
function laneOf(color) {
  return 0.06 + 0.58 * (usedColors.indexOf(color) + 0.5) / usedColors.length;
}
function boxPlace(color) {
  return BOX + (BOX_END - BOX) * (usedColors.indexOf(color) + 0.5) / usedColors.length;
}

/** The way of a wavelet from one port to another, in parts of a place. */
function wayThrough(from, to, color) {
  const lane = laneOf(color), box = boxPlace(color);
  const horizontal = (p) => p === 0 || p === 1;
  const end = (p) => (p === 0 ? [0, lane] : p === 1 ? [1, lane] : p === 2 ? [lane, 1] : [lane, 0]);
  const atBox = (p) => (horizontal(p) ? [[box, lane], [box, BOX]] : [[lane, box], [BOX, box]]);
  if (from === RAMP && to === RAMP) {
    return [[box, BOX], [box, lane], [lane, lane], [lane, box], [BOX, box]];
  }
  if (to === RAMP) {
    return [end(from), ...atBox(from)];
  }
  if (from === RAMP) {
    return [...atBox(to).reverse(), end(to)];
  }
  return horizontal(from) === horizontal(to) ? [end(from), end(to)]
    : [end(from), [lane, lane], end(to)];
}

function drawRoutes() {
  const [x0, y0, x1, y1] = coresInView();
  const scale = view.scale, width = Math.max(1, Math.min(3, scale / 50));
  for (let y = y0; y < y1; ++y) {
    for (let x = x0; x < x1; ++x) {
      const routes = routesAt(x, y).filter((r) => !shown.hidden.has(r.color));
      const region = regionAt(x, y);
      if (region >= 0) {
        pen.fillStyle = themeColor('--back');
        pen.strokeStyle = themeColor('--soft');
        pen.lineWidth = 1;
        const box = (BOX_END - BOX) * scale;
        pen.fillRect(px(x) + BOX * scale, py(y) + BOX * scale, box, box);
        pen.strokeRect(px(x) + BOX * scale, py(y) + BOX * scale, box, box);
      }
      for (const route of routes) {
        drawRoute(route, x, y, width);
      }
      if (scale >= TEXT_SCALE) {
        drawCoreText(x, y, routes);
      }
    }
  }
}

function drawRoute(route, x, y, width) {
  const { positions, current } = route.config;
  const color = fabricColor(route.color);
  positions.forEach(([rx, tx], p) => {
    // Positions that a switch can come to are dashed.
    pen.setLineDash(p === current ? [] : [3, 3]);
    for (let from = 0; from <= RAMP; ++from) {
      for (let to = 0; to <= RAMP; ++to) {
        if (rx >> from & 1 && tx >> to & 1) {
          arrow(wayThrough(from, to, route.color)
            .map(([fx, fy]) => [px(x + fx), py(y + fy)]), color, width);
        }
      }
    }
  });
  pen.setLineDash([]);
}

/** The place of a core and the colors of its lanes. */
function drawCoreText(x, y, routes) {
  const size = Math.min(13, view.scale / 11);
  pen.font = `${size}px system-ui, sans-serif`;
  pen.fillStyle = themeColor('--text');
  const place = `${x},${y}`, width = pen.measureText(place).width;
  // Beside the box of the core; inside it where it fits.
  const fits = width + 4 < (BOX_END - BOX) * view.scale;
  pen.fillText(place, fits ? px(x + (BOX + BOX_END) / 2) - width / 2 : px(x + BOX_END) - width,
    fits ? py(y + (BOX + BOX_END) / 2) + size / 3 : py(y + 0.995));
  if (view.scale < 1.6 * TEXT_SCALE) {
    return;
  }
  for (const { color, config } of routes) {
    const [rx, tx] = config.positions[config.current];
    const lane = laneOf(color);
    pen.fillStyle = fabricColor(color);
    // At the west and north sides only: the other two are a neighbour's.
    if ((rx | tx) & 1) {
      pen.fillText(String(color), px(x + 0.03), py(y + lane) - 2);
    } else if ((rx | tx) & 8) {
      pen.fillText(String(color), px(x + lane) + 2, py(y + 0.1));
    }
  }
}
