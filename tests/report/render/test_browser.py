"""Reports as a browser shows them: nothing cut, nothing wider than the page, tables that sort and download."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.drawing.svg import figure_svg
from whychurn.report.drawing.theme import ACCENT, new_figure, themed
from whychurn.report.page.components.blocks import block
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.list_table import list_table
from whychurn.report.page.html_pieces import answer_box, claim_line, figure_box
from whychurn.report.page.html_table import TableLook, table_html
from whychurn.report.page.report_page import TEMPLATE
from whychurn.report.render.layout import member_html, sections_html, study_frame
from whychurn.report.render.notebooks import NOTEBOOKS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: install chromium to look at the reports"),
]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --allow-file-access-from-files "
    "--host-resolver-rules=MAP:*:~NOTFOUND --virtual-time-budget=60000 --window-size=1400,1200 --dump-dom"
).replace("MAP:*:", "MAP * ")
NARROW, WIDE = 390, 1280

# opens each page in a frame of each width and writes down what it measures
HARNESS = """<!doctype html><meta charset="utf-8"><body><script>
const pages = %s, widths = %s, found = [];
const box = element => element.getBoundingClientRect();
function measure(frame, page, width) {
  const doc = frame.contentDocument, root = doc.documentElement, cut = [], wide = [], overlaps = [];
  for (const svg of doc.querySelectorAll(".wc-figure svg")) {
    const outer = box(svg), texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
    const boxes = texts.map(box);
    texts.forEach((text, i) => {
      const b = boxes[i];
      if (b.left < outer.left - 2 || b.right > outer.right + 2 || b.top < outer.top - 2 || b.bottom > outer.bottom + 2) cut.push(text.textContent);
      for (let j = 0; j < i; j++) {
        const c = boxes[j], w = Math.min(b.right, c.right) - Math.max(b.left, c.left), h = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
        if (w > 0 && h > 0 && w * h > 0.25 * Math.min(b.width * b.height, c.width * c.height)) overlaps.push(texts[j].textContent + " / " + text.textContent);
      }
    });
  }
  for (const element of doc.querySelectorAll("main p, main h1, main h2, main .wc-scroll, .wc-figure svg, .bk, .ca-row"))
    if (box(element).right > width + 1) wide.push(element.textContent.slice(0, 40));
  found.push({ page, width, scroll: root.scrollWidth, cut, overlaps, wide, lang: root.lang,
    requests: frame.contentWindow.performance.getEntriesByType("resource").length,
    background: frame.contentWindow.getComputedStyle(doc.body).backgroundColor,
    empty: [...doc.querySelectorAll(".wc-figure svg")].filter(svg => !svg.querySelector("path, use, text")).length });
}
async function open(page, width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  await new Promise(done => { frame.onload = done; frame.src = page; document.body.append(frame); });
  return frame;
}
(async () => {
  for (const page of pages) for (const width of widths) { const frame = await open(page, width); measure(frame, page, width); %s; frame.remove(); }
  const out = document.createElement("pre"); out.id = "found"; out.textContent = JSON.stringify(found); document.body.append(out);
})();
</script></body>"""


def look(
    tmp: Path, pages: list[Path], widths: tuple[int, ...], then: str = "", query: str = ""
) -> list[dict[str, Any]]:
    """What the browser measures on each page at each width."""
    tmp.mkdir(parents=True, exist_ok=True)
    harness = tmp / "harness.html"
    addresses = json.dumps([page.as_uri() + query for page in pages])
    harness.write_text(HARNESS % (addresses, json.dumps(widths), then), encoding="utf-8")
    command = [str(CHROMIUM), *_split(FLAGS), f"--user-data-dir={tmp / 'profile'}", harness.as_uri()]
    dom = subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=True, encoding="utf-8"
    ).stdout
    match = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert match is not None, "the browser did not finish"
    return json.loads(unescape(match.group(1)))


def _split(flags: str) -> list[str]:
    return [f"--{flag.strip()}" for flag in flags.split("--") if flag.strip()]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One page a language with long words, a wide table and figures, without running a notebook."""
    root = tmp_path_factory.mktemp("页面 pages")
    return [_sample(root / lang / "index.html", lang) for lang in ("en", "zh")]


