// Rows that repeat (phones, addresses) and tags. Nothing leaves the page before the form is saved.
import { element, icon, on } from './dom.js';

const touched = (inside) => inside.closest('form')?.dispatchEvent(new Event('input', { bubbles: true }));

/** Append a row to a [data-rows] set and return it; its number is never used twice. */
export function addRow(set) {
  const number = set.dataset.next;
  set.dataset.next = String(Number(number) + 1);
  const holder = element('div');
  holder.innerHTML = set.querySelector('template').innerHTML.replaceAll('__n__', number);
  const row = holder.firstElementChild;
  set.querySelector('[data-rows-body]').append(row);
  return row;
}

on('click', '[data-row-add]', (_event, button) => {
  const row = addRow(button.closest('[data-rows]'));
  row.querySelector('input:not([type="hidden"]), select')?.focus();
  touched(button);
});

on('click', '[data-row-remove]', (_event, button) => {
  const row = button.closest('[data-row]');
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const form = row.closest('form');
  row.remove();
  (next?.querySelector('input:not([type="hidden"]), select') ?? form?.querySelector('[data-row-add], [data-filter-add]'))?.focus();
  form?.dispatchEvent(new Event('input', { bubbles: true }));
});

on('click', '[data-row-up]', (_event, button) => {
  const row = button.closest('[data-row]');
  row.previousElementSibling?.before(row);
  button.focus();
});

/** Add a chip to a [data-tags] field; a word that is there already is not added again. */
export function addTag(field, text) {
  const word = text.trim();
  const there = [...field.querySelectorAll('.k-chip input')].some((each) => each.value.toLowerCase() === word.toLowerCase());
  if (!word || there) return;
  const chip = element('span', 'k-chip');
  const value = element('input');
  Object.assign(value, { type: 'hidden', name: field.dataset.tags, value: word });
  const remove = element('button');
  remove.append(icon('x'));
  remove.type = 'button';
  remove.dataset.tagRemove = '';
  remove.setAttribute('aria-label', `${field.dataset.removeLabel} ${word}`);
  chip.append(element('span', '', word), value, remove);
  field.querySelector('input[type="text"]').before(chip);
}

function take(input) {
  input.value.split(',').forEach((word) => addTag(input.closest('[data-tags]'), word));
  input.value = '';
  touched(input);
}
on('keydown', '[data-tags] > input[type="text"]', (event, input) => {
  if (event.ctrlKey || event.metaKey) return;
  if ((event.key === 'Enter' || event.key === ',') && input.value.trim()) {
    event.preventDefault();
    take(input);
  } else if (event.key === 'Backspace' && !input.value) {
    const chips = input.parentElement.querySelectorAll('.k-chip');
    chips[chips.length - 1]?.remove();
    touched(input);
  }
});
on('focusout', '[data-tags] > input[type="text"]', (_event, input) => { if (input.value.trim()) take(input); });
on('click', '[data-tag-remove]', (_event, button) => {
  const field = button.closest('[data-tags]');
  button.closest('.k-chip').remove();
  field.querySelector('input[type="text"]').focus();
  touched(field);
});

// A task is something to do, the rest has mostly happened when it is written down.
on('change', '[data-composer]', (event, form) => {
  const done = form.querySelector('[data-composer-done]');
  if (!done) return;
  if (event.target.name === 'kind') done.checked = event.target.value !== 'task';
  if (event.target.name === 'due_at' && new Date(event.target.value) > new Date()) done.checked = false;
});
