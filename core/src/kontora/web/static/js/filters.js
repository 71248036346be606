// The filter editor: conditions in groups. What is sent is `field[op]=value` for each condition that
// must hold, the same as the API takes, and `filter` with a tree where there are groups.
import { everywhere, on } from './dom.js';
import { setValue } from './lookup.js';

let number = 0;
const WORDS = { '@last': ['eq', 'last_#_days'], '@notlast': ['ne', 'last_#_days'], '@ago': ['lt', '#_days_ago'], '@next': ['eq', 'next_#_days'] };

const part = (row, name) => row.querySelector(`[data-value-of="${name}"]`);
const own = (holder) => (holder.matches('input, select') ? holder : holder.querySelector('[data-lookup-value]') ?? holder.querySelector('input, select'));

/** Show the value that fits the operator; what is hidden is not sent. */
function fit(row) {
  const op = row.querySelector('[data-filter-op]').value;
  const slot = row.querySelector('[data-filter-slot]');
  const wanted = op === 'empty' || op === 'filled' ? null : op === '@is' ? '@is' : op in WORDS ? 'days' : part(row, 'several') ? 'several' : 'one';
  slot.querySelectorAll('[data-value-of]').forEach((each) => { each.hidden = each.dataset.valueOf !== wanted; });
  const me = slot.querySelector('[data-filter-me]');
  if (me) me.hidden = wanted !== 'one';
  slot.hidden = wanted === null;
}

function setField(form, row) {
  const name = row.querySelector('[data-filter-field]').value;
  const source = [...form.querySelectorAll('template[data-filter-for]')].find((each) => each.dataset.filterFor === name);
  const holder = document.createElement('div');
  number += 1;
  holder.innerHTML = source.innerHTML.replaceAll('__n__', String(number));
  row.querySelector('[data-filter-op]').innerHTML = holder.querySelector('[data-ops]').innerHTML;
  row.querySelector('[data-filter-slot]').replaceChildren(...holder.querySelector('[data-value]').childNodes);
  fit(row);
}

function opOf(leaf, ops) {
  if (leaf.op === 'empty') return ['empty', ['true', '1', true].includes(leaf.value) ? 'empty' : 'filled'];
  if (!ops.includes('@is')) return [leaf.value, { eq: ops.includes('in') ? 'in' : 'eq', ne: ops.includes('nin') ? 'nin' : 'ne' }[leaf.op] ?? leaf.op];
  const days = /^(?:last|next)_(\d+)_days$|^(\d+)_days_ago$/.exec(leaf.value);
  for (const [op, [real, pattern]] of Object.entries(WORDS)) {
    const found = days?.[1] ?? days?.[2];
    if (found && real === leaf.op && pattern.replace('#', found) === leaf.value) return [found, op];
  }
  return [leaf.value, leaf.op === 'eq' && /^[a-z]/.test(leaf.value) ? '@is' : leaf.op];
}

function fill(row, leaf) {
  const select = row.querySelector('[data-filter-op]');
  const ops = [...select.options].map((each) => each.value);
  const [value, op] = opOf(leaf, ops);
  if (!ops.includes(op)) select.append(new Option(op, op));
  select.value = op;
  fit(row);
  const holder = [...row.querySelectorAll('[data-value-of]')].find((each) => !each.hidden);
  if (!holder) return;
  if (holder.dataset.valueOf === 'several') {
    const chosen = String(leaf.value).split(',');
    holder.querySelectorAll('input').forEach((each) => { each.checked = chosen.includes(each.value); });
    return;
  }
  const lookup = holder.querySelector('[data-lookup]');
  if (lookup) setValue(lookup, leaf.value, leaf.label);
  else own(holder).value = value;
  if (own(holder).value !== value && holder.matches('input[type="date"]')) { holder.type = 'text'; holder.value = leaf.value; }
}

function addRow(form, group, leaf = null) {
  const row = form.querySelector('template[data-filter-row]').content.firstElementChild.cloneNode(true);
  group.querySelector(':scope > [data-filter-rows]').append(row);
  const field = row.querySelector('[data-filter-field]');
  if (leaf) field.value = leaf.field;
  if (!field.value) {
    if (leaf) { row.remove(); keepUnknown(group, leaf); return null; }
    field.selectedIndex = 0;
  }
  setField(form, row);
  if (leaf) fill(row, leaf);
  return row;
}

// A condition on a field that the editor does not offer stays as it is.
function keepUnknown(group, leaf) {
  group.unknown = [...(group.unknown ?? []), { field: leaf.field, op: leaf.op, value: leaf.value }];
}

const wordOf = (tree) => ['and', 'or', 'not'].find((each) => each in tree);

