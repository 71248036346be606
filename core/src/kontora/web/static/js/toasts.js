// Short messages at the bottom. Those with "undo" stay ten seconds; troubles stay until closed.
import { element, everywhere, icon, on, words } from './dom.js';

function live(toast) {
  if (toast.dataset.live) return;
  toast.dataset.live = '1';
  if (toast.classList.contains('k-tone-bad')) return;
  const span = toast.querySelector('form') ? 10_000 : 5_000;
  let timer = setTimeout(() => toast.remove(), span);
  toast.addEventListener('pointerenter', () => clearTimeout(timer));
  toast.addEventListener('focusin', () => clearTimeout(timer));
  toast.addEventListener('pointerleave', () => { timer = setTimeout(() => toast.remove(), span); });
}

export function tell(text, tone = 'neutral') {
  const area = document.getElementById('toasts');
  if (!area || [...area.children].some((each) => each.dataset.text === text)) return;
  const toast = element('div', `k-toast k-tone-${tone}`);
  toast.dataset.text = text;
  toast.append(element('span', '', text));
  const close = element('button', 'k-toast-close');
  close.append(icon('x'));
  close.type = 'button';
  close.setAttribute('aria-label', words.close);
  close.dataset.toastClose = '';
  toast.append(close);
  toast.dataset.toast = '';
  area.append(toast);
  live(toast);
}

everywhere((root) => root.querySelectorAll('[data-toast]').forEach(live));
on('click', '[data-toast-close]', (_event, button) => button.closest('[data-toast]').remove());
