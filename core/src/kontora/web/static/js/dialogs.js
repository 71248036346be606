// Dialogs, and the question before something that cannot be taken back.
import { on, words } from './dom.js';

on('click', '[data-dialog]', (_event, button) => {
  const dialog = document.getElementById(button.dataset.dialog);
  if (!dialog) return;
  document.querySelector('[popover]:popover-open')?.hidePopover();
  dialog.showModal();
  const focus = button.dataset.dialogFocus;
  dialog.dispatchEvent(new CustomEvent('kontora:opened', { bubbles: true, detail: { focus } }));
});
on('click', '[data-dialog-close]', (_event, button) => button.closest('dialog').close());
on('click', 'dialog', (event, dialog) => {
  if (event.target !== dialog) return; // a click within
  const box = dialog.getBoundingClientRect();
  const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  if (outside && event.detail > 0) dialog.close();
});

/** Ask in our own words; true when the user wants to go on. */
export function ask(text, { yes = words.go, no = words.cancel } = {}) {
  const dialog = document.getElementById('ask');
  dialog.querySelector('#ask-text').textContent = text;
  dialog.querySelector('[data-ask-yes]').textContent = yes;
  dialog.querySelector('[data-ask-no]').textContent = no;
  dialog.returnValue = 'no';
  dialog.showModal();
  dialog.querySelector('[data-ask-yes]').focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

const agreed = new WeakSet();
document.addEventListener('submit', async (event) => {
  const { submitter, target: form } = event;
  const text = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!text || agreed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(text, { yes: submitter?.textContent.trim() || words.go }))) return;
  agreed.add(form);
  form.requestSubmit(submitter);
}, true);

document.addEventListener('htmx:confirm', async (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (await ask(ctx.confirm)) issueRequest();
  else dropRequest();
});
