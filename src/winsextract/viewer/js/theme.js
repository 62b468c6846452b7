// Runs before anything is painted: the colours that the reader chose, else those of the system.
{
  let chosen = null;
  try { chosen = localStorage.getItem("winsextract:theme"); } catch { /* no storage for files here */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = () => { document.documentElement.dataset.theme = chosen || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", set);
  set();
}
