// What the other modules share: delegated listeners, stored values, words in the user's language.

export const words = document.getElementById('words')?.dataset ?? {};
export const language = document.documentElement.lang || 'en';
export let csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** After a new sign-in: the token in all its places. */
export function renew(token) {
  csrf = token;
  const meta = document.querySelector('meta[name="csrf-token"]');
  if (meta) meta.content = token;
  document.querySelectorAll('input[name="csrf_token"]').forEach((each) => { each.value = token; });
  document.body.setAttribute('hx-headers:inherited', JSON.stringify({ 'X-CSRFToken': token }));
}

/** Listen once at the document for events on elements that match, also on those that come later. */
export function on(type, selector, handle, options) {
  document.addEventListener(type, (event) => {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    if (found) handle(event, found);
  }, options);
}

/** Run on the page as it is, and again on every part that htmx brings. */
export function everywhere(work) {
  work(document);
  document.addEventListener('htmx:after:swap', () => work(document));
}

/** Storage that may be full or forbidden: then nothing is kept, and nothing breaks. */
export const store = {
  get(key) { try { return JSON.parse(localStorage.getItem(`kontora.${key}`)); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`kontora.${key}`, JSON.stringify(value)); } catch { /* full */ } },
  drop(key) { try { localStorage.removeItem(`kontora.${key}`); } catch { /* forbidden */ } },
};

export function later(work, milliseconds) {
  let timer;
  return (...args) => { clearTimeout(timer); timer = setTimeout(() => work(...args), milliseconds); };
}

export function element(tag, css = '', text = '') {
  const made = document.createElement(tag);
  if (css) made.className = css;
  if (text) made.textContent = text;
  return made;
}

/** An icon of the sprite, as the macro of the same name makes it. */
export function icon(name, size = 14) {
  const space = 'http://www.w3.org/2000/svg';
  const made = document.createElementNS(space, 'svg');
  made.setAttribute('class', `k-icon k-icon-${size}`);
  made.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `${words.icons}#${name}`);
  made.append(use);
  return made;
}

/** Put a floating list under its owner, above it when there is no room, and never off the screen. */
export function place(floating, owner, { width = false } = {}) {
  const box = owner.getBoundingClientRect();
  if (width) floating.style.width = `${Math.max(box.width, 200)}px`;
  const { offsetWidth, offsetHeight } = floating;
  const below = box.bottom + 4 + offsetHeight <= innerHeight - 8;
  const top = below ? box.bottom + 4 : Math.max(8, box.top - 4 - offsetHeight);
  const wanted = width || box.left + offsetWidth <= innerWidth - 8 ? box.left : box.right - offsetWidth;
  floating.style.top = `${top}px`;
  floating.style.left = `${Math.min(Math.max(8, wanted), innerWidth - offsetWidth - 8)}px`;
}

export const typing = (target) => target instanceof Element
  && (target.closest('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]') !== null);
