const STEPS = { j: 1, k: -1 };

/** j and k move through the rows of a table; Enter opens the one that has the focus, as it does for any link. */
document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const busyElsewhere = event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input, dialog[open]");
  const rows = [...document.querySelectorAll("tbody th a")];
  if (!step || busyElsewhere || !rows.length) return;
  const at = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + step))].focus();
});
