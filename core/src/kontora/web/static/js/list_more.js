// Rows behind those in sight come while scrolling; groups fold; going back finds the same place.
import { element, language, on } from './dom.js';
import { refreshBars, rows } from './lists.js';
import { tell } from './toasts.js';

const texts = document.getElementById('list-words')?.dataset ?? {};
const place = () => `kontora.list.${location.pathname}${location.search}`;
const number = new Intl.NumberFormat(language);
let pages = 1;

export function parse(text, inside) {
  const holder = document.createElement('template');
  // A row is one only within a table.
  if (inside.matches('tbody, tr')) holder.innerHTML = `<table><tbody>${text}</tbody></table>`;
  else holder.innerHTML = text;
  return [...(holder.content.querySelector('tbody') ?? holder.content).childNodes];
}

async function bring(url) {
  const answer = await fetch(url, { headers: { 'X-Part': 'rows' } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return answer.text();
}

function count() {
  const shown = document.querySelector('[data-list-shown]');
  if (shown) shown.textContent = number.format(document.querySelectorAll('[data-list] [data-row-id]').length);
  refreshBars();
  document.dispatchEvent(new Event('htmx:after:swap'));
}

function skeleton(holder) {
  const box = element('span', 'k-skeleton');
  box.setAttribute('aria-hidden', 'true');
  box.append(element('span'), element('span'), element('span'));
  holder.append(box);
  return box;
}

/** Replace the link to further rows by these rows. */
async function more(holder) {
  const link = holder.querySelector('a');
  if (!link || holder.dataset.busy) return false;
  holder.dataset.busy = '1';
  const waiting = setTimeout(() => skeleton(link.parentElement), 200);
  try {
    holder.replaceWith(...parse(await bring(link.href), holder));
    pages += 1;
    count();
    watch();
    return true;
  } catch {
    delete holder.dataset.busy;
    holder.querySelector('.k-skeleton')?.remove();
    holder.dataset.failed = '1';
    tell(texts.failedRows, 'bad');
    return false;
  } finally {
    clearTimeout(waiting);
  }
}

on('click', '[data-more] a', (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  delete link.closest('[data-more]').dataset.failed;
  more(link.closest('[data-more]'));
});
const near = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
  if (isIntersecting && !target.dataset.failed) more(target);
}), { rootMargin: '600px' });
const watch = () => document.querySelectorAll('[data-more]').forEach((each) => near.observe(each));
if (document.querySelector('[data-list-area]')) watch();

// Groups: the rows come when it is opened the first time.
on('click', '[data-group-link]', async (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const group = link.closest('[data-group]');
  const open = link.getAttribute('aria-expanded') !== 'true';
  const body = group.querySelector('[data-group-rows]') ?? group;
  const own = () => [...body.children].filter((each) => !each.classList.contains('k-group-row'));
  link.setAttribute('aria-expanded', String(open));
  if (own().length > 0) { own().forEach((each) => { each.hidden = !open; }); return; }
  if (!open) return;
  try {
    body.append(...parse(await bring(link.href), body));
    count();
    watch();
  } catch {
    link.setAttribute('aria-expanded', 'false');
    tell(texts.failedRows, 'bad');
  }
});

// Going back: as many pages as there were, then the row that was in sight.
addEventListener('pagehide', () => {
  if (!document.querySelector('[data-list-area]')) return;
  const row = rows().find((each) => each.getBoundingClientRect().bottom > 120);
  try { sessionStorage.setItem(place(), JSON.stringify({ pages, id: row?.dataset.rowId, y: scrollY })); } catch { /* full */ }
});
async function goBack() {
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(place())); } catch { /* nothing kept */ }
  if (!kept || performance.getEntriesByType('navigation')[0]?.type !== 'back_forward') return;
  while (pages < Math.min(kept.pages, 40)) {
    const holder = document.querySelector('[data-more]');
    if (!holder || !(await more(holder))) break;
  }
  if (kept.pages > 1) document.querySelector(`[data-row-id="${CSS.escape(kept.id ?? '')}"]`)?.scrollIntoView({ block: 'start' });
}
if (document.querySelector('[data-list-area]')) goBack();
