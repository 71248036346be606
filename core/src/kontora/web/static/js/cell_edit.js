// A cell is edited in place: double-click, E, or Enter on the cell. Enter saves, Tab saves and goes on,
// Escape leaves it as it was. What somebody else saved meanwhile is told, never overwritten.
import { csrf, element, icon, on } from './dom.js';
import { cursor, stand } from './lists.js';
import { tell } from './toasts.js';

const texts = document.getElementById('list-words')?.dataset ?? {};
const base = () => document.querySelector('[data-list-area]')?.dataset.base;
const address = (cell) => `${base()}/${cell.closest('[data-row-id]').dataset.rowId}/cells/${encodeURIComponent(cell.dataset.cell)}`;
const before = new WeakMap();

async function open(cell) {
  if (!base() || cell.querySelector('[data-cell-form]')) return;
  document.querySelectorAll('[data-cell-form]').forEach((each) => close(each.closest('[data-cell]')));
  let answer;
  try {
    answer = await fetch(address(cell), { headers: { 'X-Part': 'cell' } });
  } catch { tell(texts.failed, 'bad'); return; }
  if (!answer.ok) { tell((await answer.text()).slice(0, 300) || texts.failed, 'bad'); return; }
  before.set(cell, [...cell.childNodes]);
  show(cell, await answer.text());
}

function show(cell, html) {
  cell.innerHTML = html;
  cell.classList.add('is-editing');
  document.dispatchEvent(new Event('htmx:after:swap'));
  const control = cell.querySelector('[data-cell-form] :is(input:not([type="hidden"]), select, textarea)');
  control?.focus();
  if (control?.matches('input[type="text"], input[type="email"], input[type="tel"], input[type="url"]')) control.select();
}

function close(cell, nodes = before.get(cell)) {
  cell.classList.remove('is-editing');
  if (nodes) cell.replaceChildren(...nodes);
  before.delete(cell);
}

function done(cell, saved) {
  const holder = document.createElement('template');
  holder.innerHTML = saved.cell;
  close(cell, [...holder.content.childNodes]);
  cell.classList.toggle('is-blank', !cell.textContent.trim() && !cell.firstElementChild);
  cell.classList.add('was-saved');
  setTimeout(() => cell.classList.remove('was-saved'), 1200);
  document.dispatchEvent(new Event('htmx:after:swap'));
}

async function send(cell, body, then) {
  let answer;
  try {
    answer = await fetch(address(cell), { method: 'POST', headers: { 'X-Part': 'cell' }, body });
  } catch { tell(texts.failed, 'bad'); return; }
  if (answer.headers.get('Content-Type')?.startsWith('application/json')) {
    const saved = await answer.json();
    done(cell, saved);
    if (saved.changed) undoable(cell, saved);
    then?.();
    return;
  }
  if (answer.status === 422 || answer.status === 409) show(cell, await answer.text());
  else tell(texts.failed, 'bad');
}

/** Say that it was saved, with a way back; ten seconds, where all such words stand. */
function undoable(cell, saved) {
  const area = document.getElementById('toasts');
  area?.querySelector('[data-cell-undo]')?.closest('[data-toast]').remove();
  const toast = element('div', 'k-toast k-tone-neutral');
  toast.setAttribute('role', 'status');
  toast.dataset.toast = '';
  toast.append(element('span', '', saved.said));
  const undo = element('button', 'k-toast-undo', saved.undoLabel);
  undo.type = 'button';
  undo.dataset.cellUndo = '';
  undo.addEventListener('click', () => {
    toast.remove();
    const body = new URLSearchParams([['csrf_token', csrf], ['version', saved.version], ['undo', saved.undo]]);
    send(cell, body);
  });
  const shut = element('button', 'k-toast-close');
  shut.type = 'button';
  shut.dataset.toastClose = '';
  shut.setAttribute('aria-label', texts.close);
  shut.append(icon('x'));
  toast.append(undo, shut);
  area?.append(toast);
  setTimeout(() => toast.remove(), 10_000);
}

const formBody = (form) => new URLSearchParams(new FormData(form));
function save(form, then) {
  const cell = form.closest('[data-cell]');
  if (!cell || form.dataset.busy) return;
  form.dataset.busy = '1';
  send(cell, formBody(form), then).finally(() => { delete form.dataset.busy; });
}

on('submit', '[data-cell-form]', (event, form) => {
  event.preventDefault();
  event.stopPropagation();
  const body = formBody(form);
  if (event.submitter?.name) body.append(event.submitter.name, event.submitter.value);
  send(form.closest('[data-cell]'), body, () => document.getElementById('content')?.focus({ preventScroll: true }));
}, true);
on('click', '[data-cell-cancel]', (_event, button) => close(button.closest('[data-cell]')));
on('dblclick', '[data-edits]', (event, cell) => {
  if (event.target.closest('[data-cell-form], button')) return;
  event.preventDefault();
  getSelection().removeAllRanges();
  stand(cell.closest('[data-row-id]'));
  open(cell);
});
document.addEventListener('kontora:edit', (event) => {
  const row = event.detail.row;
  const cell = row?.querySelector('.is-cell') ?? row?.querySelector('td[data-edits], dd[data-edits]') ?? row?.querySelector('[data-edits]');
  if (cell) open(cell);
});
on('keydown', '[data-cell-form]', (event, form) => {
  const cell = form.closest('[data-cell]');
  if (event.key === 'Escape') {
    if (cell.querySelector('[role="combobox"][aria-expanded="true"]')) return;
    event.preventDefault();
    event.stopPropagation();
    close(cell);
    cell.classList.add('is-cell');
    stand(cell.closest('[data-row-id]'));
    document.getElementById('content')?.focus({ preventScroll: true });
  } else if (event.key === 'Tab' && !cell.querySelector('.k-cell-conflict')) {
    const list = [...cell.closest('[data-row-id]').querySelectorAll('[data-edits]')];
    const next = list[list.indexOf(cell) + (event.shiftKey ? -1 : 1)];
    const controls = [...form.querySelectorAll('input:not([type="hidden"]), select')];
    const last = event.shiftKey ? controls[0] : controls[controls.length - 1];
    if (event.target !== last) return;
    event.preventDefault();
    save(form, () => { if (next) open(next); else cursor()?.scrollIntoView({ block: 'nearest' }); });
  } else if (event.key === 'Enter' && event.target.matches('select')) {
    event.preventDefault();
    form.requestSubmit();
  }
}, true);
