// "@" in a text: names are offered while one types; arrows choose, Enter or Tab writes the name,
// Escape goes on typing. For textareas with `data-mentions`, and the composer's.
import { element, later, on, place } from './dom.js';

const FIELDS = 'textarea[data-mentions], [data-composer] textarea';
const BEFORE = /(?:^|[^\p{L}\p{N}_.@])@([\p{L}\p{N}_.'’-]*(?: [\p{L}\p{N}_.'’-]*){0,2})$/u;
let list = null;
let field = null;
let request = null;
let people = [];

function made() {
  if (list) return list;
  list = element('ul', 'k-lookup-list k-mentions');
  list.id = 'mention-list';
  list.role = 'listbox';
  list.popover = 'manual';
  document.body.append(list);
  return list;
}

function close() {
  if (list?.matches(':popover-open')) list.hidePopover();
  field?.removeAttribute('aria-activedescendant');
  field?.removeAttribute('aria-controls');
  people = [];
}

const typed = (text) => BEFORE.exec(text.value.slice(0, text.selectionStart))?.[1] ?? null;

function mark(number) {
  const lines = [...list.children];
  lines.forEach((each, at) => each.setAttribute('aria-selected', String(at === number)));
  field.setAttribute('aria-activedescendant', lines[number].id);
  lines[number].scrollIntoView({ block: 'nearest' });
}

function open(found) {
  people = found;
  if (found.length === 0) { close(); return; }
  const lines = found.map((each, at) => {
    const one = element('li');
    one.id = `mention-${at}`;
    one.role = 'option';
    one.append(element('span', '', each.label));
    if (each.hint) one.append(element('small', '', each.hint));
    return one;
  });
  made().replaceChildren(...lines);
  if (!list.matches(':popover-open')) list.showPopover();
  place(list, field);
  field.setAttribute('aria-controls', list.id);
  field.setAttribute('aria-autocomplete', 'list');
  mark(0);
}

const ask = later(async (text) => {
  const query = typed(text);
  if (query === null || document.activeElement !== text) { close(); return; }
  request?.abort();
  request = new AbortController();
  try {
    const answer = await fetch(`/mentions?${new URLSearchParams({ q: query })}`, { signal: request.signal, headers: { Accept: 'application/json' } });
    if (answer.ok && typed(text) === query) open(await answer.json());
  } catch { /* then the name is typed by hand */ }
}, 120);

function choose(number) {
  const who = people[number];
  if (!who) return;
  const query = typed(field) ?? '';
  const end = field.selectionStart;
  field.setRangeText(`${who.label} `, end - query.length, end, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
  close();
}

on('input', FIELDS, (_event, text) => {
  field = text;
  if (typed(text) === null) close();
  else ask(text);
});
on('keydown', FIELDS, (event) => {
  if (!list?.matches(':popover-open')) return;
  const at = [...list.children].findIndex((each) => each.getAttribute('aria-selected') === 'true');
  const number = list.children.length;
  if (event.key === 'ArrowDown') mark((at + 1) % number);
  else if (event.key === 'ArrowUp') mark((at + number - 1) % number);
  else if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey) || event.key === 'Tab') choose(at);
  else if (event.key === 'Escape') close();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
on('pointerdown', '#mention-list [role="option"]', (event, line) => {
  event.preventDefault(); // the text keeps the focus
  choose([...list.children].indexOf(line));
});
on('focusout', FIELDS, close);
