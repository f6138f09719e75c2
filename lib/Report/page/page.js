// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts the page: controls, keys, the address. The address keeps the view
// (#core=3,4&fill=colors&scale=60&at=10,12), so that it can be handed on.
'use strict';

const byId = (id) => document.getElementById(id);

window.addEventListener('error', (e) => {
  byId('error').hidden = false;
  byId('error').textContent = `the page failed: ${e.message}`;
});

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeColors.clear();
  showColors();
  showTables();
  showDetails();
  showLegend();
  requestDraw();
}

function showFacts() {
  const report = data.report;
  byId('title').textContent = data.title;
  document.title = `${data.title} – wsec report`;
  const cores = data.regions.reduce((n, r) => n + r.rect[2] * r.rect[3], 0);
  const pairs = [
    ['machine', `${machine.name}, ${show(gridWidth)} × ${show(gridHeight)} cores`
      + (machine.wafers > 1 ? ` on ${machine.wafers} wafers` : '')],
    ['used', `${show(cores)} cores (${(100 * cores / (gridWidth * gridHeight)).toFixed(1)} %)`],
    ['roles', show(data.roles.length)], ['rules', show(data.rules.length)],
    ['parameters', data.params || '–']];
  if (typeof data.model.name === 'string') {
    pairs.unshift(['model', data.model.name]);
  }
  if (typeof report.predicted_cycles_per_token === 'number') {
    const cycles = report.predicted_cycles_per_token;
    pairs.push(['predicted', `${show(Math.round(cycles))} cycles a token, ${show(Math.round(machine.clock_hz / cycles))} tokens/s`]);
  }
  if (data.run && data.run.cycles_per_token) {
    pairs.push(['run', `${show(data.run.cycles_per_token)} cycles a token`]);
  }
  byId('facts').replaceChildren(...pairs.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

function showColors() {
  const chips = usedColors.map((color) => {
    const mark = el('i');
    mark.style.background = fabricColor(color);
    const chip = el('button', { type: 'button', class: 'chip', 'aria-pressed': String(!shown.hidden.has(color)),
      'aria-label': `color ${color}` }, mark, String(color));
    chip.addEventListener('click', () => {
      if (!shown.hidden.delete(color)) {
        shown.hidden.add(color);
      }
      chip.setAttribute('aria-pressed', String(!shown.hidden.has(color)));
      requestDraw();
    });
    return chip;
  });
  const all = (hide) => el('button', { type: 'button', click: () => {
    shown.hidden = new Set(hide ? usedColors : []);
    showColors();
    requestDraw();
  } }, hide ? 'none' : 'all');
  byId('colors').replaceChildren(el('legend', {}, 'Colors'), ...chips, all(false), all(true));
}

function showLegend() {
  const legend = byId('legend');
  if (shown.fill === 'regions') {
    legend.replaceChildren();
    return;
  }
  const { title, unit, top } = MEASURES[shown.fill];
  const { max } = measure(shown.fill);
  const end = top ? top() : max;
  const bar = el('b');
  bar.style.background = `linear-gradient(90deg, rgb(${heat(0)}), rgb(${heat(1)}))`;
  legend.replaceChildren(`${title} (at most ${show(max)} ${unit})`, bar,
    el('span', {}, el('small', {}, '0'), el('small', {}, show(end))));
}

function statusText(core) {
  if (!core) {
    return ' ';
  }
  const index = regionAt(core.x, core.y);
  const place = `core ${core.x},${core.y}`;
  let text = index < 0 ? `${place}: no program` : `${place}: ${data.regions[index].name}, role ${data.roles[data.regions[index].role].name}`;
  if (shown.fill !== 'regions') {
    const value = measure(shown.fill).values[core.y * gridWidth + core.x];
    text += value >= 0 ? `; ${MEASURES[shown.fill].title}: ${show(value)} ${MEASURES[shown.fill].unit}` : '';
  }
  const colors = [...new Set(routesAt(core.x, core.y).map((r) => r.color))];
  return colors.length ? `${text}; routes of ${colors.length === 1 ? 'color' : 'colors'} ${colors.join(', ')}` : text;
}

function setFill(name) {
  shown.fill = name;
  byId('fill').value = name;
  showLegend();
  requestDraw();
}

//===--- Address -----------------------------------------------------------===//

function writeHash() {
  const parts = [`at=${view.x.toFixed(2)},${view.y.toFixed(2)}`, `scale=${view.scale.toFixed(3)}`];
  const s = shown.selection;
  if (s) {
    parts.unshift(s.kind === 'core' ? `core=${s.x},${s.y}` : `${s.kind}=${s.index}`);
  }
  if (shown.fill !== 'regions') {
    parts.push(`fill=${shown.fill}`);
  }
  history.replaceState(null, '', `#${parts.join('&')}`);
}

function readHash() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const pair = (name) => {
    const [x, y] = (wanted.get(name) || '').split(',').map(Number);
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  };
  const core = pair('core'), at = pair('at'), scale = Number(wanted.get('scale'));
  if (wanted.get('fill') in MEASURES) {
    setFill(wanted.get('fill'));
  }
  if (core && coreExists(...core)) {
    select({ kind: 'core', x: core[0], y: core[1] });
    comeTo(...core);
  }
  for (const kind of ['region', 'stream']) {
    const index = Number(wanted.get(kind) ?? NaN);
    if (data[`${kind}s`][index]) {
      select({ kind, index });
    }
  }
  if (at && scale > 0) {
    [view.x, view.y] = at;
    view.scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
    requestDraw();
  }
}
function coreExists(x, y) {
  return Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < gridWidth && y < gridHeight;
}

//===--- Controls ----------------------------------------------------------===//

function connectTools() {
  byId('fill').append(el('option', { value: 'regions' }, 'stages'),
    ...Object.entries(MEASURES).map(([name, m]) => el('option', { value: name }, m.title)));
  byId('fill').addEventListener('change', () => {
    setFill(byId('fill').value);
    writeHash();
  });
  for (const name of ['streams', 'routes', 'names', 'ports']) {
    const box = byId(`show-${name}`);
    box.addEventListener('change', () => {
      shown[name] = box.checked;
      requestDraw();
    });
  }
  const zoom = (factor) => () => zoomAt(factor, view.width / 2, view.height / 2);
  byId('zoom-in').addEventListener('click', zoom(1.6));
  byId('zoom-out').addEventListener('click', zoom(1 / 1.6));
  byId('fit-program').addEventListener('click', () => fitRect(programRect()));
  byId('fit-wafer').addEventListener('click', () => fitRect([0, 0, gridWidth, gridHeight]));
  byId('tools').addEventListener('submit', (e) => e.preventDefault());
  byId('goto').addEventListener('change', () => {
    const core = byId('goto').value.split(',').map(Number);
    if (coreExists(...core)) {
      select({ kind: 'core', x: core[0], y: core[1] });
      comeTo(...core);
    } else {
      byId('status').textContent = `no such core; expected 0,0 to ${gridWidth - 1},${gridHeight - 1}`;
    }
  });
  byId('theme').addEventListener('click', () => setTheme(isDark() ? 'light' : 'dark'));
}

function connectPointer() {
  let held = null;
  canvas.addEventListener('pointerdown', (e) => {
    held = { x: e.offsetX, y: e.offsetY, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener('pointermove', (e) => {
    if (!held) {
      byId('status').textContent = statusText(coreAt(e.offsetX, e.offsetY));
      return;
    }
    if (held.moved || Math.hypot(e.offsetX - held.x, e.offsetY - held.y) > 3) {
      view.x -= (e.offsetX - held.x) / view.scale;
      view.y -= (e.offsetY - held.y) / view.scale;
      held = { x: e.offsetX, y: e.offsetY, moved: true };
      requestDraw();
    }
  });
  canvas.addEventListener('pointerup', (e) => {
    if (held && !held.moved) {
      pick(coreAt(e.offsetX, e.offsetY));
    } else {
      writeHash();
    }
    held = null;
  });
  canvas.addEventListener('pointercancel', () => { held = null; });
  canvas.addEventListener('wheel', (e) => {
    e.preventDefault();
    zoomAt(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0015)), e.offsetX, e.offsetY);
  }, { passive: false });
  canvas.addEventListener('dblclick', (e) => {
    const core = coreAt(e.offsetX, e.offsetY);
    if (core) {
      select({ kind: 'core', ...core });
      comeTo(core.x, core.y);
    }
  });
}

/** Cores where they can be told apart, else the region. */
function pick(core) {
  const index = core ? regionAt(core.x, core.y) : -1;
  if (core && (view.scale >= GRID_SCALE || (shown.selection?.kind === 'region' && shown.selection.index === index))) {
    select({ kind: 'core', ...core });
  } else {
    select(index >= 0 ? { kind: 'region', index } : null);
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function moveBy([dx, dy], s) {
  if (s?.kind !== 'core') {
    view.x += dx * view.width / view.scale / 8;
    view.y += dy * view.height / view.scale / 8;
    requestDraw();
    return;
  }
  const x = s.x + dx, y = s.y + dy;
  if (coreExists(x, y)) {
    // The view follows when the selection would leave it.
    const [x0, y0, x1, y1] = coresInView();
    view.x += x < x0 + 1 || x >= x1 - 1 ? dx : 0;
    view.y += y < y0 + 1 || y >= y1 - 1 ? dy : 0;
    select({ kind: 'core', x, y });
    byId('status').textContent = statusText({ x, y });
  }
}
function connectKeys() {
  canvas.addEventListener('keydown', (e) => {
    const s = shown.selection;
    const actions = {
      '+': () => zoomAt(1.4, view.width / 2, view.height / 2),
      '=': () => zoomAt(1.4, view.width / 2, view.height / 2),
      '-': () => zoomAt(1 / 1.4, view.width / 2, view.height / 2),
      0: () => fitRect(programRect()),
      w: () => fitRect([0, 0, gridWidth, gridHeight]),
      Escape: () => select(null),
      Enter: () => {
        const core = s?.kind === 'core' ? s : coreAt(view.width / 2, view.height / 2);
        if (core) {
          select({ kind: 'core', x: core.x, y: core.y });
          comeTo(core.x, core.y);
        }
      },
    };
    if (e.ctrlKey || e.metaKey || e.altKey) {
      return;
    }
    const action = e.key in ARROWS ? () => moveBy(ARROWS[e.key], s) : actions[e.key];
    if (action) {
      e.preventDefault();
      action();
      writeHash();
    }
  });
}

function start() {
  showFacts();
  connectTools();
  connectPointer();
  connectKeys();
  resize();
  const preference = window.matchMedia('(prefers-color-scheme: dark)');
  setTheme(preference.matches ? 'dark' : 'light');
  preference.addEventListener('change', () => setTheme(preference.matches ? 'dark' : 'light'));
  fitRect(programRect());
  readHash();
  new ResizeObserver(resize).observe(byId('canvas-box'));
  draw();
  // For tests: how long it took, and that nothing failed on the way.
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}
start();
