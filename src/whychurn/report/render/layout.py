"""Report pages from the template: one HTML file that needs nothing beside it."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader

from whychurn.contract.causes import RUNGS
from whychurn.contract.files import read_json, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.snapshot.study_kind import study_kind
from whychurn.report.page.components.numbers import long_day
from whychurn.report.page.html_pieces import badge, inline
from whychurn.report.page.html_pieces import clauses as clauses_of
from whychurn.report.page.report_page import TEMPLATE
from whychurn.report.render.notebooks import Source, find_notebooks
from whychurn.report.words import say, section_words

LADDER: Final = "sure"  # the page that explains the rungs
CODES: Final = {"en": "en", "zh": "zh-CN"}
_HEADING: Final = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_ANCHOR_LINK: Final = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
_OWN_ANCHOR: Final = re.compile(r'<a id="(\w+)"\s*/?>(?:</a>)?')  # of a heading that other pages lead to
_NUMERIC: Final = re.compile(r"&#(\d{3,});")  # nbconvert writes Chinese headings as numbers
_MARKUP: Final = re.compile(r"<[^>]+>")


def report_html(notebook: Any, source: Source, frame: dict[str, Any]) -> str:
    """Page of an executed notebook.

    Parameters
    ----------
    notebook
        Notebook node with outputs.
    frame
        What all pages of the language share (`study_frame`).
    """
    body, contents = _number_headings(_cells_html(notebook, frame["words"]["code"]))
    template = _environment().get_template("report.html.j2")
    return template.render(
        **frame, name=source.name, title=inline(source.title(frame["lang"])), body=body, contents=contents
    )


def write_sections(
    study: StudyPaths, frame: dict[str, Any], name: str, clauses: list[str], **content: Any
) -> Path:
    """Write ``reports/<language>/<name>.html`` under a title of several clauses; returns it."""
    path = study.reports / frame["lang"] / f"{name}.html"
    title = say("delivery.index_title" if name == "index" else f"delivery.nav_{name}", frame["lang"])
    parts = [inline(part) for one in clauses for part in clauses_of(one)]
    page = sections_html(frame, name, title=title, clauses=parts, **content)
    with write_whole(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def sections_html(frame: dict[str, Any], name: str, **content: Any) -> str:
    """Page for reviewers: a finding and its blocks; `content` as in ``sections.html.j2``."""
    page = _environment().get_template("sections.html.j2").render(**frame, name=name, **content)
    if name == LADDER or LADDER not in {entry["name"] for entry in frame["pages"]}:
        return page
    return page.replace('href="#rungs"', f'href="{LADDER}.html#rungs"')


def member_html(frame: dict[str, Any], name: str, content: dict[str, Any]) -> str:
    """Page of member cards, one folder below the others; `content` as in ``member.html.j2``."""
    place = {"name": name, "here": "who", "up": "../"}
    return _environment().get_template("member.html.j2").render(**{**frame, **place, **content})


def chooser_html(languages: list[str], title: str) -> str:
    """Page that leads to the reader's language."""
    langs = "[" + ", ".join(f'"{lang}"' for lang in languages) + "]"
    return (
        _environment()
        .get_template("choose.html.j2")
        .render(title=escape(title), langs=langs, others=_links(languages))
    )


def study_frame(study: StudyPaths, params: Params, lang: str, folder: Path) -> dict[str, Any]:
    """What all pages of one language share: links to the notebooks of `folder`, words, style, script."""
    name = params.study.name.get(lang) or next(iter(params.study.name.values()))
    notebooks = find_notebooks(folder=folder, kind=study_kind(study))
    return {
        "lang": lang,
        "study": escape(name),
        "footer": escape(dated("delivery.footer", study, name, lang)),
        "words": {key: texts[lang] for key, texts in section_words("delivery").items()},
        "css": _style(),
        "script": (TEMPLATE / "script.js").read_text(encoding="utf-8"),
        "reports": [
            {"name": source.name, "title": inline(source.title(lang)), "lead": inline(source.lead(lang))}
            for source in notebooks
        ],
        "checks": [source.name for source in notebooks],
        "pages": [
            {
                "name": page,
                "title": say(f"delivery.nav_{page}", lang),
                "lead": say(f"delivery.lead_{page}", lang),
            }
            for page in page_names(study)
        ],
        "others": _links([str(other) for other in params.report.languages if other != lang]),
        "ladder": [
            {"badge": badge(rung, lang), "meaning": escape(say(f"delivery.why_{rung}", lang))}
            for rung in RUNGS
        ],
    }


def page_names(study: StudyPaths) -> list[str]:
    """Pages for reviewers that are written from results, in reading order."""
    return ["index"] if study_kind(study) == "snapshot" else ["index", "why", "keep", "who", "sure"]


def observed_until(study: StudyPaths, lang: str) -> str:
    """Last day that the study's data cover."""
    path = study.interim / "intake.json"
    day = read_json(path).get("observed_until") if path.exists() else None
    return long_day(day, lang) if day else "–"


def dated(key: str, study: StudyPaths, name: str, lang: str) -> str:
    """Words of `key` with the study's name and its last day; those of ``<key>_snapshot`` where it has no days."""
    if study_kind(study) == "snapshot":
        return say(f"{key}_snapshot", lang, study=name)
    return say(key, lang, study=name, until=observed_until(study, lang))


def _links(languages: list[str]) -> list[dict[str, str]]:
    return [
        {"lang": lang, "code": CODES[lang], "label": say("delivery.language_name", lang)}
        for lang in languages
    ]


def _number_headings(body: str) -> tuple[str, list[dict[str, str]]]:
    """Anchors without spaces or Chinese, and the list of contents of the second-level headings."""
    contents: list[dict[str, str]] = []
    count = 0

    def numbered(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        level, text = match.group(1), _ANCHOR_LINK.sub("", match.group(2)).strip()
        text = _NUMERIC.sub(lambda number: chr(int(number.group(1))), text)
        own = _OWN_ANCHOR.search(text)
        anchor, text = own[1] if own else f"s{count}", _OWN_ANCHOR.sub("", text)
        if level == "2":
            contents.append({"anchor": anchor, "text": _MARKUP.sub("", text)})
        return f'<h{level} id="{anchor}">{text}</h{level}>'

    return _HEADING.sub(numbered, body), contents


def _cells_html(notebook: Any, code_word: str) -> str:
    from nbconvert.exporters.templateexporter import TemplateExporter  # slow to import, needed only here
    from nbconvert.filters.highlight import Highlight2HTML

    exporter = TemplateExporter(
        extra_template_basedirs=[str(TEMPLATE.parent)],
        template_name=TEMPLATE.name,
        template_file="cells.html.j2",
    )
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python"))
    return exporter.from_notebook_node(notebook, resources={"code_word": code_word})[0]


@cache
def _environment() -> Environment:
    # Texts are escaped where they are made (markup, words); the template adds only those.
    return Environment(
        loader=FileSystemLoader(TEMPLATE), trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


@cache
def _style() -> str:
    pieces = (TEMPLATE / "pieces.css").read_text(encoding="utf-8")
    light, dark = re.findall(r"\{([^{}]*--ink:[^{}]*)\}", pieces)
    style = "".join((TEMPLATE / name).read_text(encoding="utf-8") for name in ("components.css", "style.css"))
    return pieces + style.replace("@DARK@", dark.strip()).replace("@LIGHT@", light.strip())