def _sample(path: Path, lang: str) -> Path:
    study = StudyPaths(path.parent)
    params = load_params(study)
    labels = ["产品与服务", "生活变化"] if lang == "zh" else ["Product and service", "Life change"]
    with themed():
        figure, (axes,) = new_figure(8, 3)
        axes.barh(labels, [1, 2], color=ACCENT)
        axes.set_xlabel("会员数" if lang == "zh" else "Members")
    frame = pd.DataFrame({f"column_{i}": [30 * i, 2000.5, None, -5] for i in range(12)})
    frame.insert(0, "who", ["c", '=1+1,"x"', "b", "甲"])
    table = table_html(
        frame,
        name="t",
        number=1,
        title="t",
        rung="described",
        lang=lang,
        currency="CNY",
        min_cell=10,
        limit=3,
    )
    body = (
        answer_box("长" * 200 if lang == "zh" else "word " * 60, lang)
        + claim_line("associated", "x" * 120, lang)
        + figure_box(figure_svg(figure, "f1", "bars"), 1, "title", "caused", lang, "note")
        + table
        + block("Finding " + "long " * 20, _intervals(lang) + _list(lang), lang, rung="caused")
    )
    body += "".join(block("Donaudampfschifffahrtsgesellschaft" * 3, "<p>x</p>", lang) for _ in range(5))
    frame_of = study_frame(study, params, lang, NOTEBOOKS)
    page = sections_html(frame_of, "index", title="T", clauses=["T"], kicker="k", body=body)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _intervals(lang: str) -> str:
    given = {"text": "+5", "between": "[−2 to +12]", "rung": "caused", "detail": "word " * 20}
    row = IntervalRow("Personal picks and a long name", 5.0, -2.0, 12.0, **given, verdict="harm")
    return interval_rows([row], lang, ("more leave", "more stay"))


def _list(lang: str) -> str:
    frame = pd.DataFrame({"member": [f"m{n:016x}" for n in range(40)], "cause": ["Price", "A & B"] * 20})
    return list_table(frame, "list", TableLook(lang, "CNY", 10), ("cause",))


def _complain(found: list[dict[str, Any]]) -> list[str]:
    problems = []
    for page in found:
        name = f"{Path(page['page']).parent.name}/{Path(page['page']).name} at {page['width']}"
        if page["scroll"] > page["width"]:
            problems.append(f"{name}: page is {page['scroll']} wide")
        problems += [
            f"{name}: {what}: {page[what]}" for what in ("cut", "overlaps", "wide", "empty") if page[what]
        ]
        if page["requests"]:
            problems.append(f"{name}: asks for {page['requests']} files")
    return problems


def test_pieces_fit_a_phone_and_a_desk(pages: list[Path], tmp_path: Path) -> None:
    found = look(tmp_path, pages, (NARROW, WIDE))
    assert len(found) == 4
    assert not _complain(found)
    assert [page["lang"] for page in found] == ["en", "en", "zh-CN", "zh-CN"]


def test_measuring_finds_what_is_wrong(tmp_path: Path) -> None:
    """The measurement itself can fail: a page that is too wide, with a cut and an overlapping text."""
    page = tmp_path / "bad.html"
    svg = '<svg width="100" height="50"><text x="-30" y="20">cut text</text><text x="-30" y="21">cut text</text></svg>'
    page.write_text(
        f'<!doctype html><main><p style="width:900px">x</p><div class="wc-figure">{svg}</div></main>',
        encoding="utf-8",
    )
    problems = " ".join(_complain(look(tmp_path, [page], (NARROW,))))
    for word in ("wide", "cut", "overlaps"):
        assert word in problems


def test_dark_and_light_differ(pages: list[Path], tmp_path: Path) -> None:
    dark = look(tmp_path / "d", pages[:1], (WIDE,), query="?theme=dark")[0]["background"]
    light = look(tmp_path / "l", pages[:1], (WIDE,), query="?theme=light")[0]["background"]
    assert (sum(map(int, re.findall(r"\d+", dark))) < 150) and (
        sum(map(int, re.findall(r"\d+", light))) > 700
    )


