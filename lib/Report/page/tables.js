// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tables below the map.
'use strict';

function select(selection) {
  shown.selection = selection;
  showDetails();
  requestDraw();
  writeHash();
}
function pickRegion(index) {
  select({ kind: 'region', index });
  fitRect(data.regions[index].rect);
  document.getElementById('map-box').scrollIntoView({ block: 'nearest' });
}

function stagesTable() {
  const reports = data.report.stages || [];
  const rows = data.stages.map((s, i) => {
    const role = data.roles[data.regions[s.region].role];
    const name = machine.wafers > 1 ? `${s.name} (wafer ${s.wafer})` : s.name;
    return [name, rectText(s.rect), show(s.rect[2] * s.rect[3]),
      s.layers ? `${s.first_layer}–${s.first_layer + s.layers - 1}` : '–', role.name,
      show(role.sram.total), show(role.code_bytes), show(reports[i]?.colors_max ?? 0), show(role.queues.length)];
  });
  return table(['stage', 'rectangle', 'cores', 'layers', 'role', 'SRAM bytes', 'code bytes', 'colors', 'queues'],
    rows, [2, 5, 6, 7, 8], { caption: 'Stages', onPick: (r) => pickRegion(data.stages[r].region) });
}

/** What goes from wafer to wafer; nothing where there is one. */
function crossingsTable() {
  const crossings = data.report.crossings || [];
  if (!crossings.length) {
    return null;
  }
  const rows = crossings.map((c) => [`${c.from} to ${c.to}`, `${c.layers_before}`, show(c.channels), show(c.words_per_token)]);
  const cost = show(data.report.crossing_cycles_per_token), fast = data.report.crossing_cycles_per_token_network;
  const caption = `Crossings: ${cost} cycles a token${fast ? `, ${show(fast)} with the latency of the network alone` : ''}`;
  return table(['wafers', 'layers before', 'channels', 'words a token'], rows, [1, 2, 3], { caption });
}

function rolesTable() {
  const rows = data.roles.map((role, i) => {
    const cores = data.regions.filter((r) => r.role === i).reduce((n, r) => n + r.rect[2] * r.rect[3], 0);
    return [role.name, show(cores), show(role.code.length), show(role.tasks.length), show(role.params.length * 2),
      show(role.queues.filter((q) => q[0]).length), show(role.queues.filter((q) => !q[0]).length)];
  });
  return table(['role', 'cores', 'instructions', 'tasks', 'parameter bytes', 'input queues', 'output queues'],
    rows, [1, 2, 3, 4, 5, 6], { caption: 'Roles' });
}

function sramTable() {
  const kinds = SRAM_KINDS.filter((kind) => data.roles.some((r) => r.sram[kind] > 0));
  const rows = data.roles.map((role) => [role.name, ...kinds.map((kind) => show(role.sram[kind])),
    show(role.sram.total), `${(100 * role.sram.total / machine.sram_bytes).toFixed(1)} %`, sramBar(sramParts(role))]);
  return table(['role', ...kinds, 'total', 'of SRAM', ''], rows,
    Array.from({ length: kinds.length + 2 }, (_, i) => i + 1), { caption: 'SRAM of a core, in bytes' });
}

function streamsTable() {
  const names = (list) => list.map((r) => data.regions[r].name).join(', ') || 'host';
  const rows = data.streams.map((s) => [s.name, colorText(s.color), s.kind, names(s.from), names(s.to),
    s.rect ? s.axis : '–', show(s.lines), show(s.senders), show(s.receivers), show(s.hops)]);
  return table(['stream', 'color', 'kind', 'from', 'to', 'axis', 'lines', 'senders a line', 'receivers of one', 'hops'],
    rows, [6, 7, 8, 9], { caption: 'Collectives, transfers and host streams', onPick: (r) => {
      select({ kind: 'stream', index: r });
      const [first] = data.streams[r].from.concat(data.streams[r].to);
      fitRect(data.streams[r].rect || (first === undefined ? programRect() : data.regions[first].rect));
      document.getElementById('map-box').scrollIntoView({ block: 'nearest' });
    } });
}

function colorsTable() {
  const use = data.color_use;
  const rows = [];
  for (let color = 0; color < machine.colors; ++color) {
    const rules = data.rules.filter((r) => r.color === color).length;
    if (rules) {
      rows.push([colorText(color), show(rules), show(data.streams.filter((s) => s.color === color).length),
        use ? show(use.routers[color]) : '–']);
    }
  }
  const reserved = Array.from({ length: machine.colors }, (_, c) => c)
    .filter((c) => machine.reserved_colors >>> c & 1);
  const note = use ? `${rows.length} colors in use; these routes need at least ${use.router_max}: that many meet in the router of core ${use.router_max_at.join(',')}. `
    : `${rows.length} colors in use. `;
  return [table(['color', 'rules', 'streams', 'routers'], rows, [1, 2, 3], { caption: 'Colors' }),
    el('p', { class: 'note' }, note + `The machine has ${machine.colors}` +
      (reserved.length ? `, of which ${reserved.join(', ')} belong to the system.` : '.'))];
}

const ACTIVITIES = ['vector-step', 'bank-conflict', 'scalar', 'start', 'send-pause', 'wait-words', 'back-pressure', 'idle'];
function accountBar(cycles, total) {
  const bar = el('div', { class: 'bar' });
  ACTIVITIES.forEach((name, i) => {
    const part = el('i', { title: `${name}: ${show(cycles[name] || 0)}` });
    part.style.width = `${100 * (cycles[name] || 0) / (total || 1)}%`;
    part.style.background = i < 5 ? `hsl(${i * 47} 60% ${isDark() ? 52 : 58}%)` : `hsl(0 0% ${isDark() ? 28 + 9 * (i - 5) : 72 + 8 * (i - 5)}%)`;
    bar.append(part);
  });
  return bar;
}
function accountTable() {
  const run = data.run;
  const rows = run.regions.map((region) => {
    const total = ACTIVITIES.reduce((n, name) => n + (region.core_cycles[name] || 0), 0);
    return [region.name, show(region.cores), ...ACTIVITIES.map((name) =>
      `${(100 * (region.core_cycles[name] || 0) / (total || 1)).toFixed(2)} %`), accountBar(region.core_cycles, total)];
  });
  const perToken = run.cycles_per_token ? `, ${show(run.cycles_per_token)} a token` : '';
  return [table(['region', 'cores', ...ACTIVITIES, ''], rows, Array.from({ length: 9 }, (_, i) => i + 1),
    { caption: 'Cycle account: what the cores did' }),
  el('p', { class: 'note' }, `${show(run.cycles)} cycles${perToken}; parameter set '${run.params}', ${run.engine} engine.`)];
}

function showTables() {
  const half = [data.stages.length ? stagesTable() : null, crossingsTable(), rolesTable()].filter(Boolean);
  const wide = [data.run ? accountTable() : null, sramTable(), streamsTable(), colorsTable()].filter(Boolean);
  document.getElementById('tables').replaceChildren(...half.map((s) => el('section', {}, s)),
    ...wide.map((s) => el('section', { class: 'wide' }, s)));
}
