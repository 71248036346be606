// Passkeys: ask the server for a challenge, the browser for an answer, and send that as a form.
// <form data-passkey="get|create" data-options="/address"> with an input named `credential`.
import { csrf, on } from './dom.js';

function bytes(text) {
  const padded = text.replace(/-/g, '+').replace(/_/g, '/');
  return Uint8Array.from(atob(padded), (char) => char.charCodeAt(0));
}

function text(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function readable(options) {
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ['excludeCredentials', 'allowCredentials']) {
    if (options[list]) made[list] = options[list].map((each) => ({ ...each, id: bytes(each.id) }));
  }
  return made;
}

function sendable(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[part]) answer[part] = text(response[part]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function ask(form) {
  const answer = await fetch(form.dataset.options, { method: 'POST', headers: { 'X-CSRFToken': csrf } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const publicKey = readable(await answer.json());
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements.credential.value = sendable(credential);
  form.submit();
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll('form[data-passkey]')) form.hidden = false;
  for (const box of document.querySelectorAll('[data-no-passkey]')) box.hidden = true;
  on('submit', 'form[data-passkey]', (event, form) => {
    event.preventDefault();
    const problem = form.querySelector('[data-passkey-problem]');
    problem.hidden = true;
    ask(form).catch(() => { problem.hidden = false; });
  });
}
