// Create from anywhere: the form comes into a dialog, and the page behind it stays as it is.
import { element, icon, on, words } from './dom.js';

let dialog = null;

function build() {
  dialog = element('dialog', 'k-dialog k-dialog-wide');
  dialog.id = 'quick';
  dialog.setAttribute('aria-labelledby', 'quick-title');
  const head = element('div', 'k-dialog-head');
  const title = element('h2');
  title.id = 'quick-title';
  const close = element('button', 'btn btn-icon');
  close.type = 'button';
  close.dataset.dialogClose = '';
  close.setAttribute('aria-label', words.close);
  close.append(icon('x', 18));
  head.append(title, close);
  const body = element('div', 'k-create');
  body.id = 'quick-body';
  dialog.append(head, body);
  document.body.append(dialog);
  // What was typed stays as a draft on this device and is put back the next time.
  dialog.addEventListener('close', () => { body.textContent = ''; });
}

async function open(link) {
  if (!dialog) build();
  dialog.querySelector('h2').textContent = link.textContent.trim();
  const body = dialog.querySelector('#quick-body');
  await window.htmx.ajax('GET', link.href, { target: '#quick-body', select: '#new-record', swap: 'innerHTML' });
  const form = body.querySelector('form');
  if (!form) { location.href = link.href; return; }
  dialog.querySelector('h2').textContent = form.dataset.title ?? link.textContent.trim();
  form.querySelector('[data-leave]')?.setAttribute('data-dialog-close', '');
  dialog.showModal();
  form.querySelector('input:not([type="hidden"]), select, textarea')?.focus();
}

on('click', '#create-menu a[href$="/new"]', (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  if (!window.htmx || document.querySelector('#new-record')) return; // it is open already
  event.preventDefault();
  open(link);
});

// The button “Cancel” of the form leads away on a page of its own; here it closes the dialog.
on('click', '#quick [data-leave]', (event) => {
  event.preventDefault();
  dialog.close();
});

// “Use this one”: what was typed about the double is not needed any more.
on('click', '[data-use-this]', (_event, link) => {
  link.closest('form')?.dispatchEvent(new CustomEvent('kontora:discard', { bubbles: true }));
}, true);
