// Facts are changed where they stand: a click or Enter opens the input, Enter or leaving it saves,
// Escape gives up. Also the small things of a record page: printing, and calls that are written down.
import { on } from './dom.js';

const INPUTS = 'input:not([type="hidden"]), select, textarea';
const opened = new WeakMap(); // form -> the state in which it came
const holder = (form) => form.closest('.k-fact-editor, #fact-dialog-body');
const state = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => name !== 'csrf_token'));

function pencil(name) {
  return document.querySelector(`#${CSS.escape(name)} [data-fact-edit]`);
}

function begin(form) {
  opened.set(form, state(form));
  const inside = holder(form);
  if (inside.id === 'fact-dialog-body') {
    const dialog = inside.closest('dialog');
    dialog.querySelector('h2').textContent = form.dataset.label;
    if (!dialog.open) dialog.showModal();
  }
  const wrong = form.querySelector('[aria-invalid]');
  const first = wrong ?? [...form.querySelectorAll(INPUTS)].find((each) => each.offsetParent);
  first?.focus();
  if (first?.matches('input[type="text"], input[type="email"], input[type="tel"], input[type="url"]')) first.select();
}

function cancel(form) {
  const inside = holder(form);
  const fact = form.closest('.k-fact');
  form.dispatchEvent(new CustomEvent('kontora:discard', { bubbles: true }));
  form.remove();
  inside.textContent = '';
  inside.closest('dialog')?.close();
  if (fact) pencil(fact.id)?.focus();
}

document.addEventListener('htmx:after:swap', () => {
  document.querySelectorAll('[data-fact-form]').forEach((form) => { if (!opened.has(form)) begin(form); });
});

// An answer with errors takes the eye, and the focus, to what is wrong.
document.addEventListener('htmx:after:swap', () => {
  const wrong = document.querySelector('[data-form] [data-autofocus]:not([data-seen])');
  if (!wrong) return;
  wrong.dataset.seen = '';
  wrong.focus();
});

// Saved: the fact stands there anew, and the focus goes on from where it was.
let saved = null;
document.addEventListener('htmx:before:swap', (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (!form?.matches?.('[data-fact-form]') || !(event.detail.ctx.response.status < 300)) return;
  const inside = holder(form);
  const name = `fact-${decodeURIComponent(form.getAttribute('action').split('/').pop()).replaceAll('.', '-')}`;
  saved = form.contains(document.activeElement) || document.activeElement === document.body ? name : null;
  inside?.closest('dialog')?.close();
});
document.addEventListener('htmx:after:swap', () => {
  if (saved && !document.querySelector(`#${CSS.escape(saved)} [data-fact-form]`)) { pencil(saved)?.focus(); saved = null; }
});

on('click', '[data-fact]', (event, fact) => {
  if (event.target.closest('a, button, input, summary, details, form') || String(getSelection())) return;
  fact.querySelector('[data-fact-edit]')?.click();
});
on('click', '[data-fact-cancel]', (_event, button) => cancel(button.closest('form')));
on('keydown', '[data-fact-form]', (event, form) => {
  if (event.key === 'Escape' && !event.defaultPrevented) {
    event.preventDefault();
    cancel(form);
  } else if (event.key === 'Enter' && event.target.matches('select, input[type="checkbox"], input[type="date"], input[type="datetime-local"]')) {
    event.preventDefault();
    form.requestSubmit();
  }
});
on('cancel', '#fact-dialog', (event, dialog) => {
  const form = dialog.querySelector('[data-fact-form]');
  if (!form) return;
  event.preventDefault();
  cancel(form);
}, true);
on('focusout', '.k-fact-editor [data-fact-form]', (event, form) => {
  const to = event.relatedTarget;
  if (!to || form.contains(to) || to.closest('dialog')) return; // another window, or nowhere
  if (state(form) === opened.get(form)) cancelQuietly(form);
  else form.requestSubmit();
});
// A click on the bare page takes the focus nowhere; it means the same as going on.
document.addEventListener('pointerdown', (event) => {
  document.querySelectorAll('.k-fact-editor [data-fact-form]').forEach((form) => {
    if (form.contains(event.target) || event.target.closest('[popover], dialog')) return;
    if (state(form) === opened.get(form)) cancelQuietly(form);
    else form.requestSubmit();
  });
});

function cancelQuietly(form) {
  form.dispatchEvent(new CustomEvent('kontora:discard', { bubbles: true }));
  form.remove();
}

on('click', '[data-print]', () => window.print());

// Who calls or writes from here will want to write it down next.
on('click', '[data-reach]', (_event, link) => {
  const radio = document.querySelector(`#composer [name="kind"][value="${link.dataset.reach}"]`);
  if (!radio) return;
  radio.checked = true;
  radio.dispatchEvent(new Event('change', { bubbles: true }));
});

// Panels and columns are put into order by dragging, too.
let dragged = null;
on('dragstart', '[data-sortable] > [draggable]', (event, row) => {
  dragged = row;
  row.classList.add('is-dragged');
  event.dataTransfer.effectAllowed = 'move';
});
on('dragover', '[data-sortable] > [draggable]', (event, row) => {
  if (!dragged || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  if (row === dragged) return;
  const { top, height } = row.getBoundingClientRect();
  if (event.clientY < top + height / 2) row.before(dragged);
  else row.after(dragged);
});
on('dragend', '[data-sortable] > [draggable]', (_event, row) => { row.classList.remove('is-dragged'); dragged = null; });

// The day to remind on: a week from now at ten, unless one says otherwise.
on('change', '[data-follow]', (_event, box) => {
  const day = box.form.elements.namedItem('follow_at');
  if (!box.checked || day.value) { if (box.checked) day.focus(); return; }
  const then = new Date(Date.now() + 7 * 86_400_000);
  then.setHours(10, 0);
  day.value = new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  day.focus();
});
