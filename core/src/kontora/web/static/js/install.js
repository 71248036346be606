// The service worker: it keeps our files and the page that tells of no line, nothing else.
if ('serviceWorker' in navigator && window.isSecureContext) {
  addEventListener('load', () => { navigator.serviceWorker.register('/worker.js', { scope: '/' }).catch(() => {}); });
}
