// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is known about the selection, beside the map. Texts of the image enter
// the page as text nodes only.
'use strict';

/** An element with attributes (functions are listeners) and children. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name, value);
    } else if (value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return element;
}
function swatch(color) {
  const mark = el('i', { class: 'swatch' });
  mark.style.background = fabricColor(color);
  return mark;
}
function colorText(color) {
  return el('span', { class: 'color' }, swatch(color), `color ${color}`);
}
function facts(pairs) {
  return el('dl', {}, pairs.map(([name, value]) => el('div', { style: 'display:flex;gap:.5rem' },
    el('dt', {}, name), el('dd', {}, value))));
}
function rectText([x, y, w, h]) {
  return `${show(w)} × ${show(h)} at ${x},${y}`;
}

const SRAM_KINDS = ['weights', 'state', 'params', 'scratch', 'gaps', 'code', 'system'];
function sramColor(kind) {
  const hue = { weights: 212, state: 268, params: 42, scratch: 150, gaps: 0, code: 18, system: 0 }[kind];
  const gray = kind === 'gaps' || kind === 'system';
  return `hsl(${hue} ${gray ? 0 : 55}% ${isDark() ? 48 : kind === 'gaps' ? 84 : 60}%)`;
}

/** A bar of the core's SRAM: parts are [kind, bytes, text]. */
function sramBar(parts) {
  const bar = el('div', { class: 'bar', role: 'img',
    'aria-label': parts.map(([kind, bytes]) => `${kind} ${bytes} bytes`).join(', ') });
  for (const [kind, bytes, text] of parts) {
    const part = el('i', { title: text || `${kind}: ${show(bytes)} bytes` });
    part.style.width = `${100 * bytes / machine.sram_bytes}%`;
    part.style.background = sramColor(kind);
    bar.append(part);
  }
  return bar;
}
function sramParts(role) {
  return SRAM_KINDS.map((kind) => [kind, role.sram[kind]]).filter(([, bytes]) => bytes > 0);
}

/** The buffers where they lie, with the code at the top. */
function sramMap(role) {
  const rows = role.buffers.slice().sort((a, b) => a[2] - b[2] || a[3] - b[3])
    .map(([name, kind, offset, bytes]) => {
      const mark = el('i', { class: 'swatch' });
      mark.style.background = sramColor(kind);
      return [show(offset), show(bytes), el('span', {}, mark, name), kind];
    });
  const end = machine.sram_bytes - machine.system_bytes - machine.task_table_bytes;
  rows.push([show(end - role.code_bytes), show(role.code_bytes), '(code)', 'code']);
  rows.push([show(end), show(machine.system_bytes + machine.task_table_bytes), '(system, task table)', 'system']);
  return table(['byte', 'bytes', 'buffer', 'kind'], rows, [0, 1]);
}

/** A table; `numbers` are the columns to align right; onPick(row index). */
function table(heads, rows, numbers = [], options = {}) {
  const side = (i) => (numbers.includes(i) ? 'number' : null);
  const body = rows.map((cells, r) => {
    const row = el('tr', {}, cells.map((cell, i) => el('td', { class: side(i) }, cell)));
    if (options.onPick) {
      const pick = () => options.onPick(r);
      row.className = 'pick';
      row.tabIndex = 0;
      row.addEventListener('click', pick);
      row.addEventListener('keydown', (e) => e.key === 'Enter' && pick());
    }
    return row;
  });
  return el('table', {}, options.caption ? el('caption', {}, options.caption) : null,
    el('thead', {}, el('tr', {}, heads.map((h, i) => el('th', { class: side(i), scope: 'col' }, h)))),
    el('tbody', {}, body));
}

function tasksTable(role) {
  const rows = role.tasks.map((t) => [t.name,
    t.kind === 'data' ? `data, queue ${t.binding}` : t.kind === 'control' ? `control, entry ${t.binding}` : 'local',
    String(t.entry), [t.active ? 'active' : '', t.blocked ? 'blocked' : ''].filter(Boolean).join(', ')]);
  return table(['task', 'started by', 'instruction', 'at start'], rows, [2]);
}

function codeBlock(role) {
  const labels = new Map();
  for (const [index, name] of role.labels) {
    labels.set(index, [...(labels.get(index) || []), name]);
  }
  const list = el('pre', { tabindex: 0 });
  role.code.forEach((text, i) => {
    for (const name of labels.get(i) || []) {
      list.append(el('b', {}, `${name}:\n`));
    }
    list.append(`${String(i).padStart(5)}  ${text}\n`);
  });
  return el('details', {}, el('summary', {}, `Code (${role.code.length} instructions)`), list);
}

/** How the color of a queue depends on the place. */
function bindingText(region, [kind, value]) {
  const name = (c) => (c === UNBOUND ? 'unused' : `color ${c}`);
  if (kind === 0) {
    return name(value);
  }
  const all = [...new Set((kind === 1 ? region.rows : region.columns)[value])];
  return `${all.map(name).join(', ')} by ${kind === 1 ? 'row' : 'column'}`;
}

