// Files of a record: drop or choose, watch them being sent, look at them without leaving the page.
import { csrf, element, everywhere, on, words } from './dom.js';

const MOST_LOOKS = 20;
let looks = 0;
// What went wrong stays to be read when the list is renewed, until the next try.
let troubles = [];

const box = (node) => node.closest('[data-files]');
const panel = (node) => node.closest('[data-panel]');

function renew(files) {
  if (!files?.isConnected) return;
  window.htmx.ajax('GET', files.dataset.url, { target: panel(files) ?? files, swap: 'innerHTML' });
}

function send(form, file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append('file', file);
    const bar = element('progress');
    bar.max = file.size || 1;
    line.append(bar);
    request.upload.addEventListener('progress', (event) => { bar.value = event.loaded; });
    request.addEventListener('loadend', () => {
      bar.remove();
      if (request.status === 204) { line.remove(); resolve(); return; }
      line.className = 'is-bad';
      const answer = new DOMParser().parseFromString(request.responseText || '', 'text/html').body;
      const said = answer.textContent.replace(/\s+/g, ' ').trim();
      line.textContent = `${file.name}: ${said || words.failed}`;
      resolve();
    });
    request.open('POST', form.getAttribute('action'));
    request.setRequestHeader('X-CSRFToken', csrf);
    request.setRequestHeader('HX-Request', 'true');
    request.send(data);
  });
}

async function sendAll(form, files) {
  const list = form.querySelector('[data-drop-list]');
  list.replaceChildren();
  troubles = [];
  form.dataset.busy = '1';
  for (const file of files) {
    const line = list.appendChild(element('li'));
    if (file.size > Number(form.dataset.largest)) {
      line.className = 'is-bad';
      line.textContent = form.dataset.tooLarge.replace('{name}', file.name);
      continue;
    }
    line.textContent = form.dataset.sending.replace('{name}', file.name);
    // One after the other: a hundred files at once would leave no line for anybody else.
    await send(form, file, line);
  }
  delete form.dataset.busy;
  looks = 0;
  troubles = [...list.querySelectorAll('.is-bad')];
  renew(box(form));
}

on('change', '[data-drop-input]', (_event, input) => {
  const files = [...input.files];
  if (files.length === 0) return;
  sendAll(input.form, files);
  input.value = '';
});

// The whole panel takes what is dropped, not only its dashed box.
const dropped = (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return null;
  const target = event.target instanceof Element ? panel(event.target) : null;
  return target?.querySelector('[data-drop]') ?? null;
};
document.addEventListener('dragover', (event) => {
  const form = dropped(event);
  document.querySelectorAll('.k-drop.is-over').forEach((each) => each.classList.toggle('is-over', each === form));
  if (!form) return;
  event.preventDefault();
  form.classList.add('is-over');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.querySelectorAll('.k-drop.is-over').forEach((each) => each.classList.remove('is-over'));
});
document.addEventListener('drop', (event) => {
  const form = dropped(event);
  if (!form) return;
  event.preventDefault();
  form.classList.remove('is-over');
  if (!form.dataset.busy) sendAll(form, [...event.dataTransfer.files]);
});

// Preview

function links(node) {
  return [...box(node).querySelectorAll('[data-file-preview]')];
}

on('click', '[data-file-preview]', (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const dialog = box(link).querySelector('[data-file-dialog]');
  dialog.dataset.at = String(links(link).indexOf(link));
  dialog.querySelector('h2').textContent = link.dataset.filePreview;
  if (!dialog.open) dialog.showModal();
});

function step(dialog, by) {
  const all = links(dialog);
  const next = all[(Number(dialog.dataset.at) + by + all.length) % all.length];
  if (all.length > 1) next.click();
}
on('click', '[data-file-step]', (_event, button) => step(button.closest('dialog'), Number(button.dataset.fileStep)));
on('keydown', '[data-file-dialog]', (event, dialog) => {
  if (event.target.matches('input')) return;
  if (event.key === 'ArrowLeft') step(dialog, -1);
  if (event.key === 'ArrowRight') step(dialog, 1);
});

// Previews are made behind the scenes: look again until they are there, but not for ever, and
// never under the hands of somebody who works in the panel.
const WORKING = 'dialog[open], [data-busy], [popover]:popover-open, :focus';
let timer;
let looking = false;
everywhere((root) => {
  root.querySelectorAll('[data-drop-send]').forEach((button) => { button.hidden = true; });
  root.querySelector('[data-drop-list]')?.append(...troubles);
  const files = root.querySelector('[data-files-waiting]');
  clearTimeout(timer);
  if (files) timer = setTimeout(() => look(files), 2_000);
});

function look(files) {
  if (looks >= MOST_LOOKS || !files.isConnected) return;
  looks += 1;
  if (files.querySelector(WORKING)) {
    timer = setTimeout(() => look(files), 2_000);
    return;
  }
  looking = true;
  renew(files);
}

document.addEventListener('htmx:before:swap', (event) => {
  const files = document.querySelector('[data-files-waiting]');
  if (!looking || event.detail.ctx?.request?.action !== files?.dataset.url) return;
  looking = false;
  // Somebody began to work while the answer was under way: it comes another time.
  if (files.querySelector(WORKING)) {
    event.preventDefault();
    timer = setTimeout(() => look(files), 2_000);
  }
});
