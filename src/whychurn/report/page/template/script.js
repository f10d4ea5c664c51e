(() => {
  const root = document.documentElement;
  const button = document.querySelector(".theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  button?.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("whychurn-theme", root.dataset.theme); } catch { /* file pages may have no storage */ }
  });
  // anchors in folded contents, and the language of the reader's choice, are kept
  document.querySelector("a.language")?.addEventListener("click", event => {
    try { localStorage.setItem("whychurn-lang", event.currentTarget.lang); } catch { /* as above */ }
  });
  const contents = document.querySelector(".contents details");
  if (contents && matchMedia("(max-width: 60rem)").matches) contents.open = false;

  const raw = cell => cell.dataset.v ?? cell.textContent;
  const compare = (a, b) => {
    const [x, y] = [raw(a), raw(b)];
    if (x === "" || y === "") return (x === "") - (y === "");
    return a.dataset.v !== undefined ? x - y : x.localeCompare(y, root.lang);
  };
  const sort = (table, index) => {
    const heads = [...table.tHead.rows[0].cells];
    const order = heads[index].getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
    heads.forEach(head => head.removeAttribute("aria-sort"));
    heads[index].setAttribute("aria-sort", order);
    const body = table.tBodies[0], rows = [...body.rows];
    const folded = rows.filter(row => row.classList.contains("wc-more")).length;
    rows.sort((a, b) => {
      const [x, y] = [a.cells[index], b.cells[index]];
      const blank = raw(x) === "" || raw(y) === "";
      return (order === "ascending" || blank ? 1 : -1) * compare(x, y);
    });
    rows.forEach((row, place) => { row.classList.toggle("wc-more", place >= rows.length - folded); body.append(row); });
  };
  const guarded = text => /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? "'" + text : text; // a spreadsheet would run it
  const quoted = text => /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const value = cell => cell.dataset.v || cell.textContent.trim();
  window.whychurnCsv = table => "\ufeff" + [...table.rows].map(row => [...row.cells].map(cell => quoted(guarded(value(cell)))).join(",")).join("\r\n") + "\r\n";
  const download = table => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([window.whychurnCsv(table)], { type: "text/csv;charset=utf-8" }));
    link.download = table.dataset.name + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  document.querySelectorAll(".wc-tablebox").forEach(box => {
    const table = box.querySelector("table");
    if (!table) return;
    table.classList.add("sortable");
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      head.tabIndex = 0;
      head.addEventListener("click", () => sort(table, index));
      head.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(table, index); } });
    });
    const all = box.querySelector(".wc-all");
    if (all) {
      const [more, fewer] = [all.textContent, all.dataset.fewer];
      table.classList.add("wc-folded");
      all.addEventListener("click", () => { all.textContent = table.classList.toggle("wc-folded") ? more : fewer; });
    }
    box.querySelector(".wc-csv")?.addEventListener("click", () => download(table));
  });
})();
