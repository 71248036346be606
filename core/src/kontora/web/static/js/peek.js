// A look at a record beside the list: Space opens and closes it, the arrows go on to the next row.
import { element, later, on } from './dom.js';
import { cursor } from './lists.js';

const panel = () => document.getElementById('peek');
const base = () => document.querySelector('[data-list-area]')?.dataset.base;
let asked = 0;

async function load(row) {
  const box = panel();
  const mine = ++asked;
  const waiting = setTimeout(() => {
    const lines = element('div', 'k-skeleton');
    for (let line = 0; line < 5; line += 1) lines.append(element('span'));
    box.replaceChildren(lines);
  }, 200);
  try {
    const answer = await fetch(`${base()}/${row.dataset.rowId}/peek`, { headers: { 'X-Part': 'peek' } });
    const text = await answer.text();
    if (mine !== asked || !answer.ok) return;
    box.innerHTML = text;
    document.dispatchEvent(new Event('htmx:after:swap'));
  } catch { /* the line at the top says that the connection is lost */ } finally { clearTimeout(waiting); }
}
const follow = later(load, 120);

function close() {
  panel().hidden = true;
  document.documentElement.classList.remove('has-peek');
}

document.addEventListener('kontora:peek', (event) => {
  const box = panel();
  if (!box || !base()) return;
  if (!box.hidden && box.dataset.of === event.detail.row.dataset.rowId) { close(); return; }
  box.hidden = false;
  box.dataset.of = event.detail.row.dataset.rowId;
  document.documentElement.classList.add('has-peek');
  load(event.detail.row);
});
document.addEventListener('kontora:row', (event) => {
  const box = panel();
  if (!box || box.hidden || !event.detail.row) return;
  box.dataset.of = event.detail.row.dataset.rowId;
  follow(event.detail.row);
});
on('click', '[data-peek-close]', close);
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !panel() || panel().hidden || document.querySelector('dialog[open], [popover]:popover-open, [data-cell-form]')) return;
  event.preventDefault();
  close();
  cursor()?.scrollIntoView({ block: 'nearest' });
});
