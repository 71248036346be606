// The command palette: Ctrl-K (by its place on the keyboard), or "/". Pages and actions come from
// an index that is fetched once and kept for the tab; records are looked up while one types.
import { element, icon, language, later, on } from './dom.js';
import { find } from './fuzzy.js';

const dialog = document.getElementById('palette');
const input = dialog?.querySelector('[data-palette-input]');
const list = dialog?.querySelector('[role="listbox"]');
const status = dialog?.querySelector('[data-palette-status]');
const task = dialog?.querySelector('[data-palette-task]');
const user = document.documentElement.dataset.user;
const KEPT = `kontora.palette.${user}.${language}`;
const FRESH = 300_000;
const PARTIES = ['contacts', 'counterparties'];

let items = [];
let hand = { starred: [], recent: [] };
let found = [];
let failed = false;
let asking = null;
let request = null;
let shown = [];

function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
}

async function load() {
  const before = kept();
  if (before) items = before.items;
  if (before && Date.now() - before.at < FRESH) return;
  try {
    const answer = await fetch('/palette', { headers: { Accept: 'application/json' } });
    if (!answer.ok) return;
    items = (await answer.json()).items;
    try { sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), items })); } catch { /* full */ }
  } catch { return; }
  if (dialog.open) draw();
}

async function loadHand() {
  try {
    const answer = await fetch('/palette/records', { headers: { Accept: 'application/json' } });
    if (answer.ok) hand = await answer.json();
  } catch { return; }
  if (dialog.open && !input.value.trim()) draw();
}

const usable = (item) => item.does !== 'star' || document.querySelector('[data-star] button');
const pathOf = (url) => url.slice(1).split('/').slice(0, -1).join('/');
const fits = (record) => !asking || (asking.asks === 'parties' ? PARTIES.includes(pathOf(record.url)) : pathOf(record.url) === asking.asks);

