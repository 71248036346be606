// Recovery codes: copied or printed, so that they are kept apart from the phone.
import { on } from './dom.js';
import { tell } from './toasts.js';

on('click', '[data-print]', () => window.print());
on('click', '[data-copy]', async (_event, button) => {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.innerText);
    tell(button.dataset.done, 'good');
  } catch {
    window.getSelection().selectAllChildren(source);
  }
});
