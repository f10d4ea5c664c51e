"""What the READMEs promise: links that lead somewhere, the same commands in both languages, an example that runs."""

from __future__ import annotations

import datetime as dt
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.contract.files import read_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.intake.build import build_interim
from whychurn.intake.draft.params_text import write_draft

PAGES = sorted(
    [
        *PROJECT.glob("*.md"),
        *PROJECT.glob("data/*.md"),
        *PROJECT.glob("benchmarks/*.md"),
        *PROJECT.glob("experiments/**/*.md"),
    ]
)
READMES = [PROJECT / "README.md", PROJECT / "README.zh-CN.md"]
MADE = {f"{page}.{lang}.html" for page in ("index", "why") for lang in ("en", "zh")}
MADE |= {"SUMMARY.md", "SUMMARY.zh-CN.md"}  # of reports/summary, where a run has not written it yet


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        place = (page.parent / target).resolve()
        in_summary = (PROJECT / "reports" / "summary") in place.parents and place.name in MADE
        assert place.exists() or in_summary, f"{page.name}: {target}"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_picture_of_the_first_page_is_small(lang: str) -> None:
    picture = PROJECT / "reports" / "pictures" / f"index.{lang}.png"  # taken by .ci/pictures
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) <= 150_000
    page = next(page for page in READMES if ("zh" in page.name) == (lang == "zh"))
    assert f"(reports/pictures/{picture.name})" in "\n".join(
        page.read_text(encoding="utf-8").splitlines()[:12]
    )


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_both_languages_give_the_same_commands_and_the_same_example() -> None:
    def commands(page: Path) -> list[str]:
        lines = "\n".join(blocks(page, "bash")).splitlines()
        return [re.sub(r'"[^"]*"', '""', line.split("#")[0]).strip() for line in lines if line.strip()]

    english, chinese = READMES
    assert commands(english) == commands(chinese)
    assert [yaml.safe_load(text) for text in blocks(english, "yaml")] == [
        yaml.safe_load(text) for text in blocks(chinese, "yaml")
    ]


def test_the_example_in_python_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    codes = [re.sub(r"#.*", "", blocks(page, "python")[0]) for page in READMES]
    shown = [blocks(page, "text")[0] for page in READMES]
    assert codes[0] == codes[1] and shown[0] == shown[1]
    exec(compile(codes[0], "README", "exec"), {})
    printed = capsys.readouterr().out
    number = r"\b\d\.\d+\b"
    assert re.sub(number, "0", printed).split() == re.sub(number, "0", shown[0]).split()
    figures = [[float(one) for one in re.findall(number, text)] for text in (printed, shown[0])]
    assert figures[0] == pytest.approx(figures[1], abs=0.02), "machines round differently"


def test_every_report_has_its_row() -> None:
    notebooks = sorted(path.stem for path in (PROJECT / "notebooks").glob("[0-9]*.py"))
    for page, lang in zip(READMES, ("en", "zh"), strict=True):
        rows = re.findall(
            r"^\|.*`reports/(..)/(\w+)\.html` \| `notebooks/(\w+)\.py` \|$",
            page.read_text(encoding="utf-8"),
            re.M,
        )
        assert rows == [(lang, name, name) for name in notebooks], page.name


def test_every_command_of_the_readme_exists() -> None:
    runner = CliRunner()
    for line in "\n".join(blocks(READMES[0], "bash")).splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["whychurn"]:
            depth = 3 if words[1] in ("data", "experiment") else 2
            assert runner.invoke(app, [*words[1:depth], "--help"]).exit_code == 0, line
        if words[:1] == ["make"]:
            assert re.search(
                rf"^{words[1]}:", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
            )


def test_the_worked_example_is_what_the_draft_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYCHURN_KEY", "a key for the tests of the README, 2024")
    root = tmp_path / "我的商城"
    root.mkdir()
    ids = [f"K{n:05d}" for n in range(40)]
    days = pd.date_range("2024-01-05", periods=40, freq="D").strftime("%Y/%m/%d")
    cities = np.resize(["宁波", "杭州"], 40)
    members = pd.DataFrame({"客户编号": ids, "注册时间": days, "所在城市": cities})
    members.to_excel(root / "客户名单.xlsx", index=False)
    lines = [f"LS{n:07d},{ids[n % 40]},2024-03-{n % 28 + 1:02d} 10:{n % 60:02d},{n}.50" for n in range(200)]
    orders = "\n".join(["流水号,买家,付款时间,实收", *lines])
    (root / "销售流水.csv").write_bytes(orders.encode("gb18030"))
    target, _ = write_draft(root)
    for page in READMES:
        shown = yaml.safe_load(blocks(page, "yaml")[0])
        assert yaml.safe_load(target.read_text(encoding="utf-8")) == shown
    study = StudyPaths.at(root)
    build_interim(study, load_params(study), dt.date(2024, 12, 31))
    found = read_table(study.interim / "orders.parquet")
    assert found["amount"].sum() == sum(n + 0.5 for n in range(200))
    assert not set(found["member_id"]) & set(ids), "ids are pseudonyms"


def test_the_tables_of_the_yardstick_are_those_of_the_file_that_ships(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    tables = import_module("yardstick_tables")
    for page, lang in tables.PAGES.items():
        between = (PROJECT / page).read_text(encoding="utf-8").split(tables.START)[1].split(tables.END)[0]
        assert between.strip() == tables.rendered(page, lang), page


def test_the_map_of_contributing_leads_somewhere() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("| to change … | open … |")[1].split("\n\n")[0]
    package = PROJECT / "src" / "whychurn"
    for place in re.findall(r"`([a-z_/<>.]+)`", table):
        asked = place.replace("<question>", "causes").replace("<section>", "causes")
        assert (package / asked).exists() or (package / f"{asked}.py").exists(), place
    assert table.count("\n") >= 25
