// What is typed is never lost: changed fields are kept on this device until the form was saved,
// and leaving with unsaved changes asks. Only changed fields are kept and put back, so a draft
// does not undo what others did to the rest of the record meanwhile.
import { ask } from './dialogs.js';
import { element, on, store, words } from './dom.js';
import { setValue } from './lookup.js';
import { addRow, addTag } from './rows.js';

const initial = new WeakMap();
const dirty = new Set();
const SKIPPED = new Set(['csrf_token', 'version', 'next']);
const key = (form) => (form.dataset.draft ? `draft.${form.dataset.draft}` : null);

function values(form) {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    const field = form.elements.namedItem(name);
    if (SKIPPED.has(name) || typeof value !== 'string' || field?.type === 'password') continue;
    (found[name] ??= []).push(value);
  }
  form.querySelectorAll('[data-lookup]').forEach((field) => {
    const hidden = field.querySelector('[data-lookup-value]');
    if (hidden.name) found[hidden.name] = [hidden.value, field.querySelector('[role="combobox"]').value];
  });
  return found;
}

function changes(form) {
  const before = initial.get(form);
  const now = values(form);
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  const differ = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  return Object.fromEntries(differ.map((name) => [name, now[name] ?? []]));
}

const waiting = new WeakMap();
function remember(form) {
  clearTimeout(waiting.get(form));
  const changed = changes(form);
  const any = Object.keys(changed).length > 0;
  if (any) dirty.add(form);
  else dirty.delete(form);
  if (!key(form)) return;
  if (any) store.set(key(form), { at: Date.now(), changed });
  else store.drop(key(form));
}

function soon(form) {
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(remember, 300, form));
}

function row(form, name) {
  const [set, number] = name.split('.');
  const rows = [...form.querySelectorAll('[data-rows]')].find((each) => each.dataset.rows === set);
  while (rows && Number(rows.dataset.next) <= Number(number)) addRow(rows);
}

function put(form, name, list) {
  const tags = [...form.querySelectorAll('[data-tags]')].find((each) => each.dataset.tags === name);
  if (tags) { list.forEach((word) => addTag(tags, word)); return; }
  if (/\.\d+\./.test(name) && !form.elements.namedItem(name)) row(form, name);
  const found = form.elements.namedItem(name);
  const controls = found instanceof RadioNodeList ? [...found] : found ? [found] : [];
  for (const control of controls) {
    if (control.matches('[data-lookup-value]')) setValue(control.closest('[data-lookup]'), list[0] ?? '', list[1] ?? '');
    else if (control.type === 'checkbox' || control.type === 'radio') control.checked = list.includes(control.value);
    else if (control.type !== 'hidden') control.value = list[0] ?? '';
  }
}

function restore(form) {
  const draft = key(form) && store.get(key(form));
  if (!draft || form.querySelector('.k-field-error')) return; // an answer with errors holds it all
  if (Date.now() - draft.at > 14 * 86_400_000) { store.drop(key(form)); return; }
  Object.entries(draft.changed).forEach(([name, list]) => put(form, name, list));
  if (Object.keys(changes(form)).length === 0) { store.drop(key(form)); return; }
  dirty.add(form);
  const note = element('div', 'k-draft-note');
  note.role = 'status';
  const button = element('button', 'btn btn-quiet btn-sm', words.discard);
  button.type = 'button';
  button.addEventListener('click', () => { store.drop(key(form)); dirty.clear(); location.reload(); });
  note.append(element('span', '', words.draft), button);
  form.prepend(note);
}

function begin() {
  document.querySelectorAll('[data-form]').forEach((form) => {
    if (initial.has(form)) return;
    initial.set(form, values(form));
    restore(form);
  });
  for (const form of dirty) if (!form.isConnected) dirty.delete(form);
}

// A save is answered by a redirect; only then is the draft of the form that was sent dropped.
// Going back after a failure, or being sent to sign in again, keeps it.
function finish() {
  const sent = sessionStorage.getItem('kontora.sent');
  sessionStorage.removeItem('kontora.sent');
  const [entry] = performance.getEntriesByType('navigation');
  const saved = entry?.type === 'navigate' && entry.redirectCount > 0 && !document.body.matches('.k-bare');
  if (sent && saved) store.drop(sent);
}

finish();
begin();
document.addEventListener('htmx:after:swap', begin);
on('input', '[data-form]', (_event, form) => soon(form));
on('change', '[data-form]', (_event, form) => soon(form));
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-form]')) return;
  remember(event.target); // now: written after the answer it would be a draft of what is saved
  if (event.defaultPrevented) return; // htmx sends it
  dirty.delete(event.target);
  if (key(event.target)) sessionStorage.setItem('kontora.sent', key(event.target));
});
document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement.closest?.('[data-form]');
  if (!form || ctx.request.method === 'GET' || ctx.response.status >= 400) return;
  dirty.delete(form);
  if (key(form)) store.drop(key(form));
});

document.addEventListener('kontora:discard', (event) => {
  dirty.delete(event.target);
  if (key(event.target)) store.drop(key(event.target));
});

// A form that left the page (a closed dialog) keeps its draft, and stops nobody from leaving.
const unsaved = () => [...dirty].some((form) => form.isConnected);
addEventListener('beforeunload', (event) => { if (unsaved()) event.preventDefault(); });
document.addEventListener('click', async (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || !unsaved() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.button !== 0) return;
  if (link.target === '_blank' || link.getAttribute('href').startsWith('#') || !/^https?:$/.test(link.protocol)) return;
  event.preventDefault();
  if (!(await ask(words.unsaved, { yes: words.leave, no: words.stay }))) return;
  dirty.clear();
  location.href = link.href;
});
