// A combobox that searches while one types (the pattern of the ARIA guide: focus stays in the
// field, the arrows move through the list, Enter chooses, Escape closes).
import { csrf, element, later, on, place } from './dom.js';

const state = new WeakMap(); // field -> { label, requests }
const parts = (field) => ({
  input: field.querySelector('[role="combobox"]'),
  value: field.querySelector('[data-lookup-value]'),
  list: field.querySelector('[role="listbox"]'),
});

function memory(field) {
  if (!state.has(field)) state.set(field, { label: parts(field).input.value, request: null });
  return state.get(field);
}

function close(field) {
  const { input, list } = parts(field);
  if (list.matches(':popover-open')) list.hidePopover();
  input.setAttribute('aria-expanded', 'false');
  input.removeAttribute('aria-activedescendant');
}

function option(list, item, number) {
  const line = element('li', item.create ? 'is-create' : '');
  line.id = `${list.id}-${number}`;
  line.role = 'option';
  line.dataset.id = item.id ?? '';
  line.dataset.label = item.label;
  if (item.create) line.dataset.create = item.create;
  line.append(element('span', '', item.text ?? item.label));
  if (item.hint) line.append(element('small', '', item.hint));
  return line;
}

function open(field, items, query) {
  const { input, list } = parts(field);
  const create = field.dataset.lookupCreate;
  const lines = items.map((item, at) => option(list, item, at));
  const known = items.some((item) => item.label.toLowerCase() === query.toLowerCase());
  if (create && query && !known) {
    lines.push(option(list, { label: query, create, text: list.dataset.create.replace('%s', query) }, items.length));
  }
  if (lines.length === 0) lines.push(element('li', 'is-none', list.dataset.none));
  list.replaceChildren(...lines);
  if (!list.matches(':popover-open')) list.showPopover();
  place(list, input, { width: true });
  input.setAttribute('aria-expanded', 'true');
  if (query) mark(field, list.querySelector('[role="option"]'));
}

function mark(field, line) {
  const { input, list } = parts(field);
  list.querySelectorAll('[aria-selected="true"]').forEach((each) => each.removeAttribute('aria-selected'));
  if (!line) return;
  line.setAttribute('aria-selected', 'true');
  line.scrollIntoView({ block: 'nearest' });
  input.setAttribute('aria-activedescendant', line.id);
}

async function search(field) {
  const { input, list } = parts(field);
  const own = memory(field);
  own.request?.abort();
  own.request = new AbortController();
  const url = new URL(field.dataset.lookup, location.href);
  const query = input.value === own.label ? '' : input.value.trim();
  url.searchParams.set('q', query);
  try {
    const answer = await fetch(url, { signal: own.request.signal, headers: { Accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    if (document.activeElement === input) open(field, await answer.json(), query);
  } catch (error) {
    if (error.name === 'AbortError') return;
    list.replaceChildren(element('li', 'is-none', list.dataset.failed));
    list.showPopover();
    place(list, input, { width: true });
  }
}
const soon = later(search, 140);

export function setValue(field, id, label) {
  const { input, value } = parts(field);
  memory(field).label = label;
  input.value = label;
  value.value = id;
}

async function make(field, line) {
  const body = new URLSearchParams({ name: line.dataset.label });
  const headers = { 'X-CSRFToken': csrf, Accept: 'application/json' };
  const answer = await fetch(line.dataset.create, { method: 'POST', body, headers }).catch(() => null);
  if (answer?.ok && answer.headers.get('content-type')?.includes('json')) return answer.json();
  // Not possible with a name alone: the full form in another tab, this one keeps what was typed.
  window.open(`${line.dataset.create}?${body}`, '_blank', 'noopener');
  return null;
}

async function choose(field, line) {
  if (!line || line.classList.contains('is-none')) return;
  const made = line.dataset.create ? await make(field, line) : { id: line.dataset.id, label: line.dataset.label };
  close(field);
  if (!made) return;
  setValue(field, made.id, made.label);
  parts(field).value.dispatchEvent(new Event('change', { bubbles: true }));
  parts(field).input.dispatchEvent(new CustomEvent('input', { bubbles: true, detail: 'chosen' }));
}

on('input', '[data-lookup] [role="combobox"]', (event, input) => {
  const field = input.closest('[data-lookup]');
  memory(field);
  if (event.detail === 'chosen') return;
  if (!input.value.trim()) { parts(field).value.value = ''; memory(field).label = ''; }
  soon(field);
});
on('focusin', '[data-lookup] [role="combobox"]', (_event, input) => { memory(input.closest('[data-lookup]')); input.select(); });
on('click', '[data-lookup] [role="combobox"]', (_event, input) => {
  if (input.getAttribute('aria-expanded') !== 'true' && !input.readOnly) search(input.closest('[data-lookup]'));
});
on('keydown', '[data-lookup] [role="combobox"]', (event, input) => {
  const field = input.closest('[data-lookup]');
  const { list } = parts(field);
  const lines = [...list.querySelectorAll('[role="option"]')];
  const shown = list.matches(':popover-open');
  const at = lines.findIndex((each) => each.getAttribute('aria-selected') === 'true');
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    if (!shown) search(field);
    else mark(field, lines[(at + (event.key === 'ArrowDown' ? 1 : lines.length - (at < 0 ? 0 : 1))) % lines.length]);
  } else if (event.key === 'Enter' && shown && at >= 0 && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    choose(field, lines[at]);
  } else if (event.key === 'Escape' && shown) {
    event.preventDefault();
    event.stopPropagation();
    close(field);
  }
}, true);
on('pointerdown', '[data-lookup] [role="option"]', (event, line) => {
  event.preventDefault(); // the field keeps the focus
  choose(line.closest('[data-lookup]'), line);
});
on('focusout', '[data-lookup] [role="combobox"]', (_event, input) => {
  const field = input.closest('[data-lookup]');
  close(field);
  if (input.value.trim()) input.value = memory(field).label; // half a name names nobody
});
