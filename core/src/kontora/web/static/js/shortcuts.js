// Keys, by their place on the keyboard: they are the same on a Latin and on a Cyrillic layout.
import { typing } from './dom.js';

let goUntil = 0;
const press = (selector) => {
  const found = [...document.querySelectorAll(selector)].find((each) => each.offsetParent);
  found?.click();
  return Boolean(found);
};

function create() {
  if (press('[data-key="c"]')) return;
  const menu = document.getElementById('create-menu');
  if (menu && !menu.matches(':popover-open')) menu.showPopover();
}

function plain(event) {
  if (goUntil > Date.now()) {
    goUntil = 0;
    return press(`[data-go="${event.code.replace('Key', '').toLowerCase()}"]`);
  }
  if (event.key === '?' || (event.code === 'Slash' && event.shiftKey)) return press('[data-dialog="shortcuts"]') || open('shortcuts');
  if (event.shiftKey) return false;
  if (event.code === 'Slash' || event.key === '/') {
    const field = document.querySelector('[data-search]');
    field?.focus();
    field?.select();
    return Boolean(field);
  }
  if (event.code === 'KeyG') { goUntil = Date.now() + 1500; return true; }
  if (event.code === 'KeyC') { create(); return true; }
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
  return letter ? press(`[data-key="${letter}"]`) : false;
}

function open(id) {
  document.getElementById(id)?.showModal();
  return true;
}

document.addEventListener('keydown', (event) => {
  if (event.code === 'Enter' && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.('form');
    const button = form?.querySelector('[data-save]') ?? form?.querySelector('[type="submit"]');
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
    return;
  }
  if (event.key === 'F1') { // the place of help; a field has its own
    const hint = event.target.closest?.('.k-field')?.querySelector('[data-hint]');
    if (!hint) return;
    event.preventDefault();
    hint.click();
    return;
  }
  if (event.key === 'Escape' && event.target.matches?.('[data-search], [data-list-search]')) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector('dialog[open], [popover]:popover-open')) return;
  if (plain(event)) event.preventDefault();
});
