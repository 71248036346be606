// Menus are popovers: the browser opens, closes and layers them; we place them and add arrow keys.
import { on, place } from './dom.js';

const owner = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
const items = (menu) => [...menu.querySelectorAll('a[href], button, input')].filter((each) => each.offsetParent);

let placedAt = 0;
document.addEventListener('beforetoggle', (event) => {
  const opening = event.newState === 'open' && event.target.matches?.('[data-menu]');
  if (opening) placedAt = owner(event.target)?.getBoundingClientRect().top ?? 0;
}, true);

document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!(menu instanceof Element) || !menu.matches('[data-menu]')) return;
  const button = owner(menu);
  button?.setAttribute('aria-expanded', String(event.newState === 'open'));
  if (event.newState !== 'open' || !button) return;
  place(menu, button);
  items(menu)[0]?.focus({ preventScroll: true });
}, true);

// htmx carries the style of an element over to the one that replaces it, which the policy forbids:
// what floats forgets its place before.
document.addEventListener('htmx:before:swap', () => {
  document.querySelectorAll('[popover][style]:not(:popover-open)').forEach((each) => each.removeAttribute('style'));
});

on('keydown', '[data-menu]', (event, menu) => {
  const list = items(menu);
  const at = list.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 };
  if (!(event.key in steps) || list.length === 0) return;
  event.preventDefault();
  list[(steps[event.key] + list.length) % list.length].focus();
});

on('click', '[data-menu] .k-menu-item:not([aria-pressed])', (_event, item) => {
  const menu = item.closest('[data-menu]');
  if (menu?.matches(':popover-open')) menu.hidePopover();
});

addEventListener('scroll', (event) => {
  const menu = document.querySelector('[data-menu]:popover-open');
  if (!menu || menu.contains(event.target)) return;
  // A scroll that ended before the menu opened is told after it.
  const button = owner(menu);
  if (!button || Math.abs(button.getBoundingClientRect().top - placedAt) > 2) menu.hidePopover();
}, { capture: true, passive: true });

// Tabs within one page: one is shown, the arrows move between them.
function choose(tab) {
  for (const each of tab.closest('[data-tabs]').querySelectorAll('[role="tab"]')) {
    const chosen = each === tab;
    each.setAttribute('aria-selected', String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute('aria-controls')).hidden = !chosen;
  }
}
on('click', '[data-tabs] [role="tab"]', (_event, tab) => choose(tab));
on('keydown', '[data-tabs] [role="tab"]', (event, tab) => {
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return;
  const list = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  const next = list[(list.indexOf(tab) + (event.key === 'ArrowRight' ? 1 : -1) + list.length) % list.length];
  next.focus();
  choose(next);
});
