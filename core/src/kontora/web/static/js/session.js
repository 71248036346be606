// Before a form leaves the page: is there a line, and is the user still signed in? If not, the page
// stays with all that was typed. Each form also carries a number, so that sending it again after a
// lost answer saves it once.
import { element, renew, words } from './dom.js';
import { lost } from './network.js';
import { tell } from './toasts.js';

const ended = document.getElementById('session-ended');
const user = document.documentElement.dataset.user;
const PATIENCE = 8_000;
const KEPT = 'kontora.once';
const FRESH = 600_000;
const passed = new WeakSet();
let waiting = null;

function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}
function keep(value) {
  try { sessionStorage.setItem(KEPT, JSON.stringify(value)); } catch { /* full: then as before */ }
}

/** The number of a form: the same for as long as it is not known to be saved. */
function number(form) {
  let field = form.querySelector('input[name="once"]');
  if (!field) {
    field = element('input');
    field.type = 'hidden';
    field.name = 'once';
    form.append(field);
  }
  const all = kept();
  const before = all[form.action];
  if (!field.value) field.value = before && Date.now() - before.at < FRESH ? before.id : crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}-once`;
  keep({ ...all, [form.action]: { id: field.value, at: Date.now() } });
}
// A page that came by a redirect is the answer to a save; one that says "saved already" ends it too.
const [entry] = performance.getEntriesByType('navigation');
if ((entry?.type === 'navigate' && entry.redirectCount > 0) || document.querySelector('[data-error-code="409"]')) keep({});
document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  const field = ctx.sourceElement?.closest?.('form')?.querySelector('input[name="once"]');
  if (!field || ctx.request?.method === 'GET' || !(ctx.response?.status < 400)) return;
  field.value = '';
  keep({});
});

async function state() {
  const answer = await fetch('/signed-in', { headers: { Accept: 'application/json' }, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function askToSignIn(form, submitter, other = false) {
  waiting = { form, submitter };
  ended.querySelector('[data-other-user]').hidden = !other;
  if (!ended.open) ended.showModal();
}

async function send(form, submitter) {
  let now;
  try {
    now = await state();
  } catch {
    lost();
    tell(words.kept, 'bad');
    return;
  }
  if (now.user !== user) { askToSignIn(form, submitter, Boolean(now.user)); return; }
  renew(now.csrf);
  passed.add(form);
  form.requestSubmit(submitter?.isConnected ? submitter : undefined);
}

if (ended) {
  // Before htmx takes a form for itself.
  document.addEventListener('submit', ({ target: form }) => {
    if (form.matches('[data-form]') && form.method === 'post') number(form);
  }, true);
  document.addEventListener('submit', (event) => {
    const { submitter, target: form } = event;
    if (!form.matches('[data-form]') || form.method !== 'post' || event.defaultPrevented) return;
    if (passed.delete(form)) return;
    event.preventDefault();
    send(form, submitter);
  });
  addEventListener('focus', async () => {
    if (!ended.open) return;
    const now = await state().catch(() => null);
    if (!now?.user) return;
    if (now.user !== user) { ended.querySelector('[data-other-user]').hidden = false; return; }
    renew(now.csrf);
    ended.close();
    const { form, submitter } = waiting ?? {};
    waiting = null;
    if (form?.isConnected) send(form, submitter);
  });
  // A part of the page that asks for a sign-in: with text on the page it stays where it is.
  document.addEventListener('kontora:signed-out', ({ detail: form }) => {
    const typed = [...document.querySelectorAll('main :is(textarea, input:not([type="hidden"], [type="checkbox"], [type="radio"]))')]
      .some((field) => field.value !== field.defaultValue);
    if (typed) askToSignIn(form);
    else location.reload();
  });
}
