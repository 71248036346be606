// Bad lines and failing servers are told in words; what is on the page stays where it is.
import { element, words } from './dom.js';
import { tell } from './toasts.js';

const notice = document.querySelector('[data-offline]');
const AGAIN = 4_000;
let timer = null;

function line(up) {
  if (!notice) return;
  if (up && !notice.hidden) tell(words.online);
  notice.querySelector('span').textContent = words.offline;
  notice.hidden = up;
}

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(AGAIN) });
    if (answer.ok) { line(true); return; }
  } catch { /* still none */ }
  timer = setTimeout(look, AGAIN);
}

/** Say that the line is lost, and look for it until it is back. */
export function lost() {
  line(false);
  clearTimeout(timer);
  timer = setTimeout(look, AGAIN);
}
addEventListener('offline', lost);
addEventListener('online', look);
if (!navigator.onLine) lost();

function failed(source) {
  const panel = source?.closest?.('[data-panel]');
  if (!panel) { tell(words.failed, 'bad'); return; }
  panel.querySelector('.k-skeleton')?.replaceWith(element('p', 'k-panel-blank', words.panelFailed));
}
document.addEventListener('htmx:error', (event) => {
  const { ctx, error } = event.detail;
  if (error instanceof TypeError && !ctx?.response) { // no answer at all
    lost();
    if (ctx?.sourceElement?.matches?.('form')) { tell(words.kept, 'bad'); return; }
  }
  failed(ctx?.sourceElement);
});
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail;
  if (ctx?.response?.status === 401) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent('kontora:signed-out', { detail: ctx.sourceElement?.closest?.('form') }));
    return;
  }
  if (!(ctx?.response?.status >= 500)) return;
  event.preventDefault();
  failed(ctx.sourceElement);
});
