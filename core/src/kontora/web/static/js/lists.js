// Lists: open by click or Enter, walk with J and K or the arrows, select with X, act on the selection.
import { everywhere, on, typing } from './dom.js';

export const rows = () => [...document.querySelectorAll('[data-list] [data-row-id]')].filter((each) => each.offsetParent);
export const cursor = () => document.querySelector('[data-list] [data-row-id].is-cursor');
const boxes = (form) => [...document.querySelectorAll(`[data-select][form="${form.id}"]`)];
const bar = (box) => document.getElementById(box.getAttribute('form') ?? box.dataset.selectAll);
let last = null;

function refresh(form, all = false) {
  const list = boxes(form);
  const chosen = list.filter((each) => each.checked);
  const button = form.querySelector('[data-bulk-all]');
  form.hidden = chosen.length === 0;
  form.querySelector('[data-bulk-all-value]').value = all ? '1' : '';
  form.querySelector('[data-bulk-count]').textContent = all ? button.dataset.bulkAll : String(chosen.length);
  if (button) button.hidden = all || chosen.length < list.length || Number(button.dataset.bulkAll) <= list.length;
  list[0]?.closest('[data-list]').classList.toggle('has-selection', chosen.length > 0);
  const head = document.querySelector(`[data-select-all="${form.id}"]`);
  if (!head) return;
  head.checked = list.length > 0 && chosen.length === list.length;
  head.indeterminate = chosen.length > 0 && chosen.length < list.length;
}
export const refreshBars = () => document.querySelectorAll('[data-bulk]').forEach((form) => refresh(form));

on('change', '[data-select]', (_event, box) => refresh(bar(box)));
on('change', '[data-select-all]', (_event, head) => {
  const form = bar(head);
  boxes(form).forEach((each) => { each.checked = head.checked; });
  refresh(form);
});
on('click', '[data-select]', (event, box) => {
  const list = boxes(bar(box));
  if (event.shiftKey && last && list.includes(last)) {
    const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
    list.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
  }
  last = box;
});
on('click', '[data-bulk-all]', (_event, button) => refresh(button.closest('[data-bulk]'), true));
on('click', '[data-bulk-clear]', (_event, button) => {
  const form = button.closest('[data-bulk]');
  boxes(form).forEach((each) => { each.checked = false; });
  refresh(form);
});
// After going back the browser ticks boxes again by itself: the bar has to know.
addEventListener('pageshow', refreshBars);

// A second click may follow, which edits the cell: then the first one opens nothing.
let opening = 0;
on('click', '[data-list] [data-href]', (event, row) => {
  clearTimeout(opening);
  if (event.detail > 1 || event.target.closest('a, button, input, label, select, form, [popover]') || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) { window.open(row.dataset.href, '_blank', 'noopener'); return; }
  const wait = event.target.closest('[data-edits]') ? 250 : 0;
  opening = setTimeout(() => { location.assign(row.dataset.href); }, wait);
});

/** Put the cursor on a row; it stays in sight, and a screen reader hears its name. */
export function stand(row) {
  const before = cursor();
  if (before === row) return;
  before?.classList.remove('is-cursor');
  before?.querySelector('.is-cell')?.classList.remove('is-cell');
  row?.classList.add('is-cursor');
  row?.scrollIntoView({ block: 'nearest' });
  document.dispatchEvent(new CustomEvent('kontora:row', { detail: { row } }));
}

function move(step) {
  const list = rows();
  const at = list.indexOf(cursor());
  stand(list[at < 0 ? 0 : Math.min(Math.max(at + step, 0), list.length - 1)]);
}

function aside(step) {
  const cells = [...(cursor()?.querySelectorAll('[data-edits]') ?? [])];
  const at = cells.findIndex((each) => each.classList.contains('is-cell'));
  if (cells.length === 0) return false;
  cells[at]?.classList.remove('is-cell');
  const next = cells[Math.min(Math.max(at + step, 0), cells.length - 1)];
  next.classList.add('is-cell');
  next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return true;
}

const told = (name, row) => document.dispatchEvent(new CustomEvent(name, { detail: { row } }));
const acts = {
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  ArrowRight: () => aside(1),
  ArrowLeft: () => aside(-1),
  KeyX: (row) => row?.querySelector('[data-select]')?.click(),
  KeyE: (row) => told('kontora:edit', row),
  Space: (row) => told('kontora:peek', row),
  Enter: (row) => {
    if (row?.querySelector('.is-cell')) told('kontora:edit', row);
    else row?.querySelector('a[href]')?.click();
  },
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
  if (document.querySelector('dialog[open], [popover]:popover-open') || rows().length === 0) return;
  const free = event.target === document.body || event.target.closest('main') === event.target || event.target.closest('.k-peek');
  const act = acts[event.code];
  if (!act || (!free && !/^Key[JKXE]$/.test(event.code))) return;
  if (!cursor() && !/^(Key[JK]|Arrow(Up|Down))$/.test(event.code)) return;
  event.preventDefault();
  act(cursor());
});

// A head that stays in sight needs a wrap that does not scroll; only a table too wide scrolls.
const fit = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  target.classList.toggle('is-fitting', target.scrollWidth <= target.clientWidth + 1);
}));
everywhere((root) => root.querySelectorAll('.k-table-wrap').forEach((each) => fit.observe(each)));