def test_tables_sort_fold_and_download(pages: list[Path], tmp_path: Path) -> None:
    steps = """
    { const doc = frame.contentDocument, table = doc.querySelector("table"), last = found[found.length - 1];
      const firsts = () => [...table.tBodies[0].rows].map(row => row.cells[2].textContent);
      const visible = () => [...table.tBodies[0].rows].filter(row => box(row).height > 0).length;
      last.folded = visible(); doc.querySelector(".wc-all").click(); last.unfolded = visible();
      table.tHead.rows[0].cells[2].click(); last.down = firsts(); table.tHead.rows[0].cells[2].click(); last.up = firsts();
      last.csv = frame.contentWindow.whychurnCsv(table); }"""
    found = look(tmp_path, pages[:1], (WIDE,), then=steps)[0]
    assert (found["folded"], found["unfolded"]) == (3, 4)
    assert found["down"] == ["2,000", "30.0", "−5.00", "–"]
    assert found["up"] == ["−5.00", "30.0", "2,000", "–"]
    lines = found["csv"].split("\r\n")
    assert lines[0].startswith("\ufeffwho,column_0,column_1")
    assert lines[1].startswith("甲,-5,-5,")
    assert lines[3].startswith('"\'=1+1,""x""",2000.5,2000.5')


def test_lists_filter_and_download_what_passes(pages: list[Path], tmp_path: Path) -> None:
    steps = """
    { const doc = frame.contentDocument, list = doc.querySelector(".wc-list"), last = found[found.length - 1];
      const visible = () => [...list.querySelectorAll("tbody tr")].filter(row => box(row).height > 0).length;
      last.first = visible(); last.count = list.querySelector(".wc-count").textContent;
      const search = list.querySelector(".wc-search"); search.value = "a"; search.dispatchEvent(new Event("input"));
      last.searched = list.querySelector(".wc-count").textContent; list.querySelector(".wc-all").click(); last.all = visible();
      last.csv = frame.contentWindow.whychurnCsv(list.querySelector("table")).split("\\r\\n").length; }"""
    found = look(tmp_path, pages[:1], (WIDE,), then=steps, query="?cause=A%20%26%20B")[0]
    assert (found["first"], found["count"]) == (12, "20 of 40"), "the address sets the filter"
    assert found["searched"] == "20 of 40", "every row holds an a: of A & B, or of its number"
    assert (found["all"], found["csv"]) == (20, 22)


SCREENS = {"index": (1, 3), "why": (6, 12), "sure": (4, 9), "keep": (6, 12), "who": (6, 12)}  # wide, phone
BUDGET = ((1440, 900), (390, 844))
UNSPANNED = """
{ const last = found[found.length - 1]; last.height = root_of(frame).scrollHeight;
  last.open = [...frame.contentDocument.querySelectorAll("[data-claim]:not([data-rung=described]):not([data-chance])")]
    .filter(one => !one.closest("details:not([open])") && /[0-9]/.test(one.textContent) && !/\\[.+\\]/.test(one.textContent)).map(one => one.textContent.slice(0, 60)); }
""".replace("root_of(frame)", "frame.contentDocument.documentElement")


def over_budget(found: list[dict[str, Any]]) -> list[str]:
    """Pages for reviewers that are longer than their screens, folds shut, or hold an estimate without its interval."""
    problems = []
    for page in found:
        name = Path(page["page"]).stem
        place = [width for width, _ in BUDGET].index(page["width"])
        screens = page["height"] / BUDGET[place][1]
        if name in SCREENS and screens > SCREENS[name][place]:
            problems.append(f"{name} at {page['width']}: {screens:.2f} screens")
        problems += [
            f"{name}: no interval: {text}" for text in page["open"] if name in ("index", "why", "sure")
        ]
    return problems