function addGroup(form, holder, tree) {
  const group = form.querySelector('template[data-filter-group]').content.firstElementChild.cloneNode(true);
  holder.append(group);
  let word = wordOf(tree);
  let inner = tree[word];
  if (word === 'not') inner = inner.or ?? [inner];
  group.querySelector('[data-filter-mode]').value = word;
  for (const each of inner) {
    if (wordOf(each)) addGroup(form, group.querySelector(':scope > [data-filter-rows]'), each);
    else addRow(form, group, each);
  }
  return group;
}

/** The condition of a row as the record service takes it; null when it has no value. */
function leafOf(row) {
  const field = row.querySelector('[data-filter-field]').value;
  const op = row.querySelector('[data-filter-op]').value;
  if (op === 'empty' || op === 'filled') return { field, op: 'empty', value: op === 'empty' ? 'true' : 'false' };
  const holder = [...row.querySelectorAll('[data-value-of]')].find((each) => !each.hidden);
  if (holder.dataset.valueOf === 'several') {
    const chosen = [...holder.querySelectorAll('input:checked')].map((each) => each.value).join(',');
    if (!chosen) return null;
    return chosen.includes(',') ? { field, op, value: chosen } : { field, op: op === 'in' ? 'eq' : 'ne', value: chosen };
  }
  const value = own(holder).value.trim();
  if (!value) return null;
  if (op in WORDS) return { field, op: WORDS[op][0], value: WORDS[op][1].replace('#', String(Number(value))) };
  return { field, op: op === '@is' ? 'eq' : op, value };
}

function treeOf(group) {
  const found = [...(group.unknown ?? [])];
  for (const each of group.querySelector(':scope > [data-filter-rows]').children) {
    const inner = each.matches('.k-filter-group') ? treeOf(each) : leafOf(each);
    if (inner) found.push(inner);
  }
  if (found.length === 0) return null;
  const mode = group.querySelector('[data-filter-mode]').value;
  if (mode === 'not') return { not: found.length === 1 ? found[0] : { or: found } };
  return found.length === 1 ? found[0] : { [mode]: found };
}

function send(form) {
  form.querySelectorAll('[data-filter-sent]').forEach((each) => each.remove());
  const tree = treeOf(form.querySelector('.k-filter-group'));
  const groups = [];
  const add = (name, value) => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    input.dataset.filterSent = '';
    form.append(input);
  };
  for (const each of tree ? tree.and ?? [tree] : []) {
    if (wordOf(each)) groups.push(each);
    else add(`${each.field}[${each.op}]`, each.value);
  }
  if (groups.length > 0) add('filter', JSON.stringify({ and: groups }));
  form.querySelectorAll('[data-filter-root] :is(input, select)').forEach((each) => { each.disabled = true; });
}

everywhere((root) => root.querySelectorAll('[data-filter]').forEach((form) => {
  const holder = form.querySelector('[data-filter-root]');
  if (!holder || holder.firstElementChild) return;
  const tree = JSON.parse(form.dataset.tree);
  addGroup(form, holder, tree.and ? tree : { and: [tree] });
}));

on('kontora:opened', 'dialog', (event, dialog) => {
  const form = dialog.querySelector('[data-filter]');
  if (!form) return;
  const rows = [...form.querySelectorAll('.k-filter-row')];
  const wanted = rows.find((row) => row.querySelector('[data-filter-field]').value === event.detail.focus);
  const row = wanted ?? rows[0] ?? addRow(form, form.querySelector('.k-filter-group'));
  const value = wanted && [...wanted.querySelectorAll('[data-value-of]')].find((each) => !each.hidden);
  const target = value && (value.matches('input, select') ? value : value.querySelector('input:not([type="hidden"]), select'));
  (target ?? row.querySelector('[data-filter-field]')).focus();
});
on('click', '[data-filter-add]', (_event, button) => {
  addRow(button.closest('form'), button.closest('.k-filter-group')).querySelector('[data-filter-field]').focus();
});
on('click', '[data-filter-nest]', (_event, button) => {
  const holder = button.closest('.k-filter-group').querySelector(':scope > [data-filter-rows]');
  const group = addGroup(button.closest('form'), holder, { or: [] });
  addRow(button.closest('form'), group).querySelector('[data-filter-field]').focus();
});
on('click', '[data-filter-me]', (_event, button) => {
  setValue(button.parentElement.querySelector('[data-lookup]'), 'me', button.dataset.label);
});
on('change', '[data-filter-field]', (_event, select) => setField(select.closest('form'), select.closest('.k-filter-row')));
on('change', '[data-filter-op]', (_event, select) => fit(select.closest('.k-filter-row')));
on('submit', '[data-filter]', (_event, form) => send(form));
// After going back the controls are there again.
addEventListener('pageshow', () => document.querySelectorAll('[data-filter-root] :is(input, select)').forEach((each) => { each.disabled = false; }));
