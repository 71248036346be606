// The frame: theme, folded menu, the menu as a drawer on a phone.
import { on, store } from './dom.js';

const root = document.documentElement;
const side = document.getElementById('side');
const scrim = document.querySelector('.k-scrim');

function wish() {
  try { return localStorage.getItem('kontora.theme') || 'auto'; } catch { return 'auto'; }
}
function mark() {
  document.querySelectorAll('[data-theme-choice]').forEach((each) => {
    each.setAttribute('aria-pressed', String(each.dataset.themeChoice === wish()));
  });
}
mark();
on('click', '[data-theme-choice]', (_event, button) => {
  try { localStorage.setItem('kontora.theme', button.dataset.themeChoice); } catch { /* not kept */ }
  document.dispatchEvent(new Event('kontora:theme'));
  mark();
});

on('click', '[data-fold]', () => {
  const folded = root.toggleAttribute('data-folded');
  if (folded) store.set('folded', 1);
  else store.drop('folded');
});

function drawer(open) {
  side?.classList.toggle('is-open', open);
  if (scrim) scrim.hidden = !open;
  document.querySelectorAll('[data-side-toggle][aria-expanded]').forEach((each) => each.setAttribute('aria-expanded', String(open)));
  if (open) side?.querySelector('a')?.focus();
}
on('click', '[data-side-toggle]', () => drawer(!side?.classList.contains('is-open')));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && side?.classList.contains('is-open')) drawer(false);
});

on('click', '[data-record-part]', (_event, button) => {
  button.closest('.k-record').dataset.show = button.dataset.recordPart;
  button.parentElement.querySelectorAll('[aria-current]').forEach((each) => each.removeAttribute('aria-current'));
  button.setAttribute('aria-current', 'true');
});

on('click', '[data-back]', () => history.back());
document.querySelector('.k-nav [aria-current]')?.scrollIntoView({ block: 'nearest' });
document.querySelector('[data-autofocus]')?.focus();
