/* The service worker. VERSION, OFFLINE and NEEDED stand before this text (web/installed.py).
   Only files under /static/, which never change under their address, and the page OFFLINE are
   kept. No answer that could hold anybody's data passes through here. */
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(VERSION)
    .then((cache) => cache.addAll([new Request(OFFLINE, { cache: 'reload' }), ...NEEDED]))
    .then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name.startsWith('kontora-') && name !== VERSION).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

async function fromCache(request) {
  const cache = await caches.open(VERSION);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  // A file under an old address is answered too, but not for ever: such a one is not kept.
  if (answer.ok && (answer.headers.get('Cache-Control') || '').includes('immutable')) await cache.put(request, answer.clone());
  return answer;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/static/')) event.respondWith(fromCache(request));
  else if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(async () => (await (await caches.open(VERSION)).match(OFFLINE)) || Response.error()));
  }
});
