// three buttons of a card make a line of the file of outcomes; it is kept in this browser until it is downloaded
document.addEventListener("DOMContentLoaded", () => {
  const words = document.getElementById("outcome-words").dataset, store = "whychurn-outcomes";
  let lines = [];
  try { lines = JSON.parse(localStorage.getItem(store)) ?? []; } catch { /* file pages may have no storage */ }
  const button = (text, act) => { const made = document.createElement("button"); made.type = "button"; made.textContent = text; made.addEventListener("click", act); return made; };
  const day = () => { const now = new Date(); return new Date(now - now.getTimezoneOffset() * 6e4).toISOString().slice(0, 10); };
  window.whychurnOutcomes = () => "\ufeff" + [words.columns, ...lines].join("\r\n") + "\r\n";
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([window.whychurnOutcomes()], { type: "text/csv;charset=utf-8" }));
    link.download = "outcomes.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const note = (box, outcome, reason) => {
    const { member, asof, action } = box.dataset;
    const line = [member, asof, action, outcome, reason, day()].map(window.whychurnCell).join(",");
    lines = [...lines.filter(other => !other.startsWith(`${member},${asof},`)), line];
    try { localStorage.setItem(store, JSON.stringify(lines)); } catch { /* as above */ }
    const shown = document.createElement("code"), said = document.createElement("p");
    shown.textContent = line;
    said.textContent = words.note.replace("#", lines.length);
    box.querySelector(".mc-noted").replaceChildren(shown, button(words.copy, () => navigator.clipboard?.writeText(line)), button(words.download, save), said);
    box.querySelectorAll("[data-outcome]").forEach(one => one.setAttribute("aria-pressed", one.dataset.outcome === outcome));
  };
  document.querySelectorAll(".mc-outcome").forEach(box => {
    const reason = box.querySelector(".mc-reason"), field = reason.querySelector("input");
    box.querySelectorAll("[data-outcome]").forEach(one => one.addEventListener("click", () => {
      reason.hidden = one.dataset.outcome !== "other";
      note(box, one.dataset.outcome, reason.hidden ? "" : field.value.trim());
      if (!reason.hidden) field.focus();
    }));
    field.addEventListener("input", () => note(box, "other", field.value.trim()));
  });
  const follow = () => document.querySelectorAll("a.language").forEach(link => { link.hash = location.hash; });
  addEventListener("hashchange", follow);
  follow();
});
