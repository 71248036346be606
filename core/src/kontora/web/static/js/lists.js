// Lists: open by click or Enter, walk with J and K, select with X, act on what is selected.
import { everywhere, on, typing } from './dom.js';

const rows = () => [...document.querySelectorAll('[data-list] tbody tr')];
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
  list[0]?.closest('table').classList.toggle('has-selection', chosen.length > 0);
  const head = document.querySelector(`[data-select-all="${form.id}"]`);
  if (!head) return;
  head.checked = list.length > 0 && chosen.length === list.length;
  head.indeterminate = chosen.length > 0 && chosen.length < list.length;
}

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
addEventListener('pageshow', () => document.querySelectorAll('[data-bulk]').forEach((form) => refresh(form)));

on('click', '[data-list] tr[data-href]', (event, row) => {
  if (event.target.closest('a, button, input, label, select, form, [popover]') || String(getSelection())) return;
  const link = row.querySelector('th a[href]');
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, '_blank', 'noopener');
  else if (link) link.click();
  else location.href = row.dataset.href;
});

function move(step) {
  const list = rows();
  const at = list.findIndex((each) => each.classList.contains('is-cursor'));
  const next = list[at < 0 ? 0 : Math.min(Math.max(at + step, 0), list.length - 1)];
  list[at]?.classList.remove('is-cursor');
  next?.classList.add('is-cursor');
  next?.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector('dialog[open], [popover]:popover-open') || rows().length === 0) return;
  const cursor = document.querySelector('[data-list] tr.is-cursor');
  if (event.code === 'KeyJ') move(1);
  else if (event.code === 'KeyK') move(-1);
  else if (event.code === 'KeyX' && cursor) cursor.querySelector('[data-select]')?.click();
  else if (event.code === 'Enter' && cursor && event.target === document.body) cursor.querySelector('th a[href]')?.click();
});

// A head that stays in sight needs a wrap that does not scroll; only a table too wide scrolls.
const fit = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  target.classList.toggle('is-fitting', target.scrollWidth <= target.clientWidth + 1);
}));
everywhere((root) => root.querySelectorAll('.k-table-wrap').forEach((each) => fit.observe(each)));
