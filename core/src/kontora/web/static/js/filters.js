// The filter editor: each row is a field, an operator and a value; what is sent is `field[op]=value`,
// the same as the API takes, so that the address of a list can be read and shared.
import { everywhere, on } from './dom.js';
import { setValue } from './lookup.js';

let number = 0;

function valueControl(row) {
  return row.querySelector('[data-filter-slot] :is([data-lookup-value], input:not([role="combobox"]), select)');
}

function rename(row) {
  const field = row.querySelector('[data-filter-field]').value;
  const op = row.querySelector('[data-filter-op]').value;
  const slot = row.querySelector('[data-filter-slot]');
  const empty = op === 'empty';
  slot.hidden = empty;
  slot.querySelectorAll('input, select').forEach((each) => { each.disabled = empty; });
  row.querySelector('[data-filter-empty]')?.remove();
  valueControl(row).name = `${field}[${op}]`;
  if (!empty) return;
  const sent = document.createElement('input');
  Object.assign(sent, { type: 'hidden', name: `${field}[empty]`, value: 'true' });
  sent.dataset.filterEmpty = '';
  row.append(sent);
}

function setField(form, row) {
  const name = row.querySelector('[data-filter-field]').value;
  const source = [...form.querySelectorAll('template[data-filter-for]')].find((each) => each.dataset.filterFor === name);
  const holder = document.createElement('div');
  number += 1;
  holder.innerHTML = source.innerHTML.replaceAll('__n__', String(number));
  row.querySelector('[data-filter-op]').innerHTML = holder.querySelector('[data-ops]').innerHTML;
  row.querySelector('[data-filter-slot]').replaceChildren(...holder.querySelector('[data-value]').childNodes);
  rename(row);
}

function addRow(form, condition = null) {
  const row = form.querySelector('template[data-filter-row]').content.firstElementChild.cloneNode(true);
  form.querySelector('[data-filter-rows]').append(row);
  const field = row.querySelector('[data-filter-field]');
  if (condition) field.value = condition.field;
  if (!field.value) field.selectedIndex = 0;
  setField(form, row);
  if (!condition) return row;
  row.querySelector('[data-filter-op]').value = condition.op;
  const lookup = row.querySelector('[data-lookup]');
  if (lookup) setValue(lookup, condition.value, condition.text);
  else valueControl(row).value = condition.value;
  rename(row);
  return row;
}

everywhere((root) => root.querySelectorAll('[data-filter]').forEach((form) => {
  form.querySelectorAll('[data-condition]').forEach((each) => {
    addRow(form, each.dataset);
    each.remove();
  });
}));

on('kontora:opened', 'dialog', (event, dialog) => {
  const form = dialog.querySelector('[data-filter]');
  if (!form) return;
  const rows = [...form.querySelectorAll('.k-filter-row')];
  const wanted = rows.find((row) => row.querySelector('[data-filter-field]').value === event.detail.focus);
  const row = wanted ?? rows[0] ?? addRow(form);
  (wanted ? valueControl(row) : row.querySelector('[data-filter-field]')).focus();
});
on('click', '[data-filter-add]', (_event, button) => {
  addRow(button.closest('form')).querySelector('[data-filter-field]').focus();
});
on('change', '[data-filter-field]', (_event, select) => setField(select.closest('form'), select.closest('.k-filter-row')));
on('change', '[data-filter-op]', (_event, select) => rename(select.closest('.k-filter-row')));
// A condition without a value says nothing: it is not sent.
on('submit', '[data-filter]', (_event, form) => {
  form.querySelectorAll('.k-filter-row').forEach((row) => {
    const control = valueControl(row);
    if (!control.disabled && !control.value) control.disabled = true;
  });
});
