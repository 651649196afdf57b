// Before the first paint, so that a dark page does not flash white; the button is wired by main.js.
(() => {
  const key = 'theme';
  const order = ['auto', 'light', 'dark'];
  const root = document.documentElement;

  const current = () => order.includes(root.dataset.theme) ? root.dataset.theme : 'auto';
  const set = (theme) => {
    root.dataset.theme = theme;
    localStorage.setItem(key, theme);
    document.dispatchEvent(new Event('themechange'));
  };

  root.dataset.theme = localStorage.getItem(key) ?? 'auto';
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new Event('themechange')));
  window.theme = { current, next: () => set(order[(order.indexOf(current()) + 1) % order.length]) };
})();
