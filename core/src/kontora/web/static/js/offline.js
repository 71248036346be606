// On the page without a line: look for it, and load what was wanted when it is back.
const again = () => location.reload();
document.querySelector('[data-again]').addEventListener('click', again);
addEventListener('online', again);
setInterval(async () => {
  try {
    if ((await fetch('/healthz', { cache: 'no-store' })).ok) again();
  } catch { /* still none */ }
}, 3000);
