(() => {
  const root = document.documentElement;
  root.classList.add("js");
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
  const here = document.querySelector("header.top nav a[aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
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
    rows.sort((a, b) => {
      const [x, y] = [a.cells[index], b.cells[index]];
      const blank = raw(x) === "" || raw(y) === "";
      return (order === "ascending" || blank ? 1 : -1) * compare(x, y);
    });
    body.append(...rows);
    fold(table);
  };
  // of the rows that pass the filters, those beyond the first few are folded
  const fold = table => [...table.tBodies[0].rows].filter(row => !row.hidden).forEach((row, place) => row.classList.toggle("wc-more", place >= table.limit));
  const filter = (box, table) => {
    const chosen = [...box.querySelectorAll("select")].filter(select => select.value);
    const wanted = box.querySelector(".wc-search").value.trim().toLowerCase();
    const rows = [...table.tBodies[0].rows];
    rows.forEach(row => {
      row.hidden = !(chosen.every(select => row.cells[select.dataset.column].textContent === select.value) && row.textContent.toLowerCase().includes(wanted));
    });
    const count = box.querySelector(".wc-count");
    count.textContent = count.dataset.text.replace("##", rows.length).replace("#", rows.filter(row => !row.hidden).length);
    fold(table);
  };
  const guarded = text => /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? "'" + text : text; // a spreadsheet would run it
  const quoted = text => /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  window.whychurnCell = text => quoted(guarded(text));
  const value = cell => cell.dataset.v || cell.textContent.trim();
  window.whychurnCsv = table => "\ufeff" + [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].map(cell => quoted(guarded(value(cell)))).join(",")).join("\r\n") + "\r\n";
  const download = table => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([window.whychurnCsv(table)], { type: "text/csv;charset=utf-8" }));
    link.download = table.dataset.name + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // what a pointer finds in a chart, as a list for the keyboard
  document.querySelectorAll(".wc-figure").forEach(box => {
    const titles = [...box.querySelectorAll(".values title")];
    if (!titles.length) return;
    const fold = document.createElement("details"), list = document.createElement("ul");
    fold.className = "wc-values";
    fold.append(Object.assign(document.createElement("summary"), { textContent: box.dataset.values }), list);
    titles.forEach(title => list.append(Object.assign(document.createElement("li"), { textContent: title.textContent })));
    box.append(fold);
  });

  document.querySelectorAll(".wc-tablebox").forEach(box => {
    const table = box.querySelector("table");
    if (!table) return;
    table.classList.add("sortable");
    const folded = table.querySelectorAll(".wc-more").length;
    table.limit = folded ? table.tBodies[0].rows.length - folded : Infinity;
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
    if (box.querySelector(".wc-search")) {
      const asked = new URLSearchParams(location.search);
      box.querySelectorAll("select").forEach(select => {
        const value = asked.get(select.dataset.key);
        if (value === null) return;
        if (![...select.options].some(option => option.value === value)) select.add(new Option(value)); // a list without it shows none
        select.value = value;
      });
      box.querySelectorAll("select, input").forEach(field => field.addEventListener("input", () => filter(box, table)));
      filter(box, table);
    }
    box.querySelector(".wc-csv")?.addEventListener("click", () => download(table));
  });
})();
