// Bad lines and failing servers are told in words; what is on the page stays where it is.
import { element, words } from './dom.js';
import { tell } from './toasts.js';

const notice = document.querySelector('[data-offline]');

function line(up) {
  if (!notice) return;
  if (up && !notice.hidden) tell(words.online);
  notice.querySelector('span').textContent = words.offline;
  notice.hidden = up;
}
addEventListener('offline', () => line(false));
addEventListener('online', () => line(true));
if (!navigator.onLine) line(false);

function failed(source) {
  const panel = source?.closest?.('[data-panel]');
  if (!panel) { tell(words.failed, 'bad'); return; }
  panel.querySelector('.k-skeleton')?.replaceWith(element('p', 'k-panel-blank', words.panelFailed));
}
document.addEventListener('htmx:error', (event) => failed(event.detail.ctx?.sourceElement));
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail;
  if (!(ctx?.response?.status >= 500)) return;
  event.preventDefault();
  failed(ctx.sourceElement);
});
