// Loaded before the page is painted, so that a dark page never flashes white.
(() => {
  const root = document.documentElement;
  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const wish = kept("yaoheng-theme");
  root.dataset.theme = wish || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  if (kept("yaoheng-rail") === "on") root.dataset.rail = "on";
})();
