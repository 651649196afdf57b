// Runs before the first paint, so that a dark page does not flash white; main.js handles the button.
(() => {
  const key = 'theme';
  const order = ['auto', 'light', 'dark'];
  const system = matchMedia('(prefers-color-scheme: dark)');

  const current = () => order.includes(localStorage.getItem(key)) ? localStorage.getItem(key) : 'auto';
  // The style sheet has only light and dark.
  const apply = () => {
    document.documentElement.dataset.theme = current() !== 'auto' ? current() : system.matches ? 'dark' : 'light';
    document.dispatchEvent(new Event('themechange'));
  };
  const next = () => {
    localStorage.setItem(key, order[(order.indexOf(current()) + 1) % order.length]);
    apply();
  };

  apply();
  system.addEventListener('change', apply);
  window.theme = { current, next };
})();