def test_a_page_that_is_too_long_or_has_no_interval_is_found(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    rows = '<p data-claim data-rung="attributed">26 left</p><p data-claim data-rung="attributed">26 [19–34] left</p>'
    page.write_text(f'<!doctype html><main style="height:1000px">{rows}</main>', encoding="utf-8")
    found = look(tmp_path, [page], tuple(width for width, _ in BUDGET), then=UNSPANNED)
    problems = over_budget(found)
    assert [problem.split(":")[0] for problem in problems] == ["index at 1440", "index", "index"]


def test_a_link_to_a_list_without_such_rows_shows_none(pages: list[Path], tmp_path: Path) -> None:
    steps = 'found[found.length - 1].count = frame.contentDocument.querySelector(".wc-list .wc-count").textContent;'
    found = look(tmp_path, pages[:1], (WIDE,), then=steps, query="?cause=Moon")[0]
    assert found["count"] == "0 of 40"


def test_of_many_cards_the_address_shows_one_and_its_buttons_write_outcomes(tmp_path: Path) -> None:
    card = (
        '<article class="mc" id="{0}"><h1>{0}</h1><div class="mc-outcome" data-member="{0}" data-asof="2026-01-01" data-action="coupon">'
        '<p><button type="button" data-outcome="done">D</button><button type="button" data-outcome="other">O</button></p>'
        '<p class="mc-reason" hidden><label>R <input type="text"></label></p><div class="mc-noted" role="status"></div></div></article>'
    )
    study = StudyPaths(tmp_path)
    content = {
        "names": ["m1", "m2"], "body": card.format("m1") + card.format("m2"), "columns": "a,b", "title": "T", "copy": "C",
        "download": "D", "outcome_note": "#", "note": "n", "outcomes": (TEMPLATE / "member.js").read_text(encoding="utf-8"),
        "css": (TEMPLATE / "member.css").read_text(encoding="utf-8"),
    }  # fmt: skip
    path = tmp_path / "01.html"
    path.write_text(
        member_html(study_frame(study, load_params(study), "en", NOTEBOOKS), "member/01", content),
        encoding="utf-8",
    )
    steps = """
    { const doc = frame.contentDocument, last = found[found.length - 1];
      last.cards = [...doc.querySelectorAll(".mc")].filter(one => box(one).height > 0).map(one => one.id); last.pick = box(doc.querySelector(".pick")).height;
      const own = doc.getElementById("m2"); own.querySelector("[data-outcome=done]").click(); own.querySelector("[data-outcome=other]").click();
      const field = own.querySelector("input"); field.value = "=moved, far"; field.dispatchEvent(new Event("input"));
      last.csv = frame.contentWindow.whychurnOutcomes(); last.link = doc.querySelector("a.language").getAttribute("href"); }"""
    found = look(tmp_path, [path], (WIDE,), then=steps, query="#m2")[0]
    assert (found["cards"], found["pick"]) == (["m2"], 0)
    lines = found["csv"].strip("\ufeff").split("\r\n")
    assert lines[0] == "a,b" and len(lines) == 3 and lines[2] == "", (
        "a member has one outcome of a plan: the last"
    )
    assert re.fullmatch(r'm2,2026-01-01,coupon,other,"\'=moved, far",\d{4}-\d\d-\d\d', lines[1])
    assert found["link"].endswith("zh/member/01.html#m2")


DEMO = sorted(StudyPaths.at().reports.glob("[ez][nh]/*.html"))  # $WHYCHURN_STUDY, or the demo


@pytest.mark.skipif(not DEMO, reason="no rendered reports: run `make reproduce` first")
def test_reports_of_the_demo_fit(tmp_path: Path) -> None:
    found = look(tmp_path, DEMO, (NARROW, WIDE))
    assert len(found) == 2 * len(DEMO)
    assert not _complain(found)


@pytest.mark.skipif(not DEMO, reason="no rendered reports: run `make reproduce` first")
def test_pages_for_reviewers_keep_to_their_screens(tmp_path: Path) -> None:
    pages = [page for page in DEMO if page.stem in SCREENS]
    found = look(tmp_path, pages, tuple(width for width, _ in BUDGET), then=UNSPANNED)
    assert len(found) == 2 * len(pages)
    assert not over_budget(found)


SHEETS = {"index": 2, "why": 4, "keep": 4, "who": 4, "sure": 4, "01": 2}  # of A4; 01 holds cards


def sheets(page: str, tmp: Path) -> int:
    """Sheets of A4 on which the browser prints a page."""
    target = tmp / "page.pdf"
    flags = [flag for flag in _split(FLAGS) if flag != "--dump-dom"]
    more = [f"--user-data-dir={tmp / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={target}", page]
    subprocess.run([str(CHROMIUM), *flags, *more], capture_output=True, timeout=240, check=True)
    return len(re.findall(rb"/Type\s*/Page\b", target.read_bytes()))


def test_sheets_are_counted_and_folds_stay_shut_in_print(tmp_path: Path) -> None:
    long = "".join(block("Finding", "<p>x</p>" * 20, "en") for _ in range(20))
    counts = []
    for number, body in enumerate((long, f"<details class='bk-fold'><summary>s</summary>{long}</details>")):
        frame = study_frame(StudyPaths(tmp_path), load_params(StudyPaths(tmp_path)), "en", NOTEBOOKS)
        path = tmp_path / f"{number}.html"
        path.write_text(
            sections_html(frame, "why", title="T", clauses=["T"], kicker="k", body=body), encoding="utf-8"
        )
        counts.append(sheets(path.as_uri(), tmp_path))
    assert counts[0] > 4 and counts[1] == 1


@pytest.mark.skipif(not DEMO, reason="no rendered reports: run `make reproduce` first")
def test_pages_for_reviewers_print_on_few_sheets(tmp_path: Path) -> None:
    cards = sorted(StudyPaths.at().reports.glob("[ez][nh]/member/01.html"))
    members = [re.search(r'class="mc" id="(\w+)"', card.read_text(encoding="utf-8")) for card in cards]
    places = [page.as_uri() for page in DEMO if page.stem in SHEETS]
    places += [f"{card.as_uri()}#{one[1]}" for card, one in zip(cards, members, strict=True) if one]
    found = {place: sheets(place, tmp_path) for place in places}
    assert len(found) > len(SHEETS)
    assert not {p: n for p, n in found.items() if n > SHEETS[Path(p.partition("#")[0]).stem]}


AXE = os.environ.get("WHYCHURN_AXE", "")  # axe.min.js of axe-core
ACCESSIBLE = """
{ const doc = frame.contentDocument, script = doc.createElement("script");
  await new Promise(done => { script.onload = done; script.src = "%s"; doc.head.append(script); });
  const run = await frame.contentWindow.axe.run(doc, { resultTypes: ["violations"] });
  found[found.length - 1].axe = run.violations.map(one => `${one.id}: ${one.nodes[0].target.join(" ")} (${one.nodes.length})`); }
"""


@pytest.mark.skipif(not (DEMO and AXE), reason="no rendered reports, or WHYCHURN_AXE names no axe.min.js")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages_for_reviewers_are_accessible(theme: str, lang: str, tmp_path: Path) -> None:
    cards = sorted(StudyPaths.at().reports.glob(f"{lang}/member/01.html"))
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><title>t</title><main><h1>t</h1><img src='data:,'></main>", encoding="utf-8"
    )
    then = ACCESSIBLE % Path(AXE).as_uri()
    pages = [page for page in DEMO if page.stem in SCREENS and page.parent.name == lang]
    found = look(tmp_path, [*pages, *cards, bad], (NARROW, 1440), then=then, query=f"?theme={theme}")
    problems = [f"{one['page'][-30:]} at {one['width']}: {one['axe']}" for one in found if one["axe"]]
    assert "bad.html" in problems[-1], "what is wrong is found"
    assert not [problem for problem in problems if "bad.html" not in problem]


@pytest.mark.skipif(not (DEMO and AXE), reason="no rendered reports, or WHYCHURN_AXE names no axe.min.js")
@pytest.mark.parametrize("page", [page for page in DEMO if page.stem[:2].isdigit()], ids=str)
def test_pages_for_those_who_check_are_accessible(page: Path, tmp_path: Path) -> None:
    """One page at a time: tables of hundreds of rows take axe a while."""
    (found,) = look(tmp_path, [page], (WIDE,), then=ACCESSIBLE % Path(AXE).as_uri(), query="?theme=light")
    assert found["axe"] == []
