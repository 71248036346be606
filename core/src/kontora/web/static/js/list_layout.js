// Columns are moved and widened, tabs of views are put in order, a kind of view is kept: for this user.
import { csrf, on } from './dom.js';

const area = () => document.querySelector('[data-list-area]');
const STEP = 16;

function keep(pairs, url = area()?.dataset.layout) {
  if (!url) return Promise.resolve();
  const body = new URLSearchParams([['csrf_token', csrf], ...pairs]);
  return fetch(url, { method: 'POST', headers: { 'X-Part': 'layout' }, body, keepalive: true }).catch(() => {});
}

const heads = () => [...document.querySelectorAll('[data-list] thead [data-column]')];

function shift(table, from, to) {
  for (const row of table.rows) {
    const cells = [...row.cells];
    if (cells.length <= Math.max(from, to)) continue;
    if (from < to) cells[to].after(cells[from]);
    else cells[to].before(cells[from]);
  }
}

/** Move a column to where another stands; the first column, the name, stays where it is. */
function moveColumn(head, target) {
  if (!head || !target || head === target || target === heads()[0] || head === heads()[0]) return;
  shift(head.closest('table'), head.cellIndex, target.cellIndex);
  const names = heads().map((each) => each.dataset.column);
  if (area()?.dataset.columnsOfView === 'true') {
    const url = new URL(location.href);
    url.searchParams.set('shown', names.join(','));
    const columns = new URLSearchParams([['csrf_token', csrf], ...names.map((name) => ['columns', name])]);
    fetch(`${area().dataset.base}/columns`, { method: 'POST', body: columns }).then((answer) => { if (answer.redirected) location.assign(answer.url); }).catch(() => {});
    return;
  }
  keep(names.map((name) => ['columns', name]));
}

function setWidth(head, steps) {
  const bounded = Math.min(Math.max(steps, 4), 40);
  const at = head.cellIndex;
  for (const row of head.closest('table').rows) {
    const cell = row.cells[at];
    if (!cell || row.cells.length < 3) continue;
    cell.className = cell.className.replace(/\bk-w(-\d+)?\b/g, '').trim();
    cell.classList.add('k-w', `k-w-${bounded}`);
  }
  return bounded;
}

on('pointerdown', '[data-resize]', (event, handle) => {
  event.preventDefault();
  const head = handle.closest('th');
  const begin = event.clientX;
  const width = head.offsetWidth;
  let steps = 0;
  const follow = (moved) => { steps = setWidth(head, Math.round((width + moved.clientX - begin) / STEP)); };
  const end = () => {
    removeEventListener('pointermove', follow);
    removeEventListener('pointerup', end);
    if (steps) keep([[`width.${head.dataset.column}`, String(steps)]]);
  };
  addEventListener('pointermove', follow);
  addEventListener('pointerup', end);
});
on('dblclick', '[data-resize]', (_event, handle) => {
  const head = handle.closest('th');
  keep([[`width.${head.dataset.column}`, '0']]).then(() => location.reload());
});

// By mouse: drag a heading onto another one. By keyboard: Alt and an arrow; with Shift it is widened.
let dragged = null;
function draggable() {
  heads().slice(1).forEach((each) => { each.draggable = Boolean(area()); });
}
draggable();
on('dragstart', 'thead [data-column]', (event, head) => {
  if (event.target.closest('[data-resize]')) { event.preventDefault(); return; }
  dragged = head;
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', head.textContent);
});
on('dragover', 'thead [data-column]', (event, head) => {
  if (!dragged?.dataset.column || head === heads()[0]) return;
  event.preventDefault();
  heads().forEach((each) => each.classList.toggle('is-target', each === head && head !== dragged));
});
on('drop', 'thead [data-column]', (event, head) => {
  if (!dragged?.dataset.column) return;
  event.preventDefault();
  moveColumn(dragged, head);
});
document.addEventListener('dragend', () => {
  heads().forEach((each) => each.classList.remove('is-target'));
  dragged = null;
});
on('keydown', 'thead [data-column]', (event, head) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!event.altKey || !step || !area()) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.shiftKey) {
    keep([[`width.${head.dataset.column}`, String(setWidth(head, Math.round(head.offsetWidth / STEP) + step))]]);
    return;
  }
  moveColumn(head, heads()[heads().indexOf(head) + step]);
  head.querySelector('a')?.focus();
});

// Tabs of saved views, by mouse or by Alt and an arrow.
const tabs = () => [...document.querySelectorAll('[data-view-key]')];
function moveTab(tab, target) {
  if (!target || tab === target) return;
  const list = tabs();
  if (list.indexOf(tab) < list.indexOf(target)) target.after(tab);
  else target.before(tab);
  keep(tabs().map((each) => ['order', each.dataset.viewKey]), `${location.pathname}/layout`);
}
on('dragstart', '[data-view-key]', (event, tab) => { dragged = tab; event.dataTransfer.effectAllowed = 'move'; });
on('dragover', '[data-view-key]', (event) => { if (dragged?.dataset.viewKey) event.preventDefault(); });
on('drop', '[data-view-key]', (event, tab) => {
  if (!dragged?.dataset.viewKey) return;
  event.preventDefault();
  moveTab(dragged, tab);
});
on('keydown', '[data-view-key]', (event, tab) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!event.altKey || !step) return;
  event.preventDefault();
  moveTab(tab, tabs()[tabs().indexOf(tab) + step]);
  tab.focus();
});
on('click', '[data-view-move]', (_event, button) => {
  const tab = tabs().find((each) => each.hasAttribute('aria-current'));
  moveTab(tab, tabs()[tabs().indexOf(tab) + Number(button.dataset.viewMove)]);
});

on('click', '[data-kind]', (_event, link) => { keep([['kind', link.dataset.kind]], `${location.pathname}/layout`); });
