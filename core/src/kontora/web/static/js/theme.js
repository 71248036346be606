// Runs before the first paint (a classic script in the head), so that neither the theme nor the
// folded menu flickers. "auto" follows the system, also when it changes later.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const read = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const apply = () => {
    const wish = read('kontora.theme') || 'auto';
    root.dataset.bsTheme = wish === 'auto' ? (dark.matches ? 'dark' : 'light') : wish;
  };
  apply();
  dark.addEventListener('change', apply);
  document.addEventListener('kontora:theme', apply);
  if (read('kontora.folded')) root.dataset.folded = '';
})();