async function search(query) {
  request?.abort();
  request = new AbortController();
  try {
    const url = `/search?${new URLSearchParams({ q: query })}`;
    const answer = await fetch(url, { signal: request.signal, headers: { Accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    found = (await answer.json()).map((each) => ({ ...each, sort: 'record', hint: [each.type, each.hint].filter(Boolean).join(' · ') }));
    failed = false;
  } catch (error) {
    if (error.name === 'AbortError') return;
    found = [];
    failed = true;
  }
  if (input.value.trim() === query) draw();
}
const soon = later(search, 120);

function groups(query) {
  const words = dialog.dataset;
  const own = items.filter(usable);
  if (asking) {
    const records = query ? found.filter(fits) : [...hand.starred, ...hand.recent].filter(fits);
    return [[words.records, records]];
  }
  if (!query) {
    const begin = own.filter((each) => each.sort === 'action').slice(0, 8);
    return [[words.starred, hand.starred.slice(0, 6)], [words.recent, hand.recent], [words.actions, begin]];
  }
  const fitting = find(query, own);
  const of = (sort, most) => fitting.filter((each) => each.sort === sort).slice(0, most);
  const everything = { label: words.everything.replace('%s', query), icon: 'search', url: `/search?${new URLSearchParams({ q: query })}` };
  const stars = find(query, [...hand.starred, ...hand.recent]).slice(0, 3);
  const known = new Set(stars.map((each) => each.url));
  return [
    [words.actions, of('action', 5)],
    [words.pages, of('page', 5)],
    [words.help, of('help', 3)],
    [words.records, [...stars, ...found.filter((each) => !known.has(each.url))]],
    ['', [everything]],
  ];
}

function line(item, number) {
  const made = element('div', 'k-palette-item');
  made.id = `palette-${number}`;
  made.role = 'option';
  made.append(icon(item.icon ?? 'file', 18), element('span', '', item.label));
  if (item.hint) made.append(element('small', '', item.hint));
  if (item.keys) {
    const keys = element('span', 'k-keys');
    item.keys.forEach((key) => keys.append(element('kbd', '', key)));
    made.append(keys);
  }
  return made;
}

function draw() {
  const query = input.value.trim();
  const parts = [];
  shown = [];
  for (const [title, entries] of groups(query)) {
    if (entries.length === 0) continue;
    const group = element('div', 'k-palette-group');
    group.role = 'group';
    if (title) {
      const head = element('div', 'k-palette-title', title);
      head.id = `palette-title-${parts.length}`;
      group.setAttribute('aria-labelledby', head.id);
      head.setAttribute('role', 'presentation');
      group.append(head);
    }
    for (const item of entries) {
      group.append(line(item, shown.length));
      shown.push(item);
    }
    parts.push(group);
  }
  if (failed && query) parts.push(element('p', 'k-palette-none', dialog.dataset.failed));
  if (shown.length === 0 && !failed && items.length) parts.push(element('p', 'k-palette-none', asking && !query ? dialog.dataset.whom : dialog.dataset.none));
  list.replaceChildren(...parts);
  mark(0);
  status.textContent = query ? dialog.dataset.count.replace('%s', shown.length) : '';
}

const lines = () => [...list.querySelectorAll('[role="option"]')];
const at = () => lines().findIndex((each) => each.getAttribute('aria-selected') === 'true');

function mark(number) {
  const all = lines();
  all.forEach((each, index) => each.setAttribute('aria-selected', String(index === number)));
  const chosen = all[number];
  if (!chosen) { input.removeAttribute('aria-activedescendant'); return; }
  input.setAttribute('aria-activedescendant', chosen.id);
  chosen.scrollIntoView({ block: 'nearest' });
}

const ways = {
  theme: (value) => document.querySelector(`[data-theme-choice="${value}"]`)?.click(),
  language: (value) => document.querySelector(`button[name="language"][value="${value}"]`)?.click(),
  fold: () => document.querySelector('[data-fold]')?.click(),
  star: () => document.querySelector('[data-star] button')?.click(),
  keys: () => document.getElementById('shortcuts')?.showModal(),
  'sign-out': () => document.querySelector('form[action$="/sign-out"] button')?.click(),
};

function ask(item) {
  asking = item;
  task.hidden = !item;
  task.textContent = item?.label ?? '';
  input.value = '';
  found = [];
  input.placeholder = item ? dialog.dataset.whom : input.dataset.usual;
  draw();
}

function choose(item, apart) {
  if (!item) return;
  if (item.asks && !asking) { ask(item); return; }
  let { url } = item;
  if (asking) {
    const id = url.split('/').pop();
    url = asking.url.replaceAll('{id}', id).replaceAll('{path}', pathOf(url)).replaceAll('{label}', encodeURIComponent(item.label));
  }
  dialog.close();
  if (item.does) {
    const [name, value] = item.does.split(':');
    ways[name]?.(value);
  } else if (apart) window.open(url, '_blank', 'noopener');
  else follow(url);
}

// Through a link, so that the question about unsaved text is asked as for any other.
function follow(url) {
  const link = element('a');
  link.href = url;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
}

export function openPalette(text = '') {
  if (!dialog || dialog.open) return;
  document.querySelector('[popover]:popover-open')?.hidePopover();
  input.dataset.usual ??= input.placeholder;
  dialog.showModal();
  input.value = text;
  asking = null;
  task.hidden = true;
  input.placeholder = input.dataset.usual;
  draw();
  input.focus();
  input.select();
  load();
  loadHand();
  if (text) soon(text);
}

if (dialog) {
  document.addEventListener('keydown', (event) => {
    if (event.code !== 'KeyK' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (document.querySelector('dialog[open]:not(#palette)')) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else openPalette();
  });
  on('click', '[data-palette]', () => openPalette(document.querySelector('[data-search]')?.value ?? ''));
  on('click', '.k-palette-item', (event, chosen) => choose(shown[lines().indexOf(chosen)], event.ctrlKey || event.metaKey));
  on('pointermove', '.k-palette-item', (_event, chosen) => { if (lines().indexOf(chosen) !== at()) mark(lines().indexOf(chosen)); });
  input.addEventListener('input', () => {
    const query = input.value.trim();
    request?.abort();
    if (!query) { found = []; failed = false; } else soon(query);
    draw();
  });
  input.addEventListener('keydown', (event) => {
    const number = lines().length;
    const steps = { ArrowDown: at() + 1, ArrowUp: at() - 1, PageDown: Math.min(at() + 6, number - 1), PageUp: Math.max(at() - 6, 0) };
    if (event.key in steps && number) {
      event.preventDefault();
      mark((steps[event.key] + number) % number);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      event.stopPropagation();
      choose(shown[at()], event.ctrlKey || event.metaKey);
    } else if (event.key === 'Backspace' && !input.value && asking) {
      ask(null);
    }
  });
  // Ready before it is asked for, but after everything that the page itself needs.
  addEventListener('load', () => setTimeout(load, 800));
}