function regionDetails(index) {
  const region = data.regions[index], role = data.roles[region.role];
  const stages = data.stages.filter((s) => s.region === index);
  const queues = role.queues.map(([input, queue, ...source]) => [input ? 'input' : 'output', String(queue),
    bindingText(region, source)]);
  const tensors = data.tensors.filter((t) => t.region === index)
    .map((t) => [t.name, t.kind, t.type, t.shape.join(' × ')]);
  const streams = data.streams.map((s, i) => [s, i]).filter(([s]) => s.from.includes(index) || s.to.includes(index));
  return [el('h2', {}, region.name), facts([
    ['rectangle', rectText(region.rect)],
    ['cores', show(region.rect[2] * region.rect[3])],
    ['role', role.name],
    ...stages.map((s) => [`stage ${s.name}`, s.layers ? `layers ${s.first_layer} to ${s.first_layer + s.layers - 1}` : 'no layers']),
    ['SRAM', `${show(role.sram.total)} of ${show(machine.sram_bytes)} bytes a core`]]),
  sramBar(sramParts(role)),
  el('h3', {}, 'Tasks'), tasksTable(role),
  el('h3', {}, 'Queues'), table(['', 'queue', 'color'], queues),
  el('h3', {}, 'Streams'), table(['stream', 'color', 'kind'], streams.map(([s]) => [s.name, colorText(s.color), s.kind]),
    [], { onPick: (r) => select({ kind: 'stream', index: streams[r][1] }) }),
  el('h3', {}, 'Tensors'), table(['tensor', 'kind', 'type', 'shape'], tensors),
  el('h3', {}, 'SRAM of a core'), sramMap(role),
  el('h3', {}, 'Code'), codeBlock(role)];
}

function streamDetails(index) {
  const s = data.streams[index];
  const names = (list) => list.map((r) => data.regions[r].name).join(', ') || 'the host';
  return [el('h2', {}, s.name), facts([
    ['color', colorText(s.color)], ['kind', s.kind], ['from', names(s.from)], ['to', names(s.to)],
    ['senders', `${show(s.senders)} on each of ${show(s.lines)} ${s.axis === 'y' ? 'columns' : 'rows'}`],
    ['receivers of one', show(s.receivers)], ['hops to the farthest', show(s.hops)],
    s.rect ? ['rectangle', rectText(s.rect)] : ['source', s.source.join(',')]])];
}

/** The parameters in which cores of the role differ, as this core has them. */
function ownParams(region, role, x, y) {
  const names = role.param_labels;
  const rows = [];
  role.params.forEach((source, i) => {
    if (source[0] !== 0) {
      let l = names.length - 1;
      while (l >= 0 && names[l][0] > i) {
        --l;
      }
      const name = l < 0 ? '' : names[l][1] + (names[l][0] < i ? ` + ${2 * (i - names[l][0])}` : '');
      rows.push([String(role.param_offset + 2 * i), name, String(sourceAt(region, source, x, y)),
        source[0] === 1 ? 'row' : 'column']);
    }
  });
  return rows;
}

function coreDetails(x, y) {
  const index = regionAt(x, y);
  const routes = routesAt(x, y).map((r) => [colorText(r.color), r.rule.name,
    r.config.positions.map((p, i) => (r.config.positions.length > 1 ? `${i === r.config.current ? '▸' : ' '}${i}: ` : '') + routeText(p)).join('; ')]);
  const routeTable = [el('h3', {}, `Routes (${routes.length} of ${machine.colors} colors)`),
    table(['color', 'rule', 'route'], routes)];
  if (index < 0) {
    return [el('h2', {}, `Core ${x},${y}`), el('p', { class: 'note' }, 'no region, no program'), ...routeTable];
  }
  const region = data.regions[index], role = data.roles[region.role];
  const queues = role.queues.map(([input, queue, ...source]) => {
    const color = sourceAt(region, source, x, y);
    const spec = input ? machine.input_queues : machine.output_queues;
    return [input ? 'input' : 'output', String(queue), color === UNBOUND ? 'unused' : colorText(color), String(spec.depths[queue] ?? '')];
  });
  const slices = data.tensors.filter((t) => t.region === index).map((t) => [t, sliceAt(t, x, y)])
    .filter(([, slice]) => slice)
    .map(([t, slice]) => [t.name, slice.map(([b, e]) => `${b}..${e}`).join(' × '),
      show(slice.reduce((n, [b, e]) => n * (e - b), t.bytes))]);
  return [el('h2', {}, `Core ${x},${y}`), facts([
    ['region', region.name], ['role', role.name],
    ['place in it', `column ${x - region.rect[0]}, row ${y - region.rect[1]}`],
    ['SRAM', `${show(role.sram.total)} of ${show(machine.sram_bytes)} bytes`]]),
  sramBar(sramParts(role)),
  ...routeTable,
  el('h3', {}, 'Queues'), table(['', 'queue', 'color', 'depth'], queues, [3]),
  el('h3', {}, 'Tasks'), tasksTable(role),
  el('h3', {}, 'Parameters of its own'), table(['byte', 'name', 'value', 'by'], ownParams(region, role, x, y), [0, 2]),
  el('h3', {}, 'Tensors'), table(['tensor', 'elements', 'bytes'], slices, [2]),
  el('h3', {}, 'SRAM map'), sramMap(role),
  el('h3', {}, 'Code'), codeBlock(role)];
}

function showDetails() {
  const s = shown.selection;
  const parts = !s ? [el('h2', {}, 'Nothing selected'),
    el('p', { class: 'note' }, 'Click a stage, a core or a row of a table.')]
    : s.kind === 'core' ? coreDetails(s.x, s.y)
      : s.kind === 'region' ? regionDetails(s.index) : streamDetails(s.index);
  document.getElementById('details').replaceChildren(...parts);
}
