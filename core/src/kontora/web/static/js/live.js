// The bell, live: one tab of the browser holds a stream and tells the others; where none can be
// had it asks every half minute. A server that restarts is found again without a word.
import { on } from './dom.js';

const bell = document.querySelector('[data-bell]');
const panel = document.querySelector('[data-bell-panel]');
const count = document.querySelector('[data-bell-count]');
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('kontora.bell') : null;
const AFTER = 1_500; // who only passes through opens no stream
const AGAIN = 60_000;
const user = document.documentElement.dataset.user;
let pollSeconds = 30;

function show(news) {
  if (news.user !== user) return;
  const { unread } = news;
  count.hidden = unread === 0;
  count.textContent = unread < 100 ? String(unread) : '99+';
  bell.setAttribute('aria-label', unread ? bell.dataset.bellSome.replace('%s', unread) : bell.dataset.bellNone);
  if (panel.matches(':popover-open')) refresh();
}
function tellAll(news) {
  const whole = { ...news, user };
  show(whole);
  channel?.postMessage(whole);
}

function refresh() {
  panel.dispatchEvent(new CustomEvent('kontora:bell'));
}

let timer = null;
async function poll() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      const answer = await fetch('/notices/count', { headers: { Accept: 'application/json' }, redirect: 'error' });
      if (answer.status === 401) return;
      if (answer.ok) {
        const news = await answer.json();
        pollSeconds = news.poll ?? pollSeconds;
        tellAll(news);
      }
    } catch { /* the line is told of elsewhere */ }
  }
  timer = setTimeout(poll, pollSeconds * 1000);
}

function remembered(value) {
  try {
    if (value !== undefined) sessionStorage.setItem('kontora.polls', String(value));
    return Number(sessionStorage.getItem('kontora.polls') ?? 0);
  } catch { return 0; }
}

// Resolves when the stream has ended for good.
function stream() {
  return new Promise((resolve) => {
    const source = new EventSource('/notices/live');
    source.addEventListener('message', (event) => {
      clearTimeout(timer);
      tellAll(JSON.parse(event.data));
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) resolve(); // 204, or an error: none to be had
    });
    addEventListener('pagehide', () => { source.close(); resolve(); }, { once: true });
  });
}

async function lead() {
  if (Date.now() - remembered() > AGAIN * 5) {
    await stream();
    remembered(Date.now());
  }
  await poll();
}

if (bell && panel) {
  channel?.addEventListener('message', (event) => show(event.data));
  panel.addEventListener('toggle', (event) => { if (event.newState === 'open') refresh(); });
  setTimeout(() => {
    if (!('locks' in navigator)) { poll(); return; }
    // Held as long as this page lives; then the next tab leads.
    navigator.locks.request('kontora.live', () => { lead(); return new Promise(() => {}); });
  }, AFTER);
  document.addEventListener('visibilitychange', () => { if (!document.hidden && timer) poll(); });
  on('htmx:after:swap', '[data-bell-panel]', () => {
    if (!panel.querySelector('.is-new')) tellAll({ unread: 0 });
  });
}
